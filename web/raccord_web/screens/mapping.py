"""Mappings: what each role and each word of a source means, from which day, who said so, and what a change would do."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from http import HTTPStatus

from fastapi import APIRouter
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from raccord.errors import RaccordError
from raccord.onboarding.access.people import Power, may, require
from raccord.onboarding.arriving.arrivals import contacts_of
from raccord.onboarding.deciding.decisions import choose
from raccord.onboarding.deciding.remapping import Change, RoleChange, set_term, survey
from raccord.overview.connections import connection_view
from raccord.overview.questions import candidates
from raccord.store.models import Connection, Event, LedgerEntry
from raccord.sync.days import today_of
from raccord.sync.planning.survey import Survey
from raccord.sync.resolving.terms import DatedTerm
from raccord_web.desk import desk_of
from raccord_web.failures import explained
from raccord_web.forms import Fields
from raccord_web.held import connection_of
from raccord_web.mapped import RoleView, TermView, language_of_books, roles_of, terms_of
from raccord_web.rendering import language_of, said_by, show
from raccord_web.visitors import acting

router = APIRouter()
VIEWS = ("roles", "terms", "history")
HISTORY = ("choice.made", "term.set")
HISTORY_SHOWN = 100
REWRITES_SHOWN = 50


@router.get("/connections/{connection_id}/mapping")
def mapping(
    request: Request, connection_id: str, view: str = "roles", q: str = "", edit: str = "", of: str = ""
) -> Response:
    """Show the mapping; ``edit`` names the role whose line is opened, as a record does that was placed by it."""
    return _page(request, connection_id, view=view if view in VIEWS else "roles", q=q[:100], edited=(edit, of))


@router.post("/connections/{connection_id}/mapping")
def change(request: Request, connection_id: str, fields: Fields) -> Response:
    """Show what a change would do to what is posted; with ``save`` it counts from its day on."""
    workshop, actor = desk_of(request).workshop, acting(request)
    found = connection_of(workshop, connection_id)
    if found is None:
        return explained(request, HTTPStatus.NOT_FOUND)
    connection, info = found
    require(actor, Power.MANAGE, info, manage_granted=connection.manage_granted_at is not None)
    view = "terms" if fields.get("word") else "roles"
    first = day_of(fields.get("first", "")) or today_of(connection, workshop.clock.now())
    wanted = _change(fields, first)
    try:
        if "save" not in fields:
            seen = survey(workshop, connection_id, first, date.max, wanted)
            return _page(request, connection_id, view=view, seen=seen, wanted=wanted, first=first)
        if isinstance(wanted, RoleChange):
            # What was never chosen counts for every day, unless a day was named.
            day = first if fields.get("first") else None
            choose(workshop, actor, connection_id, wanted.role, wanted.ledger_id, wanted.of, day)
        else:
            set_term(workshop, actor, connection_id, wanted.word, wanted.ledger, first)
    except RaccordError as error:
        return _page(request, connection_id, view=view, status=HTTPStatus.CONFLICT, refusal=said_by(error, request))
    return RedirectResponse(f"/connections/{connection_id}/mapping?view={view}&done=chosen", HTTPStatus.SEE_OTHER)


def _change(fields: Fields, first: date) -> Change:
    if word := fields.get("word", ""):
        return DatedTerm(word, fields.get("ledger", ""), first)
    return RoleChange(fields.get("role", ""), fields.get("ledger", ""), first, fields.get("of", ""))


def _page(
    request: Request,
    connection_id: str,
    *,
    view: str,
    q: str = "",
    status: int = HTTPStatus.OK,
    seen: Survey | None = None,
    wanted: Change | None = None,
    **values: object,
) -> Response:
    workshop = desk_of(request).workshop
    found = connection_of(workshop, connection_id)
    if found is None:
        return explained(request, HTTPStatus.NOT_FOUND)
    connection, info = found
    with workshop.database.read() as session:
        roles, terms = roles_of(session, connection, info), terms_of(session, connection, info)
        usual: dict[str, object] = {
            "refusal": None,
            "edited": ("", ""),
            "first": today_of(connection, workshop.clock.now()),
        }
        return show(
            request, "mapping.html", session, status=status,
            **{
                **usual, "view": connection_view(session, connection_id, since=None), "connector": info.name,
                "tab": view, "q": q, "books_lang": language_of_books(session, connection),
                "roles": [each for each in roles if _role_matches(each, q, language_of(request))],
                "terms": [each for each in terms if _term_matches(each, q, language_of(request))],
                "models": [each for each in info.terms if not each.one_of],
                "all_roles": len(roles), "all_terms": len(terms), "todo": sum(each.missing for each in roles),
                "fitting": candidates(session, connection.company_id, {each.accepts for each in info.roles}),
                "history": _history(session, connection) if view == "history" else [],
                "contacts": contacts_of(workshop, session, connection),
                "seen": seen, "wanted": wanted, "shown": REWRITES_SHOWN,
                "effect": effect_by_account(session, connection, seen),
                "manages": may(
                    acting(request), Power.MANAGE, info, manage_granted=connection.manage_granted_at is not None
                ),
                **values,
            },
        )  # fmt: skip


def effect_by_account(session: Session, connection: Connection, seen: Survey | None) -> list[tuple[str, Decimal]]:
    """Return by how much each account would move in all, by its name."""
    totals: dict[str, Decimal] = {}
    for (account, _), amount in ({} if seen is None else seen.effect()).items():
        totals[account] = totals.get(account, Decimal(0)) + amount
    rows = session.scalars(
        select(LedgerEntry).where(
            LedgerEntry.company_id == connection.company_id,
            LedgerEntry.kind == "Account",
            LedgerEntry.object_id.in_(sorted(totals)),
        )
    )
    names = {each.object_id: each.name for each in rows}
    return sorted((names.get(account, account), amount) for account, amount in totals.items() if amount)


def _history(session: Session, connection: Connection) -> list[Event]:
    rows = select(Event).where(
        Event.company_id == connection.company_id, Event.connection_id == connection.id, Event.action.in_(HISTORY)
    )
    return list(session.scalars(rows.order_by(Event.seq.desc()).limit(HISTORY_SHOWN)))


def _role_matches(view: RoleView, q: str, language: str) -> bool:
    label = view.info.label.fr if language == "fr" else view.info.label.en
    held = " ".join(each.ledger_name for each in view.choices)
    return q.lower() in f"{view.info.name} {label} {view.of} {held}".lower()


def _term_matches(view: TermView, q: str, language: str) -> bool:
    label = view.term.label.fr if language == "fr" else view.term.label.en
    return q.lower() in f"{view.term.word} {label} {view.term.ledger} {view.term.origin}".lower()


def day_of(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
