"""A payment whose invoice did not come over: the three ways, and the invoices of QuickBooks that it may be for."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from raccord.errors import RaccordError
from raccord.onboarding.access.people import Power, may
from raccord.onboarding.deciding.unmet import apply_to, bring_in, post_unapplied, ways_of
from raccord.overview.connections import connection_head
from raccord.overview.explain import Explained
from raccord.store.models import Hold
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting
from raccord_web.pages.forms import Fields
from raccord_web.pages.rendering import said_by, show

router = APIRouter()


@router.get("/questions/{hold_id}/unmet")
def ways(request: Request, hold_id: str, q: str = "") -> Response:
    return _page(request, hold_id, q[:100])


@router.post("/questions/{hold_id}/unmet")
def take(request: Request, hold_id: str, fields: Fields) -> Response:
    """Link the payment to an invoice of QuickBooks, bring its own in, or post it unapplied."""
    workshop, actor = desk_of(request).workshop, acting(request)
    with workshop.database.read() as session:
        connection_id = session.get_one(Hold, hold_id).connection_id
    try:
        match fields.get("way", ""):
            case "bring_in":
                bring_in(workshop, actor, hold_id)
            case "unapplied":
                post_unapplied(workshop, actor, hold_id)
            case _:
                apply_to(workshop, actor, hold_id, fields.get("invoice", ""))
    except RaccordError as error:
        if error.code.startswith("people."):
            raise
        return _page(request, hold_id, "", said_by(error, request))
    query = urlencode({"connection": connection_id, "done": "answered"})
    return RedirectResponse(f"/questions?{query}", HTTPStatus.SEE_OTHER)


def _page(request: Request, hold_id: str, q: str, refusal: Explained | None = None) -> Response:
    workshop, actor = desk_of(request).workshop, acting(request)
    found = ways_of(workshop, hold_id, q)
    with workshop.database.read() as session:
        connection_id = session.get_one(Hold, hold_id).connection_id
        return show(
            request,
            "lines/unmet.html",
            session,
            status=HTTPStatus.OK if refusal is None else HTTPStatus.CONFLICT,
            view=connection_head(session, connection_id),
            hold_id=hold_id,
            found=found,
            q=q,
            refusal=refusal,
            works=may(actor, Power.WORK),
            brings=may(actor, Power.LINK),
        )
