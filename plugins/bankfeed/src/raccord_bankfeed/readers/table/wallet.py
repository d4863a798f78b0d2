"""A wallet's list of payments: which of them moved the wallet's own balance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from raccord_bankfeed.readers.table import notes
from raccord_bankfeed.readers.table.lines import RowReader
from raccord_bankfeed.readers.table.notes import NoTransaction
from raccord_bankfeed.readers.table.rows import Row
from raccord_bankfeed.readers.table.words import plain

_FUNDING = "funding source"


@dataclass(slots=True)
class WalletReader(RowReader):
    """Reads rows of Venmo: each amount has its sign; a "charge" is money in or out, by who asked for it."""

    def __post_init__(self) -> None:
        """Take the signs as they stand."""
        RowReader.__post_init__(self)
        self.flip = False

    def moved(self, row: Row) -> tuple[date, Decimal, str, bool]:
        """Return day, amount, currency and whether it is pending; raises ``NoTransaction`` and ``RowFault``.

        What a card or a bank account paid never passed through the wallet: its balances do not follow from it.
        """
        moved = RowReader.moved(self, row)
        number = self.layout.header.index(_FUNDING)
        paid_by = plain(row.cells[number]) if number < len(row.cells) else ""
        if moved[1] < 0 and paid_by and "balance" not in paid_by.split():
            raise NoTransaction(notes.PAID_ELSEWHERE)
        return moved

    def _directed(self, row: Row, amount: Decimal) -> Decimal:
        return amount
