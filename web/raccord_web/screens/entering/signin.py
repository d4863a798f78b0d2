"""Coming in and going out: the first start, signing in, invitations, and signing out."""

from __future__ import annotations

import hmac
from datetime import timedelta
from http import HTTPStatus
from urllib.parse import urlsplit

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from raccord.errors import RaccordError
from raccord.onboarding.access import provider
from raccord.onboarding.access.accounts import anybody, set_up_first, sign_in
from raccord.onboarding.access.members import accept, find_invitation
from raccord.onboarding.access.sessions import LASTING, end_session, open_session, signed_in
from raccord.settings import Settings
from raccord.store.models import Company, Person
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import SESSION_COOKIE, keep_signed_in
from raccord_web.gate import entered
from raccord_web.pages.addresses import own_address
from raccord_web.pages.failures import explained
from raccord_web.pages.forms import Fields
from raccord_web.pages.rendering import said_by, show

router = APIRouter()
PROVIDER_CALLBACK = "/oauth/signin/callback"
PROVIDER_COOKIE = "raccord_provider"
PROVIDER_PURPOSE = "provider"
BEEN_HERE = "raccord_been_here"
"""The cookie of a browser in which somebody signed in once; it opens nothing and names nobody."""
REMEMBERED = timedelta(days=365)
PROVIDER_LASTS = timedelta(minutes=10)


@router.get("/signin")
def page(request: Request, next: str = "") -> Response:
    desk = desk_of(request)
    if desk.house is not None:
        return RedirectResponse("/", HTTPStatus.SEE_OTHER)
    with desk.workshop.database.read() as session:
        if not anybody(session):
            return RedirectResponse("/setup", HTTPStatus.SEE_OTHER)
    return _page(request, own_address(next))


@router.post("/signin")
def enter(request: Request, fields: Fields) -> Response:
    """Let in who gives the right password; the browser gets a session of its own, whatever it had before."""
    desk = desk_of(request)
    then, email = own_address(fields.get("next", "")), fields.get("email", "")
    try:
        person = sign_in(desk.workshop, email, fields.get("password", ""), _address(request))
    except RaccordError as error:
        status = HTTPStatus.TOO_MANY_REQUESTS if error.code == "people.too_many_attempts" else HTTPStatus.FORBIDDEN
        return _page(request, then, status=status, email=email, wrong=said_by(error, request))
    return _signed_in(request, person, then, lasting=fields.get("stay") == "yes")


@router.post("/signin/provider")
def set_out(request: Request, fields: Fields) -> Response:
    """Show the way to the sign-in provider; what must come back is sealed in a cookie of this browser."""
    desk = desk_of(request)
    if desk.house is not None or not provider.offered(desk.workshop.settings):
        return explained(request, HTTPStatus.NOT_FOUND)
    with provider.new_client() as http:
        out = provider.set_out(desk.workshop, _return_address(request), http)
    # A page and not a redirect: browsers hold the policy's `form-action` against where a form's answer leads.
    response = show(
        request, "entering/leaving_signin.html", url=out.url, provider=provider_label(desk.workshop.settings)
    )
    kept = {"state": out.state, "nonce": out.nonce, "verifier": out.verifier, "next": fields.get("next", "")}
    response.set_cookie(
        desk.access.cookie(PROVIDER_COOKIE),
        desk.signer.seal(PROVIDER_PURPOSE, kept, desk.workshop.clock.now(), PROVIDER_LASTS),
        max_age=int(PROVIDER_LASTS.total_seconds()),
        path="/",
        secure=desk.access.secure,
        httponly=True,
        samesite="lax",
    )
    return response


@router.get(PROVIDER_CALLBACK)
def come_back(request: Request) -> Response:
    """Take the person back from the provider, checked against what this browser set out with."""
    desk = desk_of(request)
    name = desk.access.cookie(PROVIDER_COOKIE)
    kept = desk.signer.open(PROVIDER_PURPOSE, request.cookies.get(name, ""), desk.workshop.clock.now())
    state, code = request.query_params.get("state", ""), request.query_params.get("code", "")
    if kept is None or not code or not hmac.compare_digest(kept["state"].encode(), state.encode()):
        return explained(request, HTTPStatus.BAD_REQUEST)
    with provider.new_client() as http:
        person = provider.come_back(
            desk.workshop, _return_address(request), code, kept["nonce"], kept["verifier"], http
        )
    response = _signed_in(request, person, own_address(kept["next"]))
    response.delete_cookie(name, path="/", secure=desk.access.secure, httponly=True, samesite="lax")
    return response


@router.get("/setup")
def first_start(request: Request) -> Response:
    """Ask for the owner's account, while there is none."""
    desk = desk_of(request)
    with desk.workshop.database.read() as session:
        if desk.house is not None or anybody(session):
            return RedirectResponse("/", HTTPStatus.SEE_OTHER)
    if not entered(request, desk):
        return RedirectResponse("/enter", HTTPStatus.SEE_OTHER)
    return show(request, "entering/setup.html", given={}, wrong=None)


@router.post("/setup")
def set_up(request: Request, fields: Fields) -> Response:
    desk = desk_of(request)
    if desk.house is not None or not entered(request, desk):
        return RedirectResponse("/enter", HTTPStatus.SEE_OTHER)
    try:
        person = set_up_first(
            desk.workshop, fields.get("email", ""), fields.get("name", ""), fields.get("password", "")
        )
    except RaccordError as error:
        return show(
            request,
            "entering/setup.html",
            status=HTTPStatus.UNPROCESSABLE_ENTITY,
            given=fields,
            wrong=said_by(error, request),
        )
    return _signed_in(request, person, "/settings/start?check=yes")


@router.get("/invitation/{secret}")
def invited(request: Request, secret: str) -> Response:
    """Show what a link stands for; it is used only by sending the form."""
    return _invitation(request, secret, {}, None)


@router.post("/invitation/{secret}")
def join(request: Request, secret: str, fields: Fields) -> Response:
    desk = desk_of(request)
    try:
        person = accept(desk.workshop, secret, fields.get("name", ""), fields.get("password", ""))
    except RaccordError as error:
        if error.code == "people.link_over":
            raise
        return _invitation(request, secret, fields, error)
    return _signed_in(request, person, "/")


@router.post("/signout")
def leave(request: Request, fields: Fields) -> Response:
    desk = desk_of(request)
    name = desk.access.cookie(SESSION_COOKIE)
    found = signed_in(desk.workshop, request.cookies.get(name, ""))
    if found is not None:
        end_session(desk.workshop, found.person_id, found.session_id)
    response = RedirectResponse("/signin", HTTPStatus.SEE_OTHER)
    response.delete_cookie(name, path="/", secure=desk.access.secure, httponly=True, samesite="lax")
    return response


def _page(
    request: Request, then: str, *, status: int = HTTPStatus.OK, email: str = "", wrong: object = None
) -> Response:
    settings = desk_of(request).workshop.settings
    label = provider_label(settings) if provider.offered(settings) else ""
    been_here = desk_of(request).access.cookie(BEEN_HERE) in request.cookies
    return show(
        request, "entering/signin.html", status=status, then=then, email=email, wrong=wrong, provider=label,
        been_here=been_here,
    )  # fmt: skip


def _invitation(request: Request, secret: str, given: Fields, error: RaccordError | None) -> Response:
    desk = desk_of(request)
    with desk.workshop.database.read() as session:
        invitation = find_invitation(session, secret, desk.workshop.clock.now())
        company = session.get(Company, invitation.company_id)
        known = session.query(Person).filter(Person.email == invitation.email).one_or_none() is not None
        return show(
            request,
            "entering/invitation.html",
            status=HTTPStatus.OK if error is None else HTTPStatus.UNPROCESSABLE_ENTITY,
            invitation=invitation,
            company="" if company is None else company.name,
            known=known,
            given=given,
            secret=secret,
            wrong=None if error is None else said_by(error, request),
        )


def _signed_in(request: Request, person: Person, then: str, *, lasting: bool = False) -> Response:
    desk = desk_of(request)
    before = signed_in(desk.workshop, request.cookies.get(desk.access.cookie(SESSION_COOKIE), ""))
    if before is not None:
        # This browser forgets its token; nobody else may go on with it.
        end_session(desk.workshop, before.person_id, before.session_id)
    token = open_session(
        desk.workshop, person, request.headers.get("user-agent", ""), _address(request), lasting=lasting
    )
    response = RedirectResponse(then, HTTPStatus.SEE_OTHER)
    age = int(REMEMBERED.total_seconds())
    response.set_cookie(
        desk.access.cookie(BEEN_HERE), "1", max_age=age, path="/", secure=desk.access.secure, httponly=True,
        samesite="lax",
    )  # fmt: skip
    keep_signed_in(request, response, token, LASTING if lasting else None)
    return response


def provider_label(settings: Settings) -> str:
    """Return what the provider is called on the pages."""
    return settings.oidc_label or urlsplit(settings.oidc_issuer).hostname or ""


def _return_address(request: Request) -> str:
    return f"{desk_of(request).workshop.settings.web_url}{PROVIDER_CALLBACK}"


def _address(request: Request) -> str:
    return "" if request.client is None else request.client.host
