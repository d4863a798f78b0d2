"""The audit log: who did what to what and when, filtered; each entry sealed by the one before."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from raccord.overview.audit import audit_log
from raccord.overview.companies import list_companies
from raccord.overview.listing import MOST
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import within_of
from raccord_web.pages.rendering import language_of, show
from raccord_web.screens.home import PAGE, Offset
from raccord_web.words.subjects import abouts

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
    request: Request, connection: str = "", company: str = "", actor: Short = "", action: Short = "", offset: Offset = 0
) -> Response:
    within = within_of(request)
    with desk_of(request).workshop.database.read() as session:
        listing = audit_log(
            session,
            company_id=company,
            connection_id=connection,
            actor=actor.strip(),
            action=action.strip(),
            within=within,
            limit=PAGE,
            offset=offset,
        )
        return show(
            request,
            "entering/audit.html",
            session,
            listing=listing,
            abouts=abouts(session, desk_of(request).workshop.scopes.catalog, listing.rows, language_of(request)),
            families=FAMILIES,
            companies={each.id: each.name for each in list_companies(session, within=within, limit=MOST).rows},
            kept={"connection": connection, "company": company, "actor": actor, "action": action},
        )
