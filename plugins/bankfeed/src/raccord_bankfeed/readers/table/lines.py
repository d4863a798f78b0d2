"""One row of a bank's table: from its cells to a line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import repeat
from operator import eq, neg
from typing import NamedTuple

from raccord_bankfeed.readers import text_faults
from raccord_bankfeed.readers.account import account_of
from raccord_bankfeed.readers.amounts import are_plain, plain_amounts, read_amount, unit_beside, written
from raccord_bankfeed.readers.contract import Account, AccountKind, Line
from raccord_bankfeed.readers.conventions import Conventions
from raccord_bankfeed.readers.faults import Fault, RowFault
from raccord_bankfeed.readers.ofx.line import is_currency
from raccord_bankfeed.readers.runs import made, on_one_line
from raccord_bankfeed.readers.signs import with_open_signs
from raccord_bankfeed.readers.table import notes
from raccord_bankfeed.readers.table.damaged import check_day, check_digits, check_width
from raccord_bankfeed.readers.table.evidence import (
    Evidence,
    are_credits_negative,
    are_inverted,
    leaves_card_signs_open,
    marks_incoming,
)
from raccord_bankfeed.readers.table.layout import Layout
from raccord_bankfeed.readers.table.notes import NoTransaction
from raccord_bankfeed.readers.table.own_accounts import account_apart
from raccord_bankfeed.readers.table.rows import Block, Row, is_one
from raccord_bankfeed.readers.table.words import (
    BALANCE_TEXT,
    IN,
    MINUSES,
    NOT_MOVED,
    OUT,
    PENDING,
    PLUSES,
    SUMS,
    Part,
    may_be_balance,
    name_and_memo,
    plain,
)

_DAYS_MAX = 4000
_ACCOUNTS_MAX = 1000
_ACCOUNT_END = re.compile(r"[0-9]{4,5} ?[0-9]{5,6}[A-Z]")
"""All that LCL's files, which have no header, say in their last row beside the closing balance."""
_SYMBOLS = {"€": "EUR", "£": "GBP"}
"""The yen and the yuan have one sign."""


class Moved(NamedTuple):
    """What the rows of a block come to, column by column: all of one account."""

    columns: Sequence[Sequence[str]]
    account: Account
    days: Sequence[date]
    amounts: Sequence[Decimal]


@dataclass(slots=True)
class RowReader:
    """Reads rows of one layout under the conventions of their file."""

    layout: Layout
    written: Conventions
    evidence: Evidence
    days: dict[str, date | None] = field(default_factory=dict)
    accounts: dict[tuple[str, ...], Account] = field(default_factory=dict)
    turned: Callable[[str], bool] = lambda _: False
    """Whether a person said of a card, by the key of the question, that its purchases have no minus."""
    flip: bool = False
    open_signs: bool = False
    marked: bool = False
    credits_negative: bool = False
    plain: bool = False
    """Whether rows can be read many at once: signed amounts, or one column for each direction, and nothing else."""

    def __post_init__(self) -> None:
        """Judge the whole file's evidence once."""
        layout = self.layout
        self.plain = layout.is_plain and (self.evidence.signed > 0 or Part.AMOUNT not in layout.columns)
        self.flip = self.layout.flip or are_inverted(self.evidence)
        self.open_signs = leaves_card_signs_open(self.evidence, layout)
        self.marked = marks_incoming(self.evidence)
        self.credits_negative = are_credits_negative(self.evidence)

    def cell(self, row: Row, part: Part) -> str:
        """Return what a row says of a part, without blanks around it."""
        number = self.layout.columns.get(part)
        return row.cells[number].strip() if number is not None and number < len(row.cells) else ""

    def block_moved(self, block: Block) -> Moved | None:
        """Return what rows come to, all at once, or nothing where one of them needs a closer look."""
        columns = block.columns()
        if not self.plain or len(columns) != len(self.layout.titles):
            return None
        if self.evidence.pending and self.evidence.waits(block.lines[0], block.lines[-1]):
            return None
        dated = columns[self.layout.columns[Part.DATE]]
        texts = set(dated)
        day_of = {text: day for text in texts if (day := self._known_day(text.strip())) is not None}
        if len(day_of) < len(texts) or not all(map(is_one, map(columns.__getitem__, self.layout.telling))):
            return None
        # Rows whose balances were followed say no sums: their texts were looked at then.
        sums = self.evidence.followed is None and any(may_be_balance(columns[number]) for number in self.layout.told)
        if sums or (amounts := self._block_amounts(columns)) is None:
            return None
        account = self._known_account([column[0] for column in columns], "")
        amounts = list(map(neg, amounts)) if account.turned else amounts
        return Moved(columns, account, list(map(day_of.__getitem__, dated)), amounts)

    def _block_amounts(self, columns: Sequence[Sequence[str]]) -> list[Decimal] | None:
        """Return the amounts of rows that all have one, nothing where one is not written the usual way."""
        parts = self.layout.columns
        if Part.AMOUNT in parts:
            amounts = self._moving(columns[parts[Part.AMOUNT]])
            return list(map(neg, amounts)) if amounts is not None and self.flip else amounts
        out, into = columns[parts[Part.DEBIT]], columns[parts[Part.CREDIT]]
        sides = list(map(bool, out))
        if any(map(eq, sides, map(bool, into))):
            return None
        amounts = self._moving([one or other for one, other in zip(out, into, strict=True)])
        if amounts is None or not all(amounts):
            return None
        signed = self.evidence.debits_negative > self.evidence.debits_positive
        return [
            (amount if signed else -amount) if went_out else (abs(amount) if self.credits_negative else amount)
            for amount, went_out in zip(amounts, sides, strict=True)
        ]

    def _moving(self, cells: Sequence[str]) -> list[Decimal] | None:
        """Return what rows move, if all of it is plain: the look at the whole file may have told so already."""
        told = self.evidence.cents is self.written.mark and all(cells)
        return plain_amounts(cells, self.written.mark) if told else self._plain(cells)

    def _plain(self, cells: Sequence[str]) -> list[Decimal] | None:
        texts, mark = list(map(str.strip, cells)), self.written.mark
        return plain_amounts(texts, mark) if are_plain(texts, mark) else None

    def block_balances(self, block: Block) -> tuple[Moved, list[Decimal]] | None:
        """Return what rows come to and the balance beside each, or nothing where one needs a closer look."""
        if (moved := self.block_moved(block)) is None:
            return None
        balances = self._plain(moved.columns[self.layout.columns[Part.BALANCE]])
        return None if balances is None else (moved, balances)

    def followed(self) -> Account | None:
        """Return the account whose balances were found to follow at the first look; nothing where they may not."""
        found, days = self.evidence.followed, self.evidence.days
        if found is None or not self.plain or self.flip or found.mark is not self.written.mark:
            return None
        if self.evidence.ends or self.evidence.pending:
            return None
        account = self._known_account(found.cells, "")
        sure = not account.turned and days.counts[self.written.order] == days.seen
        return account if sure and not found.running.breaks else None

    def balance(self, row: Row) -> tuple[Account, Decimal, Decimal | None] | None:
        """Return account, amount and the balance beside it, if there is one; nothing where the row is no line."""
        if not self.cell(row, Part.DATE):
            return None
        try:
            _, amount, _, pending = self.moved(row)
            balance = self.number(row, self.layout.columns[Part.BALANCE])
        except (RowFault, NoTransaction):
            return None
        return None if pending else (self.account(row), amount, balance)

    def block_lines(self, block: Block) -> tuple[Moved, str, Iterator[Line]] | None:
        """Return what rows come to, their first currency and their lines; nothing where one needs a closer look."""
        if (moved := self.block_moved(block)) is None:
            return None
        layout, columns, parts = self.layout, moved.columns, self.layout.columns
        nothing = ("",) * len(moved.days)

        def said(part: Part) -> Sequence[str]:
            return list(map(str.strip, columns[parts[part]])) if part in parts else nothing

        stated = said(Part.CURRENCY)
        known = {text: text.upper() if is_currency(text.upper()) else layout.currency for text in set(stated)}
        currencies = list(map(known.__getitem__, stated)) if len(known) > 1 else list(known.values())
        types = said(Part.TYPE)
        names, memos = self._texts(columns, nothing)
        fields = (
            repeat(moved.account),
            said(Part.ID),
            moved.days,
            moved.amounts,
            currencies if len(known) > 1 else repeat(currencies[0]),
            names,
            memos,
            types if types is nothing else list(map(str.upper, types)),
            said(Part.REFERENCE),
            nothing,
            repeat(False),
            repeat(None),
            repeat(layout.titles),
            zip(*columns, nothing, strict=True),
            block.starts,
            repeat(False),
            repeat(False),
        )
        return moved, next(filter(None, currencies), ""), made(fields)

    def moved(self, row: Row) -> tuple[date, Decimal, str, bool]:
        """Return day, amount, currency and whether it is pending; raises ``NoTransaction`` and ``RowFault``."""
        day, pending = self.day(row), False
        if Part.STATUS in self.layout.columns and (status := plain(self.cell(row, Part.STATUS))):
            if NOT_MOVED.search(status):
                raise NoTransaction(notes.NOT_MOVED)
            pending = PENDING.search(status) is not None
        elif self.layout.blank_pending:
            pending = not self.cell(row, Part.BALANCE)
        if day is None:
            raise RowFault(self.date_fault(row))
        pending = pending or (bool(self.evidence.pending) and self.evidence.waits(row.line, row.line))
        amount, currency = self.amount(row)
        said = plain(" ".join(self.text(row))) or plain(self.cell(row, Part.REFERENCE))
        if BALANCE_TEXT.fullmatch(said):
            raise NoTransaction(notes.SUM)
        return day, -amount if self.account(row).turned else amount, currency, pending

    def line(self, row: Row) -> Line:
        """Return the line of a row; raises ``NoTransaction`` and ``RowFault``."""
        day, amount, currency, pending = self.moved(row)
        columns, titles, cells = self.layout.columns, self.layout.titles, row.cells
        name, memo = self.text(row)
        if not (self.layout.header or memo) and _ACCOUNT_END.fullmatch(name):
            raise NoTransaction(notes.SUM)
        check = self.cell(row, Part.CHECK).strip("'") if Part.CHECK in columns else ""
        return Line(
            self.account(row),
            self.cell(row, Part.ID) if Part.ID in columns else "",
            day,
            amount,
            currency,
            name,
            memo,
            self.cell(row, Part.TYPE).upper() if Part.TYPE in columns else "",
            self.cell(row, Part.REFERENCE) if Part.REFERENCE in columns else "",
            check if check and check.isdigit() and check.strip("0") else "",
            pending,
            None,
            titles,
            (*cells, "") if len(cells) <= len(titles) else (*cells[: len(titles)], ""),
            row.start,
        )

    def lines(self, row: Row) -> Sequence[Line]:
        """Return the lines of a row, which is one as a rule; raises ``NoTransaction`` and ``RowFault``."""
        return (self.line(row),)

    def day(self, row: Row) -> date | None:
        """Return a row's day, nothing where none stands there but an amount does; raises ``NoTransaction``."""
        number, cells = self.layout.columns[Part.DATE], row.cells
        text = cells[number].strip() if number < len(cells) else ""
        day = self._known_day(text)
        if day is not None:
            check_width(row, self.layout)
            return day
        shown = plain(row.shown())
        if text and PENDING.search(plain(text)):
            raise NoTransaction(notes.UNDATED_PENDING)
        try:
            moves = any(self.number(row, number) for number in self.layout.money)
        except RowFault:
            if not text and any(SUMS.search(plain(row.cells[n])) for n in self.layout.money if n < len(row.cells)):
                raise NoTransaction(notes.SUM) from None
            if self.layout.read_day(text) is None:
                check_digits(row, self.layout)
                raise
            # A day that does not exist is what is wrong with the row, also where it alone would tell its marks.
            return None
        if not moves:
            check_day(row, text, self.date_fault(row))
            raise NoTransaction(notes.SUM if SUMS.search(shown) else notes.NO_DATE)
        if SUMS.search(shown) and (self.layout.read_day(text) is None or not text):
            raise NoTransaction(notes.SUM)
        if not text and PENDING.search(plain(self.cell(row, Part.STATUS))):
            raise NoTransaction(notes.UNDATED_PENDING)
        return None

    def _known_day(self, text: str) -> date | None:
        if text not in self.days:
            parts = self.layout.read_day(text)
            if len(self.days) >= _DAYS_MAX:
                self.days.clear()
            self.days[text] = None if parts is None else parts.days.get(self.written.order)
        return self.days[text]

    def begins(self, row: Row) -> bool:
        """Tell whether a table without a header may begin with a row: above it stands of whom and of when it is."""
        text = self.cell(row, Part.DATE)
        return not text or self.layout.read_day(text) is not None or any(map(str.isdigit, text))

    def date_fault(self, row: Row) -> Fault:
        text = self.cell(row, Part.DATE)
        title = self.title(Part.DATE)
        return text_faults.date_impossible(title, text) if text else text_faults.date_missing(title)

    def title(self, part: Part) -> str:
        """Return what the column of a part is called, with its number."""
        return self._title(self.layout.columns.get(part, 0))

    def _title(self, number: int) -> str:
        titles = self.layout.titles
        return f"{titles[number] if number < len(titles) else 'column'} [{number + 1}]"

    def number(self, row: Row, number: int) -> Decimal | None:
        """Return the amount of a cell, nothing where it is empty; raises ``RowFault`` for anything else."""
        text = row.cells[number].strip() if number < len(row.cells) else ""
        if not text or text in ("-", "--", "–", "—"):
            return None
        amount = read_amount(text, self.written.mark)
        if amount is None:
            raise RowFault(text_faults.amount_unreadable(self._title(number), text))
        return amount

    def amount(self, row: Row) -> tuple[Decimal, str]:
        """Return amount and currency; raises ``NoTransaction`` where none stands there."""
        layout = self.layout
        currency = self.cell(row, Part.CURRENCY).upper() if Part.CURRENCY in layout.columns else ""
        if layout.units:
            found = [(amount, layout.units[number]) for number in layout.units if (amount := self.number(row, number))]
            if not found:
                raise NoTransaction(notes.NO_AMOUNT)
            if len(found) > 1:
                raise RowFault(text_faults.two_amounts(*(self._title(number) for number in layout.units)))
            return found[0]
        if Part.AMOUNT in layout.columns:
            number = layout.columns[Part.AMOUNT]
            amount = self.number(row, number)
            if amount is None:
                raise NoTransaction(notes.NO_AMOUNT)
            if not self.evidence.signed:
                amount = self._directed(row, amount)
            fee = self.number(row, layout.columns[Part.FEE]) if Part.FEE in layout.columns else None
            # Revolut's balance moves by the amount less the fee.
            amount = amount - abs(fee) if fee else amount
            return (-amount if self.flip else amount), self.currency(row, currency, number)
        return self._two_columns(row, currency)

    def _two_columns(self, row: Row, currency: str) -> tuple[Decimal, str]:
        columns = self.layout.columns
        amounts = {part: self.number(row, columns[part]) for part in (Part.DEBIT, Part.CREDIT) if part in columns}
        out, into = amounts.get(Part.DEBIT), amounts.get(Part.CREDIT)
        if out is None and into is None:
            raise NoTransaction(notes.NO_AMOUNT)
        if out and into:
            raise RowFault(text_faults.two_amounts(self.title(Part.DEBIT), self.title(Part.CREDIT)))
        if out or into is None:
            evidence = self.evidence
            signed = evidence.debits_negative > evidence.debits_positive
            amount = (out if signed else -out) if out else Decimal(0)
            return amount, self.currency(row, currency, columns[Part.DEBIT])
        into = abs(into) if self.credits_negative else into
        return into, self.currency(row, currency, columns[Part.CREDIT])

    def _directed(self, row: Row, amount: Decimal) -> Decimal:
        """Give an amount the sign of the word beside it, unless the file signs its amounts itself."""
        evidence = self.evidence
        if self.marked:
            parts = written(row.cells[self.layout.columns[Part.AMOUNT]])
            return amount if parts is None or parts.signed else -amount
        word = self.cell(row, Part.DIRECTION) or self.layout.blank
        part = Part.DIRECTION
        if Part.DIRECTION not in self.layout.columns:
            # Of a card whose purchases are known to be positive, a month of nothing else has no sign either.
            if self.layout.flip or evidence.directions < evidence.rows:
                return amount
            part, word = Part.TYPE, self.cell(row, Part.TYPE)
        named = plain(word)
        if named in OUT or word in MINUSES:
            return -amount
        if named in IN or word in PLUSES or not amount:
            return amount
        raise RowFault(text_faults.direction_unknown(self.title(part), word))

    def currency(self, row: Row, said: str, number: int) -> str:
        """Return the currency that column, cell or header state, or nothing."""
        if said and is_currency(said):
            return said
        unit = unit_beside(row.cells[number]) if number < len(row.cells) else ""
        if is_currency(unit):
            return unit
        return _SYMBOLS.get(unit, "") or self.layout.currency

    def text(self, row: Row) -> tuple[str, str]:
        """Return name and memo: the best column for a name, and what the others say, each once."""
        cells = row.cells
        names, texts = self.layout.names, self.layout.texts
        if len(names) + len(texts) == 1:
            number = (names or texts)[0]
            return (" ".join(cells[number].split()) if number < len(cells) else ""), ""
        return name_and_memo(self._filled(cells, names), self._filled(cells, texts))

    def _texts(self, columns: Sequence[Sequence[str]], nothing: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
        """Return the names and memos of all rows; as :meth:`text` does of one."""
        named = [on_one_line(columns[number]) for number in self.layout.names]
        texts = [on_one_line(columns[number]) for number in self.layout.texts]
        if len(named) + len(texts) < 2:
            return (named or texts or (nothing,))[0], nothing
        found = [
            name_and_memo(list(filter(None, name)), list(filter(None, memo)))
            for name, memo in zip(
                zip(*named, strict=True) if named else repeat(()),
                zip(*texts, strict=True) if texts else repeat(()),
                strict=False,
            )
        ]
        return [name for name, _ in found], [memo for _, memo in found]

    @staticmethod
    def _filled(cells: list[str], numbers: tuple[int, ...]) -> list[str]:
        width = len(cells)
        return [text for number in numbers if number < width and (text := " ".join(cells[number].split()))]

    def account(self, row: Row) -> Account:
        """Return the account that a row names, or the one without a name of its layout."""
        typed = Part.ACCOUNT_TYPE in self.layout.columns
        return self._known_account(row.cells, self.cell(row, Part.ACCOUNT_TYPE) if typed else "")

    def _known_account(self, cells: Sequence[str], kind_text: str) -> Account:
        said = tuple([cells[number] for number in self.layout.telling if number < len(cells)])
        key = (*said, kind_text)
        known = self.accounts.get(key)
        if known is None:
            if len(self.accounts) >= _ACCOUNTS_MAX:
                self.accounts.clear()
            known = self._account(said, kind_text)
            known = with_open_signs(known, self.layout.key, self.turned) if self.open_signs else known
            self.accounts[key] = known
        return known

    def _account(self, said: tuple[str, ...], kind_text: str) -> Account:
        words = plain(kind_text).split()
        card = self.layout.card or any(word in ("visa", "mastercard", "card", "amex", "carte") for word in words)
        kind = AccountKind.CARD if card else AccountKind.INVESTMENT if self.layout.trades else AccountKind.BANK
        number = "-".join("".join(part.strip(" '\"").split()) for part in said if part.strip(" '\""))
        if not number or not self.layout.accounts:
            return account_apart(self.layout, number, kind, kind_text)
        return account_of(kind, {"ACCTID": number})
