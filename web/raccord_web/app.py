"""The web application: FastAPI with the screens, behind the gate."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter, Depends, FastAPI
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from raccord.jobs.port import JobEngine
from raccord.onboarding.access.accounts import anybody
from raccord.onboarding.access.people import Actor
from raccord.sync.workshop import Workshop
from raccord_web import hooks
from raccord_web.api.application import PATH, create_api
from raccord_web.front.access import access_of
from raccord_web.front.desk import Desk
from raccord_web.front.signing import Signer
from raccord_web.front.visitors import admitted
from raccord_web.gate import Gate
from raccord_web.pages.failures import HANDLERS
from raccord_web.screens import home
from raccord_web.screens.connecting import baseline, coming_back, doors, linking, lists, quickbooks, setting_up, shadow
from raccord_web.screens.connecting import first_steps as connecting
from raccord_web.screens.connections import (
    benching,
    files_back,
    keeping,
    plugins,
    rules,
    sold,
    switching,
    uploading,
    webhooks,
)
from raccord_web.screens.connections import connection as connections
from raccord_web.screens.entering import audit, entrance, getting_ready, people, settings, signin, tokens
from raccord_web.screens.help import codes, helping, manual, subjects
from raccord_web.screens.lines import bank_rules, questions, review, statements, suggestions, unmet
from raccord_web.screens.mapping import choosing, comments, reposting, upgrades
from raccord_web.screens.mapping import meanings as mapping
from raccord_web.screens.proof import books, doctor, drift, gaps, standing
from raccord_web.screens.proof import months as proof
from raccord_web.screens.records import plans, problems, records, runs, undo

SCREENS = (
    # Before the plugins, whose deeds share its address.
    benching,
    home,
    connections,
    keeping,
    rules,
    sold,
    lists,
    linking,
    baseline,
    shadow,
    switching,
    # Before the runs, whose deeds share its address.
    undo,
    records,
    runs,
    plans,
    review,
    questions,
    unmet,
    problems,
    proof,
    books,
    statements,
    suggestions,
    standing,
    doctor,
    drift,
    gaps,
    quickbooks,
    doors,
    coming_back,
    plugins,
    people,
    audit,
    bank_rules,
    settings,
    getting_ready,
    tokens,
    webhooks,
    upgrades,
    connecting,
    setting_up,
    uploading,
    files_back,
    mapping,
    comments,
    choosing,
    reposting,
    helping,
    codes,
    subjects,
    manual,
)
OPEN_SCREENS = (entrance, signin, hooks)
"""What is answered before anybody signed in."""


class Static(StaticFiles):
    """Our own files; an address with the file's digest may be kept for a year."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        lasting = b"v=" in scope["query_string"] and response.status_code == 200
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if lasting else "public, max-age=3600"
        return response


def create_app(workshop: Workshop, engine: JobEngine, actor: Actor | None = None) -> FastAPI:
    """Return the application; submitted runs go to ``engine``.

    Raises ``AccessError`` where the settings would open the pages to the network before there is an account, without a
    token. With an ``actor`` nobody signs in and all requests act as them.
    """
    with workshop.database.read() as session:
        accounts = actor is None and anybody(session)
    access = access_of(workshop.settings, accounts=accounts)
    desk = Desk(workshop, engine, access, Signer.of(workshop.vault), actor)
    app = FastAPI(title="Raccord", docs_url=None, redoc_url=None, openapi_url=None, routes=[*_screens()])
    app.state.desk = desk
    app.mount(PATH, create_api(desk), name="api")
    app.mount("/static", Static(directory=Path(str(files("raccord_web").joinpath("static")))), name="static")
    for kind, handler in HANDLERS.items():
        app.add_exception_handler(kind, handler)
    app.add_middleware(Gate, desk=desk)
    return app


@cache
def _screens() -> tuple[BaseRoute, ...]:
    """Return the screens' routes, which know no desk: FastAPI takes 0.1 s to read them for each application."""
    house = APIRouter()
    for screen in SCREENS:
        house.include_router(screen.router, dependencies=[Depends(admitted)])
    for screen in OPEN_SCREENS:
        house.include_router(screen.router)
    return tuple(house.routes)
