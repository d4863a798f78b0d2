"""JSON as text, with decimals written digit for digit: no amount ever passes through a binary float."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TypeAlias

Json: TypeAlias = "str | int | Decimal | bool | Mapping[str, Json] | Sequence[Json] | None"
JsonObject: TypeAlias = "dict[str, Json]"


def write(value: Json) -> str:
    """Return ``value`` as compact ASCII JSON, keys in the order given; a decimal keeps its scale (``12.30``)."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return json.dumps(value)
        case int():
            return str(value)
        case Decimal():
            return _number(value)
        case Mapping():
            return "{" + ",".join(f"{_key(key)}:{write(each)}" for key, each in value.items()) + "}"
        case list() | tuple():
            return "[" + ",".join(write(each) for each in value) + "]"
        case _:
            raise TypeError(f"{type(value).__name__} has no place in QuickBooks' JSON")


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise TypeError(f"a key must be text, not {type(key).__name__}")
    return json.dumps(key)


def _number(value: Decimal) -> str:
    if not value.is_finite():
        raise ValueError(f"{value} is not a number in JSON")
    text = format(value, "f")
    return text.removeprefix("-") if value.is_zero() else text
