"""Reconciled statements: up to which day a person says that a bank or card account is reconciled."""

from __future__ import annotations

from datetime import date
from http import HTTPStatus

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from raccord.errors import RaccordError
from raccord.onboarding.closing import statements
from raccord.store.models import Company
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting
from raccord_web.pages.failures import explained
from raccord_web.pages.forms import Fields
from raccord_web.pages.rendering import said_by, show

router = APIRouter()


@router.get("/companies/{company_id}/statements")
def declared(request: Request, company_id: str) -> Response:
    return _page(request, company_id)


@router.post("/companies/{company_id}/statements")
def declare(request: Request, company_id: str, fields: Fields) -> Response:
    """Declare an account reconciled up to a day; without a day what was said is taken back."""
    workshop, account, through = desk_of(request).workshop, fields.get("account", ""), fields.get("through", "")
    try:
        last = date.fromisoformat(through) if through else None
    except ValueError:
        return explained(request, HTTPStatus.BAD_REQUEST)
    try:
        if last is None:
            statements.withdraw(workshop, acting(request), company_id, account)
        else:
            statements.declare(workshop, acting(request), company_id, account, last)
    except RaccordError as error:
        if error.code.startswith("people."):
            raise
        return _page(request, company_id, error)
    return RedirectResponse(f"/companies/{company_id}/statements?done=statement", HTTPStatus.SEE_OTHER)


def _page(request: Request, company_id: str, error: RaccordError | None = None) -> Response:
    workshop = desk_of(request).workshop
    with workshop.database.read() as session:
        return show(
            request,
            "lines/statements.html",
            session,
            status=HTTPStatus.OK if error is None else HTTPStatus.CONFLICT,
            company=session.get_one(Company, company_id),
            rows=statements.declared(session, company_id),
            today=workshop.clock.now().date(),
            wrong=None if error is None else said_by(error, request),
        )
