"""Which documents bank lines pay, kept from all other lines: whole by one alone, or by several a part of it each.

A document is paid whole by one draft alone: the database keeps it so. Where several pay a part of it each, they never
come to more than what is open of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from raccord.plugin.drafts import Deposit, Expense
from raccord.quickbooks.codec import entity_of
from raccord.store.models import DraftRow, DraftState, LinkRow, LinkState, PaidDocument
from raccord.sync.bodies import load_draft
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.lines.paying import PAYS, asked_in, is_refund, refunded_key
from raccord.sync.lines.payments_left import STANDING, left_if_asked
from raccord.sync.lines.undeposited import TAKEN
from raccord.sync.resolving.holds import open_hold
from raccord.sync.resolving.resolve import DECISION_MISSING

WHOLE = 0
"""The part of a document that one draft alone may pay: all of it."""
_DROPPED = (DraftState.SKIPPED, DraftState.WITHDRAWN)
_TO_POST = (DraftState.WAITING, DraftState.READY, DraftState.PLANNED)
"""What is to be posted pays, also where an earlier document of it was taken out of the books."""


@dataclass(slots=True)
class Spoken:
    """What drafts pay of a document: all of it, or parts (amounts by id), of which some are not in the books yet."""

    whole: bool = False
    parts: dict[str, Decimal] = field(default_factory=dict)
    waiting: Decimal = Decimal(0)


def paid_by_others(session: Session, company_id: str, but: int | None = None) -> dict[tuple[str, str], Spoken]:
    """Return what drafts pay that wait or stand in the books; forgets those whose payment does neither any more."""
    rows = session.execute(
        select(PaidDocument, DraftRow)
        .join(DraftRow, DraftRow.id == PaidDocument.draft_id)
        .where(PaidDocument.company_id == company_id, PaidDocument.draft_id != (but or 0))
    ).all()
    live: set[tuple[str, str]] = set()
    gone: set[tuple[str, str]] = set()
    keys = {draft.key for _, draft in rows} | {
        refunded_key(draft.key) for _, draft in rows if is_refund(draft.decisions)
    }
    for some in chunks(sorted(keys), CHUNK):
        links = select(LinkRow.connection_id, LinkRow.key, LinkRow.state).where(
            LinkRow.company_id == company_id, LinkRow.key.in_(some)
        )
        for link in session.execute(links):
            (live if link.state == LinkState.LIVE else gone).add((link.connection_id, link.key))
    taken: dict[tuple[str, str], Spoken] = {}
    for paid, draft in rows:
        asks = draft.state == DraftState.HELD and draft.reason == DECISION_MISSING
        lost = draft.state not in _TO_POST and (draft.connection_id, draft.key) in gone
        dropped = asks or lost or draft.state in _DROPPED
        if dropped or PAYS not in draft.decisions:
            session.delete(paid)
            continue
        spoken = taken.setdefault((paid.kind, paid.document_id), Spoken())
        if paid.part == WHOLE:
            spoken.whole = True
            continue
        spoken.parts[paid.id] = paid.amount
        settling = refunded_key(draft.key) if is_refund(draft.decisions) else draft.key
        if (draft.connection_id, settling) not in live:
            # What is in the books has lowered what QuickBooks says is open.
            spoken.waiting += paid.amount
    return taken


def reserved(session: Session, company_id: str, row: DraftRow, pays: Mapping[str, Any], now: datetime) -> bool:
    """Keep what a line is to pay from all others; tell whether none of them pays it."""
    own = select(PaidDocument.kind, PaidDocument.document_id).where(PaidDocument.draft_id == row.id)
    kept = {(kind, id_) for kind, id_ in session.execute(own)}
    missing = [each for each in pays["documents"] if (str(pays["kind"]), str(each["id"])) not in kept]
    others = paid_by_others(session, company_id, row.id) if missing else {}
    if not_free(others, str(pays["kind"]), missing):
        return False
    # What nobody pays any more makes place first: a document is one line's in the database too.
    session.flush()
    reserve(session, company_id, row, {**pays, "documents": missing}, now)
    return True


def ask_again(
    session: Session, connection_id: str, row: DraftRow, now: datetime, gone: Sequence[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """Ask again what a line is that was to pay something, some of which is ``gone``; return what the question says.

    What is gone is told until somebody answers.
    """
    draft = load_draft(row.body)
    asked = asked_in(draft) if isinstance(draft, Deposit | Expense) else None
    if asked is None:
        raise ValueError(f"{row.key}: what pays a document was a question before")
    session.execute(delete(PaidDocument).where(PaidDocument.draft_id == row.id))
    pays = row.decisions[PAYS]
    told: dict[str, Any] = {TAKEN: [_told(pays, each) for each in gone]} if gone else {}
    standing = left_if_asked(session, row)
    row.decisions = {name: answer for name, answer in row.decisions.items() if name != PAYS} | told
    row.kind, row.state, row.reason = entity_of(draft), DraftState.HELD, DECISION_MISSING
    params = {"decision": asked.name, "accepts": str(asked.accepts), "suggestion": asked.suggestion, **told}
    params |= {STANDING: standing} if standing else {}
    open_hold(session, connection_id, row, DECISION_MISSING, params, now)
    return params


def _told(pays: Mapping[str, Any], gone: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is told of a document that a line was to pay, or of a payment that it was to deposit."""
    said = {"kind": pays["kind"], "party": pays["party"], "deposit": "", **gone}
    return {name: said[name] for name in ("kind", "id", "number", "party", "amount", "deposit")}


def not_free(others: Mapping[tuple[str, str], Spoken], kind: str, documents: Iterable[Mapping[str, Any]]) -> bool:
    """Tell whether others pay too much of documents for a proposal: any of those it pays whole, or what it counted on
    being open of those it pays a part of.
    """
    for each in documents:
        spoken = others.get((kind, str(each["id"])))
        if spoken is None:
            continue
        if spoken.whole or each.get("whole", True):
            return True
        since = sum((of for id_, of in spoken.parts.items() if id_ not in each["counted"]), Decimal(0))
        if Decimal(str(each["amount"])) + since > Decimal(str(each["open"])):
            return True
    return False


def reserve(session: Session, company_id: str, row: DraftRow, pays: Mapping[str, Any], now: datetime) -> None:
    """Keep what a draft pays from all others, in the database too: all of a document, or the next part of it."""
    for each in sorted(pays["documents"], key=lambda document: str(document["id"])):
        kind, id_ = str(pays["kind"]), str(each["id"])
        last = select(func.max(PaidDocument.part)).where(
            PaidDocument.company_id == company_id, PaidDocument.kind == kind, PaidDocument.document_id == id_
        )
        paid = PaidDocument(company_id=company_id, draft_id=row.id, kind=kind, document_id=id_, said_at=now)
        paid.amount = Decimal(str(each["amount"]))
        paid.part = WHOLE if each.get("whole", True) else (session.scalar(last) or WHOLE) + 1
        session.add(paid)
    session.flush()
