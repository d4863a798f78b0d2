"""A plan: what will be written, what is left out and why, by how much each account moves; and its approval."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from http import HTTPStatus

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from raccord.onboarding.deciding.decisions import approve_plan
from raccord.overview.approving.checks import plan_checks, totals_by_kind
from raccord.overview.approving.table import plan_table
from raccord.overview.connections import connection_head, questions_of
from raccord.overview.plans import plan_effect, plan_lines, plan_money, plan_summary
from raccord.overview.pointing.sent import FIELDS_MAX, fields_sent
from raccord.overview.undone import REMOVING, count_undone
from raccord.overview.upgrades import mapping_change
from raccord.store.models import Action, PlanState
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting
from raccord_web.pages.failures import explained
from raccord_web.pages.forms import Fields
from raccord_web.pages.rendering import language_of, names_in, said_of, show
from raccord_web.screens.home import PAGE, Offset

router = APIRouter()


@router.get("/plans/{plan_id}")
def plan(request: Request, plan_id: str, action: str = "", kind: str = "", offset: Offset = 0) -> Response:
    wanted = Action(action) if action in set(Action) else None
    with desk_of(request).workshop.database.read() as session:
        summary = plan_summary(session, plan_id)
        view = None if summary is None else connection_head(session, summary.connection_id)
        if summary is None or view is None:
            return explained(request, HTTPStatus.NOT_FOUND)
        effects = plan_effect(session, plan_id)
        moved = plan_money(session, plan_id)
        debits = sum((each.amount for each in effects.rows if each.amount > 0), Decimal(0))
        credits = -sum((each.amount for each in effects.rows if each.amount < 0), Decimal(0))
        lines = plan_lines(session, plan_id, action=wanted, kind=kind, limit=PAGE, offset=offset)
        return show(
            request,
            "records/plan.html",
            session,
            plan=summary,
            view=view,
            questions=questions_of(session, summary.connection_id),
            undone=count_undone(session, plan_id)
            if summary.state == PlanState.APPLIED and any(each.action in REMOVING for each in summary.groups)
            else None,
            change=mapping_change(session, summary.connection_id) if summary.state == PlanState.WAITING else None,
            moved=moved,
            effects=effects,
            totals=totals_by_kind(summary.groups),
            checks=plan_checks(session, summary, effects),
            debits=debits,
            credits=credits,
            lines=lines,
            sent=fields_sent(
                session, summary.connection_id, [summary.id], {each.id: each.payload for each in lines.rows}
            ),
            most_fields=FIELDS_MAX,
            action=action if wanted else "",
            kind=kind,
            actions=list(Action),
        )


@router.get("/plans/{plan_id}/table")
def table(request: Request, plan_id: str) -> Response:
    """Give the plan's lines as a table, to be read with others or kept."""
    desk = desk_of(request)
    content = plan_table(desk.workshop.database, plan_id, partial(said_of, names_in(desk, language_of(request))))
    headers = {"Content-Disposition": f'attachment; filename="raccord-plan-{plan_id[:8]}.csv"'}
    return StreamingResponse(content, media_type="text/csv; charset=utf-8", headers=headers)


@router.post("/plans/{plan_id}/approve")
def approve(request: Request, plan_id: str, fields: Fields) -> Response:
    """Approve the plan that was shown, told by its hash, and have its run go on."""
    desk = desk_of(request)
    run = approve_plan(desk.workshop, acting(request), plan_id, fields.get("hash", ""))
    desk.engine.submit(run.id)
    return RedirectResponse(f"/runs/{run.id}?done=approved", HTTPStatus.SEE_OTHER)
