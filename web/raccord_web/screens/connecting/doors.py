"""The two doors in the settings that lead to QuickBooks: accounting (PL-10) and integrations (TD-27)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from raccord.enablement import is_allowed
from raccord.jobs.requests import request_run
from raccord.onboarding.access.authority import authorities_of
from raccord.onboarding.arriving.changing import change_settings
from raccord.onboarding.connecting.seen_settings import SettingsChangedError, seen_of
from raccord.onboarding.gates.gates import early_gates
from raccord.onboarding.setting_up.steps import set_scope_in
from raccord.overview.companies import list_companies
from raccord.overview.connections import list_connections
from raccord.overview.listing import MOST
from raccord.plugin.info import ConnectorInfo, Mode
from raccord.plugin.texts import Language
from raccord.store.models import Connection, ConnectionState
from raccord.sync.workshop import Workshop
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting, within_of
from raccord_web.pages.failures import explained
from raccord_web.pages.forms import Fields
from raccord_web.pages.rendering import language_of, show
from raccord_web.pages.typed import Field, read, shown
from raccord_web.parts.held import changes_in, connection_of, settings_of, with_meanwhile
from raccord_web.steps.beginning import Beginning

router = APIRouter()
QUICKBOOKS = "quickbooks-online"
"""The accounting system there is to connect; the list would hold others."""
DOOR = "/settings/integrations/quickbooks"
OPEN = frozenset({ConnectionState.DRAFT, ConnectionState.CONNECTED, ConnectionState.PAUSED})


@router.get("/settings/accounting")
def accounting(request: Request) -> Response:
    """Show which companies' books are connected, and the way to connect more."""
    with desk_of(request).workshop.database.read() as session:
        companies = list_companies(session, within=within_of(request), limit=MOST).rows
        authorities = authorities_of(session, [each.given for each in companies], desk_of(request).workshop.clock.now())
        return show(request, "connecting/accounting.html", session, companies=companies, authorities=authorities)


@router.get("/settings/accounting/connect")
def connect(request: Request, system: str = "") -> Response:
    """Let an accounting system be chosen, then connected."""
    with desk_of(request).workshop.database.read() as session:
        return show(
            request, "connecting/accounting_connect.html", session, system=system if system == QUICKBOOKS else ""
        )


@router.get("/settings/integrations")
def integrations(request: Request) -> Response:
    with desk_of(request).workshop.database.read() as session:
        return show(request, "connecting/integrations.html", session)


@router.get("/settings/integrations/quickbooks")
def quickbooks(request: Request) -> Response:
    """Show what is connected to QuickBooks, and for each source the way to connect it: its first question."""
    return _page(request)


@router.post("/connections/{connection_id}/options")
def save(request: Request, connection_id: str, fields: Fields) -> Response:
    """Keep what is synced and since when, and start the sync that follows it (TD-34); its plan waits as any does.

    What others changed since the form was shown is shown first.
    """
    desk, actor = desk_of(request), acting(request)
    found = connection_of(desk.workshop, connection_id)
    if found is None:
        return explained(request, HTTPStatus.NOT_FOUND)
    connection, info = found
    held, seen = settings_of(desk.workshop, connection, info), fields.get("seen", "")
    values, wrong = read(info.settings, fields, held, language_of(request))
    first, shown_first = _day(fields.get("first", "")), _day(fields.get("seen_first", ""))
    if wrong or (fields.get("first") and first is None):
        return explained(request, HTTPStatus.UNPROCESSABLE_ENTITY)

    def move(session: Session) -> None:
        # Sent as it was shown: this person says nothing of it.
        if first is not None and first != (shown_first or connection.starts_on):
            set_scope_in(session, desk.workshop, actor, connection_id, first, seen=shown_first)

    try:
        change_settings(desk.workshop, actor, connection_id, changes_in(values, held), seen, move)
    except SettingsChangedError:
        return _again(request, connection_id, fields, values)
    if connection.state != ConnectionState.CONNECTED:
        return RedirectResponse(f"{DOOR}?done=settings", HTTPStatus.SEE_OTHER)
    clock = desk.workshop.clock
    request_run(desk.workshop.database, desk.engine, connection_id, trigger="person", by=actor.name, clock=clock)
    return RedirectResponse(f"{DOOR}?done=options", HTTPStatus.SEE_OTHER)


@dataclass(frozen=True, slots=True)
class Options:
    """What a connector asks before any access to QuickBooks, as it stands for one connection."""

    fields: list[Field]
    dated: bool
    first: date
    seen: str
    """What tells these settings as they are shown."""
    changed: bool = False
    """Whether a form was refused because others changed something since it was shown."""
    meanwhile: Sequence[Field] = ()
    """The settings that they changed, as they stand."""
    first_now: date | None = None
    """The first day as they left it, where they moved it."""


def _again(request: Request, connection_id: str, fields: Mapping[str, str], values: Mapping[str, object]) -> Response:
    """Show a form again that was made on options that stand no more: what was typed, with what others changed."""
    workshop, language = desk_of(request).workshop, language_of(request)
    found = connection_of(workshop, connection_id)
    if found is None:
        return explained(request, HTTPStatus.NOT_FOUND)
    connection, info = found
    held = settings_of(workshop, connection, info)
    values, changed = with_meanwhile(dict(values), fields.get("seen", ""), held)
    now, again = _options(info, connection, held, held, language), _options(info, connection, values, held, language)
    if now is None or again is None:
        return explained(request, HTTPStatus.NOT_FOUND)
    typed, shown_first = _day(fields.get("first", "")), _day(fields.get("seen_first", ""))
    again = replace(
        again,
        first=typed if typed is not None and typed != shown_first else connection.starts_on,
        changed=True,
        meanwhile=[each for each in now.fields if each.name in changed],
        first_now=connection.starts_on if shown_first not in (None, connection.starts_on) else None,
    )
    return _page(request, {connection_id: again}, HTTPStatus.CONFLICT)


def _page(request: Request, again: Mapping[str, Options] | None = None, status: int = HTTPStatus.OK) -> Response:
    workshop, within, again = desk_of(request).workshop, within_of(request), again or {}
    with workshop.database.read() as session:
        admitted = workshop.scopes.catalog.admitted
        sources = [
            (each.info, _first_question(each.info)) for each in admitted.values() if is_allowed(session, each.name)
        ]
        linked = list_connections(session, within=within, limit=MOST, since=None).rows
        held = {each.id: each for each in linked if each.state in OPEN and each.connector in admitted}
        language = language_of(request)
        rows = session.scalars(select(Connection).where(Connection.id.in_(sorted(held)))).all()
        options = {each.id: _standing(workshop, each, admitted[each.connector].info, language) for each in rows}
        asked = [(held[id_], again.get(id_, each)) for id_, each in options.items() if each is not None]
        return show(
            request, "connecting/integrations_quickbooks.html", session, status=status, sources=sources, linked=linked,
            asked=asked,
        )  # fmt: skip


def _standing(workshop: Workshop, connection: Connection, info: ConnectorInfo, language: Language) -> Options | None:
    if not _asked_early(info):
        return None
    held = settings_of(workshop, connection, info)
    return _options(info, connection, held, held, language)


def _asked_early(info: ConnectorInfo) -> bool:
    """Tell whether a connector asks anything of this page, which stays to be chosen once connected."""
    return any(gate.settings or gate.first_day for gate in info.gates)


def _options(
    info: ConnectorInfo, connection: Connection, values: Mapping[str, Any] | BaseModel, held: BaseModel,
    language: Language,
) -> Options | None:  # fmt: skip
    """Return what stays to be chosen in the settings once connected, or nothing where the connector asks nothing."""
    if not _asked_early(info):
        return None
    asked = {name for gate in info.gates for name in gate.settings}
    said = values.model_dump(mode="json") if isinstance(values, BaseModel) else values
    return Options(
        shown(info.settings, said, language, without=set(info.settings.model_fields) - asked),
        any(gate.first_day for gate in info.gates),
        connection.starts_on,
        seen_of(held, asked),
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _first_question(info: ConnectorInfo) -> str:
    """Return where connecting a source begins: what to sync, where that is asked first; else how one starts (PL-02)."""
    mode = Mode.FIRST_TIME if Mode.FIRST_TIME in info.modes else next(iter(info.modes))
    asks = any(gate.first_day or gate.settings for gate in early_gates(info, mode))
    return Beginning(info, mode if asks else None).address("ready" if asks else "mode")
