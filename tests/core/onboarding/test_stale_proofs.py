"""A month is certified only from a proof of what stands there now, whoever asks for it."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace

import pytest
import till
from harness import OWNER, choose_usual, finish, request, sync
from sqlalchemy import select

from raccord.clock import FixedClock
from raccord.onboarding.closing.certificates import CertificateError, certify
from raccord.onboarding.closing.closings import answer_closed_month
from raccord.store.models import Company, Connection, Proof
from raccord.sync import unit
from raccord.sync.books.meter import Budget
from raccord.sync.posting.periods import MonthAnswer
from raccord.sync.proving.reprove import prove_again
from raccord.sync.workshop import Workshop


def test_no_month_is_certified_from_a_proof_that_is_older_than_what_was_posted(
    workshop: Workshop, company: Company, connection: Connection, hand: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run posted and left its readings to others, the month's allowance being used up; an old proof is equal."""
    march = date(2026, 3, 1)
    choose_usual(workshop, connection, company)
    till.ROWS["T1"] = [{"stream": "sales", "id": "s1", "day": "2026-03-02", "amount": "10.00"}]
    sync(workshop, connection)
    hand.advance(timedelta(days=14))
    with pytest.raises(CertificateError, match=r"2026-03 .* proofs out of date \(1\)"):
        certify(workshop, OWNER, company.id, march)
    prove_again(workshop, connection.id)
    with pytest.raises(CertificateError, match=r"periods without data \(1\)"):
        certify(workshop, OWNER, company.id, march)
    sync(workshop, connection)
    prove_again(workshop, connection.id)
    assert certify(workshop, OWNER, company.id, march).clean, "the till was asked of its last days too"

    answer_closed_month(workshop, OWNER, connection.id, march, MonthAnswer.WRITE, "A sale that came late")
    till.ROWS["T1"].append({"stream": "sales", "id": "s2", "day": "2026-03-02", "amount": "20.00"})
    with monkeypatch.context() as patch:
        patch.setattr(unit, "use_of_month", lambda *_: SimpleNamespace(state=Budget.TIGHT))
        finish(workshop, request(workshop, connection))
    with workshop.database.read() as session:
        [proof] = session.scalars(select(Proof))
    assert (proof.equal, str(proof.posted_total)) == (True, "10.00"), "equal, and not of what stands there now"
    with pytest.raises(CertificateError, match=r"2026-03 .* proofs out of date \(1\)"):
        certify(workshop, OWNER, company.id, march)
    assert not certify(workshop, OWNER, company.id, march, with_exceptions=True, reason="Known").clean
    prove_again(workshop, connection.id)
    assert certify(workshop, OWNER, company.id, march).clean
