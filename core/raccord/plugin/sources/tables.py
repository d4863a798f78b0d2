"""Pages of records out of tables (CSV) that arrive as files; one bad row costs itself alone."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

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
    stream that also looks into the folder.
    """
    done, row = _place(cursor)
    file = context.files.after(done)
    if file is None and source.folder and first:
        _scan(context, source)
        file = context.files.after(done)
    if file is None:
        return Page((), cursor, more=False)
    records: dict[str, Record] = {}
    rejects: list[Reject] = []
    rows = _rows(file, source, stream, rejects if row == 0 else [])
    for line, cells in rows[row : row + PAGE_RECORDS_MAX]:
        try:
            record = make(cells)
        except (ValueError, KeyError, TypeError) as error:
            raw = ", ".join(cells.values())[:_EXCERPT_CHARS_MAX]
            rejects.append(Reject(stream, _where(file, line), f"{source.name}.row", _unreadable(error), raw))
            continue
        records[record.source_id] = record
    if row + PAGE_RECORDS_MAX < len(rows):
        return Page(list(records.values()), json.dumps([done, row + PAGE_RECORDS_MAX]), more=True, rejects=rejects)
    more = context.files.after(file.number) is not None
    return Page(list(records.values()), json.dumps([file.number, 0]), more=more, rejects=rejects)


def _place(cursor: str | None) -> tuple[int, int]:
    """Return how many files are done, and how many rows of the next one."""
    if cursor is None:
        return 0, 0
    done, row = json.loads(cursor, parse_float=str)
    return int(done), int(row)


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


def _rows(
    file: SourceFile, source: TableSource, stream: str, rejects: list[Reject]
) -> list[tuple[int, Mapping[str, str]]]:
    """Return the rows of a file with their lines; what is no table is one reject."""
    found: list[tuple[int, Mapping[str, str]]] = []
    if file.size > FILE_BYTES_MAX:
        why = Text("Ce fichier est trop grand.", "This file is too large.")
        rejects.append(Reject(stream, _where(file, 0), f"{source.name}.file", why))
        return found
    with file.open() as opened:
        content = opened.read()
    try:
        text = content.decode("utf-8-sig")
        lines = text.splitlines(keepends=True)
        delimiter = max(_DELIMITERS, key=lambda each: lines[0].count(each)) if lines else ","
        csv.field_size_limit(CELL_CHARS_MAX)
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, restkey="", restval="")
        for row in reader:
            cells = {str(name).strip(): value for name, value in row.items() if name and isinstance(value, str)}
            if any(cell.strip() for cell in cells.values()):
                found.append((reader.line_num, cells))
    except (UnicodeDecodeError, csv.Error) as error:
        kind = type(error).__name__
        why = Text(f"Ce fichier n'est pas un tableau lisible ({kind}).", f"This file is no readable table ({kind}).")
        rejects.append(Reject(stream, _where(file, 0), f"{source.name}.file", why))
        found.clear()
    return found


def _where(file: SourceFile, line: int) -> str:
    return f"{file.name[:120]} [{file.sha256[:8]}]:{line}"


def _unreadable(error: Exception) -> Text:
    if isinstance(error, FieldError):
        return error.reason
    what = str(error.args[0])[:80] if isinstance(error, KeyError) and error.args else type(error).__name__
    return Text(f"Cette ligne est illisible ({what}).", f"This row cannot be read ({what}).")
