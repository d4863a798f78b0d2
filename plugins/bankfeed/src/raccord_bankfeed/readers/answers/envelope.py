"""A provider's answer as a file: a first line that says what was asked for, then the answer, byte for byte."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

FILE_BYTES_MAX = 9 * 1024 * 1024
"""What a provider keeps is shorter; a file that is not was made by somebody else."""
MARK = b'{"raccord-provider": "'


class DamagedAnswerError(ValueError):
    """Raised where a kept answer is not what a provider keeps."""


def provider_of(head: bytes) -> str:
    """Return which provider's answer a file is, by its first bytes; nothing for other files."""
    name, mark, _ = head[len(MARK) : len(MARK) + 40].partition(b'"')
    return name.decode("ascii", "replace") if head.startswith(MARK) and mark else ""


def opened(content: bytes) -> tuple[Mapping[str, object], object]:
    """Return what was asked for, and the answer with exact decimals. Raises :class:`DamagedAnswerError`."""
    if len(content) > FILE_BYTES_MAX:
        raise DamagedAnswerError("too long")
    head, _, answer = content.partition(b"\n")
    try:
        said, read = read_json(head), read_json(answer)
        days = [date.fromisoformat(str(said[name])) for name in ("first", "last")] if isinstance(said, dict) else []
    except (ValueError, KeyError):
        raise DamagedAnswerError("no answer of a provider") from None
    if not isinstance(said, dict) or len(days) != len(("first", "last")):
        raise DamagedAnswerError("no head")
    return said, read


def read_json(content: bytes) -> object:
    """Return decoded JSON, decimals exact. Raises ``ValueError`` for anything else, however deep."""
    try:
        read: object = json.loads(content, parse_float=Decimal, parse_constant=_no_number)
    except RecursionError:
        raise ValueError("too deep") from None
    return read


def _no_number(text: str) -> object:
    raise ValueError(f"{text} is no number")
