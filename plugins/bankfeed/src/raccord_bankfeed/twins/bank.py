"""A twin of the banks: writes the statements they would send, in every dialect that their files are seen in.

:class:`Read` and :class:`Feed` read them back, for tests and for trying a file by hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from io import BytesIO
from pathlib import Path
from xml.sax.saxutils import escape

import raccord_bankfeed
from raccord.plugin import JSON, Beside, Connector
from raccord.plugin.testing import FakeFetchContext, FileShelf, Reading, read_stream
from raccord_bankfeed.readers import reader_for
from raccord_bankfeed.readers.contract import Event, Line, Statement, Unreadable
from raccord_bankfeed.settings import BankFeedSettings

connector: Connector = raccord_bankfeed
"""Here the type checkers compare the hooks with the contract."""

_HEADER = {
    "OFXHEADER": "100",
    "DATA": "OFXSGML",
    "VERSION": "102",
    "SECURITY": "NONE",
    "ENCODING": "USASCII",
    "CHARSET": "1252",
    "COMPRESSION": "NONE",
    "OLDFILEUID": "NONE",
    "NEWFILEUID": "NONE",
}
_XML_HEADER = (
    '<?xml version="1.0" encoding="{encoding}" standalone="no"?>',
    '<?OFX OFXHEADER="200" VERSION="211" SECURITY="NONE" OLDFILEUID="NONE" NEWFILEUID="NONE"?>',
)


class Header(StrEnum):
    """What stands before ``<OFX>``."""

    SGML = "sgml"
    XML = "xml"
    NONE = "none"


class Leaves(StrEnum):
    """How leaf tags end: not at all, at once, or only where the aggregate ends."""

    OPEN = "open"
    CLOSED = "closed"
    LATE = "late"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """The ways in which the same statement is written."""

    header: Header = Header.SGML
    leaves: Leaves = Leaves.OPEN
    newline: str = "\r\n"
    indent: str = ""
    blank_lines: int = 0
    lower_case: bool = False
    cdata: bool = False
    comments: bool = False
    comma: bool = False
    escapes: int = 1
    """How often special characters are escaped."""
    list_per_line: bool = False
    charset: str = "utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeLine:
    """A transaction as the bank knows it; a tag of ``more`` may name its aggregate (``CURRENCY.CURSYM``)."""

    day: date
    amount: Decimal
    native: str = ""
    name: str = ""
    memo: str = ""
    type: str = "OTHER"
    check_number: str = ""
    reference: str = ""
    more: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeAccount:
    """An account and what its balance is said to be."""

    number: str = "0123456789"
    bank: str = "815"
    branch: str = "30000"
    type: str = "CHECKING"
    currency: str = "CAD"
    card: bool = False
    balance: Decimal | None = Decimal("1000.00")


def statement_file(
    account: MadeAccount,
    lines: Iterable[MadeLine],
    *,
    dialect: Dialect | None = None,
    pending: Iterable[MadeLine] = (),
    starts: date = date(2026, 1, 1),
    ends: date = date(2026, 12, 31),
) -> bytes:
    """Return one statement as a file."""
    return b"".join(statement_chunks(account, lines, dialect=dialect, pending=pending, starts=starts, ends=ends))


def statement_chunks(
    account: MadeAccount,
    lines: Iterable[MadeLine],
    *,
    dialect: Dialect | None = None,
    pending: Iterable[MadeLine] = (),
    starts: date = date(2026, 1, 1),
    ends: date = date(2026, 12, 31),
) -> Iterator[bytes]:
    """Yield one statement piece by piece, a transaction a piece, so that a large one needs no memory."""
    writer = _Writer(dialect or Dialect())
    tags = (
        ("CREDITCARDMSGSRSV1", "CCSTMTTRNRS", "CCSTMTRS") if account.card else ("BANKMSGSRSV1", "STMTTRNRS", "STMTRS")
    )
    yield writer.encoded(writer.header() + writer.opened("OFX") + writer.signon())
    yield writer.encoded("".join(map(writer.opened, tags)) + writer.account(account))
    period = (("DTSTART", f"{starts:%Y%m%d}"), ("DTEND", f"{ends:%Y%m%d}"))
    yield writer.encoded(writer.opened("BANKTRANLIST") + writer.leaves(period))
    for number, line in enumerate(lines):
        between = writer.closed("BANKTRANLIST") + writer.opened("BANKTRANLIST") if writer.dialect.list_per_line else ""
        yield writer.encoded((between if number else "") + writer.transaction("STMTTRN", "DTPOSTED", line))
    yield writer.encoded(writer.closed("BANKTRANLIST"))
    for number, line in enumerate(pending):
        before = "" if number else writer.opened("BANKTRANLISTP")
        yield writer.encoded(before + writer.transaction("STMTTRNP", "DTTRAN", line))
    if account.balance is not None:
        asof = (("BALAMT", writer.amount(account.balance)), ("DTASOF", f"{ends:%Y%m%d}"))
        yield writer.encoded(writer.aggregate("LEDGERBAL", asof))
    yield writer.encoded("".join(map(writer.closed, (*reversed(tags), "OFX"))))


class Read:
    """Everything that one file yields, by kind."""

    def __init__(self, content: bytes) -> None:
        stream = BytesIO(content)
        self.events: list[Event] = list(reader_for(stream).events(stream))
        self.lines = [event for event in self.events if isinstance(event, Line)]
        self.statements = [event for event in self.events if isinstance(event, Statement)]
        self.unreadable = [event for event in self.events if isinstance(event, Unreadable)]
        self.codes = [event.code for event in self.unreadable]


class Feed:
    """One connection: files go in, streams come out."""

    def __init__(self, folder: Path) -> None:
        self.shelf = FileShelf(folder)
        self.settings = BankFeedSettings()
        self.others: list[Beside] = []
        """What other connections of the company told."""
        self.before: dict[tuple[str, str], Mapping[str, JSON]] = {}
        """What was kept of lines, by stream and id."""

    def put(self, *contents: bytes) -> Feed:
        """Let files arrive, under names that tell nothing."""
        for content in contents:
            self.shelf.put(f"export-{len(self.shelf) + 1}.ofx", content)
        return self

    def context(self) -> FakeFetchContext:
        """Return what the hook would get."""
        return FakeFetchContext(files=self.shelf, settings=self.settings, others=self.others, before=self.before)

    def read(self, stream: str = "lines", cursor: str | None = None) -> Reading:
        """Drain a stream through the hook."""
        return read_stream(connector, self.context(), stream, cursor)


class _Writer:
    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect

    def encoded(self, text: str) -> bytes:
        return text.encode(self.dialect.charset)

    def header(self) -> str:
        newline = self.dialect.newline or "\r\n"
        start = newline * self.dialect.blank_lines
        match self.dialect.header:
            case Header.SGML:
                rows = "".join(f"{self.dialect.indent}{name}:{value}{newline}" for name, value in _HEADER.items())
                return f"{start}{rows}{newline}"
            case Header.XML:
                return "".join(row.format(encoding=self.dialect.charset) + newline for row in _XML_HEADER)
            case Header.NONE:
                return start

    def signon(self) -> str:
        status = self.aggregate("STATUS", (("CODE", "0"), ("SEVERITY", "INFO")))
        return (
            self.opened("SIGNONMSGSRSV1")
            + self.opened("SONRS")
            + status
            + self.closed("SONRS")
            + self.closed("SIGNONMSGSRSV1")
        )

    def account(self, account: MadeAccount) -> str:
        comment = f"<!-- <CURDEF>XXX --><!-- <STMTTRN><TRNAMT>1</STMTTRN> -->{self.dialect.newline}"
        named = (
            (("ACCTID", account.number),)
            if account.card
            else (
                ("BANKID", account.bank),
                ("BRANCHID", account.branch),
                ("ACCTID", account.number),
                ("ACCTTYPE", account.type),
            )
        )
        tag = "CCACCTFROM" if account.card else "BANKACCTFROM"
        start = comment if self.dialect.comments else ""
        return start + self.leaves((("CURDEF", account.currency),)) + self.aggregate(tag, named)

    def transaction(self, tag: str, day_tag: str, line: MadeLine) -> str:
        plain = (
            ("TRNTYPE", line.type),
            (day_tag, f"{line.day:%Y%m%d}120000.000[-5:EST]"),
            ("TRNAMT", self.amount(line.amount)),
            ("FITID", line.native),
            ("CHECKNUM", line.check_number),
            ("REFNUM", line.reference),
            ("NAME", line.name),
            ("MEMO", line.memo),
            *((name, value) for name, value in line.more.items() if "." not in name),
        )
        grouped: dict[str, list[tuple[str, str]]] = {}
        for path, value in line.more.items():
            aggregate, dot, name = path.partition(".")
            if dot:
                grouped.setdefault(aggregate, []).append((name, value))
        body = self.leaves([(name, value) for name, value in plain if value])
        inner = "".join(self.aggregate(name, leaves) for name, leaves in grouped.items())
        comment = "<!-- </STMTTRN> -->" if self.dialect.comments else ""
        return self.opened(tag) + comment + body + inner + self.closed(tag)

    def amount(self, amount: Decimal) -> str:
        text = format(amount, "f")
        return text.replace(".", ",") if self.dialect.comma else text

    def aggregate(self, tag: str, leaves: Iterable[tuple[str, str]]) -> str:
        return self.opened(tag) + self.leaves(leaves) + self.closed(tag)

    def opened(self, tag: str) -> str:
        return f"{self.dialect.indent}<{self._case(tag)}>{self.dialect.newline}"

    def closed(self, tag: str) -> str:
        return f"{self.dialect.indent}</{self._case(tag)}>{self.dialect.newline}"

    def leaves(self, leaves: Iterable[tuple[str, str]]) -> str:
        rows, late = "", ""
        for tag, value in leaves:
            name, newline = self._case(tag), self.dialect.newline
            start = f"{self.dialect.indent}<{name}>{self._text(tag, value)}"
            match self.dialect.leaves:
                case Leaves.OPEN:
                    rows += start + newline
                case Leaves.CLOSED:
                    rows += f"{start}</{name}>{newline}"
                case Leaves.LATE:
                    rows, late = rows + start + newline, f"</{name}>{late}"
        return rows + late + (self.dialect.newline if late else "")

    def _text(self, tag: str, value: str) -> str:
        if self.dialect.cdata and tag in ("NAME", "MEMO") and "]]>" not in value:
            return f"<![CDATA[{value}]]>"
        for _ in range(self.dialect.escapes):
            value = escape(value)
        return value

    def _case(self, tag: str) -> str:
        return tag.lower() if self.dialect.lower_case else tag
