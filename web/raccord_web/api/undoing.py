"""Taking out what came of one record or of several, by a plan that waits for approval."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException
from pydantic import Field
from sqlalchemy import select
from starlette.requests import Request

from raccord.jobs.undo_requests import MOST, request_undo
from raccord.onboarding.access.api_tokens import Scope
from raccord.onboarding.access.people import Power, require
from raccord.overview.runs import RunView
from raccord.store.models import Connection, DraftRow, SourceRecord
from raccord.sync.undoing.selection import Asked, written_since
from raccord_web.api.deeds import Undo, run_of
from raccord_web.api.programs import needs
from raccord_web.api.repeating import Repeatable, repeatable
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting

router = APIRouter(route_class=Repeatable, dependencies=[Depends(repeatable)])
RECORDS_MAX = 100
RecordId = Annotated[int, Field(strict=True, ge=1, le=2**63 - 1)]


class UndoRecords(Undo):
    """Which records of the connection, by their ids, and how what came of them is taken out."""

    records: Annotated[list[RecordId], Field(min_length=1, max_length=RECORDS_MAX)]


@router.post("/records/{record_id}/undo", dependencies=[Depends(needs(Scope.APPROVE))])
def undo_record(request: Request, record_id: str, wanted: Undo) -> RunView:
    """Ask for the plan that takes out what came of a record; it waits for approval."""
    with desk_of(request).workshop.database.read() as session:
        connection_id = session.get_one(SourceRecord, int(record_id)).connection_id
    return _asked(request, connection_id, [int(record_id)], wanted)


@router.post("/connections/{connection_id}/undo", dependencies=[Depends(needs(Scope.APPROVE))])
def undo_records(request: Request, connection_id: str, wanted: UndoRecords) -> RunView:
    """Ask for one plan that takes out what came of several records of a connection; it waits for approval."""
    require(acting(request), Power.WORK)
    ids = set(wanted.records)
    mine = select(SourceRecord.id).where(SourceRecord.id.in_(ids), SourceRecord.connection_id == connection_id)
    with desk_of(request).workshop.database.read() as session:
        if set(session.scalars(mine)) != ids:
            # One of another connection is not there for this call, whoever's it is.
            raise HTTPException(HTTPStatus.NOT_FOUND)
    return _asked(request, connection_id, sorted(ids), wanted)


@router.post("/connections/{connection_id}/undo-all", dependencies=[Depends(needs(Scope.APPROVE))])
def undo_all(request: Request, connection_id: str, wanted: Undo) -> RunView:
    """Ask for the plan that takes out all that a connection created from its first day on; it waits for approval."""
    with desk_of(request).workshop.database.read() as session:
        keys = written_since(session, session.get_one(Connection, connection_id), MOST + 1)
    return _of_keys(request, connection_id, keys, wanted)


def _asked(request: Request, connection_id: str, records: Sequence[int], wanted: Undo) -> RunView:
    named = select(DraftRow.key).where(DraftRow.record_id.in_(records)).order_by(DraftRow.id)
    with desk_of(request).workshop.database.read() as session:
        keys = tuple(session.scalars(named))
    return _of_keys(request, connection_id, keys, wanted)


def _of_keys(request: Request, connection_id: str, keys: tuple[str, ...], wanted: Undo) -> RunView:
    desk = desk_of(request)
    # Without a key nothing is named, and the service says so.
    made = request_undo(
        desk.workshop.database,
        desk.engine,
        connection_id,
        Asked("", keys, wanted.names, wanted.void, wanted.certified),
        actor=acting(request),
        clock=desk.workshop.clock,
    )
    return run_of(request, made)
