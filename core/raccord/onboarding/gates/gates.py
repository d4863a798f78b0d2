"""Gates: what must be done before a stage of a set-up begins; core sees it where it can, else a person says so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.errors import RaccordError
from raccord.onboarding.access.people import Actor, Power, require
from raccord.onboarding.sources.source_accounts import info_of
from raccord.plugin.info import ConnectorInfo, GateInfo, Mode, Stage
from raccord.plugin.texts import Text
from raccord.store import events
from raccord.store.models import Choice, Connection
from raccord.sync.workshop import Workshop

ORDER = tuple(Stage)
EARLY = frozenset({Stage.COMPANY, Stage.SOURCE})
"""Stages before there is a connection; what opens them is said with the request that makes it."""


class GateError(RaccordError):
    """Raised when a stage is not open yet, or a gate cannot be passed so; says why and what to do."""


@dataclass(frozen=True, slots=True)
class GateView:
    """A gate as it stands for one connection."""

    info: GateInfo
    passed: bool
    turn: bool
    """Whether it is the next one: all before it are passed."""
    by: str = ""
    at: datetime | None = None


def gates_of(session: Session, connection: Connection, info: ConnectorInfo) -> list[GateView]:
    """Return a connection's gates in their order, each as it stands now."""
    chosen = set(session.scalars(select(Choice.role).where(Choice.connection_id == connection.id, Choice.of == "")))
    roles = {role.name: role for role in info.roles}
    filled = {
        name
        for name, role in roles.items()
        if name in chosen or role.same_as or role.subtype or role.default is not None
    }
    views: list[GateView] = []
    for gate in in_mode(info, connection.mode):
        noted = connection.gates_passed.get(gate.name)
        # Whose plan was approved before the connector declared this gate has passed it long ago.
        known = noted is not None or connection.approved_at is not None
        passed = set(gate.roles) <= filled if gate.roles else known
        views.append(_view(gate, noted, passed=passed, turn=not passed and all(each.passed for each in views)))
    return views


def in_mode(info: ConnectorInfo, mode: str) -> list[GateInfo]:
    return [each for each in info.gates if mode in each.modes]


def early_gates(info: ConnectorInfo, mode: Mode) -> list[GateInfo]:
    """Return the gates that stand before there is a connection."""
    return [each for each in in_mode(info, mode) if each.before in EARLY]


def told(gate: GateInfo, passed: Iterable[str], values: Mapping[str, object], starts_on: date | None) -> bool:
    """Tell whether an early gate is passed by what a person says beside a new connection."""
    if gate.said:
        return gate.name in passed
    answered = all(values.get(name) not in (None, "", (), []) for name in gate.settings)
    return answered and (starts_on is not None or not gate.first_day)


def require_early(
    info: ConnectorInfo, mode: Mode, passed: Iterable[str], values: Mapping[str, object], starts_on: date | None
) -> None:
    """Refuse a new connection whose early gates are not passed, naming the first."""
    for gate in early_gates(info, mode):
        if not told(gate, passed, values, starts_on):
            raise _closed(gate)


def require_stage(session: Session, connection: Connection, info: ConnectorInfo, stage: Stage) -> None:
    """Refuse a stage of the set-up while a gate before it, or before an earlier stage, is closed."""
    for view in closing(session, connection, info, stage):
        raise _closed(view.info)


def closing(session: Session, connection: Connection, info: ConnectorInfo, stage: Stage) -> list[GateView]:
    """Return the gates that keep a stage closed for now, in their order."""
    if not info.gates:
        return []
    before = ORDER[: ORDER.index(stage) + 1]
    return [each for each in gates_of(session, connection, info) if each.info.before in before and not each.passed]


def note_passed(connection: Connection, actor: Actor, names: Iterable[str], now: datetime) -> None:
    """Remember with a connection who said which gates are passed, and when."""
    noted = {name: {"by": actor.name, "at": now.isoformat()} for name in names}
    connection.gates_passed = {**connection.gates_passed, **noted}


def forget_said(connection: Connection, info: ConnectorInfo) -> None:
    """Let people say again what they said for an onboarding that ended."""
    said = {gate.name for gate in info.gates if gate.said}
    connection.gates_passed = {name: each for name, each in connection.gates_passed.items() if name not in said}


def pass_gate(workshop: Workshop, actor: Actor, connection_id: str, name: str, *, passed: bool = True) -> None:
    """Say that a gate is passed, or take it back until the first plan is approved; the next ones come after it."""
    now = workshop.clock.now()
    with workshop.database.begin() as session:
        connection = session.get_one(Connection, connection_id, with_for_update=True)
        info = info_of(workshop, connection.connector)
        require(actor, Power.LINK, info)
        view = next((each for each in gates_of(session, connection, info) if each.info.name == name), None)
        if view is None:
            raise _unknown(name, [each.name for each in in_mode(info, connection.mode)])
        if not view.info.said:
            raise GateError(
                "gate.seen",
                Text(f"« {view.info.title.fr} » se voit, et ne se déclare pas.",
                     f"“{view.info.title.en}” is looked at, not declared."),
                view.info.how,
            )  # fmt: skip
        if passed == view.passed:
            return
        if passed and not view.turn:
            first = next(each.info for each in gates_of(session, connection, info) if each.turn)
            raise GateError(
                "gate.order",
                Text(f"D'abord : {first.title.fr}", f"First: {first.title.en}"),
                first.how,
            )
        if passed:
            note_passed(connection, actor, [name], now)
        else:
            left = {key: each for key, each in connection.gates_passed.items() if key != name}
            connection.gates_passed = left
        events.append(
            session,
            actor=actor.name,
            action="connection.gate_passed" if passed else "connection.gate_reopened",
            subject=name,
            company_id=connection.company_id,
            connection_id=connection.id,
            now=now,
            body={"title": view.info.title.en},
        )


def _view(gate: GateInfo, noted: Any, *, passed: bool, turn: bool) -> GateView:
    if noted is None:
        return GateView(gate, passed, turn)
    return GateView(gate, passed, turn, str(noted["by"]), datetime.fromisoformat(str(noted["at"])))


def _closed(gate: GateInfo) -> GateError:
    return GateError(
        "gate.closed",
        Text(
            f"Pas encore : {_sentence(gate.title.fr)} {gate.why.fr}",
            f"Not yet: {_sentence(gate.title.en)} {gate.why.en}",
        ),
        gate.how,
    )


def _sentence(title: str) -> str:
    return title if title.endswith((".", "?", "!")) else f"{title}."


def _unknown(name: str, known: list[str]) -> GateError:
    names = ", ".join(known) or "-"
    return GateError(
        "gate.unknown",
        Text(f"Cette connexion n'a pas de préalable « {name} ».", f"This connection has no gate “{name}”."),
        Text(f"Elle a : {names}.", f"It has: {names}."),
    )
