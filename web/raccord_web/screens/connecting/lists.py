"""Lists of QuickBooks that go to a connection's source: what it took of each, and sending one now."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from functools import partial
from http import HTTPStatus

from fastapi import APIRouter
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from raccord.errors import RaccordError
from raccord.onboarding.access.people import Power, may, require
from raccord.onboarding.setting_up.doubles import Doubles, delete_doubles, imported_doubles, keep_both, link_doubles
from raccord.onboarding.setting_up.instances import links_one_by_one
from raccord.onboarding.setting_up.lists import (
    SHOWN_MAX,
    Verified,
    closing_lists,
    likely_doubles,
    lists_of,
    verify_list,
)
from raccord.onboarding.setting_up.tending import Earlier, Tended, earlier_entries, tag_earlier
from raccord.onboarding.setting_up.undoing_imports import Imported, TakenBack, imported_of, undo_import
from raccord.overview.beginning.list_sending import list_sending
from raccord.overview.connections import connection_head
from raccord.overview.explain import Explained
from raccord.overview.listing import Listing
from raccord.plugin.errors import ConnectorError
from raccord.plugin.texts import Language
from raccord.store.models import Connection
from raccord.sync.workshop import Workshop
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting
from raccord_web.pages.failures import explained
from raccord_web.pages.forms import Fields
from raccord_web.pages.live import sent_on_change
from raccord_web.pages.rendering import fragment, language_of, said_by, show
from raccord_web.screens.home import Offset
from raccord_web.steps.lists import send_lists
from raccord_web.words.wording import typeset, wording

router = APIRouter()
DOUBLES_SHOWN = 50
CHOSEN = "d_"
"""What the names of the answers about duplicates begin with, before the entry's id."""
LINK = "link "
"""What an answer begins with that names an earlier entry, before its id."""


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
    """Have a list sent to the source, or all of them; the page says how far it is and what became of the entries.

    With ``tag`` the source's earlier entries are tagged instead, before the list is sent (PL-29).
    """
    name, language, workshop, actor = (
        fields.get("list", ""),
        language_of(request),
        desk_of(request).workshop,
        acting(request),
    )
    try:
        if "tag" in fields:
            tagged = tag_earlier(workshop, actor, connection_id, name)
            return _page(request, connection_id, tagged=(name, tagged))
        send_lists(request, connection_id, name)
    except ConnectorError as error:
        return _page(request, connection_id, wrong=of_source(error, language))
    except RaccordError as error:
        if error.code.startswith("people."):
            raise
        return _page(request, connection_id, wrong=said_by(error, request))
    return RedirectResponse(f"/connections/{connection_id}/lists", HTTPStatus.SEE_OTHER)


@router.get("/connections/{connection_id}/lists/events", response_class=EventSourceResponse)
async def events(request: Request, connection_id: str) -> AsyncIterator[ServerSentEvent]:
    """Send how far the lists are each time it changes, and ``done`` once all are at the source."""
    async for each in sent_on_change(partial(_live, request, connection_id)):
        yield each


def _live(request: Request, connection_id: str) -> tuple[str, bool]:
    with desk_of(request).workshop.database.read() as session:
        sending = list_sending(session, connection_id)
        if sending is None:
            return "", False
        return fragment(request, "connecting/list_sent.html", session, sending=sending), sending.live


@router.get("/connections/{connection_id}/doubles")
def doubles(request: Request, connection_id: str, name: str = "", offset: Offset = 0) -> Response:
    """Show what was imported beside an entry of the same name (PL-30)."""
    return _doubles(request, connection_id, name, offset)


@router.post("/connections/{connection_id}/doubles")
def delete(request: Request, connection_id: str, fields: Fields) -> Response:
    """Do what was said of each pair: both stay, the earlier one is that customer, or the imported one goes."""
    workshop, actor, name = desk_of(request).workshop, acting(request), fields.get("list", "")
    require(actor, Power.MANAGE)
    said = {each.removeprefix(CHOSEN): value for each, value in fields.items() if each.startswith(CHOSEN) and value}
    stay = [id_ for id_, value in said.items() if value == "keep"]
    pairs = {id_: value.removeprefix(LINK) for id_, value in said.items() if value.startswith(LINK)}
    gone = [id_ for id_ in said if id_ not in pairs and id_ not in stay]
    told, tended = None, None
    try:
        answered = keep_both(workshop, actor, connection_id, name, stay) if stay else 0
        answered += link_doubles(workshop, actor, connection_id, name, pairs) if pairs else 0
        told = answered or None
        if gone or not told:
            tended = delete_doubles(workshop, actor, connection_id, name, gone)
    except ConnectorError as error:
        return _doubles(request, connection_id, name, wrong=of_source(error, language_of(request)), answered=told)
    except RaccordError as error:
        return _doubles(request, connection_id, name, wrong=said_by(error, request), answered=told)
    return _doubles(request, connection_id, name, deleted=tended, answered=told)


@router.get("/connections/{connection_id}/imported")
def imported(request: Request, connection_id: str, name: str = "") -> Response:
    """Show what was imported of a list, and what would go and stay if that were undone."""
    return _imported(request, connection_id, name)


@router.post("/connections/{connection_id}/imported")
def take_back(request: Request, connection_id: str, fields: Fields) -> Response:
    """Undo the import of a list as a whole: what serves nothing is deleted at the source."""
    workshop, actor, name = desk_of(request).workshop, acting(request), fields.get("list", "")
    require(actor, Power.MANAGE)
    try:
        done = undo_import(workshop, actor, connection_id, name)
    except ConnectorError as error:
        return _imported(request, connection_id, name, wrong=of_source(error, language_of(request)))
    except RaccordError as error:
        return _imported(request, connection_id, name, wrong=said_by(error, request))
    return _imported(request, connection_id, name, done=done)


def _imported(
    request: Request, connection_id: str, name: str, *, wrong: Explained | None = None, done: TakenBack | None = None
) -> Response:
    workshop = desk_of(request).workshop
    info = next((each.info for each in lists_of(workshop, connection_id) if name in ("", each.info.name)), None)
    name = name or ("" if info is None else info.name)
    rows: list[Imported] = []
    if done is None and info is not None and info.tag:
        try:
            rows = imported_of(workshop, connection_id, name)
        except RaccordError as error:
            wrong = wrong or said_by(error, request)
    stay = [each for each in rows if each.stays is not None] if done is None else done.stay
    with workshop.database.read() as session:
        return show(
            request, "connecting/imported.html", session,
            status=HTTPStatus.OK if wrong is None else HTTPStatus.CONFLICT,
            view=connection_head(session, connection_id), info=info, goes=len(rows) - len(stay) if done is None else 0,
            stay=stay[:SHOWN_MAX], stays=len(stay), done=None, taken_back=done, wrong=wrong,
            manages=may(acting(request), Power.MANAGE),
        )  # fmt: skip


def of_source(error: ConnectorError, language: Language) -> Explained:
    """Return a source's own words, with what to do."""
    return Explained("", typeset(error.text.get(language), language), wording(language)("lists.source_fix"), "")


def _doubles(
    request: Request,
    connection_id: str,
    name: str,
    offset: int = 0,
    *,
    wrong: Explained | None = None,
    deleted: Tended | None = None,
    answered: int | None = None,
) -> Response:
    workshop = desk_of(request).workshop
    info = next((each.info for each in lists_of(workshop, connection_id) if each.info.tag and each.goes), None)
    name = name or ("" if info is None else info.name)
    found = Doubles((), 0)
    if name:
        try:
            found = imported_doubles(workshop, connection_id, name, limit=DOUBLES_SHOWN, offset=offset)
        except RaccordError as error:
            wrong = wrong or said_by(error, request)
    with workshop.database.read() as session:
        return show(
            request,
            "connecting/doubles.html",
            session,
            status=HTTPStatus.OK if wrong is None else HTTPStatus.CONFLICT,
            view=connection_head(session, connection_id),
            listing=Listing(found.rows, found.total, offset, DOUBLES_SHOWN),
            chosen=CHOSEN,
            name=name,
            wrong=wrong,
            deleted=deleted,
            answered=answered,
            link=LINK,
            manages=may(acting(request), Power.MANAGE),
        )


def _page(
    request: Request,
    connection_id: str,
    *,
    wrong: Explained | None = None,
    tagged: tuple[str, Tended] | None = None,
    checked: tuple[str, Verified, int] | None = None,
) -> Response:
    workshop = desk_of(request).workshop
    views = lists_of(workshop, connection_id)
    with workshop.database.read() as session:
        view = connection_head(session, connection_id)
        if view is None:
            return explained(request, HTTPStatus.NOT_FOUND)
        return show(
            request,
            "connecting/lists.html",
            session,
            status=HTTPStatus.OK if wrong is None else HTTPStatus.CONFLICT,
            view=view,
            lists=views,
            closing=closing_lists(workshop, connection_id),
            linked_from={each.from_list for each in links_one_by_one(workshop, connection_id)},
            connection=session.get_one(Connection, connection_id),
            manages=may(acting(request), Power.MANAGE),
            wrong=wrong,
            sending=list_sending(session, connection_id),
            checked=checked,
            tagged=tagged,
            earlier=_earlier(workshop, connection_id, checked),
        )


def _earlier(workshop: Workshop, connection_id: str, checked: tuple[str, Verified, int] | None) -> Sequence[Earlier]:
    """Return the source's own entries of the list that is checked, where they can be tagged."""
    if checked is None:
        return []
    info = next(each.info for each in lists_of(workshop, connection_id) if each.info.name == checked[0])
    return earlier_entries(workshop, connection_id, info.name) if info.tag else []
