"""The bench: a connector on its twin, its samples or a recording, from page to ledger; no company is touched."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from raccord.bench import NoSourceError, SourceKind
from raccord.bench.service import Benched, bench_brought, bench_recording
from raccord.bench.shown import ROWS_MAX, draft_lines, entries, excerpt, raw_lines, steps
from raccord.onboarding.access.people import Power, require
from raccord.plugin.testing.recording.shapes import BYTES_MAX
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import visitor_of
from raccord_web.pages.failures import explained
from raccord_web.pages.forms import Files
from raccord_web.pages.rendering import show

router = APIRouter()
RECORDS_SHOWN = 100
NOTES_SHOWN = 50


@router.get("/plugins/{connector}/bench")
def bench(request: Request, connector: str, source: str = "", trial: str = "", first: str = "0") -> Response:
    """Offer the sources; with one chosen, run the connector on it."""
    desk, actor = desk_of(request), visitor_of(request).reach.actor
    require(actor, Power.OPERATE)
    if source not in (SourceKind.TWIN, SourceKind.SAMPLES):
        return _page(request, connector, None)
    try:
        found = bench_brought(desk.workshop, actor, connector, SourceKind(source), trial)
    except NoSourceError as error:
        return _page(request, connector, None, source=source, refused=error)
    return _page(request, connector, found, source=source, first=first)


@router.post("/plugins/{connector}/bench")
def replay(request: Request, connector: str, received: Files) -> Response:
    """Run the connector on a recording that is handed in; it is not kept."""
    desk, actor = desk_of(request), visitor_of(request).reach.actor
    try:
        found = bench_recording(desk.workshop, actor, connector, received)
    except NoSourceError as error:
        return _page(request, connector, None, refused=error, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return _page(request, connector, found, source=str(SourceKind.RECORDING))


def _page(
    request: Request,
    connector: str,
    found: Benched | None,
    *,
    source: str = "",
    first: str = "0",
    refused: NoSourceError | None = None,
    status: int = HTTPStatus.OK,
) -> Response:
    workshop = desk_of(request).workshop
    plugin = workshop.scopes.catalog.get(connector)
    if plugin is None:
        return explained(request, HTTPStatus.NOT_FOUND)
    start = int(first) if first.isascii() and first.isdigit() and len(first) < 7 else 0
    with workshop.database.read() as session:
        return show(
            request,
            "connections/bench.html",
            session,
            status=status,
            plugin=plugin,
            found=None if found is None else found.look,
            choices=[] if found is None else found.choices,
            steps=[] if found is None else steps(found.look, start, RECORDS_SHOWN),
            source=source,
            first=start,
            refused=refused,
            shown=RECORDS_SHOWN,
            most=BYTES_MAX // (1024 * 1024),
            notes=NOTES_SHOWN,
            rows=ROWS_MAX,
            entries=entries,
            excerpt=excerpt,
            raw_lines=raw_lines,
            draft_lines=draft_lines,
        )
