"""Mappings: what each role and each word of a source means, from which day, who said so, and what a change would do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from raccord.errors import RaccordError
from raccord.onboarding.access.people import Power, may, require
from raccord.onboarding.arriving.arrivals import contacts_of
from raccord.onboarding.deciding.comments import count_comments
from raccord.onboarding.deciding.open_days import ClosedDayError, open_day
from raccord.onboarding.deciding.remapping import Effect, effect_of_changes, require_seen, save_changes
from raccord.overview.choosing.unknown_words import unknown_words
from raccord.overview.connections import connection_head
from raccord.overview.listing import Listing
from raccord.overview.pointing.differences import Property, entries_named
from raccord.overview.questions import candidates
from raccord.overview.weighing.volumes import role_volumes
from raccord.store.models import Connection, Event, LedgerEntry
from raccord.sync.days import today_of
from raccord.sync.planning.survey import Survey
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting
from raccord_web.pages.failures import explained
from raccord_web.pages.forms import Fields
from raccord_web.pages.rendering import among, language_of, said_by, show
from raccord_web.parts.held import connection_of
from raccord_web.parts.mapped import (
    RoleView,
    TermView,
    changes_in,
    language_of_books,
    roles_of,
    seen_by,
    sent_as_shown,
    shown_as,
    terms_of,
    volumes_of,
)
from raccord_web.screens.home import Offset

router = APIRouter()
VIEWS = ("roles", "terms", "history")
HISTORY = ("choice.made", "term.set")
HISTORY_SHOWN = 100
REWRITES_SHOWN = 50
ROWS = 100
"""Lines of one page, which are one form."""
VOLUME_DAYS = 90


@router.get("/connections/{connection_id}/mapping")
def mapping(
    request: Request,
    connection_id: str,
    view: str = "roles",
    q: str = "",
    edit: str = "",
    of: str = "",
    offset: Offset = 0,
) -> Response:
    """Show the mapping; ``edit`` names the role whose line is opened, as a record does that was placed by it."""
    tab = view if view in VIEWS else "roles"
    return _page(request, connection_id, view=tab, q=q[:100], offset=offset, edited=(edit, of))


@router.post("/connections/{connection_id}/mapping")
def change(request: Request, connection_id: str, fields: Fields) -> Response:
    """Show what the changes of a page would do together; with ``save`` they count from their day on, all or none."""
    workshop, actor = desk_of(request).workshop, acting(request)
    found = connection_of(workshop, connection_id)
    if found is None:
        return explained(request, HTTPStatus.NOT_FOUND)
    connection, info = found
    require(actor, Power.MANAGE, info, manage_granted=connection.manage_granted_at is not None)
    view = "terms" if fields.get("view") == "terms" or fields.get("word") else "roles"
    first = day_of(fields.get("first", ""))
    with workshop.database.read() as session:
        today = open_day(session, connection, today_of(connection, workshop.clock.now()))
        roles, terms = roles_of(session, connection, info), terms_of(session, connection, info)
    changes = changes_in(fields, roles, terms, first, today)
    kept: dict[str, Any] = {
        "view": view, "q": fields.get("q", "")[:100], "offset": _offset(fields), "first": first or today,
        "unsaved": {
            name: value for name, value in fields.items()
            if name.partition(":")[0] in ("role", "word", "of") and not sent_as_shown(fields, name)
        },
    }  # fmt: skip
    try:
        seen = seen_by(fields, changes, roles, terms)
        if "save" not in fields and changes:
            with workshop.database.read() as session:
                require_seen(workshop, session, connection_id, seen)
            effect = effect_of_changes(workshop, connection_id, changes)
            return _page(request, connection_id, effect=effect, changes=len(changes), **kept)
        save_changes(workshop, actor, connection_id, changes, seen)
    except RaccordError as error:
        return _page(
            request, connection_id, status=HTTPStatus.CONFLICT, refusal=said_by(error, request), changes=len(changes),
            closed=isinstance(error, ClosedDayError), **kept,
        )  # fmt: skip
    done = "&done=chosen" if changes else ""
    return RedirectResponse(f"/connections/{connection_id}/mapping?view={view}{done}", HTTPStatus.SEE_OTHER)


def _offset(fields: Mapping[str, str]) -> int:
    return int(fields["offset"]) if fields.get("offset", "").isdecimal() and len(fields["offset"]) < 9 else 0


def _page(
    request: Request, connection_id: str, *, view: Any, q: Any = "", offset: Any = 0, status: int = HTTPStatus.OK,
    effect: Effect | None = None, **values: object,
) -> Response:  # fmt: skip
    workshop = desk_of(request).workshop
    found = connection_of(workshop, connection_id)
    if found is None:
        return explained(request, HTTPStatus.NOT_FOUND)
    connection, info = found
    language, today = language_of(request), today_of(connection, workshop.clock.now())
    unsaved = values.get("unsaved")
    unsaved = unsaved if isinstance(unsaved, dict) else {}
    usual: dict[str, object] = {"refusal": None, "closed": False, "edited": ("", ""), "changes": 0, "unsaved": {}}
    with workshop.database.read() as session:
        usual["first"] = open_day(session, connection, today)
        roles, terms = roles_of(session, connection, info), terms_of(session, connection, info)
        parts = {
            "roles": _part(
                [each for each in roles if _role_matches(each, q, language)], offset if view == "roles" else 0
            ),
            "terms": _part(
                [each for each in terms if _term_matches(each, q, language)], offset if view == "terms" else 0
            ),
        }
        volumes = role_volumes(session, connection_id, today - timedelta(days=VOLUME_DAYS)) if view == "roles" else None
        return show(
            request, "mapping/mapping.html", session, status=status,
            **{
                **usual, "view": connection_head(session, connection_id), "connector": info.name,
                "tab": view, "q": q, "books_lang": language_of_books(session, connection),
                **parts, "held": shown_as(parts["roles" if view == "roles" else "terms"].rows),
                "volumes": {} if volumes is None else volumes_of(roles, volumes.places),
                "volume_days": VOLUME_DAYS, "volumes_newest": None if volumes is None else volumes.newest,
                "models": [each for each in info.terms if not each.one_of],
                "unknown": unknown_words(session, connection_id, info.terms) if view == "terms" else [],
                "all_roles": len(roles), "all_terms": len(terms), "todo": sum(each.missing for each in roles),
                "lists": len(info.lists),
                "fitting": candidates(
                    session, connection.company_id, {each.accepts for each in info.roles}, among(request),
                    {str(each) for each in unsaved.values()},
                ),
                "comments": count_comments(session, connection),
                "history": _history(session, connection) if view == "history" else [],
                "contacts": contacts_of(workshop, session, connection),
                "seen": None if effect is None else effect.posted, "waiting": 0 if effect is None else effect.waiting,
                "shown": REWRITES_SHOWN,
                "effect": effect_by_account(session, connection, None if effect is None else effect.posted),
                "entries": entries_rewritten(session, connection, None if effect is None else effect.posted),
                "manages": may(
                    acting(request), Power.MANAGE, info, manage_granted=connection.manage_granted_at is not None
                ),
                **values,
            },
        )  # fmt: skip


def _part(rows: Sequence[Any], offset: int) -> Listing[Any]:
    return Listing(rows[offset : offset + ROWS], len(rows), offset, ROWS)


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


def entries_rewritten(session: Session, connection: Connection, seen: Survey | None) -> Mapping[Property, str]:
    """Return the names of what the documents that are shown point to, before and after."""
    rewrites = () if seen is None else seen.rewrites[:REWRITES_SHOWN]
    return entries_named(
        session,
        [
            (connection.id, field["field"], field[side])
            for each in rewrites
            for field in each.fields
            for side in ("before", "after")
        ],
    )


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
