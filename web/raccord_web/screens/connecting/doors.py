"""The two doors in the settings that lead to QuickBooks: accounting (PL-10) and integrations (TD-27)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter
from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from raccord.enablement import is_allowed
from raccord.jobs.requests import request_run
from raccord.onboarding.connecting import connections
from raccord.onboarding.gates.gates import early_gates
from raccord.onboarding.setting_up.steps import set_scope
from raccord.overview.companies import list_companies
from raccord.overview.connections import list_connections
from raccord.overview.listing import MOST
from raccord.plugin.info import ConnectorInfo, Mode
from raccord.plugin.texts import Language
from raccord.store.models import Connection, ConnectionState
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting, within_of
from raccord_web.pages.failures import explained
from raccord_web.pages.forms import Fields
from raccord_web.pages.rendering import language_of, show
from raccord_web.pages.typed import Field, read, shown
from raccord_web.parts.held import changes_in, connection_of, settings_of
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
        return show(request, "connecting/accounting.html", session, companies=companies)


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
    workshop, within = desk_of(request).workshop, within_of(request)
    with workshop.database.read() as session:
        admitted = workshop.scopes.catalog.admitted
        sources = [
            (each.info, _first_question(each.info)) for each in admitted.values() if is_allowed(session, each.name)
        ]
        linked = list_connections(session, within=within, limit=MOST, since=None).rows
        held = {each.id: each for each in linked if each.state in OPEN and each.connector in admitted}
        language = language_of(request)
        wanted = select(Connection.id, Connection.settings).where(Connection.id.in_(sorted(held)))
        asked = [
            (held[id_], options)
            for id_, values in session.execute(wanted)
            if (options := _options(admitted[held[id_].connector].info, values, language)) is not None
        ]
        return show(
            request, "connecting/integrations_quickbooks.html", session, sources=sources, linked=linked, asked=asked
        )


@router.post("/connections/{connection_id}/options")
def save(request: Request, connection_id: str, fields: Fields) -> Response:
    """Keep what is synced and since when, and start the sync that follows it (TD-34); its plan waits as any does."""
    desk, actor = desk_of(request), acting(request)
    found = connection_of(desk.workshop, connection_id)
    if found is None:
        return explained(request, HTTPStatus.NOT_FOUND)
    connection, info = found
    held = settings_of(desk.workshop, connection, info)
    values, wrong = read(info.settings, fields, held, language_of(request))
    first = _day(fields.get("first", ""))
    if wrong or (fields.get("first") and first is None):
        return explained(request, HTTPStatus.UNPROCESSABLE_ENTITY)
    if first is not None and first != connection.starts_on:
        set_scope(desk.workshop, actor, connection_id, first, connection.time_zone, connection.cut_off)
    connections.update_settings(desk.workshop, actor, connection_id, changes_in(values, held))
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


def _options(info: ConnectorInfo, values: Mapping[str, Any], language: Language) -> Options | None:
    """Return what stays to be chosen in the settings once connected, or nothing where the connector asks nothing."""
    asked = {name for gate in info.gates for name in gate.settings}
    dated = any(gate.first_day for gate in info.gates)
    if not (asked or dated):
        return None
    return Options(shown(info.settings, values, language, without=set(info.settings.model_fields) - asked), dated)


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
