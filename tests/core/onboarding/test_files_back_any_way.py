"""Files of one account in several formats come, are answered, undone, taken back and come again, in whatever order.

Each movement that a file which is still here tells is in QuickBooks once in the end; what no file tells any more is
named; and all else is proved, whatever came before. People answer as who knows all: what is the same is said to be.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from books_of_files import BOOKKEEPER, Books, books_of_files, documents
from harness import OWNER, make_workshop
from lines_at_hand import account, category, undo
from sqlalchemy import select

import raccord_bankfeed
from raccord.clock import FixedClock
from raccord.onboarding.arriving.answering import FileAnswer, FileQuestion, answer_file, answer_problem, questions_of
from raccord.onboarding.arriving.asked_first import answer_first
from raccord.onboarding.arriving.files_back import take_back_file
from raccord.onboarding.arriving.untold_accounts import AccountTold, name_account, untold_accounts
from raccord.onboarding.deciding.decisions import answer_conflict
from raccord.onboarding.deciding.treating import treat
from raccord.onboarding.deciding.undone import UNDONE, release
from raccord.onboarding.sources.source_accounts import info_of
from raccord.plugin.ledger import ResolutionKind
from raccord.store.database import Database
from raccord.store.models import Connection, Hold, LinkRow, LinkState, Problem
from raccord.sync.mapping.vanished import VANISHED
from raccord.sync.resolving.conflict_rules import ALREADY_EXISTS
from raccord.sync.workshop import Workshop
from raccord_bankfeed.readers.told import SAME
from raccord_bankfeed.twins.bank import MadeAccount, MadeLine, statement_file
from raccord_sandbox.serving.server import SandboxServer

NAMES = ["RENT", "GROCER", "COFFEE", "GARAGE", "FLORIST", "BOOKS", "STAMPS", "PENS", "PAPER", "LAMP"]
FORMATS = ("csv", "qif", "ofx", "ofx", "anew")
"""The last is OFX as a bank writes it that gives its lines other ids with each download."""
ROUNDS = 6
"""So many times everything is answered and brought over, until nothing is asked any more."""


@pytest.fixture
def workshop(database: Database, data_dir: Path, sandbox: SandboxServer, hand: FixedClock) -> Iterator[Workshop]:
    made = make_workshop(database, data_dir, sandbox.url, hand, raccord_bankfeed)
    yield made
    made.close()


class Desk:
    """A bank's files, whatever is done with them, and who answers."""

    def __init__(self, books: Books, seed: int, *, drifting: bool) -> None:
        self.books, self.dice, self.drifting = books, random.Random(seed), drifting
        self.later: dict[int, int] = {}
        """How many days later a statement dates a line than tables and Quicken files do, where they ``drift``."""
        self.workshop, self.id = books.workshop, books.connection.id
        self.bank = account(books.workshop, books.company, "Bank")
        days = sorted(self.dice.sample(range(13, 29), self.dice.randint(6, 10)))
        self.moved = [
            MadeLine(
                day=date(2026, 3, day), amount=Decimal(f"-{self.dice.randint(1, 99)}.{self.dice.randint(11, 99)}"),
                name=f"{self.dice.choice(NAMES)} {at}", type="DEBIT",
            )
            for at, day in enumerate(days)
        ]  # fmt: skip
        if self.dice.random() < 0.4:
            # One of them is there twice, as two coffees on a day are.
            self.moved = sorted([*self.moved, self.dice.choice(self.moved)], key=lambda each: each.day)
        self.files: dict[str, tuple[bytes, list[MadeLine]]] = {}
        self.here: set[str] = set()

    def download(self) -> str:
        """Make a file of some days, which has all that moved on them."""
        form = self.dice.choice(FORMATS)
        rows: list[MadeLine] = []
        while not rows:
            first = self.dice.randint(13, 26)
            last = self.dice.randint(first + 2, 28)
            rows = [each for each in self._dated(form) if first <= each.day.day <= last]
        name = f"{len(self.files) + 1}.{form}"
        self.files[name] = written_as(form, rows), rows
        return name

    def _dated(self, form: str) -> list[MadeLine]:
        """Return what moved on the days on which files of a form tell it."""
        if not self.drifting or form in ("csv", "qif"):
            return self.moved
        for at in range(len(self.moved)):
            self.later.setdefault(at, self.dice.choice((0, 0, 0, 1, 2)))
        dated = [replace(each, day=each.day + timedelta(self.later[at])) for at, each in enumerate(self.moved)]
        return sorted(dated, key=lambda each: each.day)

    def hand_in(self, name: str) -> None:
        if self.books.hand_in(name, self.files[name][0]):
            self.here.add(name)

    def say(self) -> None:
        """Answer what is asked about files, one after the other, as each answer may ask something more."""
        for _ in range(ROUNDS):
            asked = questions_of(self.workshop, self.id)
            if asked:
                told = AccountTold(ledger_id=self.bank) if asked[0].account else None
                answer_file(self.workshop, OWNER, self.id, asked[0].key, words_for(asked[0]), told=told)
            else:
                with self.workshop.database.read() as session:
                    connection = session.get_one(Connection, self.id)
                    untold = untold_accounts(session, connection, info_of(self.workshop, "bankfeed"))
                if not untold:
                    return
                name_account(self.workshop, OWNER, self.id, untold[0].key, AccountTold(ledger_id=self.bank))
            self.books.sync()

    def answer(self, part: float = 1) -> None:
        """Answer what waits, or some of it."""
        with self.workshop.database.read() as session:
            waiting = session.execute(
                select(Hold.id, Hold.code).where(Hold.closed_at.is_(None)).order_by(Hold.id)
            ).all()
            doubts = session.scalars(select(Problem).where(Problem.state == "open").order_by(Problem.id)).all()
        for id_, code in waiting:
            with self.workshop.database.read() as session:
                closed = session.get_one(Hold, id_).closed_at is not None
            if closed or self.dice.random() > part:
                continue
            if code == ALREADY_EXISTS:
                answer_conflict(self.workshop, OWNER, id_, ResolutionKind.SKIP)
            elif code == UNDONE:
                release(self.workshop, OWNER, [id_])
            else:
                treat(self.workshop, BOOKKEEPER, id_, category(self.books.expenses))
        for each in doubts:
            if each.params.get("answers"):
                answer_problem(self.workshop, OWNER, each.id, SAME)

    def settle(self) -> None:
        for _ in range(ROUNDS):
            self.books.sync()
            self.say()
            self.answer()
        self.books.sync()

    def undo_some(self) -> None:
        with self.workshop.database.read() as session:
            keys = session.scalars(
                select(LinkRow.key).where(LinkRow.state == LinkState.LIVE).order_by(LinkRow.key)
            ).all()
        if keys:
            undo(self.workshop, self.books.connection, *self.dice.sample(keys, self.dice.randint(1, len(keys))))

    def take_back(self, name: str) -> None:
        found = self.books.weigh(name)
        while found.asks:
            answer = FileAnswer(found.asks[0].key, words_for(found.asks[0]))
            answer_first(self.workshop, OWNER, self.id, found.number, answer)
            found = self.books.weigh(name)
        assert found.rows == len(self.files[name][1])
        assert found.goes + found.elsewhere + found.unread <= found.rows
        if not (self.drifting or self.books.held() or self.books.problems()):
            # Nothing is left to say: what the others tell too is known, and no more than that.
            others = self.told_by(self.here - {name})
            told_too = (self.told_by({name}) & others).total()
            assert found.elsewhere <= told_too <= found.elsewhere + found.unread
        take_back_file(self.workshop, OWNER, self.id, found.number, seen=found.seen)
        self.here.discard(name)

    def do(self) -> None:
        """Do one of the things that people do."""
        what = self.dice.random()
        gone = sorted(self.files.keys() - self.here)
        if what < 0.35:
            self.hand_in(self.download())
        elif what < 0.45 and gone:
            self.hand_in(self.dice.choice(gone))
        elif what < 0.6:
            self.undo_some()
        elif what < 0.9 and len(self.here) > 1:
            self.take_back(self.dice.choice(sorted(self.here)))
        else:
            self.answer(0.5)
        if self.dice.random() < 0.7:
            self.settle()
        else:
            self.books.sync()

    def told(self) -> Counter[str]:
        """What the files that are here say that moved."""
        return self.told_by(self.here)

    def told_by(self, names: Iterable[str]) -> Counter[str]:
        """What some files say that moved, each once: equal ones as often as a file has them."""
        found: Counter[str] = Counter()
        for name in names:
            found |= Counter(f"{-each.amount:.2f}" for each in self.files[name][1])
        return found


def words_for(asked: FileQuestion) -> dict[str, str]:
    return {each.code: SAME if SAME in each.answers else each.answers[0] for each in asked.asks}


def written_as(form: str, rows: list[MadeLine]) -> bytes:
    if form == "csv":
        lines = [f"{each.day},{each.name},{each.amount}\n" for each in rows]
        return "".join(["Date,Description,Amount\n", *lines]).encode()
    if form == "qif":
        lines = [f"D{each.day:%m/%d/%Y}\nT{each.amount}\nP{each.name}\n^\n" for each in rows]
        return "".join(["!Type:Bank\n", *lines]).encode()
    seen: Counter[str] = Counter()
    named = []
    for each in rows:
        seen[each.name] += 1
        named.append(replace(each, native=f"{form}{each.name}{seen[each.name]}"))
    return statement_file(MadeAccount(balance=None), named, starts=rows[0].day, ends=rows[-1].day)


@pytest.mark.slow
@pytest.mark.at_length
@pytest.mark.timeout(600)
@pytest.mark.parametrize("drifting", [False, True], ids=["", "drifting"])
@pytest.mark.parametrize("seed", range(10))
def test_whatever_is_done_with_files_what_they_tell_is_in_the_books_once_and_proved(
    workshop: Workshop, sandbox: SandboxServer, hand: FixedClock, seed: int, drifting: bool
) -> None:
    books = books_of_files(workshop, sandbox.store.of_template("quebec").realm, hand)
    hand.advance(timedelta(days=20))
    desk = Desk(books, seed, drifting=drifting)
    desk.hand_in(desk.download())
    desk.settle()
    for _ in range(desk.dice.randint(5, 11)):
        desk.do()
    desk.settle()
    bought, told = Counter(f"{Decimal(each):.2f}" for each in books.bought() if Decimal(each)), desk.told()
    alone = [each for each in books.problems() if each in VANISHED]
    assert told - bought == Counter(), "nothing is missing"
    assert (bought - told).total() == len(alone), "what no file tells any more is named, each once"
    assert (books.problems(), books.held()) == (alone, {})
    assert all(each[0] for each in books.proof().values()) is not bool(alone)
    there = documents(books)
    books.sync()
    assert documents(books) == there, "and nothing more comes of it"
