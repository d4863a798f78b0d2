"""Change data capture: what QuickBooks says was changed or deleted since a moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from raccord.quickbooks.entities import entity
from raccord.quickbooks.errors import UnavailableError
from raccord.quickbooks.wire import Answer

LOOK_BACK = timedelta(days=30)
"""How far back QuickBooks can say."""
OBJECTS_MAX = 1000


@dataclass(frozen=True, slots=True)
class Changes:
    """Objects as they are now, and the ids of deleted ones, each by kind; ``time`` is QuickBooks' own."""

    changed: Mapping[str, Sequence[Mapping[str, Any]]]
    deleted: Mapping[str, Sequence[str]]
    time: datetime | None
    whole: bool


def read_changes(kinds: Sequence[str], answer: Answer[dict[str, Any]]) -> Changes:
    """Read the answer to a question about ``kinds``. Raises ``UnavailableError`` when it has not their shape."""
    try:
        blocks = answer.value["CDCResponse"][0]["QueryResponse"]
        rows = {kind: list(block.get(entity(kind).key, [])) for kind, block in zip(kinds, blocks, strict=True)}
        deleted = {kind: [str(row["Id"]) for row in found if _gone(row)] for kind, found in rows.items()}
    except (KeyError, IndexError, TypeError, AttributeError, ValueError):
        raise UnavailableError("QuickBooks answered a question about changes in an unknown shape", answer.tid) from None
    time = answer.value.get("time")
    return Changes(
        {kind: [row for row in found if not _gone(row)] for kind, found in rows.items()},
        deleted,
        datetime.fromisoformat(time) if isinstance(time, str) else None,
        sum(map(len, rows.values())) < OBJECTS_MAX,
    )


def _gone(row: Mapping[str, Any]) -> bool:
    return row.get("status") == "Deleted"
