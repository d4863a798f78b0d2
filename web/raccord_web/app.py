"""The web application: FastAPI with the screens, behind the gate."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from fastapi import FastAPI
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from raccord.jobs.port import JobEngine
from raccord.onboarding.people import Actor
from raccord.sync.workshop import Workshop
from raccord_web.access import access_of
from raccord_web.desk import Desk, local_operator
from raccord_web.failures import HANDLERS
from raccord_web.gate import Gate
from raccord_web.screens import connections, entrance, home, plans, problems, proof, questions, quickbooks, runs
from raccord_web.signing import Signer

SCREENS = (home, connections, runs, plans, questions, problems, proof, quickbooks, entrance)


class Static(StaticFiles):
    """Our own files; an address with the file's digest may be kept for a year."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        lasting = b"v=" in scope["query_string"] and response.status_code == 200
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if lasting else "public, max-age=3600"
        return response


def create_app(workshop: Workshop, engine: JobEngine, actor: Actor | None = None) -> FastAPI:
    """Return the application; submitted runs go to ``engine``.

    Raises ``AccessError`` where the settings would open the pages to the network without a token. ``actor`` is who all
    requests act as, the local operator unless given.
    """
    desk = Desk(workshop, engine, access_of(workshop.settings), Signer.of(workshop.vault), actor or local_operator())
    app = FastAPI(title="Raccord", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.desk = desk
    for screen in SCREENS:
        app.include_router(screen.router)
    app.mount("/static", Static(directory=Path(str(files("raccord_web").joinpath("static")))), name="static")
    for kind, handler in HANDLERS.items():
        app.add_exception_handler(kind, handler)
    app.add_middleware(Gate, desk=desk)
    return app
