"""Linking a source's items, and the like, one by one to the ledger's: how many are, what each may be, all at once."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from raccord.errors import RaccordError
from raccord.onboarding.access.people import Power, may, require
from raccord.onboarding.deciding.seen_choices import choices_standing, choose_seen
from raccord.onboarding.setting_up.instances import link_suggested, linking, roles_with_instances
from raccord.overview.connections import connection_head
from raccord.overview.explain import Explained
from raccord.overview.listing import Listing
from raccord.overview.naming import pick
from raccord.overview.questions import candidates
from raccord.plugin import ConnectorInfo
from raccord.sync.workshop import Workshop
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting
from raccord_web.pages.failures import explained
from raccord_web.pages.forms import Fields
from raccord_web.pages.rendering import among, said_by, show
from raccord_web.parts.held import choice_seen, connection_of
from raccord_web.screens.home import Offset

router = APIRouter()
SHOWN = 20
"""Instances on one page; what they may be linked to stands there once for all."""
SHOWS = ("all", "open", "lacking")


@router.get("/connections/{connection_id}/linking")
def linked(
    request: Request, connection_id: str, role: str = "", q: str = "", only: str = "all", offset: Offset = 0
) -> Response:
    """Show the instances of a role; ``only`` keeps those that are not linked, or that lack something."""
    return _page(request, connection_id, role, q[:100], only if only in SHOWS else "all", offset)


@router.post("/connections/{connection_id}/linking")
def link(request: Request, connection_id: str, fields: Fields) -> Response:
    """Link one instance to what was chosen for it, or all that have a suggestion to that."""
    workshop, actor = desk_of(request).workshop, acting(request)
    found = connection_of(workshop, connection_id)
    if found is None:
        return explained(request, HTTPStatus.NOT_FOUND)
    connection, info = found
    require(actor, Power.MANAGE, info, manage_granted=connection.manage_granted_at is not None)
    role, q, only = fields.get("role", ""), fields.get("q", "")[:100], fields.get("only", "")
    try:
        if "accept" in fields:
            link_suggested(workshop, actor, connection_id, role)
        else:
            ledger = fields.get("ledger") or _named(workshop, connection.company_id, info, role, fields)
            choose_seen(
                workshop, actor, connection_id, role, ledger, fields.get("of", ""), seen=choice_seen(fields)
            )  # fmt: skip
    except RaccordError as error:
        return _page(
            request, connection_id, role, q, only, 0, status=HTTPStatus.CONFLICT, refusal=said_by(error, request)
        )
    kept = {"role": role, "q": q, "only": only, "offset": fields.get("offset", "")}
    query = urlencode({name: value for name, value in kept.items() if value} | {"done": "chosen"})
    return RedirectResponse(f"/connections/{connection_id}/linking?{query}", HTTPStatus.SEE_OTHER)


def _named(workshop: Workshop, company_id: str, info: ConnectorInfo, role: str, fields: Mapping[str, str]) -> str:
    """Return the id of the ledger object that a field names; left as it was shown, it is the one it was."""
    named = fields.get("named", "").strip()
    accepts = next((each.accepts for each in roles_with_instances(info) if each.name == role), None)
    if accepts is None or not named or (named == fields.get("was") and fields.get("held")):
        return fields.get("held", "") if named else ""
    with workshop.database.read() as session:
        found = candidates(session, company_id, {accepts}, named)[accepts]
        # Typed without its accents it is among all, where the list is not longer than a page shows.
        return pick(found or candidates(session, company_id, {accepts})[accepts], named).id


def _page(
    request: Request,
    connection_id: str,
    role: str,
    q: str,
    only: str,
    offset: int,
    *,
    status: int = HTTPStatus.OK,
    refusal: Explained | None = None,
) -> Response:
    workshop = desk_of(request).workshop
    found = connection_of(workshop, connection_id)
    if found is None:
        return explained(request, HTTPStatus.NOT_FOUND)
    connection, info = found
    roles = roles_with_instances(info)
    asked = next((each for each in roles if each.name == role), roles[0] if roles else None)
    seen = None
    if asked is not None:
        seen = linking(workshop, connection_id, asked.name, q=q, only=only, limit=SHOWN, offset=offset)
    rows = () if seen is None else seen.rows
    with workshop.database.read() as session:
        return show(
            request,
            "connecting/linking.html",
            session,
            status=status,
            view=connection_head(session, connection_id),
            roles=roles,
            seen=seen,
            listing=Listing(rows, 0 if seen is None else seen.matching, offset, SHOWN),
            q=q,
            only=only,
            standing={}
            if asked is None
            else choices_standing(session, [connection_id], [asked.name], [each.id for each in rows]),
            fitting=(candidates(session, connection.company_id, {asked.accepts}, among(request)) if asked else {}),
            refusal=refusal,
            manages=may(acting(request), Power.MANAGE, info, manage_granted=connection.manage_granted_at is not None),
        )
