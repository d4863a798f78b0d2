"""What another version of a connector says otherwise, record by record, and its acceptance."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from raccord.onboarding.access.people import Power, may
from raccord.onboarding.deciding.upgraded import accept_upgrade, differences
from raccord.overview.connections import connection_head
from raccord.store.models import Connection
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting
from raccord_web.pages.failures import explained
from raccord_web.pages.forms import Fields
from raccord_web.pages.rendering import show

router = APIRouter()
SHOWN = 200


@router.get("/connections/{connection_id}/upgrade")
def compared(request: Request, connection_id: str) -> Response:
    workshop = desk_of(request).workshop
    with workshop.database.read() as session:
        view = connection_head(session, connection_id)
        admitted = None if view is None else workshop.scopes.catalog.get(view.connector)
    if view is None or admitted is None:
        return explained(request, HTTPStatus.NOT_FOUND)
    told = differences(workshop, connection_id)
    with workshop.database.read() as session:
        granted = session.get_one(Connection, connection_id).manage_granted_at is not None
        return show(
            request,
            "mapping/upgrade.html",
            session,
            view=view,
            told=told,
            shown=told.differences[:SHOWN],
            manages=may(acting(request), Power.MANAGE, admitted.info, manage_granted=granted),
        )


@router.post("/connections/{connection_id}/upgrade")
def accept(request: Request, connection_id: str, fields: Fields) -> Response:
    """Let the version whose differences were read write as it maps."""
    accept_upgrade(desk_of(request).workshop, acting(request), connection_id, fields.get("version", ""))
    return RedirectResponse(f"/connections/{connection_id}?done=version", HTTPStatus.SEE_OTHER)
