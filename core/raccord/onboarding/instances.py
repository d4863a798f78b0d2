"""Linking the instances of a role one by one, such as the items of a source's catalogue: how many are linked, what each
may be, and several at once.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.errors import RaccordError
from raccord.onboarding.decisions import choose
from raccord.onboarding.people import Actor
from raccord.plugin.info import RoleInfo
from raccord.plugin.texts import Text
from raccord.store.models import Choice, Company, Connection, LedgerEntry, RecordState, SourceRecord
from raccord.sync.books import fits, kind_of
from raccord.sync.newcomers import comparison_key
from raccord.sync.resolve import taken_entries
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
class InstanceView:
    """An instance of a role: what it is linked to, else what it may be."""

    id: str
    name: str
    linked: Candidate | None
    suggested: Candidate | None


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


def linking(workshop: Workshop, connection_id: str, role: str) -> Linking:
    """Return the instances of a role in the order of their names, with what each may be by its name or code."""
    with workshop.database.read() as session:
        connection = session.get_one(Connection, connection_id)
        bench = workshop.bench_of(session, session.get_one(Company, connection.company_id), connection)
        info = next((each for each in bench.scope.info.roles if each.name == role and each.of_stream), None)
        if info is None:
            raise _without_instances(role, [each.name for each in bench.scope.info.roles if each.of_stream])
        ledger = [
            entry
            for entry in session.scalars(
                select(LedgerEntry)
                .where(LedgerEntry.company_id == connection.company_id, LedgerEntry.kind == kind_of(info.accepts))
                .order_by(LedgerEntry.name_key, LedgerEntry.object_id)
            )
            if entry.active and fits(info.accepts, entry)
        ]
        known = _linked(session, connection, info)
        records = session.execute(
            select(SourceRecord.source_id, SourceRecord.raw)
            .where(
                SourceRecord.connection_id == connection.id,
                SourceRecord.stream == info.of_stream,
                SourceRecord.state != RecordState.SUPERSEDED,
            )
            .limit(INSTANCES_MAX)
        ).all()
    names = {entry.object_id: entry.name for entry in ledger}
    rows = [
        _view(source_id, json.loads(raw, parse_float=Decimal), known.get(source_id), names, ledger)
        for source_id, raw in records
    ]
    return Linking(info, sorted(rows, key=lambda row: (row.name.casefold(), row.id)))


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


def _view(
    source_id: str, raw: dict[str, object], known: str | None, names: dict[str, str], ledger: Sequence[LedgerEntry]
) -> InstanceView:
    name = next((str(raw[each]) for each in _NAMES if raw.get(each)), source_id)
    if known is not None and known in names:
        return InstanceView(source_id, name, Candidate(known, names[known]), None)
    codes = {str(raw[each]).casefold() for each in _CODES if raw.get(each)}
    return InstanceView(source_id, name, None, _suggestion(name, codes, ledger))


def _suggestion(name: str, codes: set[str], ledger: Sequence[LedgerEntry]) -> Candidate | None:
    """Return the one entry that has the same code, the same name or nearly the same; two of them suggest nothing."""
    alike = comparison_key(name)
    rules = (
        ("code", [each for each in ledger if each.number and each.number.casefold() in codes]),
        ("name", [each for each in ledger if each.name.casefold() == name.casefold()]),
        ("alike", [each for each in ledger if comparison_key(each.name) == alike]),
    )
    for why, found in rules:
        if len(found) == 1:
            return Candidate(found[0].object_id, found[0].name, why)
    return None


def _without_instances(role: str, known: Sequence[str]) -> InstanceError:
    names = ", ".join(known) or "-"
    return InstanceError(
        "instance.no_such_role",
        Text(f"Rien à lier un à un sous « {role} ».", f"Nothing to link one by one under “{role}”."),
        Text(f"Possible : {names}.", f"Possible: {names}."),
    )
