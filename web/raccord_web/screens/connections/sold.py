"""Where what a source sells will post: by where it comes from, and with the way to change a wrong income account."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from raccord.onboarding.access.people import Power, may
from raccord.overview.connections import connection_head
from raccord.overview.sold import sold_page
from raccord.quickbooks import Page, page_link
from raccord.store.models import Company
from raccord.sync.environments import environment_of
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting
from raccord_web.pages.failures import explained
from raccord_web.pages.rendering import show
from raccord_web.parts.held import connection_of, settings_of
from raccord_web.screens.home import Offset

router = APIRouter()


@router.get("/connections/{connection_id}/sold")
def sold(request: Request, connection_id: str, offset: Offset = 0) -> Response:
    """Show the source's services in three groups: made after the connection, copied from QuickBooks, and before it."""
    workshop = desk_of(request).workshop
    found = connection_of(workshop, connection_id)
    if found is None:
        return explained(request, HTTPStatus.NOT_FOUND)
    connection, info = found
    settings = settings_of(workshop, connection, info)
    granted = connection.manage_granted_at is not None
    with workshop.database.read() as session:
        page = sold_page(session, info, connection, settings, offset)
        company = session.get_one(Company, connection.company_id)
        return show(
            request, "connections/sold.html", session, view=connection_head(session, connection_id),
            connector=info.name, groups=page.groups, listing=page.listing,
            manages=may(acting(request), Power.MANAGE, info, manage_granted=granted),
            items=page_link(environment_of(company.environment), Page.ITEMS, realm=company.realm),
        )  # fmt: skip
