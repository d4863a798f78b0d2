"""Settings of the person who looks: appearance, password, signed-in devices; and how the installation is set up."""

from __future__ import annotations

from http import HTTPStatus
from importlib.metadata import version

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from raccord.errors import RaccordError
from raccord.onboarding.access.accounts import change_password
from raccord.onboarding.access.people import Power, may
from raccord.onboarding.access.sessions import end_all, end_session, sessions_of
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import visitor_of
from raccord_web.pages.addresses import own_address
from raccord_web.pages.failures import explained
from raccord_web.pages.forms import Fields
from raccord_web.pages.rendering import DENSITIES, DENSITY_COOKIE, KEYS_COOKIE, THEME_COOKIE, THEMES, said_by, show
from raccord_web.words.languages import COOKIE as LANGUAGE_COOKIE
from raccord_web.words.languages import YEAR_SECONDS

router = APIRouter()
DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


@router.get("/settings")
def settings(request: Request) -> Response:
    return _page(request)


@router.post("/settings/appearance")
def appearance(request: Request, fields: Fields) -> Response:
    """Keep how this browser shows the pages."""
    desk = desk_of(request)
    response = RedirectResponse("/settings?done=appearance", HTTPStatus.SEE_OTHER)
    chosen = {
        THEME_COOKIE: fields.get("theme", "") if fields.get("theme", "") in THEMES else "",
        DENSITY_COOKIE: fields.get("density", "") if fields.get("density", "") in DENSITIES else "",
        KEYS_COOKIE: "" if fields.get("keys") == "on" else "off",
        LANGUAGE_COOKIE: fields.get("language", "") if fields.get("language", "") in ("fr", "en") else "",
    }
    for cookie, value in chosen.items():
        name, secure = desk.access.cookie(cookie), desk.access.secure
        if value:
            response.set_cookie(
                name, value, max_age=YEAR_SECONDS, path="/", secure=secure, httponly=True, samesite="lax"
            )
        else:
            response.delete_cookie(name, path="/", secure=secure, httponly=True, samesite="lax")
    return response


@router.post("/settings/password")
def password(request: Request, fields: Fields) -> Response:
    """Change one's own password; every other device signs in again."""
    desk, signed = desk_of(request), visitor_of(request).signed
    if signed is None:
        return explained(request, HTTPStatus.NOT_FOUND)
    try:
        change_password(desk.workshop, signed.person_id, fields.get("current", ""), fields.get("new", ""))
    except RaccordError as error:
        return _page(request, status=HTTPStatus.UNPROCESSABLE_ENTITY, wrong=said_by(error, request))
    with desk.workshop.database.begin() as session:
        end_all(session, signed.person_id, desk.workshop.clock.now(), but=signed.session_id)
    return RedirectResponse("/settings?done=password", HTTPStatus.SEE_OTHER)


@router.post("/settings/sessions/{session_id}/end")
def end(request: Request, session_id: str, fields: Fields) -> Response:
    """Sign one of the person's own devices out."""
    desk, signed = desk_of(request), visitor_of(request).signed
    if signed is None:
        return explained(request, HTTPStatus.NOT_FOUND)
    end_session(desk.workshop, signed.person_id, session_id)
    return RedirectResponse(own_address("/settings?done=session_ended"), HTTPStatus.SEE_OTHER)


@router.get("/menu")
def menu(request: Request, here: str = "/menu") -> Response:
    """Show every room of the house, for screens too narrow for the menu at the side.

    An open page asks for its menu again while something runs, and says ``here`` which page it is.
    """
    with desk_of(request).workshop.database.read() as session:
        return show(request, "entering/menu.html", session, here=here)


def _page(request: Request, *, status: int = HTTPStatus.OK, wrong: object = None) -> Response:
    desk, visitor = desk_of(request), visitor_of(request)
    chosen = desk.workshop.settings
    operates = may(visitor.reach.actor, Power.OPERATE)
    with desk.workshop.database.read() as session:
        signed, now = visitor.signed, desk.workshop.clock.now()
        return show(
            request,
            "entering/settings.html",
            session,
            status=status,
            wrong=wrong,
            sessions=[] if signed is None else sessions_of(session, signed.person_id, signed.session_id, now),
            chosen_language=request.cookies.get(desk.access.cookie(LANGUAGE_COOKIE), ""),
            installation={
                "version": version("raccord"),
                "database": DATABASES.get(desk.workshop.database.dialect, desk.workshop.database.dialect),
                "data_dir": str(chosen.data_dir),
                "web_url": chosen.web_url,
                "quickbooks": chosen.quickbooks_environment,
                "client": chosen.quickbooks_client_id,
            }
            if operates
            else {},
        )
