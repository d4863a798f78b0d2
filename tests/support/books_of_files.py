"""A bank feed that takes files, and what a person does with it."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from harness import OWNER, consent, enable, sync
from lines_at_hand import account, category
from sqlalchemy import select

from raccord.clock import FixedClock
from raccord.onboarding.access.people import Actor, RoleName
from raccord.onboarding.arriving.answering import answer_file, questions_of
from raccord.onboarding.arriving.file_weights import FileWeight
from raccord.onboarding.arriving.files_back import take_back_file, weigh_file
from raccord.onboarding.arriving.receiving import files_of, receive_files
from raccord.onboarding.arriving.untold_accounts import AccountTold, name_account, untold_accounts
from raccord.onboarding.connecting.connections import NewConnection, connect
from raccord.onboarding.deciding.treating import treat
from raccord.onboarding.sources.source_accounts import info_of
from raccord.overview.coverage import coverage_of
from raccord.overview.weighing.balances import balances_of
from raccord.store.models import (
    Company,
    Connection,
    DraftRow,
    Hold,
    LinkRow,
    LinkState,
    Problem,
    Proof,
)
from raccord.sync.workshop import Workshop
from raccord_bankfeed.readers.told import SAME
from raccord_bankfeed.twins.bank import MadeAccount, MadeLine, statement_file

BOOKKEEPER = Actor("Béatrice", RoleName.BOOKKEEPER)
MARCH = date(2026, 3, 1)
BANK = "bank-6789-327e587ead"
"""What the files' one account is called by."""


def line(day: int, amount: str, name: str) -> MadeLine:
    return MadeLine(day=date(2026, 3, day), amount=Decimal(amount), name=name, type="DEBIT")


EARLY = [line(2, "-40.17", "RENT"), line(3, "-21.31", "GROCER"), line(4, "-3.52", "COFFEE")]
LATE = [line(13, "-12.63", "BOOKS"), line(14, "-7.89", "STAMPS"), line(15, "-5.41", "PENS")]
ALONE = [line(14, "-64.37", "PAPER"), line(16, "-33.18", "LAMP")]
TABLE = "".join(
    ["Date,Description,Amount\n", *(f"2026-03-0{each.day.day},{each.name},{each.amount}\n" for each in EARLY),
     "2026-03-05,FLORIST,-9.08\n"]
).encode()  # fmt: skip
FIRST = statement_file(MadeAccount(), EARLY, starts=MARCH, ends=date(2026, 3, 6))
QUICKEN = "".join(
    ["!Type:Bank\n", *(f"D{each.day:%m/%d/%Y}\nT{each.amount}\nP{each.name}\n^\n" for each in LATE)]
).encode()
SECOND = statement_file(MadeAccount(), [*LATE, *ALONE], starts=date(2026, 3, 7), ends=date(2026, 3, 16))
"""A table, a statement of its account, a Quicken file, and a statement that tells the lines of that and two more:
without the table it is asked whether the last two are of one account.
"""


@dataclass
class Books:
    """A bank feed that takes files, and what a person does with it."""

    workshop: Workshop
    company: Company
    connection: Connection
    expenses: str
    hand: FixedClock

    def hand_in(self, name: str, content: bytes) -> bool:
        [done] = receive_files(self.workshop, BOOKKEEPER, self.connection.id, [(name, io.BytesIO(content))])
        return done.new

    def numbers(self) -> dict[str, int]:
        with self.workshop.database.read() as session:
            return {each.name: each.number for each in files_of(session, self.connection.id)}

    def weigh(self, name: str) -> FileWeight:
        return weigh_file(self.workshop, BOOKKEEPER, self.connection.id, self.numbers()[name])

    def take_back(self, name: str, reason: str = "") -> FileWeight:
        found = self.weigh(name)
        number = found.number
        take_back_file(self.workshop, BOOKKEEPER, self.connection.id, number, seen=found.seen, reason=reason)
        return found

    def held(self) -> dict[str, str]:
        """What waits for a person, by the question's id, as the lines say it."""
        with self.workshop.database.read() as session:
            rows = session.execute(
                select(Hold.id, DraftRow.memo)
                .join(DraftRow, DraftRow.id == Hold.draft_id)
                .where(Hold.closed_at.is_(None))
                .order_by(DraftRow.key)
            )
            return {row[0]: row[1] for row in rows}

    def answer(self, *names: str) -> None:
        left = list(names)
        for id_, memo in self.held().items():
            name = next((each for each in left if each.lower() in memo), None)
            if name is not None:
                left.remove(name)
                treat(self.workshop, BOOKKEEPER, id_, category(self.expenses))
        assert not left

    def sync(self) -> None:
        assert sync(self.workshop, self.connection).state == "done"

    def bought(self) -> list[str]:
        rows = self.workshop.client(self.company).query_all("Purchase")
        return sorted(str(row["TotalAmt"]) for row in rows)

    def proof(self) -> dict[int, tuple[bool, str, str, str, list[str]]]:
        """By day: equal, source, left out, in QuickBooks, and the codes of differences."""
        with self.workshop.database.read() as session:
            rows = session.scalars(select(Proof).where(Proof.stream == "lines").order_by(Proof.day)).all()
        return {
            row.day.day: (
                row.equal, f"{row.source_total:f}", f"{row.left_out_total:f}", f"{row.quickbooks_total:f}",
                [each["code"] for each in row.differences],
            )
            for row in rows
        }  # fmt: skip

    def problems(self) -> list[str]:
        with self.workshop.database.read() as session:
            return sorted(session.scalars(select(Problem.code).where(Problem.state == "open")))

    def covered(self) -> list[tuple[str, int, int]]:
        with self.workshop.database.read() as session:
            found = coverage_of(self.workshop, session, session.get_one(Connection, self.connection.id))
        return [(str(each.reason), each.first.day, each.last.day) for each in found if each.first and each.last][-2:]

    def closing(self) -> list[str]:
        with self.workshop.database.read() as session:
            held = session.get_one(Connection, self.connection.id)
            return [
                f"{each.closing.amount:f}"
                for each in balances_of(self.workshop, session, held, MARCH, date(2026, 3, 31))
            ]


def books_of_files(workshop: Workshop, realm: str, hand: FixedClock) -> Books:
    """Return a bank feed of a company that takes files from the first of March on."""
    company = consent(workshop, realm)
    enable(workshop, company, "bankfeed")
    new = NewConnection(company_id=company.id, connector="bankfeed", values={"input_kind": "upload"}, starts_on=MARCH)
    connection = connect(workshop, OWNER, new)
    return Books(workshop, company, connection, account(workshop, company, "Expense"), hand)


def name_accounts(books: Books) -> None:
    """A person says that each account which files do not name is the bank account of the books."""
    with books.workshop.database.read() as session:
        connection = session.get_one(Connection, books.connection.id)
        asked = untold_accounts(session, connection, info_of(books.workshop, "bankfeed"))
    for each in asked:
        told = AccountTold(ledger_id=account(books.workshop, books.company, "Bank"))
        name_account(books.workshop, OWNER, books.connection.id, each.key, told)
    books.sync()


def say_same(books: Books) -> None:
    [asked] = questions_of(books.workshop, books.connection.id)
    answer_file(books.workshop, OWNER, books.connection.id, asked.key, {asked.asks[0].code: SAME})


def documents(books: Books) -> dict[str, tuple[str, str]]:
    with books.workshop.database.read() as session:
        rows = session.execute(
            select(DraftRow.memo, LinkRow.document_id, LinkRow.key)
            .join(LinkRow, (LinkRow.key == DraftRow.key) & (LinkRow.connection_id == DraftRow.connection_id))
            .where(LinkRow.state == LinkState.LIVE)
        )
        return {memo: (document, key) for memo, document, key in rows}


def written(books: Books) -> list[dict[str, object]]:
    return sorted(books.workshop.client(books.company).query_all("Purchase"), key=lambda each: str(each["Id"]))
