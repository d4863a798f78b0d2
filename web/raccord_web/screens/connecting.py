"""Connecting a source, the first steps: which source, which way of starting, which company, which source account."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlencode

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from raccord.enablement import is_allowed
from raccord.errors import RaccordError
from raccord.onboarding.connections import NewConnection
from raccord.onboarding.people import Power, may, require
from raccord.onboarding.setting_up import begin, unfinished
from raccord.overview.companies import CompanyView, list_companies
from raccord.overview.listing import MOST
from raccord.plugin.info import ConnectorInfo, Mode
from raccord_web.desk import desk_of
from raccord_web.failures import explained
from raccord_web.forms import Fields
from raccord_web.rendering import language_of, said_by, show
from raccord_web.steps import first_steps
from raccord_web.typed import read, shown
from raccord_web.visitors import acting, visitor_of, within_of

router = APIRouter()


@router.get("/connect")
def sources(request: Request) -> Response:
    """Show what can be connected, and what was begun and not finished."""
    workshop = desk_of(request).workshop
    with workshop.database.read() as session:
        admitted = workshop.scopes.catalog.admitted
        begun = unfinished(session, within_of(request))
        return show(
            request,
            "connect.html",
            session,
            offered=[each.info for each in admitted.values() if is_allowed(session, each.name)],
            closed=[each.info for each in admitted.values() if not is_allowed(session, each.name)],
            begun=[each for each in begun if each.connector in admitted],
        )


@router.get("/connect/{connector}")
def mode(request: Request, connector: str, mode: str = "") -> Response:
    info = _info(request, connector)
    if info is None:
        return explained(request, HTTPStatus.NOT_FOUND)
    with desk_of(request).workshop.database.read() as session:
        return _step(request, session, info, "mode", mode=_mode(info, mode), modes=sorted(info.modes, reverse=True))


@router.get("/connect/{connector}/company")
def company(request: Request, connector: str, mode: str = "", company: str = "") -> Response:
    info = _info(request, connector)
    if info is None:
        return explained(request, HTTPStatus.NOT_FOUND)
    with desk_of(request).workshop.database.read() as session:
        companies = _companies(request, session)
        chosen = company or (companies[0].id if len(companies) == 1 else "")
        return _step(request, session, info, "company", mode=_mode(info, mode), companies=companies, chosen=chosen)


@router.get("/connect/{connector}/source")
def source(request: Request, connector: str, mode: str = "", company: str = "") -> Response:
    info = _info(request, connector)
    if info is None:
        return explained(request, HTTPStatus.NOT_FOUND)
    if not company:
        return RedirectResponse(f"/connect/{connector}/company?{urlencode({'mode': mode})}", HTTPStatus.SEE_OTHER)
    fields = shown(info.settings, _usual(info).model_dump(mode="json"), language_of(request))
    with desk_of(request).workshop.database.read() as session:
        return _step(request, session, info, "source", mode=_mode(info, mode), company=company, fields=fields, label="")


@router.post("/connect/{connector}/source")
def connect(request: Request, connector: str, fields: Fields) -> Response:
    """Keep the source account as a draft and go on; sent twice, it is the same draft."""
    workshop, info = desk_of(request).workshop, _info(request, connector)
    company_id, chosen = fields.get("company", ""), fields.get("mode", "")
    if info is None or not company_id:
        return explained(request, HTTPStatus.NOT_FOUND)
    require(acting(request), Power.LINK)
    values, wrong = read(info.settings, fields, _usual(info), language_of(request))
    refusal = None
    if not wrong:
        new = NewConnection(
            company_id=company_id,
            connector=connector,
            values=values,
            label=fields.get("label", "")[:80],
            mode=_mode(info, chosen),
        )
        try:
            connection = begin(workshop, acting(request), new)
        except RaccordError as error:
            refusal = said_by(error, request)
        else:
            return RedirectResponse(f"/connections/{connection.id}/setup/accounts", HTTPStatus.SEE_OTHER)
    again = shown(info.settings, values, language_of(request), wrong=wrong)
    with workshop.database.read() as session:
        return _step(
            request, session, info, "source", status=HTTPStatus.UNPROCESSABLE_ENTITY, mode=_mode(info, chosen),
            company=company_id, fields=again, wrong=wrong.get("", ""), refusal=refusal, label=fields.get("label", ""),
        )  # fmt: skip


def _step(
    request: Request, session: Session, info: ConnectorInfo, step: str, *, status: int = HTTPStatus.OK, **values: object
) -> Response:
    usual = {"wrong": "", "refusal": None, "company": ""}
    merged = {**usual, **values}
    return show(
        request, f"connect_{step}.html", session, status=status, info=info, connector=info.name,
        steps=first_steps(info, step, str(merged["mode"]), str(merged["company"])), step=step, **merged,
    )  # fmt: skip


def _info(request: Request, connector: str) -> ConnectorInfo | None:
    """Return the manifest of a connector that the installation allows."""
    workshop = desk_of(request).workshop
    admitted = workshop.scopes.catalog.get(connector)
    with workshop.database.read() as session:
        return admitted.info if admitted is not None and is_allowed(session, connector) else None


def _mode(info: ConnectorInfo, wanted: str) -> Mode:
    found = Mode(wanted) if wanted in set(Mode) else Mode.FIRST_TIME
    return found if found in info.modes else next(iter(info.modes))


def _usual(info: ConnectorInfo) -> BaseModel:
    """Return the settings' defaults; what has none is not there."""
    return info.settings.model_construct()


def _companies(request: Request, session: Session) -> list[CompanyView]:
    reach = visitor_of(request).reach
    found = list_companies(session, within=within_of(request), limit=MOST).rows
    return [
        each
        for each in found
        if each.state == "connected" and (actor := reach.actor_in(each.id)) and may(actor, Power.LINK)
    ]
