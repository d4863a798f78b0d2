"""Pages of records out of tables (CSV) that arrive as files; one bad row costs itself alone."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import BinaryIO

from raccord.plugin.contexts import FetchContext, SourceFile
from raccord.plugin.errors import SourceRefused
from raccord.plugin.fields import FieldError
from raccord.plugin.records import PAGE_RECORDS_MAX, Page, Record, Reject
from raccord.plugin.texts import Text

FILE_BYTES_MAX = 64 * 1024 * 1024
CELL_CHARS_MAX = 100_000
_EXCERPT_CHARS_MAX = 300
_DELIMITERS = (",", ";", "\t")

MakeRow = Callable[[Mapping[str, str]], Record]
"""Turns a row, its cells by the headings, into a record; ``ValueError`` and ``KeyError`` make it a reject."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSource:
    """Where a connector's tables come from; ``name`` begins the codes of its rejects (``acme.row``)."""

    name: str
    folder: str = ""
    """A folder of this server that is looked into as well; files that people hand in come by themselves."""


def table_page(
    context: FetchContext, source: TableSource, stream: str, cursor: str | None, make: MakeRow, *, first: bool = True
) -> Page:
    """Return the page of ``stream`` after ``cursor``: the rest of a file, or the next; of an id the last row counts.

    A row of which ``make`` cannot make a record becomes a reject with its file and line. ``first`` is true for the
    stream that also looks into the folder. A file is looked at once as a whole; each page then begins where the one
    before it ended, and holds no more than its own rows.
    """
    place = _Place.read(cursor)
    file = context.files.after(place.done)
    if file is None and source.folder and first:
        _scan(context, source)
        file = context.files.after(place.done)
    if file is None:
        return Page((), cursor, more=False)
    following = _Place(file.number).write()
    if not place.row and (why := _unreadable_file(file)) is not None:
        reject = Reject(stream, _where(file, 0), f"{source.name}.file", why)
        return Page((), following, more=context.files.after(file.number) is not None, rejects=(reject,))
    records: dict[str, Record] = {}
    rejects: list[Reject] = []
    with file.open() as opened:
        rows = _Rows(opened, place)
        for line, cells in islice(rows, PAGE_RECORDS_MAX):
            try:
                record = make(cells)
            except (ValueError, KeyError, TypeError) as error:
                raw = ", ".join(cells.values())[:_EXCERPT_CHARS_MAX]
                rejects.append(Reject(stream, _where(file, line), f"{source.name}.row", _unreadable(error), raw))
                continue
            records[record.source_id] = record
        here = rows.place
        if next(rows, None) is not None:
            return Page(list(records.values()), here.write(), more=True, rejects=rejects)
    more = context.files.after(file.number) is not None
    return Page(list(records.values()), following, more=more, rejects=rejects)


@dataclass(frozen=True, slots=True)
class _Place:
    """How many files are done, and of the next one how many rows, up to which byte and line."""

    done: int = 0
    row: int = 0
    offset: int = 0
    line: int = 0

    @classmethod
    def read(cls, cursor: str | None) -> _Place:
        """Read a cursor; one of an earlier version tells no byte."""
        return cls() if cursor is None else cls(*map(int, json.loads(cursor, parse_float=str)))

    def write(self) -> str:
        """Return the cursor."""
        return json.dumps([self.done, self.row, *([self.offset, self.line] if self.row else [])])


class _Lines:
    """The lines of a file from a byte on, as text; ``offset`` is where the next one begins."""

    def __init__(self, opened: BinaryIO, offset: int) -> None:
        opened.seek(offset)
        self._opened, self.offset = opened, offset
        self._left: list[bytes] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if not self._left:
            # Some programs end lines with a carriage return alone.
            self._left = self._opened.readline().splitlines(keepends=True)[::-1]
        if not self._left:
            raise StopIteration
        line = self._left.pop()
        text = line.decode("utf-8" if self.offset else "utf-8-sig")
        self.offset += len(line)
        return text


class _Rows:
    """The rows of a file that hold something, from a place on, with their lines; raises as ``csv`` and decoding do."""

    def __init__(self, opened: BinaryIO, place: _Place) -> None:
        delimiter = max(_DELIMITERS, key=next(_Lines(opened, 0), "").count)
        csv.field_size_limit(CELL_CHARS_MAX)
        lines = _Lines(opened, 0)
        head = csv.reader(lines, delimiter=delimiter)
        self._names = [name.strip() for name in next(head, [])]
        begins = replace(place, row=0, offset=lines.offset, line=head.line_num)
        self.place = place if place.offset else begins
        """Where the next row begins."""
        self._lines, self._above = _Lines(opened, self.place.offset), self.place.line
        self._cells = csv.reader(self._lines, delimiter=delimiter)
        for _ in islice(self, place.row - self.place.row):
            pass

    def __iter__(self) -> Iterator[tuple[int, Mapping[str, str]]]:
        return self

    def __next__(self) -> tuple[int, Mapping[str, str]]:
        for row in self._cells:
            line = self._above + self._cells.line_num
            row += [""] * (len(self._names) - len(row))
            cells = {name: cell for name, cell in zip(self._names, row, strict=False) if name}
            if any(cell.strip() for cell in cells.values()):
                self.place = replace(self.place, row=self.place.row + 1, offset=self._lines.offset, line=line)
                return line, cells
        raise StopIteration


def _scan(context: FetchContext, source: TableSource) -> None:
    try:
        context.files.scan(source.folder)
    except OSError as error:
        raise SourceRefused(
            Text(
                f"Le dossier {source.folder} ne se lit pas. Corrigez les réglages.",
                f"The folder {source.folder} cannot be read. Correct the settings.",
            )
        ) from error


def _unreadable_file(file: SourceFile) -> Text | None:
    """Return why a file is no table, of which no row is taken; nothing where all of it can be read."""
    if file.size > FILE_BYTES_MAX:
        return Text("Ce fichier est trop grand.", "This file is too large.")
    try:
        with file.open() as opened:
            for _ in _Rows(opened, _Place()):
                pass
    except (UnicodeDecodeError, csv.Error) as error:
        kind = type(error).__name__
        return Text(f"Ce fichier n'est pas un tableau lisible ({kind}).", f"This file is no readable table ({kind}).")
    return None


def _where(file: SourceFile, line: int) -> str:
    return f"{file.name[:120]} [{file.sha256[:8]}]:{line}"


def _unreadable(error: Exception) -> Text:
    if isinstance(error, FieldError):
        return error.reason
    what = str(error.args[0])[:80] if isinstance(error, KeyError) and error.args else type(error).__name__
    return Text(f"Cette ligne est illisible ({what}).", f"This row cannot be read ({what}).")
