"""What programs may do: the pages' deeds, by the same services, each behind the scope it asks for."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Header, HTTPException
from pydantic import BaseModel, Field, StringConstraints, model_validator
from starlette.requests import Request

from raccord.jobs import requests
from raccord.jobs.every import run_every
from raccord.jobs.undo_requests import request_undo
from raccord.onboarding.access.api_tokens import Scope
from raccord.onboarding.access.people import Power, require
from raccord.onboarding.connecting import connections, disconnecting
from raccord.onboarding.connecting.backfill import backfill
from raccord.onboarding.connecting.taking_back import take_back
from raccord.onboarding.deciding import decisions, failures, hand_made
from raccord.onboarding.deciding.alike import Alike
from raccord.onboarding.deciding.drifts import Way, settle_all, settle_drifts
from raccord.onboarding.deciding.seen_choices import choose_seen
from raccord.onboarding.deciding.undone import release
from raccord.onboarding.setting_up import steps as setting_up
from raccord.overview.connections import ConnectionView, connection_view
from raccord.overview.runs import RunView, run_view
from raccord.plugin.ledger import ResolutionKind
from raccord.sync.undoing.selection import Asked
from raccord_web.api.programs import needs
from raccord_web.api.repeating import Repeatable, repeatable
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting

router = APIRouter(route_class=Repeatable, dependencies=[Depends(repeatable)])
Id = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
Words = Annotated[str, StringConstraints(max_length=2000, strip_whitespace=True, pattern=r"^[^\x00]*$")]


class Start(BaseModel):
    """How far a run goes: to its end, or only to its plan."""

    stop_after: Literal["", "plan"] = ""


class Choice(BaseModel):
    """Which entry of the ledger fills a role, from which day on; ``of`` narrows it to one category of the source."""

    role: Id
    ledger_id: Id
    of: Words = ""
    first: date | None = None
    seen: Words | None = None
    """The ``ledger_id`` that filled it when it was read, empty for none; refused where another one does now."""


class Days(BaseModel):
    """Days of a gap, both included."""

    first: date
    last: date


class Leaving(BaseModel):
    """How a connection ends; ``without_export`` confirms once more that not everything of it was exported."""

    without_export: bool = False


class Undo(BaseModel):
    """How what a run created is taken out again."""

    void: bool = False
    names: bool = False
    certified: Words = ""
    """Why documents of a certified month go too."""


class Answer(BaseModel):
    """The entry of the ledger that a bank line belongs to."""

    ledger_id: Id


class Why(BaseModel):
    """The reason of leaving something out."""

    why: Words


class Settled(BaseModel):
    """How a conflict is settled; ``target`` is the document or entry, or the name, where the way needs one."""

    way: ResolutionKind
    target: Words = ""
    seen: Words = ""
    """The question's ``seen`` when it was read; refused where it asks for something else now or is answered."""


class Decided(BaseModel):
    """What becomes of a document that somebody changed in QuickBooks."""

    way: Way


class DecidedTogether(BaseModel):
    """What becomes of several documents, which are named, or of all of the connection's that wait.

    Who answers for all says how many they have ``seen``: where another number waits by now, nothing is settled.
    """

    way: Way
    drifts: Annotated[list[Id], Field(min_length=1, max_length=500)] | None = None
    seen: Annotated[int, Field(strict=True, ge=1, le=10**9)] | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> DecidedTogether:
        if (self.drifts is None) == (self.seen is None):
            raise ValueError("name the drifts, or say how many you have seen of all")
        return self


class SettledTogether(BaseModel):
    """The drifts that were settled, and those that were not: settled before, on their way, or not the connection's."""

    settled: list[str]
    left: list[str]


class RunDeed(StrEnum):
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"


class ProblemDeed(StrEnum):
    READY = "ready"
    RESOLVED = "resolved"
    ASIDE = "aside"


class HandMade(BaseModel):
    """What was entered by hand: the number its document bears, or its QuickBooks link."""

    document: Words = ""


class Resolved(BaseModel):
    """A record that was entered by hand, and the document it is tied to; without one it is declared."""

    id: str
    declared: bool
    document: Alike | None


class Runs(BaseModel):
    """The open run of each connection that can run, by the connections' names."""

    runs: list[RunView]


class Done(BaseModel):
    """The deed is done; ``id`` is of what it was done to."""

    id: str


@router.post("/connections/{connection_id}/runs", dependencies=[Depends(needs(Scope.WRITE))])
def start(request: Request, connection_id: str, wanted: Start) -> RunView:
    """Start a run, or return the one that is open: asking twice starts one."""
    desk, actor = desk_of(request), acting(request)
    require(actor, Power.WORK)
    run_id = requests.request_run(
        desk.workshop.database,
        desk.engine,
        connection_id,
        trigger="person",
        by=actor.name,
        clock=desk.workshop.clock,
        stop_after=wanted.stop_after,
    )
    return run_of(request, run_id)


@router.post("/companies/{company_id}/runs", dependencies=[Depends(needs(Scope.WRITE))])
def start_every(request: Request, company_id: str) -> Runs:
    """Start a run of every connection that can run; one whose plan waits to be read stays as it is."""
    desk = desk_of(request)
    started = run_every(desk.workshop.database, desk.engine, acting(request), company_id, clock=desk.workshop.clock)
    return Runs(runs=[run_of(request, each) for each in started])


@router.post("/connections/{connection_id}/pause", dependencies=[Depends(needs(Scope.MANAGE))])
def pause(request: Request, connection_id: str) -> ConnectionView:
    connections.pause(desk_of(request).workshop, acting(request), connection_id)
    return connection_seen(request, connection_id)


@router.post("/connections/{connection_id}/resume", dependencies=[Depends(needs(Scope.MANAGE))])
def resume(request: Request, connection_id: str) -> ConnectionView:
    connections.resume(desk_of(request).workshop, acting(request), connection_id)
    return connection_seen(request, connection_id)


@router.post("/connections/{connection_id}/disconnect", dependencies=[Depends(needs(Scope.OWN))])
def disconnect(request: Request, connection_id: str, leaving: Leaving | None = None) -> ConnectionView:
    """End a connection; nothing is deleted in QuickBooks. Refused while something of it stands in no finished export,
    which the answer names, unless that is confirmed.
    """
    confirmed = leaving is not None and leaving.without_export
    disconnecting.disconnect(desk_of(request).workshop, acting(request), connection_id, without_export=confirmed)
    return connection_seen(request, connection_id)


@router.post("/connections/{connection_id}/remove", dependencies=[Depends(needs(Scope.OWN))])
def remove(request: Request, connection_id: str) -> Done:
    """Take an account away that was created without a connection; anything else is disconnected instead."""
    setting_up.remove(desk_of(request).workshop, acting(request), connection_id)
    return Done(id=connection_id)


@router.post("/connections/{connection_id}/choices", dependencies=[Depends(needs(Scope.MANAGE))])
def choose(request: Request, connection_id: str, choice: Choice) -> Done:
    """Fill a role from a day on; without one from the beginning, or from today where it was filled before."""
    workshop, actor = desk_of(request).workshop, acting(request)
    choose_seen(
        workshop, actor, connection_id, choice.role, choice.ledger_id, choice.of, choice.first, seen=choice.seen
    )
    return Done(id=connection_id)


@router.post("/connections/{connection_id}/backfill", dependencies=[Depends(needs(Scope.OWN))])
def take_up(request: Request, connection_id: str, days: Days) -> Done:
    """Have days of a gap brought over by a plan that waits for approval."""
    backfill(desk_of(request).workshop, acting(request), connection_id, days.first, days.last)
    return Done(id=connection_id)


@router.post("/connections/{connection_id}/backfill/back", dependencies=[Depends(needs(Scope.OWN))])
def leave_again(request: Request, connection_id: str) -> Done:
    """Take back that days be brought over, as long as nobody approved their plan."""
    take_back(desk_of(request).workshop, acting(request), connection_id)
    return Done(id=connection_id)


@router.post("/runs/{run_id}/undo", dependencies=[Depends(needs(Scope.APPROVE))])
def undo(request: Request, run_id: str, wanted: Undo) -> RunView:
    """Ask for the plan that takes out what a run created; it waits for approval."""
    desk, of = desk_of(request), run_of(request, run_id)
    asked = Asked(run_id, (), wanted.names, wanted.void, wanted.certified)
    made = request_undo(
        desk.workshop.database,
        desk.engine,
        of.connection_id,
        asked,
        actor=acting(request),
        clock=desk.workshop.clock,
    )
    return run_of(request, made)


@router.post("/runs/{run_id}/{deed}", dependencies=[Depends(needs(Scope.WRITE))])
def change(request: Request, run_id: str, deed: RunDeed) -> RunView:
    """Pause a run, let it go on, or cancel it."""
    desk = desk_of(request)
    require(acting(request), Power.WORK)
    match deed:
        case RunDeed.PAUSE:
            requests.pause(desk.workshop.database, run_id)
        case RunDeed.RESUME:
            requests.resume(desk.workshop.database, desk.engine, run_id)
        case RunDeed.CANCEL:
            requests.cancel(desk.workshop.database, desk.engine, run_id, clock=desk.workshop.clock)
    return run_of(request, run_id)


@router.post("/plans/{plan_id}/approve", dependencies=[Depends(needs(Scope.APPROVE))])
def approve(request: Request, plan_id: str, if_match: Annotated[str, Header(max_length=200)]) -> RunView:
    """Approve the plan that was read, told by its ``ETag``, and have its run go on."""
    desk = desk_of(request)
    run = decisions.approve_plan(desk.workshop, acting(request), plan_id, if_match.strip().strip('"'))
    desk.engine.submit(run.id)
    return run_of(request, run.id)


@router.post("/holds/{hold_id}/answer", dependencies=[Depends(needs(Scope.WRITE))])
def answer(request: Request, hold_id: str, given: Answer) -> Done:
    """Say which entry of the ledger a bank line belongs to."""
    decisions.answer_hold(desk_of(request).workshop, acting(request), hold_id, given.ledger_id)
    return Done(id=hold_id)


@router.post("/holds/{hold_id}/conflict", dependencies=[Depends(needs(Scope.WRITE))])
def settle(request: Request, hold_id: str, given: Settled) -> Done:
    """Settle a conflict in one of the ways that it allows."""
    decisions.answer_conflict(
        desk_of(request).workshop, acting(request), hold_id, given.way, given.target, seen=given.seen
    )
    return Done(id=hold_id)


@router.post("/holds/{hold_id}/skip", dependencies=[Depends(needs(Scope.WRITE))])
def skip(request: Request, hold_id: str, given: Why) -> Done:
    """Leave a line out for good, with its reason."""
    decisions.skip_draft(desk_of(request).workshop, acting(request), hold_id, given.why)
    return Done(id=hold_id)


@router.post("/holds/{hold_id}/release", dependencies=[Depends(needs(Scope.WRITE))])
def let_go(request: Request, hold_id: str) -> Done:
    """Let what was undone be posted again."""
    release(desk_of(request).workshop, acting(request), [hold_id])
    return Done(id=hold_id)


@router.post("/problems/{problem_id}/resolved", dependencies=[Depends(needs(Scope.WRITE))])
def resolve(request: Request, problem_id: str, said: HandMade | None = None) -> Resolved:
    """Say that a record was entered by hand. It is tied to the document of that number or link, looked up in
    QuickBooks; where none is given or found it is declared, which the proof counts apart.
    """
    number = "" if said is None else said.document
    done = hand_made.resolve_by_hand(desk_of(request).workshop, acting(request), problem_id, number)
    return Resolved(id=problem_id, declared=done.declared, document=done.document)


@router.post("/problems/{problem_id}/{deed}", dependencies=[Depends(needs(Scope.WRITE))])
def close(request: Request, problem_id: str, deed: Literal[ProblemDeed.READY, ProblemDeed.ASIDE]) -> Done:
    """Have a problem's record tried again by the next run, or set a file aside of which something was not readable."""
    done = failures.mark_ready if deed is ProblemDeed.READY else failures.set_file_aside
    done(desk_of(request).workshop, acting(request), problem_id)
    return Done(id=problem_id)


@router.post("/drifts/{drift_id}/settle", dependencies=[Depends(needs(Scope.WRITE))])
def decide(request: Request, drift_id: str, given: Decided) -> Done:
    settle_drifts(desk_of(request).workshop, acting(request), [drift_id], given.way)
    return Done(id=drift_id)


@router.post("/connections/{connection_id}/drifts/settle", dependencies=[Depends(needs(Scope.WRITE))])
def decide_together(request: Request, connection_id: str, given: DecidedTogether) -> SettledTogether:
    """Settle several of a connection's drifts the same way; of all that wait the 2000 oldest at once."""
    workshop, actor = desk_of(request).workshop, acting(request)
    if given.drifts is None:
        done = settle_all(workshop, actor, given.way, connection_id, seen=given.seen)
    else:
        done = settle_drifts(workshop, actor, given.drifts, given.way, connection_id=connection_id)
    return SettledTogether(settled=list(done.ids), left=list(done.left))


def run_of(request: Request, run_id: str) -> RunView:
    """Return a run as programs read it."""
    with desk_of(request).workshop.database.read() as session:
        found = run_view(session, run_id)
    if found is None:
        raise HTTPException(404)
    return found


def connection_seen(request: Request, connection_id: str) -> ConnectionView:
    """Return a connection as programs read it."""
    with desk_of(request).workshop.database.read() as session:
        found = connection_view(session, connection_id)
    if found is None:
        raise HTTPException(404)
    return found
