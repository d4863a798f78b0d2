"""What people decide about failures: tried again or entered by hand, one by one or all of a cause at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import literal, select
from sqlalchemy.orm import Session

from raccord.onboarding.access.people import Actor, Power, require
from raccord.onboarding.deciding.decisions import DecisionError, left_out_by_person, linkable, on_its_way
from raccord.plugin.ledger import ResolutionKind
from raccord.plugin.texts import Text
from raccord.store import events
from raccord.store.models import (
    Connection,
    DraftRow,
    DraftState,
    Problem,
    ProblemState,
    RecordState,
    SourceFile,
    SourceRecord,
)
from raccord.sync.books.readback import LISTS
from raccord.sync.fetching.keep import DECLARED, RESOLVED_BY_HAND
from raccord.sync.mapping.vanished import VANISHED
from raccord.sync.problems import of_cause
from raccord.sync.resolving.conflict_rules import DUPLICATE_NAME, DUPLICATE_NUMBER
from raccord.sync.resolving.conflicts import DECISION
from raccord.sync.resolving.holds import alone_in, close_hold
from raccord.sync.workshop import Workshop

LINK = ResolutionKind.LINK
TOGETHER = 100
"""Problems that one transaction closes."""

_DRAFTS = {ProblemState.READY: DraftState.READY, ProblemState.RESOLVED: DraftState.RESOLVED}


@dataclass(frozen=True, slots=True)
class Closed:
    """Problems of a cause that were closed, and those that could not be: posted meanwhile, or on their way."""

    ids: Sequence[str]
    left: Sequence[str]


def mark_ready(workshop: Workshop, actor: Actor, problem_id: str) -> Problem:
    """Mark a failed record ready for synchronisation: the next run tries it again (CH-57)."""
    return _close_one(workshop, actor, problem_id, ProblemState.READY)


def mark_resolved(workshop: Workshop, actor: Actor, problem_id: str, number: str = "") -> Problem:
    """Mark a failed record as entered by hand in QuickBooks: it is never sent (CH-58), and counts as declared.

    ``number`` is what a person says the document bears, which nobody found; it is noted.
    """
    return _close_one(workshop, actor, problem_id, ProblemState.RESOLVED, **({"number": number} if number else {}))


def set_file_aside(workshop: Workshop, actor: Actor, problem_id: str) -> str:
    """Close all that could not be read of the file that a problem names; return the file's name.

    The file stays kept, and what was read of it stays as it is.
    """
    with workshop.database.begin() as session:
        problem = _open(session, actor, problem_id)
        connection = session.get_one(Connection, problem.connection_id)
        mine = (Problem.connection_id == connection.id, Problem.state == ProblemState.OPEN)
        named = select(SourceFile).where(
            SourceFile.connection_id == connection.id, literal(problem.subject).contains(SourceFile.name)
        )
        files = sorted(session.scalars(named), key=lambda each: (each.sha256[:8] in problem.subject, len(each.name)))
        if not files or _draft_of(session, problem) is not None:
            raise DecisionError(
                "problem.no_file",
                Text(
                    "Ce problème n'est pas celui d'un fichier illisible.", "This problem is not of an unreadable file."
                ),
                Text(
                    "Marquez-le résolu, ou corrigez-le à la source.", "Mark it resolved, or correct it at the source."
                ),
            )
        file, now, codes = files[-1], workshop.clock.now(), []
        name = file.name
        # Of several files of one name, what connectors tell them apart by.
        marks = [each for each in (name, file.sha256[:8], f"{file.number}/{name}") if each in problem.subject]
        for each in session.scalars(
            select(Problem).where(
                *mine,
                *(Problem.subject.contains(mark, autoescape=True) for mark in marks),
                ~Problem.subject.startswith(Problem.stream + "/"),
            )
        ).all():
            each.state, each.closed_at, each.closed_by = ProblemState.RESOLVED, now, actor.name
            codes.append(each.code)
        events.append(
            session, actor=actor.name, action="file.set_aside", subject=name[:200], company_id=connection.company_id,
            connection_id=connection.id, now=now, body={"problems": len(codes), "codes": sorted(set(codes))[:20]},
        )  # fmt: skip
        return name


def link_failed(workshop: Workshop, actor: Actor, problem_id: str, document_id: str) -> Problem:
    """Tie a failed record to a document that is in QuickBooks already; the next run links it, or asks where its amount
    is another (TD-55). One that was only declared as entered by hand may still be tied.
    """
    with workshop.database.begin() as session:
        problem, draft, connection = _failed_draft(session, actor, problem_id, declared=True)
        target = document_id.strip()
        if not target:
            raise DecisionError(
                "problem.no_document",
                Text("Il faut le numéro interne du document.", "The document's id is needed."),
                Text("Il est dans son adresse, après txnId=.", "It stands in its address, after txnId=."),
            )
        linkable(session, connection, draft, target)
        params = {"kind": draft.kind, "id": target}
        draft.decisions = {**draft.decisions, DECISION: {"kind": str(LINK), "target": target, "params": params}}
        draft.state, draft.reason = DraftState.WAITING, DUPLICATE_NAME if draft.kind in LISTS else DUPLICATE_NUMBER
        now = workshop.clock.now()
        close_hold(session, draft, now, actor.name)
        _note_closed(session, actor, problem, ProblemState.READY, connection, now, document=target)
        return problem


def skip_failed(workshop: Workshop, actor: Actor, problem_id: str, why: str) -> Problem:
    """Leave a failed record out, with the person's reason; it can be brought back on its page (TD-55)."""
    with workshop.database.begin() as session:
        problem, draft, connection = _failed_draft(session, actor, problem_id)
        draft.state, draft.reason = DraftState.SKIPPED, left_out_by_person(why)
        now = workshop.clock.now()
        close_hold(session, draft, now, actor.name, {"skip": why.strip()})
        _note_closed(session, actor, problem, ProblemState.RESOLVED, connection, now, why=why.strip()[:200])
        return problem


def close_cause(
    workshop: Workshop, actor: Actor, code: str, state: ProblemState, connection_id: str | None = None
) -> Closed:
    """Close every open problem of a cause, of one connection if given; ``state`` is ready or resolved.

    ``code`` is the code alone, or with one of its causes as groups of problems name it.
    """
    require(actor, Power.WORK)
    closed: list[str] = []
    left: list[str] = []
    after = ""
    while True:
        with workshop.database.begin() as session:
            wanted = select(Problem).where(Problem.state == ProblemState.OPEN, *of_cause(code), Problem.id > after)
            if connection_id is not None:
                wanted = wanted.where(Problem.connection_id == connection_id)
            found = session.scalars(wanted.order_by(Problem.id).limit(TOGETHER)).all()
            if not found:
                return Closed(closed, left)
            after = found[-1].id
            for problem in found:
                kept = _close(session, actor, problem, state, workshop.clock.now())
                (closed if kept is None else left).append(problem.id)


def _close_one(workshop: Workshop, actor: Actor, problem_id: str, state: ProblemState, **how: str) -> Problem:
    with workshop.database.begin() as session:
        problem = _open(session, actor, problem_id)
        kept = _close(session, actor, problem, state, workshop.clock.now(), **how)
        if kept is not None:
            raise kept
        return problem


def _open(session: Session, actor: Actor, problem_id: str, *, declared: bool = False) -> Problem:
    """Return a problem that is open, or whose record was ``declared`` as entered by hand where that is asked for."""
    require(actor, Power.WORK)
    problem = session.get(Problem, problem_id)
    if problem is not None and declared and problem.state == ProblemState.RESOLVED:
        draft = _draft_of(session, problem)
        if draft is not None and draft.state == DraftState.RESOLVED and draft.reason in DECLARED:
            return problem
    if problem is None or problem.state != ProblemState.OPEN:
        raise DecisionError(
            "problem.closed",
            Text("Ce problème n'est plus ouvert.", "This problem is no longer open."),
            Text("« raccord problems » montre ceux qui le sont.", "“raccord problems” shows those that are."),
        )
    return problem


def _failed_draft(
    session: Session, actor: Actor, problem_id: str, *, declared: bool = False
) -> tuple[Problem, DraftRow, Connection]:
    """Return an open problem with its draft, which is neither posted nor on its way."""
    problem = _open(session, actor, problem_id, declared=declared)
    if problem.code in VANISHED:
        raise _taken_back()
    connection = session.get_one(Connection, problem.connection_id)
    # Nobody else promises the same document to another record meanwhile.
    alone_in(session, connection.company_id)
    draft = _draft_of(session, problem)
    if draft is None:
        raise DecisionError(
            "problem.no_draft",
            Text(
                "Cette opération n'a pas été comprise : elle n'a pas encore d'écriture.",
                "This record was not understood: it has no draft yet.",
            ),
            Text(
                "Corrigez-le à la source, ou marquez-le saisi à la main.",
                "Correct it at the source, or mark it as entered by hand.",
            ),
        )
    kept = _why_not(session, draft)
    if kept is not None:
        raise kept
    return problem, draft, connection


def _close(
    session: Session, actor: Actor, problem: Problem, state: ProblemState, now: datetime, **how: str
) -> DecisionError | None:
    """Close a problem, or return why it must stay."""
    connection = session.get_one(Connection, problem.connection_id)
    if problem.code in VANISHED:
        # The document stays, and so does what became of its draft.
        if state is not ProblemState.READY:
            _note_closed(session, actor, problem, state, connection, now, **how)
            return None
        return _taken_back()
    draft = _draft_of(session, problem)
    kept = None if draft is None else _why_not(session, draft)
    if kept is not None:
        return kept
    if draft is not None:
        draft.state, draft.reason = _DRAFTS[state], RESOLVED_BY_HAND if state is ProblemState.RESOLVED else ""
        close_hold(session, draft, now, actor.name)
    else:
        _reopen_record(session, problem, state)
    _note_closed(session, actor, problem, state, connection, now, **how)
    return None


def _note_closed(
    session: Session,
    actor: Actor,
    problem: Problem,
    state: ProblemState,
    connection: Connection,
    now: datetime,
    **how: str,
) -> None:
    problem.state, problem.closed_at, problem.closed_by = state, now, actor.name
    events.append(
        session,
        actor=actor.name,
        action=f"problem.{state}",
        subject=problem.subject,
        company_id=connection.company_id,
        connection_id=connection.id,
        now=now,
        body={"code": problem.code, **how},
    )


def _draft_of(session: Session, problem: Problem) -> DraftRow | None:
    of = select(DraftRow).where(DraftRow.connection_id == problem.connection_id, DraftRow.key == problem.subject)
    return session.scalars(of).one_or_none()


def _why_not(session: Session, draft: DraftRow) -> DecisionError | None:
    """Return why nothing can be decided of a draft any more, if so."""
    if draft.state == DraftState.POSTED:
        return DecisionError(
            "problem.posted",
            Text("Ce document est déjà dans QuickBooks.", "This document is in QuickBooks already."),
            Text(
                "Rien à renvoyer ; corrigez-le dans QuickBooks si besoin.",
                "Nothing to send again; correct it in QuickBooks if needed.",
            ),
        )
    if on_its_way(session, draft):
        return DecisionError(
            "problem.sending",
            Text("Ce document est en cours d'envoi.", "This document is being sent."),
            Text("Attendez la fin de la synchro.", "Wait for the end of the run."),
        )
    return None


def _taken_back() -> DecisionError:
    return DecisionError(
        "problem.taken_back",
        Text("La source ne donne plus cette opération.", "The source no longer gives this record."),
        Text(
            "Marquez le problème résolu pour garder le document, ou retirez-le de QuickBooks.",
            "Mark the problem resolved to keep the document, or take it out of QuickBooks.",
        ),
    )


def _reopen_record(session: Session, problem: Problem, state: ProblemState) -> None:
    """Let a record that made no draft be mapped again, or leave it out where it was entered by hand."""
    stream, _, source_id = problem.subject.partition("/")
    record = session.scalars(
        select(SourceRecord).where(
            SourceRecord.connection_id == problem.connection_id,
            SourceRecord.stream == stream,
            SourceRecord.source_id == source_id,
            SourceRecord.state.in_((RecordState.FAILED, RecordState.SKIPPED)),
            SourceRecord.reason == problem.code,
        )
    ).one_or_none()
    if record is not None:
        ready = state == ProblemState.READY
        record.state, record.reason = (RecordState.NEW, "") if ready else (RecordState.SKIPPED, RESOLVED_BY_HAND)
