"""JSON as QuickBooks Online writes it: decimals are exact numbers, absent means null."""

from __future__ import annotations

import gzip
import json
import re
import secrets
import zlib
from decimal import Decimal, InvalidOperation
from json.encoder import encode_basestring
from typing import Any, NoReturn

from raccord_sandbox.refusing.faults import FaultError

QBO_VERSION = "1512.462"
FARTHEST = 1000
"""The most zeros of a number sent as 1E+1000; amounts have fewer by far."""
SURROGATE = re.compile(r"\\ud[89a-f]", re.IGNORECASE)


def loads(body: bytes) -> Any:
    """Parse a request body; decimals stay exact. Raises fault 2010 on malformed JSON, 500 on bytes not UTF-8."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FaultError(500, "Operation with a body that is not UTF-8 is not supported.") from error
    try:
        value = json.loads(text, parse_float=_number, parse_constant=_refuse_constant)
        if SURROGATE.search(text):
            dumps(value).encode()  # half a pair is no character, and no answer could bear it
    except (ValueError, RecursionError, InvalidOperation) as error:
        raise unreadable() from error
    return value


def dumps(value: Any) -> str:
    """Serialise a document; keys without a value are left out of objects marked as entities by the caller."""
    parts: list[str] = []
    _write(value, parts.append)
    return "".join(parts)


def unreadable(name: str = "Property Name") -> FaultError:
    """Return the fault for JSON that does not fit: unknown property, wrong type, bad syntax."""
    return FaultError(2010, f"{name}:failed to parse json object; a property specified is unsupported or invalid", name)


def inflate(body: bytes, limit: int) -> bytes:
    """Return a gzip body decompressed; None of it past `limit` bytes is produced."""
    engine = zlib.decompressobj(wbits=31)
    try:
        plain = engine.decompress(body, limit + 1)
    except zlib.error as error:
        raise unreadable() from error
    if len(plain) > limit:
        raise OverflowError("the decompressed body is too large")
    return plain


def deflate(body: bytes) -> bytes:
    """Return `body` compressed with the cheapest level, as answers are short-lived."""
    return gzip.compress(body, compresslevel=1, mtime=0)


def new_tid() -> str:
    """Return a correlation id in the shape of `intuit_tid`."""
    return f"1-{secrets.token_hex(4)}-{secrets.token_hex(12)}"


def _number(text: str) -> Decimal:
    number = Decimal(text)
    if abs(number.adjusted()) > FARTHEST:
        raise ValueError("written out, this number would fill the memory")
    return number


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _write(value: Any, put: Any) -> None:
    match value:
        case str():
            put(encode_basestring(value))
        case None:
            put("null")
        case True:
            put("true")
        case False:
            put("false")
        case int():
            put(str(value))
        case Decimal():
            put(format(value, "f"))
        case dict():
            mark = "{"
            for key, item in value.items():
                put(mark)
                put(encode_basestring(key))
                put(":")
                _write(item, put)
                mark = ","
            put("{}" if mark == "{" else "}")
        case list() | tuple():
            mark = "["
            for item in value:
                put(mark)
                _write(item, put)
                mark = ","
            put("[]" if mark == "[" else "]")
        case _:
            raise TypeError(f"{type(value).__name__} has no JSON form here")
