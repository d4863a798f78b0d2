"""Linking the instances of a role one by one, such as the items of a source's catalogue: how many are linked, what each
may be, and several at once.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.errors import RaccordError
from raccord.onboarding.access.people import Actor
from raccord.onboarding.connecting.card_kinds import fill_with_kinds
from raccord.onboarding.deciding.decisions import choose_in
from raccord.onboarding.setting_up.known_names import (
    INSTANCES_MAX,
    Entry,
    Ledger,
    Own,
    ledger_entries,
    own_entries,
    suggestions,
    taken_entries,
)
from raccord.plugin.info import ConnectorInfo, RoleInfo
from raccord.plugin.texts import Text
from raccord.store.database import Database
from raccord.store.models import Choice, Company, Connection, SourceRecord
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.resolving.newcomers import comparison_key
from raccord.sync.workshop import Workshop

AT_ONCE = 100
"""Links that one transaction makes."""
TOGETHER = 500
"""Suggestions that one request accepts; it must answer while somebody waits, who may then accept the next ones."""


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
    """The instances of a role: those that were asked for, and how many of all of them are linked."""

    role: RoleInfo
    rows: Sequence[InstanceView]
    total: int
    linked: int
    suggested: int
    matching: int
    """How many are what was looked for, of which ``rows`` are a part."""

    @property
    def complete(self) -> bool:
        return self.total > 0 and self.linked == self.total


def roles_with_instances(info: ConnectorInfo) -> list[RoleInfo]:
    """Return the roles whose instances people link one by one."""
    return [each for each in info.roles if each.of_stream]


def links_one_by_one(workshop: Workshop, connection_id: str) -> list[RoleInfo]:
    """Return the roles of a connection whose instances people link one by one."""
    with workshop.database.read() as session:
        connection = session.get_one(Connection, connection_id)
        admitted = workshop.scopes.catalog.get(connection.connector)
    return [] if admitted is None else roles_with_instances(admitted.info)


def linking(
    workshop: Workshop, connection_id: str, role: str, *, q: str = "", only: str = "", limit: int = INSTANCES_MAX,
    offset: int = 0,
) -> Linking:  # fmt: skip
    """Return instances of a role in the order of their names, with what each may be by its name or code.

    ``q`` is looked for in names and ids; ``only`` keeps those that are ``open`` (not linked) or ``lacking`` something.
    """
    with workshop.database.read() as session:
        connection = session.get_one(Connection, connection_id)
        bench = workshop.bench_of(session, session.get_one(Company, connection.company_id), connection)
        info = next((each for each in roles_with_instances(bench.scope.info) if each.name == role), None)
        if info is None:
            raise _without_instances(role, [each.name for each in roles_with_instances(bench.scope.info)])
        database = workshop.database
        own = own_entries(database, session, connection, info.of_stream)
        ledger = ledger_entries(database, session, connection.company_id, info.accepts)
        may_be = suggestions(database, own, ledger, (connection.id, info.name, info.of_stream))
        known = _linked(database, session, connection, info)
        open_ = [each for each in own if known.get(each.id) not in ledger.by_id]
        wanted, sought = comparison_key(q) if q else "", q.casefold()
        found = [
            each
            for each in (open_ if only == "open" else own)
            if (only != "lacking" or any(name not in each.filled for name, _ in info.needs))
            and (not q or wanted in each.alike or sought in each.id.casefold())
        ]
        shown = found[offset : offset + limit]
        raws = _raws(session, shown)
        used = {of for raw in raws.values() for _, of in (info.lines_use(raw) if info.lines_use else ())}
        filled = _filled(session, connection, used)
    look = _Look(info, {each.name: each for each in bench.scope.info.roles}, ledger, may_be, known, filled)
    rows = [look.at(each, raws[each.at]) for each in shown]
    return Linking(info, rows, len(own), len(own) - len(open_), sum(each.id in may_be for each in open_), len(found))


def link_suggested(workshop: Workshop, actor: Actor, connection_id: str, role: str) -> int:
    """Link instances that are not linked to what is suggested for each, ``TOGETHER`` of them at most; return how many
    were.
    """
    rows = linking(workshop, connection_id, role, only="open").rows
    wanted = [(row.id, row.suggested.id) for row in rows if row.suggested is not None][:TOGETHER]
    for some in chunks(wanted, AT_ONCE):
        _choose(workshop, actor, connection_id, role, some)
    return len(wanted)


def _choose(workshop: Workshop, actor: Actor, connection_id: str, role: str, links: Sequence[tuple[str, str]]) -> None:
    """Link some instances, each to its ledger id, in one transaction."""

    def fill(session: Session) -> None:
        for of, ledger_id in links:
            choose_in(session, workshop, actor, connection_id, role, ledger_id, of, None)

    fill_with_kinds(workshop, actor, connection_id, [(role, of, ledger_id) for of, ledger_id in links], fill)


def _linked(database: Database, session: Session, connection: Connection, info: RoleInfo) -> Mapping[str, str]:
    """Return what the instances are linked to: the newest choice, else the entry that the source took."""
    taken = taken_entries(database, session, connection, info.from_list) if info.from_list else ()
    found = {each.source_id: each.object_id for each in taken}
    chosen = session.execute(
        select(Choice.of, Choice.ledger_id)
        .where(Choice.connection_id == connection.id, Choice.role == info.name, Choice.of != "")
        .order_by(Choice.valid_from, Choice.id)
    )
    found.update((of, ledger_id) for of, ledger_id in chosen)
    return found


def _filled(session: Session, connection: Connection, used: Collection[str]) -> dict[tuple[str, str], str]:
    """Return the name of what fills each role, and those of its instances that are used, by the newest choice."""
    found: dict[tuple[str, str], str] = {}
    for some in chunks(sorted({"", *used}), CHUNK):
        chosen = session.execute(
            select(Choice.role, Choice.of, Choice.ledger_name)
            .where(Choice.connection_id == connection.id, Choice.of.in_(some))
            .order_by(Choice.valid_from, Choice.id)
        )
        found.update({(row.role, row.of): row.ledger_name for row in chosen})
    return found


def _raws(session: Session, shown: Sequence[Own]) -> dict[int, dict[str, Any]]:
    """Return what the source says of some entries, by the record that says it."""
    found: dict[int, dict[str, Any]] = {}
    for some in chunks([each.at for each in shown], CHUNK):
        rows = session.execute(select(SourceRecord.id, SourceRecord.raw).where(SourceRecord.id.in_(some)))
        found.update({at: json.loads(raw, parse_float=Decimal) for at, raw in rows})
    return found


@dataclass(frozen=True, slots=True)
class _Look:
    """What an instance is held against."""

    info: RoleInfo
    roles: Mapping[str, RoleInfo]
    ledger: Ledger
    may_be: Mapping[str, tuple[Entry, str]]
    known: Mapping[str, str]
    filled: Mapping[tuple[str, str], str]

    def at(self, own: Own, raw: Mapping[str, Any]) -> InstanceView:
        """Return an instance as a record tells of it."""
        entry = self.ledger.by_id.get(self.known.get(own.id, ""))
        suggested = self.may_be.get(own.id) if entry is None else None
        return InstanceView(
            own.id,
            own.name,
            None if entry is None else Candidate(entry.id, entry.name),
            None if suggested is None else Candidate(suggested[0].id, suggested[0].name, suggested[1]),
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


def _without_instances(role: str, known: Sequence[str]) -> InstanceError:
    names = ", ".join(known) or "-"
    return InstanceError(
        "instance.no_such_role",
        Text(f"Rien à lier un à un sous « {role} ».", f"Nothing to link one by one under “{role}”."),
        Text(f"Possible : {names}.", f"Possible: {names}."),
    )
