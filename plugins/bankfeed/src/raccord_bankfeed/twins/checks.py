"""What must be true of the reading of any bytes whatever; the tests and the fuzzer ask it of theirs."""

from __future__ import annotations

import re
from decimal import Decimal
from io import BytesIO
from itertools import islice

from raccord_bankfeed.readers import reader_for
from raccord_bankfeed.readers.contract import Event, Line
from raccord_bankfeed.readers.pushed import LINE_CHARS_MAX
from raccord_bankfeed.twins.bank import Read

_ROWS = {
    "OfxReader": re.compile(rb"<(?:[a-z0-9._\-]+:)?STMTTRNP?\b", re.IGNORECASE),
    "QifReader": re.compile(rb"\^|\Z"),
    "CamtReader": re.compile(rb"[<:]Ntry\b"),
    "Mt940Reader": re.compile(rb":61:"),
    "Bai2Reader": re.compile(rb"16\s*[,/]"),
    "TableReader": re.compile(rb"\r\n|\r|\n|\Z"),
}
"""What each line needs at least one of in the file, in every spelling; a file in UTF-16 is looked at without zeros."""

_MAY_BE_EMPTY = frozenset({"QifReader", "TableReader"})
_CODE = re.compile(r"bankfeed\.[a-z_0-9]+")


class Unaccounted(Exception):  # noqa: N818 - says what a reading does not account for
    """Raised where a reading says something that the file does not, or leaves out what it has to say."""


def read_and_account(content: bytes, *, sittings: bool = False) -> Read:
    """Read a file; raises ``Unaccounted`` where its lines, statements and problems do not account for each other.

    ``sittings`` reads it again, stopping after every few events, and compares.
    """
    read = Read(content)
    name = type(reader_for(BytesIO(content))).__name__
    rows = _ROWS.get(name)
    most = 0 if rows is None else len(rows.findall(content.replace(b"\0", b"")))
    # A payment that says what came of it after its fee has a line for that fee, which stands in the same row.
    told = len(read.lines) - sum(line.net is not None for line in read.lines)
    _require(told <= most, f"{name}: {told} lines of {most} rows")
    for line in read.lines:
        _check_line(line)
    for problem in read.unreadable:
        _require(_CODE.fullmatch(problem.code) is not None, problem.code)
        _require(bool(problem.reason.fr and problem.reason.en), f"{problem.code} without a reason")
        _require(len(problem.excerpt) <= LINE_CHARS_MAX and problem.line >= 1, f"{problem.code}: where it stands")
    _check_statements(read)
    # A QIF file or a table may be of a month without transactions; every other format then has a statement to tell.
    _require(bool(read.events) or name in _MAY_BE_EMPTY, f"{name}: nothing is said of {len(content)} bytes")
    if sittings:
        _require(_in_sittings(content) == read.events, f"{name}: reading in sittings differs")
    return read


def _check_line(line: Line) -> None:
    _require(line.amount.is_finite(), f"amount {line.amount}")
    _require(1900 <= line.day.year <= 2100 or str(line.day.year) in str(line.values), f"day {line.day}")
    _require(bool(line.account.key), "no account")
    _require(not line.currency or len(line.currency) == 3, f"currency {line.currency!r}")
    digits = re.sub(r"[^0-9]", "", str(line.account.masked))
    _require(len(digits) <= 4, f"account number shown: {line.account.masked}")


def _check_statements(read: Read) -> None:
    """Every line belongs to one statement, whose counts and total are those of its lines."""
    booked = [line for line in read.lines if not line.pending]
    _require(sum(each.lines for each in read.statements) == len(booked), "statements count other lines")
    _require(sum(each.pending for each in read.statements) == len(read.lines) - len(booked), "pending lines")
    total = sum((line.amount for line in booked), Decimal(0))
    _require(sum((each.total for each in read.statements), Decimal(0)) == total, "statements add up to another total")
    _require(sum(each.unreadable for each in read.statements) <= len(read.unreadable), "problems not told")


def _in_sittings(content: bytes) -> list[Event]:
    reader = reader_for(BytesIO(content))
    found: list[Event] = []
    while True:
        events = reader.events(BytesIO(content))
        part = list(islice(events, 3))
        events.close()
        found += part
        if len(part) < 3:
            return found


def _require(true: bool, what: str) -> None:
    if not true:
        raise Unaccounted(what)
