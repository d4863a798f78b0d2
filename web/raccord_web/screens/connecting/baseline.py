"""What the books have already of a plan, certain, likely or new: the certain linked at once, the others one by one."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from raccord.errors import RaccordError
from raccord.jobs.requests import request_run
from raccord.onboarding.access.people import Power, may, require
from raccord.onboarding.deciding.decisions import answer_conflict
from raccord.onboarding.deciding.told_again import TOGETHER, ToldAgain, answer_alike, asked_alike
from raccord.onboarding.setting_up.baseline import baseline_of, baseline_rows, link_certain
from raccord.overview.connections import connection_head, waiting_of
from raccord.overview.explain import Explained
from raccord.overview.listing import Listing
from raccord.plugin.ledger import ResolutionKind
from raccord.store.models import Connection, ConnectionState, Hold
from raccord.sync.lines.titles import titles_of
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting
from raccord_web.pages.failures import explained
from raccord_web.pages.forms import Fields
from raccord_web.pages.rendering import said_by, show
from raccord_web.screens.home import Offset
from raccord_web.steps.order import where_left

router = APIRouter()
SHOWN = 50
WAYS = {each.value: each for each in (ResolutionKind.LINK, ResolutionKind.SKIP, ResolutionKind.CREATE)}


@router.get("/connections/{connection_id}/baseline")
def baseline(request: Request, connection_id: str, offset: Offset = 0) -> Response:
    return _page(request, connection_id, offset)


@router.post("/connections/{connection_id}/baseline")
def answer(request: Request, connection_id: str, fields: Fields) -> Response:
    """Link all that are certain, say of one or of all of a cause what it is, or have the plan made again by that."""
    desk, actor = desk_of(request), acting(request)
    workshop = desk.workshop
    require(actor, Power.WORK)
    left, done = 0, "answered"
    try:
        if "cause" in fields:
            if (way_said := fields.get("way", "")) not in set(ToldAgain):
                return explained(request, HTTPStatus.BAD_REQUEST)
            cause, seen, done = fields["cause"], fields.get("seen", ""), "by_hand"
            answer_alike(workshop, actor, connection_id, cause, ToldAgain(way_said), seen=seen)
        elif "certain" in fields:
            left = link_certain(workshop, actor, connection_id).left
        elif "again" not in fields:
            hold_id, way = fields.get("row", ""), WAYS.get(fields.get("way", ""))
            with workshop.database.read() as session:
                hold = session.get(Hold, hold_id)
            if way is None or hold is None or hold.connection_id != connection_id:
                return explained(request, HTTPStatus.NOT_FOUND)
            answer_conflict(workshop, actor, hold_id, way, seen=fields.get("seen", ""))
            done = "by_hand"
        # A run acts on what was said once all of them are; until then one has the next ones linked.
        if not left and ("certain" in fields or "again" in fields):
            request_run(
                workshop.database, desk.engine, connection_id, trigger="person", by=actor.name, clock=workshop.clock
            )
    except RaccordError as error:
        return _page(request, connection_id, 0, said_by(error, request))
    return RedirectResponse(f"/connections/{connection_id}/baseline?done={done}", HTTPStatus.SEE_OTHER)


def _page(request: Request, connection_id: str, offset: int, refusal: Explained | None = None) -> Response:
    workshop = desk_of(request).workshop
    with workshop.database.read() as session:
        connection = session.get_one(Connection, connection_id)
        admitted = workshop.scopes.catalog.get(connection.connector)
        found, view = baseline_of(session, connection_id), connection_head(session, connection_id)
        shown = baseline_rows(session, connection_id, SHOWN, offset)
        return show(
            request,
            "connecting/baseline.html",
            session,
            status=HTTPStatus.OK if refusal is None else HTTPStatus.CONFLICT,
            view=view,
            waiting_plan=waiting_of(session, connection_id),
            found=found,
            listing=Listing(shown, found.total, offset, SHOWN),
            titles=titles_of(session, connection_id, [each.key for each in shown]),
            refusal=refusal,
            alike=asked_alike(session, connection_id),
            together=TOGETHER,
            contacts=[] if admitted is None else [each for each in admitted.info.contacts if each.url],
            left_at="plan" if admitted is None else where_left(connection, admitted.info),
            works=may(acting(request), Power.WORK),
            runs=view is not None and view.state == ConnectionState.CONNECTED,
        )
