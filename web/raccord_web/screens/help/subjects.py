"""Help on single subjects, and on each connector: its limits, what is often asked, whom to call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from fastapi import APIRouter
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from raccord.onboarding.arriving.arrivals import contacts_of
from raccord.overview.companies import list_companies
from raccord.overview.connections import connection_names
from raccord.overview.listing import MOST, Within
from raccord.plugin.info import ConnectorInfo, Contact
from raccord.plugin.texts import Text
from raccord.store.models import Connection, ConnectionState
from raccord.sync.workshop import Workshop
from raccord_web.front.desk import Desk, desk_of
from raccord_web.front.visitors import within_of
from raccord_web.pages.failures import explained
from raccord_web.pages.manual import chapter
from raccord_web.pages.rendering import language_of, show
from raccord_web.parts.reviewing import KEYS

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Unseen:
    """What is to be done where a company is not to be seen after the set-up: check something, else call somebody."""

    info: ConnectorInfo
    check: Text | None
    contacts: Sequence[Contact]


@router.get("/help/keyboard")
def keyboard(request: Request) -> Response:
    """Say which keys do what."""
    with desk_of(request).workshop.database.read() as session:
        return show(request, "help/keyboard.html", session, review_keys=KEYS)


@router.get("/help/categories")
def categories(request: Request) -> Response:
    """Say what it is to categorise transactions."""
    with desk_of(request).workshop.database.read() as session:
        return show(request, "help/categories.html", session)


@router.get("/help/resuming")
def resuming(request: Request) -> Response:
    """Lead to each connection that is paused, so that it is resumed."""
    with desk_of(request).workshop.database.read() as session:
        paused = connection_names(session, within=within_of(request), state=ConnectionState.PAUSED)
        return show(request, "help/resuming.html", session, paused=paused)


@router.get("/help/closing")
def closing(request: Request) -> Response:
    """Say in which order an account is closed, and give everything that is kept."""
    with desk_of(request).workshop.database.read() as session:
        companies = list_companies(session, within=within_of(request), limit=MOST).rows
        return show(request, "help/closing.html", session, companies=companies)


@router.get("/help/questions")
def questions(request: Request) -> Response:
    """Answer what is often asked, of all connectors."""
    desk, within = desk_of(request), within_of(request)
    infos = connectors_of(desk)
    with desk.workshop.database.read() as session:
        unseen = [_unseen(desk.workshop, session, each, within) for each in infos if each.missing_company]
        return show(request, "help/questions.html", session, connectors=infos, unseen=unseen)


@router.get("/help/contacts")
def contacts(request: Request) -> Response:
    """Say whom one may call or write to."""
    with desk_of(request).workshop.database.read() as session:
        return show(request, "help/contacts.html", session, connectors=connectors_of(desk_of(request)))


@router.get("/help/connectors/{connector}")
def one_connector(request: Request, connector: str) -> Response:
    """Say of one connector what it does and does not, what is often asked, and whom to call."""
    desk = desk_of(request)
    plugin = desk.workshop.scopes.catalog.admitted.get(connector)
    if plugin is None:
        return explained(request, HTTPStatus.NOT_FOUND)
    with desk.workshop.database.read() as session:
        unseen = _unseen(desk.workshop, session, plugin.info, within_of(request))
        return show(
            request,
            "help/connector.html",
            session,
            info=plugin.info,
            unseen=[unseen] if plugin.info.missing_company else [],
            guide=chapter("how-to", connector, language_of(request)),
        )


def connectors_of(desk: Desk) -> list[ConnectorInfo]:
    """Return what the admitted connectors say of themselves."""
    return [each.info for each in desk.workshop.scopes.catalog.admitted.values()]


def questions_of(desk: Desk) -> str:
    """Return the address of the answers to what is often asked."""
    return desk.workshop.settings.faq_url or "/help/questions"


def contact_of(desk: Desk) -> str:
    """Return the address at which people are heard."""
    return desk.workshop.settings.contact_url or "/help/contacts"


def _unseen(workshop: Workshop, session: Session, info: ConnectorInfo, within: Within) -> Unseen:
    """Return whom to call once an account of the source is connected, else what to check first (CH-67)."""
    wanted = select(Connection).where(
        Connection.connector == info.name,
        Connection.source_identity != "",
        Connection.state != ConnectionState.DRAFT,
        *([] if within is None else [Connection.company_id.in_(within)]),
    )
    connection = session.scalars(wanted.order_by(Connection.id.desc()).limit(1)).first()
    if connection is None:
        return Unseen(info, info.missing_company, ())
    return Unseen(info, None, contacts_of(workshop, session, connection))
