"""What the other files ask only without a file is said before that is taken back, for it decides what goes on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from books_of_files import (
    BOOKKEEPER,
    EARLY,
    FIRST,
    LATE,
    MARCH,
    QUICKEN,
    SECOND,
    TABLE,
    Books,
    books_of_files,
    documents,
    name_accounts,
    say_same,
)
from harness import OWNER, make_workshop
from lines_at_hand import category, undo
from sqlalchemy import select

import raccord_bankfeed
from raccord.clock import FixedClock
from raccord.errors import RaccordError
from raccord.onboarding.access.people import NotAllowedError
from raccord.onboarding.arriving import files_back
from raccord.onboarding.arriving.answering import FileAnswer, questions_of
from raccord.onboarding.arriving.asked_first import answer_first
from raccord.onboarding.arriving.files_back import take_back_file
from raccord.onboarding.arriving.untold_accounts import untold_accounts
from raccord.onboarding.deciding.decisions import answer_conflict
from raccord.onboarding.deciding.treating import treat
from raccord.onboarding.sources.source_accounts import info_of
from raccord.plugin.ledger import ResolutionKind
from raccord.store.database import Database
from raccord.store.models import Connection, DraftRow, Hold
from raccord.sync.resolving.conflict_rules import ALREADY_EXISTS
from raccord.sync.resolving.resolve import DECISION_MISSING
from raccord.sync.workshop import Workshop
from raccord_bankfeed.readers.told import SAME, SEPARATE
from raccord_bankfeed.twins.bank import MadeAccount, MadeLine, statement_file
from raccord_sandbox.serving.server import SandboxServer

pytestmark = pytest.mark.either_database

EARLY_AMOUNTS = ["21.31", "3.52", "40.17", "9.08"]
LATE_AMOUNTS = ["12.63", "33.18", "5.41", "64.37", "7.89"]
NAMES = ["rent", "grocer", "coffee", "florist", "books", "stamps", "pens", "paper", "lamp"]


@pytest.fixture
def workshop(database: Database, data_dir: Path, sandbox: SandboxServer, hand: FixedClock) -> Iterator[Workshop]:
    made = make_workshop(database, data_dir, sandbox.url, hand, raccord_bankfeed)
    yield made
    made.close()


@pytest.fixture
def books(workshop: Workshop, sandbox: SandboxServer, hand: FixedClock) -> Books:
    """A table, a statement said to be of the same account, a Quicken file of that account of the books, and a second
    statement that tells the Quicken file's lines and two more: all in QuickBooks.
    """
    books = books_of_files(workshop, sandbox.store.of_template("quebec").realm, hand)
    assert books.hand_in("table.csv", TABLE)
    books.sync()
    name_accounts(books)
    assert books.hand_in("first.ofx", FIRST)
    books.sync()
    say_same(books)
    assert books.hand_in("quicken.qif", QUICKEN)
    books.sync()
    name_accounts(books)
    assert books.hand_in("second.ofx", SECOND)
    books.sync()
    books.answer(*NAMES)
    books.sync()
    assert (books.bought(), books.held(), books.problems()) == (sorted([*EARLY_AMOUNTS, *LATE_AMOUNTS]), {}, [])
    return books


def still_untold(books: Books) -> list[str]:
    with books.workshop.database.read() as session:
        connection = session.get_one(Connection, books.connection.id)
        return [each.key for each in untold_accounts(session, connection, info_of(books.workshop, "bankfeed"))]


def undo_of_table(books: Books) -> None:
    keys = [key for memo, (_, key) in documents(books).items() if memo in ("rent", "grocer", "coffee", "florist")]
    undo(books.workshop, books.connection, *keys)
    assert books.bought() == LATE_AMOUNTS


@pytest.mark.parametrize("word", [SAME, pytest.param(SEPARATE, marks=pytest.mark.at_length)])
def test_what_the_others_ask_without_a_file_is_said_before_it_is_taken_back(books: Books, word: str) -> None:
    workshop, id_ = books.workshop, books.connection.id
    undo_of_table(books)
    there, number = documents(books), books.numbers()["table.csv"]
    [asked] = books.weigh("table.csv").asks
    assert (asked.file, asked.code, list(asked.asks[0].answers)) == (
        "second.ofx", "bankfeed.same_account", [SAME, SEPARATE],
    )  # fmt: skip
    with pytest.raises(RaccordError, match=r"files\.asks_first") as refused:
        take_back_file(workshop, BOOKKEEPER, id_, number)
    assert "3 of 4 lines in common" in refused.value.text.en

    said = {asked.asks[0].code: word}
    with pytest.raises(NotAllowedError):
        answer_first(workshop, BOOKKEEPER, id_, number, FileAnswer(asked.key, said))
    for wrong in (FileAnswer("another", said), FileAnswer(asked.key, {})):
        with pytest.raises(RaccordError, match=r"files\.(no_question|answer_missing)"):
            answer_first(workshop, OWNER, id_, number, wrong)
    answer_first(workshop, OWNER, id_, number, FileAnswer(asked.key, said))
    before = documents(books)
    books.sync()
    assert (documents(books), books.problems()) == (before, []), "while the file is here, nothing changes by it"

    late = books.weigh("second.ofx")
    assert (late.rows, late.elsewhere, late.unread, late.in_books) == (5, 3, 0, 2), "three are the Quicken file's"
    found = books.take_back("table.csv")
    assert (found.asks, found.goes, found.elsewhere, found.goes_on, found.in_books) == ([], 1, 3, 0, 0)
    books.sync()
    assert (documents(books), books.bought(), books.problems()) == (there, LATE_AMOUNTS, [])
    assert (questions_of(workshop, id_), still_untold(books)) == ([], []), "which account it is was said before"
    with workshop.database.read() as session:
        doubts = sorted(each.code for each in session.scalars(select(Hold).where(Hold.closed_at.is_(None))))
    # As two accounts of one of the books, each line that both tell is asked about, and none is posted.
    assert doubts == ([ALREADY_EXISTS] * 3 if word == SEPARATE else []) + [DECISION_MISSING] * 3
    books.answer("rent", "grocer", "coffee")
    books.sync()
    assert (books.bought(), [each[0] for each in books.proof().values()]) == (
        sorted([*EARLY_AMOUNTS[:3], *LATE_AMOUNTS]), [True] * len(books.proof()),
    )  # fmt: skip


def test_a_line_said_to_be_a_document_of_a_file_that_went_before_is_that_document(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an older version took files back: what the others ask came up afterwards, and what was posted stood alone."""
    workshop = books.workshop
    undo_of_table(books)
    there = documents(books)
    monkeypatch.setattr(files_back, "asked_in", lambda *_: [])
    assert books.take_back("table.csv").in_books == 2
    books.sync()
    assert books.problems() == ["bankfeed.same_account", *["mapping.draft_vanished"] * 2]
    say_same(books)
    books.sync()
    with workshop.database.read() as session:
        doubts = session.scalars(select(Hold.id).where(Hold.closed_at.is_(None), Hold.code == ALREADY_EXISTS)).all()
    assert len(doubts) == 2
    for each in doubts:
        answer_conflict(workshop, OWNER, each, ResolutionKind.SKIP)
    books.sync()
    proof = {day: each[0] for day, each in books.proof().items()}
    assert (documents(books), books.problems(), books.bought()) == (there, [], LATE_AMOUNTS)
    assert proof == dict.fromkeys(proof, True)
    assert {14, 16} <= proof.keys()


def given_anew(*lines: MadeLine) -> bytes:
    """The lines under other ids, as banks give them with each download."""
    anew = [replace(each, native=f"ANEW{at}") for at, each in enumerate(lines)]
    return statement_file(MadeAccount(balance=None), anew, starts=MARCH, ends=date(2026, 3, 6))


def say_it_is_the_same(books: Books, count: int) -> None:
    with books.workshop.database.read() as session:
        doubts = session.scalars(select(Hold.id).where(Hold.closed_at.is_(None), Hold.code == ALREADY_EXISTS)).all()
    assert len(doubts) == count
    for each in doubts:
        answer_conflict(books.workshop, OWNER, each, ResolutionKind.SKIP)
    books.sync()


@pytest.fixture
def one_bank(workshop: Workshop, sandbox: SandboxServer, hand: FixedClock) -> Books:
    """A statement that is in QuickBooks."""
    books = books_of_files(workshop, sandbox.store.of_template("quebec").realm, hand)
    assert books.hand_in("first.ofx", FIRST)
    books.sync()
    name_accounts(books)
    books.answer("rent", "grocer", "coffee")
    books.sync()
    return books


def test_a_document_that_another_line_was_said_to_be_goes_on_as_that(one_bank: Books) -> None:
    books = one_bank
    there = documents(books)
    assert books.hand_in("anew.ofx", given_anew(*EARLY[1:]))
    books.sync()
    say_it_is_the_same(books, 2)
    other = books.weigh("anew.ofx")
    assert (other.rows, other.goes, other.elsewhere, other.goes_on, other.in_books) == (2, 0, 2, 0, 0)
    found = books.take_back("first.ofx")
    assert (found.rows, found.goes, found.elsewhere, found.goes_on, found.in_books) == (3, 0, 2, 2, 1)
    assert [each.title and each.title.text for each in found.documents] == ["RENT"], "none that the other file tells"
    books.sync()
    assert (books.problems(), documents(books)) == (["mapping.draft_vanished"], there)
    proof = books.proof()
    assert ({day: each[0] for day, each in proof.items()}, proof[2][4]) == (
        {2: False, 3: True, 4: True}, ["proof.withdrawn"],
    )  # fmt: skip
    # With the other one too, each stands alone and is asked about once; what tells it again closes that.
    assert books.take_back("anew.ofx").in_books == 2
    books.sync()
    assert books.problems() == ["mapping.draft_vanished", *["mapping.match_vanished"] * 2]
    assert books.hand_in("first.ofx", FIRST)
    books.sync()
    assert (books.problems(), books.held(), documents(books)) == ([], {}, there)
    assert [each[0] for each in books.proof().values()] == [True] * 3


def test_what_was_undone_before_its_file_went_is_no_answer_about_what_another_file_tells(one_bank: Books) -> None:
    books = one_bank
    undo(books.workshop, books.connection, documents(books)["rent"][1])
    books.take_back("first.ofx")
    assert books.hand_in("anew.ofx", given_anew(*EARLY))
    books.sync()
    with books.workshop.database.read() as session:
        asked = {row.code: row.params for row in session.scalars(select(Hold).where(Hold.closed_at.is_(None)))}
        memos = session.scalars(
            select(DraftRow.memo).join(Hold, Hold.draft_id == DraftRow.id).where(Hold.code == DECISION_MISSING)
            .where(Hold.closed_at.is_(None))
        ).all()  # fmt: skip
    assert (sorted(asked), memos) == ([ALREADY_EXISTS, DECISION_MISSING], ["rent"]), "as a line told for the first time"
    say_it_is_the_same(books, 2)
    books.answer("rent")
    books.sync()
    assert (books.bought(), books.problems(), books.held()) == (["21.31", "3.52", "40.17"], [], {})
    assert [each[0] for each in books.proof().values()] == [True] * 3


def test_a_line_that_two_files_tell_is_asked_about_though_a_third_one_made_them_one_account(
    workshop: Workshop, sandbox: SandboxServer, hand: FixedClock
) -> None:
    """The table and the first statement have one line in common, which proves nothing; the second one has more."""
    books = books_of_files(workshop, sandbox.store.of_template("quebec").realm, hand)
    moved = [*EARLY, *LATE]
    rows = [f"{each.day},{each.name},{each.amount}\n" for each in moved[:5]]
    first, second = (
        statement_file(
            MadeAccount(balance=None), [replace(each, native=each.name) for each in some],
            starts=some[0].day, ends=some[-1].day,
        )
        for some in (moved[4:], moved[2:])
    )  # fmt: skip
    assert books.hand_in("table.csv", "".join(["Date,Description,Amount\n", *rows]).encode())
    assert books.hand_in("first.ofx", first)
    books.sync()
    name_accounts(books)
    assert books.hand_in("second.ofx", second)
    books.sync()
    say_same(books)
    books.sync()
    for _ in range(3):
        with workshop.database.read() as session:
            asked = [(each.id, each.code) for each in session.scalars(select(Hold).where(Hold.closed_at.is_(None)))]
        for id_, code in asked:
            if code == ALREADY_EXISTS:
                answer_conflict(workshop, OWNER, id_, ResolutionKind.SKIP)
            else:
                treat(workshop, OWNER, id_, category(books.expenses))
        books.sync()
    assert (books.bought(), books.held()) == (sorted(f"{-each.amount}" for each in moved), {}), "each once"
    assert [each[0] for each in books.proof().values()] == [True] * len(books.proof())
