"""Lists of QuickBooks that go to a connection's source: what it took of each, and sending one now."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from raccord.errors import RaccordError
from raccord.onboarding.instances import links_one_by_one
from raccord.onboarding.lists import Verified, closing_lists, likely_doubles, lists_of, push_list, verify_list
from raccord.onboarding.people import Power, may
from raccord.overview.connections import connection_view
from raccord.overview.explain import Explained
from raccord.plugin.errors import ConnectorError
from raccord.store.models import Connection
from raccord.sync.push import Counts
from raccord_web.desk import desk_of
from raccord_web.failures import explained
from raccord_web.forms import Fields
from raccord_web.rendering import language_of, said_by, show
from raccord_web.visitors import acting
from raccord_web.wording import typeset, wording

router = APIRouter()


@router.get("/connections/{connection_id}/lists")
def lists(request: Request, connection_id: str, check: str = "") -> Response:
    """Show the lists, and of one both counts, what is missing and what would probably be there twice (PL-19, PL-28)."""
    if not check:
        return _page(request, connection_id)
    workshop = desk_of(request).workshop
    try:
        found = verify_list(workshop, connection_id, check), likely_doubles(workshop, connection_id, check)
    except RaccordError as error:
        return _page(request, connection_id, wrong=said_by(error, request))
    return _page(request, connection_id, checked=(check, *found))


@router.post("/connections/{connection_id}/lists")
def send(request: Request, connection_id: str, fields: Fields) -> Response:
    """Send a list to the source now and say what became of each entry; what it has already is not sent again."""
    name, language = fields.get("list", ""), language_of(request)
    try:
        counts = push_list(desk_of(request).workshop, acting(request), connection_id, name)
    except ConnectorError as error:
        fix = wording(language)("lists.source_fix")
        return _page(request, connection_id, wrong=Explained("", typeset(error.text.get(language), language), fix, ""))
    except RaccordError as error:
        if error.code.startswith("people."):
            raise
        return _page(request, connection_id, wrong=said_by(error, request))
    return _page(request, connection_id, sent=(name, counts))


def _page(
    request: Request,
    connection_id: str,
    *,
    wrong: Explained | None = None,
    sent: tuple[str, Counts] | None = None,
    checked: tuple[str, Verified, int] | None = None,
) -> Response:
    workshop = desk_of(request).workshop
    views = lists_of(workshop, connection_id)
    with workshop.database.read() as session:
        view = connection_view(session, connection_id, since=None)
        if view is None:
            return explained(request, HTTPStatus.NOT_FOUND)
        return show(
            request,
            "lists.html",
            session,
            status=HTTPStatus.OK if wrong is None else HTTPStatus.CONFLICT,
            view=view,
            lists=views,
            closing=closing_lists(workshop, connection_id),
            linked_from={each.from_list for each in links_one_by_one(workshop, connection_id)},
            connection=session.get_one(Connection, connection_id),
            manages=may(acting(request), Power.MANAGE),
            wrong=wrong,
            sent=sent,
            checked=checked,
        )
