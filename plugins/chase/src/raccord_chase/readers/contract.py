"""The published contract for merchants without DFR files: JSON, JSON lines or CSV, same names (see schemas/)."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import BinaryIO, Literal

from raccord_chase.facts import Fact
from raccord_chase.problems import Problem, problem
from raccord_chase.readers.contract_facts import GROUPED, OBJECTS, Expected, read_object, text_of
from raccord_chase.readers.dfr import ROWS_MAX, split_row
from raccord_chase.readers.lines import LINE_BYTES_MAX, Line, decode, first_text, read_lines

DOCUMENT_BYTES_MAX = 16 * 1024 * 1024
_LINE_COLUMNS = ("line_type", "line_ref", "line_amount", "line_description")


@dataclass(frozen=True, slots=True)
class ContractScan:
    """How a contract file is read; one with problems is not read at all."""

    form: Literal["csv", "lines", "document"]
    delimiter: str = ","
    columns: tuple[str, ...] = ()
    body: int = 0
    """The byte after the CSV header."""
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Located:
    """A fact or problem of the object kind ``of`` (empty: no known kind) and the place where reading goes on."""

    of: str
    item: Fact | Problem
    at: int
    """The line, or the object's ordinal, for messages."""
    offset: int
    line: int


def scan_contract(stream: BinaryIO, size: int) -> ContractScan | None:
    """Tell which form of the contract a file has; nothing where it is no contract file."""
    head = first_text(stream)
    if head.startswith(b"["):
        return _document(size)
    if head.startswith(b"{"):
        first = head.partition(b"\n")[0].rstrip()
        one_a_line = first.endswith(b"}") and b'"object"' in first and b'"data"' not in first
        return ContractScan("lines") if one_a_line else _document(size)
    header = next(read_lines(stream), None)
    if header is None or header.data is None:
        return None
    text = decode(header.data)
    for delimiter in (",", ";"):
        columns = tuple(cell.strip().lower() for cell in split_row(text, delimiter))
        if "object" in columns and "id" in columns:
            return ContractScan("csv", delimiter, columns, header.stop)
    return None


def read_contract(
    stream: BinaryIO, scan: ContractScan, sha256: str, expected: Expected, *, offset: int = 0, line: int = 0
) -> Iterator[Located]:
    """Yield facts and problems from a place on (``offset`` counts bytes, in a document objects)."""
    match scan.form:
        case "document":
            yield from _read_document(stream, sha256, expected, offset)
        case "lines":
            yield from _read_json_lines(stream, expected, offset, line or 1)
        case "csv":
            yield from _read_csv(stream, scan, expected, offset, line or 1)


def _document(size: int) -> ContractScan:
    too_large = (problem("file_too_large", limit=DOCUMENT_BYTES_MAX),) if size > DOCUMENT_BYTES_MAX else ()
    return ContractScan("document", problems=too_large)


def _read_document(stream: BinaryIO, sha256: str, expected: Expected, start: int) -> Iterator[Located]:
    stream.seek(0)
    objects = _objects(stream.read(DOCUMENT_BYTES_MAX + 1), sha256)
    if isinstance(objects, Problem):
        yield Located("", objects, 0, 1, 0)
        return
    for index, value in enumerate(objects[start:], start=start):
        yield _one(value, expected, index + 1, index + 1, 0)


# One document is kept between two pages, so that its pages do not each parse it anew.
@lru_cache(maxsize=1)
def _parsed(key: _Content) -> Sequence[object] | Problem:
    try:
        value = _loads(decode(key.content.removeprefix(b"\xef\xbb\xbf")))
    except (ValueError, RecursionError) as error:
        return problem("file_unreadable", format="JSON", detail=str(error)[:120])
    if isinstance(value, dict):
        value = value.get("data", [value])
    if not isinstance(value, list):
        return problem("file_unreadable", format="JSON", detail="“data”")
    return value if len(value) <= ROWS_MAX else problem("too_many_rows", limit=ROWS_MAX)


@dataclass(frozen=True, slots=True)
class _Content:
    """The bytes of a document; equal to another by hash only, so the cache does not compare megabytes."""

    content: bytes
    sha256: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Content) and other.sha256 == self.sha256

    def __hash__(self) -> int:
        return hash(self.sha256)


def _objects(content: bytes, sha256: str) -> Sequence[object] | Problem:
    return _parsed(_Content(content, sha256))


def _read_json_lines(stream: BinaryIO, expected: Expected, offset: int, number: int) -> Iterator[Located]:
    for line in read_lines(stream, offset=offset, number=number):
        if line.data is None:
            yield Located(
                "",
                problem("line_too_long", line=line.number, limit=LINE_BYTES_MAX),
                line.number,
                line.stop,
                line.number + 1,
            )
            continue
        try:
            value = _loads(decode(line.data))
        except (ValueError, RecursionError) as error:
            wrong = problem("file_unreadable", line=line.number, format="JSON", detail=str(error)[:120])
            yield Located("", wrong, line.number, line.stop, line.number + 1)
            continue
        yield _one(value, expected, line.number, line.stop, line.number + 1)


def _read_csv(stream: BinaryIO, scan: ContractScan, expected: Expected, offset: int, number: int) -> Iterator[Located]:
    """Yield one fact a row; rows of one charge or settlement stand together and make one fact."""
    group: list[Mapping[str, object]] = []
    stop, first_line, next_line = offset, number, number
    for line in read_lines(stream, offset=offset, number=number):
        if line.stop <= scan.body:
            continue  # the header
        row = _csv_row(line, scan)
        if group and (isinstance(row, Problem) or _key(row) != _key(group[0])):
            yield _one(_gathered(group), expected, first_line, stop, next_line)
            group = []
        stop, next_line = line.stop, line.number + 1
        if isinstance(row, Problem):
            yield Located("", row, line.number, stop, next_line)
        elif row["object"] in GROUPED:
            if not group:
                first_line = line.number
            group.append(row)
        else:
            yield _one(row, expected, line.number, stop, next_line)
    if group:
        yield _one(_gathered(group), expected, first_line, stop, next_line)


def _csv_row(line: Line, scan: ContractScan) -> Mapping[str, object] | Problem:
    if line.data is None:
        return problem("line_too_long", line=line.number, limit=LINE_BYTES_MAX)
    text = decode(line.data)
    try:
        cells = split_row(text, scan.delimiter)
    except csv.Error as error:
        return problem("file_unreadable", line=line.number, raw=text, format="CSV", detail=str(error))
    if len(cells) < len(scan.columns):
        return problem(
            "row_too_short", line=line.number, raw=text, report="CSV", found=len(cells), needed=len(scan.columns)
        )
    return dict(zip(scan.columns, (cell.strip() for cell in cells), strict=False))


def _key(row: Mapping[str, object]) -> tuple[object, object]:
    return row.get("object"), row.get("id")


def _gathered(rows: Sequence[Mapping[str, object]]) -> Mapping[str, object]:
    lines = [
        {name.removeprefix("line_"): row.get(name, "") for name in _LINE_COLUMNS}
        for row in rows
        if row.get("line_type")
    ]
    return {**{name: value for name, value in rows[0].items() if name not in _LINE_COLUMNS}, "lines": lines}


def _one(value: object, expected: Expected, place: int, offset: int, line: int) -> Located:
    if not isinstance(value, dict):
        return Located("", problem("bad_value", line=place, value=str(value)[:60], field="object"), place, offset, line)
    kind = text_of(value.get("object"))
    if kind not in OBJECTS:
        return Located("", problem("unknown_report", line=place, report=kind or "?", count=1), place, offset, line)
    return Located(kind, read_object(kind, value, place, expected), place, offset, line)


def _loads(text: str) -> object:
    return json.loads(text, parse_float=Decimal, parse_constant=_refuse_constant)


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not a number")
