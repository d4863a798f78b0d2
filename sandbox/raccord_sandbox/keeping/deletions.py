"""What was deleted and when, so that change data capture can tell of it."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

MAX_DELETIONS = 500_000


@dataclass(frozen=True, slots=True, order=True)
class Deletion:
    """One object that is gone; `at` is the time as MetaData writes it."""

    kind: str
    id: str
    at: str


class Deletions:
    """The deletions of one company by entity and time; the oldest of an entity are forgotten above the limit."""

    def __init__(self, deletions: Iterable[Deletion] = ()) -> None:
        self._of: dict[str, list[tuple[float, Deletion]]] = {}
        for deletion in deletions:
            self.note(deletion)

    def __iter__(self) -> Iterator[Deletion]:
        for found in self._of.values():
            for _, deletion in found:
                yield deletion

    def note(self, deletion: Deletion) -> None:
        """Remember a deletion."""
        found = self._of.setdefault(deletion.kind, [])
        insort(found, (datetime.fromisoformat(deletion.at).timestamp(), deletion))
        if len(found) > MAX_DELETIONS:
            del found[0]

    def since(self, kind: str, moment: float) -> list[Deletion]:
        """Return an entity's deletions from `moment` on, oldest first."""
        found = self._of.get(kind, [])
        start = bisect_left(found, moment, key=lambda entry: entry[0])
        return [deletion for _, deletion in found[start:]]
