"""Rows of a table that somebody or something damaged: an amount that is none, a mark that cut a cell in two."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from raccord_bankfeed.readers import text_faults
from raccord_bankfeed.readers.amounts import written
from raccord_bankfeed.readers.contract import Unreadable
from raccord_bankfeed.readers.days import parts_of
from raccord_bankfeed.readers.faults import Fault, RowFault
from raccord_bankfeed.readers.table import notes
from raccord_bankfeed.readers.table.layout import Layout
from raccord_bankfeed.readers.table.notes import NoTransaction
from raccord_bankfeed.readers.table.rows import DELIMITERS, Row, rows_of
from raccord_bankfeed.readers.table.words import Part
from raccord_bankfeed.readers.texts import excerpt

_TOLD_MAX = 50
_CELLS_MIN = 3
_ALMOST = re.compile(r"(?=.*[0-9])(?=.*[.,])(?!.*[A-Za-z].*[A-Za-z].*[A-Za-z])[0-9A-Za-z.,'+\-()$£€ \u00a0]{2,20}")
_DAY_ALIKE = re.compile(r"[0-9]{1,4}[^0-9A-Za-z ][0-9]{1,2}[^0-9A-Za-z ][0-9]{1,4}(?:[ T].*)?")
_AMOUNT_CHARS_MAX = 40
_CENTS = re.compile(r" *[0-9]{1,3}[^0-9.,]? *")


def is_almost_amount(cell: str) -> bool:
    """Tell whether a cell that is no amount is one but for a character or two: digits, a mark, two letters at most."""
    return _ALMOST.fullmatch(cell.strip()) is not None


def check_width(row: Row, layout: Layout) -> None:
    """Raise ``RowFault`` for a row with more cells than columns, unless it is a last text that holds the delimiter.

    ``12,30`` in a table that is cut at commas is twelve, and something else.
    """
    width = len(layout.titles)
    if len(row.cells) <= width or not any(cell.strip() for cell in row.cells[width:]):
        return
    ends_in_text = width - 1 in (*layout.names, *layout.texts)
    cut = any(_CENTS.fullmatch(row.cells[number + 1]) for number in layout.money)
    if not ends_in_text or cut:
        raise RowFault(text_faults.cells_extra(width, len(row.cells)))


def check_day(row: Row, text: str, fault: Fault) -> None:
    """Raise ``RowFault`` for a row without an amount where one should stand, with an amount elsewhere, and a day that
    cannot be read: it is no footer.
    """
    if _DAY_ALIKE.fullmatch(text) and any(
        len(cell) < _AMOUNT_CHARS_MAX and (found := written(cell)) is not None and not found.digits.isdigit()
        for cell in row.cells
    ):
        raise RowFault(fault)


def check_digits(row: Row, layout: Layout) -> None:
    """Raise ``NoTransaction`` for a row without a digit where day and amounts stand: names of columns, a title."""
    numbers = (layout.columns[Part.DATE], *layout.money)
    if not any(map(str.isdigit, "".join([row.cells[number] for number in numbers if number < len(row.cells)]))):
        raise NoTransaction(notes.NO_DATE)


def check_end(row: Row, layout: Layout, narrowest: int) -> None:
    """Raise ``RowFault`` for a last row without line end that has fewer cells than all the others: it is cut off."""
    width = len(row.cells)
    if width < min(narrowest, len(layout.titles)):
        raise RowFault(text_faults.row_cut_off(layout.titles[width]))


def damaged_rows(text: str) -> list[Unreadable]:
    """Return the rows of a text that would be transactions were their amount one; nothing where there are none.

    For files of which no row is a transaction: those have columns that can be told, or asked about.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return max((list(_damaged(lines, each)) for each in DELIMITERS), key=len)


def _damaged(lines: Sequence[str], delimiter: str) -> Iterator[Unreadable]:
    told = 0
    for row in rows_of(lines, delimiter):
        cells = row.cells
        if len(cells) < _CELLS_MIN or not any((parts := parts_of(cell)) and parts.days for cell in cells):
            continue
        number = next((n for n, cell in enumerate(cells) if parts_of(cell) is None and is_almost_amount(cell)), None)
        if number is not None and told < _TOLD_MAX:
            told += 1
            fault = text_faults.amount_unreadable(f"column {number + 1}", cells[number].strip())
            yield Unreadable(fault.code, fault.reason, row.line, row.start, excerpt(row.shown()))
