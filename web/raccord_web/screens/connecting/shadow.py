"""Shadow days: a first plan beside what the old tool posts, what differs and why, and the order of switching over."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from raccord.onboarding.access.people import Power, may
from raccord.overview.beginning.shadow import shadow_rows, shadow_summary
from raccord.overview.connections import connection_head, waiting_of
from raccord.overview.runs import recent_runs
from raccord.plugin.info import Mode
from raccord.store.models import ConnectionState, ShadowCause, ShadowOutcome
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting
from raccord_web.pages.failures import explained
from raccord_web.pages.rendering import show
from raccord_web.screens.home import Offset

router = APIRouter()
SHOWN = 50


@router.get("/connections/{connection_id}/shadow")
def shadow(
    request: Request, connection_id: str, outcome: str = "", cause: str = "", offset: Offset = 0
) -> Response:  # fmt: skip
    """Show the comparison of a source that was running before, or some of it; one that starts anew has none."""
    workshop = desk_of(request).workshop
    chosen = next((each for each in ShadowOutcome if each == outcome), None)
    why = next((each for each in ShadowCause if each == cause and each), None)
    with workshop.database.read() as session:
        view = connection_head(session, connection_id)
        if view is None:
            return explained(request, HTTPStatus.NOT_FOUND)
        admitted = workshop.scopes.catalog.get(view.connector)
        runs = recent_runs(session, connection_id, limit=1, lists=False).rows
        return show(
            request,
            "connecting/shadow.html",
            session,
            view=view,
            before=view.mode == Mode.ALREADY_RUNNING,
            summary=shadow_summary(session, connection_id),
            outcomes=list(ShadowOutcome),
            listing=shadow_rows(session, connection_id, outcome=chosen, cause=why, limit=SHOWN, offset=offset),
            outcome=chosen or "",
            cause=why or "",
            waiting_plan=waiting_of(session, connection_id),
            run=runs[0] if runs else None,
            contacts=[] if admitted is None else [each for each in admitted.info.contacts if each.url],
            works=may(acting(request), Power.WORK),
            runs=view.state == ConnectionState.CONNECTED,
        )
