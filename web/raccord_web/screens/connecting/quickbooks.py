"""Connecting a QuickBooks company: off to Intuit's consent page, and back with the answer."""

from __future__ import annotations

import re
from datetime import timedelta
from http import HTTPStatus

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from raccord.errors import RaccordError
from raccord.onboarding.connecting.companies import begin_authorisation, finish_authorisation
from raccord.plugin.texts import Text
from raccord.quickbooks import ConsentRefusedError
from raccord.store.models import Company
from raccord.sync.environments import CALLBACK_PATH
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting
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
    then = fields.get("then", "")
    back = then if then == DOOR or (len(then) <= BACK_CHARS_MAX and BACK.fullmatch(then)) else ""
    # A page and not a redirect: browsers hold the policy's `form-action` against where a form's answer leads. It waits
    # for the person, however long that takes to read (WCAG 2.2.1).
    response = show(request, "connecting/leaving.html", url=url, stay=back or "/")
    sealed = desk.signer.seal(
        PURPOSE,
        {"state": state, "environment": environment, "realm": realm, "then": back},
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
    then = kept.get("then", "")
    response: Response
    try:
        company = finish_authorisation(
            desk.workshop, acting(request), kept["environment"], address, kept["state"], kept["realm"] or None
        )
    except ConsentRefusedError:
        response = show(request, "connecting/not_given.html", back=then or "/")
    else:
        home = f"{DOOR}?done=connected" if then == DOOR else "/?done=connected"
        where = f"{then}&company={company.id}" if BACK.fullmatch(then) else home
        response = RedirectResponse(where, HTTPStatus.SEE_OTHER)
    response.delete_cookie(name, path="/", secure=desk.access.secure, httponly=True, samesite="lax")
    return response
