"""Rows are found by their key as SQLAlchemy finds them, by a statement that is made once."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.exc import InvalidRequestError, SAWarning

from raccord.clock import FixedClock
from raccord.store import keyed
from raccord.store.database import Database
from raccord.store.models import ConnectorSwitch, Event, Secret

pytestmark = pytest.mark.either_database


@pytest.fixture
def filled(database: Database, clock: FixedClock) -> Database:
    with database.begin() as session:
        session.add(Secret(handle="a", ciphertext=b"1", updated_at=clock.now()))
        session.add(
            ConnectorSwitch(connector="till", company_id="", enabled=True, changed_at=clock.now(), changed_by="x")
        )
    return database


def test_a_row_is_found_by_its_key_once_a_session_and_by_what_the_session_did_to_it(filled: Database) -> None:
    asked: list[str] = []
    event.listen(filled.engine, "before_cursor_execute", lambda *said: asked.append(said[2]))
    with filled.begin() as session:
        first = session.get_one(Secret, "a")
        assert (first.ciphertext, len(asked)) == (b"1", 1)
        assert session.get(Secret, "a") is session.get(Secret, ("a",)) is first
        assert len(asked) == 1
        assert session.get(Secret, "b") is None
        # What is added or deleted counts before it is committed, as it does for SQLAlchemy's own.
        session.add(Secret(handle="b", ciphertext=b"2", updated_at=first.updated_at))
        assert session.get_one(Secret, "b").ciphertext == b"2"
        session.delete(first)
        session.flush()
        assert session.get(Secret, "a") is None
        with pytest.raises(InvalidRequestError):
            session.get_one(Secret, "a")


def test_keys_of_several_parts_and_keys_that_are_none(filled: Database) -> None:
    parts = {"connector": "till", "company_id": ""}
    with filled.read() as session:
        found: Any = session.get(ConnectorSwitch, ("till", ""))
        assert found is session.get(ConnectorSwitch, parts)
        session.expunge_all()
        assert session.get_one(ConnectorSwitch, parts).enabled
        assert session.get(ConnectorSwitch, ("till", "c")) is None
        assert session.get(Event, 7) is None
        with pytest.raises(InvalidRequestError):
            session.get(ConnectorSwitch, "till")
        with pytest.warns(SAWarning):
            assert session.get(Secret, None) is None


def test_the_statement_is_made_once_for_rows_of_a_kind(filled: Database) -> None:
    with filled.read() as session:
        session.get(Secret, "a")
    before = keyed._asked.cache_info()
    with filled.read() as session:
        session.get(Secret, "b")
    with filled.read() as session:
        session.get_one(Secret, "a")
    after = keyed._asked.cache_info()
    assert (after.hits - before.hits, after.misses - before.misses) == (2, 0)


def test_a_session_that_only_reads_keeps_the_last_rows_at_hand(
    filled: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    event.listen(filled.engine, "before_cursor_execute", lambda *said: asked.append(said[2].split()[0]))
    monkeypatch.setattr(keyed, "AT_HAND", 1)
    with filled.read() as session:
        for _ in range(2):
            assert session.get_one(Secret, "a").ciphertext == b"1"
        assert asked.count("SELECT") == 1
        assert session.get_one(ConnectorSwitch, ("till", "")).enabled
        assert session.get_one(Secret, "a").ciphertext == b"1"
        assert asked.count("SELECT") == 3, "it keeps no more than the last ones"
