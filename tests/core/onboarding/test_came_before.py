"""Lines that came before by another file are no reports, and lead to the line that they are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from books_of_files import EARLY, FIRST, TABLE, books_of_files, name_accounts, say_same
from harness import make_workshop
from sqlalchemy import select

import raccord_bankfeed
from raccord.clock import FixedClock
from raccord.overview.records import record_story
from raccord.overview.sought import Fate
from raccord.overview.weighing.counted import count_by_fate, count_reports
from raccord.store.database import Database
from raccord.store.models import SourceRecord
from raccord.sync.workshop import Workshop
from raccord_sandbox.serving.server import SandboxServer


@pytest.fixture
def workshop(database: Database, data_dir: Path, sandbox: SandboxServer, hand: FixedClock) -> Iterator[Workshop]:
    made = make_workshop(database, data_dir, sandbox.url, hand, raccord_bankfeed)
    yield made
    made.close()


def test_a_line_that_came_before_by_another_file_is_no_report(
    workshop: Workshop, sandbox: SandboxServer, hand: FixedClock
) -> None:
    books = books_of_files(workshop, sandbox.store.of_template("quebec").realm, hand)
    for name, content in (("table.csv", TABLE), ("first.ofx", FIRST)):
        assert books.hand_in(name, content)
        books.sync()
        name_accounts(books)
    say_same(books)
    books.sync()
    with workshop.database.read() as session:
        known = session.scalars(
            select(SourceRecord)
            .where(SourceRecord.reason == "bankfeed.known_by_another_road")
            .order_by(SourceRecord.day)
        ).all()
        for record, moved in zip(known, EARLY, strict=True):
            story = record_story(session, record.id)
            assert story is not None
            assert story.twin is not None
            assert (story.twin.day, story.twin.amount, story.twin.title is not None) == (moved.day, moved.amount, True)
            assert story.twin.id != record.id
            of_twin = record_story(session, story.twin.id)
            assert of_twin is not None
            assert of_twin.twin is None
        told = session.execute(
            select(SourceRecord.stream, SourceRecord.reason).where(SourceRecord.amount.is_(None))
        ).all()
        left_out = count_by_fate(session, books.connection.id, [Fate.LEFT_OUT])[Fate.LEFT_OUT]
        reports = count_reports(session, books.connection.id)
    known = [row for row in told if row.reason == "bankfeed.known_by_another_road"]
    assert (len(known), {row.stream for row in known}) == (3, {"lines"})
    assert (reports, left_out) == (len(told) - 3, len(told))
    assert reports, "the statements' balances are reports"
