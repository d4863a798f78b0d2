"""QIF: sections of records that end in ``^``. It holds no ids, no account numbers, no currency; dates in any order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import partial
from itertools import repeat
from typing import BinaryIO

from raccord_bankfeed.readers import text_faults
from raccord_bankfeed.readers.account import UNNAMED, account_of
from raccord_bankfeed.readers.amounts import Mark, are_plain, plain_amounts, read_amount, unit_beside
from raccord_bankfeed.readers.charset import first_lines
from raccord_bankfeed.readers.contract import Account, AccountKind, Line
from raccord_bankfeed.readers.conventions import Conventions, Told
from raccord_bankfeed.readers.days import Order, parts_of
from raccord_bankfeed.readers.faults import Fault
from raccord_bankfeed.readers.pushed import RunReader, texts_of
from raccord_bankfeed.readers.qif.layouts import CLOSING, USUAL, Layouts, reading_layout
from raccord_bankfeed.readers.qif.sections import KINDS, SECTION, Sections, slug
from raccord_bankfeed.readers.qif.weighing import Weighing
from raccord_bankfeed.readers.questions import together
from raccord_bankfeed.readers.runs import RowFeed, Run, holds_any, made
from raccord_bankfeed.readers.signs import with_open_signs
from raccord_bankfeed.readers.tally import Tally
from raccord_bankfeed.readers.told import NOTHING_KNOWN, REVERSED, Known

OPENING = "OPENING_BALANCE"
"""The kind of the first record of many files: what the account held before, not a transaction."""

_BARE = re.compile(
    r"D[ 0-9][0-9 ]?[/.\-'][^\n]*\n(?:[A-Z$%][^\n]*\n){0,20}?[TU][^\n]*[0-9][^\n]*\n(?:[A-Z$%][^\n]*\n){0,20}?\^"
)
_READ = frozenset({AccountKind.BANK, AccountKind.CARD})
_PARTS_MAX = 200
_DAYS_MAX = 4000
_SHOWN_LINES_MAX = 400
_OPENING_WORDS = frozenset(
    {"opening balance", "solde d'ouverture", "solde initial", "saldo inicial", "anfangssaldo", "eröffnungssaldo"}
)
TAGS = {
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
    return _holds_records(first_lines(head)) or _holds_records(head)


def _holds_records(head: str) -> bool:
    plain = head.replace("\r\n", "\n").replace("\r", "\n")
    return any(SECTION.match(line) for line in plain.split("\n", 200)[:200]) or _BARE.match(plain.lstrip()) is not None


@dataclass(slots=True)
class _Record:
    """The lines of one record by their first letter; a split's lines are apart."""

    row: int
    start: int
    first: dict[str, str] = field(default_factory=dict)
    address: list[str] = field(default_factory=list)
    splits: list[str] = field(default_factory=list)
    before: _Record | None = None
    """A whole record that nothing ends before this one's day."""
    lines: list[str] = field(default_factory=list)
    """Where there is one, its lines: should it turn out to have no amount, they go on that one."""

    @property
    def is_whole(self) -> bool:
        return "D" in self.first and ("T" in self.first or "U" in self.first)

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

    def against(self, amount: Decimal, mark: Mark) -> tuple[str, str] | None:
        """Return what says another amount, or the same with the other sign, with its tag: U, or the splits together."""
        other = self.first.get("U", "")
        if other and read_amount(other, mark) not in (amount, None):
            return "U", other
        parts = [read_amount(text[1:], mark) for text in self.splits if text[0] == "$"]
        told = [part for part in parts if part is not None]
        total = sum(told, Decimal(0))
        return ("$", str(total)) if told and len(told) == len(parts) and total and total == -amount else None

    def shown(self) -> str:
        return " ".join(f"{tag}{value}" for tag, value in self.first.items())


class QifReader(RunReader):
    """Reads one file; see :class:`raccord_bankfeed.readers.contract.Reader`."""

    closing = CLOSING

    def __init__(self, known: Known = NOTHING_KNOWN) -> None:
        super().__init__()
        self._known = known
        self._written = Conventions(Order.DAY, Mark.POINT)
        self._days: dict[str, date | None] = {}
        self._names: dict[tuple[str, ...], tuple[str, ...]] = {}
        """Of the letters that a record has, what they are called."""
        self._layouts = Layouts(partial(reading_layout, mark=Mark.POINT))
        self._sections = Sections()
        self._several = False
        """Whether sections of several kinds name no account: then each kind is one."""
        self._record: _Record | None = None
        self._tally: Tally | None = None

    def prepare(self, stream: BinaryIO) -> None:
        """Choose the charset, and from all dates and amounts of the file how they are written."""
        super().prepare(stream)
        weighing = Weighing()
        feed = RowFeed(weighing)
        for text in texts_of(stream, self.charset):
            feed.take(text)
        feed.end()
        self._several = len(weighing.nameless - {""}) > 1
        self._written = weighing.decide(self._known, lambda: _first_records(texts_of(stream, self.charset)))
        self._days = weighing.days(self._written.order)
        self._layouts = Layouts(partial(reading_layout, mark=self._written.mark))
        self.layouts = self._layouts.known

    def take_run(self, run: Run) -> bool:
        """Take records that say what most of them say, each on one line."""
        tally = self._tally
        if tally is None or not tally.lines or self._record is not None or tally.account.kind not in _READ:
            return False
        caught = run.columns()
        *values, nothing = caught
        columns = [*(tuple(map(str.strip, column)) for column in values), nothing]
        by_letter = dict(zip(self._layouts.letters(run), columns, strict=False))
        payees, numbers = by_letter.get("P", nothing), by_letter.get("N", nothing)
        texts, known_day = set(by_letter["D"]), self._days.get
        day_of = {text: day for text in texts if (day := known_day(text) or self._day(text)) is not None}
        if len(day_of) < len(texts) or holds_any(payees, _OPENING_WORDS):
            return False
        days = list(map(day_of.__getitem__, by_letter["D"]))
        amounts = plain_amounts(by_letter["T"], self._written.mark)
        again = by_letter.get("U")
        if again and (not are_plain(again, mark := self._written.mark) or plain_amounts(again, mark) != amounts):
            return False  # a record that says two amounts is none
        cheques = [_cheque(number) for number in numbers] if "N" in by_letter else nothing
        amounts = [-each for each in amounts] if tally.account.turned else amounts
        tally.add_sum(day_of.values(), len(run), sum(amounts, Decimal(0)))
        fields: tuple[Iterable[object], ...] = (
            repeat(tally.account),
            nothing,
            days,
            amounts,
            nothing,
            payees,
            by_letter.get("M", nothing),
            nothing,
            ["" if cheque else number for number, cheque in zip(numbers, cheques, strict=True)]
            if "N" in by_letter
            else nothing,
            cheques,
            repeat(False),
            repeat(None),
            repeat(self._called(tuple(by_letter))),
            run.caught if columns == caught else zip(*columns, strict=True),
            run.starts(self.start, self.between),
            repeat(False),
            repeat(False),
        )
        self.queue.extend(made(fields))
        self.passed(run)
        return True

    def learn(self, row: str) -> None:
        """Know the layout of a record, if it is one that a run may have."""
        self._layouts.learn(row)

    def line(self, text: str) -> None:
        """Take one line: a section's header, the end of a record, or a part of it."""
        record, lead = self._record, text[:1]
        if record is not None and lead in USUAL and not record.splits and record.before is None:
            if lead not in record.first:
                record.first[lead] = text[1:].strip()
            elif lead == "D" and record.is_whole:
                self._begin_unended(record, text)
            return
        plain = text.lstrip("\ufeff")
        if plain[:1] == "!":
            self._leave()
            self._sections.header(plain)
            if self._sections.name in KINDS:
                self._open()
        elif plain[:1] == "^":
            self._ended()
        elif plain.strip() and not plain.startswith("#"):
            plain = plain.lstrip() or plain
            if record is not None and plain[0] in "Dd" and record.is_whole:
                self._begin_unended(record, plain)
                return
            if self._record is None:
                self._record = _Record(self.row, self.start)
            self._record.add(plain)
            if self._record.before is not None and len(self._record.lines) < _PARTS_MAX:
                self._record.lines.append(plain)

    def _begin_unended(self, record: _Record, text: str) -> None:
        """Take a day for the next record's where nothing ended a whole one, until it turns out to have no amount."""
        if not self._sections.holds_transactions:
            return
        before, record.before = record.before, None
        if before is not None:
            self._transaction(before)
        self._record = _Record(self.row, self.start, before=record, lines=[text])
        self._record.add(text)

    def finish(self) -> None:
        """Take the last record, which some programs do not end, and the last section."""
        record = self._record
        if record is not None and self._sections.holds_transactions and "D" in record.first and self.whole:
            self._ended()
        self._leave()

    def _leave(self) -> None:
        record, self._record = self._record, None
        if record is not None and self._tally is not None and "D" in record.first:
            if record.before is not None:
                self._transaction(record.before)
            self._lose(record, text_faults.row_cut_off("^"))
        tally, self._tally = self._tally, None
        if tally is not None and (tally.lines or tally.unreadable or tally.last_day):
            tally.starts, tally.ends = tally.first_day, tally.last_day
            self.queue.append(tally.statement())

    def _open(self) -> Tally:
        sections = self._sections
        kind = KINDS.get(sections.name, AccountKind.BANK)
        account = _account(kind, sections.take_account(), sections.name, several=self._several)
        if kind in _READ:
            account = with_open_signs(account, "qif", lambda key: self._known.says(key, REVERSED) != "")
        self._tally = Tally(account, self.row)
        return self._tally

    def _ended(self) -> None:
        record, self._record = self._record, None
        if record is None:
            return
        if self._sections.name == "account":
            self._sections.names(record.first)
        elif self._sections.holds_transactions:
            before = record.before
            if before is not None and not record.is_whole:
                # The day is told twice, of one record.
                for text in record.lines:
                    before.add(text)
                record, before = before, None
            if before is not None:
                self._transaction(before)
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
        if (against := record.against(amount, self._written.mark)) is not None:
            self._lose(record, text_faults.amounts_contradict(tag, first[tag], *against))
            return
        number = first.get("N", "")
        cheque = _cheque(number)
        tags, values = list(self._called(tuple(first))), list(first.values())
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
            -amount if tally.account.turned else amount,
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
            self.queue.extend(together(self._written.asked, tally.account))
        tally.count(line)
        self.queue.append(line)

    def _called(self, letters: tuple[str, ...]) -> tuple[str, ...]:
        """Return what the letters of a record are called."""
        if (known := self._names.get(letters)) is None:
            known = tuple([TAGS.get(letter, letter) for letter in letters])
            if len(self._names) < _DAYS_MAX:
                self._names[letters] = known
        return known

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


def _first_records(texts: Iterable[str]) -> Iterator[Told]:
    """Yield the first records of a file that bear a day, as one row each."""
    found: dict[str, str] = {}
    for line in next(iter(texts), "").splitlines()[:_SHOWN_LINES_MAX]:
        if line.startswith("^"):
            if "D" in found:
                shown = " | ".join(found[each] for each in "DPMTU" if found.get(each))
                yield Told(shown, found["D"], [found[each] for each in "TU" if each in found])
            found = {}
        elif line:
            found.setdefault(line[:1].upper(), line[1:].strip())


def _cheque(number: str) -> str:
    """Return the number of a cheque; other numbers are references."""
    return number if number.isdigit() and number.strip("0") else ""


def _account(kind: AccountKind, named: dict[str, str], section: str, *, several: bool) -> Account:
    """Return the account of a section: by the name that ``!Account`` gave, else one without a name for each kind.

    Chequing, cash and other assets have one key where a file has but one of them: so were lines kept that are posted.
    """
    name = named.get("N", "")
    if name:
        return account_of(kind, {"ACCTID": name, "ACCTTYPE": section})
    tail = "" if kind is AccountKind.BANK else f"-{kind.value}"
    if several and KINDS.get(section) is AccountKind.BANK:
        tail = f"-{slug(section)}"
    return Account(f"{UNNAMED}-qif{tail}", kind, "", section.upper()[:20])
