"""Taking back a file that was handed in wrongly: what only it said is left out, and all else is read without it.

Before anything is done a person sees what goes and what stays. What is in QuickBooks stays there: it is undone as
everything else is, before or after, or it is left, and then it is asked about. Where another file tells it too, under
an id of its own, it goes on as that file tells it: the same record and the same document, and nothing is posted again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from raccord.onboarding.access.people import Actor, Power, require
from raccord.onboarding.arriving import files_back_refusals as refusals
from raccord.onboarding.arriving.answering import FileQuestion, asked_in
from raccord.onboarding.arriving.carried_over import carry_over
from raccord.onboarding.arriving.file_weights import FileWeight, StaysInBooks, TakenBack
from raccord.onboarding.arriving.reading_ahead import AGAIN_MAX, takes_files
from raccord.onboarding.arriving.receiving import UPLOAD
from raccord.onboarding.arriving.said_by_files import Said, said_by
from raccord.onboarding.arriving.told_by_others import told_by_others
from raccord.onboarding.arriving.untold_accounts import said_of
from raccord.onboarding.gates.passed_steps import UNDER_WAY
from raccord.onboarding.sources.source_accounts import info_of
from raccord.plugin.info import ConnectorInfo
from raccord.store import events
from raccord.store.files import given
from raccord.store.models import (
    Company,
    Connection,
    Posting,
    PostingState,
    Problem,
    ProblemState,
    Run,
    RunState,
    SourceFile,
    StreamCursor,
)
from raccord.sync.bodies import digest
from raccord.sync.fetching.kept import in_books_among
from raccord.sync.fetching.told_as import Moved, Place, all_moved, free_told, move
from raccord.sync.lines.titles import titles_of
from raccord.sync.mapping.unsaid import Standing, close_told, going, leave_unsaid, say_anew, standing
from raccord.sync.phases import UNDO
from raccord.sync.planning.plans import set_aside
from raccord.sync.posting.periods import certified_months
from raccord.sync.proving.certified import REASON_MAX, REASON_MIN
from raccord.sync.resolving.holds import alone_in
from raccord.sync.workshop import Workshop

DOCUMENTS_MAX = 100
"""Documents that are named; all are counted."""


@dataclass(slots=True)
class _Reading:
    """What a file says, and what all files say with it and without it, at one state of the connection."""

    file: SourceFile
    held: Sequence[int]
    """Its number, and those of the files in it."""
    revision: int
    given: Sequence[int]
    moved_before: Sequence[Moved] = ()
    own: Said = field(default_factory=Said)
    whole: Said = field(default_factory=Said)
    rest: Said = field(default_factory=Said)
    told: dict[Place, Place] = field(default_factory=dict)
    """What goes and other files tell under ids of their own, which count nothing while this file is here."""
    goes_on: set[Place] = field(default_factory=set)
    """Of these, what is in the books: it goes on under its id as what the other file tells."""
    keys: frozenset[str] = frozenset()
    """Under which is answered what is asked about the file and no other one, had nobody answered anything."""
    asks: Sequence[FileQuestion] = ()
    """What is asked about the others only without the file, and nobody answered."""

    @property
    def gone(self) -> set[Place]:
        """Return what no other file says, and so what goes."""
        said = self.whole.hashes.keys() if self.whole.stopped is None else {*self.whole.hashes, *self.own.hashes}
        return set(said) - self.rest.hashes.keys() - self.goes_on

    @property
    def moved(self) -> list[Moved]:
        """Return under which ids what goes on is told from now on."""
        told = [(self.rest.told_as.get(self.told[one], self.told[one]), one) for one in sorted(self.goes_on)]
        return [Moved(place[0], place[1], one[1], self.rest.hashes[self.told[one]]) for place, one in told]

    @property
    def accounts(self) -> set[tuple[str, str]]:
        """Return the accounts of what goes and others tell, each with the one as which it is told from now on."""
        whole, rest = self.whole.accounts, self.rest.accounts
        return {(whole.get(one, ""), rest.get(other, "")) for one, other in self.told.items()}

    @property
    def otherwise(self) -> set[Place]:
        """Return what the other files say otherwise, but for what tells something that goes on."""
        said = {place for place, said in self.rest.hashes.items() if self.whole.hashes.get(place, said) != said}
        return said - {self.told[one] for one in self.goes_on}

    @property
    def lines(self) -> set[Place]:
        """Return the records that a person counts in the file, as they are among those of all files.

        Read alone its account may bear another name, and so its records other ids.
        """
        if not self.own.money:
            return self.own.hashes.keys() - self.own.questions.keys()
        held = {str(each) for each in self.held}
        brought = {place for place, by in self.whole.brought.items() if by & held}
        return {place for place in brought or self.own.hashes if place in self.whole.money or place in self.whole.twins}

    @property
    def rows(self) -> int:
        """Return how many these are, read or not."""
        return len(self.own.money) or len(self.lines)


def weigh_file(
    workshop: Workshop, actor: Actor, connection_id: str, number: int, *, patient: bool = False
) -> FileWeight:
    """Return what taking a file back means; nothing is changed.

    ``patient`` is for who can wait longer than a page does.
    """
    reading = _read(workshop, actor, connection_id, number, patient=patient)
    with workshop.database.read() as session:
        return _weighed(session, session.get_one(Connection, connection_id), reading)


def take_back_file(
    workshop: Workshop,
    actor: Actor,
    connection_id: str,
    number: int,
    *,
    seen: str = "",
    reason: str = "",
    patient: bool = False,
) -> TakenBack:
    """Take a file back, in one transaction; one that was taken back already stays so.

    ``seen`` is what was shown before (``FileWeight.seen``): refused where it is another by now. Where certified months
    look different then, ``reason`` says why, in ``REASON_MIN`` to ``REASON_MAX`` characters. The next run reads all
    other files from the beginning; the same bytes may be handed in again and are read as new.
    """
    with workshop.database.read() as session:
        before = session.get(SourceFile, (connection_id, number))
    if before is not None and before.taken_back_at is not None:
        require(actor, Power.WORK)
        return TakenBack(before.name, already=True)
    reading = _read(workshop, actor, connection_id, number, patient=patient)
    now, said = workshop.clock.now(), reason.strip()
    with workshop.database.begin() as session:
        # Nobody answers a line meanwhile, which would be planned again by that.
        alone_in(session, session.get_one(Connection, connection_id).company_id)
        connection = session.get_one(Connection, connection_id, with_for_update=True, populate_existing=True)
        stands = _numbers(session, connection_id) == reading.given and connection.revision == reading.revision
        if not stands or all_moved(session, connection_id) != reading.moved_before:
            raise refusals.changed_since(reading.file.name)
        _require_still(session, connection)
        weight = _weighed(session, connection, reading)
        if weight.asks:
            raise refusals.asks_first(reading.file.name, [each.asks[0].text for each in weight.asks])
        if seen and seen != weight.seen:
            raise refusals.changed_since(reading.file.name)
        if weight.months and not REASON_MIN <= len(said) <= REASON_MAX:
            raise refusals.reason_missing(weight.months)
        _require_none_sent(session, connection_id, reading)
        set_aside(session, connection_id, now)
        free_told(session, connection_id, reading.rest.told)
        move(session, connection_id, reading.moved)
        leave_unsaid(session, connection_id, reading.gone, now)
        say_anew(session, connection_id, reading.otherwise)
        _close_rejects(session, connection_id, reading, now)
        info = info_of(workshop, connection.connector)
        carry_over(session, connection, info, reading.accounts)
        _forget_said(connection, info, reading, keep=bool(weight.in_books or reading.goes_on))
        session.execute(delete(StreamCursor).where(StreamCursor.connection_id == connection_id))
        for each in reading.held:
            row = session.get_one(SourceFile, (connection_id, each))
            row.taken_back_at, row.taken_back_by = now, actor.name
        connection.revision += 1
        _note(session, actor, connection, reading, weight, said if weight.months else "", now)
        return TakenBack(weight.name, weight.goes, weight.elsewhere, weight.goes_on, weight.in_books)


def may_take_back(file: SourceFile) -> bool:
    """Tell whether a person handed a file in, and so may take it back."""
    return file.origin == UPLOAD and file.taken_back_at is None


def _read(workshop: Workshop, actor: Actor, connection_id: str, number: int, *, patient: bool) -> _Reading:
    require(actor, Power.WORK)
    with workshop.database.read() as session:
        connection = session.get_one(Connection, connection_id)
        info = info_of(workshop, connection.connector)
        file = session.get(SourceFile, (connection_id, number))
        if file is None or file.taken_back_at is not None:
            raise refusals.not_here(number)
        if not may_take_back(file):
            raise refusals.not_handed_in(file)
        if not takes_files(info, connection.settings):
            raise refusals.takes_no_files(connection.label)
        _require_still(session, connection)
        rows = session.scalars(select(SourceFile).where(*given(connection_id)).order_by(SourceFile.number)).all()
        if not patient and sum(each.size for each in rows) > AGAIN_MAX:
            raise refusals.too_much(AGAIN_MAX, connection.label, number)
        inside = [each.number for each in rows if each.origin == f"zip:{file.name}" and each.number > number]
        numbers, held = [each.number for each in rows], [number, *inside]
        reading = _Reading(file, held, connection.revision, numbers)
        bench = workshop.bench_of(session, session.get_one(Company, connection.company_id), connection)
        reading.moved_before = moved = all_moved(session, connection_id)
    view, box = workshop.fetch_view(bench), workshop.files(connection_id)
    reading.rest = said_by(bench, view, box, set(numbers) - set(held), moved)
    if reading.rest.stopped is not None:
        raise refusals.others_unread(reading.rest.stopped)
    reading.own = said_by(bench, view, box, held, moved)
    reading.whole = said_by(bench, view, box, numbers, moved)
    reading.asks = asked_in(connection, info, [*reading.rest.questions.values()], [*reading.whole.questions.values()])
    if info.questions:
        blank = view.settings.model_dump() | dict.fromkeys(info.questions.values(), "")
        anew = replace(view, settings=type(view.settings).model_validate(blank))
        own = _keys(said_by(bench, anew, box, held).questions.values())
        rest = _keys(said_by(bench, anew, box, set(numbers) - set(held)).questions.values()) if own else set()
        reading.keys = frozenset(own - rest)
    return reading


def _numbers(session: Session, connection_id: str) -> list[int]:
    return list(session.scalars(select(SourceFile.number).where(*given(connection_id)).order_by(SourceFile.number)))


def _require_still(session: Session, connection: Connection) -> None:
    """Refuse while a run reads, maps or posts, and while an undo waits, which would be set aside with the plans."""
    mine = Run.connection_id == connection.id
    if session.scalar(select(exists().where(mine, Run.state.in_(UNDER_WAY)))):
        raise refusals.run_open(connection.label)
    if session.scalar(select(exists().where(mine, Run.state == RunState.APPROVAL, Run.trigger == UNDO))):
        raise refusals.undo_waits(connection.label)


def _require_none_sent(session: Session, connection_id: str, reading: _Reading) -> None:
    """Refuse while it is not known whether QuickBooks took a document that goes."""
    keys = {draft.key for each in standing(session, connection_id, reading.gone) for draft in each.drafts}
    sent = session.scalars(
        select(Posting.key).where(Posting.connection_id == connection_id, Posting.state == PostingState.INTENT)
    )
    if keys.intersection(sent):
        raise refusals.being_sent()


def _weighed(session: Session, connection: Connection, reading: _Reading) -> FileWeight:
    _settle_pairs(session, connection.id, reading)
    gone = going(session, connection.id, reading.gone)
    told = reading.told
    kept = [each for each in gone if each.in_books]
    goes_on = reading.goes_on | {_place(each) for each in gone if each.goes_on and not each.in_books}
    lines = reading.lines
    # A person said of these that they are what another line tells, which stays.
    same = {_place(each) for each in gone if each.told_twice and not each.in_books}
    also = {*reading.rest.hashes, *told, *goes_on, *same, *reading.whole.twins}
    counted = [each for each in gone if _place(each) in lines - also]
    goes = [each for each in counted if not each.in_books]
    elsewhere = len(lines & also)
    days = [each.row.day for each in goes]
    certified = certified_months(session, connection)
    months = {day for each in gone if each.row.amount and (day := each.row.day.replace(day=1)) in certified}
    file = reading.file
    seen = digest(
        *sorted(f"{each.row.stream}/{each.row.source_id}/{each.row.id}" for each in gone),
        *sorted(f"{stream}/{one}/{other}" for stream, other, one, _ in reading.moved),
        *sorted(f"{link.id}" for each in kept for link in each.links.values()),
        *sorted(f"{match.id}" for each in kept for some in each.matches.values() for match in some),
        *sorted(day.isoformat() for day in months),
    )
    return FileWeight(
        number=file.number,
        name=file.name,
        size=file.size,
        received_at=file.received_at,
        rows=reading.rows,
        moved=dict(reading.own.moved),
        goes=len(goes),
        answered=sum(each.answered for each in goes),
        first=min(days, default=None),
        last=max(days, default=None),
        elsewhere=elsewhere,
        goes_on=len(goes_on & lines),
        unread=max(reading.rows - elsewhere - len(counted), 0),
        documents=_documents(session, connection.id, kept),
        in_books=len(kept),
        asked=bool(reading.keys),
        asks=reading.asks,
        months=sorted(months),
        seen=seen,
    )


def _settle_pairs(session: Session, connection_id: str, reading: _Reading) -> None:
    """Find out what goes on as another file tells it."""
    if reading.whole.stopped is not None:
        return
    alike = reading.gone | (reading.rest.money.keys() - reading.whole.money.keys())
    in_books = in_books_among(session, connection_id, alike)
    reading.told = told_by_others(reading.gone, reading.whole.money, reading.rest.money, in_books)
    reading.goes_on = reading.told.keys() & in_books


def _place(each: Standing) -> Place:
    return each.row.stream, each.row.source_id


def _documents(session: Session, connection_id: str, kept: Sequence[Standing]) -> list[StaysInBooks]:
    keys = {draft.id: draft.key for each in kept for draft in each.drafts}
    titles = titles_of(session, connection_id, [keys[id_] for id_ in list(keys)[: 2 * DOCUMENTS_MAX]])
    found: list[StaysInBooks] = []
    for each in kept:
        of = {draft.key: draft.record_id or each.row.id for draft in each.drafts}
        for key, link in sorted(each.links.items()):
            number = link.document_number or ""
            found.append(StaysInBooks(of[key], link.kind, link.document_id, number, titles.get(key), matched=False))
        for draft_id, matches in each.matches.items():
            title = titles.get(keys[draft_id])
            found += [
                StaysInBooks(each.row.id, match.kind, match.document_id, "", title, matched=True) for match in matches
            ]
    return found[:DOCUMENTS_MAX]


def _close_rejects(session: Session, connection_id: str, reading: _Reading, now: datetime) -> None:
    """Close what was told of rows that could not be read and that no file has any more."""
    told = reading.whole.rejects | reading.own.rejects
    gone = {where for _, where in told} - {where for _, where in reading.rest.rejects}
    codes = {code for code, where in told if where in gone}
    rows = select(Problem.subject).where(
        Problem.connection_id == connection_id, Problem.state == ProblemState.OPEN, Problem.code.in_(codes)
    )
    # One that stands for a record that was read well before bears a mark behind its place.
    subjects = {each for each in session.scalars(rows) if each in gone or each.rpartition(" [")[0] in gone}
    close_told(session, connection_id, subjects, now)


def _forget_said(connection: Connection, info: ConnectorInfo, reading: _Reading, *, keep: bool) -> None:
    """Forget what was said of this file alone: should it come again, it is asked about again.

    Which account it is of is kept (``keep``) where documents stand on it.
    """
    unnamed = set() if keep else {*reading.own.accounts.values()} - {*reading.rest.accounts.values()}
    settings = dict(connection.settings)
    for names, keys in ((info.questions.values(), reading.keys), (info.unnamed.values(), unnamed)):
        for name in {each for each in names if keys & said_of(connection, each).keys()}:
            lines = str(settings[name]).splitlines()
            settings[name] = "\n".join(each for each in lines if each.partition("=")[0].strip() not in keys)
    connection.settings = settings


def _keys(questions: Iterable[Mapping[str, object]]) -> set[str]:
    """Return the keys under which questions are answered, each alone or for all files that are written alike."""
    found: set[str] = set()
    for each in questions:
        asks = each.get("asks")
        parts = [part for part in asks if isinstance(part, Mapping)] if isinstance(asks, list | tuple) else []
        found |= {str(said) for said in (each.get("question"), each.get("layout")) if said}
        found |= {str(part["key"]) for part in parts if part.get("key")}
    return found


def _note(
    session: Session,
    actor: Actor,
    connection: Connection,
    reading: _Reading,
    weight: FileWeight,
    reason: str,
    now: datetime,
) -> None:
    body = {
        "file": weight.name,
        "number": weight.number,
        "sha256": reading.file.sha256,
        "rows": weight.rows,
        "left_out": weight.goes,
        "elsewhere": weight.elsewhere,
        "goes_on": weight.goes_on,
        "in_books": weight.in_books,
        "documents": [f"{each.kind} {each.document_id}" for each in weight.documents],
    }
    events.append(
        session, actor=actor.name, action="files.taken_back", subject=connection.label,
        company_id=connection.company_id, connection_id=connection.id, now=now,
        body=body | ({"reason": reason} if reason else {}),
    )  # fmt: skip
