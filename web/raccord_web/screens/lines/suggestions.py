"""Suggested categories: what a company's history is worth, and whether suggestions are accepted without asking."""

from __future__ import annotations

import re
from http import HTTPStatus

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from raccord.errors import RaccordError
from raccord.onboarding.deciding.suggesting import accept_from, ask_always, percent
from raccord.overview.lines.suggestions import suggesting
from raccord.store.models import Company
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting
from raccord_web.pages.failures import explained
from raccord_web.pages.forms import Fields
from raccord_web.pages.rendering import said_by, show

router = APIRouter()
_PERCENT = re.compile(r"([0-9]{1,3})(?:[.,]([0-9]))?")


@router.get("/companies/{company_id}/suggestions")
def learned(request: Request, company_id: str) -> Response:
    return _page(request, company_id)


@router.post("/companies/{company_id}/suggestions")
def accept(request: Request, company_id: str, fields: Fields) -> Response:
    """Let suggestions be accepted from a confidence on, said in percent; the service judges it anew."""
    said = _PERCENT.fullmatch(fields.get("from", ""))
    if said is None:
        return explained(request, HTTPStatus.BAD_REQUEST)
    confidence = int(said[1]) * 10 + int(said[2] or 0)
    try:
        accept_from(desk_of(request).workshop, acting(request), company_id, confidence)
    except RaccordError as error:
        if error.code.startswith("people."):
            raise
        return _page(request, company_id, error)
    return _back(company_id)


@router.post("/companies/{company_id}/suggestions/ask")
def ask(request: Request, company_id: str) -> Response:
    ask_always(desk_of(request).workshop, acting(request), company_id)
    return _back(company_id)


def _back(company_id: str) -> Response:
    return RedirectResponse(f"/companies/{company_id}/suggestions?done=suggestions", HTTPStatus.SEE_OTHER)


def _page(request: Request, company_id: str, error: RaccordError | None = None) -> Response:
    workshop = desk_of(request).workshop
    with workshop.database.read() as session:
        return show(
            request,
            "lines/suggestions.html",
            session,
            status=HTTPStatus.OK if error is None else HTTPStatus.CONFLICT,
            company=session.get_one(Company, company_id),
            found=suggesting(session, company_id, workshop.clock.now()),
            percent=percent,
            wrong=None if error is None else said_by(error, request),
        )
