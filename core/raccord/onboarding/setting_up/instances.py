"""Linking the instances of a role one by one, such as the items of a source's catalogue: how many are linked, what each
may be, and several at once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.errors import RaccordError
from raccord.onboarding.access.people import Actor
from raccord.onboarding.deciding.decisions import choose
from raccord.plugin.info import ConnectorInfo, RoleInfo
from raccord.plugin.texts import Text
from raccord.store.models import Choice, Company, Connection, LedgerEntry, RecordState, SourceRecord
from raccord.sync.books.company import fits, kind_of
from raccord.sync.fetching.keep import UNSAID
from raccord.sync.resolving.newcomers import comparison_key
from raccord.sync.resolving.resolve import taken_entries
from raccord.sync.workshop import Workshop

INSTANCES_MAX = 20_000
_NAMES = ("name", "display_name", "label")
_CODES = ("code", "sku", "number")


class InstanceError(RaccordError):
    """Raised when a role has no instances to link; says what it has."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A ledger object that an instance is, or may be; ``why`` says by what it was found."""

    id: str
    name: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Used:
    """Another role that a line of an instance uses, such as its tax, and what fills it now, if anything does."""

    label: Text
    ledger: str


@dataclass(frozen=True, slots=True)
class InstanceView:
    """An instance of a role: what it is linked to, else may be, and what it should say and does not (``lacks``)."""

    id: str
    name: str
    linked: Candidate | None
    suggested: Candidate | None
    facts: Mapping[str, str] = field(default_factory=dict)
    lacks: Sequence[Text] = ()
    uses: Sequence[Used] = ()


@dataclass(frozen=True, slots=True)
class Linking:
    """All instances of a role, and how many of them are linked."""

    role: RoleInfo
    rows: Sequence[InstanceView]

    @property
    def linked(self) -> int:
        return sum(row.linked is not None for row in self.rows)

    @property
    def complete(self) -> bool:
        return bool(self.rows) and self.linked == len(self.rows)

    @property
    def suggested(self) -> int:
        return sum(row.suggested is not None for row in self.rows)

    @property
    def lacking(self) -> int:
        return sum(bool(row.lacks) for row in self.rows)


def roles_with_instances(info: ConnectorInfo) -> list[RoleInfo]:
    """Return the roles whose instances people link one by one."""
    return [each for each in info.roles if each.of_stream]


def name_of(source_id: str, raw: Mapping[str, Any]) -> str:
    """Return what a source calls an entry of one of its lists, else its id."""
    return next((str(raw[each]) for each in _NAMES if raw.get(each)), source_id)


def links_one_by_one(workshop: Workshop, connection_id: str) -> list[RoleInfo]:
    """Return the roles of a connection whose instances people link one by one."""
    with workshop.database.read() as session:
        connection = session.get_one(Connection, connection_id)
        admitted = workshop.scopes.catalog.get(connection.connector)
    return [] if admitted is None else roles_with_instances(admitted.info)


def linking(workshop: Workshop, connection_id: str, role: str) -> Linking:
    """Return the instances of a role in the order of their names, with what each may be by its name or code."""
    with workshop.database.read() as session:
        connection = session.get_one(Connection, connection_id)
        bench = workshop.bench_of(session, session.get_one(Company, connection.company_id), connection)
        info = next((each for each in roles_with_instances(bench.scope.info) if each.name == role), None)
        if info is None:
            raise _without_instances(role, [each.name for each in roles_with_instances(bench.scope.info)])
        ledger = [
            entry
            for entry in session.scalars(
                select(LedgerEntry)
                .where(LedgerEntry.company_id == connection.company_id, LedgerEntry.kind == kind_of(info.accepts))
                .order_by(LedgerEntry.name_key, LedgerEntry.object_id)
            )
            if entry.active and fits(info.accepts, entry)
        ]
        filled = _filled(session, connection)
        known = _linked(session, connection, info)
        records = session.execute(
            select(SourceRecord.source_id, SourceRecord.raw)
            .where(
                SourceRecord.connection_id == connection.id,
                SourceRecord.stream == info.of_stream,
                SourceRecord.state != RecordState.SUPERSEDED,
                SourceRecord.reason.not_in(UNSAID),
            )
            .limit(INSTANCES_MAX)
        ).all()
    look = _Look(info, {each.name: each for each in bench.scope.info.roles}, _Ledger(ledger), known, filled)
    rows = [look.at(source_id, json.loads(raw, parse_float=Decimal)) for source_id, raw in records]
    return Linking(info, sorted((row for row in rows if row), key=lambda row: (row.name.casefold(), row.id)))


def link_suggested(workshop: Workshop, actor: Actor, connection_id: str, role: str) -> int:
    """Link every instance that is not linked to what is suggested for it; return how many were."""
    rows = [row for row in linking(workshop, connection_id, role).rows if row.linked is None]
    wanted = [(row.id, row.suggested.id) for row in rows if row.suggested is not None]
    for of, ledger_id in wanted:
        choose(workshop, actor, connection_id, role, ledger_id, of)
    return len(wanted)


def _linked(session: Session, connection: Connection, info: RoleInfo) -> dict[str, str]:
    """Return what the instances are linked to: the newest choice, else the entry that the source took."""
    taken = taken_entries(session, connection.id, {info.from_list})
    found = {source_id: object_id for (_, source_id), object_id in taken.items()}
    chosen = session.execute(
        select(Choice.of, Choice.ledger_id)
        .where(Choice.connection_id == connection.id, Choice.role == info.name, Choice.of != "")
        .order_by(Choice.valid_from, Choice.id)
    )
    return {**found, **{row.of: row.ledger_id for row in chosen}}


def _filled(session: Session, connection: Connection) -> dict[tuple[str, str], str]:
    """Return the name of what fills each role, and each instance of one, by the newest choice."""
    chosen = session.execute(
        select(Choice.role, Choice.of, Choice.ledger_name)
        .where(Choice.connection_id == connection.id)
        .order_by(Choice.valid_from, Choice.id)
    )
    return {(row.role, row.of): row.ledger_name for row in chosen}


@dataclass(frozen=True, slots=True)
class _Look:
    """What an instance is held against."""

    info: RoleInfo
    roles: Mapping[str, RoleInfo]
    ledger: _Ledger
    known: Mapping[str, str]
    filled: Mapping[tuple[str, str], str]

    def at(self, source_id: str, raw: dict[str, Any]) -> InstanceView | None:
        """Return an instance as a record tells of it; nothing where the source says that it is gone."""
        if raw.get("deleted") is True:
            return None
        name = name_of(source_id, raw)
        entry = self.ledger.by_id.get(self.known.get(source_id, ""))
        codes = {str(raw[each]).casefold() for each in _CODES if raw.get(each)}
        return InstanceView(
            source_id,
            name,
            None if entry is None else Candidate(entry.object_id, entry.name),
            self.ledger.suggestion(name, codes) if entry is None else None,
            {each: str(value) for each, value in raw.items() if not isinstance(value, dict | list)},
            [label for each, label in self.info.needs if raw.get(each) in (None, "")],
            [self._use(*each) for each in (self.info.lines_use(raw) if self.info.lines_use else ())],
        )

    def _use(self, role: str, of: str) -> Used:
        """Return what a role is filled with: its own choice, that for all its instances, or the role's it follows."""
        seen = set[str]()
        while (info := self.roles[role]).name not in seen:
            seen.add(role)
            found = self.filled.get((role, of)) or self.filled.get((role, ""))
            if found or not info.same_as:
                return Used(info.label, found or "")
            role = info.same_as
        return Used(info.label, "")


class _Ledger:
    """What an instance may be linked to, by id, code and name."""

    def __init__(self, entries: Sequence[LedgerEntry]) -> None:
        self.by_id = {each.object_id: each for each in entries}
        self._ways: dict[str, dict[str, list[LedgerEntry]]] = {"code": {}, "name": {}, "alike": {}}
        for each in entries:
            # An item of a category bears the category's name before its own.
            own = each.name.rpartition(":")[2]
            self._put("code", each.number.casefold(), each)
            for name in {each.name, own}:
                self._put("name", name.casefold(), each)
            for name in {comparison_key(each.name), comparison_key(own)}:
                self._put("alike", name, each)

    def suggestion(self, name: str, codes: set[str]) -> Candidate | None:
        """Return the one entry that has the same code, the same name or nearly the same; two suggest nothing."""
        for why, keys in (("code", codes), ("name", {name.casefold()}), ("alike", {comparison_key(name)})):
            found = [each for key in keys for each in self._ways[why].get(key, ())]
            if len(found) == 1:
                return Candidate(found[0].object_id, found[0].name, why)
        return None

    def _put(self, why: str, key: str, entry: LedgerEntry) -> None:
        if key:
            self._ways[why].setdefault(key, []).append(entry)


def _without_instances(role: str, known: Sequence[str]) -> InstanceError:
    names = ", ".join(known) or "-"
    return InstanceError(
        "instance.no_such_role",
        Text(f"Rien à lier un à un sous « {role} ».", f"Nothing to link one by one under “{role}”."),
        Text(f"Possible : {names}.", f"Possible: {names}."),
    )
