"""Month by month, how well lines were suggested: counted in the database, the same as one would count by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from full_store import NOW, FullStore, Sizes, fill
from sqlalchemy import event, select, update

from raccord.overview.lines.suggestions import SuggestedMonth, suggesting
from raccord.store.database import Database
from raccord.store.models import Connection, DraftRow, Hold

ANSWERED = 60
SIZES = Sizes(records=320, holds=8, answered=ANSWERED, problems=4, drifts=2, entries=2)


@pytest.fixture
def store(database: Database) -> FullStore:
    return fill(database, SIZES)


def months(database: Database, store: FullStore) -> list[SuggestedMonth]:
    with database.read() as session:
        return list(suggesting(session, store.company_id, NOW).months)


def summed(found: list[SuggestedMonth]) -> tuple[int, ...]:
    names = ("answered", "suggested", "right", "by_itself", "by_itself_right")
    return tuple(sum(getattr(each, name) for each in found) for name in names)


@pytest.mark.either_database
def test_the_months_count_what_was_suggested_and_what_the_lines_are_now(database: Database, store: FullStore) -> None:
    """Four of five were suggested (``full_store``), and one in eight was answered otherwise."""
    found = months(database, store)
    assert [each.month for each in found] == sorted({each.month for each in found}, reverse=True)
    assert found[0].month == NOW.date().replace(day=1)
    assert found[-1].month == date(2025, 3, 1)
    assert summed(found) == (ANSWERED, 48, 41, 0, 0)

    told = [each for each in _holds(database, suggested=True) if each.params["learned"]["account"] != "7"]
    untold = _holds(database, suggested=False)
    one = {"kind": "category", "parts": [{"account": told[0].params["learned"]["account"]}], "of": "-1.00"}
    split = {**one, "kind": "split", "parts": [*one["parts"], {"account": "7", "amount": "1.00"}]}
    _decide(database, told[0], {"treatment": one, "accepted_once": True})
    _decide(database, told[1], {"treatment": split})
    _decide(database, told[2], {"treatment": {**one, "parts": [{"account": "7"}]}, "accepted_once": True})
    _decide(database, told[3], {"treatment": {**one, "kind": "transfer", "parts": [], "other_account": "3"}})
    _decide(database, told[4], {"category": "7"})
    _decide(database, untold[0], {"category": told[0].params["learned"]["account"], "accepted_once": True})
    assert summed(months(database, store)) == (ANSWERED, 48, 37, 2, 1)

    with database.begin() as session:
        for hold in (told[5], untold[1]):
            session.get_one(Hold, hold.id).answer = None
    assert summed(months(database, store)) == (ANSWERED - 2, 47, 36, 2, 1), "what went away by itself nobody answered"


def test_no_draft_is_read_to_count_them(database: Database, store: FullStore) -> None:
    """Of 20 000 answers that took six seconds; ``bench/pages.py`` says what it takes now."""
    said: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        said.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        months(database, store)
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
    assert [each for each in said if "FROM hold" in each], said
    assert not [each for each in said if "draft.body" in each]


def test_beyond_the_newest_the_rest_is_told(
    database: Database, store: FullStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("raccord.overview.lines.suggestions.ANSWERS_MAX", 25)
    with database.read() as session:
        found = suggesting(session, store.company_id, NOW)
    assert (sum(each.answered for each in found.months), found.older) == (25, ANSWERED - 25)


def test_an_answer_counts_in_the_month_that_it_is_where_the_company_is(database: Database, store: FullStore) -> None:
    one = _holds(database, suggested=True)[0]
    counted = []
    for closed in (datetime(2025, 12, 1, 4, 59, tzinfo=UTC), datetime(2025, 12, 1, 5, tzinfo=UTC)):
        with database.begin() as session:
            session.execute(update(Connection).values(time_zone="America/Toronto"))
            session.get_one(Hold, one.id).closed_at = closed
        with database.read() as session:
            months = suggesting(session, store.company_id, datetime(2026, 1, 10, tzinfo=UTC)).months
        counted.append({each.month: each.answered for each in months})
    evening, morning = counted
    november, december = date(2025, 11, 1), date(2025, 12, 1)
    assert evening[november] == morning.get(november, 0) + 1
    assert morning[december] == evening.get(december, 0) + 1


def _holds(database: Database, *, suggested: bool) -> list[Hold]:
    with database.read() as session:
        rows = session.scalars(select(Hold).where(Hold.closed_at.is_not(None)).order_by(Hold.closed_at, Hold.id)).all()
        return [each for each in rows if ("learned" in each.params) is suggested]


def _decide(database: Database, hold: Hold, decisions: dict[str, Any]) -> None:
    with database.begin() as session:
        session.get_one(DraftRow, hold.draft_id).decisions = decisions
