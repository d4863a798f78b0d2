"""Reposting: documents of past days say what the mapping says now, seen first, then planned and approved."""

from __future__ import annotations

from datetime import date
from http import HTTPStatus

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from raccord.errors import RaccordError
from raccord.jobs.requests import request_run
from raccord.onboarding.access.people import Power, may, require
from raccord.onboarding.deciding.remapping import cancel, repost, survey
from raccord.overview.connections import connection_head, waiting_of
from raccord.sync.days import today_of
from raccord.sync.planning.reposts import open_repost
from raccord.sync.planning.survey import Survey
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting
from raccord_web.pages.failures import explained
from raccord_web.pages.forms import Fields
from raccord_web.pages.rendering import said_by, show
from raccord_web.parts.held import connection_of
from raccord_web.screens.mapping.meanings import REWRITES_SHOWN, day_of, effect_by_account, entries_rewritten

router = APIRouter()


@router.get("/connections/{connection_id}/repost")
def reposting(request: Request, connection_id: str) -> Response:
    return _page(request, connection_id)


@router.post("/connections/{connection_id}/repost")
def ask(request: Request, connection_id: str, fields: Fields) -> Response:
    """Show which documents would say something else; with ``save`` have a run plan them, with ``back`` take it back."""
    workshop, actor, engine = desk_of(request).workshop, acting(request), desk_of(request).engine
    found = connection_of(workshop, connection_id)
    if found is None:
        return explained(request, HTTPStatus.NOT_FOUND)
    connection, info = found
    require(actor, Power.MANAGE, info, manage_granted=connection.manage_granted_at is not None)
    first, last = day_of(fields.get("first", "")), day_of(fields.get("last", ""))
    try:
        if "back" in fields:
            cancel(workshop, actor, connection_id)
            return RedirectResponse(f"/connections/{connection_id}/repost?done=repost_cancelled", HTTPStatus.SEE_OTHER)
        if first is None or last is None:
            return _page(request, connection_id, status=HTTPStatus.UNPROCESSABLE_ENTITY, missing=True)
        if "save" not in fields:
            seen = survey(workshop, connection_id, first, last)
            return _page(request, connection_id, seen=seen, first=first, last=last)
        if not repost(workshop, actor, connection_id, first, last).rewrites:
            return _page(request, connection_id, seen=Survey(), first=first, last=last)
    except RaccordError as error:
        return _page(
            request, connection_id, status=HTTPStatus.CONFLICT, refusal=said_by(error, request), first=first, last=last
        )
    run_id = request_run(
        workshop.database, engine, connection_id, trigger="person", by=actor.name, clock=workshop.clock
    )
    return RedirectResponse(f"/runs/{run_id}?done=repost_asked", HTTPStatus.SEE_OTHER)


def _page(
    request: Request,
    connection_id: str,
    *,
    status: int = HTTPStatus.OK,
    seen: Survey | None = None,
    first: date | None = None,
    last: date | None = None,
    **values: object,
) -> Response:
    workshop = desk_of(request).workshop
    found = connection_of(workshop, connection_id)
    if found is None:
        return explained(request, HTTPStatus.NOT_FOUND)
    connection, info = found
    with workshop.database.read() as session:
        usual: dict[str, object] = {"refusal": None, "missing": False}
        return show(
            request, "mapping/repost.html", session, status=status,
            **{
                **usual, "view": connection_head(session, connection_id), "connector": info.name,
                "waiting_plan": waiting_of(session, connection_id),
                "waiting": open_repost(session, connection_id), "seen": seen, "shown": REWRITES_SHOWN,
                "first": first or connection.starts_on, "last": last or today_of(connection, workshop.clock.now()),
                "effect": effect_by_account(session, connection, seen),
                "entries": entries_rewritten(session, connection, seen),
                "manages": may(
                    acting(request), Power.MANAGE, info, manage_granted=connection.manage_granted_at is not None
                ),
                **values,
            },
        )  # fmt: skip
