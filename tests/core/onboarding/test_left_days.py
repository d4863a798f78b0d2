"""A day is covered only where something tells of it: a file that declares or holds it, or a source that was asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
import till
from harness import NOW, OWNER, choose_usual, sync
from set_up import on

from raccord.clock import FixedClock
from raccord.onboarding.closing.certificates import certify
from raccord.onboarding.closing.holes import holes_of
from raccord.onboarding.closing.not_certified import CertificateError
from raccord.overview.coverage import coverage_of
from raccord.plugin import FileDays
from raccord.store.canonical import exact
from raccord.store.models import Company, Connection, SourceRecord
from raccord.sync.workshop import Workshop
from raccord_bankfeed.covering import covered_days

Rows = list[tuple[str, str | None, str]]


@pytest.fixture
def by_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """The till as a source whose files tell their days as those of banks do."""
    monkeypatch.setattr(till, "INFO", replace(till.INFO, files_cover=FileDays(stream="statements", tell=covered_days)))


@pytest.fixture
def said(workshop: Workshop, connection: Connection) -> Callable[[Workshop], list[tuple[str, str, str]]]:
    with workshop.database.begin() as session:
        session.get_one(Connection, connection.id).approved_at = NOW

    def bar(workshop: Workshop) -> list[tuple[str, str, str]]:
        with workshop.database.read() as session:
            found = coverage_of(workshop, session, session.get_one(Connection, connection.id))
        return [(each.reason, str(each.first or "…"), str(each.last)) for each in found][1:]

    return bar


def read(workshop: Workshop, connection: Connection, rows: Rows) -> None:
    """Keep statements of files as the bank feed does: account, first day if the file says one, and last day."""
    with workshop.database.begin() as session:
        for at, (account, first, last) in enumerate(rows):
            raw: dict[str, str | None] = {"account": account, "account_kind": "bank", "account_number": f"…{account}"}
            raw |= {"ledger_balance": None, "starts": first, "ends": last}
            session.add(
                SourceRecord(
                    connection_id=connection.id, stream="statements", source_id=f"{account}/{at}", revision=1,
                    content_hash="", day=date.fromisoformat(last), raw=json.dumps(raw),
                    state="skipped", run_id="r", fetched_at=NOW,
                )
            )  # fmt: skip


def test_files_cover_what_they_hold_of_each_account_and_the_month_is_certified_only_with_what_is_missing(
    by_files: None, workshop: Workshop, company: Company, connection: Connection, hand: FixedClock,
    said: Callable[[Workshop], list[tuple[str, str, str]]],
) -> None:  # fmt: skip
    assert said(workshop) == [("no_file", "2026-03-01", "2026-03-20")], "green before a file told of anything"
    read(
        workshop,
        connection,
        [("11", "2026-03-01", "2026-03-12"), ("22", None, "2026-03-01"), ("22", "2026-03-02", "2026-03-18")],
    )
    assert said(workshop) == [("covered", "2026-03-01", "2026-03-12"), ("no_file", "2026-03-13", "2026-03-20")]
    with workshop.database.read() as session:
        held = session.get_one(Connection, connection.id)
        holes = [(each.account, str(each.first_day), str(each.last_day)) for each in holes_of(workshop, session, held)]
    assert holes[1:] == [("…11", "2026-03-13", "2026-03-20"), ("…22", "2026-03-19", "2026-03-20")]
    on(hand, "2026-04-02")
    with pytest.raises(CertificateError) as refused:
        certify(workshop, OWNER, company.id, date(2026, 3, 1))
    assert "periods without data (2)" in str(refused.value)
    body = exact(certify(workshop, OWNER, company.id, date(2026, 3, 1), with_exceptions=True, reason="Known").body)
    (part,) = body["connections"]
    gaps = [each for each in part["exceptions"] if each["code"] == "gap"]
    assert gaps == [
        {"code": "gap", "first": "2026-03-13", "last": "2026-03-31", "reason": "no_file", "account": "…11"},
        {"code": "gap", "first": "2026-03-19", "last": "2026-03-31", "reason": "no_file", "account": "…22"},
    ]
    assert body["clean"] is False


def test_a_source_that_is_asked_covers_the_days_up_to_the_run_that_asked_it(
    workshop: Workshop, company: Company, connection: Connection, hand: FixedClock,
    said: Callable[[Workshop], list[tuple[str, str, str]]],
) -> None:  # fmt: skip
    assert said(workshop) == [("unasked", "2026-03-01", "2026-03-20")]
    choose_usual(workshop, connection, company)
    sync(workshop, connection)
    assert said(workshop) == [("covered", "2026-03-01", "2026-03-20")]
    with workshop.database.begin() as session:
        session.get_one(Connection, connection.id).approved_at = None
    assert said(workshop) == [("not_yet", "2026-03-01", "2026-03-20")], "what was read before a first plan is not there"
    with workshop.database.begin() as session:
        session.get_one(Connection, connection.id).approved_at = NOW
    on(hand, "2026-03-25")
    assert said(workshop) == [("covered", "2026-03-01", "2026-03-20"), ("unasked", "2026-03-21", "2026-03-25")]
