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
from functools import lru_cache
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from raccord.plugin.drafts import Accepts
from raccord.store.database import Database
from raccord.store.models import Connection, LedgerEntry, PushedEntry, RecordState, SourceRecord
from raccord.sync.books.company import fits_as, kind_of
from raccord.sync.chunks import CHUNK
from raccord.sync.fetching.keep import UNSAID
from raccord.sync.resolving.newcomers import comparison_key

INSTANCES_MAX = 20_000
KEPT_MAX = 12
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
    number: str = ""

    def found_by(self) -> Iterator[tuple[str, str]]:
        """Yield by what it is found: its code, its name and what names nearly the same have in common."""
        # An item of a category bears the category's name before its own.
        own = self.name.rpartition(":")[2]
        code, names = self.number.casefold(), {self.name.casefold(), own.casefold()}
        yield from (("code", code),) if code else ()
        yield from (("name", name) for name in names if name)
        yield from (("alike", name) for name in {alike(self.name), alike(own)} if name)


@dataclass(slots=True)
class Ledger:
    """What an entry of the source may be linked to, by id, code and name."""

    by_id: dict[str, Entry] = field(default_factory=dict)
    ways: dict[str, dict[str, tuple[Entry, ...]]] = field(default_factory=lambda: {"code": {}, "name": {}, "alike": {}})

    def with_changes(self, rows: Mapping[str, Entry]) -> Ledger:
        """Return the ledger of these entries; what this one has of them already is taken over, and this one stays."""
        gone = [each for each in self.by_id.values() if rows.get(each.id) != each]
        come = [each for each in rows.values() if self.by_id.get(each.id) != each]
        found = Ledger({id_: self.by_id.get(id_, each) for id_, each in rows.items()},
                       {why: dict(known) for why, known in self.ways.items()})  # fmt: skip
        found.by_id.update({each.id: each for each in come})
        less, more = _by_key(gone), _by_key(come)
        for why, key in {*less, *more}:
            without = less.get((why, key), ())
            left = [each for each in found.ways[why].get(key, ()) if each not in without]
            found.ways[why][key] = (*left, *more.get((why, key), ()))
        return found

    def changed_keys(self, before: Ledger) -> set[tuple[str, str]]:
        """Return by what entries are found that one of both ledgers has and the other has not."""
        apart = {*self.by_id.values()} ^ {*before.by_id.values()}
        return {key for each in apart for key in each.found_by()}

    def suggestion(self, name: str, alike: str, codes: Collection[str]) -> tuple[Entry, str] | None:
        """Return the one entry that has the same code, the same name or nearly the same; two suggest nothing."""
        for why, keys in (("code", codes), ("name", (name.casefold(),)), ("alike", (alike,))):
            found = [each for key in keys for each in self.ways[why].get(key, ())]
            if len(found) == 1:
                return found[0], why
        return None


@dataclass(frozen=True, slots=True)
class Taken:
    """An entry of the ledger's list that the source took."""

    object_id: str
    name: str
    source_id: str
    told_at: datetime
    alike: str


alike = lru_cache(4 * INSTANCES_MAX)(comparison_key)
"""What makes names nearly the same, which takes longer than all else that is made of an entry."""


def _by_key(entries: Sequence[Entry]) -> Mapping[tuple[str, str], Sequence[Entry]]:
    found: dict[tuple[str, str], list[Entry]] = {}
    for each in entries:
        for key in each.found_by():
            found.setdefault(key, []).append(each)
    return found


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

    of = "records", connection.id, stream
    seen = _seen(session, mine, func.max(SourceRecord.id), func.sum(SourceRecord.id))
    told = kept(database, of, seen, lambda: _told(session, mine, remembered(database, of, {})[0]))

    def sort() -> Sequence[Own]:
        return sorted((each for each in told.values() if each), key=lambda each: (each.name.casefold(), each.id))

    return kept(database, ("own", connection.id, stream), id(told), sort, told)


def ledger_entries(database: Database, session: Session, company_id: str, accepts: Accepts) -> Ledger:
    """Return the active entries of the ledger that fit a place."""
    mine = LedgerEntry.company_id == company_id, LedgerEntry.kind == kind_of(accepts), LedgerEntry.active.is_(True)

    of = "ledger", company_id, accepts

    def read() -> Ledger:
        asked = select(LedgerEntry.object_id, LedgerEntry.name, LedgerEntry.number, LedgerEntry.kind, LedgerEntry.type)
        rows = session.execute(asked.where(*mine).order_by(LedgerEntry.name_key))
        fitting = {row.object_id: Entry(*row[:3]) for row in rows if fits_as(accepts, row.kind, row.type)}
        before: Ledger = remembered(database, of, Ledger())[0]
        return before.with_changes(fitting)

    said = func.length(LedgerEntry.name) + func.length(LedgerEntry.number) + func.length(LedgerEntry.type)
    seen = _seen(session, mine, func.max(LedgerEntry.seen_at), func.sum(said))
    return kept(database, of, seen, read)


def suggestions(
    database: Database, own: Sequence[Own], ledger: Ledger, of: tuple[str, str, str]
) -> Mapping[str, tuple[Entry, str]]:
    """Return what each of the source's entries may be in the ledger, by its id; ``of`` names the place."""

    def compare() -> Mapping[str, tuple[Entry, str]]:
        said, (own_then, ledger_then) = remembered(database, ("suggested", *of), {}, ((), Ledger()))
        apart, then = ledger.changed_keys(ledger_then), {each.at: each for each in own_then}
        found: dict[str, tuple[Entry, str]] = {}
        for each in own:
            if then.get(each.at) is each and not _named_in(each, apart):
                one = said.get(each.id)
            else:
                one = ledger.suggestion(each.name, each.alike, each.codes)
            if one is not None:
                found[each.id] = one
        return found

    # What was made of the same two lists stays as long as they do; of others only what changed is compared again.
    return kept(database, ("suggested", *of), (id(own), id(ledger)), compare, (own, ledger))


def _named_in(own: Own, keys: Collection[tuple[str, str]]) -> bool:
    """Tell whether an entry is compared with something of these keys."""
    if not keys:
        return False
    names = ("name", own.name.casefold()) in keys or ("alike", own.alike) in keys
    return names or any(("code", code) in keys for code in own.codes)


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
        before: Mapping[str, Taken] = {each.object_id: each for each in remembered(database, of, ())[0]}
        found = (Taken(id_, name, at, told, alike(name)) for id_, name, at, told in rows)
        # What is as it was stays the same object, by which what is made of it is known.
        return [one if (one := before.get(each.object_id)) == each and one is not None else each for each in found]

    of = "taken", connection.id, name

    said = func.length(PushedEntry.source_id) + func.length(PushedEntry.name)
    seen = _seen(session, mine, func.max(PushedEntry.told_at), func.sum(said))
    return kept(database, of, seen, read)


def _told(
    session: Session, mine: Sequence[ColumnElement[bool]], before: Mapping[int, Own | None]
) -> Mapping[int, Own | None]:
    """Return what records say, by their ids, of which those from ``before`` are not read again.

    What a record says never changes: a new revision is a record of its own.
    """
    ids = session.scalars(select(SourceRecord.id).where(*mine).order_by(SourceRecord.id).limit(INSTANCES_MAX)).all()
    new = [id_ for id_ in ids if id_ not in before]
    said: dict[int, Own | None] = {}
    if new:
        # Of more than fit into one question all are read by the same one.
        which = [SourceRecord.id.in_(new)] if len(new) <= CHUNK else mine
        asked = select(SourceRecord.id, SourceRecord.source_id, SourceRecord.raw).where(*which)
        rows = session.execute(asked.order_by(SourceRecord.id).limit(INSTANCES_MAX))
        said.update({row.id: _own(*row) for row in rows if row.id not in before})
    return {id_: said[id_] if id_ in said else before[id_] for id_ in ids if id_ in said or id_ in before}


def _own(at: int, source_id: str, text: str) -> Own | None:
    raw = json.loads(text, parse_float=Decimal)
    if raw.get("deleted") is True:
        return None
    name, tags = name_of(source_id, raw), raw.get("tags")
    return Own(
        at, source_id, name, alike(name),
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


def remembered(database: Database, of: Hashable, otherwise: Any, holding: object = None) -> tuple[Any, Any]:
    """Return what was made of something before it changed, with what it was made of, while that is remembered."""
    with _LOCK:
        mine = _KEPT.get(database)
        before = None if mine is None else mine.get(of)
    return (otherwise, holding) if before is None else before[1:]


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
