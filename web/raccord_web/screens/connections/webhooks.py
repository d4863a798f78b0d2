"""The address that a connection's source calls: its secret, shown once, and what came."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from raccord.onboarding.access.people import Power, may
from raccord.onboarding.arriving import subscribing, webhooks
from raccord.overview.connections import connection_head
from raccord.store.models import Connection
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting
from raccord_web.pages.failures import explained
from raccord_web.pages.forms import Fields
from raccord_web.pages.rendering import show

router = APIRouter()


@router.get("/connections/{connection_id}/webhooks")
def endpoint(request: Request, connection_id: str) -> Response:
    return _page(request, connection_id)


@router.post("/connections/{connection_id}/webhooks")
def give(request: Request, connection_id: str, fields: Fields) -> Response:
    """Make the address, or give it another secret: shown on this one page and never again."""
    given = fields.get("secret", "")
    made = subscribing.open_messages(desk_of(request).workshop, acting(request), connection_id, given)
    return _page(request, connection_id, secret=made.secret, told=made.told)


@router.post("/connections/{connection_id}/webhooks/close")
def close(request: Request, connection_id: str, fields: Fields) -> Response:
    subscribing.close_messages(desk_of(request).workshop, acting(request), connection_id)
    return RedirectResponse(f"/connections/{connection_id}/webhooks?done=webhook_closed", HTTPStatus.SEE_OTHER)


def _page(request: Request, connection_id: str, secret: str = "", *, told: bool = False) -> Response:
    workshop = desk_of(request).workshop
    with workshop.database.read() as session:
        view = connection_head(session, connection_id)
        held = session.get_one(Connection, connection_id)
        admitted = workshop.scopes.catalog.get(held.connector)
        info = None if admitted is None else admitted.info
        if view is None or info is None or info.webhooks is None:
            return explained(request, HTTPStatus.NOT_FOUND)
        granted = held.manage_granted_at is not None
        found = webhooks.endpoint_view(session, connection_id)
        return show(
            request,
            "connections/webhooks.html",
            session,
            view=view,
            endpoint=found,
            address="" if found is None else workshop.settings.web_url.rstrip("/") + found.path,
            secret=secret,
            told=told,
            tells=subscribing.tells_source(workshop, held.connector),
            manages=may(acting(request), Power.MANAGE, info, manage_granted=granted),
        )
