"""Tables (CSV) of objects, with the columns of their contract: what a twin exports and `contract_page` reads."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping

from raccord.plugin.contract.columns import Shape, columns_of
from raccord.plugin.contract.objects import Contract
from raccord.plugin.records import JSON


def write_table(contract: Contract, kind: str, values: Iterable[Mapping[str, JSON]], delimiter: str = ";") -> str:
    """Return the table of objects of a kind; what a list holds takes a row each. Raises ``LookupError``."""
    info = contract.named(kind)
    if info is None:
        raise LookupError(kind)
    columns = columns_of(info.model)
    target = io.StringIO()
    writer = csv.writer(target, delimiter=delimiter)
    writer.writerow(["object", *columns])
    for value in values:
        lists = {name.partition(".")[0] for name, column in columns.items() if column.shape is Shape.ROW}
        rows = max((len(_rows(value, name)) for name in lists), default=0) or 1
        for number in range(rows):
            writer.writerow([kind, *(_cell(value, column.path, column.shape, number) for column in columns.values())])
    return target.getvalue()


def _cell(value: Mapping[str, JSON], path: tuple[str, ...], shape: Shape, number: int) -> str:
    match shape:
        case Shape.VALUE:
            return _text(value.get(path[0])) if number == 0 or path[0] == "id" else ""
        case Shape.PART:
            part = value.get(path[0])
            return _text(part.get(path[1])) if isinstance(part, Mapping) and number == 0 else ""
        case Shape.ROW:
            rows = _rows(value, path[0])
            return _text(rows[number].get(path[1])) if number < len(rows) else ""


def _rows(value: Mapping[str, JSON], name: str) -> list[Mapping[str, JSON]]:
    rows = value.get(name)
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []


def _text(value: JSON) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return " | ".join(str(each) for each in value)
    return str(value)
