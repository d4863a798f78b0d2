"""A provider's answer as a file: a first line that says what was asked for, then the answer, byte for byte."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal

MARK = b'{"raccord-provider": "'


def provider_of(head: bytes) -> str:
    """Return which provider's answer a file is, by its first bytes; nothing for other files."""
    name, mark, _ = head[len(MARK) : len(MARK) + 40].partition(b'"')
    return name.decode("ascii", "replace") if head.startswith(MARK) and mark else ""


def opened(content: bytes) -> tuple[Mapping[str, object], object]:
    """Return what was asked for, and the answer with exact decimals. Raises ``ValueError`` where it is damaged."""
    head, _, answer = content.partition(b"\n")
    said = read_json(head)
    if not isinstance(said, dict):
        raise ValueError("no head")  # noqa: TRY004 - damaged like any other
    return said, read_json(answer)


def read_json(content: bytes) -> object:
    """Return decoded JSON, decimals exact. Raises ``ValueError`` for anything else, however deep."""
    try:
        read: object = json.loads(content, parse_float=Decimal, parse_constant=_no_number)
    except RecursionError:
        raise ValueError("too deep") from None
    return read


def _no_number(text: str) -> object:
    raise ValueError(f"{text} is no number")
