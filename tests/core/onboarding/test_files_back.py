"""A file that was handed in wrongly is taken back: what only it said goes, all else stays, and it can come again."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from books_of_files import BANK, BOOKKEEPER, MARCH, Books, books_of_files, documents, line, say_same, written
from harness import OWNER, choose_usual, consent, enable, make_workshop, request
from lines_at_hand import account, undo
from sqlalchemy import func, select

import raccord_bankfeed
import raccord_chase
from raccord.clock import FixedClock
from raccord.errors import RaccordError
from raccord.jobs.inline import HandOver
from raccord.jobs.requests import cancel
from raccord.onboarding.access.people import Actor, NotAllowedError, RoleName
from raccord.onboarding.arriving.answering import answer_file, questions_of
from raccord.onboarding.arriving.files_back import take_back_file, weigh_file
from raccord.onboarding.arriving.said_by_files import SomeFiles
from raccord.onboarding.arriving.untold_accounts import AccountTold, name_account, untold_accounts
from raccord.onboarding.closing.certificates import certify
from raccord.onboarding.connecting.companies import refresh_company
from raccord.onboarding.connecting.connections import NewConnection, connect, update_settings
from raccord.onboarding.deciding.decisions import choose
from raccord.onboarding.deciding.treating import treat
from raccord.onboarding.sources.source_accounts import info_of
from raccord.plugin.testing.files import FileShelf, ShelvedFile
from raccord.store.database import Database
from raccord.store.models import (
    Connection,
    DraftRow,
    Event,
    LinkRow,
    Match,
    Problem,
    Proof,
    SourceRecord,
)
from raccord.sync.lines.treatments import Treated, Treatment
from raccord.sync.workshop import Workshop
from raccord_bankfeed.twins.bank import MadeAccount, MadeLine, Read, statement_file
from raccord_chase.sandbox.handmade import MERCHANT, dfr, head, sale
from raccord_sandbox.serving.server import SandboxServer

pytestmark = pytest.mark.either_database

COFFEE = line(4, "-3.50", "COFFEE")
RIGHT = statement_file(
    MadeAccount(balance=Decimal("900.00")),
    [line(2, "-40.00", "RENT"), COFFEE, COFFEE],
    starts=MARCH,
    ends=date(2026, 3, 5),
)
WRONG = statement_file(
    MadeAccount(balance=Decimal("1.00")),
    [COFFEE, COFFEE, COFFEE, line(8, "-20.00", "GROCER"), line(9, "-5.00", "BANK FEE")],
    starts=date(2026, 3, 4),
    ends=date(2026, 3, 12),
)


UNREAD = b"When,What,How much\n03/04/2026,ONE,-1.00\n04/05/2026,TWO,-2.00\n"
"""A table that does not say whether its days or its months stand first."""


@pytest.fixture
def workshop(database: Database, data_dir: Path, sandbox: SandboxServer, hand: FixedClock) -> Iterator[Workshop]:
    made = make_workshop(database, data_dir, sandbox.url, hand, raccord_bankfeed)
    yield made
    made.close()


@pytest.fixture
def books(workshop: Workshop, sandbox: SandboxServer, hand: FixedClock) -> Books:
    return books_of_files(workshop, sandbox.store.of_template("quebec").realm, hand)


EQUAL_AT_FIRST = {
    2: (True, "-40.00", "0", "-40.00", []),
    4: (True, "-10.50", "-3.50", "-7.00", []),
    8: (True, "-20.00", "0", "-20.00", []),
    9: (True, "-5.00", "-5.00", "0", []),
}
WITHOUT = {2: (True, "-40.00", "0", "-40.00", []), 4: (True, "-7.00", "0", "-7.00", [])}


@pytest.mark.slow
def test_a_file_that_was_handed_in_wrongly_is_taken_back_and_may_come_again(books: Books) -> None:
    workshop, id_ = books.workshop, books.connection.id
    choose(workshop, OWNER, id_, "ledger_account", account(workshop, books.company, "Bank"), of=BANK)
    assert books.hand_in("right.ofx", RIGHT)
    assert books.hand_in("wrong.ofx", WRONG)
    books.sync()
    # The third coffee, which one of the files alone says, is answered last and not posted yet.
    books.answer("rent", "coffee", "coffee", "grocer")
    books.sync()
    books.answer("coffee")
    posted = ["20.00", "3.50", "3.50", "40.00"]
    assert (books.bought(), list(books.held().values())) == (posted, ["bank fee"])
    assert (books.proof(), books.covered()) == (EQUAL_AT_FIRST, [("covered", 1, 12), ("no_file", 13, 20)])
    assert books.closing() == ["1.00"], "what the wrong file says that the account held"

    # Before anything is done it is said what goes and what stays; nothing moves by that.
    found = books.weigh("wrong.ofx")
    assert (found.rows, found.goes, found.answered, found.elsewhere, found.in_books) == (5, 2, 1, 2, 1)
    assert (found.first, found.last, found.moved["CAD"][1]) == (date(2026, 3, 4), date(2026, 3, 9), Decimal("-35.50"))
    [stays] = found.documents
    assert stays.title is not None
    assert (stays.kind, stays.title.text, stays.matched, found.asked) == ("Purchase", "GROCER", False, False)
    with pytest.raises(NotAllowedError):
        take_back_file(workshop, Actor("Guest", RoleName.ACCOUNTANT), id_, found.number)
    with pytest.raises(RaccordError, match=r"files\.changed_since"):
        take_back_file(workshop, BOOKKEEPER, id_, found.number, seen="another")
    run_id = request(workshop, books.connection)
    with pytest.raises(RaccordError, match=r"files\.run_open"):
        take_back_file(workshop, BOOKKEEPER, id_, found.number, seen=found.seen)
    cancel(workshop.database, HandOver(), run_id, clock=workshop.clock)
    assert list(books.held().values()) == ["bank fee"]

    done = take_back_file(workshop, BOOKKEEPER, id_, found.number, seen=found.seen)
    assert (done.left_out, done.elsewhere, done.in_books, done.already) == (2, 2, 1, False)
    assert take_back_file(workshop, BOOKKEEPER, id_, found.number).already, "pressed twice"
    assert (list(books.numbers()), books.held()) == (["right.ofx"], {})
    assert (books.covered(), books.closing()) == ([("covered", 1, 5), ("no_file", 6, 20)], ["900.00"])
    assert books.problems() == ["mapping.draft_vanished"]
    with workshop.database.read() as session:
        assert session.scalar(select(func.count()).where(SourceRecord.reason == "files.taken_back")) == 4
        told = session.scalars(select(Event).where(Event.action == "files.taken_back")).one()
        assert (told.actor, told.body["file"], told.body["left_out"]) == ("Béatrice", "wrong.ofx", 2)
    books.sync()
    assert books.proof() == WITHOUT | {8: (False, "0", "0", "-20.00", ["proof.withdrawn"])}, "named, until undone"
    assert (books.held(), books.bought()) == ({}, posted), "nothing of it was posted, nothing taken out"

    # The same bytes are new again, each line is there once, and what was answered is asked anew.
    assert books.hand_in("wrong.ofx", WRONG)
    books.sync()
    assert (books.proof(), books.bought(), books.problems()) == (EQUAL_AT_FIRST, posted, [])
    assert sorted(books.held().values()) == ["bank fee", "coffee"]

    # Undone first, all of it goes and the proof is equal to the cent; in a certified month a reason is asked.
    with workshop.database.read() as session:
        key = session.scalars(select(DraftRow.key).where(DraftRow.memo == "grocer")).one()
    undo(workshop, books.connection, key)
    books.hand.advance(timedelta(days=14))
    certify(workshop, OWNER, books.company.id, MARCH, with_exceptions=True, reason="Known")
    assert books.weigh("wrong.ofx").months == [MARCH]
    with pytest.raises(RaccordError, match=r"files\.reason_missing"):
        books.take_back("wrong.ofx")
    assert books.take_back("wrong.ofx", "The file of another company").in_books == 0
    books.sync()
    assert books.proof() == WITHOUT
    assert (books.held(), books.bought()) == ({}, ["3.50", "3.50", "40.00"])
    with workshop.database.read() as session:
        last = session.scalars(
            select(Event).where(Event.action == "files.taken_back").order_by(Event.seq.desc())
        ).first()
        assert last is not None
        assert last.body["reason"] == "The file of another company"


def test_files_that_came_together_are_listed_by_name_below_newer_ones(books: Books) -> None:
    for name in ("visa.csv", "Cheques.csv", "epargne.csv"):
        books.hand_in(name, UNREAD.replace(b"ONE", name.encode()))
    books.hand.advance(timedelta(hours=1))
    books.hand_in("later.csv", UNREAD)
    assert list(books.numbers()) == ["later.csv", "Cheques.csv", "epargne.csv", "visa.csv"]


def test_what_another_file_says_too_stays_and_what_was_only_asked_about_goes_with_its_answers(books: Books) -> None:
    workshop, id_ = books.workshop, books.connection.id
    assert books.hand_in("wrong.ofx", WRONG)
    assert books.hand_in("right.ofx", RIGHT)
    assert books.hand_in("unread.csv", UNREAD)
    books.sync()
    lines = sorted([*["coffee"] * 3, "grocer", "bank fee", "rent"])
    assert (books.problems(), sorted(books.held().values())) == (["bankfeed.date_order"], lines)
    [asked] = questions_of(workshop, id_)
    found = books.take_back("unread.csv")
    assert (found.goes, found.elsewhere, found.asked, found.documents) == (0, 0, True, [])
    assert (books.problems(), questions_of(workshop, id_), sorted(books.held().values())) == ([], [], lines)

    assert books.hand_in("unread.csv", UNREAD)
    [asked] = questions_of(workshop, id_)
    answer_file(
        workshop,
        OWNER,
        id_,
        asked.key,
        {each.code: each.answers[0] for each in asked.asks},
        told=AccountTold(name="Other"),
    )
    books.take_back("unread.csv")
    assert books.hand_in("unread.csv", UNREAD)
    assert [each.key for each in questions_of(workshop, id_)] == [asked.key], (
        "asked again, not read as it was said once"
    )
    books.take_back("unread.csv")

    found = books.take_back("right.ofx")
    assert (found.rows, found.goes, found.elsewhere) == (3, 1, 2)
    lines.remove("rent")
    assert sorted(books.held().values()) == lines
    books.sync()
    assert sorted(books.held().values()) == lines
    with pytest.raises(RaccordError, match=r"files\.not_here"):
        weigh_file(workshop, BOOKKEEPER, id_, 99)


@pytest.mark.slow
@pytest.mark.at_length
def test_reports_of_chase_are_taken_back_alike_with_all_that_an_archive_holds(
    database: Database, data_dir: Path, sandbox: SandboxServer, hand: FixedClock
) -> None:
    """The mechanism asks no connector anything but to read its files again."""
    workshop = make_workshop(database, data_dir, sandbox.url, hand, raccord_chase)
    company = consent(workshop, sandbox.store.of_template("quebec").realm)
    enable(workshop, company, "chase")
    values = {"merchant_id": MERCHANT, "input_kind": "upload"}
    new = NewConnection(company_id=company.id, connector="chase", values=values, starts_on=MARCH)
    books = Books(workshop, company, connect(workshop, OWNER, new), "", hand)
    choose_usual(workshop, books.connection, company, bank="deposit_bank")

    def report(day: str, *sales: str) -> bytes:
        return dfr(head("ACT0010", day), *sales).encode()

    right = [sale(number, f"{number}.00", day="03/05/2026", order=f"A{number}") for number in (1, 2)]
    wrong = [sale(number, f"{number}.00", day="03/06/2026", order=f"A{number}") for number in (3, 4)]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("one.dfr", report("03/06/2026", *wrong))
        archive.writestr("two.dfr", report("03/05/2026", *right[:1]))
    assert books.hand_in("right.dfr", report("03/05/2026", *right))
    assert books.hand_in("wrong.zip", packed.getvalue())

    def sold() -> list[str]:
        return sorted(str(row["TotalAmt"]) for row in workshop.client(company).query_all("SalesReceipt"))

    def proofs() -> dict[tuple[str, int], bool]:
        with workshop.database.read() as session:
            return {(row.stream, row.day.day): row.equal for row in session.scalars(select(Proof))}

    books.sync()
    posted = ["1.00", "2.00", "3.00", "4.00"]
    assert (sold(), set(proofs().values()), books.problems()) == (posted, {True}, [])
    found = books.take_back("wrong.zip")
    assert (found.rows, found.goes, found.elsewhere, found.in_books) == (3, 0, 1, 2), "the first sale is in both"
    assert list(books.numbers()) == ["right.dfr"], "what the archive held went with it"
    books.sync()
    assert books.problems() == ["mapping.draft_vanished"] * 2, "what is in the books stays there and is named"
    assert (sold(), proofs()["sales", 5], proofs()["sales", 6]) == (posted, True, False)
    assert books.hand_in("wrong.zip", packed.getvalue())
    books.sync()
    assert (sold(), set(proofs().values()), books.problems()) == (posted, {True}, []), "each is there once"
    workshop.close()


def test_files_among_many_are_found_without_looking_at_the_others(tmp_path: Path) -> None:
    asked: list[int] = []

    class Shelf(FileShelf):
        def after(self, number: int) -> ShelvedFile | None:
            asked.append(number)
            return super().after(number)

    shelf = Shelf(tmp_path / "files")
    for number in range(1, 31):
        assert shelf.put(f"{number}.ofx", str(number))
    some, found, at = SomeFiles(shelf, {3, 20, 99}), [], 0
    while (file := some.after(at)) is not None:
        found.append(at := file.number)
    assert (found, len(asked)) == ([3, 20], 3)


LINES = [
    line(2, "-40.17", "RENT"),
    line(3, "-21.31", "GROCER"),
    line(4, "-3.52", "COFFEE"),
    line(5, "-110.49", "GARAGE"),
]
SAME_LINES = statement_file(MadeAccount(), LINES, starts=MARCH, ends=date(2026, 3, 6))
ROWS = [f"2026-03-0{each.day.day},{each.name},{each.amount}\n" for each in LINES]
TABLE = "".join(["Date,Description,Amount\n", *ROWS, "2026-03-06,FLORIST,-9.08\n"]).encode()
"""A table and an OFX file of one account share no ids: what is posted is in the books as the table's."""
POSTED = ["110.49", "21.31", "3.52", "40.17"]


@pytest.fixture
def in_two_formats(books: Books) -> Books:
    """Four lines that both files tell are in the books as the table's, and one that it alone tells waits."""
    workshop, id_ = books.workshop, books.connection.id
    assert books.hand_in("table.csv", TABLE)
    assert books.hand_in("same.ofx", SAME_LINES)
    say_same(books)
    books.sync()
    with workshop.database.read() as session:
        connection = session.get_one(Connection, id_)
        [untold] = untold_accounts(session, connection, info_of(workshop, "bankfeed"))
    bank = account(workshop, books.company, "Bank")
    name_account(workshop, OWNER, id_, untold.key, AccountTold(ledger_id=bank))
    books.sync()
    assert len(books.held()) == 5
    # Nothing is in the books yet: it may go, and only the florist is told by no other file.
    found = books.weigh("table.csv")
    assert (found.rows, found.goes, found.elsewhere, found.goes_on, found.in_books) == (5, 1, 4, 0, 0)
    assert (found.first, found.last) == (date(2026, 3, 6), date(2026, 3, 6))
    books.answer("rent", "grocer", "coffee", "garage")
    books.sync()
    assert (books.bought(), [each[0] for each in books.proof().values()]) == (POSTED, [True] * 5)
    return books


def test_what_is_in_the_books_goes_on_as_the_other_file_tells_it_whichever_is_taken_back(in_two_formats: Books) -> None:
    books, workshop = in_two_formats, in_two_formats.workshop
    there, rows, proof = documents(books), written(books), books.proof()
    quiet = {day: each for day, each in proof.items() if day != 6}
    for goes_on in (4, 0):
        found = books.take_back("table.csv")
        assert (found.goes, found.elsewhere, found.goes_on, found.in_books, found.documents) == (1, 4, goes_on, 0, [])
        books.sync()
        assert (books.problems(), books.held()) == ([], {}), "the florist alone is gone"
        assert (documents(books), written(books), books.proof()) == (there, rows, quiet)
        # Either file may come again, in another order or as other bytes.
        assert books.hand_in("same-again.ofx", SAME_LINES.replace(b"\n", b"\r\n"))
        books.sync()
        assert (books.problems(), books.held(), written(books), books.proof()) == ([], {}, rows, quiet)
        books.take_back("same-again.ofx")
        assert books.hand_in("table.csv", TABLE)
        books.sync()
        assert (list(books.held().values()), written(books)) == (["florist"], rows)
        assert (documents(books), books.proof()) == (there, proof)
    with workshop.database.read() as session:
        told = session.scalars(select(Event).where(Event.action == "files.taken_back").order_by(Event.seq)).all()
        assert [each.body["goes_on"] for each in told] == [4, 0, 0, 0]


def test_what_went_on_as_another_file_tells_it_goes_back_when_that_is_taken_back(in_two_formats: Books) -> None:
    books = in_two_formats
    there, rows, proof = documents(books), written(books), books.proof()
    books.take_back("table.csv")
    assert books.hand_in("table.csv", TABLE)
    books.sync()
    found = books.take_back("same.ofx")
    assert (found.goes, found.goes_on, found.in_books) == (0, 0, 0)
    books.sync()
    assert (list(books.held().values()), written(books), books.problems()) == (["florist"], rows, [])
    assert (documents(books), books.proof()) == (there, proof)
    assert books.hand_in("same.ofx", SAME_LINES)
    books.sync()
    assert (list(books.held().values()), written(books), books.proof()) == (["florist"], rows, proof)


def test_what_went_on_stays_and_is_undone_as_ever_where_nothing_tells_it_any_more(in_two_formats: Books) -> None:
    books, workshop = in_two_formats, in_two_formats.workshop
    there = documents(books)
    books.take_back("table.csv")
    books.sync()
    found = books.take_back("same.ofx")
    assert (found.goes, found.goes_on, found.in_books) == (0, 0, 4)
    assert books.problems() == ["mapping.draft_vanished"] * 4
    # It comes again under its own ids, and is what it was.
    assert books.hand_in("same.ofx", SAME_LINES)
    books.sync()
    assert (books.problems(), books.held(), documents(books), books.bought()) == ([], {}, there, POSTED)
    undo(workshop, books.connection, *(key for _, key in there.values()))
    books.sync()
    assert (books.bought(), books.take_back("same.ofx").in_books, books.problems()) == ([], 0, [])


def test_a_line_that_its_bank_corrects_corrects_the_document_it_went_on_as(in_two_formats: Books) -> None:
    books, workshop = in_two_formats, in_two_formats.workshop
    there = documents(books)
    books.take_back("table.csv")
    books.sync()
    corrected = [*LINES[:3], line(5, "-120.49", "GARAGE")]
    content = statement_file(MadeAccount(), corrected, starts=MARCH, ends=date(2026, 3, 6))
    assert books.hand_in("corrected.ofx", content)
    books.sync()
    with workshop.database.read() as session:
        [problem] = session.scalars(select(Problem).where(Problem.state == "open"))
        values = dict(session.get_one(Connection, books.connection.id).settings)
    assert (problem.code, books.bought()) == ("bankfeed.perhaps_replaces", POSTED)
    said = f"{values['answers']}\n{problem.params['answers']['key']} = same"
    update_settings(workshop, OWNER, books.connection.id, values | {"answers": said})
    books.sync()
    # As with any line whose amount changes, a person says again what it is for.
    books.answer("garage")
    books.sync()
    assert (books.bought(), documents(books)) == (["120.49", *POSTED[1:]], there)
    assert (books.problems(), [each[0] for each in books.proof().values()]) == ([], [True] * 4)


def connection_settings(books: Books) -> dict[str, object]:
    with books.workshop.database.read() as session:
        return dict(session.get_one(Connection, books.connection.id).settings)


@pytest.mark.parametrize("first", ["chequing.ofx", "savings.ofx"])
def test_a_transfer_that_the_other_account_still_tells_is_no_document_too_many(books: Books, first: str) -> None:
    """The lines of both accounts are one transfer: posted as that of one file, it is the line of the other file too."""
    workshop, id_ = books.workshop, books.connection.id
    bank = account(workshop, books.company, "Bank")
    savings = str(
        workshop.client(books.company)
        .create("Account", '{"Name":"Savings","AccountType":"Bank"}', "savings")
        .value["Id"]
    )
    refresh_company(workshop, books.company.id)
    choose(workshop, OWNER, id_, "ledger_account", bank, of=BANK)
    own = MadeAccount(number="9876543210")
    moved = MadeLine(day=date(2026, 3, 4), amount=Decimal("-700.00"), name="TRANSFER TO SAVINGS", type="DEBIT")
    came = MadeLine(day=date(2026, 3, 4), amount=Decimal("700.00"), name="TRANSFER FROM CHEQUING", type="CREDIT")
    chequing = statement_file(MadeAccount(), [moved], starts=MARCH, ends=date(2026, 3, 6))
    other = statement_file(own, [came], starts=MARCH, ends=date(2026, 3, 6))
    choose(workshop, OWNER, id_, "ledger_account", savings, of=Read(other).lines[0].account.key)
    files, there = {"chequing.ofx": chequing, "savings.ofx": other}, {"chequing.ofx": savings, "savings.ofx": bank}
    [second] = files.keys() - {first}
    assert books.hand_in(first, files[first])
    books.sync()
    [asked] = books.held()
    treat(workshop, BOOKKEEPER, asked, Treatment(kind=Treated.TRANSFER, other_account=there[first]))
    books.sync()
    assert books.hand_in(second, files[second])
    books.sync()
    with workshop.database.read() as session:
        [link] = session.scalars(select(LinkRow))
        [match] = session.scalars(select(Match))
    assert (link.kind, match.kind, link.document_id) == ("Transfer", "Transfer", match.document_id)
    proof = books.proof()
    assert (books.problems(), books.held()) == ([], {})

    found = books.take_back(second)
    assert (found.documents, found.goes, found.in_books, books.problems()) == ([], 1, 0, []), "the first file tells it"
    books.sync()
    assert (books.problems(), books.held(), [each[0] for each in books.proof().values()]) == ([], {}, [True])
    assert books.hand_in(second, files[second])
    books.sync()
    assert (books.problems(), books.held(), books.proof()) == ([], {}, proof)
    assert workshop.client(books.company).count("Transfer") == 1

    # With the file that posted it too, it is in the books alone: asked about once.
    books.take_back(second)
    assert books.take_back(first).in_books == 1
    assert books.problems() == ["mapping.draft_vanished"]


def test_what_stays_keeps_the_account_that_it_was_of_beside_the_file_that_is_taken_back(books: Books) -> None:
    """Neither file has an account number, and the first of them begins the account without a name."""
    chequing = statement_file(MadeAccount(number="", balance=None), [line(2, "-40.00", "RENT")], starts=MARCH)
    card = statement_file(MadeAccount(number="", card=True, balance=None), [line(3, "-7.00", "CAFE")], starts=MARCH)
    assert books.hand_in("chequing.ofx", chequing)
    assert books.hand_in("card.ofx", card)
    books.sync()

    def told() -> list[tuple[str, str]]:
        with books.workshop.database.read() as session:
            mine = SourceRecord.connection_id == books.connection.id, SourceRecord.stream == "lines"
            return sorted((each.source_id.partition("/")[0], each.reason)
                          for each in session.scalars(select(SourceRecord).where(*mine)))  # fmt: skip

    assert [key for key, _ in told()] == ["unnamed", "unnamed-2"]
    reason = told()[1][1]
    found = books.take_back("chequing.ofx")
    assert (found.rows, found.goes) == (1, 1)
    books.sync()
    assert told() == [("unnamed", "files.taken_back"), ("unnamed-2", reason)]
