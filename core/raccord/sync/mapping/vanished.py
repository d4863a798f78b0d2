"""What a source takes back of what the books hold: the documents stay, and a person is asked what becomes of them.

A document of ours can be kept, or taken out by an undo. One that a line was said to be is nobody's then: another line
may be it, which its own run finds out; or it is one too many, and goes in QuickBooks.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from raccord.store.models import (
    Connection,
    DraftRow,
    LinkRow,
    LinkState,
    Match,
    Problem,
    ProblemState,
    SourceRecord,
)
from raccord.sync.mapping.matched_otherwise import asked_of_match
from raccord.sync.mapping.still_told import Held, heirs, posted_by_others
from raccord.sync.problems import close_problems, open_problem
from raccord.sync.resolving.newcomers import CASE
from raccord.sync.storable import short_subject

DRAFT_VANISHED = "mapping.draft_vanished"
MATCH_VANISHED = "mapping.match_vanished"
VANISHED = (DRAFT_VANISHED, MATCH_VANISHED)
"""Asked about what is in the books: kept, the question is closed and the document stays as it is."""
ONE = "document"
"""The case of a question about one line, which names its documents."""
DOCUMENTS = "documents"
"""Under this name the question keeps of each document kind, id and the account on which it was the line."""
WITHDRAWN = "withdrawn"
"""Under this name it keeps that the source withdrew the line."""
KEY = "key"
"""Under this name it keeps the key of a document of ours; a long one stands cut in its subject."""


def ask_about_posted(session: Session, row: SourceRecord, draft: DraftRow, run_id: str, now: datetime) -> None:
    """Ask about a document of ours that its source no longer gives."""
    if not _answered(session, row, draft, DRAFT_VANISHED):
        ask_anew(session, row, draft, run_id, now)


def ask_anew(session: Session, row: SourceRecord, draft: DraftRow, run_id: str, now: datetime) -> None:
    """Ask about a document of ours that nothing gives any more, whatever was answered before."""
    _ask(session, row, draft, DRAFT_VANISHED, {KEY: draft.key}, run_id, now)


def ask_about_matched(session: Session, row: SourceRecord, draft: DraftRow, run_id: str, now: datetime) -> bool:
    """Ask about the documents that a line was, if its source says that nothing moved; tell whether there were any.

    They are the line's no more. A record that still says an amount is left out for another reason, and stays theirs.
    """
    return row.amount is None and lose_matches(session, row, draft, run_id, now, withdrawn=True)


def lose_matches(
    session: Session, row: SourceRecord, draft: DraftRow, run_id: str, now: datetime, *, withdrawn: bool = False
) -> bool:
    """Let the documents that a line was be nobody's, and ask about them; tell whether there were any.

    What its source withdrew (``withdrawn``) moved nothing, whatever an older file still tells: it is asked about until
    a person answers.
    """
    matches = session.scalars(select(Match).where(Match.draft_id == draft.id).order_by(Match.id)).all()
    if not matches:
        return False
    whole = sum(each.amount for each in matches)
    params = {
        CASE: ONE,
        DOCUMENTS: [[each.kind, each.document_id, each.money_account] for each in matches],
        "document": ", ".join(f"{each.kind} {each.document_id}" for each in matches),
        "amount": format(whole, "f"),
        "day": matches[0].day.isoformat(),
        **({WITHDRAWN: True} if withdrawn else {}),
    }
    session.execute(delete(Match).where(Match.draft_id == draft.id))
    _ask(session, row, draft, MATCH_VANISHED, params, run_id, now)
    return True


def is_matched(draft: DraftRow, final: Collection[str]) -> bool:
    """Tell whether a draft posts nothing because it is a document of the books, or is asked about that."""
    return draft.state in final or asked_of_match(draft)


def settle_vanished(session: Session, company_id: str, gone: Collection[tuple[str, str]], now: datetime) -> int:
    """Close what is asked about documents that are gone from QuickBooks, or other lines' by now; return how many."""
    asked = session.scalars(
        select(Problem)
        .join(Connection, Connection.id == Problem.connection_id)
        .where(Connection.company_id == company_id, Problem.code.in_(VANISHED), Problem.state == ProblemState.OPEN)
    ).all()
    closed = 0
    for problem in asked:
        places = _places(session, company_id, problem)
        if places is None:
            continue
        left = [place for place in places if place[:2] not in gone]
        left = _told_by_none(session, company_id, problem, left) if left else []
        known_by = {} if problem.params.get(WITHDRAWN) else {place: (_key(problem),) for place in left}
        taken = heirs(session, problem.connection_id, known_by)
        session.add_all(heir.match(company_id, problem.connection_id, held, now) for held, heir in taken.items())
        if len(taken) == len(left):
            close_problems(session, problem.connection_id, problem.subject, now, problem.code)
            closed += 1
    return closed


def _key(problem: Problem) -> str:
    """Return the key of the line that a question is about."""
    return str(problem.params.get(KEY, problem.subject))


def _places(session: Session, company_id: str, problem: Problem) -> list[Held] | None:
    """Return kind, id and account of the documents that a question is about and that are in QuickBooks as is known;
    nothing where it is not known of which document of ours it is.
    """
    if problem.code == MATCH_VANISHED:
        return [Held(str(kind), str(id_), str(account)) for kind, id_, account in problem.params.get(DOCUMENTS, ())]
    links = session.scalars(
        select(LinkRow).where(
            LinkRow.company_id == company_id,
            LinkRow.connection_id == problem.connection_id,
            LinkRow.key == _key(problem),
        )
    ).all()
    there = [Held(each.kind, each.document_id, each.money_account) for each in links if each.state == LinkState.LIVE]
    return there if links else None


def _told_by_none(session: Session, company_id: str, problem: Problem, places: Sequence[Held]) -> list[Held]:
    """Return those of some documents that no line is any more; one of ours is its own line's, while that tells it, but
    for what a source withdrew under another id.
    """
    ids = [place.document_id for place in places]
    told = {
        Held(*row)
        for row in session.execute(
            select(Match.kind, Match.document_id, Match.money_account).where(
                Match.company_id == company_id, Match.document_id.in_(ids)
            )
        )
    }
    if problem.code == MATCH_VANISHED and not problem.params.get(WITHDRAWN):
        told |= posted_by_others(session, company_id, problem.connection_id, ids)
    return [place for place in places if place not in told]


def _answered(session: Session, row: SourceRecord, draft: DraftRow, code: str) -> bool:
    """Tell whether a person kept the document, and the source has not given it again since.

    Told again and taken back in one run, as where files are read once more, it never was a line again.
    """
    kept = session.scalar(
        select(func.max(Problem.closed_at)).where(
            Problem.connection_id == draft.connection_id,
            Problem.code == code,
            Problem.subject == short_subject(draft.key),
            Problem.state == ProblemState.RESOLVED,
        )
    )
    if kept is None:
        return False
    since = session.execute(
        select(SourceRecord.run_id, SourceRecord.reason)
        .where(
            SourceRecord.connection_id == row.connection_id,
            SourceRecord.stream == row.stream,
            SourceRecord.source_id == row.source_id,
            SourceRecord.fetched_at > kept,
            SourceRecord.run_id != row.run_id,
        )
        .order_by(SourceRecord.revision)
    )
    # Of what a run brought, the last is mapped; one that posts something has no reason.
    last = {each.run_id: each.reason for each in since}
    return "" not in last.values()


def _ask(
    session: Session,
    row: SourceRecord,
    draft: DraftRow,
    code: str,
    params: Mapping[str, object],
    run_id: str,
    now: datetime,
) -> None:
    open_problem(
        session, connection_id=draft.connection_id, run_id=run_id, stream=row.stream, code=code, subject=draft.key,
        params=params, now=now,
    )  # fmt: skip
