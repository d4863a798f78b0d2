"""Tokens of the JSON API: made by a person for a company, shown once, listed and revoked."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from raccord.onboarding.access import api_tokens
from raccord.onboarding.access.api_tokens import DAYS_MAX, DAYS_USUAL, NAME_MAX, Scope, TokenError
from raccord.overview.companies import list_companies
from raccord.overview.listing import MOST
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import visitor_of, within_of
from raccord_web.pages.failures import explained
from raccord_web.pages.forms import Fields
from raccord_web.pages.rendering import said_by, show

router = APIRouter()


@router.get("/tokens")
def tokens(request: Request) -> Response:
    return _page(request)


@router.post("/tokens")
def make(request: Request, fields: Fields) -> Response:
    """Make a token and show it on this one page: it is kept nowhere."""
    signed, scope, days = visitor_of(request).signed, fields.get("scope", ""), fields.get("days", "")
    if signed is None:
        return explained(request, HTTPStatus.NOT_FOUND)
    if scope not in set(Scope) or not (days.isascii() and days.isdigit() and len(days) < 5):
        return explained(request, HTTPStatus.BAD_REQUEST)
    try:
        _, secret = api_tokens.make_token(
            desk_of(request).workshop,
            signed.person_id,
            fields.get("company", ""),
            fields.get("name", ""),
            Scope(scope),
            int(days),
        )
    except TokenError as error:
        return _page(
            request, status=HTTPStatus.UNPROCESSABLE_ENTITY, wrong=said_by(error, request), given=fields.get("name", "")
        )
    return _page(request, secret=secret)


@router.post("/tokens/{token_id}/revoke")
def revoke(request: Request, token_id: str, fields: Fields) -> Response:
    """End one of the person's own tokens."""
    signed = visitor_of(request).signed
    if signed is None:
        return explained(request, HTTPStatus.NOT_FOUND)
    api_tokens.revoke_token(desk_of(request).workshop, signed.email, token_id, signed.person_id)
    return RedirectResponse("/tokens?done=token_revoked", HTTPStatus.SEE_OTHER)


def _page(
    request: Request, *, status: int = HTTPStatus.OK, secret: str = "", wrong: object = None, given: str = ""
) -> Response:
    desk, visitor = desk_of(request), visitor_of(request)
    signed, now = visitor.signed, desk.workshop.clock.now()
    with desk.workshop.database.read() as session:
        companies = list_companies(session, within=within_of(request), limit=MOST).rows
        # What somebody may give differs by company; what is too much for the chosen one is refused with its reason.
        roles = {actor.role for each in companies if (actor := visitor.reach.actor_in(each.id)) is not None}
        able = {scope for role in roles for scope in api_tokens.scopes_of(role)}
        return show(
            request,
            "entering/tokens.html",
            session,
            status=status,
            tokens=[] if signed is None else api_tokens.tokens_of(session, signed.person_id, now),
            companies=companies,
            scopes=[scope for scope in Scope if scope in able],
            days=DAYS_USUAL,
            days_max=DAYS_MAX,
            name_max=NAME_MAX,
            secret=secret,
            wrong=wrong,
            given=given,
        )
