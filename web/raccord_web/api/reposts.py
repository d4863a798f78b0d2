"""What a mapping would change of what is posted, and reposting: seen first, then planned, and taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request

from raccord.jobs.requests import request_run
from raccord.onboarding.access.api_tokens import Scope
from raccord.onboarding.deciding import remapping
from raccord.onboarding.deciding.open_days import open_day
from raccord.onboarding.deciding.remapping import Effect, effect_of_choice, survey
from raccord.overview.runs import RunView
from raccord.quickbooks.fields import field_named
from raccord.sync.days import today_of
from raccord.sync.planning.reposts import open_repost
from raccord.sync.planning.survey import Rewrite, Survey
from raccord.sync.resolving.terms import DatedTerm
from raccord_web.api.deeds import Choice, Done, run_of
from raccord_web.api.managing import TermIn, managed
from raccord_web.api.programs import needs
from raccord_web.api.repeating import Repeatable, repeatable
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting

router = APIRouter()
deeds = APIRouter(route_class=Repeatable, dependencies=[Depends(repeatable)])
SHOWN = 500
"""Documents of an answer; its counts tell of all."""


class RepostDays(BaseModel):
    """Days by the date of the record, both included."""

    first: date
    last: date


class FieldChanged(BaseModel):
    """A field of a document by its path and by its name, before and after as text, references by their id."""

    field: str
    name: Mapping[str, str]
    before: str
    after: str


class RewriteView(BaseModel):
    """A posted document that would say something else, field by field."""

    key: str
    kind: str
    document_id: str
    day: date
    fields: Sequence[FieldChanged]
    effect: Mapping[str, Decimal]


class KeptView(BaseModel):
    """A posted document that would say something else and must stay, with the reason."""

    model_config = ConfigDict(from_attributes=True)

    key: str
    kind: str
    document_id: str
    day: date
    code: str
    params: Mapping[str, Any]


class Moved(BaseModel):
    """By how much an account would move on a day, debit positive, in the company's home currency."""

    account: str
    day: date
    amount: Decimal


class SurveyView(BaseModel):
    """What would change of what is posted; of long lists the first documents stand here."""

    looked_at: int
    changing: int
    staying: int
    rewrites: Sequence[RewriteView]
    kept: Sequence[KeptView]
    moves: Sequence[Moved]


class EffectView(BaseModel):
    """What an answer would do from its day on, to what is posted and to what is not."""

    first: date
    posted: SurveyView
    waiting: int


class RepostView(BaseModel):
    """A repost whose plan waits."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    first_day: date
    last_day: date
    asked_by: str
    asked_at: datetime


class RepostState(BaseModel):
    """The repost of a connection that waits, if one does."""

    waiting: RepostView | None


class RepostAsked(BaseModel):
    """How many documents a repost is about, and the run that plans it; none where nothing would change."""

    changing: int
    staying: int
    run: RunView | None


@router.get("/connections/{connection_id}/repost")
def waiting(request: Request, connection_id: str) -> RepostState:
    with desk_of(request).workshop.database.read() as session:
        found = open_repost(session, connection_id)
        return RepostState(waiting=None if found is None else RepostView.model_validate(found))


@deeds.post("/connections/{connection_id}/repost/try", dependencies=[Depends(needs(Scope.MANAGE))])
def try_(request: Request, connection_id: str, days: RepostDays) -> SurveyView:
    """Tell which documents of past days would say something else by the mapping as it is now; nothing is changed."""
    managed(request, connection_id)
    return _view(survey(desk_of(request).workshop, connection_id, days.first, days.last))


@deeds.post("/connections/{connection_id}/repost", dependencies=[Depends(needs(Scope.MANAGE))])
def ask(request: Request, connection_id: str, days: RepostDays) -> RepostAsked:
    """Have posted documents say what the mapping says now, by a plan that waits for approval."""
    desk, actor = desk_of(request), acting(request)
    found = remapping.repost(desk.workshop, actor, connection_id, days.first, days.last)
    changing, staying, run = len(found.rewrites), len(found.kept), None
    if changing:
        made = request_run(
            desk.workshop.database, desk.engine, connection_id, trigger="person", by=actor.name,
            clock=desk.workshop.clock,
        )  # fmt: skip
        run = run_of(request, made)
    return RepostAsked(changing=changing, staying=staying, run=run)


@deeds.post("/connections/{connection_id}/repost/cancel", dependencies=[Depends(needs(Scope.MANAGE))])
def cancel(request: Request, connection_id: str) -> Done:
    """Take back the repost whose plan waits; its documents stay as they are."""
    remapping.cancel(desk_of(request).workshop, acting(request), connection_id)
    return Done(id=connection_id)


@deeds.post("/connections/{connection_id}/choices/try", dependencies=[Depends(needs(Scope.MANAGE))])
def try_choice(request: Request, connection_id: str, choice: Choice) -> EffectView:
    """Tell what filling a role would change; nothing is changed."""
    managed(request, connection_id)
    workshop = desk_of(request).workshop
    found = effect_of_choice(workshop, connection_id, choice.role, choice.ledger_id, choice.of, choice.first)
    return effect_view(found)


@deeds.post("/connections/{connection_id}/terms/try", dependencies=[Depends(needs(Scope.MANAGE))])
def try_term(request: Request, connection_id: str, wanted: TermIn) -> SurveyView:
    """Tell what another meaning of a word would change of what is posted; nothing is changed."""
    connection, _ = managed(request, connection_id)
    workshop = desk_of(request).workshop
    with workshop.database.read() as session:
        first = wanted.first or open_day(session, connection, today_of(connection, workshop.clock.now()))
    meant = DatedTerm(wanted.word, wanted.ledger, first)
    return _view(survey(workshop, connection_id, first, date.max, meant))


def effect_view(found: Effect) -> EffectView:
    """Return an effect as programs read it."""
    return EffectView(first=found.first, posted=_view(found.posted), waiting=found.waiting)


def _view(found: Survey) -> SurveyView:
    return SurveyView(
        looked_at=found.looked_at,
        changing=len(found.rewrites),
        staying=len(found.kept),
        rewrites=[_rewrite(each) for each in found.rewrites[:SHOWN]],
        kept=[KeptView.model_validate(each) for each in found.kept[:SHOWN]],
        moves=[
            Moved(account=account, day=day, amount=amount)
            for (account, day), amount in sorted(found.effect().items())[:SHOWN]
        ],
    )


def _rewrite(each: Rewrite) -> RewriteView:
    fields = [
        FieldChanged(
            field=one["field"], name=asdict(field_named(one["field"])), before=one["before"], after=one["after"]
        )
        for one in each.fields
    ]
    return RewriteView(
        key=each.key, kind=each.kind, document_id=each.document_id, day=each.day, fields=fields, effect=each.effect
    )
