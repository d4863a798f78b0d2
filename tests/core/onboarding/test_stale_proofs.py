"""A month is certified only from a proof of what stands there now, whoever asks for it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
import till
from harness import OWNER, choose_usual, finish, request, sync
from sqlalchemy import select

from raccord.clock import FixedClock
from raccord.onboarding.closing.certificates import certify
from raccord.onboarding.closing.closings import answer_closed_month
from raccord.onboarding.closing.not_certified import CertificateError
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

    told = {"key": "sales/s1", "document_id": "1", "code": "amount", "amount": "0.01"}
    for differences, refused in (([], "certificate.unexplained"), ([told], "certificate.exceptions")):
        with workshop.database.begin() as session:
            [proof] = session.scalars(select(Proof))
            proof.quickbooks_total, proof.equal, proof.differences = Decimal("10.01"), False, differences
        with pytest.raises(CertificateError) as why:
            certify(workshop, OWNER, company.id, march)
        assert (why.value.code, why.value.acceptable) == (refused, bool(differences))
    certify(workshop, OWNER, company.id, march, with_exceptions=True, reason="A cent of QuickBooks")
    with workshop.database.begin() as session:
        session.scalars(select(Proof)).one().differences = []
    with pytest.raises(CertificateError, match="2026-03-02 sales") as why:
        certify(workshop, OWNER, company.id, march, with_exceptions=True, reason="A cent of QuickBooks")
    assert not why.value.acceptable
    prove_again(workshop, connection.id)
    assert certify(workshop, OWNER, company.id, march).clean

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
