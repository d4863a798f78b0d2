"""What programs read: the views that the pages show, within the token's company, every list in parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, HTTPException, Query
from pydantic import BaseModel, ConfigDict
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from raccord.onboarding.access.api_tokens import Scope
from raccord.onboarding.closing.holes import Hole, holes_of
from raccord.overview.answers import PluginAnswer
from raccord.overview.approving.table import plan_table
from raccord.overview.audit import Entry, WantedEntries, audit_log
from raccord.overview.companies import CompanyView, list_companies
from raccord.overview.connections import ConnectionView, connection_view, list_connections
from raccord.overview.coverage import Interval, coverage_of
from raccord.overview.drifts import DriftView, open_drifts
from raccord.overview.history import Happening
from raccord.overview.lines.said_by_source import with_said
from raccord.overview.listing import Listing
from raccord.overview.plans import AccountEffect, LineView, PlanSummary, plan_effect, plan_lines, plan_summary
from raccord.overview.pointing.at_source import Staged, staged_streams
from raccord.overview.problems import ProblemGroup, ProblemView, open_problems, problem_groups
from raccord.overview.proofs import ProofRow, ProofTotal, proof_rows, proof_totals
from raccord.overview.questions import MissingChoice, Question, missing_choices, open_questions
from raccord.overview.records import RecordView, list_records, record_story
from raccord.overview.runs import RunView, recent_runs, run_view
from raccord.overview.sought import Fate, Kind, Wanted
from raccord.overview.tables.entries import entry_table
from raccord.overview.tables.records import record_table
from raccord.plugin.info import AtSource
from raccord.store.canonical import canonical, exact
from raccord.store.models import Action, Certificate, Connection
from raccord_web.api.paging import Asked, Part, part, part_of
from raccord_web.api.programs import program_in
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import within_of
from raccord_web.pages.rendering import language_of, names_in, said_of

router = APIRouter()
View = TypeVar("View")

Of = Annotated[str, Query(max_length=64)]
"""An id that a list is narrowed to; empty for no narrowing."""
Word = Annotated[str, Query(max_length=200)]


class Me(BaseModel):
    """For whom the token speaks, and how far."""

    email: str
    token: str
    company_id: str
    role: str
    scope: Scope
    ends_at: datetime


class PluginView(BaseModel):
    """A connector that is installed."""

    name: str
    label: Mapping[str, str]
    version: str
    streams: Sequence[str]
    modes: Sequence[str]


class RecordDetail(BaseModel):
    """A record with what its source said, fields as text."""

    view: RecordView
    facts: Mapping[str, str]
    raw: str
    answers: Sequence[PluginAnswer]
    """What plugins gave to its roles and how they settled its conflicts."""
    history: Sequence[Happening]
    """Everything that happened to it, the first thing first."""


class CertificateView(BaseModel):
    """A month as somebody certified it."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    company_id: str
    month: date
    version: int
    made_at: datetime
    made_by: str
    clean: bool
    hash: str


class CertificateFile(BaseModel):
    """A certificate as ``raccord proof check`` verifies it."""

    certificate: dict[str, Any]
    sha256: str


def _entries(
    connection: Of = "", actor: Word = "", action: Word = "", origin: Word = "", first: date | None = None,
    last: date | None = None,
) -> WantedEntries:  # fmt: skip
    """Say which entries of the audit are asked for; ``origin`` is what the address begins with, or is in the device or
    the token's name; days are in UTC.
    """
    return WantedEntries(
        connection_id=connection, actor=actor.strip(), action=action.strip(), origin=origin.strip(), first=first,
        last=last,
    )  # fmt: skip


@router.get("/me")
def me(request: Request) -> Me:
    program = program_in(request)
    actor = program.reach.actor_in(program.company_id)
    if actor is None:
        raise HTTPException(404)
    return Me(
        email=program.email,
        token=program.token,
        company_id=program.company_id,
        role=actor.role,
        scope=program.scope,
        ends_at=program.ends_at,
    )


@router.get("/companies")
def companies(request: Request, asked: Asked) -> Part[CompanyView]:
    with desk_of(request).workshop.database.read() as session:
        return part(list_companies(session, within=within_of(request), limit=asked.limit, offset=asked.offset))


@router.get("/plugins")
def plugins(request: Request, asked: Asked) -> Part[PluginView]:
    infos = [admitted.info for admitted in desk_of(request).workshop.scopes.catalog.admitted.values()]
    views = [
        PluginView(
            name=info.name,
            label={"fr": info.label.fr, "en": info.label.en},
            version=info.version,
            streams=[stream.name for stream in info.streams],
            modes=sorted(info.modes),
        )
        for info in infos
    ]
    return part_of(views, asked)


@router.get("/connections")
def connections(request: Request, asked: Asked, company: Of = "") -> Part[ConnectionView]:
    with desk_of(request).workshop.database.read() as session:
        return part(
            list_connections(
                session, company or None, within=within_of(request), limit=asked.limit, offset=asked.offset
            )
        )


@router.get("/connections/{connection_id}")
def connection(request: Request, connection_id: str) -> ConnectionView:
    with desk_of(request).workshop.database.read() as session:
        return _found(connection_view(session, connection_id))


@router.get("/connections/{connection_id}/coverage")
def coverage(request: Request, connection_id: str, asked: Asked) -> Part[Interval]:
    """Return which days are covered, and which are not and why."""
    workshop = desk_of(request).workshop
    with workshop.database.read() as session:
        return part_of(coverage_of(workshop, session, session.get_one(Connection, connection_id)), asked)


@router.get("/connections/{connection_id}/gaps")
def gaps(request: Request, connection_id: str, asked: Asked) -> Part[Hole]:
    """Return the days that were not brought over, each stretch with its reason."""
    workshop = desk_of(request).workshop
    with workshop.database.read() as session:
        return part_of(holes_of(workshop, session, session.get_one(Connection, connection_id)), asked)


@router.get("/connections/{connection_id}/missing-choices")
def missing(request: Request, connection_id: str, asked: Asked) -> Part[MissingChoice]:
    """Return the roles that nobody filled and that documents wait for."""
    with desk_of(request).workshop.database.read() as session:
        return part_of(missing_choices(session, connection_id, within=within_of(request)), asked)


@router.get("/connections/{connection_id}/proofs")
def proofs(
    request: Request, connection_id: str, asked: Asked, month: date | None = None, unequal: bool = False
) -> Part[ProofRow]:
    """Return the proof day by day, of one month (any day of it) or all."""
    with desk_of(request).workshop.database.read() as session:
        first = None if month is None else month.replace(day=1)
        return part(
            proof_rows(
                session, connection_id, month=first, unequal_only=unequal, limit=asked.limit, offset=asked.offset
            )
        )


@router.get("/connections/{connection_id}/proof-totals")
def totals(request: Request, connection_id: str, asked: Asked) -> Part[ProofTotal]:
    with desk_of(request).workshop.database.read() as session:
        return part_of(proof_totals(session, [connection_id]), asked)


@router.get("/records")
def records(
    request: Request,
    asked: Asked,
    connection: Of = "",
    fate: Fate | None = None,
    q: Annotated[str, Query(max_length=100)] = "",
    first: date | None = None,
    last: date | None = None,
    kind: Kind | None = None,
    stage: AtSource | None = None,
) -> Part[RecordView]:
    """Return records, the newest day first; ``kind`` is what their documents are or would be, ``stage`` how they stand
    at sources that say so.
    """
    wanted = Wanted(connection, fate, q.strip(), first, last, kind=kind, staged=_staged(request, stage))
    with desk_of(request).workshop.database.read() as session:
        return part(
            list_records(session, wanted, within=within_of(request), limit=asked.limit, offset=asked.offset)
        )  # fmt: skip


@router.get(
    "/records/table",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}, "description": "The table."}},
)
def records_table(
    request: Request,
    connection: Of = "",
    fate: Fate | None = None,
    q: Annotated[str, Query(max_length=100)] = "",
    first: date | None = None,
    last: date | None = None,
    kind: Kind | None = None,
    stage: AtSource | None = None,
) -> StreamingResponse:
    """Return the records of a list as CSV, with the documents that they became."""
    wanted = Wanted(connection, fate, q.strip(), first, last, kind=kind, staged=_staged(request, stage))
    content = record_table(desk_of(request).workshop.database, wanted, within_of(request))
    return StreamingResponse(content, media_type="text/csv; charset=utf-8")


@router.get("/records/{record_id}")
def record(request: Request, record_id: str) -> RecordDetail:
    with desk_of(request).workshop.database.read() as session:
        story = _found(record_story(session, int(record_id)))
        return RecordDetail(
            view=story.view, facts=story.facts, raw=story.raw, answers=story.answers, history=story.history
        )


def _staged(request: Request, stage: AtSource | None) -> Staged | None:
    return None if stage is None else Staged(stage, staged_streams(desk_of(request).workshop.scopes.catalog))


@router.get("/problems")
def problems(request: Request, asked: Asked, connection: Of = "", code: Word = "") -> Part[ProblemView]:
    with desk_of(request).workshop.database.read() as session:
        within = within_of(request)
        return part(
            open_problems(
                session, connection or None, within=within, code=code, limit=asked.limit, offset=asked.offset
            )
        )  # fmt: skip


@router.get("/problem-causes")
def causes(request: Request, asked: Asked, connection: Of = "") -> Part[ProblemGroup]:
    """Return open problems by cause."""
    with desk_of(request).workshop.database.read() as session:
        within = within_of(request)
        return part(
            problem_groups(session, connection or None, within=within, limit=asked.limit, offset=asked.offset)
        )  # fmt: skip


@router.get("/holds")
def holds(request: Request, asked: Asked, connection: Of = "") -> Part[Question]:
    """Return what waits for a person, with the answers that it takes."""
    workshop = desk_of(request).workshop
    with workshop.database.read() as session:
        within = within_of(request)
        found = open_questions(session, connection or None, within=within, limit=asked.limit, offset=asked.offset)
        return part(replace(found, rows=with_said(session, workshop.scopes.catalog, found.rows)))


@router.get("/runs")
def runs(request: Request, asked: Asked, connection: Of = "") -> Part[RunView]:
    with desk_of(request).workshop.database.read() as session:
        within = within_of(request)
        return part(recent_runs(session, connection or None, within=within, limit=asked.limit, offset=asked.offset))


@router.get("/runs/{run_id}")
def run(request: Request, run_id: str) -> RunView:
    with desk_of(request).workshop.database.read() as session:
        return _found(run_view(session, run_id))


@router.get("/plans/{plan_id}")
def plan(request: Request, response: Response, plan_id: str) -> PlanSummary:
    """Return a plan; approving it asks for the ``ETag`` of this answer, which is its hash."""
    with desk_of(request).workshop.database.read() as session:
        found = _found(plan_summary(session, plan_id))
    response.headers["ETag"] = f'"{found.hash}"'
    return found


@router.get("/plans/{plan_id}/lines")
def lines(request: Request, plan_id: str, asked: Asked, action: Action | None = None) -> Part[LineView]:
    with desk_of(request).workshop.database.read() as session:
        return part(plan_lines(session, plan_id, action=action, limit=asked.limit, offset=asked.offset))


@router.get(
    "/plans/{plan_id}/table",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}, "description": "The table."}},
)
def table(request: Request, plan_id: str) -> StreamingResponse:
    """Return the plan's lines as CSV, as the plan's page gives them; ``why`` speaks the language that is asked for."""
    desk = desk_of(request)
    content = plan_table(desk.workshop.database, plan_id, partial(said_of, names_in(desk, language_of(request))))
    return StreamingResponse(content, media_type="text/csv; charset=utf-8")


@router.get("/plans/{plan_id}/effects")
def effects(request: Request, plan_id: str, asked: Asked) -> Part[AccountEffect]:
    """Return by how much each account moves, in the company's home currency."""
    with desk_of(request).workshop.database.read() as session:
        return part(plan_effect(session, plan_id, limit=asked.limit, offset=asked.offset))


@router.get("/drifts")
def drifts(request: Request, asked: Asked, connection: Of = "") -> Part[DriftView]:
    """Return what people changed in QuickBooks and nobody decided about."""
    with desk_of(request).workshop.database.read() as session:
        within = within_of(request)
        return part(open_drifts(session, connection or None, within=within, limit=asked.limit, offset=asked.offset))


@router.get("/certificates")
def certificates(request: Request, asked: Asked) -> Part[CertificateView]:
    with desk_of(request).workshop.database.read() as session:
        return part(_certificates(session, within_of(request) or frozenset(), asked.limit, asked.offset))


@router.get("/certificates/{certificate_id}", response_model=CertificateFile)
def certificate(request: Request, certificate_id: str) -> Response:
    """Return a certificate, digit for digit as it was signed off: the answer is a file that the check takes."""
    with desk_of(request).workshop.database.read() as session:
        found = session.get_one(Certificate, certificate_id)
        text = canonical({"certificate": exact(found.body), "sha256": found.hash})
    return Response(text, media_type="application/json")


@router.get("/audit")
def audit(request: Request, asked: Asked, wanted: Annotated[WantedEntries, Depends(_entries)]) -> Part[Entry]:
    with desk_of(request).workshop.database.read() as session:
        return part(audit_log(session, wanted, within=within_of(request), limit=asked.limit, offset=asked.offset))


@router.get(
    "/audit/table",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}, "description": "The table."}},
)
def audit_table(request: Request, wanted: Annotated[WantedEntries, Depends(_entries)]) -> StreamingResponse:
    """Return the entries of the list as CSV, the newest first."""
    content = entry_table(desk_of(request).workshop.database, wanted, within_of(request))
    return StreamingResponse(content, media_type="text/csv; charset=utf-8")


def _certificates(session: Session, within: frozenset[str], limit: int, offset: int) -> Listing[CertificateView]:
    mine = Certificate.company_id.in_(within)
    newest = (Certificate.month.desc(), Certificate.version.desc(), Certificate.id)
    rows = session.scalars(select(Certificate).where(mine).order_by(*newest).limit(limit).offset(offset))
    total = session.scalar(select(func.count()).select_from(Certificate).where(mine)) or 0
    return Listing([CertificateView.model_validate(row) for row in rows], total, offset, limit)


def _found(view: View | None) -> View:
    """Return a view that is there; the guard let nobody on to a row that is not."""
    if view is None:
        raise HTTPException(404)
    return view
