"""Reads a table (CSV): columns by their headings, rows of one object together, one bad row alone left out."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from raccord.plugin.contract.asking import Asked, Said, ask, key_of, places_said
from raccord.plugin.contract.columns import Column, Shape, columns_of
from raccord.plugin.contract.objects import Contract, ObjectInfo
from raccord.plugin.contract.problems import Problem, problem

CELL_MAX = 100_000
_OBJECT = "object"
_DELIMITERS = (",", ";", "\t")


@dataclass(slots=True)
class Row:
    """An object of a table, or what is wrong with a row, and the line it begins on."""

    kind: str
    line: int
    value: dict[str, object] = field(default_factory=dict)
    problem: Problem | None = None
    raw: str = ""
    asked: Asked | None = None


def read_table(contract: Contract, name: str, text: str, said: Said, *, asks: bool = False) -> Iterator[Row]:
    """Yield the objects of a table; rows that follow each other with the same object and id are one object.

    A table that lacks columns is a problem, or where one ``asks`` a question.
    """
    lines = text.splitlines(keepends=True)
    delimiter = max(_DELIMITERS, key=lambda each: lines[0].count(each))
    reader = csv.reader(lines, delimiter=delimiter, strict=False)
    csv.field_size_limit(CELL_MAX)
    heads = [cell.strip().casefold() for cell in next(reader)]
    of_file = _named_by_file(contract, name)
    layouts: dict[str, _Layout] = {}
    current: Row | None = None
    for line, cells in _rows(reader):
        if isinstance(cells, Problem):
            yield from _ended(current)
            current = None
            yield Row("", line, problem=cells)
            continue
        if not any(cell.strip() for cell in cells):
            continue
        raw = delimiter.join(cells)[:300]
        if len(cells) != len(heads):
            yield from _ended(current)
            current = None
            yield Row("", line, problem=problem("row_length", raw=raw, found=len(cells), columns=len(heads)), raw=raw)
            continue
        info = contract.named(cells[heads.index(_OBJECT)]) if _OBJECT in heads else of_file
        if info is None:
            yield from _ended(current)
            current = None
            told = cells[heads.index(_OBJECT)] if _OBJECT in heads else name
            yield Row("", line, problem=unknown_object(contract, told, raw), raw=raw)
            if _OBJECT not in heads:
                return
            continue
        layout = layouts.get(info.name)
        if layout is None:
            answer = said.tables.get(key_of(info.name, heads), "")
            layout = layouts[info.name] = _Layout.of(info, heads, said.headings.get(info.name, {}), answer)
            yield from _told(info, layout, heads, asks=asks, answered=bool(answer))
        if layout.missing:
            continue
        value = layout.read(cells)
        if current is not None and current.kind == info.name and current.value.get("id") == value.get("id"):
            _join(current.value, value)
            continue
        yield from _ended(current)
        current = Row(info.name, line, value, raw=raw)
    yield from _ended(current)


def unknown_object(contract: Contract, told: str, raw: str) -> Problem:
    """Return the problem of something that is no object of the contract."""
    known = ", ".join(each.name for each in contract.objects)
    return problem("object_unknown", raw=raw, object=told[:60] or "?", known=known)


def _rows(reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str] | Problem]]:
    """Yield rows with the line they end on; a row that cannot be read is told and the next one is tried."""
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield _line_of(reader), problem("cell_too_long", limit=CELL_MAX)
            continue
        yield _line_of(reader), cells


def _line_of(reader: Iterator[list[str]]) -> int:
    return int(getattr(reader, "line_num", 0))


def _ended(row: Row | None) -> Iterator[Row]:
    if row is not None:
        yield row


def _named_by_file(contract: Contract, name: str) -> ObjectInfo | None:
    plain = name.casefold()
    for each in contract.objects:
        if plain.startswith((each.path, each.name, *each.words)):
            return each
    return None


def _told(info: ObjectInfo, layout: _Layout, heads: Sequence[str], *, asks: bool, answered: bool) -> Iterator[Row]:
    """Yield what is to be said of a table as a whole: that it lacks columns, or that they were told."""
    why = _missing(info, layout, heads) if layout.missing else None
    known = {place: column.name for place, column in layout.places}
    if asks and (why is not None or answered):
        yield Row(info.name, 1, asked=ask(info, heads, known, why))
    elif why is not None:
        yield Row(info.name, 1, problem=why)


def _missing(info: ObjectInfo, layout: _Layout, heads: Sequence[str]) -> Problem:
    return problem(
        "columns_missing",
        object=info.label,
        missing=", ".join(layout.missing),
        found=", ".join(head for head in heads if head)[:400] or "-",
    )


@dataclass(frozen=True, slots=True)
class _Layout:
    """Which cell of a row is which column of an object."""

    places: tuple[tuple[int, Column], ...]
    missing: tuple[str, ...]

    @classmethod
    def of(cls, info: ObjectInfo, heads: Sequence[str], said: Mapping[str, str], answer: str = "") -> _Layout:
        known = columns_of(info.model)
        words = {**{word.casefold(): name for word, name in info.headings.items()}, **said}
        places = places_said(info, heads, answer)
        for place, head in enumerate(heads):
            if place in places.values():
                continue
            name = said.get(head) or (head if head in known else words.get(head, ""))
            if name in known and name not in places:
                places[name] = place
        missing = tuple(each.name for each in known.values() if each.required and each.name not in places)
        return cls(tuple((place, known[name]) for name, place in places.items()), missing)

    def read(self, cells: Sequence[str]) -> dict[str, object]:
        """Return a row as JSON would say it: empty cells left out, parts and rows in their places."""
        value: dict[str, object] = {}
        rows: dict[str, dict[str, object]] = {}
        for place, column in self.places:
            cell = cells[place].strip()
            if not cell:
                continue
            match column.shape:
                case Shape.VALUE:
                    value[column.name] = cell
                case Shape.PART:
                    part = value.setdefault(column.path[0], {})
                    if isinstance(part, dict):
                        part[column.path[1]] = cell
                case Shape.ROW:
                    rows.setdefault(column.path[0], {})[column.path[1]] = cell
        for name, row in rows.items():
            value[name] = [row]
        return value


def _join(value: dict[str, object], more: Mapping[str, object]) -> None:
    """Add the rows of the next line of an object's lists."""
    for name, rows in more.items():
        known = value.get(name)
        if isinstance(rows, list) and isinstance(known, list):
            known.extend(rows)
        elif isinstance(rows, list):
            value[name] = rows
