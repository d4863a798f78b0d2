"""The audit log: who did what to what and when, filtered; each entry sealed by the one before."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from raccord.overview.audit import WantedEntries, audit_log
from raccord.overview.companies import list_companies
from raccord.overview.listing import MOST
from raccord.overview.tables.entries import entry_table
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import within_of
from raccord_web.pages.rendering import language_of, show
from raccord_web.screens.home import PAGE, Offset
from raccord_web.words.subjects import abouts
from raccord_web.words.wording import wording

router = APIRouter()

FAMILIES = (
    "plan", "links", "undo", "repost", "hold", "bank_rule", "suggestions", "drift", "problem", "connection", "choice",
    "term", "comment", "list", "files", "company", "month", "proof", "night", "statement", "people", "connector",
    "plugin", "webhook",
)  # fmt: skip
"""Families of actions that the page can be narrowed to."""
Short = Annotated[str, Query(max_length=200)]


@router.get("/audit")
def audit(
    request: Request, connection: str = "", company: str = "", actor: Short = "", action: Short = "",
    origin: Short = "", first: str = "", last: str = "", offset: Offset = 0,
) -> Response:  # fmt: skip
    within = within_of(request)
    wanted = _wanted(connection, company, actor, action, origin, first, last)
    with desk_of(request).workshop.database.read() as session:
        listing = audit_log(session, wanted, within=within, limit=PAGE, offset=offset)
        return show(
            request,
            "entering/audit.html",
            session,
            listing=listing,
            abouts=abouts(session, desk_of(request).workshop.scopes.catalog, listing.rows, language_of(request)),
            families=FAMILIES,
            companies={each.id: each.name for each in list_companies(session, within=within, limit=MOST).rows},
            kept={
                "connection": connection, "company": company, "actor": actor, "action": action, "origin": origin,
                "first": first if wanted.first else "", "last": last if wanted.last else "",
            },
        )  # fmt: skip


@router.get("/audit/table")
def table(
    request: Request, connection: str = "", company: str = "", actor: Short = "", action: Short = "",
    origin: Short = "", first: str = "", last: str = "",
) -> Response:  # fmt: skip
    """Give the entries that the list shows as a table."""
    words = wording(language_of(request))
    wanted = _wanted(connection, company, actor, action, origin, first, last)
    content = entry_table(
        desk_of(request).workshop.database, wanted, within_of(request), lambda column: words(f"audit_table.{column}")
    )
    headers = {"Content-Disposition": 'attachment; filename="raccord-audit.csv"'}
    return StreamingResponse(content, media_type="text/csv; charset=utf-8", headers=headers)


def _wanted(
    connection: str, company: str, actor: str, action: str, origin: str, first: str, last: str
) -> WantedEntries:  # fmt: skip
    """Return what an address asks for; a day that is none is not asked."""
    return WantedEntries(
        company_id=company, connection_id=connection, actor=actor.strip(), action=action.strip(),
        origin=origin.strip(), first=_day(first), last=_day(last),
    )  # fmt: skip


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None
