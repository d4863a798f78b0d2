"""Help: each status word, each code with its remedy and who can apply it, the keys, and each connector's limits."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from raccord.overview.connections import connection_names
from raccord.overview.explain import known_codes
from raccord.overview.records import Fate
from raccord.store.models import ConnectionState
from raccord_web.desk import desk_of
from raccord_web.rendering import language_of, said, show
from raccord_web.reviewing import KEYS
from raccord_web.states import FATES, OFF, RUNS
from raccord_web.visitors import within_of

router = APIRouter()


@router.get("/help")
def contents(request: Request, q: Annotated[str, Query(max_length=100)] = "") -> Response:
    """Show all of it; ``q`` keeps the codes that hold these words."""
    desk, language = desk_of(request), language_of(request)
    wanted = q.strip().casefold()
    codes = [said(code, {}, language) for code in sorted(known_codes())]
    found = [each for each in codes if wanted in f"{each.code} {each.what} {each.fix}".casefold()]
    with desk.workshop.database.read() as session:
        return show(
            request,
            "help.html",
            session,
            q=q,
            paused=connection_names(session, within=within_of(request), state=ConnectionState.PAUSED),
            codes=found,
            states=[*OFF.values(), *RUNS.values()],
            review_keys=KEYS,
            fates=[(fate, FATES[fate]) for fate in Fate],
            connectors=[each.info for each in desk.workshop.scopes.catalog.admitted.values()],
        )
