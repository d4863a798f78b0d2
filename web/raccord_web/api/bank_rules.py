"""Rules for bank lines, as programs read, try and make them."""

from __future__ import annotations

from datetime import date
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel, Field, StringConstraints
from starlette.requests import Request

from raccord.onboarding.access.api_tokens import Scope
from raccord.onboarding.access.people import Power, require
from raccord.onboarding.deciding import bank_rules
from raccord.onboarding.deciding.bank_rules import RuleSaid
from raccord.onboarding.deciding.rule_accepting import AcceptedLines, accept_rule
from raccord.overview.lines.rule_effects import Effect, try_rule
from raccord.overview.lines.rule_views import RuleView, list_rules, rule_view
from raccord.sync.lines.bank_rules import NAME_MAX, RULES_MAX, RuleBody, RuleMode
from raccord_web.api.deeds import Done
from raccord_web.api.paging import Asked, Part, part_of
from raccord_web.api.programs import needs
from raccord_web.api.repeating import Repeatable, repeatable
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting

router = APIRouter()
deeds = APIRouter(route_class=Repeatable, dependencies=[Depends(repeatable)])
Name = Annotated[str, StringConstraints(max_length=NAME_MAX, strip_whitespace=True, pattern=r"^[^\x00]*$")]


class RuleIn(BaseModel):
    """What a rule is to be; where no mode is said a new rule proposes, and another one goes on as before."""

    name: Name
    body: RuleBody
    valid_from: date | None = None
    mode: RuleMode | None = None

    def said(self) -> RuleSaid:
        return RuleSaid(name=self.name, body=self.body, valid_from=self.valid_from, mode=self.mode)


class RuleChange(RuleIn):
    """The same of a rule that is there; ``version`` is the one that was read."""

    version: int = Field(ge=1, le=2**31 - 1)


class RuleState(BaseModel):
    """What else a rule is; what is left out stays."""

    enabled: bool | None = None
    place: Annotated[int, Field(ge=1, le=RULES_MAX)] | None = None


@router.get("/companies/{company_id}/bank-rules")
def rules(request: Request, company_id: str, asked: Asked) -> Part[RuleView]:
    """The rules in the order in which they count."""
    with desk_of(request).workshop.database.read() as session:
        return part_of(list_rules(session, company_id), asked)


@router.get("/bank-rules/{rule_id}")
def rule(request: Request, rule_id: str) -> RuleView:
    return _view(request, rule_id)


@deeds.post("/companies/{company_id}/bank-rules", dependencies=[Depends(needs(Scope.WRITE))])
def make(request: Request, company_id: str, wanted: RuleIn) -> RuleView:
    """Make a rule that comes after all others."""
    row = bank_rules.add_rule(desk_of(request).workshop, acting(request), company_id, wanted.said())
    return _view(request, row.id)


@deeds.post("/companies/{company_id}/bank-rules/try", dependencies=[Depends(needs(Scope.WRITE))])
def try_(request: Request, company_id: str, wanted: RuleIn) -> Effect:
    """Tell what a new rule would have done; nothing is changed."""
    require(acting(request), Power.WORK)
    with desk_of(request).workshop.database.read() as session:
        return try_rule(session, company_id, wanted.said())


@deeds.post("/bank-rules/{rule_id}", dependencies=[Depends(needs(Scope.WRITE))])
def change(request: Request, rule_id: str, wanted: RuleChange) -> RuleView:
    """Make a rule say something else; refused where it was changed since it was read."""
    bank_rules.change_rule(desk_of(request).workshop, acting(request), rule_id, wanted.said(), wanted.version)
    return _view(request, rule_id)


@deeds.post("/bank-rules/{rule_id}/state", dependencies=[Depends(needs(Scope.WRITE))])
def state(request: Request, rule_id: str, wanted: RuleState) -> RuleView:
    """Turn a rule on or off, or put it at another place of the order."""
    workshop, actor = desk_of(request).workshop, acting(request)
    require(actor, Power.WORK)
    if wanted.enabled is not None:
        bank_rules.switch_rule(workshop, actor, rule_id, wanted.enabled)
    if wanted.place is not None:
        bank_rules.move_rule(workshop, actor, rule_id, wanted.place)
    return _view(request, rule_id)


class Accepting(BaseModel):
    """What was read before what a rule says is accepted."""

    version: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None


@deeds.post("/bank-rules/{rule_id}/accept", dependencies=[Depends(needs(Scope.WRITE))])
def accept(request: Request, rule_id: str, wanted: Accepting) -> AcceptedLines:
    """Accept what a rule says of the lines that wait, at most 200 in one go; `left` tells how many are for the next.

    Lines that probably pay open documents, or tell of the other side of a transfer, are left to a person.
    """
    return accept_rule(desk_of(request).workshop, acting(request), rule_id, wanted.version)


@deeds.post("/bank-rules/{rule_id}/remove", dependencies=[Depends(needs(Scope.WRITE))])
def remove(request: Request, rule_id: str) -> Done:
    """Take a rule out; what it answered stays."""
    bank_rules.remove_rule(desk_of(request).workshop, acting(request), rule_id)
    return Done(id=rule_id)


def _view(request: Request, rule_id: str) -> RuleView:
    with desk_of(request).workshop.database.read() as session:
        view = rule_view(session, rule_id)
    if view is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return view
