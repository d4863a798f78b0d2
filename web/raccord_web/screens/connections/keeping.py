"""Managing a connection: its settings as a form of its connector's own model, disconnecting it, and who may manage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import time
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from raccord.errors import RaccordError
from raccord.jobs.schedules import set_schedule
from raccord.onboarding.access.people import Power, require
from raccord.onboarding.arriving.changing import change_settings
from raccord.onboarding.closing.exported import NotExportedError
from raccord.onboarding.connecting import connections, disconnecting
from raccord.onboarding.connecting.connections import NIGHTLY
from raccord.onboarding.connecting.hours import DAYS, Hours, Often
from raccord.onboarding.connecting.seen_settings import SettingsChangedError, seen_of
from raccord.onboarding.setting_up import steps as setting_up
from raccord.overview.connections import connection_head
from raccord.plugin.info import ConnectorInfo
from raccord.store.models import Connection, ConnectionState, Schedule
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting, renew_signed_in
from raccord_web.pages.failures import explained
from raccord_web.pages.forms import Fields
from raccord_web.pages.rendering import language_of, said_by, show
from raccord_web.pages.typed import Field, read, shown
from raccord_web.parts.held import (
    changes_in,
    connection_of,
    known_of,
    other_secrets,
    refused_in,
    settings_of,
    with_meanwhile,
)

router = APIRouter()
OFF = "off"
WEEKDAYS = [str(number) for number in range(len(DAYS))]


@router.get("/connections/{connection_id}/settings")
def settings(request: Request, connection_id: str) -> Response:
    workshop = desk_of(request).workshop
    found = connection_of(workshop, connection_id)
    if found is None:
        return explained(request, HTTPStatus.NOT_FOUND)
    connection, info = found
    _require_managing(request, info, connection_id)
    held = settings_of(workshop, connection, info)
    return _settings_page(request, connection, info, held.model_dump(mode="json"), held)


@router.post("/connections/{connection_id}/settings")
def change(request: Request, connection_id: str, fields: Fields) -> Response:
    """Change settings and credentials in place; a secret left empty stays as it is, and what others changed since the
    form was shown is shown first.
    """
    workshop, actor, language = desk_of(request).workshop, acting(request), language_of(request)
    found = connection_of(workshop, connection_id)
    if found is None:
        return explained(request, HTTPStatus.NOT_FOUND)
    connection, info = found
    _require_managing(request, info, connection_id)
    held, seen = settings_of(workshop, connection, info), fields.get("seen", "")
    values, wrong = read(info.settings, fields, held, language)
    if wrong:
        return _settings_page(
            request, connection, info, values, held, status=HTTPStatus.UNPROCESSABLE_ENTITY, seen=seen, wrong=wrong
        )
    try:
        change_settings(workshop, actor, connection_id, changes_in(values, held), seen)
    except SettingsChangedError:
        with workshop.database.read() as session:
            connection = session.get_one(Connection, connection_id)
        standing = settings_of(workshop, connection, info)
        values, changed = with_meanwhile(values, seen, standing)
        return _settings_page(request, connection, info, values, standing, status=HTTPStatus.CONFLICT, changed=changed)
    except RaccordError as error:
        return _settings_page(
            request, connection, info, values, held, status=HTTPStatus.CONFLICT, seen=seen,
            wrong=refused_in(error, request), code=error.code,
        )  # fmt: skip
    response = RedirectResponse(f"/connections/{connection_id}?done=settings", HTTPStatus.SEE_OTHER)
    if connection.state == ConnectionState.REAUTHORISE or other_secrets(workshop, connection, info, held):
        renew_signed_in(request, response)
    return response


@router.post("/connections/{connection_id}/schedule")
def schedule(request: Request, connection_id: str, fields: Fields) -> Response:
    """Let a connection run by itself at other hours, or no more."""
    workshop, actor = desk_of(request).workshop, acting(request)
    found = connection_of(workshop, connection_id)
    if found is None:
        return explained(request, HTTPStatus.NOT_FOUND)
    connection, info = found
    _require_managing(request, info, connection_id)
    often = fields.get("often", "")
    with workshop.database.read() as session:
        known = session.get(Schedule, connection_id)
    zone = known.time_zone if known is not None else connection.time_zone
    line = _hours(fields).line() if often != OFF or known is None else known.cron
    set_schedule(
        workshop.database, connection_id, line, zone, clock=workshop.clock, enabled=often != OFF, by=actor.name
    )
    return RedirectResponse(f"/connections/{connection_id}?done=scheduled", HTTPStatus.SEE_OTHER)


@router.post("/connections/{connection_id}/disconnect")
def disconnect(request: Request, connection_id: str, fields: Fields) -> Response:
    """End a connection (CH-37); nothing is deleted in QuickBooks. What no export holds is asked about once more."""
    workshop, confirmed = desk_of(request).workshop, fields.get("without_export") == "yes"
    try:
        disconnecting.disconnect(workshop, acting(request), connection_id, without_export=confirmed)
    except NotExportedError as error:
        with workshop.database.read() as session:
            return show(
                request, "connections/disconnecting.html", session, status=HTTPStatus.CONFLICT,
                view=connection_head(session, connection_id), what=said_by(error, request),
            )  # fmt: skip
    return RedirectResponse(f"/connections/{connection_id}?done=disconnected", HTTPStatus.SEE_OTHER)


@router.post("/connections/{connection_id}/remove")
def remove(request: Request, connection_id: str, fields: Fields) -> Response:
    """Take an account away that was created without a connection."""
    setting_up.remove(desk_of(request).workshop, acting(request), connection_id)
    return RedirectResponse("/connections?done=account_removed", HTTPStatus.SEE_OTHER)


@router.post("/connections/{connection_id}/managing")
def managing(request: Request, connection_id: str, fields: Fields) -> Response:
    """Let administrators manage a connection that is the owner's alone, or take that back (K5)."""
    granted = fields.get("granted") == "yes"
    connections.grant_managing(desk_of(request).workshop, acting(request), connection_id, granted=granted)
    done = "granted" if granted else "kept_to_owner"
    return RedirectResponse(f"/connections/{connection_id}?done={done}", HTTPStatus.SEE_OTHER)


def _hours(fields: Fields) -> Hours:
    """Return the hours that a form says; raises ``JobError`` later for a cron line that means nothing."""
    said, at, day = (fields.get(name, "") for name in ("often", "at", "weekday"))
    often = Often(said) if said in set(Often) else Often.DAILY
    try:
        when = time.fromisoformat(at)
    except ValueError:
        when = Hours.of(NIGHTLY).at
    return Hours(often, when, int(day) if day in WEEKDAYS else 1, fields.get("cron", "")[:100])


def _require_managing(request: Request, info: ConnectorInfo, connection_id: str) -> None:
    with desk_of(request).workshop.database.read() as session:
        granted = session.get_one(Connection, connection_id).manage_granted_at is not None
    require(acting(request), Power.MANAGE, info, manage_granted=granted)


def _settings_page(
    request: Request,
    connection: Connection,
    info: ConnectorInfo,
    values: Mapping[str, Any],
    standing: BaseModel,
    *,
    status: int = HTTPStatus.OK,
    seen: str = "",
    wrong: Mapping[str, str] | None = None,
    changed: Sequence[str] = (),
    code: str = "",
) -> Response:
    """Show the form with ``values``; with ``changed``, which of the settings that stand were changed meanwhile, with
    ``code``, that of what refused them.
    """
    wrong = wrong or {}

    def form_of(values: Mapping[str, Any]) -> list[Field]:
        return shown(
            info.settings, values, language_of(request), wrong=wrong, fixed=info.identity_setting,
            later=info.signs_in, known=known,
        )  # fmt: skip

    known = known_of(desk_of(request).workshop, connection.id, info)
    fields = form_of(values)
    meanwhile = [each for each in form_of(standing.model_dump(mode="json")) if each.name in changed] if changed else []
    return _page(
        request, connection.id, status=status, fields=fields, wrong=wrong.get("", ""), meanwhile=meanwhile, code=code,
        seen=seen or seen_of(standing, {each.name for each in fields}),
    )  # fmt: skip


def _page(request: Request, connection_id: str, *, status: int = HTTPStatus.OK, **values: object) -> Response:
    with desk_of(request).workshop.database.read() as session:
        view = connection_head(session, connection_id)
        if view is None:
            return explained(request, HTTPStatus.NOT_FOUND)
        known = session.get(Schedule, connection_id)
        return show(
            request,
            "connections/connection_settings.html",
            session,
            status=status,
            hours=Hours.of(NIGHTLY if known is None else known.cron),
            scheduled=known if known is not None and known.enabled else None,
            ways=[*Often, OFF],
            days=DAYS,
            **{"view": view, "wrong": "", "meanwhile": [], "code": "", **values},
        )
