"""Wise's list of transfers: a row tells what left one balance, what reached another, and the fee that is in neither."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from raccord_bankfeed.readers import text_faults
from raccord_bankfeed.readers.account import UNNAMED
from raccord_bankfeed.readers.contract import Account, AccountKind, Line
from raccord_bankfeed.readers.faults import RowFault
from raccord_bankfeed.readers.table import notes
from raccord_bankfeed.readers.table.lines import RowReader
from raccord_bankfeed.readers.table.notes import NoTransaction
from raccord_bankfeed.readers.table.rows import Row
from raccord_bankfeed.readers.table.words import NOT_MOVED, PENDING, Part, plain

_SOURCE, _TARGET = "source", "target"
_OTHER = {_SOURCE: _TARGET, _TARGET: _SOURCE}
_SIDES = {"out": (_SOURCE,), "in": (_TARGET,), "neutral": (_SOURCE, _TARGET)}
"""By direction whose balances are the account's own."""


@dataclass(slots=True)
class TransferReader(RowReader):
    """Reads rows of Wise; each currency is an account."""

    def lines(self, row: Row) -> Sequence[Line]:
        """Return the line of a transfer, two of one between own balances."""
        sides = self._sides(row)
        self._check_moved(row)
        first = RowReader.line(self, row)
        return [first, *(self._of_side(row, first, side) for side in sides[1:])]

    def moved(self, row: Row) -> tuple[date, Decimal, str, bool]:
        """Return day, amount and currency of the first of a row's lines, which is never pending."""
        day = self.day(row)
        if day is None:
            raise RowFault(self.date_fault(row))
        side = self._sides(row)[0]
        return day, self._amount(row, side), self._said(row, f"{side} currency").upper(), False

    def account(self, row: Row) -> Account:
        """Return the balance of the first of a row's lines."""
        side = _SIDES.get(plain(self.cell(row, Part.DIRECTION)), (_SOURCE,))[0]
        return self._balance_of(self._said(row, f"{side} currency"))

    def text(self, row: Row) -> tuple[str, str]:
        """Return who is on the other side, and what for."""
        side = _SIDES.get(plain(self.cell(row, Part.DIRECTION)), (_SOURCE,))[0]
        memo = " ".join(self._filled(row.cells, self.layout.texts))
        return self._said(row, f"{_OTHER[side]} name"), memo

    def _of_side(self, row: Row, line: Line, side: str) -> Line:
        currency = self._said(row, f"{side} currency").upper()
        amount, name = self._amount(row, side), self._said(row, f"{_OTHER[side]} name")
        return line._replace(account=self._balance_of(currency), amount=amount, currency=currency, name=name)

    def _sides(self, row: Row) -> Sequence[str]:
        word = self.cell(row, Part.DIRECTION)
        if (sides := _SIDES.get(plain(word))) is None:
            raise RowFault(text_faults.direction_unknown(self.title(Part.DIRECTION), word))
        return sides

    def _check_moved(self, row: Row) -> None:
        """Raise ``NoTransaction`` for what moved nothing, ``RowFault`` where it cannot be told."""
        status, sides = plain(self.cell(row, Part.STATUS)), self._sides(row)
        if status == "completed":
            return
        # A charge that was given back is one row; what came back apart may be of a charge that is not in the file.
        if NOT_MOVED.search(status) or (status == "refunded" and sides[0] == _SOURCE):
            raise NoTransaction(notes.NOT_MOVED)
        if PENDING.search(status):
            raise NoTransaction(notes.UNDATED_PENDING)
        raise RowFault(text_faults.status_unknown(self.title(Part.STATUS), status))

    def _amount(self, row: Row, side: str) -> Decimal:
        """Return by how much a balance moved: out of it goes the fee, too."""
        at = self.layout.header.index(f"{side} amount after fees")
        amount = self.number(row, at)
        if amount is None:
            raise NoTransaction(notes.NO_AMOUNT)
        if side == _TARGET:
            return amount
        at = self.layout.header.index("source fee amount")
        fee, unit = self.number(row, at) or Decimal(0), self._said(row, "source fee currency")
        if fee and unit and unit != self._said(row, "source currency"):
            raise RowFault(text_faults.amount_unreadable(self._title(at), f"{fee} {unit}"))
        return -(amount + fee)

    def _said(self, row: Row, name: str) -> str:
        number = self.layout.header.index(name) if name in self.layout.header else len(row.cells)
        return " ".join(row.cells[number].split()) if number < len(row.cells) else ""

    def _balance_of(self, currency: str) -> Account:
        key = f"{UNNAMED}-{self.layout.key}-{currency.lower()[:3]}"
        return Account(key, AccountKind.BANK, currency.upper()[:3], form=self.layout.form)
