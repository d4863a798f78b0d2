"""Checks that values made by a plugin have the types that their dataclasses declare, floats and subclasses' tricks out.

Dataclasses check nothing themselves, so without this an ``int`` where a ``Decimal`` belongs would surface far from the
plugin that wrote it.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Annotated, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from raccord.plugin.records import JSON

Check = Callable[[object], str | None]
"""Returns nothing when the value fits, else where and why it does not (types only, never the value)."""

JSON_DEPTH_MAX = 32


_Kind = TypeVar("_Kind")


class MisfitError(Exception):
    """Raised by :func:`expect`; its message is the misfit."""


def expect(value: object, kind: type[_Kind]) -> _Kind:
    """Return ``value`` when it is a ``kind`` through and through, else raise ``MisfitError``."""
    if text := misfit(value, kind):
        raise MisfitError(text)
    return cast(_Kind, value)


def misfit(value: object, hint: object) -> str | None:
    """Return the first place where ``value`` does not have the type ``hint``, or nothing. Never shows a value."""
    return _check_for(hint)(value)


@cache
def _check_for(hint: object) -> Check:
    if _is_json(hint):
        return _json
    if hint is None or hint is type(None):
        return _exactly_none
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _check_for(arguments[0])
    if origin in (Union, types.UnionType):
        return _any_of(tuple(_check_for(argument) for argument in arguments), _name(hint))
    if origin is Literal:
        return lambda value: None if value in arguments else f"not one of {arguments}"
    if origin is type:
        wanted = arguments[0]
        return lambda value: (
            None if isinstance(value, type) and issubclass(value, wanted) else f"not a subclass of {_name(wanted)}"
        )
    if origin is Callable:
        # What it takes and gives shows only when it is called, behind the guard.
        return lambda value: None if callable(value) else f"{type(value).__name__} instead of a function"
    if origin is Mapping:
        return _mapping(_check_for(arguments[0]), _check_for(arguments[1]))
    if origin in (Sequence, tuple, frozenset):
        return _many(origin, arguments)
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return _fields(hint)
    if isinstance(hint, type):
        return _instance(hint)
    raise TypeError(f"no check for {hint!r}")


def _is_json(hint: object) -> bool:
    # typing unrolls the recursive alias by some levels when it resolves a dataclass's hints: it is known by its inside,
    # and by its plain members, for a function that takes JSON has the alias inside as well.
    if hint is JSON:
        return True
    plain = get_origin(hint) in (Union, types.UnionType) and {str, int, bool} <= set(get_args(hint))
    return plain and "ForwardRef('JSON')" in repr(hint)


def _exactly_none(value: object) -> str | None:
    return None if value is None else f"{type(value).__name__} instead of None"


def _instance(wanted: type) -> Check:
    # To isinstance a bool is an int and a datetime is a date, but not to a ledger. Text may be an enumeration's member.
    loose = wanted is str or issubclass(wanted, Enum)

    def check(value: object) -> str | None:
        if type(value) is not wanted and not (loose and isinstance(value, wanted)):
            return f"{type(value).__name__} instead of {wanted.__name__}"
        if isinstance(value, Decimal) and not value.is_finite():
            return "a decimal that is not a number"
        return None

    return check


def _any_of(checks: tuple[Check, ...], name: str) -> Check:
    def check(value: object) -> str | None:
        found = [one(value) for one in checks]
        if None in found:
            return None
        # The misfit inside the right dataclass says more than "none of these types".
        inside = [text for text in found if text is not None and text.startswith(".")]
        return inside[0] if inside else f"{type(value).__name__} instead of {name}"

    return check


def _many(origin: type, arguments: tuple[object, ...]) -> Check:
    if origin is tuple and (len(arguments) != 2 or arguments[1] is not Ellipsis):
        checks = tuple(_check_for(argument) for argument in arguments)

        def check_fixed(value: object) -> str | None:
            if type(value) is not tuple or len(value) != len(checks):
                return f"{type(value).__name__} instead of a tuple of {len(checks)}"
            return next((text for one, part in zip(checks, value, strict=True) if (text := one(part))), None)

        return check_fixed
    one = _check_for(arguments[0])
    # A lazy sequence of the plugin's own could raise, or change, after it was checked.
    allowed: tuple[type, ...] = (list, tuple) if origin is Sequence else (origin,)

    def check(value: object) -> str | None:
        if type(value) not in allowed or not isinstance(value, (list, tuple, frozenset)):
            return f"{type(value).__name__} instead of {' or '.join(kind.__name__ for kind in allowed)}"
        for place, part in enumerate(value):
            if text := one(part):
                return f"[{place}]{_joined(text)}"
        return None

    return check


def _mapping(key: Check, content: Check) -> Check:
    def check(value: object) -> str | None:
        if not isinstance(value, (dict, types.MappingProxyType)):
            return f"{type(value).__name__} instead of dict"
        for name, part in value.items():
            if text := key(name) or content(part):
                return f"[…]{_joined(text)}"
        return None

    return check


def _fields(wanted: type) -> Check:
    hints = get_type_hints(wanted, include_extras=True)
    checks: list[tuple[str, Check]] = []

    def check(value: object) -> str | None:
        if type(value) is not wanted:
            return f"{type(value).__name__} instead of {wanted.__name__}"
        if not checks:
            checks.extend((name, _check_for(hint)) for name, hint in hints.items())
        for name, one in checks:
            if text := one(getattr(value, name)):
                return f".{name}{_joined(text)}"
        return None

    return check


def _json(value: object, depth: int = 0) -> str | None:
    if value is None or type(value) in (str, int, bool):
        return None
    if depth >= JSON_DEPTH_MAX:
        return f"nested deeper than {JSON_DEPTH_MAX}"
    if isinstance(value, (list, tuple)):
        return next((text for part in value if (text := _json(part, depth + 1))), None)
    if isinstance(value, (dict, types.MappingProxyType)):
        if any(type(key) is not str for key in value):
            return "a key that is not text"
        return next((text for part in value.values() if (text := _json(part, depth + 1))), None)
    return f"{type(value).__name__} instead of a JSON value without floats"


def _joined(text: str) -> str:
    return text if text[0] in ".[" else f": {text}"


def _name(hint: object) -> str:
    return hint.__name__ if isinstance(hint, type) else str(hint).replace("raccord.plugin.", "")
