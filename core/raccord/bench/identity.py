"""How records and drafts are told apart: keys, collisions, rows that would merge, and what changed under one key."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from raccord.plugin.drafts import Draft
from raccord.plugin.records import Record


@dataclass(frozen=True, slots=True)
class Met:
    """Two tellings under one key that say different things, and the fields in which they differ."""

    key: str
    fields: tuple[str, ...]
    first: Record
    second: Record


@dataclass(slots=True)
class Identity:
    """What the keys of a reading come to.

    ``merged`` are rows of one page under one key that say different things: the later would be kept, the other lost.
    ``changed`` came again on a later page and say something else: a new revision of the same record. ``alike`` are
    records of a stream that only their ids tell apart: same day, same amount. ``clashes`` are keys that more than one
    draft bears.
    """

    keys: dict[str, int] = field(default_factory=dict)
    """How many records each stream has."""
    repeated: int = 0
    """How often a record came again and said the same."""
    merged: list[Met] = field(default_factory=list)
    changed: list[Met] = field(default_factory=list)
    alike: list[tuple[Record, Record]] = field(default_factory=list)
    clashes: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        return not (self.merged or self.clashes)


def identity_of(pages: Iterable[Sequence[Record]], records: Sequence[Record], drafts: Sequence[Draft]) -> Identity:
    """Compare all that came, page by page, with what is left of it."""
    found = Identity()
    last: dict[str, tuple[int, Record]] = {}
    for number, page in enumerate(pages):
        for record in page:
            before = last.get(record.key())
            last[record.key()] = (number, record)
            if before is None:
                found.keys[record.stream] = found.keys.get(record.stream, 0) + 1
                continue
            fields = _differing(before[1], record)
            if not fields:
                found.repeated += 1
                continue
            same_page = before[0] == number and (record.as_of is None or record.as_of == before[1].as_of)
            (found.merged if same_page else found.changed).append(Met(record.key(), fields, before[1], record))
    found.alike = _alike(records)
    borne = Counter(draft.key for draft in drafts)
    found.clashes = sorted(key for key, count in borne.items() if count > 1)
    return found


def _alike(records: Sequence[Record]) -> list[tuple[Record, Record]]:
    seen: dict[tuple[object, ...], Record] = {}
    found: list[tuple[Record, Record]] = []
    for record in records:
        if record.amount is None:
            continue
        first = seen.setdefault((record.stream, record.day, record.amount), record)
        if first is not record:
            found.append((first, record))
    return found


def _differing(one: Record, other: Record) -> tuple[str, ...]:
    fields = [name for name in ("day", "amount") if getattr(one, name) != getattr(other, name)]
    return (*fields, *_paths(one.raw, other.raw, "raw"))


def _paths(one: object, other: object, path: str) -> tuple[str, ...]:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        names = dict.fromkeys([*one, *other])
        return tuple(each for name in names for each in _paths(one.get(name), other.get(name), f"{path}.{name}"))
    if json.dumps(one, default=str, sort_keys=True) == json.dumps(other, default=str, sort_keys=True):
        return ()
    return (path,)
