"""What a write changed, as those hear of it who watch a company."""

from __future__ import annotations

from dataclasses import dataclass

CREATE, UPDATE, DELETE, VOID, MERGE, EMAILED = "Create", "Update", "Delete", "Void", "Merge", "Emailed"


@dataclass(frozen=True, slots=True)
class Change:
    """One object made, changed or gone; `at` is the time as MetaData writes it."""

    kind: str
    id: str
    operation: str
    at: str
    vanished: str = ""
    """The object that a merge took in."""
