"""Conditions of a query: checked against the entity's properties, and turned into tests of its objects."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from raccord_sandbox.clock import moment_of
from raccord_sandbox.entities.kind import Kind
from raccord_sandbox.querying.query import Comparison, Condition, validation_error
from raccord_sandbox.refusing.faults import Doc
from raccord_sandbox.schema import Day, Flag, Number, Whole

AMOUNTS = frozenset({"Amount", "Balance", "CurrentBalance", "Size", "TotalAmt", "UnappliedAmt"})
"""Computed properties that are numbers."""
ARRAYS = frozenset({"AttachableRef"})
"""Arrays whose elements can be asked for."""


def property_of(kind: Kind, name: str) -> str:
    """Return a property as the entity spells it. Raises 4001 for one that is unknown or cannot be asked for."""
    for known in kind.queryable:
        if known.lower() == name.lower():
            return known
    if any(known.lower() == name.lower() for known in (*kind.properties, *kind.computed)):
        raise validation_error(f"property '{name}' is not queryable")
    raise validation_error(f"Property {name} not found for Entity {kind.name}")


def checked(kind: Kind, condition: Condition) -> Condition:
    """Return a condition with its property as the entity spells it and values of the property's type."""
    name = property_of(kind, condition.name)
    known = kind.properties.get(name)
    if isinstance(known, Flag):
        read, what = _boolean, "a boolean"
    elif isinstance(known, (Number, Whole)) or name in AMOUNTS:
        read, what = _number, "a number"
    elif isinstance(known, Day):
        read, what = _day, "a date"
    elif name.startswith("MetaData."):
        read, what = _moment, "a date"
    else:
        if condition.comparison is Comparison.NOT_EQUAL and name == "Id":
            raise validation_error("operator != is not supported for property Id")
        return replace(condition, name=name)
    if condition.comparison is Comparison.LIKE:
        raise validation_error(f"operator LIKE is not supported for property {name}")
    values = []
    for value in condition.values:
        found = read(value)
        if found is None:
            raise validation_error(f"value {value} of property {name} is not {what}")
        values.append(found)
    return Condition(name, condition.comparison, tuple(values))


def tests_of(conditions: list[Condition]) -> Iterator[Callable[[Doc], bool]]:
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


def value_of(doc: Doc, name: str) -> Any:
    """Return the value of a property, that of a reference being its id."""
    value: Any = doc
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value["value"] if isinstance(value, dict) and "value" in value else value


def sort_key(value: Any) -> tuple[int, Any]:
    """Order absent values first, numbers as numbers and text without case."""
    match value:
        case None:
            return 0, 0
        case bool() | int() | Decimal():
            return 1, Decimal(value)
        case str() if value.isdecimal():
            return 1, Decimal(value)
        case _:
            return 2, str(value).lower()


@lru_cache(maxsize=4096)
def instant_of(text: str) -> float:
    """Return a time as seconds. Raises 4001."""
    moment = moment_of(text)
    if moment is None:
        raise validation_error(f"value {text} is not a date")
    return moment.timestamp()


def _boolean(text: str) -> str | None:
    return text.lower() if text.lower() in ("true", "false") else None


def _number(text: str) -> str | None:
    try:
        return text if Decimal(text).is_finite() and "_" not in text else None
    except InvalidOperation:
        return None


def _day(text: str) -> str | None:
    """Return the date of a date or date-time."""
    return text[:10] if moment_of(text) is not None else None


def _moment(text: str) -> str | None:
    return text if moment_of(text) is not None else None


def _any_element(array: str, tests: list[Callable[[Doc], bool]]) -> Callable[[Doc], bool]:
    """Return a test that one and the same element of the array passes all of `tests`."""
    return lambda doc: any(all(test(element) for test in tests) for element in doc.get(array, []))


def _like(pattern: str) -> Callable[[str], bool]:
    """Return a test where `%` is any text; a regular expression could take years over a few dozen of them."""
    first, *parts = pattern.lower().split("%")
    if not parts:
        return lambda text: text.lower() == first
    *middle, last = parts

    def fits(text: str) -> bool:
        text = text.lower()
        place, end = len(first), len(text) - len(last)
        if place > end or not text.startswith(first) or not text.endswith(last):
            return False
        for part in middle:
            found = text.find(part, place, end)
            if found < 0:
                return False
            place = found + len(part)
        return True

    return fits


def _test(condition: Condition) -> Callable[[Doc], bool]:
    name = condition.name
    match condition.comparison:
        case Comparison.LIKE:
            fits = _like(condition.values[0])
            return lambda doc: fits(_text(value_of(doc, name)))
        case Comparison.EQUAL | Comparison.IN:
            wanted = condition.values
            return lambda doc: any(_compare(value_of(doc, name), value, name) == 0 for value in wanted)
        case Comparison.NOT_EQUAL:
            return lambda doc: _ordered(value_of(doc, name), condition, lambda sign: sign != 0)
        case Comparison.LESS:
            return lambda doc: _ordered(value_of(doc, name), condition, lambda sign: sign < 0)
        case Comparison.LESS_OR_EQUAL:
            return lambda doc: _ordered(value_of(doc, name), condition, lambda sign: sign <= 0)
        case Comparison.GREATER:
            return lambda doc: _ordered(value_of(doc, name), condition, lambda sign: sign > 0)
        case Comparison.GREATER_OR_EQUAL:
            return lambda doc: _ordered(value_of(doc, name), condition, lambda sign: sign >= 0)


def _ordered(value: Any, condition: Condition, accept: Callable[[int], bool]) -> bool:
    sign = _compare(value, condition.values[0], condition.name)
    return sign is not None and accept(sign)


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
        left, right = instant_of(value), instant_of(text)
    elif name == "Id" and value.isdecimal() and text.isdecimal():
        left, right = Decimal(value), Decimal(text)
    else:
        left, right = value.lower(), text.lower()
    return int(left > right) - int(left < right)
