"""Rules for bank lines: a company's list in its order, and one rule with its effect while it is written."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from raccord.errors import RaccordError
from raccord.onboarding.access.people import Power, require
from raccord.onboarding.deciding import bank_rules
from raccord.onboarding.deciding.bank_rules import RuleSaid
from raccord.onboarding.deciding.rule_accepting import ACCEPTED_MAX, accept_rule, count_waiting, waiting_for
from raccord.onboarding.deciding.rules_again import count_ruled
from raccord.overview.lines.line_rules import rule_from_line
from raccord.overview.lines.rule_effects import SHOWN, Effect, try_rule
from raccord.overview.lines.rule_sentences import answer_said, conditions_said, counts_said, effect_said
from raccord.overview.lines.rule_views import companies_with_rules, list_rules, rule_view
from raccord.overview.questions import Candidate, candidates
from raccord.plugin.drafts import Accepts
from raccord.store.models import BankRule, Company, Connection, ConnectionState
from raccord.sync.lines.bank_rules import RuleMode
from raccord.sync.lines.treatment_fit import NO_CATEGORIES
from raccord.sync.lines.treatments import Treated
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting, within_of
from raccord_web.pages.failures import explained
from raccord_web.pages.forms import Fields
from raccord_web.pages.rendering import language_of, said_by, show
from raccord_web.parts.rule_forms import OF_CONNECTION, ON_ACCOUNT, TESTS, named_in, rows_of, rule_typed, typed_of

router = APIRouter()

Groups = Mapping[str, list[Candidate]]
Counted = Annotated[int | None, Query(ge=0, le=ACCEPTED_MAX * 1000)]
_ROOM = ("condition", "part", "narrow")
"""What the form is sent with for one more condition, or part of a split."""
_ENDED = (ConnectionState.DISCONNECTED, ConnectionState.UNCONNECTED)


@router.get("/bank-rules")
def companies(request: Request) -> Response:
    """Go to the rules of the only company there is, or offer the companies."""
    with desk_of(request).workshop.database.read() as session:
        found = companies_with_rules(session, within_of(request))
        if len(found) == 1:
            return RedirectResponse(f"/companies/{found[0].id}/bank-rules", HTTPStatus.SEE_OTHER)
        return show(request, "lines/bank_rules_of.html", session, companies=found)


@router.get("/companies/{company_id}/bank-rules")
def rules(request: Request, company_id: str) -> Response:
    with desk_of(request).workshop.database.read() as session:
        return show(
            request,
            "lines/bank_rules.html",
            session,
            company=session.get_one(Company, company_id),
            rules=list_rules(session, company_id),
            waiting=count_waiting(session, company_id),
            answer_said=answer_said,
            conditions_said=conditions_said,
        )


@router.get("/companies/{company_id}/bank-rules/new")
def new(
    request: Request,
    company_id: str,
    line: Annotated[str, Query(max_length=40)] = "",
    back: Annotated[str, Query(max_length=1000)] = "",
) -> Response:
    """Show an empty form; or what a bank line, told by its question, suggests as a rule."""
    typed: Mapping[str, str] = {"test1": "text.contains", "answer": str(Treated.CATEGORY)}
    with desk_of(request).workshop.database.read() as session:
        found = rule_from_line(session, company_id, line) if line else None
    if found is not None:
        typed = typed_of(found.name, None, found.body, language_of(request))
    typed = {**typed, "back": back}
    return _editor(request, company_id, typed)


@router.post("/companies/{company_id}/bank-rules")
def make(request: Request, company_id: str, fields: Fields) -> Response:
    """Make a rule, show what it would have done, or give the form more room."""
    require(acting(request), Power.WORK)
    if fields.get("do") in _ROOM:
        return _editor(request, company_id, fields)
    try:
        said = rule_typed(fields)
        if fields.get("do") == "try":
            return _editor(request, company_id, fields, effect=_effect_of(request, company_id, said))
        made = bank_rules.add_rule(desk_of(request).workshop, acting(request), company_id, said)
    except RaccordError as error:
        return _editor(request, company_id, fields, error=error)
    if fields.get("back", ""):
        # The line that the rule was made of is shown again, in the list as it was filtered.
        return RedirectResponse(f"/review?{fields['back']}&said=rule&rule={made.id}", HTTPStatus.SEE_OTHER)
    return _to(made.id)


@router.get("/bank-rules/{rule_id}")
def rule(
    request: Request, rule_id: str, accepted: Counted = None, refused: Counted = None, left: Counted = None
) -> Response:
    """Show a rule with its effect, what waits for it, and how many lines were answered by it in one go just now."""
    with desk_of(request).workshop.database.read() as session:
        view = rule_view(session, rule_id)
    if view is None:
        return explained(request, HTTPStatus.NOT_FOUND)
    typed = typed_of(view.name, view.valid_from, view.body, language_of(request))
    try:
        effect = _effect_of(
            request, view.company_id, RuleSaid(name=view.name, body=view.body, valid_from=view.valid_from), rule_id
        )
    except RaccordError as error:
        # What it names may be gone from the books since it was kept.
        return _editor(request, view.company_id, {**typed, "do": "try"}, rule_id, error=error)
    with desk_of(request).workshop.database.read() as session:
        waiting = len(waiting_for(session, view.company_id, rule_id))
    done = None if accepted is None else {"accepted": accepted, "refused": refused or 0, "left": left or 0}
    return _editor(request, view.company_id, typed, rule_id, effect=effect, waiting=waiting, done=done)


@router.post("/bank-rules/{rule_id}")
def change(request: Request, rule_id: str, fields: Fields) -> Response:
    """Change a rule, show what it would have done if it said this, or give the form more room."""
    require(acting(request), Power.WORK)
    workshop = desk_of(request).workshop
    with workshop.database.read() as session:
        company_id = session.get_one(BankRule, rule_id).company_id
    if fields.get("do") in _ROOM:
        return _editor(request, company_id, fields, rule_id)
    try:
        said = rule_typed(fields)
        if fields.get("do") == "try":
            return _editor(request, company_id, fields, rule_id, effect=_effect_of(request, company_id, said, rule_id))
        seen = int(fields["version"]) if fields.get("version", "").isdecimal() else None
        bank_rules.change_rule(workshop, acting(request), rule_id, said, seen)
    except RaccordError as error:
        return _editor(request, company_id, fields, rule_id, error=error)
    return _to(rule_id)


@router.post("/bank-rules/{rule_id}/{deed}")
def act(request: Request, rule_id: str, deed: str, fields: Fields) -> Response:
    """Move a rule, turn it on or off, let it be carried out or only propose, remove it, or accept what it says."""
    workshop, actor = desk_of(request).workshop, acting(request)
    with workshop.database.read() as session:
        row = session.get_one(BankRule, rule_id)
    match deed:
        case "up" | "down":
            bank_rules.move_rule(workshop, actor, rule_id, row.place + (1 if deed == "down" else -1))
        case "on" | "off":
            bank_rules.switch_rule(workshop, actor, rule_id, deed == "on")
        case RuleMode.APPLY | RuleMode.PROPOSE:
            bank_rules.set_mode(workshop, actor, rule_id, RuleMode(deed))
        case "accept":
            seen = int(fields["version"]) if fields.get("version", "").isdecimal() else None
            done = accept_rule(workshop, actor, rule_id, seen)
            told = urlencode({"accepted": len(done.keys), "refused": done.refused, "left": done.left})
            return RedirectResponse(f"/bank-rules/{rule_id}?{told}", HTTPStatus.SEE_OTHER)
        case "remove":
            bank_rules.remove_rule(workshop, actor, rule_id)
        case _:
            return explained(request, HTTPStatus.NOT_FOUND)
    return _back(row.company_id)


def _effect_of(request: Request, company_id: str, said: RuleSaid, rule_id: str = "") -> Effect:
    with desk_of(request).workshop.database.read() as session:
        return try_rule(session, company_id, said, rule_id)


def _editor(
    request: Request,
    company_id: str,
    typed: Mapping[str, str],
    rule_id: str = "",
    *,
    effect: Effect | None = None,
    error: RaccordError | None = None,
    waiting: int = 0,
    done: Mapping[str, int] | None = None,
) -> Response:
    if error is not None and error.code.startswith("people."):
        raise error
    with desk_of(request).workshop.database.read() as session:
        view = rule_view(session, rule_id) if rule_id else None
        if rule_id and view is None:
            return explained(request, HTTPStatus.NOT_FOUND)
        return show(
            request,
            "lines/bank_rule.html",
            session,
            status=HTTPStatus.OK if error is None or typed.get("do") == "try" else HTTPStatus.CONFLICT,
            company=session.get_one(Company, company_id),
            view=view,
            unposted=count_ruled(session, company_id, rule_id) if rule_id else 0,
            versions=bank_rules.versions_of(session, rule_id) if rule_id else (),
            typed=typed,
            tests=TESTS,
            rows=rows_of(typed),
            boxes={"account": ON_ACCOUNT, "connection": OF_CONNECTION},
            answers=list(Treated),
            fitting=_fitting(session, company_id, typed),
            among=typed.get("among", "")[:100],
            connections=session.execute(
                select(Connection.id, Connection.label)
                .where(Connection.company_id == company_id, Connection.state.not_in(_ENDED))
                .order_by(Connection.label)
            ).all(),
            effect=effect,
            waiting=waiting,
            at_once=min(waiting, ACCEPTED_MAX),
            answered=done,
            shown_kinds=SHOWN,
            effect_said=effect_said,
            counts_said=counts_said,
            answer_said=answer_said,
            wrong=None if error is None else said_by(error, request),
        )


def _fitting(session: Session, company_id: str, typed: Mapping[str, str]) -> dict[str, list[Candidate]]:
    """Return what a rule may name, by kind of place; what it names already is there in any case."""
    places = {
        "category": Accepts.CATEGORY, "bank": Accepts.BANK_OR_CARD, "tax": Accepts.TAX_CODE, "class": Accepts.CLASS,
        "location": Accepts.LOCATION, "vendor": Accepts.VENDOR, "customer": Accepts.CUSTOMER,
    }  # fmt: skip
    named = named_in(typed)
    found = candidates(session, company_id, list(places.values()), typed.get("among", "")[:100], named)
    fitting = {name: list(found.get(accepts, ())) for name, accepts in places.items()}
    # What nobody categorises by stands there only where a rule says it already.
    fitting["category"] = [
        each for each in fitting["category"] if each.subtype not in NO_CATEGORIES or each.id in named
    ]
    return fitting


def _to(rule_id: str) -> Response:
    """Lead to a rule that was kept, and to the lines that wait for it."""
    return RedirectResponse(f"/bank-rules/{rule_id}?done=bank_rule", HTTPStatus.SEE_OTHER)


def _back(company_id: str) -> Response:
    return RedirectResponse(f"/companies/{company_id}/bank-rules?done=bank_rule", HTTPStatus.SEE_OTHER)
