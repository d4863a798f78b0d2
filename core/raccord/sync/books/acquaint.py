"""Getting acquainted with documents of ours that our tables do not know, because a backup was restored.

QuickBooks is the only witness: nothing in a restored database tells that it is older than the books. So before a run
plans to create documents, and again when another process takes its posting up, one request asks for everything made
since the last document we know of. What bears a mark of ours and has no link is noted, and linked instead of created.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, delete, func, insert, or_, select, update
from sqlalchemy.orm import Session

from raccord.quickbooks import QuickBooks
from raccord.quickbooks.codec import marked_revision
from raccord.store.made_once import made_once
from raccord.store.models import (
    REMOVALS,
    Company,
    DraftRow,
    DraftState,
    LineState,
    LinkRow,
    LinkState,
    MarkedDocument,
    PlanLine,
    Posting,
    PostingState,
)
from raccord.sync.books.readback import CLOCKS_APART, MARKED, created_since
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.execution import Execution

RECOGNISED = "plan.recognised"
"""Why a line links a document instead of creating one, and under which name a run counts them."""
OVERLAP = timedelta(minutes=2)
"""How far QuickBooks' own machines may differ in what they call now."""


@dataclass(frozen=True, slots=True)
class Marked:
    """A document that bears a mark of ours."""

    code: str
    revision: int
    kind: str
    document_id: str


def get_acquainted(execution: Execution, client: QuickBooks, company_id: str, now: datetime) -> int:
    """Note the documents that bear a mark of ours and that our tables do not know; return how many.

    One request, whatever the number of documents, and one more for each thousand of them.
    """
    with execution.database.read() as session:
        since = _since(session, session.get_one(Company, company_id))
    newest: datetime | None = None

    def marks(kind: str, document: Mapping[str, Any]) -> Iterator[Marked]:
        nonlocal newest
        made = newest_of([document])
        newest = max((each for each in (newest, made) if each is not None), default=None)
        mark = marked_revision(document)
        if mark is not None:
            yield Marked(*mark, kind, str(document["Id"]))

    answers = client.kept_of_each([(kind, created_since(since)) for kind in MARKED], marks)
    marked = [each for found in answers for each in found]
    with execution.begin() as (session, _):
        strange = _unknown(session, company_id, marked)
        values = [
            {
                "company_id": company_id, "code": each.code, "revision": each.revision, "kind": each.kind,
                "document_id": each.document_id, "found_at": now,
            }
            for each in strange
        ]  # fmt: skip
        for some in chunks(values, CHUNK):
            session.execute(insert(MarkedDocument), some)
        known_until(session, company_id, newest)
    return len(strange)


def creates_documents(session: Session, connection_id: str) -> bool:
    """Tell whether a connection has drafts that its next plan may create documents for."""
    return session.scalars(*_waiting(connection_id)).first() is not None


@made_once
def _waiting(connection_id: str) -> Select[int]:
    of = select(DraftRow.id).where(
        DraftRow.connection_id == connection_id,
        DraftRow.state.in_((DraftState.WAITING, DraftState.READY, DraftState.HELD)),
        DraftRow.kind.in_(MARKED),
    )
    return of.limit(1)


def has_lines_to_send(session: Session, plan_id: str) -> bool:
    """Tell whether a plan has documents that are still to be sent."""
    return session.scalars(*_to_send(plan_id)).first() is not None


@made_once
def _to_send(plan_id: str) -> Select[int]:
    of = select(PlanLine.id).where(
        PlanLine.plan_id == plan_id,
        PlanLine.state == LineState.PENDING,
        PlanLine.kind.in_(MARKED),
        PlanLine.action.not_in(REMOVALS),
    )
    return of.limit(1)


def marked_under(session: Session, company_id: str, codes: Iterable[str]) -> dict[str, MarkedDocument]:
    """Return the documents that bear these codes and that no link knows."""
    found: dict[str, MarkedDocument] = {}
    for some in chunks(sorted(set(codes)), CHUNK):
        rows = session.scalars(*_under(company_id, some))
        found.update({row.code: row for row in rows})
    return found


@made_once
def _under(company_id: str, codes: Sequence[str]) -> Select[MarkedDocument]:
    return select(MarkedDocument).where(MarkedDocument.company_id == company_id, MarkedDocument.code.in_(codes))


def forget(session: Session, company_id: str, codes: Iterable[str]) -> None:
    """Strike off documents whose drafts know them now, or know that they are gone."""
    for some in chunks(sorted(set(codes)), CHUNK):
        session.execute(
            delete(MarkedDocument).where(MarkedDocument.company_id == company_id, MarkedDocument.code.in_(some))
        )


def known_until(session: Session, company_id: str, moment: datetime | None) -> None:
    """Note that every document made before ``moment``, by QuickBooks' clock, is known; it never goes back."""
    if moment is not None:
        earlier = or_(Company.known_until.is_(None), Company.known_until < moment)
        session.execute(update(Company).where(Company.id == company_id, earlier).values(known_until=moment))


def newest_of(documents: Iterable[Mapping[str, Any]]) -> datetime | None:
    """Return when the newest of some documents was made, by QuickBooks' clock."""
    made = (str(document.get("MetaData", {}).get("CreateTime", "")) for document in documents)
    return max((datetime.fromisoformat(text) for text in made if text), default=None)


def _since(session: Session, company: Company) -> datetime:
    if company.known_until is not None:
        return company.known_until - OVERLAP
    # Until QuickBooks has told us its own time, ours must do.
    last = session.scalar(
        select(func.max(Posting.finished_at)).where(
            Posting.company_id == company.id, Posting.state == PostingState.DONE
        )
    )
    return (last or company.created_at) - CLOCKS_APART


def _unknown(session: Session, company_id: str, marked: Sequence[Marked]) -> list[Marked]:
    """Return the first document under each mark that neither a link, nor an intent, nor an earlier look knows.

    Of a draft whose document was undone only that one is known: what a forgotten life of ours made since is not.
    """
    codes = sorted({each.code for each in marked})
    known: set[str] = set()
    ours: set[tuple[str, str]] = set()
    for some in chunks(codes, CHUNK):
        known.update(
            session.scalars(
                select(MarkedDocument.code).where(
                    MarkedDocument.company_id == company_id, MarkedDocument.code.in_(some)
                )
            )
        )
        links = select(LinkRow.marker, LinkRow.document_id, LinkRow.state).where(
            LinkRow.company_id == company_id, LinkRow.marker.in_(some)
        )
        for row in session.execute(links):
            ours.add((row.marker, row.document_id))
            if row.state not in (LinkState.UNDONE, LinkState.RELEASED):
                known.add(row.marker)
    for some in chunks(sorted(set(codes) - known), CHUNK):
        rows = session.execute(
            select(Posting.marker, Posting.document_id, Posting.state).where(
                Posting.company_id == company_id, Posting.marker.in_(some)
            )
        )
        # An open intent is read back; and what was posted once and unlinked since is not taken up again.
        for row in rows:
            ours.add((row.marker, row.document_id))
            if row.state == PostingState.INTENT:
                known.add(row.marker)
    first: dict[str, Marked] = {}
    for each in marked:
        if each.code not in known and (each.code, each.document_id) not in ours:
            first.setdefault(each.code, each)
    return list(first.values())
