"""What a source took back after it was posted: its documents are emptied, what came after a payment with it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import cast

from sqlalchemy import CursorResult, Update, select, update
from sqlalchemy.orm import Session

from raccord.plugin.drafts import Draft, Expense, Payment, RefundReceipt, links_in
from raccord.plugin.hooks import Skipped
from raccord.plugin.texts import Text
from raccord.store.models import DraftRow, DraftState, LinkRow, LinkState, RecordState, SourceRecord
from raccord.sync.bodies import load_draft
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.mapping.unused import was_taken_back

PAYMENT_TAKEN_BACK = "mapping.payment_taken_back"
FOLLOWS = Skipped(
    PAYMENT_TAKEN_BACK,
    Text(
        "La source a retiré le paiement dont ceci dépend ; ce qui en est dans QuickBooks est vidé avec lui.",
        "The source took back the payment that this belongs to; what is in QuickBooks of it is emptied with it.",
    ),
    report=True,
    takes_back=True,
)
VOIDED_THERE = Text("Annulé à la source", "Voided at the source")
KINDS_AFTER = ("RefundReceipt", "Purchase")


def posted_keys(session: Session, connection_id: str, keys: Iterable[str]) -> set[str]:
    """Return those of the keys under which a document of ours is in QuickBooks."""
    found: set[str] = set()
    for some in chunks(sorted(set(keys)), CHUNK):
        live = select(LinkRow.key).where(
            LinkRow.connection_id == connection_id, LinkRow.state == LinkState.LIVE, LinkRow.key.in_(some)
        )
        found.update(session.scalars(live))
    return found


def payment_of(draft: Draft) -> str:
    """Return the key of the payment that a draft came after, if it names one."""
    return draft.after.key if isinstance(draft, RefundReceipt | Expense) and draft.after is not None else ""


def is_taken_back(session: Session, connection_id: str, key: str) -> bool:
    """Tell whether the source took the payment of this key back."""
    body = session.scalar(select(DraftRow.body).where(DraftRow.connection_id == connection_id, DraftRow.key == key))
    return body is not None and was_taken_back(load_draft(body))


def look_again(session: Session, connection_id: str, payments: Iterable[str]) -> int:
    """Have what came after these payments mapped again, since they were taken back or came back; return how much."""
    session.flush()
    found = 0
    # Those that never had a draft are found by their reason alone; what still goes with its payment goes again.
    waiting = update(SourceRecord).where(
        SourceRecord.connection_id == connection_id,
        SourceRecord.state == RecordState.SKIPPED,
        SourceRecord.reason == PAYMENT_TAKEN_BACK,
    )
    found += _mapped_again(session, waiting)
    for key in sorted(set(payments)):
        rows = _naming(session, connection_id, key, KINDS_AFTER)
        records = [row.record_id for row in rows if row.record_id and payment_of(load_draft(row.body)) == key]
        for some in chunks(records, CHUNK):
            mapped = update(SourceRecord).where(SourceRecord.id.in_(some), SourceRecord.state == RecordState.MAPPED)
            found += _mapped_again(session, mapped)
    return found


def settle_again(session: Session, connection_id: str, filled: Iterable[str]) -> None:
    """Have posted payments of these invoices and credits written again: QuickBooks took them off the empty ones."""
    session.flush()
    for key in sorted(set(filled)):
        for row in _naming(session, connection_id, key, ("Payment",)):
            draft = load_draft(row.body)
            if row.state == DraftState.POSTED and isinstance(draft, Payment) and key in links_in(draft):
                row.revision += 1
                row.state, row.reason = DraftState.WAITING, ""


def _naming(session: Session, connection_id: str, key: str, kinds: Sequence[str]) -> Sequence[DraftRow]:
    """Return the drafts whose text holds a key: narrowed by text, since no column has it; the draft itself tells."""
    named = json.dumps(key, ensure_ascii=False).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    wanted = select(DraftRow).where(
        DraftRow.connection_id == connection_id,
        DraftRow.kind.in_(kinds),
        DraftRow.body.like(f"%{named}%", escape="\\"),
    )
    return session.scalars(wanted).all()


def _mapped_again(session: Session, chosen: Update) -> int:
    again = chosen.values(state=RecordState.NEW, reason="").execution_options(synchronize_session="fetch")
    return cast(CursorResult[object], session.execute(again)).rowcount
