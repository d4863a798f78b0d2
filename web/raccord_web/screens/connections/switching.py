"""Connecting a source account to another company: the notice with both names, and the word to type (K14)."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from raccord.errors import RaccordError
from raccord.onboarding.access.people import Power, require
from raccord.onboarding.connecting.switching import WORDS, describe_switch, switch_company
from raccord.onboarding.sources.source_accounts import info_of
from raccord.overview.companies import list_companies
from raccord.overview.connections import connection_head
from raccord.overview.listing import MOST
from raccord.store.models import CompanyState
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting, visitor_of, within_of
from raccord_web.pages.failures import explained
from raccord_web.pages.forms import Fields
from raccord_web.pages.rendering import language_of, said_by, show

router = APIRouter()


@router.get("/connections/{connection_id}/switch")
def ask(request: Request, connection_id: str, to: str = "") -> Response:
    """Choose the other company; once it is chosen, read what that means and type the word."""
    return _page(request, connection_id, to)


@router.post("/connections/{connection_id}/switch")
def switch(request: Request, connection_id: str, fields: Fields) -> Response:
    company, workshop = fields.get("to", ""), desk_of(request).workshop
    require(acting(request), Power.LINK)
    there = visitor_of(request).reach.actor_in(company)
    if there is None:
        return explained(request, HTTPStatus.NOT_FOUND)
    # Of both companies, for what is posted there from now on is this person's doing too.
    require(there, Power.LINK)
    try:
        made = switch_company(
            workshop, acting(request), connection_id, company, fields.get("typed", ""), language_of(request)
        )
    except RaccordError as error:
        if error.code.startswith("people."):
            raise
        return _page(request, connection_id, company, error, fields.get("typed", ""))
    return RedirectResponse(f"/connections/{made.id}?done=switched", HTTPStatus.SEE_OTHER)


def _page(
    request: Request, connection_id: str, company_id: str, error: RaccordError | None = None, typed: str = ""
) -> Response:  # fmt: skip
    workshop, language = desk_of(request).workshop, language_of(request)
    with workshop.database.read() as session:
        view = connection_head(session, connection_id)
        if view is None:
            return explained(request, HTTPStatus.NOT_FOUND)
        require(acting(request), Power.LINK, info_of(workshop, view.connector))
        others = [
            each
            for each in list_companies(session, within=within_of(request), limit=MOST).rows
            if each.id != view.company_id and each.state == CompanyState.CONNECTED
        ]
        chosen = next((each for each in others if each.id == company_id), None)
        meaning = None if chosen is None else describe_switch(workshop, connection_id, chosen.id)
        barred = None if meaning is None else meaning.refusal
        told = error or barred
        return show(
            request,
            "connections/switch.html",
            session,
            status=HTTPStatus.OK if error is None else HTTPStatus.CONFLICT,
            barred=barred is not None,
            view=view,
            others=others,
            chosen=chosen,
            notice="" if meaning is None else meaning.text.get(language),
            word=WORDS[language],
            typed=typed[:20],
            # Until the word is typed the notice itself is the refusal's sentence.
            wrong=None if told is None else said_by(told, request),
        )
