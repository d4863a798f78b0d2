"""Undo: what a run wrote, or what came of one record, is taken out again by a plan that waits for approval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from fastapi import APIRouter, HTTPException
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from raccord.jobs.undo_requests import MOST, UndoError, request_undo
from raccord.masking import masked
from raccord.onboarding.access.people import Power, require
from raccord.overview.records import record_story
from raccord.overview.runs import run_view
from raccord.store.models import Connection, DraftRow, LinkRow, SourceRecord
from raccord.sync.lines.titles import Title, titles_of
from raccord.sync.undoing.selection import Asked, count_since, select_links, written_since
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting, admit, visitor_of
from raccord_web.pages.failures import explained
from raccord_web.pages.forms import Fields
from raccord_web.pages.rendering import said_by, show

router = APIRouter()
CHOSEN_MAX = 100
"""Records that are undone at a time from the list."""
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


@router.get("/connections/{connection_id}/undo")
def of_connection(request: Request, connection_id: str) -> Response:
    """Show what undoing everything from the first day on means."""
    return _of_connection(request, connection_id)


@router.post("/connections/{connection_id}/undo")
def undo_connection(request: Request, connection_id: str, fields: Fields) -> Response:
    """Ask for the plan that takes out everything that a connection created from its first day on."""
    with desk_of(request).workshop.database.read() as session:
        keys = written_since(session, session.get_one(Connection, connection_id), MOST + 1)
    try:
        # Without a key nothing is named, and the service says so.
        return _asked(request, connection_id, _depth(fields, keys=keys))
    except UndoError as error:
        return _of_connection(request, connection_id, fields, error)


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


@router.get("/records/undo")
def of_records(request: Request) -> Response:
    """Show what undoing the ticked records means."""
    chosen = request.query_params.getlist("record")
    if chosen:
        return _of_records(request, chosen)
    with desk_of(request).workshop.database.read() as session:
        return show(request, "records/undo_nothing.html", session)


@router.post("/records/undo")
def undo_records(request: Request, fields: Fields) -> Response:
    """Ask for the plan that takes out what came of several records of one connection."""
    chosen = fields.get("records", "").split()
    ids, connections = _admitted(request, chosen)
    if len(connections) != 1:
        return _of_records(request, chosen, fields)
    with desk_of(request).workshop.database.read() as session:
        keys = _keys(session, ids)
    try:
        return _asked(request, connections[0].id, _depth(fields, keys=keys))
    except UndoError as error:
        return _of_records(request, chosen, fields, error)


def _admitted(request: Request, chosen: Sequence[str]) -> tuple[list[int], list[Connection]]:
    """Return the records that were ticked and their connections; one of somebody else's raises a 404.

    Whoever asks acts as the company of these records knows them.
    """
    if not 0 < len(chosen) <= CHOSEN_MAX:
        raise HTTPException(HTTPStatus.BAD_REQUEST)
    with desk_of(request).workshop.database.read() as session:
        for each in chosen:
            _, request.state.actor = admit(session, visitor_of(request), "record_id", each)
            # Of each company, for records of several may be ticked.
            require(acting(request), Power.WORK)
        ids = [int(each) for each in chosen]
        of = select(SourceRecord.connection_id).where(SourceRecord.id.in_(ids))
        found = session.scalars(select(Connection).where(Connection.id.in_(of)).order_by(Connection.label)).all()
    return ids, list(found)


def _of_records(
    request: Request, chosen: Sequence[str], fields: Mapping[str, str] | None = None, error: UndoError | None = None
) -> Response:
    ids, connections = _admitted(request, chosen)
    several = len(connections) > 1
    with desk_of(request).workshop.database.read() as session:
        return show(
            request,
            "records/undo.html",
            session,
            status=HTTPStatus.OK if error is None and not several else HTTPStatus.CONFLICT,
            action="/records/undo",
            back=f"/records?connection={connections[0].id}",
            connection_id=connections[0].id,
            connection=connections[0].label,
            what="",
            title=None,
            since=None,
            follows=_follows(session, connections[0].id, Asked(keys=_keys(session, ids))),
            chosen=ids,
            several=[each.label for each in connections] if several else [],
            kept=UNSAID | dict(fields or {}),
            wrong=None if error is None else said_by(error, request),
        )


def _keys(session: Session, record_ids: Sequence[int]) -> tuple[str, ...]:
    return tuple(session.scalars(select(DraftRow.key).where(DraftRow.record_id.in_(record_ids)).order_by(DraftRow.id)))


def _follows(session: Session, connection_id: str, asked: Asked) -> list[tuple[LinkRow, Title | None]]:
    """Return the documents that go along because what they came after goes: the refunds of a payment."""
    selection = select_links(session, session.get_one(Connection, connection_id), asked)
    titles = titles_of(session, connection_id, selection.follows)
    return [(selection.links[key], titles.get(key)) for key in selection.follows]


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
            "records/undo.html",
            session,
            status=HTTPStatus.OK if error is None else HTTPStatus.CONFLICT,
            action=f"/runs/{run_id}/undo",
            back=f"/runs/{run_id}",
            connection_id=view.connection_id,
            connection=view.connection,
            what="",
            title=None,
            since=None,
            follows=_follows(session, view.connection_id, Asked(run_id)),
            chosen=[],
            several=[],
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
            "records/undo.html",
            session,
            status=HTTPStatus.OK if error is None else HTTPStatus.CONFLICT,
            action=f"/records/{record_id}/undo",
            back=f"/records/{record_id}",
            connection_id=story.view.connection_id,
            connection=story.view.connection,
            what=masked(story.view.source_id),
            title=story.view.title,
            since=None,
            follows=_follows(session, story.view.connection_id, Asked(keys=_keys(session, [int(record_id)]))),
            chosen=[],
            several=[],
            kept=UNSAID | dict(fields or {}),
            wrong=None if error is None else said_by(error, request),
        )


def _of_connection(
    request: Request, connection_id: str, fields: Mapping[str, str] | None = None, error: UndoError | None = None
) -> Response:
    require(acting(request), Power.WORK)
    with desk_of(request).workshop.database.read() as session:
        connection = session.get_one(Connection, connection_id)
        documents = count_since(session, connection, MOST + 1)
        return show(
            request,
            "records/undo.html",
            session,
            status=HTTPStatus.OK if error is None else HTTPStatus.CONFLICT,
            action=f"/connections/{connection_id}/undo",
            back=f"/connections/{connection_id}",
            connection_id=connection_id,
            connection=connection.label,
            what="",
            title=None,
            since=connection.starts_on,
            documents=min(documents, MOST),
            more=documents > MOST,
            follows=[],
            chosen=[],
            several=[],
            kept=UNSAID | dict(fields or {}),
            wrong=None if error is None else said_by(error, request),
        )
