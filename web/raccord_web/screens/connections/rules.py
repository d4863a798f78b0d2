"""What a connection does by rule: documents of closed periods, and where the source's days end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from http import HTTPStatus

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from raccord.errors import RaccordError
from raccord.onboarding.access.people import Power, may
from raccord.onboarding.closing.closings import ClosingError, answer_closed_month, set_closed_policy
from raccord.onboarding.deciding.standing import set_review_each
from raccord.onboarding.sources.day_rules import change_days
from raccord.overview.closed_months import answered_months, asked_months
from raccord.overview.connections import connection_head, has_documents
from raccord.store.models import Company, Connection
from raccord.sync.days import days_of, today_of
from raccord.sync.posting.periods import ClosedPolicy, MonthAnswer
from raccord.sync.proving.certified import REASON_MAX, REASON_MIN
from raccord.sync.zones import zone_groups
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting
from raccord_web.pages.failures import explained
from raccord_web.pages.forms import Fields
from raccord_web.pages.rendering import said_by, show

router = APIRouter()


@router.get("/connections/{connection_id}/rules")
def rules(request: Request, connection_id: str) -> Response:
    return _page(request, connection_id)


@router.post("/connections/{connection_id}/approval")
def approval(request: Request, connection_id: str, fields: Fields) -> Response:
    """Say whether each plan waits for a person, or the first alone."""
    if fields.get("each", "") not in ("yes", "no"):
        return explained(request, HTTPStatus.BAD_REQUEST)
    set_review_each(desk_of(request).workshop, acting(request), connection_id, each=fields["each"] == "yes")
    return RedirectResponse(f"/connections/{connection_id}/rules?done=rules", HTTPStatus.SEE_OTHER)


@router.post("/connections/{connection_id}/closed")
def closed(request: Request, connection_id: str, fields: Fields) -> Response:
    """Say what becomes of new documents of a closed period."""
    policy = fields.get("policy", "")
    if policy not in set(ClosedPolicy):
        return explained(request, HTTPStatus.BAD_REQUEST)
    set_closed_policy(desk_of(request).workshop, acting(request), connection_id, ClosedPolicy(policy))
    return RedirectResponse(f"/connections/{connection_id}/rules?done=rules", HTTPStatus.SEE_OTHER)


@router.post("/connections/{connection_id}/closed-months")
def month(request: Request, connection_id: str, fields: Fields) -> Response:
    """Answer for all documents of one closed or certified month."""
    answer, first = fields.get("answer", ""), _month(fields.get("month", ""))
    if answer not in set(MonthAnswer) or first is None:
        return explained(request, HTTPStatus.BAD_REQUEST)
    workshop, said = desk_of(request).workshop, fields.get("reason", "")
    try:
        answer_closed_month(workshop, acting(request), connection_id, first, MonthAnswer(answer), said)
    except ClosingError as error:
        return _page(request, connection_id, error, of="closed", typed=fields)
    return RedirectResponse(f"/connections/{connection_id}/rules?done=rules", HTTPStatus.SEE_OTHER)


@router.post("/connections/{connection_id}/days")
def days(request: Request, connection_id: str, fields: Fields) -> Response:
    """Change the source's time zone or cut-off hour from a day on."""
    first = fields.get("first", "")
    try:
        start = date.fromisoformat(first) if first else None
    except ValueError:
        return explained(request, HTTPStatus.BAD_REQUEST)
    try:
        change_days(
            desk_of(request).workshop, acting(request), connection_id, time_zone=fields.get("time_zone", ""),
            cut_off=fields.get("cut_off", ""), first=start,
        )  # fmt: skip
    except RaccordError as error:
        if error.code.startswith("people."):
            raise
        return _page(request, connection_id, error, of="days", typed=fields)
    return RedirectResponse(f"/connections/{connection_id}/rules?done=rules", HTTPStatus.SEE_OTHER)


def _month(text: str) -> date | None:
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        return None


def _page(
    request: Request, connection_id: str, error: RaccordError | None = None, *, of: str = "",
    typed: Mapping[str, str] | None = None,
) -> Response:  # fmt: skip
    """Show the rules; ``of`` names the form that was refused, which shows why and keeps what was typed."""
    workshop = desk_of(request).workshop
    with workshop.database.read() as session:
        view = connection_head(session, connection_id)
        if view is None:
            return explained(request, HTTPStatus.NOT_FOUND)
        held = session.get_one(Connection, connection_id)
        admitted = workshop.scopes.catalog.get(held.connector)
        info, granted = None if admitted is None else admitted.info, held.manage_granted_at is not None
        return show(
            request,
            "connections/rules.html",
            session,
            status=HTTPStatus.OK if error is None else HTTPStatus.CONFLICT,
            view=view,
            posted=has_documents(session, connection_id),
            manages=may(acting(request), Power.MANAGE, info, manage_granted=granted),
            policies=list(ClosedPolicy),
            answers=[each for each in MonthAnswer if each is not MonthAnswer.WRITE],
            words=(REASON_MIN, REASON_MAX),
            asked=asked_months(session, connection_id),
            answered=answered_months(session, connection_id),
            day_rules=days_of(held).rules,
            beginning=date.min,
            today=today_of(held, workshop.clock.now()),
            zones=zone_groups(session.get_one(Company, view.company_id).country, held.time_zone),
            of=of,
            typed=typed or {},
            wrong=None if error is None else said_by(error, request),
        )
