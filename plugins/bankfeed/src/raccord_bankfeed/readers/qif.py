"""QIF: sections of records that end in ``^``. It holds no ids, no account numbers, no currency; dates in any order."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import BinaryIO

from raccord_bankfeed.readers import questions, text_faults
from raccord_bankfeed.readers.account import UNNAMED, account_of
from raccord_bankfeed.readers.amounts import Mark, MarkEvidence, read_amount, unit_beside
from raccord_bankfeed.readers.answers import NOTHING_KNOWN, Known
from raccord_bankfeed.readers.contract import Account, AccountKind, Line
from raccord_bankfeed.readers.conventions import Conventions, decide
from raccord_bankfeed.readers.days import DayEvidence, Order, parts_of
from raccord_bankfeed.readers.faults import Fault
from raccord_bankfeed.readers.pushed import LineReader, lines_of
from raccord_bankfeed.readers.tally import Tally

OPENING = "OPENING_BALANCE"
"""The kind of the first record of many files: what the account held before, not a transaction."""

_SECTION = re.compile(r"\s*!(?:Type|Account|Option|Clear)\b", re.IGNORECASE)
_BARE = re.compile(
    r"D[ 0-9][0-9 ]?[/.\-'][^\n]*\n(?:[A-Z$%][^\n]*\n){0,20}?[TU][^\n]*[0-9][^\n]*\n(?:[A-Z$%][^\n]*\n){0,20}?\^"
)
_KINDS = {
    "bank": AccountKind.BANK,
    "cash": AccountKind.BANK,
    "oth a": AccountKind.BANK,
    "ccard": AccountKind.CARD,
    "oth l": AccountKind.LOAN,
    "invst": AccountKind.INVESTMENT,
    "port": AccountKind.INVESTMENT,
    "401(k)/403(b)": AccountKind.INVESTMENT,
    "mutual": AccountKind.INVESTMENT,
}
_READ = frozenset({AccountKind.BANK, AccountKind.CARD})
_LIST_SECTIONS = frozenset(
    {"cat", "class", "memorized", "security", "prices", "budget", "invitem", "template", "tax", "invoice"}
)
_STATED = {"mdy": Order.MONTH, "dmy": Order.DAY, "ymd": Order.YEAR}
_WEIGHED = frozenset("DTU")
_USUAL = frozenset("DTUNPMCLF")
"""Lines that say one thing of a transaction, of which the first counts."""
_PARTS_MAX = 200
_DAYS_MAX = 4000
_SHOWN_MAX = 50
"""So many lines make the key under which a question about the file is asked."""
_OPENING_WORDS = frozenset(
    {"opening balance", "solde d'ouverture", "solde initial", "saldo inicial", "anfangssaldo", "eröffnungssaldo"}
)
_TAGS = {
    "D": "date",
    "T": "amount",
    "U": "amount (U)",
    "N": "number",
    "P": "payee",
    "M": "memo",
    "C": "cleared",
    "L": "category",
    "F": "flag",
    "A": "address",
}


def looks_like_qif(head: str) -> bool:
    """Tell from a file's beginning: a section's line, or records that end in ``^``."""
    plain = head.replace("\r\n", "\n").replace("\r", "\n")
    return any(_SECTION.match(line) for line in plain.split("\n", 200)[:200]) or _BARE.match(plain.lstrip()) is not None


@dataclass(slots=True)
class _Record:
    """The lines of one record by their first letter; a split's lines are apart."""

    row: int
    start: int
    first: dict[str, str] = field(default_factory=dict)
    address: list[str] = field(default_factory=list)
    splits: list[str] = field(default_factory=list)

    def add(self, text: str) -> None:
        tag, value = text[0].upper(), text[1:].strip()
        if tag in "SE$%" or (self.splits and tag in self.first):
            if len(self.splits) < _PARTS_MAX:
                self.splits.append(text)
        elif tag == "A":
            if len(self.address) < 8:
                self.address.append(value)
        elif tag not in self.first:
            self.first[tag] = value

    def shown(self) -> str:
        return " ".join(f"{tag}{value}" for tag, value in self.first.items())


class _Sections:
    """Follows the sections of a file; what a record is depends on the section it stands in."""

    def __init__(self) -> None:
        self.name = ""
        self.account: dict[str, str] = {}
        self.order: Order | None = None
        """What ``!Option:MDY`` or ``!Option:DMY`` says of the dates."""

    def header(self, text: str) -> str:
        """Enter the section that a line names; return its name in small letters."""
        word, _, rest = text.strip()[1:].partition(":")
        word, rest = word.strip().lower(), " ".join(rest.split()).lower()
        match word:
            case "type":
                self.name = rest
            case "account":
                self.name = "account"
            case "option":
                self.order = _STATED.get(rest, self.order)
            case _:
                pass  # an option says how a program reads the lists; it changes no transaction
        return self.name

    @property
    def holds_transactions(self) -> bool:
        return self.name in _KINDS or (self.name not in _LIST_SECTIONS and self.name != "account")


class QifReader(LineReader):
    """Reads one file; see :class:`raccord_bankfeed.readers.contract.Reader`."""

    def __init__(self, known: Known = NOTHING_KNOWN) -> None:
        super().__init__()
        self._known = known
        self._written = Conventions(Order.DAY, Mark.POINT)
        self._days: dict[str, date | None] = {}
        self._names: dict[tuple[str, ...], tuple[str, ...]] = {}
        """Of the letters that a record has, what they are called."""
        self._sections = _Sections()
        self._record: _Record | None = None
        self._tally: Tally | None = None

    def prepare(self, stream: BinaryIO) -> None:
        """Choose the charset, and from all dates and amounts of the file how they are written."""
        super().prepare(stream)
        days, marks, sections = DayEvidence(), MarkEvidence(), _Sections()
        seen = first_row = 0
        key = ""
        holds = sections.holds_transactions
        again: dict[str, int] = {}
        for row, text in enumerate(lines_of(stream, self.charset), 1):
            plain = text if row > 1 else text.lstrip("\ufeff")
            lead = plain[:1]
            if lead == "!" or (lead.isspace() and _SECTION.match(plain)):
                sections.header(plain)
                holds = sections.holds_transactions
            elif holds and lead in _WEIGHED:
                first_row = first_row or row
                if lead != "D":
                    marks.add(plain[1:])
                elif plain in again:
                    again[plain] += 1
                else:
                    days.add(plain[1:])
                    if len(again) < _DAYS_MAX:
                        again[plain] = 0
                if seen < _SHOWN_MAX:
                    key = questions.digest(key, plain)
                    seen += 1
        for text, times in again.items():
            if times:
                days.add(text[1:], times)
        if sections.order is not None:
            days.state(sections.order)
        self._written = decide(self._known, f"qif-{key}", days, marks, first_row)

    def line(self, text: str) -> None:
        """Take one line: a section's header, the end of a record, or a part of it."""
        record, lead = self._record, text[:1]
        if record is not None and lead in _USUAL and not record.splits:
            if lead not in record.first:
                record.first[lead] = text[1:].strip()
            return
        plain = text.lstrip("\ufeff")
        if plain[:1] == "!":
            self._leave()
            self._sections.header(plain)
            if self._sections.name in _KINDS:
                self._open()
        elif plain[:1] == "^":
            self._ended()
        elif plain.strip() and not plain.startswith("#"):
            if self._record is None:
                self._record = _Record(self.row, self.start)
            self._record.add(plain.lstrip() or plain)

    def finish(self) -> None:
        """Take the last record, which some programs do not end, and the last section."""
        record = self._record
        if record is not None and self._sections.holds_transactions and "D" in record.first:
            if self.whole:
                self._ended()
            elif self._tally is not None:
                self._lose(record, text_faults.row_cut_off("^"))
                self._record = None
        self._leave()

    def _leave(self) -> None:
        if self._record is not None and self._tally is not None and "D" in self._record.first:
            self._lose(self._record, text_faults.row_cut_off("^"))
        self._record = None
        tally, self._tally = self._tally, None
        if tally is not None and (tally.lines or tally.unreadable or tally.last_day):
            self.queue.append(tally.statement())

    def _open(self) -> Tally:
        sections = self._sections
        kind = _KINDS.get(sections.name, AccountKind.BANK)
        named = sections.account
        sections.account = {}
        self._tally = Tally(_account(kind, named, sections.name), self.row)
        return self._tally

    def _ended(self) -> None:
        record, self._record = self._record, None
        if record is None:
            return
        if self._sections.name == "account":
            self._sections.account = record.first
        elif self._sections.holds_transactions:
            self._transaction(record)

    def _transaction(self, record: _Record) -> None:
        tally = self._tally
        if tally is None:
            if "D" not in record.first:
                return
            tally = self._open()
        if tally.account.kind not in _READ:
            tally.left_out += 1
            day = self._day(record.first.get("D", ""))
            tally.last_day = max(filter(None, (day, tally.last_day)), default=None)
            return
        first = record.first
        if not first.get("D"):
            self._lose(record, text_faults.date_missing("D"))
            return
        day = self._day(first["D"])
        if day is None:
            self._lose(record, text_faults.date_impossible("D", first["D"]))
            return
        tag = "T" if first.get("T") else "U"
        if not first.get(tag):
            self._lose(record, text_faults.amount_missing("T"))
            return
        amount = read_amount(first[tag], self._written.mark)
        if amount is None:
            self._lose(record, text_faults.amount_unreadable(tag, first[tag]))
            return
        number = first.get("N", "")
        cheque = number if number.isdigit() and number.strip("0") else ""
        names = tuple(first)
        if (known := self._names.get(names)) is None:
            known = tuple([_TAGS.get(name, name) for name in names])
            if len(self._names) < _DAYS_MAX:
                self._names[names] = known
        tags, values = list(known), list(first.values())
        if record.address:
            tags.append("address")
            values.append("\n".join(record.address))
        if record.splits:
            tags.append("splits")
            values.append("\n".join(record.splits))
        unit = unit_beside(first[tag])
        line = Line(
            tally.account,
            "",
            day,
            amount,
            unit if len(unit) == 3 and unit.isascii() else "",
            first.get("P", ""),
            first.get("M", ""),
            OPENING if first.get("P", "").casefold() in _OPENING_WORDS else "",
            "" if cheque else number,
            cheque,
            False,
            None,
            tuple(tags),
            (*values, ""),
            record.start,
        )
        if not tally.lines:
            self.queue.extend(self._written.asked)
        tally.count(line)
        self.queue.append(line)

    def _day(self, text: str) -> date | None:
        if text not in self._days:
            if len(self._days) >= _DAYS_MAX:
                self._days.clear()
            parts = parts_of(text)
            self._days[text] = None if parts is None else parts.days.get(self._written.order)
        return self._days[text]

    def _lose(self, record: _Record, fault: Fault) -> None:
        if self._tally is not None:
            self._tally.unreadable += 1
        self.unreadable(fault, record.row, record.start, record.shown())


def _account(kind: AccountKind, named: dict[str, str], section: str) -> Account:
    """Return the account of a section: by the name that ``!Account`` gave, else one without a name for each kind."""
    name = named.get("N", "")
    if name:
        return account_of(kind, {"ACCTID": name, "ACCTTYPE": section})
    tail = "" if kind is AccountKind.BANK else f"-{kind.value}"
    return Account(f"{UNNAMED}-qif{tail}", kind, "", section.upper()[:20])
