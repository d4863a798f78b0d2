"""Taking documents out of the books again: what must be gone first, the token that counts then, and what is kept of it.

A removal is a posting like any other: its intent is committed before the call, and what became of it is read before it
is sent again. It names the document by the token that was seen, so what somebody changed since stays.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from raccord.clock import written
from raccord.quickbooks import Cause, Fault, QuickBooks, quoted
from raccord.quickbooks.codec import waits_for_token
from raccord.store.models import (
    REMOVALS,
    Choice,
    DraftRow,
    DraftState,
    LineState,
    LinkRow,
    LinkState,
    Match,
    Plan,
    PlanLine,
    Posting,
    PostingState,
    RecordState,
    Run,
    SourceRecord,
)
from raccord.sync.books.company import store_entry
from raccord.sync.books.readback import LISTS
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.execution import Execution
from raccord.sync.lines.attached import WITH_DOCUMENT, document_of, files_away, made_by_hand
from raccord.sync.posting.holding import fingerprint, holding
from raccord.sync.problems import close_problems, open_problem
from raccord.sync.resolving.holds import open_hold
from raccord.sync.zones import zone_of

UNDONE = "undo.undone"
"""Why a draft is held whose document we took out again."""
TAKEN_BACK = "mapping.withdrawn"
"""Why one is not held whose source gave it no more."""
EDITED = "undo.edited"
GONE = "undo.gone"
STILL_HELD = "undo.still_held"
LINKED = "undo.linked"
PERIOD_CLOSED = "undo.period_closed"

SEEN = "seen"
"""Under this name a line's params keep what the document said when the plan was made, as a hash."""
STANDS = "stands"
"""Under this name they keep where it stood: its token and what held or used it, as a hash."""
TOKEN_NOW = "token"  # noqa: S105 - a name, not a secret
"""Under this name a line's params keep the token that a document got when what held it was taken out."""
IDS = 100


@dataclass(frozen=True, slots=True)
class Removal:
    """A removal's posting with all that it touches."""

    posting: Posting
    line: PlanLine
    draft: DraftRow | None
    link: LinkRow


def unmet(line: PlanLine, live: Collection[str]) -> list[str]:
    """Return the keys that keep a line from being sent, given those whose documents are there: what it refers to must
    exist, what holds the document that it takes out must be gone.
    """
    if line.action in REMOVALS:
        return [key for key in line.needs if key in live]
    return [key for key in line.needs if key not in live]


def look_again(execution: Execution, client: QuickBooks, plan_id: str, now: datetime) -> None:
    """Learn the tokens of the documents whose turn it is and that something else held when the plan was made.

    One that says anything else than it did then was changed by somebody, one that something else holds by now would
    be torn out of that: both stay.
    """
    with execution.database.read() as session:
        waiting = [(line.id, line.kind, line.document_id) for line in _without_token(session, plan_id)]
    if not waiting:
        return
    there = read_documents(client, [(kind, document_id) for _, kind, document_id in waiting])
    with execution.begin() as (session, run):
        for line_id, kind, document_id in waiting:
            line, document = session.get_one(PlanLine, line_id), there.get((kind, document_id))
            if document is None:
                line.state, line.reason = LineState.LEFT, GONE
            elif fingerprint(document) != line.params.get(SEEN):
                _stays(session, run, line, EDITED, {}, now)
            elif holder := next(holding(kind, document), None):
                by = {"kind": str(holder.get("TxnType", "")), "document": str(holder.get("TxnId", ""))}
                _stays(session, run, line, LINKED, by, now)
            else:
                line.params = {**line.params, TOKEN_NOW: str(document["SyncToken"])}


def leave_closed_removals(session: Session, run: Run, plan_id: str, closed_on: date, now: datetime) -> None:
    """Leave the documents in the books that lie in a period which was closed since the plan was made."""
    lines = session.scalars(
        select(PlanLine).where(
            PlanLine.plan_id == plan_id,
            PlanLine.state == LineState.PENDING,
            PlanLine.action.in_(REMOVALS),
            PlanLine.day <= closed_on,
        )
    )
    for line in lines:
        _stays(session, run, line, PERIOD_CLOSED, {"day": str(line.day), "closed_on": str(closed_on)}, now)


def leave_held(session: Session, run: Run, line: PlanLine, missing: Sequence[str], now: datetime) -> None:
    """Leave a document in the books because something that holds it, or uses it, could not be taken out."""
    _stays(session, run, line, STILL_HELD, {"keys": list(missing)}, now)


def record_removal(
    session: Session, run: Run, removal: Removal, outcome: Mapping[str, Any] | tuple[Fault, ...], now: datetime
) -> None:
    """Store what became of a removal: its draft waits for a person from then on, or the document stays ours."""
    posting, line, draft, link = removal.posting, removal.line, removal.draft, removal.link
    if not isinstance(outcome, Mapping):
        fault = outcome[0]
        posting.state, posting.fault_code, posting.fault_detail = PostingState.REFUSED, fault.code, fault.detail[:500]
        reason = EDITED if fault.cause is Cause.STALE else str(fault.cause)
        _stays(session, run, line, reason, {"code": fault.code, "detail": fault.detail[:500]}, now, LineState.REFUSED)
        return
    posting.state, line.state = PostingState.DONE, LineState.DONE
    link.state, link.generation = LinkState.UNDONE, link.generation + 1
    close_problems(session, posting.connection_id, posting.key, now)
    if posting.kind in LISTS:
        store_entry(session, posting.company_id, posting.kind, outcome, now)
        # A default that core chose by itself is chosen anew when it is needed; what a person chose is never undone.
        session.execute(
            delete(Choice).where(
                Choice.connection_id == posting.connection_id,
                Choice.ledger_kind == posting.kind,
                Choice.ledger_id == posting.document_id,
                Choice.origin == "default",
            )
        )
    _free(session, posting)
    if draft is not None and _taken_back(session, draft):
        # Nothing is left that could go again: where the source gives it once more, it is asked then.
        draft.state, draft.reason = DraftState.WITHDRAWN, TAKEN_BACK
    elif draft is not None and _goes_too(session, line, draft):
        # Whether its document is posted again is asked, and the file goes with that.
        draft.state, draft.reason = DraftState.SKIPPED, WITH_DOCUMENT
    elif draft is not None:
        told = _told(posting, session.get_one(Plan, line.plan_id), zone_of(session, posting.company_id))
        _ask(session, draft, told, now)


def _ask(session: Session, draft: DraftRow, told: Mapping[str, str], now: datetime) -> None:
    """Ask whether what was taken out is posted again."""
    draft.state, draft.reason = DraftState.HELD, UNDONE
    open_hold(session, draft.connection_id, draft, UNDONE, told, now)


def _goes_too(session: Session, line: PlanLine, draft: DraftRow) -> bool:
    """Tell whether a file's document is taken out by the same undo."""
    document = document_of(session, draft)
    if document is None:
        return False
    going = select(PlanLine.id).where(
        PlanLine.plan_id == line.plan_id,
        PlanLine.draft_id == document.id,
        PlanLine.action.in_(REMOVALS),
        PlanLine.state.in_((LineState.PENDING, LineState.SENDING, LineState.DONE)),
    )
    return session.scalars(going).first() is not None


def _taken_back(session: Session, draft: DraftRow) -> bool:
    """Tell whether nothing is made any more of what the source says last of a draft's record."""
    record = None if draft.record_id is None or made_by_hand(draft) else session.get(SourceRecord, draft.record_id)
    if record is None:
        return False
    left_out = exists().where(
        SourceRecord.connection_id == record.connection_id,
        SourceRecord.stream == record.stream,
        SourceRecord.source_id == record.source_id,
        SourceRecord.state == RecordState.SKIPPED,
    )
    return bool(session.scalar(select(left_out)))


def undone_of(session: Session, links: Iterable[LinkRow]) -> dict[str, dict[str, str]]:
    """Return, by key, what is told of drafts whose documents we took out: which, by whom, when, in which run."""
    found: dict[str, dict[str, str]] = {}
    undone = [link for link in links if link.state == LinkState.UNDONE]
    for some in chunks(undone, CHUNK):
        zone = zone_of(session, some[0].company_id)
        found.update(removed_of(session, some[0].connection_id, [link.key for link in some], zone))
    return found


def removed_of(
    session: Session, connection_id: str, keys: Sequence[str], zone: str
) -> list[tuple[str, dict[str, str]]]:
    """Return what is told of every document of some keys that we took out, with its key, the first one first."""
    rows = session.execute(
        select(Posting, Plan)
        .join(PlanLine, PlanLine.id == Posting.plan_line_id)
        .join(Plan, Plan.id == PlanLine.plan_id)
        .where(
            Posting.connection_id == connection_id,
            Posting.key.in_(keys),
            Posting.operation.in_(REMOVALS),
            Posting.state == PostingState.DONE,
        )
        .order_by(Posting.id)
    )
    return [(posting.key, _told(posting, plan, zone)) for posting, plan in rows]


def read_documents(client: QuickBooks, wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Mapping[str, Any]]:
    """Read documents and entries of lists by kind and id; those that are gone are left out."""
    ids: dict[str, dict[str, None]] = {}
    for kind, document_id in wanted:
        ids.setdefault(kind, {})[document_id] = None
    questions = [
        (kind, f"Id IN ({', '.join(map(quoted, some))})" + (" AND Active IN (true, false)" if kind in LISTS else ""))
        for kind, each in ids.items()
        for some in chunks(list(each), IDS)
    ]
    answers = client.query_each(questions)
    return {(kind, str(row["Id"])): row for (kind, _), rows in zip(questions, answers, strict=True) for row in rows}


def _without_token(session: Session, plan_id: str) -> list[PlanLine]:
    """Return the lines whose turn it is, that wait for a token, and that nothing holds any more."""
    pending = (PlanLine.plan_id == plan_id, PlanLine.state == LineState.PENDING)
    first = session.scalars(select(PlanLine).where(*pending).order_by(PlanLine.rank, PlanLine.id).limit(1)).first()
    if first is None or first.action not in REMOVALS:
        return []
    lines = [
        line
        for line in session.scalars(select(PlanLine).where(*pending, PlanLine.rank == first.rank).order_by(PlanLine.id))
        if waits_for_token(line.payload) and TOKEN_NOW not in line.params
    ]
    live: set[str] = set()
    connection_id = session.get_one(Plan, plan_id).connection_id
    for some in chunks(sorted({key for line in lines for key in line.needs}), CHUNK):
        live.update(
            session.scalars(
                select(LinkRow.key).where(
                    LinkRow.connection_id == connection_id,
                    LinkRow.key.in_(some),
                    LinkRow.state == LinkState.LIVE,
                )
            )
        )
    return [line for line in lines if not unmet(line, live)]


def _stays(
    session: Session,
    run: Run,
    line: PlanLine,
    reason: str,
    params: Mapping[str, object],
    now: datetime,
    state: LineState = LineState.LEFT,
) -> None:
    """Leave a document in the books, with a problem that says why; its draft stays posted."""
    line.state, line.reason, line.params = state, reason, {**line.params, **params}
    document = None if line.draft_id is None else session.get(DraftRow, line.draft_id)
    for file in files_away(session, document) if document is not None else ():
        # They are out, and what they were to go with stays: each is a question of its own.
        told = removed_of(session, run.connection_id, [file.key], zone_of(session, run.company_id))
        _ask(session, file, told[-1][1] if told else {}, now)
    open_problem(
        session,
        connection_id=run.connection_id,
        run_id=run.id,
        stream=line.key.split("/", 1)[0],
        code=reason,
        subject=line.key,
        params={"kind": line.kind, "document": line.document_id, **params},
        now=now,
    )


def _free(session: Session, posting: Posting) -> None:
    """Let the drafts go that were left out because the document held their movement: now nothing does."""
    matches = session.scalars(
        select(Match).where(
            Match.company_id == posting.company_id,
            Match.kind == posting.kind,
            Match.document_id == posting.document_id,
        )
    ).all()
    for match in matches:
        draft = session.get_one(DraftRow, match.draft_id)
        if draft.state == DraftState.SKIPPED:
            draft.state, draft.reason = DraftState.WAITING, ""
        # Of several documents that a line is together, the others alone are not it.
        session.execute(delete(Match).where(Match.draft_id == match.draft_id))


def _told(posting: Posting, plan: Plan, zone: str) -> dict[str, str]:
    at = posting.finished_at
    return {
        "kind": posting.kind,
        "document": posting.document_id,
        "by": plan.approved_by,
        "at": "" if at is None else written(at, zone),
        "run": plan.run_id,
    }
