"""What the columns of a table without a header are, where what stands in them proves it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from raccord_bankfeed.readers.amounts import MarkEvidence, Written, read_amount, written
from raccord_bankfeed.readers.currencies import CURRENCIES
from raccord_bankfeed.readers.days import parts_of
from raccord_bankfeed.readers.table.damaged import is_almost_amount
from raccord_bankfeed.readers.table.forms import CARD, form_of
from raccord_bankfeed.readers.table.layout import Layout, layout_key
from raccord_bankfeed.readers.table.running import RunningBalance
from raccord_bankfeed.readers.table.words import IN, OUT, Part, plain

_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
_DESJARDINS_COLUMNS = 14
_DESJARDINS_DATE = re.compile(r"\d{4}/\d{2}/\d{2}")


@dataclass(slots=True)
class _Column:
    """What stands in one column of the sample."""

    number: int
    cells: list[str] = field(default_factory=list)
    amounts: list[Written | None] = field(default_factory=list)
    days: int = 0
    filled: int = 0

    def add(self, cell: str) -> None:
        text = cell.strip()
        self.cells.append(text)
        self.amounts.append(written(text) if text and len(text) < 40 else None)
        if text:
            self.filled += 1
            parts = parts_of(text)
            self.days += parts is not None and bool(parts.days)

    @property
    def is_money(self) -> bool:
        """Amounts alone, at least one of them with decimals, a sign or a currency."""
        known = [each for each in self.amounts if each is not None]
        return (
            bool(known)
            and len(known) >= self.damaged
            and self.damaged <= max(1, self.filled // 10)
            and len(known) + self.damaged == self.filled
            and self.days < self.filled
            and any(not each.digits.isdigit() or each.signed or each.unit for each in known)
        )

    @property
    def damaged(self) -> int:
        """How many of its cells would be amounts but for a character."""
        cells = zip(self.cells, self.amounts, strict=True)
        return sum(amount is None and is_almost_amount(cell) for cell, amount in cells if cell)

    @property
    def wordy(self) -> bool:
        """Whether words stand in it, not numbers of cards."""
        return any(any(map(str.isalpha, cell)) for cell in self.cells) and not self.are_cards

    def are(self, pattern: re.Pattern[str]) -> bool:
        """Tell whether every cell that is filled is written so."""
        return self.filled > 0 and all(pattern.fullmatch(cell) for cell in self.cells if cell)

    @property
    def are_cards(self) -> bool:
        return self.are(CARD)

    @property
    def negative(self) -> int:
        return sum(each is not None and each.negative for each in self.amounts)

    def moves(self, row: int) -> bool:
        """Tell whether an amount that is not nothing stands in a row."""
        found = self.amounts[row]
        return found is not None and found.digits.strip("0.,") != ""


def inferred_layout(rows: Sequence[Sequence[str]], delimiter: str, *, titled: bool = False) -> Layout | None:
    """Return the layout of rows that each have a day, not whole where several layouts would do; nothing for others.

    ``titled`` tells that names of columns stand above them which nobody knows: so no known bank writes.
    """
    width = _width(rows)
    columns = [_Column(number) for number in range(width)]
    for cells in rows:
        for column in columns:
            column.add(cells[column.number] if column.number < len(cells) else "")
    dated = next((column for column in columns if column.days and 10 * column.days >= 9 * len(rows)), None)
    if dated is None:
        return None
    found = _layout_of(rows, columns, dated, delimiter, titled=titled)
    return replace(found, form=form_of(rows, width, dated.number))


def _layout_of(
    rows: Sequence[Sequence[str]], columns: list[_Column], dated: _Column, delimiter: str, *, titled: bool
) -> Layout:
    width = len(columns)
    key = layout_key(delimiter, width, dated.number)
    titles = tuple(f"column {number}" for number in range(1, width + 1))
    if (
        width == _DESJARDINS_COLUMNS
        and all(_DESJARDINS_DATE.fullmatch(cells[3].strip()) for cells in rows)
        and any(cell.strip() for cells in rows for cell in cells[7:9])
    ):
        return _desjardins(key, titles)
    money = [column for column in columns if column.is_money]
    parts = _amounts(money, columns)
    pair = None if parts else _open_pair(money)
    # CIBC's cards, and nobody known the other way round: day, text, money out, money in, and the card.
    certain = parts is not None or (pair is not None and _are_cibcs(pair, columns, delimiter) and not titled)
    if parts is None and pair is None and len(money) != 1:
        return Layout(key, {}, titles=titles)
    parts = parts or ({Part.DEBIT: pair[0], Part.CREDIT: pair[1]} if pair else {Part.AMOUNT: money[0].number})
    pair = None if certain else pair
    parts[Part.DATE] = dated.number
    rest = [each for each in columns if each.number not in parts.values() and each not in money and each.filled]
    ibans = [column for column in rest if column.are(_IBAN)]
    # The first is one's own, the others are those of the other side.
    accounts = tuple(column.number for column in ibans[:1] if len(set(column.cells)) == 1)
    rest = [column for column in rest if column not in ibans]
    # Of two currencies the one that every row has is the account's.
    for column in sorted(rest, key=lambda column: -column.filled):
        filled = {cell for cell in column.cells if cell}
        if filled <= CURRENCIES:
            parts.setdefault(Part.CURRENCY, column.number)
        elif _are_kinds(column) and any(each is not column and each.wordy for each in rest):
            parts.setdefault(Part.TYPE, column.number)
    wordy = [column for column in rest if column.number not in parts.values() and not column.days and column.wordy]
    wordy.sort(key=lambda column: -sum(map(len, column.cells)))
    texts = tuple(column.number for column in wordy)
    return Layout(
        key,
        parts,
        texts[:1],
        texts[1:],
        accounts,
        titles=titles,
        certain=certain,
        open_pair=pair,
        by_balance=_by_balance(columns, parts),
    )


def _width(rows: Sequence[Sequence[str]]) -> int:
    """Return how many cells rows have; the few that a mark in a text or an amount cut once more do not count."""
    wide = sorted(map(len, rows), reverse=True)
    return wide[min(len(wide) - 1, len(wide) // 10 + (len(wide) > 2))] if wide else 0


def _are_kinds(column: _Column) -> bool:
    return column.wordy and {plain(cell) for cell in column.cells if cell} <= OUT | IN | {"check"}


def _desjardins(key: str, titles: tuple[str, ...]) -> Layout:
    columns = {Part.DATE: 3, Part.CHECK: 6, Part.DEBIT: 7, Part.CREDIT: 8, Part.BALANCE: 13}
    return Layout(key, columns, (5,), (), (1, 2), titles=titles, currency="CAD")


def _amounts(money: list[_Column], columns: list[_Column]) -> dict[Part, int] | None:
    """Return which of the columns of amounts is which, where signs or the balance prove it."""
    if len(money) == 1:
        # Positive amounts alone may be money in or money out: a word beside them has to say it.
        signed = money[0].negative or any(_are_kinds(column) for column in columns)
        return {Part.AMOUNT: money[0].number} if signed else None
    pairs = [(a, b) for a in money for b in money if a.number < b.number and _exclude(a, b)]
    if pairs:
        return _pair(pairs, money, columns)
    if len(money) == 2:
        return _amount_and_balance(money)
    # Of quantities, prices and amounts, only the amount of a transaction is there in every row and has a sign.
    always = [column for column in money if column.filled == len(column.cells) and column.negative]
    return {Part.AMOUNT: always[0].number} if len(always) == 1 else None


def _exclude(one: _Column, other: _Column) -> bool:
    rows = range(len(one.cells))
    return all(one.moves(row) != other.moves(row) for row in rows if one.moves(row) or other.moves(row)) and any(
        one.moves(row) or other.moves(row) for row in rows
    )


def _pair(pairs: list[tuple[_Column, _Column]], money: list[_Column], columns: list[_Column]) -> dict[Part, int] | None:
    """Return which of two columns is money out, where the one balance that follows from them tells."""
    first, second = pairs[0]
    found: list[dict[Part, int]] = []
    for each in (column for column in money if column not in (first, second)):
        for out, into in ((first, second), (second, first)):
            parts = {Part.DEBIT: out.number, Part.CREDIT: into.number, Part.BALANCE: each.number}
            if _breaks(columns, parts) <= out.damaged + into.damaged + each.damaged:
                found.append(parts)
    if found and len(pairs) == 1:
        return found[0] if len(found) == 1 else None
    if len(pairs) > 1 or len(money) > 3:
        return None
    ahead = {Part.DEBIT: first.number, Part.CREDIT: second.number}
    swapped = {Part.DEBIT: second.number, Part.CREDIT: first.number}
    balance = next((each for each in money if each not in (first, second)), None)
    if balance is not None:
        ahead[Part.BALANCE] = swapped[Part.BALANCE] = balance.number
        good, bad = (_breaks(columns, each) for each in (ahead, swapped))
        if good != bad:
            better = ahead if good < bad else swapped
            return better if _goes_on(columns, better) else None
    return None


def _open_pair(money: list[_Column]) -> tuple[int, int] | None:
    """Return the two columns of amounts one of which each row fills, where they are all and have no sign.

    A bank writes money out with a minus, a card's bank what was paid back.
    """
    if len(money) != 2 or any(column.negative for column in money) or not _exclude(*money):
        return None
    return money[0].number, money[1].number


def _are_cibcs(pair: tuple[int, int], columns: list[_Column], delimiter: str) -> bool:
    return delimiter == "," and len(columns) == 5 and pair == (2, 3) and columns[-1].are_cards


def _amount_and_balance(money: list[_Column]) -> dict[Part, int] | None:
    first, second = money
    always = [column for column in money if column.filled == len(column.cells)]
    if len(always) == 1 and 2 * min(first.filled, second.filled) < len(first.cells):
        # What stands beside few amounts is no balance: those that were in another currency.
        return {Part.AMOUNT: always[0].number} if always[0].negative else None
    ahead = {Part.AMOUNT: first.number, Part.BALANCE: second.number}
    swapped = {Part.AMOUNT: second.number, Part.BALANCE: first.number}
    if bool(first.negative) != bool(second.negative):
        parts = ahead if first.negative else swapped
        # Numbers of something else do not go on with the amounts: how many, or which cheque.
        return parts if _goes_on(money, parts) else {Part.AMOUNT: parts[Part.AMOUNT]}
    out = {Part.DEBIT: first.number, Part.BALANCE: second.number}
    # From a row whose amount is none, no balance follows.
    fitting = [parts for parts in (ahead, swapped, out) if _breaks(money, parts) <= first.damaged + second.damaged]
    return fitting[0] if len(fitting) == 1 else None


def _by_balance(columns: list[_Column], parts: dict[Part, int]) -> bool:
    """Tell whether nothing but the balance says which amounts are money out."""
    if Part.DEBIT not in parts or Part.BALANCE not in parts:
        return False
    others = (Part.CREDIT, Part.DEBIT) if Part.CREDIT in parts else (Part.AMOUNT,)
    amounts = (parts[part] for part in (Part.DEBIT, Part.CREDIT) if part in parts)
    turned = {Part.BALANCE: parts[Part.BALANCE], **dict(zip(others, amounts, strict=True))}
    return _breaks(columns, parts) < _breaks(columns, turned)


def _breaks(columns: list[_Column], parts: dict[Part, int]) -> int:
    """Return how often the balance does not go on from row to row when the columns are read so."""
    return _running(columns, parts).breaks


def _goes_on(columns: list[_Column], parts: dict[Part, int]) -> bool:
    """Tell whether a balance goes on from row to row at least as often as not; where one row has it nothing tells."""
    running = _running(columns, parts)
    return 2 * running.breaks < running.rows


def _running(columns: list[_Column], parts: dict[Part, int]) -> RunningBalance:
    by_number = {column.number: column for column in columns}
    marks = MarkEvidence()
    for number in parts.values():
        for cell in by_number[number].cells:
            marks.add(cell)
    mark = next(iter(marks.marks()))
    running = RunningBalance()
    for row in range(len(by_number[parts[Part.BALANCE]].cells)):
        values = {part: read_amount(by_number[number].cells[row], mark) for part, number in parts.items()}
        amount = values.get(Part.AMOUNT)
        if Part.DEBIT in parts:
            amount = (values.get(Part.CREDIT) or Decimal(0)) - abs(values[Part.DEBIT] or Decimal(0))
        balance = values[Part.BALANCE]
        if amount and balance is not None:
            running.add(amount, balance)
    return running
