"""Documents that hold lines' movements, edited in QuickBooks: they may not be these lines any more, so it is asked.

An amount that is another one, also because the document left the account, is asked about; so is a day on which the
document would not have been taken for the line. Until somebody answers, the line posts nothing and no other line is
taken for the document. Edited back, the document is the line's again and the question goes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.plugin.drafts import StillDraft, money_effect
from raccord.quickbooks import Changes
from raccord.quickbooks.codec import is_voided, money_of, summary_of
from raccord.store.models import DraftRow, DraftState, Hold, LinkRow, LinkState, Match
from raccord.sync.bodies import load_draft
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.lines.pairing import DAYS_APART
from raccord.sync.mapping.matched_otherwise import asked_of_match
from raccord.sync.resolving.conflict_rules import ALREADY_EXISTS, MATCHED_EDITED
from raccord.sync.resolving.conflicts import without_decision
from raccord.sync.resolving.holds import close_hold, open_hold


@dataclass(frozen=True, slots=True)
class _Moved:
    """By how much a document moves a line's account, and when."""

    amount: Decimal
    day: date


def ask_about_edited(session: Session, company_id: str, changes: Changes, now: datetime) -> int:
    """Ask about the lines that were said to be documents which say something else now; return how many."""
    edited = {
        (kind, str(row["Id"])): row for kind, rows in changes.changed.items() for row in rows if not is_voided(row)
    }
    asked = 0
    for some in chunks(sorted({id_ for _, id_ in edited}), CHUNK):
        matches = select(Match).where(Match.company_id == company_id, Match.document_id.in_(some))
        for match in session.scalars(matches.order_by(Match.id)).all():
            document = edited.get((match.kind, match.document_id))
            if document is not None:
                asked += _one(session, match, document, now)
    return asked


def _one(session: Session, match: Match, document: Mapping[str, Any], now: datetime) -> bool:
    """Bring a match to what its document says now; tell whether its line is asked about."""
    draft = session.get_one(DraftRow, match.draft_id)
    known = asked_of_match(draft)
    if not known and draft.state != DraftState.SKIPPED:
        return False
    before = _Moved(match.amount if match.whole is None else match.whole, match.day)
    after = _Moved(money_of(match.kind, document, match.money_account), date.fromisoformat(str(document["TxnDate"])))
    if after == before:
        return False
    said = _said(session, match) if known else {}
    was = _Moved(Decimal(said["was"]), date.fromisoformat(said["was_day"])) if said else before
    match.day = after.day
    if match.whole is None:
        match.amount = after.amount
    else:
        match.whole = after.amount
    whole = _come_to_line(session, draft)
    settled = after.amount == was.amount or (whole and match.whole is None)
    if after == was or (settled and _may_bear(session, match, draft)):
        if said and whole:
            close_hold(session, draft, now)
            draft.state, draft.reason, draft.decisions = DraftState.SKIPPED, ALREADY_EXISTS, without_decision(draft)
        return False
    # What was answered was said of the document as it was then.
    draft.state, draft.reason, draft.decisions = DraftState.HELD, MATCHED_EDITED, without_decision(draft)
    params = {
        "kind": match.kind,
        "id": match.document_id,
        "document": f"{match.kind} {summary_of(match.kind, document).number or match.document_id}",
        "account": match.money_account,
        "was": format(was.amount, "f"),
        "was_day": was.day.isoformat(),
        "amount": format(after.amount, "f"),
        "day": after.day.isoformat(),
    }
    open_hold(session, match.connection_id, draft, MATCHED_EDITED, params, now)
    return True


def _said(session: Session, match: Match) -> Mapping[str, Any]:
    """Return what the open question about a line says of this document; nothing where it is about another one."""
    params = session.scalars(
        select(Hold.params).where(Hold.draft_id == match.draft_id, Hold.closed_at.is_(None))
    ).first()
    here = (match.kind, match.document_id, match.money_account)
    return params if params and tuple(params.get(name) for name in ("kind", "id", "account")) == here else {}


def _may_bear(session: Session, match: Match, draft: DraftRow) -> bool:
    """Tell whether a document would still be taken for a line on the day that it bears now.

    One of ours may bear another day than its movement's, and is looked after as ours.
    """
    ours = select(LinkRow.id).where(
        LinkRow.company_id == match.company_id,
        LinkRow.kind == match.kind,
        LinkRow.document_id == match.document_id,
        LinkRow.state == LinkState.LIVE,
    )
    near = draft.day is None or abs((match.day - draft.day).days) <= DAYS_APART
    return near or session.scalars(ours).first() is not None


def _come_to_line(session: Session, draft: DraftRow) -> bool:
    """Tell whether the documents that a line is, or its parts of them, come to its amount."""
    amounts = session.scalars(select(Match.amount).where(Match.draft_id == draft.id))
    body = load_draft(draft.body)
    return isinstance(body, StillDraft) or sum(amounts, Decimal(0)) == money_effect(body)[1]
