"""Cards' tables that state of a purchase abroad what it cost there, and its currency there alone."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from raccord_bankfeed.readers.faults import RowFault
from raccord_bankfeed.readers.table.lines import RowReader
from raccord_bankfeed.readers.table.rows import Row


@dataclass(slots=True)
class AbroadReader(RowReader):
    """Reads rows whose currency is that of the amount abroad where one stands there."""

    def amount(self, row: Row) -> tuple[Decimal, str]:
        """Return the amount and its currency, none of a purchase abroad; raises ``NoTransaction``."""
        amount, currency = RowReader.amount(self, row)
        return amount, self.layout.currency if self._was_abroad(row, amount) else currency

    def _was_abroad(self, row: Row, amount: Decimal) -> bool:
        if self.layout.abroad is None:
            return False
        try:
            there = self.number(row, self.layout.abroad)
        except RowFault:
            return True
        return bool(there) and abs(there or 0) != abs(amount)
