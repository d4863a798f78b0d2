"""Reads what arrived (an array, a message, one object a line, a table) into objects of a contract, each checked."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from pydantic import ValidationError

from raccord.plugin.contract.asking import Asked, Said
from raccord.plugin.contract.fields import ContractObject
from raccord.plugin.contract.objects import Contract, ObjectInfo
from raccord.plugin.contract.problems import Problem, problem, violation
from raccord.plugin.contract.table import read_table, unknown_object

FILE_BYTES_MAX = 16 * 1024 * 1024
OBJECTS_MAX = 100_000
PULLED = "pulled-"
"""Begins the name of a file that was pulled; the object's path follows."""


@dataclass(frozen=True, slots=True)
class Found:
    """An object of a kind, or why there is none; ``kind`` is empty where that is not known, ``line`` counts from 1."""

    kind: str
    line: int
    item: ContractObject | Problem | Asked


def read_objects(
    contract: Contract, name: str, content: bytes, said: Said | None = None, *, asks: bool = False
) -> Iterator[Found]:
    """Yield what a file holds, in its order; one bad row leaves the others."""
    if len(content) > FILE_BYTES_MAX:
        yield Found("", 0, problem("file_too_large", limit=FILE_BYTES_MAX >> 20))
        return
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        yield Found("", 0, problem("encoding", row=content.count(b"\n", 0, error.start) + 1))
        return
    head = text.lstrip()[:1]
    if not head:
        return
    found_there = (
        _json(contract, name, text) if head in "[{" else _table(contract, name, text, said or Said(), asks=asks)
    )
    for seen, found in enumerate(found_there, 1):
        if seen > OBJECTS_MAX:
            yield Found("", 0, problem("too_many_objects", limit=OBJECTS_MAX))
            return
        yield found


def _table(contract: Contract, name: str, text: str, said: Said, *, asks: bool) -> Iterator[Found]:
    for row in read_table(contract, name, text, said, asks=asks):
        if row.asked is not None:
            yield Found(row.kind, row.line, row.asked)
            continue
        if row.problem is not None:
            yield Found(row.kind, row.line, row.problem)
            continue
        info = contract.named(row.kind)
        if info is not None:
            yield Found(info.name, row.line, _checked(info, row.value, row.raw))


def _json(contract: Contract, name: str, text: str) -> Iterator[Found]:
    whole = _loaded(text)
    if isinstance(whole, Problem):
        lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
        first = _loaded(lines[0][1])
        if isinstance(first, Problem) or not isinstance(first, dict) or len(lines) == 1:
            yield Found("", 0, whole)
            return
        for number, line in lines:
            value = _loaded(line)
            yield Found("", number, value) if isinstance(value, Problem) else _one(contract, "", value, number)
        return
    kind = _kind_of_file(contract, name)
    if isinstance(whole, dict) and "data" in whole:
        # A message says its kind around its data: {"type": "invoice.updated", "data": {…}}.
        kind = str(whole.get("object") or str(whole.get("type") or "").partition(".")[0] or kind)
        whole = whole["data"]
    for number, value in enumerate(whole if isinstance(whole, list) else [whole], 1):
        yield _one(contract, kind, value, number)


def _kind_of_file(contract: Contract, name: str) -> str:
    if not name.startswith(PULLED):
        return ""
    path = name.removeprefix(PULLED).rpartition("-")[0]
    info = contract.named(path)
    return "" if info is None else info.name


def _one(contract: Contract, kind: str, value: object, number: int) -> Found:
    raw = str(value)[:300]
    if not isinstance(value, dict):
        return Found("", number, unknown_object(contract, raw, raw))
    told = str(value.get("object") or kind)
    info = contract.named(told)
    if info is None:
        return Found("", number, unknown_object(contract, told, raw))
    return Found(info.name, number, _checked(info, value, raw))


def _checked(info: ObjectInfo, value: Mapping[str, object], raw: str) -> ContractObject | Problem:
    try:
        return info.model.model_validate(_without_empty(value))
    except ValidationError as error:
        return violation(info.label, str(value.get("id") or "?")[:100], error, raw)


def _without_empty(value: object) -> object:
    """Leave out what is empty, for an empty cell and a null say the same."""
    if isinstance(value, Mapping):
        return {str(name): _without_empty(each) for name, each in value.items() if each is not None and each != ""}
    if isinstance(value, list):
        return [_without_empty(each) for each in value]
    return value


def _loaded(text: str) -> object:
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        return problem("not_json", raw=text[:200], detail=str(error)[:80])


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not a number")
