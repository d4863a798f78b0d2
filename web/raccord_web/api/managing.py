"""A connection's mapping and its settings, as programs read and change them; no secret is ever given back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, HTTPException
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from raccord.jobs.schedules import set_schedule
from raccord.onboarding.access.api_tokens import Scope
from raccord.onboarding.access.people import Power, require
from raccord.onboarding.arriving.changing import change_settings
from raccord.onboarding.connecting.connections import NIGHTLY
from raccord.onboarding.connecting.seen_settings import seen_of
from raccord.onboarding.deciding.open_days import open_day
from raccord.onboarding.deciding.remapping import Change, save_changes
from raccord.onboarding.sources.source_accounts import refused
from raccord.plugin.drafts import Accepts
from raccord.plugin.info import ConnectorInfo
from raccord.plugin.terms import TermTable
from raccord.plugin.texts import Text
from raccord.store.models import Connection, Schedule
from raccord.store.sensitive import split_secrets
from raccord.sync.days import today_of
from raccord.sync.resolving.terms import DatedTerm, meaning_named
from raccord_web.api.deeds import Done, Id
from raccord_web.api.paging import Asked, Part, part_of
from raccord_web.api.programs import needs
from raccord_web.api.repeating import Repeatable, repeatable
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting
from raccord_web.pages.typed import kept_off
from raccord_web.parts.held import connection_of, settings_of
from raccord_web.parts.mapped import TermView, roles_of, terms_of

router = APIRouter()
deeds = APIRouter(route_class=Repeatable, dependencies=[Depends(repeatable)])

Value = Annotated[str, StringConstraints(max_length=20_000, pattern=r"^[^\x00]*$")]
Number = Annotated[int, Field(strict=True, ge=-(2**31), le=2**31 - 1)]
Setting = Annotated[bool, Field(strict=True)] | Number | Value | Annotated[list[Value], Field(max_length=500)] | None


class ScheduleIn(BaseModel):
    """When a connection runs by itself: a cron line of five fields in a time zone; what is left out stays."""

    enabled: bool = True
    cron: Annotated[str, StringConstraints(max_length=100, strip_whitespace=True, pattern=r"^[^\x00]*$")] = ""
    time_zone: Annotated[str, StringConstraints(max_length=60, strip_whitespace=True, pattern=r"^[^\x00]*$")] = ""


class ScheduleView(BaseModel):
    """The hours as they are, and when the next run is due."""

    cron: str
    time_zone: str
    enabled: bool
    next_at: datetime | None


class Filled(BaseModel):
    """What fills a role from a day on."""

    model_config = ConfigDict(from_attributes=True)

    valid_from: date
    ledger_kind: str
    ledger_id: str
    ledger_name: str
    origin: str
    chosen_by: str
    chosen_at: datetime


class RoleMapping(BaseModel):
    """A role with its choices by day; ``missing`` says that documents wait for one."""

    role: str
    of: str
    label: Mapping[str, str]
    accepts: Accepts
    required: bool
    missing: bool
    choices: Sequence[Filled]


class Meant(BaseModel):
    """What a word means from a day on."""

    valid_from: date
    ledger: str
    label: Mapping[str, str]
    changed_by: str
    changed_at: datetime


class Meaning(BaseModel):
    """What a word may become, and what that is called; ``ledger`` is what a change names."""

    ledger: str
    label: Mapping[str, str]


class TermMapping(BaseModel):
    """A word of the source: what the connector takes it for, the company's own answers by day, what it may become."""

    word: str
    label: Mapping[str, str]
    ledger: str
    ledger_label: Mapping[str, str]
    role: str
    one_of: Sequence[str]
    origin: str
    answers: Sequence[Meant]
    may_become: Sequence[Meaning]


class TermIn(BaseModel):
    """What a word means from a day on, by the date of its record; without a day from today."""

    word: Id
    ledger: Id
    first: date | None = None
    seen: Annotated[str, StringConstraints(max_length=200)] | None = None
    """What it meant when it was read, by the newest day; refused where it means something else now."""


class SettingsView(BaseModel):
    """A connection's settings; of secrets only whether there is one."""

    connection_id: str
    values: Mapping[str, Any]
    secrets: Mapping[str, bool]


class SettingsIn(BaseModel):
    """The settings to change, by name; what is left out stays, secrets too."""

    values: Annotated[dict[Id, Setting], Field(min_length=1, max_length=200)]


@router.get("/connections/{connection_id}/roles")
def roles(request: Request, connection_id: str, asked: Asked) -> Part[RoleMapping]:
    """Return what each role is filled with, and from which day on."""
    connection, info = held(request, connection_id)
    with desk_of(request).workshop.database.read() as session:
        found = [
            RoleMapping(
                role=each.info.name,
                of=each.of,
                label={"fr": each.info.label.fr, "en": each.info.label.en},
                accepts=each.info.accepts,
                required=each.info.required,
                missing=each.missing,
                choices=[Filled.model_validate(choice) for choice in each.choices],
            )
            for each in roles_of(session, connection, info)
        ]
    return part_of(found, asked)


@router.get("/connections/{connection_id}/terms")
def terms(request: Request, connection_id: str, asked: Asked) -> Part[TermMapping]:
    """Return what each word of the source means, and from which day on."""
    connection, info = held(request, connection_id)
    with desk_of(request).workshop.database.read() as session:
        found = [_term(info.terms, each) for each in terms_of(session, connection, info)]
    return part_of(found, asked)


@deeds.post("/connections/{connection_id}/terms", dependencies=[Depends(needs(Scope.MANAGE))])
def mean(request: Request, connection_id: str, wanted: TermIn) -> Done:
    """Let a word of the source mean something else from a day on; what is posted stays until a repost."""
    workshop = desk_of(request).workshop
    connection, _ = held(request, connection_id)
    with workshop.database.read() as session:
        first = wanted.first or open_day(session, connection, today_of(connection, workshop.clock.now()))
    change: Change = DatedTerm(wanted.word, wanted.ledger, first)
    seen: dict[Change, str | None] = {} if wanted.seen is None else {change: wanted.seen}
    save_changes(workshop, acting(request), connection_id, [change], seen)
    return Done(id=connection_id)


@router.get("/connections/{connection_id}/settings", dependencies=[Depends(needs(Scope.MANAGE))])
def settings(request: Request, response: Response, connection_id: str) -> SettingsView:
    """Return the settings to those who may change them; changing them takes the ``ETag`` of this answer."""
    connection, info = managed(request, connection_id)
    response.headers["ETag"] = f'"{seen_of(settings_of(desk_of(request).workshop, connection, info))}"'
    return _view(request, connection, info)


@deeds.post("/connections/{connection_id}/settings", dependencies=[Depends(needs(Scope.MANAGE))])
def change(
    request: Request, connection_id: str, wanted: SettingsIn, if_match: Annotated[str, Header(max_length=8000)] = "*"
) -> SettingsView:
    """Change settings and credentials in place; identity, links and history stay.

    With the ``ETag`` under which they were read, refused where somebody changed them since.
    """
    _, info = managed(request, connection_id)
    require_known(info, wanted.values)
    seen = "" if if_match.strip() == "*" else if_match.strip().strip('"')
    changed = change_settings(desk_of(request).workshop, acting(request), connection_id, wanted.values, seen)
    return _view(request, changed, info)


@deeds.post("/connections/{connection_id}/schedule", dependencies=[Depends(needs(Scope.MANAGE))])
def schedule(request: Request, connection_id: str, wanted: ScheduleIn) -> ScheduleView:
    """Let a connection run by itself at other hours, or no more."""
    connection, _ = managed(request, connection_id)
    workshop = desk_of(request).workshop
    with workshop.database.read() as session:
        known = session.get(Schedule, connection_id)
    zone = wanted.time_zone or (connection.time_zone if known is None else known.time_zone)
    cron = wanted.cron or (NIGHTLY if known is None else known.cron)
    due = set_schedule(
        workshop.database, connection_id, cron, zone, clock=workshop.clock, enabled=wanted.enabled,
        by=acting(request).name,
    )  # fmt: skip
    return ScheduleView(cron=cron, time_zone=zone, enabled=wanted.enabled, next_at=due)


def require_known(info: ConnectorInfo, values: Mapping[str, object]) -> None:
    """Refuse settings that a connector does not have, or that no form shows: signing in alone writes those."""
    model = info.settings.model_fields
    unknown = [name for name in values if name not in model or kept_off(model[name])]
    if unknown:
        names = ", ".join(name[:60] for name in unknown[:10])
        raise refused(
            "connection.settings",
            Text(f"Réglages inconnus : {names}.", f"Unknown settings: {names}."),
            Text("Lisez les réglages pour voir leurs noms.", "Read the settings to see their names."),
        )


def held(request: Request, connection_id: str) -> tuple[Connection, ConnectorInfo]:
    """Return a connection and its connector's manifest; a 404 where that is gone."""
    found = connection_of(desk_of(request).workshop, connection_id)
    if found is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return found


def managed(request: Request, connection_id: str) -> tuple[Connection, ConnectorInfo]:
    """Return the same to those alone who may manage the connection."""
    connection, info = held(request, connection_id)
    require(acting(request), Power.MANAGE, info, manage_granted=connection.manage_granted_at is not None)
    return connection, info


def _view(request: Request, connection: Connection, info: ConnectorInfo) -> SettingsView:
    plain, secret = split_secrets(settings_of(desk_of(request).workshop, connection, info))
    shown = {name for name, each in info.settings.model_fields.items() if not kept_off(each)}
    return SettingsView(
        connection_id=connection.id,
        values={name: value for name, value in plain.items() if name in shown},
        secrets={path: bool(value) for path, value in secret.items() if path.partition("/")[0] in shown},
    )


def _term(table: TermTable, each: TermView) -> TermMapping:
    return TermMapping(
        word=each.term.word,
        label=asdict(each.term.label),
        ledger=each.term.ledger,
        ledger_label=asdict(meaning_named(table, each.term.ledger)),
        role=each.term.role,
        one_of=each.term.one_of,
        origin=each.term.origin,
        answers=[
            Meant(
                valid_from=said.valid_from,
                ledger=said.ledger,
                label=asdict(meaning_named(table, said.ledger)),
                changed_by=said.changed_by,
                changed_at=said.changed_at,
            )
            for said in each.overrides
        ],
        may_become=[Meaning(ledger=said, label=asdict(meaning_named(table, said))) for said in each.allowed],
    )
