"""To review, but for bank lines: roles that nobody filled, and drafts that wait for a person, with their answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from raccord.onboarding.deciding.alike import alike_to_hold
from raccord.onboarding.deciding.decisions import answer_conflict, answer_hold, skip_draft
from raccord.onboarding.deciding.seen_choices import choices_standing, choose_seen
from raccord.onboarding.deciding.told_again import asking_alike
from raccord.onboarding.deciding.undone import release
from raccord.onboarding.gates.each_account import roles_of_accounts
from raccord.onboarding.setting_up.chart_accounts import NewAccount, add_account, kinds_for
from raccord.onboarding.setting_up.steps import unfinished
from raccord.onboarding.sources.account_types import HeldAs, read_type
from raccord.overview.closed_months import asked_months
from raccord.overview.lines.bank_lines import count_lines
from raccord.overview.pointing.referred import referred
from raccord.overview.questions import (
    Answer,
    Candidate,
    MissingChoice,
    Question,
    candidates,
    missing_choices,
    open_questions,
)
from raccord.overview.weighing.decided import count_decided
from raccord.plugin.drafts import Accepts
from raccord.plugin.ledger import ResolutionKind
from raccord.store.models import Connection
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting, within_of
from raccord_web.pages.failures import explained
from raccord_web.pages.forms import Fields
from raccord_web.pages.rendering import among, show
from raccord_web.parts.asking_accounts import AskedAccounts, asked_accounts, read_on
from raccord_web.parts.held import choice_seen, connection_of
from raccord_web.screens.home import Offset
from raccord_web.steps.order import left_among

router = APIRouter()
FORMS_MAX = 10
"""Connections whose files' forms stand on one page."""
SHOWN = 20
"""Questions on one page; each carries its list of accounts."""

Groups = dict[str, list[Candidate]]
Number = Annotated[str, Query(max_length=100)]


@router.get("/questions")
def questions(
    request: Request, connection: str = "", offset: Offset = 0, hold: str = "", number: Number = ""
) -> Response:  # fmt: skip
    """Show what waits; for ``hold`` what it may be answered with is looked up in QuickBooks, or one by ``number``."""
    wanted, within = connection or None, within_of(request)
    alike = alike_to_hold(desk_of(request).workshop, acting(request), hold, number) if hold else []
    with desk_of(request).workshop.database.read() as session:
        missing = missing_choices(session, wanted, within=within)
        # Accounts of files are asked with what is in them, like everywhere else.
        files = _of_files(request, session, missing)
        told = {(each.connection_id, account.key) for each in files for account in each.accounts}
        missing = [each for each in missing if (each.connection_id, each.of) not in told]
        months = asked_months(session, wanted, within=within)
        listing = open_questions(
            session, wanted, within=within, without_choices=True, without_lines=True, limit=SHOWN, offset=offset
        )
        lines = count_lines(session, within, connection) if wanted else 0
        others = [*missing, *files, *months]
        if lines and not others and not listing.total:
            # All that this connection asks is about bank lines, which have a page of their own.
            return RedirectResponse(f"/review?{urlencode({'connection': connection})}", HTTPStatus.SEE_OTHER)
        return show(
            request,
            "lines/questions.html",
            session,
            missing=missing,
            standing=choices_standing(
                session, {each.connection_id for each in missing}, {each.role for each in missing}
            )
            if missing
            else {},
            files=files,
            months=months,
            listing=listing,
            asking=asking_alike(session, wanted, within=within) if listing.rows else [],
            decided=count_decided(session, wanted, within=within),
            others=referred(session, [(each.connection_id, each.facts) for each in listing.rows]),
            lines=lines,
            fitting=_fitting(session, missing, listing.rows, among(request)),
            connection=connection,
            new_accounts={accepts: kinds_for(accepts) for accepts in {each.accepts for each in missing}},
            types=list(HeldAs),
            typed={
                (name, role.name)
                for name, each in desk_of(request).workshop.scopes.catalog.admitted.items()
                for role in roles_of_accounts(each.info)
            },
            hold=hold,
            alike=alike,
            searched=number.strip(),
            left_at=left_among(unfinished(session, within), connection, desk_of(request).workshop.scopes.catalog),
        )


@router.post("/questions/{hold_id}/answer")
def answer(request: Request, hold_id: str, fields: Fields) -> Response:
    desk = desk_of(request)
    answer_hold(desk.workshop, acting(request), hold_id, fields.get("ledger", ""))
    return _back(fields.get("connection", ""), "answered")


@router.post("/questions/{hold_id}/conflict")
def settle(request: Request, hold_id: str, fields: Fields) -> Response:
    """Decide a conflict; core refuses what it does not allow."""
    desk = desk_of(request)
    way = fields.get("way", "")
    if way not in set(ResolutionKind):
        return explained(request, HTTPStatus.BAD_REQUEST)
    target, seen = fields.get("target", ""), fields.get("seen", "")
    answer_conflict(desk.workshop, acting(request), hold_id, ResolutionKind(way), target, seen=seen)
    return _back(fields.get("connection", ""), "by_hand")


@router.post("/questions/{hold_id}/release")
def let_go(request: Request, hold_id: str, fields: Fields) -> Response:
    """Let what was undone be posted again."""
    desk = desk_of(request)
    release(desk.workshop, acting(request), [hold_id])
    return _back(fields.get("connection", ""), "answered")


@router.post("/questions/{hold_id}/skip")
def skip(request: Request, hold_id: str, fields: Fields) -> Response:
    desk = desk_of(request)
    skip_draft(desk.workshop, acting(request), hold_id, fields.get("why", ""))
    return _back(fields.get("connection", ""), "skipped")


@router.post("/connections/{connection_id}/choices")
def fill(request: Request, connection_id: str, fields: Fields) -> Response:
    """Fill a role from the beginning, or from today where it was filled before."""
    workshop, actor = desk_of(request).workshop, acting(request)
    role, of, ledger = (fields.get(name, "") for name in ("role", "of", "ledger"))
    found = connection_of(workshop, connection_id)
    typed = found is not None and any(each.name == role for each in roles_of_accounts(found[1]))
    said = read_type(fields.get("type", "")) if typed else ""
    choose_seen(workshop, actor, connection_id, role, ledger, of, seen=choice_seen(fields), type_said=said)
    if typed:
        return _back(fields.get("connection", ""), "file_answered" if read_on(request, connection_id) else "chosen")
    return _back(fields.get("connection", ""), "chosen")


@router.post("/connections/{connection_id}/accounts")
def add(request: Request, connection_id: str, fields: Fields) -> Response:
    """Add an account to the chart of accounts and fill the role with it (BF-15)."""
    kind = fields.get("kind", "")
    if kind not in set(NewAccount):
        return explained(request, HTTPStatus.BAD_REQUEST)
    add_account(
        desk_of(request).workshop,
        acting(request),
        connection_id,
        fields.get("role", ""),
        fields.get("name", ""),
        NewAccount(kind),
        fields.get("of", ""),
    )
    return _back(fields.get("connection", ""), "chosen")


def _of_files(request: Request, session: Session, missing: Iterable[MissingChoice]) -> list[AskedAccounts]:
    """Return what files leave open of the connections whose accounts nobody told."""
    ids = list(dict.fromkeys(each.connection_id for each in missing if each.of))[:FORMS_MAX]
    asked = [asked_accounts(request, session, session.get_one(Connection, each)) for each in ids]
    return [replace(each, questions=()) for each in asked if each.accounts]


def _back(connection: str, done: str) -> Response:
    query = urlencode({"connection": connection, "done": done} if connection else {"done": done})
    return RedirectResponse(f"/questions?{query}", HTTPStatus.SEE_OTHER)


def _fitting(
    session: Session, missing: Iterable[MissingChoice], asked: Iterable[Question], like: str
) -> dict[tuple[str, Accepts], Groups]:
    """Return what fits each question of a page, by company and kind of place, grouped by account type."""
    wanted: dict[str, set[Accepts]] = {}
    for choice in missing:
        wanted.setdefault(choice.company_id, set()).add(choice.accepts)
    for question in asked:
        if question.answer is Answer.DECISION and question.accepts is not None:
            wanted.setdefault(question.company_id, set()).add(question.accepts)
    return {
        (company_id, accepts): _by_type(found)
        for company_id, places in wanted.items()
        for accepts, found in candidates(session, company_id, places, like).items()
    }


def _by_type(found: Iterable[Candidate]) -> Groups:
    groups: Groups = {}
    for candidate in found:
        groups.setdefault(candidate.type, []).append(candidate)
    return dict(sorted(groups.items()))
