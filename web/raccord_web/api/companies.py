"""What is a company's own, as programs read and change it: check-up, nights, statements, suggestions, connectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from raccord.jobs.nights import set_night
from raccord.onboarding.access.api_tokens import Scope
from raccord.onboarding.access.people import Power, require
from raccord.onboarding.checking.doctor import check_each
from raccord.onboarding.checking.findings import Level
from raccord.onboarding.closing import statements
from raccord.onboarding.deciding.suggesting import accept_from, ask_always
from raccord.onboarding.sources.switches import switch_for_company
from raccord.overview.lines.suggestions import suggesting
from raccord_web.api.deeds import Done, Id
from raccord_web.api.paging import Asked, Part, part_of
from raccord_web.api.programs import needs
from raccord_web.api.repeating import Repeatable, repeatable
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting

router = APIRouter()
deeds = APIRouter(route_class=Repeatable, dependencies=[Depends(repeatable)])


class FindingView(BaseModel):
    """What the check-up found; without a connection it is about the company."""

    code: str
    level: Level
    text: Mapping[str, str]
    fix: Mapping[str, str]
    connection_id: str
    link: str


class Checkup(BaseModel):
    """Everything that was found, in the order in which it was looked at."""

    findings: Sequence[FindingView]


class NightIn(BaseModel):
    """Whether the company is proven each night, and at which hour of its clocks; without one the hour stays."""

    every_night: bool
    at: Annotated[str, Field(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9])?$")] = ""


class NightView(BaseModel):
    """When the company is proven next."""

    every_night: bool
    next_at: datetime


class StatementView(BaseModel):
    """A bank or card account with the day up to which it was declared reconciled, if it was."""

    account_id: str
    account: str
    through: date | None
    declared_by: str
    declared_at: datetime | None


class StatementIn(BaseModel):
    """Up to which day an account is reconciled; without a day what was said is taken back."""

    account_id: Id
    through: date | None = None


class SupportView(BaseModel):
    """What the past says of suggestions from a confidence (of 1 000) on."""

    model_config = ConfigDict(from_attributes=True)

    confidence: int
    judged: int
    right: int


class SuggestionsView(BaseModel):
    """What a company's answers are worth as a guide, and from where on suggestions are accepted without asking."""

    model_config = ConfigDict(from_attributes=True)

    examples: int
    wanted: int
    shown_from: int | None
    judged: int
    right: int
    supports: SupportView | None
    accepts_from: int | None
    accepts_by: str
    paused: bool
    """Whether the history does not support any more what the owner said: all are asked until it does."""
    older: int
    """How many questions of the year were closed before those that the months count."""


class AcceptFrom(BaseModel):
    """The confidence (of 1 000) from which suggestions are accepted by themselves."""

    confidence: Annotated[int, Field(strict=True, ge=1, le=1000)]


class PluginDeed(StrEnum):
    ENABLE = "enable"
    DISABLE = "disable"


@deeds.post("/companies/{company_id}/check-up", dependencies=[Depends(needs(Scope.WRITE))])
def examine(request: Request, company_id: str) -> Checkup:
    """Check the company and its connections now; QuickBooks is asked, and no choice is changed."""
    require(acting(request), Power.WORK)
    found = check_each(desk_of(request).workshop, lambda each: each == company_id)
    findings = [
        FindingView(
            code=each.finding.code,
            level=each.finding.level,
            text={"fr": each.finding.text.fr, "en": each.finding.text.en},
            fix={"fr": each.finding.fix.fr, "en": each.finding.fix.en},
            connection_id=each.connection_id,
            link=each.finding.link,
        )
        for each in found
    ]
    return Checkup(findings=findings)


@deeds.post("/companies/{company_id}/night", dependencies=[Depends(needs(Scope.MANAGE))])
def night(request: Request, company_id: str, wanted: NightIn) -> NightView:
    """Prove the company each night by itself, or not at all."""
    actor, workshop = acting(request), desk_of(request).workshop
    require(actor, Power.MANAGE)
    at = time.fromisoformat(wanted.at) if wanted.at else None
    due = set_night(
        workshop.database, company_id, enabled=wanted.every_night, at=at, by=actor.name, clock=workshop.clock
    )
    return NightView(every_night=wanted.every_night, next_at=due)


@router.get("/companies/{company_id}/statements")
def declared(request: Request, company_id: str, asked: Asked) -> Part[StatementView]:
    """Return the bank and card accounts, each with the day up to which it was declared reconciled."""
    with desk_of(request).workshop.database.read() as session:
        rows = [
            StatementView(
                account_id=entry.object_id,
                account=entry.name,
                through=None if said is None else said.through,
                declared_by="" if said is None else said.declared_by,
                declared_at=None if said is None else said.declared_at,
            )
            for entry, said in statements.declared(session, company_id)
        ]
    return part_of(rows, asked)


@deeds.post("/companies/{company_id}/statements", dependencies=[Depends(needs(Scope.WRITE))])
def declare(request: Request, company_id: str, said: StatementIn) -> Done:
    """Declare an account reconciled up to a day, or take that back."""
    workshop, actor = desk_of(request).workshop, acting(request)
    if said.through is None:
        statements.withdraw(workshop, actor, company_id, said.account_id)
    else:
        statements.declare(workshop, actor, company_id, said.account_id, said.through)
    return Done(id=company_id)


@router.get("/companies/{company_id}/suggestions")
def learned(request: Request, company_id: str) -> SuggestionsView:
    """Return what the company's history is worth for suggesting categories."""
    workshop = desk_of(request).workshop
    with workshop.database.read() as session:
        return SuggestionsView.model_validate(suggesting(session, company_id, workshop.clock.now()))


@deeds.post("/companies/{company_id}/suggestions", dependencies=[Depends(needs(Scope.OWN))])
def accept(request: Request, company_id: str, said: AcceptFrom) -> SuggestionsView:
    """Let suggestions be accepted by themselves from a confidence on that the company's own past supports."""
    accept_from(desk_of(request).workshop, acting(request), company_id, said.confidence)
    return learned(request, company_id)


@deeds.post("/companies/{company_id}/suggestions/ask", dependencies=[Depends(needs(Scope.WRITE))])
def ask(request: Request, company_id: str) -> SuggestionsView:
    """Have no suggestion accepted by itself any more."""
    ask_always(desk_of(request).workshop, acting(request), company_id)
    return learned(request, company_id)


@deeds.post("/companies/{company_id}/plugins/{connector}/{deed}", dependencies=[Depends(needs(Scope.MANAGE))])
def switch(request: Request, company_id: str, connector: str, deed: PluginDeed) -> Done:
    """Let the company's connections use a connector, or not."""
    workshop, actor = desk_of(request).workshop, acting(request)
    switch_for_company(workshop, actor, connector, company_id, on=deed is PluginDeed.ENABLE)
    return Done(id=connector)
