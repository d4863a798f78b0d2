"""The bench: what a connector makes of a trial, from page to draft, and how its records are told apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType

from raccord.plugin.drafts import Draft, StillDraft, money_effect
from raccord.plugin.errors import ConnectorError
from raccord.plugin.hooks import Mapped, Skipped
from raccord.plugin.info import ConnectorInfo
from raccord.plugin.records import Record, Reject
from raccord.plugin.testing.kit.asking import Asked, no_network
from raccord.plugin.testing.kit.subject import Turned, opened, stored
from raccord.plugin.testing.kit.watched_http import Exchange
from raccord.plugin.testing.trial import Trial
from raccord.plugin.texts import Text


@dataclass(frozen=True, slots=True)
class Made:
    """A record and what became of it: drafts, or why there is none (a code, and a sentence where one was said)."""

    record: Record
    drafts: Sequence[Draft] = ()
    code: str = ""
    why: Text | None = None


@dataclass(frozen=True, slots=True)
class Bench:
    """All that came of a trial; ``error`` is what reading raised."""

    connector: str
    trial: str
    turns: Sequence[Turned]
    exchanges: Sequence[Exchange]
    rejects: Sequence[Reject]
    made: Sequence[Made]
    error: str

    def clashes(self) -> list[str]:
        """Return keys of drafts that more than one draft bears."""
        keys = [draft.key for one in self.made for draft in one.drafts]
        return sorted({key for key in keys if keys.count(key) > 1})

    def alike(self) -> list[tuple[Record, Record]]:
        """Return records of a stream that only their ids tell apart: same day, same amount, and one to look at."""
        seen: dict[tuple[object, ...], Record] = {}
        found: list[tuple[Record, Record]] = []
        for one in self.made:
            record = one.record
            if record.amount is None:
                continue
            first = seen.setdefault((record.stream, record.day, record.amount), record)
            if first is not record:
                found.append((first, record))
        return found


def bench(plugin: ModuleType, info: ConnectorInfo, trial: Trial) -> Bench:
    """Read a trial as it is told and map what came; nothing is judged."""
    with no_network(), opened(plugin, info, trial) as subject:
        read = subject.first
        made = [_made(record, subject.map(record)) for record in map(stored, read.records)]
        error = "" if read.error is None else f"{read.error.stream}: {read.error.asked.raised}"
        return Bench(info.name, trial.name, read.turns, read.http.exchanges, read.rejects, made, error)


def moved(draft: Draft) -> tuple[str, str]:
    """Return what a draft moves in words: the place that the proof watches, and by how much."""
    if isinstance(draft, StillDraft):
        return "", ""
    place, amount = money_effect(draft)
    name = getattr(place, "name", "") or getattr(place, "id", "") or str(place)
    return str(name), f"{amount} {draft.currency}"


def _made(record: Record, asked: Asked[Mapped | Skipped | None]) -> Made:
    match asked.answer:
        case Mapped(drafts):
            return Made(record, drafts)
        case Skipped(code, reason):
            return Made(record, code=code, why=reason)
    if isinstance(asked.error, ConnectorError):
        return Made(record, code=str(getattr(asked.error, "code", type(asked.error).__name__)), why=asked.error.text)
    return Made(record, code=asked.raised or "None")
