"""Rows of a delimited text: cut from lines, over which a quoted cell may go on."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, repeat
from typing import NamedTuple

from raccord_bankfeed.readers.amounts import written
from raccord_bankfeed.readers.days import parts_of

DELIMITERS = (",", ";", "\t", "|")
ROW_LINES_MAX = 25
ROW_CHARS_MAX = 20_000
_SAMPLE_ROWS = 200
_CELLS_MAX = 200
_BATCH_LINES = 2048
"""More are not cut at once: so many short ones make a piece of a file."""
_QUOTED = "\1"
"""Stands for a quoted cell, where it does not stand in the text."""
_NUMBER = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?")
"""The usual amount, which need not be taken apart to see that it is one."""


class Row(NamedTuple):
    """One row: its cells, the line and the character at which it starts."""

    cells: list[str]
    line: int
    start: int

    def shown(self) -> str:
        """Return the row as one text, for excerpts."""
        return " | ".join(cell.strip() for cell in self.cells if cell.strip())


class Block:
    """Rows that follow one another, not more than were cut at once.

    They are cut to cells or to columns, and made of the others only where somebody asks for them.
    """

    def __init__(
        self,
        lines: Sequence[int],
        starts: Callable[[], Sequence[int]],
        cells: Sequence[list[str]] | None = None,
        columns: Sequence[Sequence[str]] | None = None,
    ) -> None:
        self.lines = lines
        self._starts_of = starts
        self._starts: Sequence[int] | None = None
        self._cells = cells
        self._columns = columns

    def __len__(self) -> int:
        """Return how many rows there are."""
        return len(self.lines)

    def __iter__(self) -> Iterator[Row]:
        """Go through the rows."""
        return map(Row, self.cells, self.lines, self.starts)

    @property
    def starts(self) -> Sequence[int]:
        """The character at which each row starts."""
        if self._starts is None:
            self._starts = self._starts_of()
        return self._starts

    @property
    def cells(self) -> Sequence[list[str]]:
        """The cells of each row."""
        if self._cells is None:
            self._cells = list(map(list, zip(*self.columns(), strict=True)))
        return self._cells

    def part(self, first: int, after: int) -> Block:
        """Return some of the rows."""
        cells = None if self._columns else self.cells[first:after]
        columns = [column[first:after] for column in self._columns] if self._columns else None
        return Block(self.lines[first:after], lambda: self.starts[first:after], cells, columns)

    def columns(self) -> Sequence[Sequence[str]]:
        """Return the cells column by column; no columns where two rows have not as many cells."""
        if self._columns is None:
            try:
                self._columns = list(zip(*self.cells, strict=True))
            except ValueError:
                self._columns = ()
        return self._columns


class RowCutter:
    """Puts lines together to rows; a quote that is never closed is a letter like others."""

    def __init__(self, delimiter: str) -> None:
        self._delimiter = delimiter
        self._formula = re.compile(rf'(^|{re.escape(delimiter)})="')
        """Keeps spreadsheets from changing what they open: ``="0012"`` is the text in the quotes."""
        self._open: list[tuple[str, int, int]] = []
        self._size = 0

    def cut(self, text: str, line: int, start: int) -> Block:
        """Take whole lines, of which ``line`` and ``start`` are the first's; return the rows that end in them."""
        count, quoted = text.count("\n"), '"' in text
        numbers = range(line, line + count)

        def starts() -> list[int]:
            return list(accumulate(map((1).__add__, map(len, text.split("\n"))), initial=start))[:count]

        formulas = quoted and '="' in text
        if not (formulas or self._open):
            columns = self._unquoted(text, count) if quoted else self._columns(self._apart(text[:-1]), count)
            if columns is not None:
                return Block(numbers, starts, columns=columns)
        lines = text.split("\n")[:-1]
        if formulas:
            lines = [self._formula.sub(r'\1"', each) for each in lines]
        if not self._open and (not quoted or not any(map((1).__and__, map(str.count, lines, repeat('"'))))):
            cells = list(csv.reader(lines, delimiter=self._delimiter))
            if len(cells) == len(lines) and max(map(len, cells), default=0) <= _CELLS_MAX:
                return Block(numbers, starts, cells)
        rows = zip(lines, numbers, starts(), strict=True)
        return block_of([row for each, number, at in rows for row in self.add(each, number, at)])

    def _apart(self, text: str) -> str:
        """Make each line end a cell of its own."""
        return text.replace("\n", f"{self._delimiter}\n{self._delimiter}")

    def _columns(self, apart: str, count: int, inside: Sequence[str] = ()) -> Sequence[Sequence[str]] | None:
        """Return the columns of so many lines that have as many cells, at least two; nothing where they have not.

        ``inside`` are the cells that stood in quotes, for each of which one that says so stands in the text.
        """
        cells = apart.split(self._delimiter)
        every, over = divmod(len(cells) + 1, max(count, 1))
        if over or not 2 < every <= _CELLS_MAX + 1 or cells[every - 1 :: every] != ["\n"] * (count - 1):
            return None
        columns = [cells[at::every] for at in range(every - 1)]
        if inside:
            quoted = [at for at, cell in enumerate(cells[: every - 1]) if cell == _QUOTED]
            if len(inside) == len(quoted) * count and all(columns[at].count(_QUOTED) == count for at in quoted):
                for number, at in enumerate(quoted):
                    columns[at] = list(inside[number :: len(quoted)])
            else:
                following = iter(inside)
                cells = [next(following) if cell == _QUOTED else cell for cell in cells]
                columns = [cells[at::every] for at in range(every - 1)]
        return columns

    def _unquoted(self, text: str, count: int) -> Sequence[Sequence[str]] | None:
        """Return the columns of lines whose quotes stand around whole cells and nowhere else, if all have as many."""
        delimiter = self._delimiter
        if delimiter not in DELIMITERS or _QUOTED in text:
            return None
        # A delimiter stands before and after each cell; every second part was in quotes.
        parts = self._apart(f"\n{text}").split('"')
        outside, inside = _QUOTED.join(parts[::2]), parts[1::2]
        begun, ended = outside.count(f"{delimiter}{_QUOTED}"), outside.count(f"{_QUOTED}{delimiter}")
        if not len(parts) - 1 == 2 * len(inside) == 2 * begun == 2 * ended:
            return None
        return self._columns(outside[3:-3], count, inside)

    def add(self, text: str, line: int, start: int) -> Sequence[Row]:
        """Take a line; return the rows that end with it."""
        if not self._open and '"' not in text:
            return (Row(text.split(self._delimiter, _CELLS_MAX), line, start),)
        self._open.append((text, line, start))
        self._size += len(text)
        if self._closed():
            return (self._joined(),)
        if len(self._open) > ROW_LINES_MAX or self._size > ROW_CHARS_MAX:
            return tuple(self._gave_up())
        return ()

    def end(self) -> Iterator[Row]:
        """Yield what is still open at the end of the file."""
        while self._open:
            yield from self._gave_up()

    def _closed(self) -> bool:
        inside = False
        for text, _, _ in self._open:
            inside = self._inside_after(text, inside)
        return not inside

    def _inside_after(self, text: str, inside: bool) -> bool:
        """Tell whether a quoted cell is open after a line; a quote opens one only where a cell begins."""
        if not inside and text.count('"') % 2 == 0:
            return False
        at = 0
        while True:
            if inside:
                at = text.find('"', at)
                if at < 0:
                    return True
                if text[at + 1 : at + 2] == '"':
                    at += 2
                    continue
                inside, at = False, at + 1
            else:
                at = _opening(text, self._delimiter, at)
                if at < 0:
                    return False
                inside, at = True, at + 1

    def _joined(self) -> Row:
        lines, self._open, self._size = self._open, [], 0
        text = "\n".join(part for part, _, _ in lines)
        cells = next(
            csv.reader([text] if "\n" not in text else text.splitlines(keepends=True), delimiter=self._delimiter), []
        )
        return Row(cells[:_CELLS_MAX], lines[0][1], lines[0][2])

    def _gave_up(self) -> Iterator[Row]:
        (text, line, start), *rest = self._open
        self._open, self._size = [], 0
        yield Row(text.split(self._delimiter, _CELLS_MAX), line, start)
        for part, number, at in rest:
            yield from self.add(part, number, at)


def _opening(text: str, delimiter: str, at: int) -> int:
    """Return where the next quote stands that opens a cell, or -1."""
    while (found := text.find('"', at)) >= 0:
        before = text[:found].rstrip(" ")
        if not before or before.endswith(delimiter):
            return found
        at = found + 1
    return -1


def block_of(rows: Sequence[Row]) -> Block:
    """Put rows together."""
    return Block([row.line for row in rows], lambda: [row.start for row in rows], [row.cells for row in rows])


def batches_of(text: str) -> Iterator[tuple[str, int]]:
    """Yield whole lines, as many at once as make a block, and how many they are."""
    count = text.count("\n")
    if count <= _BATCH_LINES:
        yield from [(text, count)] if count else []
        return
    lines = text.split("\n")
    for at in range(0, count, _BATCH_LINES):
        after = min(at + _BATCH_LINES, count)
        yield "\n".join((*lines[at:after], "")), after - at


def blocks_of(texts: Iterable[str], delimiter: str) -> Iterator[Block]:
    """Yield the rows of texts, each of whole lines, block by block."""
    cutter, number, start = RowCutter(delimiter), 1, 0
    for text in texts:
        for some, count in batches_of(text):
            yield cutter.cut(some, number, start)
            number, start = number + count, start + len(some)
    yield block_of(list(cutter.end()))


def is_one(column: Sequence[str]) -> bool:
    """Tell whether all cells of some rows, at least one, say the same."""
    return column.count(column[0]) == len(column)


def rows_of(lines: Sequence[str], delimiter: str) -> Iterator[Row]:
    """Yield the rows of some lines."""
    for block in blocks_of(["".join(f"{line}\n" for line in lines)], delimiter):
        yield from block


def delimiter_of(lines: list[str], is_header: Callable[[list[str]], bool]) -> str:
    """Return the delimiter under which most rows are transactions, or at least one is a header; nothing if none."""
    if stated := _stated(lines):
        return stated
    best, chosen = (0, 0, 0), ""
    for delimiter in DELIMITERS:
        wide = list(_wide(lines, delimiter))
        score = (
            sum(map(is_transaction, wide)),
            sum(map(is_header, wide)),
            max((len(cells) for cells in wide), default=0),
        )
        if score[:2] > (0, 0) and score > best:
            best, chosen = score, delimiter
    return chosen


def holds_table(lines: list[str], is_header: Callable[[list[str]], bool]) -> bool:
    """Tell whether :func:`delimiter_of` finds one; the first row that is a transaction, or a header, is enough."""
    rows = (cells for delimiter in DELIMITERS for cells in _wide(lines, delimiter))
    return _stated(lines) != "" or any(is_transaction(cells) or is_header(cells) for cells in rows)


def _stated(lines: list[str]) -> str:
    """Return the delimiter that the first line states, for spreadsheets."""
    text = lines[0].strip() if lines and lines[0].lower().startswith("sep=") else ""
    return text[4] if len(text) == 5 else ""


def _wide(lines: list[str], delimiter: str) -> Iterator[list[str]]:
    """Yield the first rows that a delimiter cuts."""
    some = lines[:_SAMPLE_ROWS]
    if any(delimiter in line for line in some):
        yield from (row.cells for row in rows_of(some, delimiter) if len(row.cells) > 1)


def usual_rows(rows: list[Row]) -> list[Row]:
    """Return the rows whose day stands in the column in which most have it; others tell of the account."""
    where = [next((at for at, cell in enumerate(row.cells) if _is_day(cell)), -1) for row in rows]
    # Read from the end, so that of as many the later ones count: what tells of the account stands above.
    usual = Counter(reversed(where)).most_common(1)
    return [row for row, at in zip(rows, where, strict=True) if at == usual[0][0]]


def is_transaction(cells: list[str]) -> bool:
    """Tell whether a row has a date and, in another cell, an amount."""
    dated = moved = False
    for cell in cells:
        if len(cell) < 60 and _is_day(cell):
            dated = True
        elif len(cell) < 40 and (_NUMBER.fullmatch(cell) is not None or written(cell) is not None):
            moved = True
        if dated and moved:
            return True
    return False


def _is_day(cell: str) -> bool:
    parts = parts_of(cell)
    return parts is not None and bool(parts.days)
