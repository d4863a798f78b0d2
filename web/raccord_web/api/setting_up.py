"""Connecting a source from the draft to the first plan: where it stands, its gates, its mode, its first day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel, Field, StringConstraints
from starlette.requests import Request

from raccord.enablement import is_allowed
from raccord.jobs.requests import request_run
from raccord.onboarding.access.api_tokens import Scope
from raccord.onboarding.access.people import Power, require
from raccord.onboarding.arriving import answering
from raccord.onboarding.arriving.answering import FileAnswer, all_unsettled, answer_file, questions_of
from raccord.onboarding.arriving.asked_first import answer_first
from raccord.onboarding.arriving.untold_accounts import AccountTold, name_account
from raccord.onboarding.connecting import connections
from raccord.onboarding.connecting.connections import NewConnection
from raccord.onboarding.gates.gates import gates_of, pass_gate
from raccord.onboarding.setting_up import steps as setting_up
from raccord.onboarding.setting_up.chart_accounts import NewAccount, add_account
from raccord.onboarding.setting_up.steps import begin
from raccord.overview.connections import ConnectionView
from raccord.overview.plans import waiting_plan
from raccord.overview.runs import RunView
from raccord.plugin.info import Mode, Stage
from raccord.plugin.texts import Text
from raccord.store.models import ConnectionState
from raccord_web.api.deeds import Done, Id, Words, connection_seen, run_of
from raccord_web.api.managing import Setting, held, require_known
from raccord_web.api.programs import needs
from raccord_web.api.repeating import Repeatable, repeatable
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting
from raccord_web.parts.mapped import roles_of

router = APIRouter()
deeds = APIRouter(route_class=Repeatable, dependencies=[Depends(repeatable)])
Named = Annotated[str, StringConstraints(max_length=80, strip_whitespace=True, pattern=r"^[^\x00]*$")]
Zone = Annotated[str, StringConstraints(max_length=60, pattern=r"^[^\x00]*$")]


class GateState(BaseModel):
    """What must be done before a stage of the set-up; ``turn`` says that it is the next one."""

    name: str
    before: Stage
    title: Mapping[str, str]
    why: Mapping[str, str]
    how: Mapping[str, str]
    link: str
    said: bool
    passed: bool
    turn: bool
    by: str
    at: datetime | None


class SetUp(BaseModel):
    """Where the set-up of a connection stands."""

    connection_id: str
    state: ConnectionState
    mode: Mode
    starts_on: date
    time_zone: str
    cut_off: str
    approved_at: datetime | None
    missing_roles: Sequence[str]
    gates: Sequence[GateState]
    plan_id: str
    """The plan that waits for approval; empty while there is none."""


class NewSource(BaseModel):
    """A source account that is to be connected; ``passed`` names the gates that are passed already."""

    connector: Id
    values: Annotated[dict[Id, Setting], Field(max_length=200)]
    label: Named = ""
    mode: Mode = Mode.FIRST_TIME
    starts_on: date | None = None
    time_zone: Zone = ""
    """The source's; empty: that of the company, by its connections or its country."""
    passed: Annotated[list[Id], Field(max_length=50)] = []
    seen: Annotated[str, StringConstraints(max_length=20_000)] = ""
    """The ``ETag`` of the settings of the set-up that was begun for this account, to begin it again with others."""


class GateSaid(BaseModel):
    """That what a gate asks for is done, or is not yet."""

    gate: Id
    passed: bool = True


class ModeSaid(BaseModel):
    """Whether these books know the source already."""

    mode: Mode


class ScopeSaid(BaseModel):
    """The first day that is brought over, and when the source's days end."""

    first: date
    time_zone: Zone
    cut_off: Annotated[str, StringConstraints(pattern=r"^[0-2][0-9]:[0-5][0-9]$")] = "00:00"


class AccountIn(BaseModel):
    """An account to add to the chart of accounts, and the role that it fills."""

    role: Id
    name: Words
    kind: NewAccount
    of: Words = ""
    number: Words = ""
    journal: Id | None = None
    """The id of a journal code, where the company keeps journals."""


@router.get("/connections/{connection_id}/setup")
def where(request: Request, connection_id: str) -> SetUp:
    """Return where the set-up stands: gates, roles that nobody filled, and the plan that waits."""
    connection, info = held(request, connection_id)
    with desk_of(request).workshop.database.read() as session:
        views = gates_of(session, connection, info)
        missing = [each.info.name for each in roles_of(session, connection, info) if each.missing]
        plan = waiting_plan(session, connection_id)
    gates = [
        GateState(
            name=each.info.name,
            before=each.info.before,
            title={"fr": each.info.title.fr, "en": each.info.title.en},
            why={"fr": each.info.why.fr, "en": each.info.why.en},
            how={"fr": each.info.how.fr, "en": each.info.how.en},
            link=each.info.link,
            said=each.info.said,
            passed=each.passed,
            turn=each.turn,
            by=each.by,
            at=each.at,
        )
        for each in views
    ]
    return SetUp(
        connection_id=connection.id,
        state=ConnectionState(connection.state),
        mode=Mode(connection.mode),
        starts_on=connection.starts_on,
        time_zone=connection.time_zone,
        cut_off=connection.cut_off,
        approved_at=connection.approved_at,
        missing_roles=missing,
        gates=gates,
        plan_id="" if plan is None else plan.id,
    )


class FileAccount(BaseModel):
    """An account of files that nobody told yet, with what is in them; ``number`` is the end of its number."""

    key: str
    bank: str
    number: str
    files: Sequence[str]
    lines: int
    first: date
    last: date


class FileAccountIn(BaseModel):
    """Which account it is: a bank or card account of QuickBooks by its id, or a new one by its name and kind.

    A name alone says what an account is called that files do not name. ``leave_out`` has its lines left out instead.
    """

    key: Words
    ledger_id: Id | None = None
    name: Words | None = None
    kind: NewAccount | None = None
    leave_out: bool = False


@router.get("/connections/{connection_id}/file-accounts")
def file_accounts(request: Request, connection_id: str) -> list[FileAccount]:
    """Return the accounts of files of which nobody said which of the books they are, each asked once."""
    held(request, connection_id)
    return [
        FileAccount(
            key=each.key, bank=each.seen.bank, number=each.seen.number, files=each.seen.files, lines=each.seen.lines,
            first=each.seen.first, last=each.seen.last,
        )
        for each in all_unsettled(desk_of(request).workshop, connection_id).accounts
    ]  # fmt: skip


@deeds.post("/connections/{connection_id}/file-accounts", dependencies=[Depends(needs(Scope.MANAGE))])
def say_file_account(request: Request, connection_id: str, said: FileAccountIn) -> Done:
    """Say which account files are of; the next run goes on with their lines."""
    told = AccountTold(said.ledger_id or "", said.name or "", said.kind or "", said.leave_out)
    name_account(desk_of(request).workshop, acting(request), connection_id, said.key, told)
    return Done(id=connection_id)


class Reading(BaseModel):
    """One way to read a file: the answer that chooses it, its name, and what each example becomes under it."""

    answer: str
    label: Mapping[str, str]
    shown: Sequence[Mapping[str, str]]


class FileAsk(BaseModel):
    """One thing that is asked about a file; for ``cells`` the answer is ``part:number …``."""

    code: str
    text: Mapping[str, str]
    answers: Sequence[str]
    examples: Sequence[str]
    readings: Sequence[Reading]
    cells: Sequence[str]
    parts: Sequence[str]


class FileQuestion(BaseModel):
    """All that is asked about one file; ``unnamed`` is the account that it does not name, empty where it does."""

    key: str
    file: str
    asks: Sequence[FileAsk]
    unnamed: str


class FileAnswerIn(BaseModel):
    """An answer for each thing that is asked, by its code, and which account the file is of, where that is asked.

    It counts for all files that are written like it, or for this one only (``every`` false). ``without`` is the number
    of a file that is to be taken back, where that asks first.
    """

    key: Words
    answers: Annotated[dict[Id, Words], Field(max_length=20)]
    every: bool = True
    ledger_id: Id | None = None
    name: Words | None = None
    kind: NewAccount | None = None
    without: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None


@router.get("/connections/{connection_id}/file-questions")
def file_questions(request: Request, connection_id: str) -> list[FileQuestion]:
    """Return what files leave open, with rows of them as each answer reads them."""
    held(request, connection_id)
    return [told_question(each) for each in questions_of(desk_of(request).workshop, connection_id)]


def told_question(asked: answering.FileQuestion) -> FileQuestion:
    """Return a question as it is told."""
    return FileQuestion(
        key=asked.key,
        file=asked.file,
        unnamed=asked.unnamed,
        asks=[
            FileAsk(
                code=ask.code,
                text=_both(ask.text),
                answers=ask.answers,
                examples=ask.examples,
                readings=[
                    Reading(answer=one.answer, label=_both(one.label), shown=[_both(text) for text in one.shown])
                    for one in ask.readings
                ],
                cells=ask.cells,
                parts=ask.parts,
            )
            for ask in asked.asks
        ],
    )


@deeds.post("/connections/{connection_id}/file-questions", dependencies=[Depends(needs(Scope.MANAGE))])
def say_of_file(request: Request, connection_id: str, said: FileAnswerIn) -> Done:
    """Answer all that is asked about a file; the next run reads its lines."""
    workshop, actor = desk_of(request).workshop, acting(request)
    if said.without is not None:
        answer = FileAnswer(said.key, said.answers, said.every)
        answer_first(workshop, actor, connection_id, said.without, answer)
        return Done(id=connection_id)
    told = AccountTold(said.ledger_id or "", said.name or "", said.kind or "")
    answer_file(
        workshop, actor, connection_id, said.key, said.answers,
        every=said.every, told=told if told != AccountTold() else None,
    )  # fmt: skip
    return Done(id=connection_id)


def _both(text: Text) -> dict[str, str]:
    return {"fr": text.fr, "en": text.en}


@deeds.post("/companies/{company_id}/connections", dependencies=[Depends(needs(Scope.OWN))])
def connect(request: Request, company_id: str, wanted: NewSource) -> ConnectionView:
    """Keep a source account as a draft, or return the one begun for it; nothing is read before it is started."""
    workshop, actor = desk_of(request).workshop, acting(request)
    require(actor, Power.LINK)
    admitted = workshop.scopes.catalog.get(wanted.connector)
    with workshop.database.read() as session:
        if admitted is None or not is_allowed(session, wanted.connector):
            raise HTTPException(HTTPStatus.NOT_FOUND)
    require_known(admitted.info, wanted.values)
    new = NewConnection(
        company_id=company_id,
        connector=wanted.connector,
        values=wanted.values,
        label=wanted.label,
        mode=wanted.mode,
        starts_on=wanted.starts_on,
        time_zone=wanted.time_zone,
        passed=frozenset(wanted.passed),
        seen=wanted.seen.strip('"'),
    )
    return connection_seen(request, begin(workshop, actor, new).id)


@deeds.post("/connections/{connection_id}/gates", dependencies=[Depends(needs(Scope.OWN))])
def gate(request: Request, connection_id: str, said: GateSaid) -> SetUp:
    """Say that what a gate asks for is done, or that it is not yet."""
    pass_gate(desk_of(request).workshop, acting(request), connection_id, said.gate, passed=said.passed)
    return where(request, connection_id)


@deeds.post("/connections/{connection_id}/mode", dependencies=[Depends(needs(Scope.OWN))])
def mode(request: Request, connection_id: str, said: ModeSaid) -> SetUp:
    """Say otherwise whether these books know the source already; only before the first approval."""
    setting_up.set_mode(desk_of(request).workshop, acting(request), connection_id, said.mode)
    return where(request, connection_id)


@deeds.post("/connections/{connection_id}/scope", dependencies=[Depends(needs(Scope.OWN))])
def scope(request: Request, connection_id: str, said: ScopeSaid) -> SetUp:
    """Say from which day on data is brought over, and when the source's days end; only before the first approval."""
    workshop = desk_of(request).workshop
    setting_up.set_scope(workshop, acting(request), connection_id, said.first, said.time_zone, said.cut_off)
    return where(request, connection_id)


@deeds.post("/connections/{connection_id}/activate", dependencies=[Depends(needs(Scope.OWN))])
def activate(request: Request, connection_id: str) -> RunView:
    """Start a connection that is a draft: its run makes the first plan, which waits for approval."""
    desk, actor = desk_of(request), acting(request)
    connections.activate(desk.workshop, actor, connection_id)
    made = request_run(
        desk.workshop.database, desk.engine, connection_id, trigger="person", by=actor.name, clock=desk.workshop.clock
    )
    return run_of(request, made)


@deeds.post("/connections/{connection_id}/accounts", dependencies=[Depends(needs(Scope.MANAGE))])
def add(request: Request, connection_id: str, wanted: AccountIn) -> Done:
    """Add an account to the chart of accounts and fill a role with it."""
    workshop, actor = desk_of(request).workshop, acting(request)
    add_account(
        workshop, actor, connection_id, wanted.role, wanted.name, wanted.kind, wanted.of, number=wanted.number,
        journal=wanted.journal or "",
    )  # fmt: skip
    return Done(id=connection_id)
