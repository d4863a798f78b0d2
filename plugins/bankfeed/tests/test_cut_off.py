"""A file that ends before its end, anywhere: no line is told that the whole file does not hold, and it is said."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from raccord_bankfeed.identity import Identities
from raccord_bankfeed.twins.bank import MadeAccount, MadeLine, Read
from raccord_bankfeed.twins.formats import FORMATS, file_of

ACCOUNT = MadeAccount(number="0123456789", currency="CAD")
LINES = [
    MadeLine(
        day=date(2026, 3, 14),
        amount=Decimal(amount),
        name="ACME SUPPLIES",
        memo="Invoice 1743",
        native=f"F-100{number}",
        reference=f"R-200{number}",
    )
    for number, amount in enumerate(("-1234.56", "2345.67", "-34.50"))
]


def lines_of(read: Read) -> list[tuple[str, date, Decimal]]:
    """Return what each line would be kept as."""
    ids = Identities()
    return [(ids.of(line), line.day, line.amount) for line in read.lines]


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_that_is_cut_off_in_any_line_of_it_tells_nothing_that_the_whole_one_does_not(name: str) -> None:
    """A line cut in its amount would be another amount, and cut in its text or reference a second line afterwards."""
    whole = file_of(name, ACCOUNT, LINES)
    known = lines_of(Read(whole))
    # The first row of a table tells how wide the others are.
    first = whole.index(b"1,234.56") + 40 if name == "csv" else 0
    for end in range(first, len(whole)):
        if whole[end - 1 : end + 1].isspace() or whole[end - 1 : end] == b"\n":
            continue
        told = lines_of(Read(whole[:end]))
        assert told == known[: len(told)], whole[:end][-60:]


@pytest.mark.parametrize(
    ("name", "amount", "closing"),
    [("mt940", b"1234,5", b":62F:"), ("bai2", b",123456", b"99,"), ("ofx1", b"1234.56", b"</OFX>")],
)
def test_a_file_that_ends_before_its_closing_says_so(name: str, amount: bytes, closing: bytes) -> None:
    whole = file_of(name, ACCOUNT, LINES)
    for end in range(whole.index(amount), whole.index(closing) + 1):
        assert "bankfeed.file_cut_off" in Read(whole[:end]).codes, whole[:end][-60:]
    assert Read(whole).codes == []


def test_the_row_within_which_a_table_ends_is_named_with_the_column_that_is_missing() -> None:
    whole = file_of("csv", ACCOUNT, LINES)
    read = Read(whole[: whole.index(b"-34.50") + 3])
    assert [line.amount for line in read.lines] == [line.amount for line in LINES[:2]], "-34 would be invented"
    (bad,) = read.unreadable
    assert bad.code == "bankfeed.row_cut_off"
    assert "(Transaction ID is missing)" in bad.reason.en


def test_a_last_row_that_no_line_end_follows_is_read_like_others() -> None:
    for name in ("csv", "qif", "bai2", "mt940"):
        whole = file_of(name, ACCOUNT, LINES)
        assert lines_of(Read(whole.rstrip())) == lines_of(Read(whole))
        assert Read(whole.rstrip()).codes == []
