"""Records: what the sources said, searched and filtered; one record with its documents, its story and its ways out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from raccord.onboarding.access.people import Power, may
from raccord.onboarding.arriving.arrivals import contacts_of
from raccord.onboarding.deciding.alike import alike_to_problem
from raccord.onboarding.deciding.by_hand import Way, decide, ways_of
from raccord.onboarding.deciding.suggesting import percent
from raccord.overview.answers import conflict_said
from raccord.overview.connections import connection_head, connection_names
from raccord.overview.history import SAID, Deed
from raccord.overview.lines.one_or_two import one_or_two
from raccord.overview.lines.rule_sentences import answer_said
from raccord.overview.pointing.at_source import Staged, stage_of, staged_streams
from raccord.overview.pointing.referred import referred
from raccord.overview.pointing.two_sides import sides_of
from raccord.overview.proofs import proof_of_day
from raccord.overview.records import RecordStory, RecordView, list_records, record_story
from raccord.overview.sold import Sold, sold_as
from raccord.overview.sought import Fate, Kind, Wanted
from raccord.overview.tables.records import record_table
from raccord.overview.weighing.counted import COUNTED, count_each_fate
from raccord.plugin.info import AtSource
from raccord.plugin.texts import Language
from raccord.store.models import Connection, DraftRow, SourceRecord
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting, let_to, within_of
from raccord_web.pages.failures import explained
from raccord_web.pages.forms import Fields
from raccord_web.pages.rendering import language_of, names_in, said_of, show
from raccord_web.parts.asking_accounts import OF_FILES, AskedAccounts, forms_about_files
from raccord_web.parts.held import settings_of
from raccord_web.parts.mapped import RoleView, placed_by, roles_of
from raccord_web.screens.home import PAGE, Offset
from raccord_web.words.names import Names
from raccord_web.words.states import FATES

router = APIRouter()

_LOOK: Mapping[str, tuple[str, str]] = {
    Deed.READ: ("download", ""),
    Deed.DRIFTED: ("git-compare-arrows", "warn"),
    Deed.DECIDED: ("pencil", ""),
    Deed.CLOSED: ("check", ""),
    Deed.MENDED: ("check", ""),
    Deed.PLANNED: ("scroll-text", ""),
    Deed.TO_UNDO: ("scroll-text", "warn"),
    Deed.LEFT_OUT: ("minus", ""),
    Deed.BLOCKED: ("ban", "bad"),
    Deed.APPROVED: ("check", ""),
    Deed.POSTED: ("check", "ok"),
    Deed.CHANGED: ("check", "ok"),
    Deed.LINKED: ("link", "ok"),
    Deed.UNDONE: ("history", ""),
    Deed.REFUSED: ("circle-alert", "bad"),
    Deed.FAILED: ("circle-alert", "bad"),
    Deed.ASKED: ("circle-help", "info"),
}
"""The icon and tone of each deed in a record's history."""
Search = Annotated[str, Query(max_length=100)]


@router.get("/records")
@router.get("/banque", include_in_schema=False)
@router.get("/operations", include_in_schema=False)
def records(
    request: Request,
    connection: str = "",
    fate: str = "",
    q: Search = "",
    first: str = "",
    last: str = "",
    kind: str = "",
    stage: str = "",
    offset: Offset = 0,
) -> Response:
    """Show records; the French names of the page (BF-06) lead here too."""
    wanted = _wanted(request, connection, fate, q, first, last, kind, stage)
    within = within_of(request)
    with desk_of(request).workshop.database.read() as session:
        # One day of one connection is what a line of the proof leads to: its sums stand above its records.
        sole = wanted.first is not None and wanted.first == wanted.last
        head = connection_head(session, connection) if sole and connection else None
        return show(
            request,
            "records/records.html",
            session,
            head=head,
            of_day=None if head is None or wanted.first is None else proof_of_day(session, head.id, wanted.first),
            listing=list_records(session, wanted, within=within, limit=PAGE, offset=offset),
            connections=connection_names(session, within=within),
            wanted=wanted,
            fates=list(Fate),
            kinds=list(Kind),
            by_fate=count_each_fate(session, wanted, within=within),
            counted=COUNTED,
            kept={
                "connection": connection,
                "q": q,
                "first": first,
                "last": last,
                "kind": wanted.kind or "",
                "stage": wanted.staged.stage if wanted.staged else "",
            },
            stages=_stages(request, language_of(request)),
        )


class _Words:
    """The table's headings and values as the page says them."""

    def __init__(self, names: Names) -> None:
        self._names, self._words = names, names.words
        self.language: Language = names.words.language

    def heading(self, column: str) -> str:
        return self._words(f"records_table.{column}")

    def stream(self, view: RecordView) -> str:
        return self._names.stream(view.connector, view.stream)

    def fate(self, view: RecordView) -> str:
        return self._words(FATES[view.fate].text)

    def reason(self, view: RecordView, code: str) -> str:
        return said_of(self._names, view.connector, code, {"case": str(view.state)}).what

    def kind(self, entity: str) -> str:
        return self._names.kind(entity)


@router.get("/records/table")
def table(
    request: Request,
    connection: str = "",
    fate: str = "",
    q: Search = "",
    first: str = "",
    last: str = "",
    kind: str = "",
    stage: str = "",
) -> Response:
    """Give the records that the list shows as a table."""
    wanted = _wanted(request, connection, fate, q, first, last, kind, stage)
    words = _Words(names_in(desk_of(request), language_of(request)))
    content = record_table(desk_of(request).workshop.database, wanted, within_of(request), words)
    headers = {"Content-Disposition": 'attachment; filename="raccord-records.csv"'}
    return StreamingResponse(content, media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/records/{record_id}")
def record(request: Request, record_id: str, problem: str = "", number: Search = "") -> Response:
    """Show one record; for ``problem`` what it may be is looked up in QuickBooks, or one by ``number``."""
    alike = []
    if problem:
        with desk_of(request).workshop.database.read() as session:
            let_to(request, session, "problem_id", problem)
        alike = alike_to_problem(desk_of(request).workshop, acting(request), problem, number)
    with desk_of(request).workshop.database.read() as session:
        story = record_story(session, int(record_id))
        if story is None:
            return explained(request, HTTPStatus.NOT_FOUND)
        return show(
            request, "records/record.html", session, story=story, view=story.view, connection="", kept_code="",
            lines=_mapping_lines(request, session, story.view), sides=sides_of(session, story.view.id),
            asked_here=_asked_of_file(request, session, story),
            of_files=OF_FILES,
            contacts=contacts_of(
                desk_of(request).workshop, session, session.get_one(Connection, story.view.connection_id)
            ),
            answer_said=answer_said, percent=percent, conflict_said=conflict_said, deed_said=SAID, history_look=_LOOK,
            others=referred(session, [(story.view.connection_id, story.facts)]),
            ways=_ways(request, session, story.view), sold=_sold(request, session, story.view),
            stage=_stage(request, session, story.view), find=problem,
            asked_of=one_or_two(session, [each.id for each in story.holds]),
            alike=alike, searched=number.strip(),
        )  # fmt: skip


@router.post("/records/{record_id}/by-hand")
def by_hand(request: Request, record_id: str, fields: Fields) -> Response:
    """Bring a record over although it stays out, or keep it out: what its page offers (EX-05)."""
    decide(desk_of(request).workshop, acting(request), int(record_id), fields.get("way", ""))
    return RedirectResponse(f"/records/{record_id}?done=by_hand", HTTPStatus.SEE_OTHER)


@dataclass(frozen=True, slots=True)
class _Cause:
    """Why a record waits."""

    connection_id: str
    code: str


def _asked_of_file(request: Request, session: Session, story: RecordStory) -> AskedAccounts | None:
    """Return the form with what the record's file leaves open, where the record waits for that."""
    view = story.view
    codes = [*(each.code for each in story.problems), view.reason]
    forms = forms_about_files(request, session, [_Cause(view.connection_id, code) for code in codes])
    for asked in forms.values():
        own = [each for each in asked.questions if view.file and each.file == view.file]
        return replace(asked, questions=own or asked.questions)
    return None


def _sold(request: Request, session: Session, view: RecordView) -> Sold | None:
    """Return where the lines of something sold post, where the source's stream is of such things (TD-41)."""
    workshop = desk_of(request).workshop
    connection = session.get_one(Connection, view.connection_id)
    admitted = workshop.scopes.catalog.get(connection.connector)
    if admitted is None or all(each.sold_as is None for each in admitted.info.streams if each.name == view.stream):
        return None
    settings = settings_of(workshop, connection, admitted.info)
    return sold_as(session, admitted.info, connection, settings, session.get_one(SourceRecord, view.id))


def _ways(request: Request, session: Session, view: RecordView) -> Sequence[Way]:
    """Return what whoever looks may decide of a record, each with what follows."""
    connection = session.get_one(Connection, view.connection_id)
    admitted = desk_of(request).workshop.scopes.catalog.get(connection.connector)
    if admitted is None:
        return ()
    granted, actor = connection.manage_granted_at is not None, acting(request)
    ways = ways_of(session, admitted.info, connection, session.get_one(SourceRecord, view.id))
    return [each for each in ways if may(actor, each.power, admitted.info, manage_granted=granted)]


def _mapping_lines(request: Request, session: Session, view: RecordView) -> Mapping[int, Sequence[RoleView]]:
    """Return, by draft, the lines of the mapping that placed what is posted, for those who may change them (CH-65)."""
    connection = session.get_one(Connection, view.connection_id)
    admitted = desk_of(request).workshop.scopes.catalog.get(connection.connector)
    granted = connection.manage_granted_at is not None
    if admitted is None or not may(acting(request), Power.MANAGE, admitted.info, manage_granted=granted):
        return {}
    roles = roles_of(session, connection, admitted.info)
    posted = [each.draft_id for each in view.documents if each.linked_at is not None]
    drafts = session.scalars(select(DraftRow).where(DraftRow.id.in_(posted)))
    return {draft.id: placed_by(roles, draft.body, draft.day or view.day) for draft in drafts}


def _stages(request: Request, language: Language) -> Mapping[AtSource, str]:
    """Return how records may stand at sources that say so, in their words."""
    admitted = desk_of(request).workshop.scopes.catalog.admitted.values()
    said: dict[AtSource, set[str]] = {}
    for stream in (stream for each in admitted for stream in each.info.streams):
        for stage, text in stream.at_source.items():
            said.setdefault(stage, set()).add(text.get(language))
    return {stage: " / ".join(sorted(said[stage])) for stage in AtSource if stage in said}


def _stage(request: Request, session: Session, view: RecordView) -> str:
    """Return how a record stands at its source in the source's words, or nothing where it does not say."""
    admitted = desk_of(request).workshop.scopes.catalog.get(view.connector)
    stages = [each.at_source for each in admitted.info.streams if each.name == view.stream] if admitted else []
    if not stages or not stages[0] or view.amount is None:
        return ""
    stage = stage_of(session, view.connection_id, view.stream, view.source_id, view.id)
    return stages[0][stage].get(language_of(request))


def _wanted(
    request: Request, connection: str, fate: str, q: str, first: str, last: str, kind: str, stage: str
) -> Wanted:
    """Return what an address asks for; what it names and nobody knows is not asked."""
    streams = staged_streams(desk_of(request).workshop.scopes.catalog)
    return Wanted(
        connection,
        Fate(fate) if fate in set(Fate) else None,
        q.strip(),
        _day(first),
        _day(last),
        kind=Kind(kind) if kind in set(Kind) else None,
        staged=Staged(AtSource(stage), streams) if stage in set(AtSource) and streams else None,
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None
