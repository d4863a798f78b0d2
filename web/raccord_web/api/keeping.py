"""What a connection does by rule, as programs read and change it: closed periods, days, versions, who manages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, StringConstraints
from starlette.requests import Request

from raccord.onboarding.access.api_tokens import Scope
from raccord.onboarding.arriving.subscribing import close_messages, tell_source
from raccord.onboarding.closing.closings import answer_closed_month, set_closed_policy
from raccord.onboarding.connecting.connections import grant_managing
from raccord.onboarding.deciding.failures import close_cause
from raccord.onboarding.deciding.standing import set_review_each
from raccord.onboarding.deciding.upgraded import accept_upgrade, differences
from raccord.onboarding.sources.day_rules import change_days
from raccord.overview.closed_months import answered_months, asked_months
from raccord.store.models import ProblemState
from raccord.sync.days import days_of
from raccord.sync.posting.periods import ClosedPolicy, MonthAnswer
from raccord_web.api.deeds import Done, Id, ProblemDeed
from raccord_web.api.managing import held
from raccord_web.api.months import MonthText
from raccord_web.api.programs import needs
from raccord_web.api.repeating import Repeatable, repeatable
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting

router = APIRouter()
deeds = APIRouter(route_class=Repeatable, dependencies=[Depends(repeatable)])
DIFFERENCES_SHOWN = 500


class DayRule(BaseModel):
    """When the source's days end, from a day on; without one from the beginning."""

    first: date | None
    time_zone: str
    cut_off: str


class ClosedMonthView(BaseModel):
    """A closed or certified month with the answer that the next plan acts on; ``documents`` wait for one."""

    month: date
    documents: int
    answer: str
    certified: bool
    """Whether documents wait because the month is certified: writing there needs a reason."""
    reason: str


class Approval(BaseModel):
    """Whether every plan waits for a person, or the first one alone."""

    each: bool


class Rules(BaseModel):
    """Which plans wait for a person, what becomes of new documents of closed periods, and the days of the source."""

    review_each: bool

    closed_policy: ClosedPolicy
    months: Sequence[ClosedMonthView]
    days: Sequence[DayRule]


class Policy(BaseModel):
    """What becomes of new documents of a closed period."""

    policy: ClosedPolicy


class MonthSaid(BaseModel):
    """What becomes of all documents of one closed month, such as ``2026-03``; to ``write`` into a certified one needs
    a reason.
    """

    month: MonthText
    answer: MonthAnswer
    reason: Annotated[str, StringConstraints(max_length=500)] = ""


class DaysSaid(BaseModel):
    """Another time zone or hour from a day on; without one from tomorrow. What is empty stays."""

    time_zone: Annotated[str, StringConstraints(max_length=60, pattern=r"^[^\x00]*$")] = ""
    cut_off: Annotated[str, StringConstraints(pattern=r"^([0-2][0-9]:[0-5][0-9])?$")] = ""
    first: date | None = None


class Granted(BaseModel):
    """Whether administrators may manage a connection that is the owner's alone."""

    granted: bool


class DifferenceView(BaseModel):
    """A record of which the installed version of the connector says something else."""

    record: str
    day: date
    key: str
    field: str
    before: str
    after: str


class Upgrade(BaseModel):
    """What the installed version of the connector says otherwise than the accepted one."""

    was: str
    now: str
    looked_at: int
    records: int
    differences: Sequence[DifferenceView]


class Version(BaseModel):
    """The version whose differences were read."""

    version: Id


class Cause(BaseModel):
    """The code that the problems have in common."""

    code: Id


class Closed(BaseModel):
    """Problems that were closed, and those that could not be: posted meanwhile, or on their way."""

    ids: Sequence[str]
    left: Sequence[str]


@router.get("/connections/{connection_id}/rules")
def rules(request: Request, connection_id: str) -> Rules:
    """Return what a connection does with closed periods, and when its days end."""
    connection, _ = held(request, connection_id)
    with desk_of(request).workshop.database.read() as session:
        asked = {each.month: each for each in asked_months(session, connection_id)}
        answers = {each.month: each for each in answered_months(session, connection_id)}
    months = [
        ClosedMonthView(
            month=month,
            documents=asked[month].documents if month in asked else 0,
            answer=answers[month].answer if month in answers else "",
            certified=month in asked and asked[month].certified,
            reason=answers[month].reason if month in answers else "",
        )
        for month in sorted({*asked, *answers})
    ]
    days = [
        DayRule(
            first=None if each.first == date.min else each.first,
            time_zone=each.zone.key,
            cut_off=f"{each.cut_off:%H:%M}",
        )
        for each in days_of(connection).rules
    ]
    return Rules(
        review_each=connection.review_each,
        closed_policy=ClosedPolicy(connection.closed_policy),
        months=months,
        days=days,
    )


@deeds.post("/connections/{connection_id}/approval", dependencies=[Depends(needs(Scope.MANAGE))])
def approval(request: Request, connection_id: str, said: Approval) -> Rules:
    """Have every plan wait for a person from the next one on, or let those after the first go by themselves."""
    set_review_each(desk_of(request).workshop, acting(request), connection_id, each=said.each)
    return rules(request, connection_id)


@deeds.post("/connections/{connection_id}/closed", dependencies=[Depends(needs(Scope.MANAGE))])
def closed(request: Request, connection_id: str, said: Policy) -> Rules:
    """Say what becomes of new documents of a closed period."""
    set_closed_policy(desk_of(request).workshop, acting(request), connection_id, said.policy)
    return rules(request, connection_id)


@deeds.post("/connections/{connection_id}/closed-months", dependencies=[Depends(needs(Scope.WRITE))])
def month(request: Request, connection_id: str, said: MonthSaid) -> Rules:
    """Answer for all documents of one closed or certified month."""
    first = date.fromisoformat(f"{said.month}-01")
    answer_closed_month(desk_of(request).workshop, acting(request), connection_id, first, said.answer, said.reason)
    return rules(request, connection_id)


@deeds.post("/connections/{connection_id}/days", dependencies=[Depends(needs(Scope.MANAGE))])
def days(request: Request, connection_id: str, said: DaysSaid) -> Rules:
    """Change the source's time zone or cut-off hour from a day on that has no documents, or for all while none has."""
    change_days(
        desk_of(request).workshop, acting(request), connection_id, time_zone=said.time_zone, cut_off=said.cut_off,
        first=said.first,
    )  # fmt: skip
    return rules(request, connection_id)


@deeds.post("/connections/{connection_id}/managing", dependencies=[Depends(needs(Scope.OWN))])
def managing(request: Request, connection_id: str, said: Granted) -> Done:
    """Let administrators manage a connection that is the owner's alone, or take that back."""
    grant_managing(desk_of(request).workshop, acting(request), connection_id, granted=said.granted)
    return Done(id=connection_id)


@router.get("/connections/{connection_id}/upgrade")
def compared(request: Request, connection_id: str) -> Upgrade:
    """Return what the installed version of the connector says otherwise of the newest records."""
    held(request, connection_id)
    found = differences(desk_of(request).workshop, connection_id)
    shown = [
        DifferenceView(
            record=each.record, day=each.day, key=each.key, field=each.field, before=each.before, after=each.after
        )
        for each in found.differences[:DIFFERENCES_SHOWN]
    ]
    return Upgrade(was=found.was, now=found.now, looked_at=found.looked_at, records=found.records, differences=shown)


@deeds.post("/connections/{connection_id}/upgrade", dependencies=[Depends(needs(Scope.MANAGE))])
def accept(request: Request, connection_id: str, said: Version) -> Done:
    """Let the version whose differences were read write as it maps."""
    accept_upgrade(desk_of(request).workshop, acting(request), connection_id, said.version)
    return Done(id=connection_id)


@deeds.post("/connections/{connection_id}/webhooks/tell", dependencies=[Depends(needs(Scope.MANAGE))])
def tell(request: Request, connection_id: str) -> Done:
    """Have a connection's source send its messages here, signed with a new secret that nobody has to carry."""
    tell_source(desk_of(request).workshop, acting(request), connection_id)
    return Done(id=connection_id)


@deeds.post("/connections/{connection_id}/webhooks/close", dependencies=[Depends(needs(Scope.MANAGE))])
def close(request: Request, connection_id: str) -> Done:
    """Take a connection's address away; what its source sends there from now on is refused."""
    close_messages(desk_of(request).workshop, acting(request), connection_id)
    return Done(id=connection_id)


@deeds.post("/connections/{connection_id}/problem-causes/{deed}", dependencies=[Depends(needs(Scope.WRITE))])
def close_all(request: Request, connection_id: str, deed: ProblemDeed, said: Cause) -> Closed:
    """Have every record that failed for one cause tried again, or say that all were entered by hand."""
    state = ProblemState.READY if deed is ProblemDeed.READY else ProblemState.RESOLVED
    done = close_cause(desk_of(request).workshop, acting(request), said.code, state, connection_id)
    return Closed(ids=done.ids, left=done.left)
