"""Runs a parsed query over the tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from raccord_sandbox.clock import moment_of
from raccord_sandbox.company import Company
from raccord_sandbox.entities.kind import Family, Kind, Operation
from raccord_sandbox.entities.registry import KINDS
from raccord_sandbox.faults import Doc
from raccord_sandbox.operations import shown
from raccord_sandbox.query import Comparison, Condition, Query, parse, validation_error
from raccord_sandbox.table import EQUALITY, UPDATED, Table

CORE = ("Id", "SyncToken", "MetaData", "domain")
ARRAYS = frozenset({"AttachableRef"})
"""Arrays whose elements can be asked for."""
BY_NAME = {name: kind for kind in KINDS.values() for name in (kind.name.lower(), kind.path)}


def run(company: Company, statement: str, include: Iterable[str] = ()) -> Doc:
    """Execute a statement and return the `QueryResponse` block; `include` is as in a read."""
    query = parse(statement, cap=bool(company.settings.get("cap_max_results")))
    kind = BY_NAME.get(query.entity.lower())
    if kind is None or Operation.QUERY not in kind.operations:
        raise validation_error(f"Entity {query.entity} is not queryable")
    conditions = [_known(kind, condition) for condition in query.conditions]
    if kind.family is Family.LIST and not any(condition.name == "Active" for condition in conditions):
        conditions.append(Condition("Active", Comparison.EQUAL, ("true",)))
    order = [(_property(kind, name), descending) for name, descending in query.order]
    _check_projection(kind, query)
    table = company.table(kind.name)
    tests = [*_tests(conditions)]
    found = []
    for doc in _candidates(table, conditions):
        # Balances are computed at reading, so a condition on one needs the shown object.
        seen = shown(company, kind, doc) if _needs_render(kind, conditions, order) else doc
        if all(test(seen) for test in tests):
            found.append(seen)
    if query.count:
        return {"totalCount": len(found)}
    for name, descending in reversed(order):
        found.sort(key=lambda doc, name=name: _sort_key(_value(doc, name)), reverse=descending)  # type: ignore[misc]
    page = [shown(company, kind, doc, include) for doc in found[query.start - 1 : query.start - 1 + query.limit]]
    if not page:
        return {}
    answer: Doc = {
        kind.name: [_projected(kind, doc, query) for doc in page],
        "startPosition": query.start,
        "maxResults": len(page),
    }
    if query.start == 1 and len(page) == len(found):
        answer["totalCount"] = len(found)
    return answer


def _property(kind: Kind, name: str) -> str:
    for known in kind.queryable:
        if known.lower() == name.lower():
            return known
    if any(known.lower() == name.lower() for known in (*kind.properties, *kind.computed)):
        raise validation_error(f"property '{name}' is not queryable")
    raise validation_error(f"Property {name} not found for Entity {kind.name}")


def _known(kind: Kind, condition: Condition) -> Condition:
    return Condition(_property(kind, condition.name), condition.comparison, condition.values)


def _needs_render(kind: Kind, conditions: list[Condition], order: list[tuple[str, bool]]) -> bool:
    names = {condition.name for condition in conditions} | {name for name, _ in order}
    return kind.render is not None and bool(names & {"Balance", "CurrentBalance"})


def _candidates(table: Table, conditions: list[Condition]) -> Iterable[Doc]:
    """Return the smallest set an index offers, in order of creation."""
    best: list[str] | None = None
    for condition in conditions:
        keys = _indexed(table, condition)
        if keys is not None and (best is None or len(keys) < len(best)):
            best = keys
    if best is None:
        return table
    docs = [table.get(key) for key in sorted(set(best), key=table.serial)]
    return [doc for doc in docs if doc is not None]


def _indexed(table: Table, condition: Condition) -> list[str] | None:
    exact = condition.comparison in (Comparison.EQUAL, Comparison.IN)
    if condition.name == "Id" and exact:
        return [key for key in condition.values if table.get(key) is not None]
    if condition.name in EQUALITY and exact:
        return [key for value in condition.values for key in table.having(condition.name, value)]
    if condition.name == "TxnDate":
        first, last = _range(condition, "", "9999-12-31")
        return None if first is None else list(table.dated(first, last))
    if condition.name == UPDATED:
        moment = _instant(condition.values[0])
        match condition.comparison:
            case Comparison.GREATER | Comparison.GREATER_OR_EQUAL:
                return list(table.updated(moment, float("inf")))
            case Comparison.LESS | Comparison.LESS_OR_EQUAL:
                return list(table.updated(float("-inf"), moment))
            case Comparison.EQUAL:
                return list(table.updated(moment, moment))
            case _:
                return None
    return None


def _range(condition: Condition, low: str, high: str) -> tuple[str | None, str]:
    value = condition.values[0]
    match condition.comparison:
        case Comparison.GREATER | Comparison.GREATER_OR_EQUAL:
            return value, high
        case Comparison.LESS | Comparison.LESS_OR_EQUAL:
            return low, value
        case _:
            return None, high


def _tests(conditions: list[Condition]) -> Iterator[Callable[[Doc], bool]]:
    """Yield one test for each property, and one for all that ask of the elements of the same array."""
    arrays: dict[str, list[Condition]] = {}
    for condition in conditions:
        array, _, rest = condition.name.partition(".")
        if array in ARRAYS:
            arrays.setdefault(array, []).append(replace(condition, name=rest))
        else:
            yield _test(condition)
    for array, asked in arrays.items():
        yield _any_element(array, [_test(condition) for condition in asked])


def _any_element(array: str, tests: list[Callable[[Doc], bool]]) -> Callable[[Doc], bool]:
    """Return a test that one and the same element of the array passes all of `tests`."""
    return lambda doc: any(all(test(element) for test in tests) for element in doc.get(array, []))


def _test(condition: Condition) -> Callable[[Doc], bool]:
    name = condition.name
    match condition.comparison:
        case Comparison.LIKE:
            pattern = re.compile(
                ".*".join(re.escape(part) for part in condition.values[0].split("%")), re.IGNORECASE | re.DOTALL
            )
            return lambda doc: pattern.fullmatch(_text(_value(doc, name))) is not None
        case Comparison.EQUAL | Comparison.IN:
            wanted = condition.values
            return lambda doc: any(_compare(_value(doc, name), value, name) == 0 for value in wanted)
        case Comparison.LESS:
            return lambda doc: _ordered(_value(doc, name), condition, lambda sign: sign < 0)
        case Comparison.LESS_OR_EQUAL:
            return lambda doc: _ordered(_value(doc, name), condition, lambda sign: sign <= 0)
        case Comparison.GREATER:
            return lambda doc: _ordered(_value(doc, name), condition, lambda sign: sign > 0)
        case Comparison.GREATER_OR_EQUAL:
            return lambda doc: _ordered(_value(doc, name), condition, lambda sign: sign >= 0)


def _ordered(value: Any, condition: Condition, accept: Callable[[int], bool]) -> bool:
    sign = _compare(value, condition.values[0], condition.name)
    return sign is not None and accept(sign)


def _value(doc: Doc, name: str) -> Any:
    value: Any = doc
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value["value"] if isinstance(value, dict) and "value" in value else value


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _compare(value: Any, text: str, name: str) -> int | None:
    """Return the sign of value minus text, None where the property is absent."""
    if value is None:
        return None
    left: Any
    right: Any
    if isinstance(value, bool):
        left, right = value, text.lower() == "true"
    elif isinstance(value, (int, Decimal)):
        try:
            left, right = Decimal(value), Decimal(text)
        except InvalidOperation as error:
            raise validation_error(f"value {text} of property {name} is not a number") from error
    elif name.startswith("MetaData."):
        left, right = _instant(value), _instant(text)
    elif name == "Id" and value.isdigit() and text.isdigit():
        left, right = int(value), int(text)
    else:
        left, right = value.lower(), text.lower()
    return int(left > right) - int(left < right)


@lru_cache(maxsize=4096)
def _instant(text: str) -> float:
    moment = moment_of(text)
    if moment is None:
        raise validation_error(f"value {text} is not a date")
    return moment.timestamp()


def _sort_key(value: Any) -> tuple[int, Any]:
    """Order absent values first, numbers as numbers and text without case."""
    match value:
        case None:
            return 0, 0
        case bool() | int() | Decimal():
            return 1, Decimal(value)
        case str() if value.isdigit():
            return 1, Decimal(value)
        case _:
            return 2, str(value).lower()


def _check_projection(kind: Kind, query: Query) -> None:
    known = {name.lower() for name in (*kind.properties, *kind.computed, *kind.kept, *CORE, "sparse")}
    for name in query.names:
        if name.split(".")[0].lower() not in known:
            raise validation_error(f"Property {name} not found for Entity {kind.name}")


def _projected(kind: Kind, doc: Doc, query: Query) -> Doc:
    if not query.names:
        return doc
    wanted = {name.split(".")[0].lower() for name in query.names}
    kept = {name: value for name, value in doc.items() if name.lower() in wanted or name in CORE}
    return {**kept, "sparse": True}
