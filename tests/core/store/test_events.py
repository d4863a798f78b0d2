from __future__ import annotations

import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from raccord.clock import FixedClock
from raccord.store import events
from raccord.store.database import Database
from raccord.store.models import Event

LENGTH = 7


@pytest.fixture
def chain(database: Database, clock: FixedClock) -> Database:
    """A database with a chain of seven entries."""
    with database.begin() as session:
        for number in range(LENGTH):
            clock.advance(timedelta(microseconds=1))
            events.append(
                session,
                "zoé",
                "plan.approved",
                f"plan {number}",
                company_id="c",
                now=clock.now(),
                body={"total": Decimal("10.10"), "zero": Decimal("-0"), "é": ["\ud800", None, {"b": 1, "a": True}]},
            )
    return database


def broken(database: Database) -> int | None:
    with database.read() as session:
        return events.verify(session)


def change(database: Database, statement: str, **values: int) -> None:
    with database.begin() as session:
        session.execute(text(statement), values)


def move(database: Database, source: int, target: int) -> None:
    change(database, "UPDATE event SET seq = :target WHERE seq = :source", source=source, target=target)


def test_an_untouched_chain_stands_and_goes_on(chain: Database, clock: FixedClock) -> None:
    assert broken(chain) is None
    with chain.begin() as session:
        assert events.append(session, "core", "run.done", now=clock.now()).seq == LENGTH + 1
        assert events.append(session, "core", "run.done", now=clock.now()).seq == LENGTH + 2
    assert broken(chain) is None


def test_an_empty_chain_stands(database: Database) -> None:
    assert broken(database) is None


ALTERATIONS = (
    "actor = 'somebody else'",
    "action = 'plan.refused'",
    "subject = ''",
    "company_id = 'd'",
    "connection_id = 'k'",
    "body = '{}'",
    "at = '2025-03-03 11:00:00'",
    "address = '203.0.113.7'",
    "device = 'curl'",
    "token_name = 'another'",
    "previous_hash = hash",
    "hash = previous_hash",
)


def test_altering_any_column_of_any_entry_is_found_at_that_entry(chain: Database) -> None:
    columns = set(Event.__table__.columns.keys()) - {"seq"}
    assert {alteration.split(" = ")[0] for alteration in ALTERATIONS} == columns
    for alteration in ALTERATIONS:
        for seq in (1, 4, LENGTH):
            with Session(chain.engine) as session:
                session.execute(text(f"UPDATE event SET {alteration} WHERE seq = :seq"), {"seq": seq})  # noqa: S608 - from the list above
                assert events.verify(session) == seq, alteration
                session.rollback()
    assert broken(chain) is None


def test_removing_any_entry_is_found_the_last_one_too(chain: Database) -> None:
    for seq in range(LENGTH, 0, -1):
        change(chain, "DELETE FROM event WHERE seq = :seq", seq=seq)
        assert broken(chain) == seq


def test_removing_one_entry_from_the_middle_is_found(chain: Database) -> None:
    change(chain, "DELETE FROM event WHERE seq = 4")
    assert broken(chain) == 4


def test_removing_the_end_or_everything_is_found(chain: Database) -> None:
    change(chain, "DELETE FROM event WHERE seq > 3")
    assert broken(chain) == 4
    change(chain, "DELETE FROM event")
    assert broken(chain) == 1


def test_removing_the_mark_of_the_end_is_found(chain: Database) -> None:
    change(chain, "DELETE FROM event_head")
    assert broken(chain) == 1


def test_closing_the_gap_after_a_removal_is_found(chain: Database) -> None:
    change(chain, "DELETE FROM event WHERE seq = 4")
    for seq in range(5, LENGTH + 1):
        move(chain, seq, seq - 1)
    assert broken(chain) == 4


@pytest.mark.parametrize(("one", "other"), [(1, 2), (3, 6), (6, LENGTH)])
def test_exchanging_any_two_entries_is_found(chain: Database, one: int, other: int) -> None:
    for source, target in ((one, 99), (other, one), (99, other)):
        move(chain, source, target)
    assert broken(chain) == one


def test_an_entry_added_by_hand_is_found(chain: Database) -> None:
    change(
        chain,
        "INSERT INTO event (seq, at, company_id, connection_id, actor, action, subject, body, previous_hash, hash) "
        "SELECT seq + 1, at, '', '', actor, action, '', body, hash, hash FROM event WHERE seq = :seq",
        seq=LENGTH,
    )
    assert broken(chain) == LENGTH + 1


def test_an_entry_of_work_that_failed_is_not_kept(chain: Database, clock: FixedClock) -> None:
    def fails() -> None:
        with chain.begin() as session:
            events.append(session, "core", "run.started", now=clock.now())
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        fails()
    assert broken(chain) is None
    with chain.read() as session:
        assert len(session.scalars(select(Event)).all()) == LENGTH


def test_writers_at_the_same_time_make_one_chain(database: Database, clock: FixedClock) -> None:
    def write(name: str) -> None:
        for _ in range(10):
            with database.begin() as session:
                events.append(session, name, "tried", now=clock.now())

    threads = [threading.Thread(target=write, args=(f"w{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert broken(database) is None
    with database.read() as session:
        assert len(session.scalars(select(Event)).all()) == 40


def test_a_float_has_no_place_in_the_chain(database: Database, clock: FixedClock) -> None:
    with pytest.raises(TypeError, match="float"), database.begin() as session:
        events.append(session, "core", "x", now=clock.now(), body={"part": 0.5})
