"""The doctor: everything checked when somebody asks, each finding with the page where it is mended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from raccord.onboarding.access.people import Actor, Power, may, require
from raccord.onboarding.checking.doctor import check_each, check_house
from raccord.onboarding.checking.findings import Finding, Level
from raccord.store.models import Connection
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import visitor_of
from raccord_web.pages.forms import Fields
from raccord_web.pages.rendering import show
from raccord_web.screens.records.problems import AUTHORISED_ANEW

router = APIRouter()

OF_CONNECTION = {
    "resolve.": "/connections/{id}/mapping",
    "doctor.choices": "/connections/{id}/mapping",
    "doctor.linked": "/connections/{id}/mapping",
    "freshness.": "/connections/{id}/settings",
    "connection.reauthorise": "/connections/{id}/settings",
    "": "/connections/{id}",
}
"""The page where a connection's finding is mended, by the beginning of its code; the first that fits."""
OF_COMPANY: dict[str, str] = dict.fromkeys(AUTHORISED_ANEW, "/quickbooks")
"""Where QuickBooks is authorised again, for what that mends; what else QuickBooks says has no page of ours."""
OF_HOUSE = {"doctor.plugins": "/plugins", "plugin.": "/plugins", "doctor.audit": "/audit"}
_GRAVEST = list(reversed(Level))


@dataclass(frozen=True, slots=True)
class Shown:
    """A finding with the page of ours where it is mended, if there is one."""

    finding: Finding
    page: str


@dataclass(frozen=True, slots=True)
class Group:
    """The findings of a company, or of the installation where the name is empty; the gravest first."""

    name: str
    findings: Sequence[Shown]


@router.get("/doctor")
def waiting_room(request: Request) -> Response:
    with desk_of(request).workshop.database.read() as session:
        return show(request, "proof/doctor.html", session, groups=None, counts_of={})


@router.post("/doctor")
def examine(request: Request, fields: Fields) -> Response:
    """Check what the visitor works with; QuickBooks is asked, so nothing is checked before somebody says so.

    With a ``connection`` it is that one and its company.
    """
    workshop, reach = desk_of(request).workshop, visitor_of(request).reach
    only = fields.get("connection", "")
    with workshop.database.read() as session:
        asked = session.get(Connection, only) if only else None
    company = "" if asked is None else asked.company_id
    require(Actor(reach.name, reach.highest), Power.WORK)
    found: dict[str, list[Shown]] = {}
    if reach.within is None and not only:
        house = check_house(workshop.settings, workshop.database, workshop.scopes.catalog)
        found[""] = [Shown(each, _page(OF_HOUSE, each.code)) for each in house]

    def works_there(company_id: str) -> bool:
        actor = reach.actor_in(company_id) if not only or company_id == company else None
        return actor is not None and may(actor, Power.WORK)

    for each in check_each(workshop, works_there):
        if only and each.connection_id not in ("", only):
            continue
        pages = OF_CONNECTION if each.connection_id else OF_COMPANY
        page = _page(pages, each.finding.code).format(id=each.connection_id)
        found.setdefault(each.company, []).append(Shown(each.finding, page))
    groups = [
        Group(name, sorted(shown, key=lambda one: _GRAVEST.index(one.finding.level))) for name, shown in found.items()
    ]
    levels = [one.finding.level for group in groups for one in group.findings]
    with workshop.database.read() as session:
        counts = {str(level): levels.count(level) for level in Level}
        return show(request, "proof/doctor.html", session, groups=groups, counts_of=counts)


def _page(pages: dict[str, str], code: str) -> str:
    return next((page for beginning, page in pages.items() if code.startswith(beginning)), "")
