"""Undo: what a run wrote, or what came of one record, is taken out again by a plan that waits for approval."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from fastapi import APIRouter
from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from raccord.jobs.undo_requests import UndoError, request_undo
from raccord.onboarding.people import Power, require
from raccord.overview.records import record_story
from raccord.overview.runs import run_view
from raccord.store.models import DraftRow
from raccord.sync.undo_selection import Asked
from raccord_web.desk import desk_of
from raccord_web.failures import explained
from raccord_web.forms import Fields
from raccord_web.rendering import said_by, show
from raccord_web.visitors import acting

router = APIRouter()
UNSAID = {"way": "delete", "names": "", "certified": ""}


@router.get("/runs/{run_id}/undo")
def of_run(request: Request, run_id: str) -> Response:
    return _of_run(request, run_id)


@router.post("/runs/{run_id}/undo")
def undo_run(request: Request, run_id: str, fields: Fields) -> Response:
    """Ask for the plan that takes out what a run created."""
    with desk_of(request).workshop.database.read() as session:
        view = run_view(session, run_id)
    if view is None:
        return explained(request, HTTPStatus.NOT_FOUND)
    try:
        return _asked(request, view.connection_id, _depth(fields, run_id=run_id))
    except UndoError as error:
        return _of_run(request, run_id, fields, error)


@router.get("/records/{record_id}/undo")
def of_record(request: Request, record_id: str) -> Response:
    return _of_record(request, record_id)


@router.post("/records/{record_id}/undo")
def undo_record(request: Request, record_id: str, fields: Fields) -> Response:
    """Ask for the plan that takes out what came of one record."""
    with desk_of(request).workshop.database.read() as session:
        story = record_story(session, int(record_id))
        keys = tuple(session.scalars(select(DraftRow.key).where(DraftRow.record_id == int(record_id))))
    if story is None:
        return explained(request, HTTPStatus.NOT_FOUND)
    try:
        # Without a key nothing is named, and the service says so.
        return _asked(request, story.view.connection_id, _depth(fields, keys=keys))
    except UndoError as error:
        return _of_record(request, record_id, fields, error)


def _depth(fields: Mapping[str, str], run_id: str = "", keys: tuple[str, ...] = ()) -> Asked:
    return Asked(
        run_id, keys, fields.get("names") == "yes", fields.get("way") == "void", fields.get("certified", "").strip()
    )


def _asked(request: Request, connection_id: str, asked: Asked) -> Response:
    desk = desk_of(request)
    run_id = request_undo(
        desk.workshop.database, desk.engine, connection_id, asked, actor=acting(request), clock=desk.workshop.clock
    )
    return RedirectResponse(f"/runs/{run_id}?done=undo_asked", HTTPStatus.SEE_OTHER)


def _of_run(
    request: Request, run_id: str, fields: Mapping[str, str] | None = None, error: UndoError | None = None
) -> Response:
    require(acting(request), Power.WORK)
    with desk_of(request).workshop.database.read() as session:
        view = run_view(session, run_id)
        if view is None:
            return explained(request, HTTPStatus.NOT_FOUND)
        return show(
            request,
            "undo.html",
            session,
            status=HTTPStatus.OK if error is None else HTTPStatus.CONFLICT,
            action=f"/runs/{run_id}/undo",
            back=f"/runs/{run_id}",
            connection_id=view.connection_id,
            connection=view.connection,
            what="",
            kept=UNSAID | dict(fields or {}),
            wrong=None if error is None else said_by(error, request),
        )


def _of_record(
    request: Request, record_id: str, fields: Mapping[str, str] | None = None, error: UndoError | None = None
) -> Response:
    require(acting(request), Power.WORK)
    with desk_of(request).workshop.database.read() as session:
        story = record_story(session, int(record_id))
        if story is None:
            return explained(request, HTTPStatus.NOT_FOUND)
        return show(
            request,
            "undo.html",
            session,
            status=HTTPStatus.OK if error is None else HTTPStatus.CONFLICT,
            action=f"/records/{record_id}/undo",
            back=f"/records/{record_id}",
            connection_id=story.view.connection_id,
            connection=story.view.connection,
            what=story.view.source_id,
            kept=UNSAID | dict(fields or {}),
            wrong=None if error is None else said_by(error, request),
        )
