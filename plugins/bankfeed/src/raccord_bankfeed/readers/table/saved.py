"""Whether columns that a person gave for a table without a header are those of another file that is laid out alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from raccord_bankfeed.readers.amounts import written
from raccord_bankfeed.readers.table.balances import followed_by
from raccord_bankfeed.readers.table.damaged import is_almost_amount
from raccord_bankfeed.readers.table.layout import Layout
from raccord_bankfeed.readers.table.lines import RowReader
from raccord_bankfeed.readers.table.rows import Block, Row
from raccord_bankfeed.readers.table.words import Part

_MANY = 4
"""One row in so many without an amount is more than a few that move nothing."""


@dataclass(frozen=True, slots=True)
class Borrowed:
    """What a file says of its own columns, and the first of its rows, at least one of which bears a day."""

    inferred: Layout
    rows: Sequence[Row]

    def unlike(self, layout: Layout) -> bool:
        """Tell whether the columns of another file cannot be this one's: texts for amounts, amounts for an account."""
        worded = sum(any(map(_is_text, _cells_of(row, layout.money))) for row in self.rows)
        counted = sum(any(map(_is_money, _cells_of(row, layout.accounts))) for row in self.rows)
        return bool(self.rows) and (
            _MANY * worded >= len(self.rows) or _MANY * counted >= len(self.rows) or self._loses(layout)
        )

    def misfit(self, blocks: Callable[[], Iterable[Block]], reader: RowReader, *, card: bool) -> bool:
        """Tell whether the file contradicts the columns by which ``reader`` reads it.

        What a card owes goes up with money out, so that its balances tell the other direction.
        """
        return bool(self.rows) and not card and self._turns(blocks, reader)

    def _loses(self, layout: Layout) -> bool:
        """Tell whether many rows have their amount in a column that is taken for nothing."""
        used = {*layout.columns.values(), *layout.names, *layout.texts, *layout.accounts}
        lost = 0
        for row in self.rows:
            here = {number for number, cell in enumerate(row.cells) if _is_money(cell)}
            lost += here.isdisjoint(layout.money) and not here <= used
        return lost > 0 and _MANY * lost >= len(self.rows)

    def _turns(self, blocks: Callable[[], Iterable[Block]], reader: RowReader) -> bool:
        """Tell whether balances follow only where money goes the other way."""
        columns = dict(reader.layout.columns)
        if Part.BALANCE not in columns:
            at = self.inferred.at(Part.BALANCE)
            if at is None or at in columns.values():
                return False
            layout = replace(reader.layout, columns={**columns, Part.BALANCE: at})
            reader = replace(reader, layout=layout, days={}, accounts={})
        return followed_by(blocks, reader).owed


def _cells_of(row: Row, numbers: Sequence[int]) -> list[str]:
    return [row.cells[number].strip() for number in numbers if number < len(row.cells)]


def _is_text(cell: str) -> bool:
    return any(map(str.isalpha, cell)) and written(cell) is None and not is_almost_amount(cell)


def _is_money(cell: str) -> bool:
    found = written(cell) if cell.strip() and len(cell) < 40 else None
    return found is not None and (found.signed or bool(found.unit) or not found.digits.isdigit())
