"""What a source's own entries, those of the ledger and those that were imported are called, read once while they stay.

To read, to parse and to compare twenty thousand of each takes a second or more, so a process remembers what it made of
them. A question that the database answers from its index tells each time whether anything came, went or changed since.
"""

from __future__ import annotations

import json
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from raccord.plugin.drafts import Accepts
from raccord.store.database import Database
from raccord.store.models import Connection, LedgerEntry, PushedEntry, RecordState, SourceRecord
from raccord.sync.books.company import fits_as, kind_of
from raccord.sync.fetching.keep import UNSAID
from raccord.sync.resolving.newcomers import comparison_key

INSTANCES_MAX = 20_000
KEPT_MAX = 8
"""What a process remembers of one database at once: a few lists of a few connections."""
_NAMES = ("name", "display_name", "label")
_CODES = ("code", "sku", "number")
_REACHES = {
    "email": ("emails", "email"), "phone": ("phones", "phone"), "tax_id": ("tax_id", "tax_number", "business_number"),
}  # fmt: skip
_REACH_MIN = 6
_PHONE_DIGITS = 10
"""Of a phone number, what does not depend on whether the country's code is written before it."""


@dataclass(frozen=True, slots=True)
class Own:
    """An entry of a list that the source told of; ``at`` is the record that says it."""

    at: int
    id: str
    name: str
    alike: str
    codes: frozenset[str]
    tags: frozenset[str]
    filled: frozenset[str]
    """The names of what it says anything of."""
    reach: frozenset[tuple[str, str]]
    """What tells one person or firm from another: e-mail addresses, phone and tax numbers, each as it counts."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An active entry of the ledger."""

    id: str
    name: str


@dataclass(slots=True)
class Ledger:
    """What an entry of the source may be linked to, by id, code and name."""

    by_id: dict[str, Entry] = field(default_factory=dict)
    ways: dict[str, dict[str, list[Entry]]] = field(default_factory=lambda: {"code": {}, "name": {}, "alike": {}})

    def add(self, entry: Entry, number: str) -> None:
        self.by_id[entry.id] = entry
        # An item of a category bears the category's name before its own.
        own = entry.name.rpartition(":")[2]
        self._put("code", number.casefold(), entry)
        for name in {entry.name, own}:
            self._put("name", name.casefold(), entry)
        for name in {comparison_key(entry.name), comparison_key(own)}:
            self._put("alike", name, entry)

    def suggestion(self, name: str, alike: str, codes: Collection[str]) -> tuple[Entry, str] | None:
        """Return the one entry that has the same code, the same name or nearly the same; two suggest nothing."""
        for why, keys in (("code", codes), ("name", (name.casefold(),)), ("alike", (alike,))):
            found = [each for key in keys for each in self.ways[why].get(key, ())]
            if len(found) == 1:
                return found[0], why
        return None

    def _put(self, why: str, key: str, entry: Entry) -> None:
        if key:
            self.ways[why].setdefault(key, []).append(entry)


@dataclass(frozen=True, slots=True)
class Taken:
    """An entry of the ledger's list that the source took."""

    object_id: str
    name: str
    source_id: str
    told_at: datetime
    alike: str


def name_of(source_id: str, raw: Mapping[str, Any]) -> str:
    """Return what a source calls an entry of one of its lists, else its id."""
    return next((str(raw[each]) for each in _NAMES if raw.get(each)), source_id)


def own_entries(database: Database, session: Session, connection: Connection, stream: str) -> Sequence[Own]:
    """Return what the source has of one of its lists, by name, without what it says is gone."""
    mine = (
        SourceRecord.connection_id == connection.id,
        SourceRecord.stream == stream,
        SourceRecord.state != RecordState.SUPERSEDED,
        SourceRecord.reason.not_in(UNSAID),
    )

    def read() -> Sequence[Own]:
        asked = select(SourceRecord.id, SourceRecord.source_id, SourceRecord.raw).where(*mine)
        rows = session.execute(asked.order_by(SourceRecord.id).limit(INSTANCES_MAX)).all()
        found = [_own(*row) for row in rows]
        return sorted((each for each in found if each), key=lambda each: (each.name.casefold(), each.id))

    seen = _seen(session, mine, func.max(SourceRecord.id), func.sum(SourceRecord.id))
    return kept(database, ("own", connection.id, stream), seen, read)


def ledger_entries(database: Database, session: Session, company_id: str, accepts: Accepts) -> Ledger:
    """Return the active entries of the ledger that fit a place."""
    mine = LedgerEntry.company_id == company_id, LedgerEntry.kind == kind_of(accepts), LedgerEntry.active.is_(True)

    def read() -> Ledger:
        asked = select(LedgerEntry.object_id, LedgerEntry.name, LedgerEntry.number, LedgerEntry.kind, LedgerEntry.type)
        found = Ledger()
        for id_, name, number, kind, type_ in session.execute(asked.where(*mine).order_by(LedgerEntry.name_key)):
            if fits_as(accepts, kind, type_):
                found.add(Entry(id_, name), number)
        return found

    said = func.length(LedgerEntry.name) + func.length(LedgerEntry.number) + func.length(LedgerEntry.type)
    seen = _seen(session, mine, func.max(LedgerEntry.seen_at), func.sum(said))
    return kept(database, ("ledger", company_id, accepts), seen, read)


def suggestions(
    database: Database, own: Sequence[Own], ledger: Ledger, of: tuple[str, str, str]
) -> Mapping[str, tuple[Entry, str]]:
    """Return what each of the source's entries may be in the ledger, by its id; ``of`` names the place."""

    def compare() -> Mapping[str, tuple[Entry, str]]:
        found = {each.id: ledger.suggestion(each.name, each.alike, each.codes) for each in own}
        return {id_: each for id_, each in found.items() if each is not None}

    # What was made of the same two lists stays as long as they do.
    return kept(database, ("suggested", *of), (id(own), id(ledger)), compare, (own, ledger))


def taken_entries(database: Database, session: Session, connection: Connection, name: str) -> Sequence[Taken]:
    """Return what the source took of a list of the ledger and has, by name."""
    mine = (
        PushedEntry.connection_id == connection.id,
        PushedEntry.list_name == name,
        PushedEntry.source_id != "",
    )

    def read() -> Sequence[Taken]:
        asked = select(PushedEntry.object_id, PushedEntry.name, PushedEntry.source_id, PushedEntry.told_at).where(*mine)
        rows = session.execute(asked.order_by(PushedEntry.name, PushedEntry.object_id))
        return [Taken(id_, name, at, told, comparison_key(name)) for id_, name, at, told in rows]

    said = func.length(PushedEntry.source_id) + func.length(PushedEntry.name)
    seen = _seen(session, mine, func.max(PushedEntry.told_at), func.sum(said))
    return kept(database, ("taken", connection.id, name), seen, read)


def _own(at: int, source_id: str, text: str) -> Own | None:
    raw = json.loads(text, parse_float=Decimal)
    if raw.get("deleted") is True:
        return None
    name, tags = name_of(source_id, raw), raw.get("tags")
    return Own(
        at, source_id, name, comparison_key(name),
        frozenset(str(raw[each]).casefold() for each in _CODES if raw.get(each)),
        frozenset(str(each) for each in tags) if isinstance(tags, list) else frozenset(),
        frozenset(each for each, value in raw.items() if value not in (None, "")),
        frozenset(_reach(raw)),
    )  # fmt: skip


def _reach(raw: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for why, names in _REACHES.items():
        for name in names:
            said = raw.get(name)
            for each in said if isinstance(said, list) else [said]:
                plain = str(each or "").strip().casefold()
                plain = plain if why == "email" else re.sub(r"[^0-9a-z]", "", plain)
                if len(plain) >= _REACH_MIN:
                    yield why, plain[-_PHONE_DIGITS:] if why == "phone" else plain


def _seen(session: Session, mine: Sequence[ColumnElement[bool]], *more: ColumnElement[Any]) -> Hashable:
    return tuple(session.execute(select(func.count(), *more).where(*mine)).one())


Made = TypeVar("Made")
_LOCK = threading.Lock()
_KEPT: WeakKeyDictionary[Database, OrderedDict[Hashable, tuple[Hashable, Any, Any]]] = WeakKeyDictionary()


def kept(database: Database, of: Hashable, seen: Hashable, make: Callable[[], Made], holding: object = None) -> Made:
    """Return what was made of something that is as it was ``seen``, else make it; ``holding`` stays with it."""
    with _LOCK:
        mine = _KEPT.setdefault(database, OrderedDict())
        before = mine.get(of)
        if before is not None and before[0] == seen:
            mine.move_to_end(of)
            found: Made = before[1]
            return found
    made = make()
    with _LOCK:
        mine[of] = seen, made, holding
        mine.move_to_end(of)
        while len(mine) > KEPT_MAX:
            mine.popitem(last=False)
    return made
