"""Shadow days, as programs read them: the first plan beside what others put into QuickBooks; nothing is posted."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request

from raccord.overview.beginning.shadow import ShadowSummary, ShadowView, shadow_rows, shadow_summary
from raccord.store.models import Connection, ShadowCause, ShadowOutcome
from raccord.sync.planning.beside import in_shadow
from raccord_web.api.paging import Asked, Part, part
from raccord_web.front.desk import desk_of

router = APIRouter()


class Shadow(BaseModel):
    """Whether the first plan still waits, so that runs compare and post nothing; and the newest comparison, if any."""

    in_shadow: bool
    comparison: ShadowSummary | None


@router.get("/connections/{connection_id}/shadow")
def shadow(request: Request, connection_id: str) -> Shadow:
    """Return how the plan compares, by outcome, cause and currency; a source that starts anew has no comparison."""
    with desk_of(request).workshop.database.read() as session:
        connection = session.get_one(Connection, connection_id)
        return Shadow(in_shadow=in_shadow(connection), comparison=shadow_summary(session, connection_id))


@router.get("/connections/{connection_id}/shadow/rows")
def rows(
    request: Request,
    connection_id: str,
    asked: Asked,
    outcome: ShadowOutcome | None = None,
    cause: ShadowCause | None = None,
) -> Part[ShadowView]:
    """Return the documents that were compared, those of one outcome or cause if asked; none where nothing was."""
    with desk_of(request).workshop.database.read() as session:
        found = shadow_rows(
            session, connection_id, outcome=outcome, cause=cause, limit=asked.limit, offset=asked.offset
        )
        return part(found)
