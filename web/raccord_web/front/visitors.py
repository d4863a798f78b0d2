"""Who asks, and whether what they ask for is theirs: every closed page and every deed passes here.

An object of a company that the visitor does not belong to is answered like one that does not exist. The rows of a
path or a form are found by the name of their parameter, so a route is guarded as soon as it names one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from fastapi import HTTPException
from sqlalchemy import Select, select
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from raccord.onboarding.access.accounts import anybody
from raccord.onboarding.access.people import Actor, Power, may
from raccord.onboarding.access.reach import Reach, reach_everywhere
from raccord.onboarding.access.sessions import SignedIn, renew_session, signed_in
from raccord.store.models import (
    BankRule,
    Certificate,
    Company,
    Connection,
    Drift,
    Hold,
    LinkRow,
    Plan,
    Problem,
    Run,
    SourceRecord,
)
from raccord_web.front.desk import Desk, desk_of

SESSION_COOKIE = "raccord_session"


def _of(model: Any, key: Any = None) -> Callable[[str], Select[Any]]:
    """Return the question to which company a row belongs, through its connection."""

    def asked(value: str) -> Select[Any]:
        row = select(model.connection_id).where((model.id if key is None else key) == value)
        return select(Connection.company_id).where(Connection.id == row.scalar_subquery())

    return asked


OBJECTS: Mapping[str, Callable[[str], Select[Any]]] = {
    "company_id": lambda value: select(Company.id).where(Company.id == value),
    "connection_id": lambda value: select(Connection.company_id).where(Connection.id == value),
    "certificate_id": lambda value: select(Certificate.company_id).where(Certificate.id == value),
    "run_id": _of(Run),
    "plan_id": _of(Plan),
    "hold_id": _of(Hold),
    "problem_id": _of(Problem),
    "drift_id": _of(Drift),
    "record_id": _of(SourceRecord),
    "link_id": _of(LinkRow),
    "rule_id": lambda value: select(BankRule.company_id).where(BankRule.id == value),
}
"""What each parameter of a path stands for; its company decides who sees it."""

NUMBERED = frozenset({"record_id", "link_id"})
"""Rows whose ids are numbers."""

NAMED = {
    "connection": "connection_id",
    "company": "company_id",
    "drift": "drift_id",
    "hold": "hold_id",
    "problem": "problem_id",
}
"""Parameters of queries and forms that name rows."""

FREE = frozenset(
    {
        "deed",
        "way",
        "connector",
        "month",
        "session_id",
        "invitation_id",
        "person_id",
        "secret",
        "page",
        "room",
        "number",
        "code",
        "status",
        "token_id",
        "step",
    }
)
"""Parameters that name no row of a company's; their routes ask the services themselves."""


class NotSignedInError(Exception):
    """Raised when a page is not for everybody and the browser is not signed in."""


class NotSetUpError(Exception):
    """Raised while the installation has no account yet."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks: how far they reach, and their session unless the pages were opened without accounts."""

    reach: Reach
    signed: SignedIn | None = None

    @property
    def name(self) -> str:
        return self.reach.name.rpartition(":")[2] if self.signed is None else self.signed.name


def admitted(request: Request) -> None:
    """Find out who asks and let them on to what is theirs; what is not there for them raises a 404."""
    let_on(request, _visitor(request, desk_of(request)))


def let_on(request: Request, visitor: Visitor) -> None:
    """Let a visitor on to the rows that the address names; what is not there for them raises a 404."""
    if _holds_nul((*request.path_params.values(), *request.query_params.values())):
        # No id or word holds it, and PostgreSQL cannot be asked for it.
        raise HTTPException(HTTPStatus.NOT_FOUND)
    request.state.visitor = visitor
    request.state.actor, request.state.company_id = visitor.reach.actor, ""
    named = {name: value for name, value in request.path_params.items() if name in OBJECTS}
    asked = {name: request.query_params[query] for query, name in NAMED.items() if request.query_params.get(query)}
    if named or asked:
        with desk_of(request).workshop.database.read() as session:
            for name, value in [*asked.items(), *named.items()]:
                let_to(request, session, name, value)


def let_to(request: Request, session: Session, name: str, value: str) -> Actor:
    """Let whoever asks on to one more row, and have them act as its company knows them.

    All rows of one request belong to one company, for what one is to a company counts in that one alone; a row of
    another raises a 400, and one that is not there for them a 404.
    """
    company_id, actor = admit(session, visitor_of(request), name, value)
    if request.state.company_id not in ("", company_id):
        raise HTTPException(HTTPStatus.BAD_REQUEST)
    request.state.actor, request.state.company_id = actor, company_id
    return actor


def admit(session: Session, visitor: Visitor, name: str, value: str) -> tuple[str, Actor]:
    """Return a row's company and the visitor as it knows them; a 404 where they are nobody there or there is no row."""
    wanted: Any = value
    if name in NUMBERED:
        if not (value.isascii() and value.isdigit() and len(value) < 19):
            raise HTTPException(HTTPStatus.NOT_FOUND)
        wanted = int(value)
    company_id = session.scalar(OBJECTS[name](wanted))
    actor = None if company_id is None else visitor.reach.actor_in(company_id)
    if company_id is None or actor is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return str(company_id), actor


def _holds_nul(texts: Iterable[object]) -> bool:
    return any("\x00" in str(each) for each in texts)


def visitor_of(request: Request) -> Visitor:
    """Return who asks; on pages open to everybody nobody may be signed in, and this raises."""
    found = visitor_or_none(request)
    if found is None:
        raise NotSignedInError
    return found


def visitor_or_none(request: Request) -> Visitor | None:
    visitor = getattr(request.state, "visitor", None)
    return visitor if isinstance(visitor, Visitor) else None


def acting(request: Request) -> Actor:
    """Return the visitor as the company of what they ask for knows them."""
    visitor_of(request)
    actor = request.state.actor
    if not isinstance(actor, Actor):
        raise TypeError("nobody acts")
    return actor


def within_of(request: Request) -> frozenset[str] | None:
    """Return the companies whose rows the visitor's lists hold; nothing stands for all."""
    return visitor_of(request).reach.within


def may_everywhere(reach: Reach, power: Power) -> bool:
    """Tell whether a person may do something in every company, those included in which they are something else."""
    roles = [reach.everywhere, *reach.companies.values()]
    return all(role is not None and may(Actor(reach.name, role), power) for role in roles)


def keep_signed_in(request: Request, response: Response, token: str, lasts: timedelta | None) -> None:
    """Have the browser keep a session's token, until it closes where nothing is said."""
    access = desk_of(request).access
    # Not strict: the person comes back from Intuit, and must still be signed in then.
    response.set_cookie(
        access.cookie(SESSION_COOKIE),
        token,
        max_age=None if lasts is None else int(lasts.total_seconds()),
        path="/",
        secure=access.secure,
        httponly=True,
        samesite="lax",
    )


def renew_signed_in(request: Request, response: Response) -> None:
    """Give the browser's session another token, after a deed that whoever stole the old one must not profit from."""
    signed = visitor_of(request).signed
    if signed is not None:
        keep_signed_in(request, response, *renew_session(desk_of(request).workshop, signed.session_id))


def _visitor(request: Request, desk: Desk) -> Visitor:
    if desk.house is not None:
        return Visitor(reach_everywhere(desk.house))
    found = signed_in(desk.workshop, request.cookies.get(desk.access.cookie(SESSION_COOKIE), ""))
    if found is not None:
        return Visitor(found.reach, found)
    with desk.workshop.database.read() as session:
        raise NotSignedInError if anybody(session) else NotSetUpError
