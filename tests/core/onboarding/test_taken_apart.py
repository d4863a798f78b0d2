"""An archive of several bank files is taken apart as it is handed in; one that cannot be opened stays what it is."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from books_of_files import ALONE, BOOKKEEPER, EARLY, FIRST, LATE, MARCH, SECOND, Books, books_of_files, name_accounts
from harness import make_workshop

import raccord_bankfeed
from raccord.clock import FixedClock
from raccord.onboarding.arriving import taken_apart
from raccord.onboarding.arriving.reading_ahead import look_into
from raccord.onboarding.arriving.receiving import Received, receive_files
from raccord.onboarding.arriving.untold_accounts import untold_accounts
from raccord.onboarding.sources.source_accounts import info_of
from raccord.store.database import Database
from raccord.store.models import Connection
from raccord.sync.workshop import Workshop
from raccord_bankfeed.twins.bank import MadeAccount, statement_file
from raccord_sandbox.serving.server import SandboxServer

EVERY = {"a/first.ofx": FIRST, "second.ofx": SECOND}


@pytest.fixture
def workshop(database: Database, data_dir: Path, sandbox: SandboxServer, hand: FixedClock) -> Iterator[Workshop]:
    made = make_workshop(database, data_dir, sandbox.url, hand, raccord_bankfeed)
    yield made
    made.close()


@pytest.fixture
def books(workshop: Workshop, sandbox: SandboxServer, hand: FixedClock) -> Books:
    return books_of_files(workshop, sandbox.store.of_template("quebec").realm, hand)


def zipped(files: dict[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return held.getvalue()


def encrypted(content: bytes) -> bytes:
    """Say of the first file that it is encrypted, in its own head and in the directory."""
    said = bytearray(content)
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        said[said.index(mark) + flags] |= 1
    return bytes(said)


def hand_in(books: Books, content: bytes) -> list[Received]:
    return receive_files(books.workshop, BOOKKEEPER, books.connection.id, [("march.zip", io.BytesIO(content))])


def test_each_file_of_an_archive_is_kept_and_read_and_taken_back_by_itself(books: Books) -> None:
    packed = zipped({**EVERY, "__MACOSX/._first.ofx": b"x", ".DS_Store": b"x", "a/": b""})
    done = hand_in(books, packed)
    assert [(each.name, each.new, each.refused) for each in done] == [
        ("first.ofx", True, None), ("second.ofx", True, None),
    ]  # fmt: skip
    books.sync()
    name_accounts(books)
    assert (len(books.held()), books.problems()) == (8, []), "three lines, and five"
    assert [each.new for each in hand_in(books, packed)] == [False] * 2, "the same bytes are kept once"
    assert books.take_back("first.ofx").goes == 3
    books.sync()
    assert len(books.held()) == 5
    assert [each.new for each in hand_in(books, packed)] == [True, False]
    books.sync()
    assert len(books.held()) == 8


def asked(books: Books) -> list[tuple[int, int, int, dict[str, tuple[Decimal, Decimal]], int]]:
    """Of each account that is asked for: its lines, first and last day, what moved, and how many lines are shown."""
    looked = look_into(books.workshop, books.connection.id)
    with books.workshop.database.read() as session:
        connection = session.get_one(Connection, books.connection.id)
        found = [
            each.seen for each in untold_accounts(session, connection, info_of(books.workshop, "bankfeed"), looked)
        ]
    return [(each.lines, each.first.day, each.last.day, each.moved, len(each.shown)) for each in found]


def test_an_account_is_asked_for_with_the_lines_of_all_its_files(books: Books) -> None:
    hand_in(books, zipped(EVERY))
    out = sum((each.amount for each in (*EARLY, *LATE, *ALONE)), Decimal(0))
    whole = (8, 2, 16, {"CAD": (Decimal(0), out)}, 3)
    assert asked(books) == [whole]
    hand_in(books, statement_file(MadeAccount(balance=None), EARLY[1:], starts=MARCH, ends=date(2026, 3, 6)))
    assert asked(books) == [whole], "of days that were told already nothing is counted again"
    books.sync()
    assert [each[:3] for each in asked(books)] == [whole[:3]], "as the run counts them"


def test_what_no_source_gives_is_refused_beside_the_others(books: Books) -> None:
    done = hand_in(books, zipped({"statement.pdf": b"%PDF-1.7 ...", "empty.csv": b"", "first.ofx": FIRST}))
    assert [(each.name, each.new) for each in done] == [
        ("statement.pdf", False), ("empty.csv", False), ("first.ofx", True),
    ]  # fmt: skip
    assert ["PDF" in str(each.refused) for each in done] == [True, False, False]
    books.sync()
    name_accounts(books)
    assert (len(books.held()), books.problems()) == (3, [])


def test_a_file_that_is_too_large_unpacked_keeps_no_other_out(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    done = hand_in(books, zipped({"zeros.csv": b"0" * (5 << 20), "first.ofx": FIRST}))
    assert [each.new for each in done] == [False, True]
    assert done[0].refused is not None
    assert "too large" in done[0].refused.en
    monkeypatch.setattr(taken_apart, "TOTAL_BYTES_MAX", 1000)
    [whole] = hand_in(books, zipped(EVERY))
    assert (whole.name, whole.new) == ("march.zip", True), "it says itself that it holds more: it is not opened"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (encrypted(zipped(EVERY)), "bankfeed.archive"),
        (zipped(EVERY)[:-40], "bankfeed.packed_damaged"),
        (zipped(EVERY).replace(b"a/first.ofx", b"a/fir\xfft.ofx", 1), "bankfeed.archive"),
        (zipped({"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook/>"}), "bankfeed.workbook"),
        (zipped({f"{number}.csv": b"x" for number in range(401)}), "bankfeed.archive"),
    ],
    ids=["encrypted", "cut", "damaged", "workbook", "many"],
)
def test_an_archive_that_is_not_taken_apart_is_told_what_to_do_with(books: Books, content: bytes, code: str) -> None:
    [whole] = hand_in(books, content)
    assert (whole.name, whole.new, whole.refused) == ("march.zip", True, None)
    books.sync()
    assert books.problems() == [code]


def test_an_archive_of_one_file_is_the_connectors_own_matter(books: Books) -> None:
    [whole] = hand_in(books, zipped({"first.ofx": FIRST}))
    assert (whole.name, whole.new) == ("march.zip", True)
    books.sync()
    name_accounts(books)
    assert len(books.held()) == 3
