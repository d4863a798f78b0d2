"""Places in a payload that wait for the id of a document which does not exist yet."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import cast

from raccord.quickbooks.codec.json_text import Json, write

_PLACEHOLDER = re.compile(r"\{link:(.+)\}", re.DOTALL)
_ID_PROPERTIES = frozenset({"value", "TxnId"})
"""Ids stand under these properties only, and no text of a source does: a memo that looks like a placeholder stays."""


class UnfilledLinkError(LookupError):
    """Raised when a payload still waits for a document that has no id: posting it would be a mistake of ours."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        super().__init__(keys)
        self.keys = keys

    def __str__(self) -> str:
        return f"no ledger id for {', '.join(self.keys)}; post what it depends on first"


def placeholder(key: str) -> str:
    """Return what stands for the id of the document that the draft ``key`` will become."""
    return f"{{link:{key}}}"


def key_in(text: str) -> str | None:
    """Return the draft key that ``text`` is the placeholder of, or None for a ledger id."""
    found = _PLACEHOLDER.fullmatch(text)
    return found.group(1) if found else None


def fill(payload: str, ids: Mapping[str, str]) -> str:
    """Return ``payload`` with every placeholder replaced by its id from ``ids`` (draft key to ledger id).

    Everything else keeps its bytes. Raises :class:`UnfilledLinkError` naming each key without an id.
    """
    lacking: dict[str, None] = {}

    def walk(value: Json) -> Json:
        if isinstance(value, dict):
            return {name: put(each) if name in _ID_PROPERTIES else walk(each) for name, each in value.items()}
        if isinstance(value, list):
            return [walk(each) for each in value]
        return value

    def put(value: Json) -> Json:
        key = key_in(value) if isinstance(value, str) else None
        if key is None:
            return walk(value)
        if not ids.get(key):
            lacking[key] = None
            return value
        return ids[key]

    filled = walk(cast("Json", json.loads(payload, parse_float=Decimal)))
    if lacking:
        raise UnfilledLinkError(tuple(lacking))
    return write(filled)
