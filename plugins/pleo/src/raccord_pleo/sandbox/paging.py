"""The twin's cursor pages and JSON, as published."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from raccord_pleo.sandbox.company import TwinRefusalError

PAGE = 20
PAGE_MAX = 100
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def sliced(rows: Sequence[Mapping[str, object]], asked: Mapping[str, str]) -> dict[str, object]:
    """Return the page of rows that is asked for; never more than 100 rows."""
    if sum(name in asked for name in ("after", "before", "offset")) > 1:
        raise TwinRefusalError(400, "VALIDATION_FAILED", "after, before and offset exclude each other")
    size = min(int(asked.get("limit", PAGE)), PAGE_MAX)
    start = _place(asked["after"]) if "after" in asked else int(asked.get("offset", "0"))
    if "before" in asked:
        start = max(0, _place(asked["before"]) - size)
    data = list(rows[start : start + size])
    end = start + len(data)
    current = {name: asked[name] for name in ("limit", "after", "before", "offset") if name in asked}
    pagination = {
        "hasNextPage": end < len(rows),
        "hasPreviousPage": start > 0,
        "startCursor": _cursor(start),
        "endCursor": _cursor(end),
        "total": len(rows),
        "currentRequestPagination": {**current, "parameters": {name: [value] for name, value in asked.items()}},
    }
    return {"data": data, "pagination": pagination}


def written(value: object) -> bytes:
    """Return JSON whose decimals are numbers, digit for digit."""
    marked = json.dumps(value, default=lambda each: f"\N{SYMBOL FOR NULL}{each:f}")
    return re.sub(r'"\\u2400([^"]+)"', r"\1", marked).encode()


def _cursor(place: int) -> str:
    return "".join(_ALPHABET[int(digit)] for digit in str(place)) + "="


def _place(cursor: str) -> int:
    try:
        return int("".join(str(_ALPHABET.index(letter)) for letter in cursor.rstrip("=")))
    except ValueError:
        raise TwinRefusalError(400, "VALIDATION_FAILED", cursor) from None
