"""A movement that three files tell, each under an id of its own, stays one document while one of them is here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations, permutations
from pathlib import Path

import pytest
from books_of_files import EARLY, MARCH, Books, books_of_files, documents, name_accounts
from harness import OWNER, make_workshop
from lines_at_hand import undo
from sqlalchemy import select

import raccord_bankfeed
from raccord.clock import FixedClock
from raccord.onboarding.deciding.decisions import answer_conflict
from raccord.onboarding.deciding.undone import release
from raccord.plugin.ledger import ResolutionKind
from raccord.store.database import Database
from raccord.store.models import Hold, SourceRecord
from raccord.sync.mapping import unsaid
from raccord.sync.mapping.unsaid import going, leave_unsaid
from raccord.sync.mapping.vanished import DRAFT_VANISHED, MATCH_VANISHED
from raccord.sync.resolving.conflict_rules import ALREADY_EXISTS
from raccord.sync.workshop import Workshop
from raccord_bankfeed.twins.bank import MadeAccount, statement_file
from raccord_sandbox.serving.server import SandboxServer

pytestmark = pytest.mark.either_database

FILES = ("first.ofx", "second.ofx", "third.ofx")
AMOUNTS = ["21.31", "3.52", "40.17"]


@pytest.fixture
def workshop(database: Database, data_dir: Path, sandbox: SandboxServer, hand: FixedClock) -> Iterator[Workshop]:
    made = make_workshop(database, data_dir, sandbox.url, hand, raccord_bankfeed)
    yield made
    made.close()


@pytest.fixture
def books(workshop: Workshop, sandbox: SandboxServer, hand: FixedClock) -> Books:
    """Three downloads of the same days, of a bank that gives its lines other ids each time: the first is in
    QuickBooks, and the lines of the two others were said to be these.
    """
    books = books_of_files(workshop, sandbox.store.of_template("quebec").realm, hand)
    hand.advance(timedelta(days=20))
    for name in FILES:
        bring(books, name, written(name))
    assert (books.bought(), books.held(), books.problems()) == (AMOUNTS, {}, [])
    return books


def written(name: str, words: str = "") -> bytes:
    lines = [replace(each, native=f"{name}{each.name}", name=each.name + words) for each in EARLY]
    return statement_file(MadeAccount(balance=None), lines, starts=MARCH, ends=date(2026, 3, 6))


def say_same(books: Books) -> int:
    with books.workshop.database.read() as session:
        asked = session.scalars(select(Hold.id).where(Hold.closed_at.is_(None), Hold.code == ALREADY_EXISTS)).all()
    for each in asked:
        answer_conflict(books.workshop, OWNER, each, ResolutionKind.SKIP)
    return len(asked)


def proved(books: Books) -> bool:
    proof = books.proof()
    return bool(proof) and all(each[0] for each in proof.values())


@pytest.mark.parametrize(
    "order", [pytest.param(each, marks=[pytest.mark.at_length] if at % 5 else []) for at, each in
              enumerate(permutations(FILES))], ids="-".join
)  # fmt: skip
def test_it_stays_while_one_file_tells_it_and_is_asked_about_with_the_last(
    books: Books, order: tuple[str, ...]
) -> None:
    there = documents(books)
    for name in order[:2]:
        found = books.take_back(name)
        assert (found.rows, found.goes, found.in_books, found.unread) == (3, 0, 0, 0), name
        assert found.elsewhere == 3
        books.sync()
        assert (documents(books), books.bought(), books.held(), books.problems()) == (there, AMOUNTS, {}, []), name
        assert proved(books)
    assert books.take_back(order[2]).in_books == 3, "nothing tells of them any more"
    books.sync()
    code = DRAFT_VANISHED if order[2] == FILES[0] else MATCH_VANISHED
    assert (books.bought(), books.problems()) == (AMOUNTS, [code] * 3)


def test_what_goes_together_takes_nothing_over_from_one_another(books: Books) -> None:
    with books.workshop.database.read() as session:
        rows = session.execute(select(SourceRecord.stream, SourceRecord.source_id)).all()
        places = {name: {(row.stream, row.source_id) for row in rows if name in row.source_id} for name in FILES}
        together = {
            names: going(session, books.connection.id, set().union(*(places[name] for name in names)))
            for many in (2, 3)
            for names in combinations(FILES, many)
        }
    in_books = {names: sum(each.in_books for each in found) for names, found in together.items()}
    assert in_books == dict.fromkeys(combinations(FILES, 2), 0) | {FILES: 6}
    assert {each.told_twice for each in together[FILES[1:]]} == {True}
    assert not any(each.told_twice or each.goes_on for each in together[FILES])


def test_what_goes_with_the_line_it_was_said_to_be_leaves_its_document_to_the_one_that_stays(books: Books) -> None:
    """As where a file tells a movement as two accounts, which are one in the books."""
    there = documents(books)
    with books.workshop.database.begin() as session:
        rows = session.execute(select(SourceRecord.stream, SourceRecord.source_id)).all()
        both = {(row.stream, row.source_id) for row in rows if not row.source_id.count("third.ofx") and "ofx" in row[1]}
        leave_unsaid(session, books.connection.id, both, books.hand.now())
    for name in FILES[:2]:
        assert books.take_back(name).in_books == 0
    books.sync()
    assert (documents(books), books.held(), books.problems(), proved(books)) == (there, {}, [], True)


def test_a_line_that_was_told_in_other_words_before_is_told_no_more_once_its_files_are_gone(books: Books) -> None:
    bring(books, "again.ofx", written("first.ofx", " AND MORE"))
    for name in ("again.ofx", "first.ofx", "second.ofx"):
        assert books.take_back(name).in_books == 0, name
    assert books.take_back("third.ofx").in_books == 3


def bring(books: Books, name: str, content: bytes) -> None:
    """Hand a file in; the first one's lines are for expenses, and all others are the same."""
    assert books.hand_in(name, content)
    books.sync()
    name_accounts(books)
    if name == FILES[0]:
        books.answer("rent", "grocer", "coffee")
    else:
        say_same(books)
    books.sync()


def test_what_was_asked_about_though_a_line_was_said_to_be_it_is_settled(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As books stand of which a file was taken back before a line could take another one's place."""
    there = documents(books)
    books.take_back("first.ofx")
    books.sync()
    with monkeypatch.context() as before:
        before.setattr(unsaid, "heirs", lambda *_: {})
        assert books.take_back("second.ofx").in_books == 3
    assert books.problems() == [MATCH_VANISHED] * 3
    books.sync()
    assert (documents(books), books.problems(), proved(books)) == (there, [], True)
    assert books.take_back("third.ofx").in_books == 3
    books.sync()
    assert books.problems() == [MATCH_VANISHED] * 3
    books.hand_in("first.ofx", written("first.ofx"))
    books.sync()
    assert (documents(books), books.bought(), books.problems()) == (there, AMOUNTS, []), "told again by its own line"


@pytest.mark.parametrize("gone", [FILES[:1], FILES[:2], FILES[1:2], (FILES[1], FILES[0])], ids="-".join)
def test_a_file_that_comes_again_tells_what_the_others_told_meanwhile(books: Books, gone: tuple[str, ...]) -> None:
    there = documents(books)
    for name in gone:
        books.take_back(name)
        books.sync()
    for name in gone:
        assert books.hand_in(name, written(name))
        books.sync()
        say_same(books)
        books.sync()
    assert (documents(books), books.bought(), books.held(), books.problems()) == (there, AMOUNTS, {}, [])
    assert proved(books)


def test_a_file_that_comes_again_is_asked_about_where_another_files_lines_were_posted_since(books: Books) -> None:
    for name in FILES[:2]:
        books.take_back(name)
    books.sync()
    undo(books.workshop, books.connection, *(key for _, key in documents(books).values()))
    books.sync()
    for name in ("rent", "grocer", "coffee"):
        books.answer(name)
    books.sync()
    there = documents(books)
    assert (books.bought(), books.held(), books.problems()) == (AMOUNTS, {}, [])
    assert books.hand_in("first.ofx", written("first.ofx"))
    books.sync()
    release(books.workshop, OWNER, list(books.held()))
    books.sync()
    assert documents(books) == there, "that its document goes again was said before anybody knew of the other one"
    assert say_same(books) == 3
    books.sync()
    assert (documents(books), books.bought(), books.held(), books.problems()) == (there, AMOUNTS, {}, [])
    assert proved(books)
    undo(books.workshop, books.connection, *(key for _, key in there.values()))
    books.sync()
    assert books.bought() == [], "the lines that were said to be these go by no answer from before"
