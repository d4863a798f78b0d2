"""JSON in one writing only, so that equal values are equal texts and hashes; decimals stay exact both ways."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal

# Made once: each call of ``json`` that is given an option makes one of these, which takes longer than a short text.
_EXACT = json.JSONDecoder(parse_float=Decimal)
_PLAIN = json.JSONEncoder(ensure_ascii=False)
_MARK = "\ufeff"


def canonical(value: object) -> str:
    """Write ``value`` with sorted keys and no blanks; a ``Decimal`` becomes a JSON number, digit for digit.

    Floats, non-finite decimals, keys that are not text and other types raise ``TypeError``.
    """
    match value:
        case str():
            return _text(value)
        case None | bool():
            return json.dumps(value)
        case int():
            return str(int(value))
        case Decimal() if value.is_finite():
            return format(value, "f")
        case Mapping():
            return "{" + ",".join(f"{_key(k)}:{canonical(value[k])}" for k in sorted(value, key=_key)) + "}"
        case Sequence() if not isinstance(value, bytes | bytearray):
            return "[" + ",".join(canonical(v) for v in value) + "]"
        case _:
            raise TypeError(f"{type(value).__name__} has no exact writing in JSON")


def exact(text: str | bytes) -> object:
    """Read JSON with its fractions as ``Decimal``; whole numbers are ``int``."""
    if isinstance(text, str) and not text.startswith(_MARK):
        read: object = _EXACT.decode(text)
    else:
        read = json.loads(text, parse_float=Decimal)
    return read


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise TypeError(f"a JSON key is text, not {type(key).__name__}")
    return _text(key)


def _text(value: str) -> str:
    written = _PLAIN.encode(value)
    try:
        written.encode("utf-8")
    except UnicodeEncodeError:
        # Half of a surrogate pair, as broken programs send it, exists in JSON only as an escape.
        return json.dumps(value)
    return written
