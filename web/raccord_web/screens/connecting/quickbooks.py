"""Connecting a QuickBooks company: off to Intuit's consent page, and back with the answer."""

from __future__ import annotations

import re
from datetime import timedelta
from http import HTTPStatus
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from raccord.errors import RaccordError
from raccord.onboarding.access.people import Actor, Power, require
from raccord.onboarding.connecting.companies import begin_authorisation
from raccord.onboarding.connecting.consents import (
    Consent,
    NotReadableError,
    confirm_consent,
    consent_of,
    refuse_consent,
    take_consent,
)
from raccord.overview.connections import list_connections
from raccord.overview.weighing.queues import queues
from raccord.plugin.texts import Text
from raccord.quickbooks import ConsentRefusedError
from raccord.store.models import Company, ConnectionState
from raccord.sync.environments import CALLBACK_PATH
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting, let_to, renew_signed_in, visitor_of
from raccord_web.pages.forms import Fields
from raccord_web.pages.rendering import show

router = APIRouter()
COOKIE = "raccord_oauth"
PURPOSE = "oauth"
LASTS = timedelta(minutes=15)
_SAID = r"&[a-z0-9_]{1,80}=[\w.~%+-]{0,1000}"
BACK = re.compile(rf"/connect/[a-z0-9_-]{{1,60}}/company\?mode=[a-z_]{{1,20}}({_SAID}){{0,20}}", re.ASCII)
"""Where somebody may go on who connects a company in the middle of something, with what they said; nowhere else."""
DOOR = "/settings/accounting"
"""Where somebody comes back to who set out from the settings."""
CONFIRM = "/oauth/quickbooks/confirm"
BACK_CHARS_MAX = 2000
"""The cookie that holds the way back stays below what browsers keep."""


class AuthorisationLostError(RaccordError):
    """Raised when somebody comes back from Intuit and this browser did not set out, or too long ago."""


@router.post("/oauth/quickbooks/start")
def start(request: Request, fields: Fields) -> Response:
    """Show the way to Intuit; with a ``company`` only that company will be accepted on the way back."""
    desk = desk_of(request)
    environment, realm = desk.workshop.settings.quickbooks_environment, ""
    if company_id := fields.get("company", ""):
        with desk.workshop.database.read() as session:
            company = session.get_one(Company, company_id)
            environment, realm = company.environment, company.realm
    url, state = begin_authorisation(desk.workshop, acting(request), environment)
    back = _way_back(fields.get("then", ""))
    # A page and not a redirect: browsers hold the policy's `form-action` against where a form's answer leads. It waits
    # for the person, however long that takes to read (WCAG 2.2.1).
    response = show(request, "connecting/leaving.html", url=url, stay=back or "/")
    sealed = desk.signer.seal(
        PURPOSE,
        {"state": state, "environment": environment, "realm": realm, "company": company_id, "then": back},
        desk.workshop.clock.now(),
        LASTS,
    )
    # Not strict: the person comes back from another site, and this cookie must come along.
    response.set_cookie(
        desk.access.cookie(COOKIE),
        sealed,
        max_age=int(LASTS.total_seconds()),
        path="/",
        secure=desk.access.secure,
        httponly=True,
        samesite="lax",
    )
    return response


@router.get(CALLBACK_PATH)
def callback(request: Request) -> Response:
    """Take the person back, checked against what this browser set out with; the cookie serves once."""
    desk = desk_of(request)
    name = desk.access.cookie(COOKIE)
    kept = desk.signer.open(PURPOSE, request.cookies.get(name, ""), desk.workshop.clock.now())
    if kept is None:
        raise AuthorisationLostError(
            "web.authorisation_lost",
            Text(
                "Ce navigateur n'a pas demandé cette autorisation, ou il y a plus de 15 minutes.",
                "This browser did not ask for this authorisation, or did so more than 15 minutes ago.",
            ),
            Text(
                "Recommencez depuis l'accueil ; rien n'a été changé.",
                "Start again from the home page; nothing was changed.",
            ),
        )
    address = f"{desk.workshop.settings.web_url}{CALLBACK_PATH}?{request.url.query}"
    then, company_id = kept.get("then", ""), kept.get("company", "")
    actor = acting(request)
    if company_id:
        # Of their own company an owner may be no owner of the others.
        with desk.workshop.database.read() as session:
            actor = let_to(request, session, "company_id", company_id)
    asked = desk.workshop, actor, kept["environment"], address, kept["state"], kept["realm"] or None
    response: Response
    try:
        on = f"?{urlencode({'then': then})}" if then else ""
        response = RedirectResponse(f"{CONFIRM}/{take_consent(*asked)}{on}", HTTPStatus.SEE_OTHER)
    except (ConsentRefusedError, NotReadableError) as error:
        no_rights = isinstance(error, NotReadableError)
        response = show(request, "connecting/not_given.html", back=then or "/", no_rights=no_rights)
    response.delete_cookie(name, path="/", secure=desk.access.secure, httponly=True, samesite="lax")
    return response


@router.get("/oauth/quickbooks/confirm/{secret}")
def repeat(request: Request, secret: str, then: str = "") -> Response:
    """Repeat the company that the consent is for, and what waits in it, before anything is kept."""
    consent, _ = _consent(request, secret)
    with desk_of(request).workshop.database.read() as session:
        views = [] if not consent.company_id else list_connections(session, consent.company_id, since=None).rows
        alive = [
            each for each in views if each.state not in (ConnectionState.DISCONNECTED, ConnectionState.UNCONNECTED)
        ]
        return show(
            request, "connecting/confirm_company.html", session, consent=consent,
            then=_way_back(then), connections=alive,
            queues=queues(session, [each.id for each in alive]),
        )  # fmt: skip


@router.post("/oauth/quickbooks/confirm/{secret}")
def confirm(request: Request, secret: str, fields: Fields) -> Response:
    """Keep the consent, or let it go where it is for another company than was meant."""
    consent, actor = _consent(request, secret)
    then = _way_back(fields.get("then", ""))
    in_guide = BACK.fullmatch(then) is not None
    back = f"{then}&" if in_guide else f"{then or '/'}?"
    if fields.get("answer", "") != "keep":
        refuse_consent(desk_of(request).workshop, actor, consent.secret)
        return RedirectResponse(f"{back}done=not_kept", HTTPStatus.SEE_OTHER)
    company = confirm_consent(desk_of(request).workshop, actor, consent.secret)
    # The step of a guide that it goes on with has the company chosen.
    on = f"company={company.id}" if in_guide else "done=connected"
    response = RedirectResponse(f"{back}{on}", HTTPStatus.SEE_OTHER)
    renew_signed_in(request, response)
    return response


def _way_back(then: str) -> str:
    """Return where somebody set out from, or nothing where that is no place to come back to."""
    return then if then == DOOR or (len(then) <= BACK_CHARS_MAX and BACK.fullmatch(then)) else ""


def _consent(request: Request, secret: str) -> tuple[Consent, Actor]:
    """Return a consent that waits for this visitor, who acts as its company knows them where it is known here."""
    reach = visitor_of(request).reach
    require(Actor("", reach.highest), Power.LINK)
    with desk_of(request).workshop.database.read() as session:
        consent = consent_of(desk_of(request).workshop, session, reach.name, secret)
        known = consent.company_id
        actor = let_to(request, session, "company_id", known) if known else acting(request)
    require(actor, Power.LINK)
    return consent, actor
