"""Lines that are documents of the books, and of which their source says another amount since: it is asked."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.plugin.drafts import Draft, StillDraft, money_effect
from raccord.store.models import DraftRow, DraftState, Match
from raccord.sync.resolving.conflict_rules import MATCHED_EDITED
from raccord.sync.resolving.holds import open_hold
from raccord.sync.resolving.newcomers import CASE

LINE = "line"
"""The case of a question about a line that its source tells otherwise."""


def asked_of_match(row: DraftRow) -> bool:
    """Tell whether a person is asked if a line still is its document of the books: until then it posts nothing."""
    return row.state == DraftState.HELD and row.reason == MATCHED_EDITED


def ask_if_otherwise(session: Session, row: DraftRow, before: Draft, draft: Draft, now: datetime) -> None:
    """Ask about a line whose documents do not come to what its source says of it now.

    A line that was left out posts nothing of its own, so that the difference would be in no books. One that is asked
    about already stays so.
    """
    if isinstance(before, StillDraft) or isinstance(draft, StillDraft):
        return
    amount = money_effect(draft)[1]
    if amount == money_effect(before)[1]:
        return
    matches = session.scalars(select(Match).where(Match.draft_id == row.id).order_by(Match.id)).all()
    if not matches or sum((each.amount for each in matches), Decimal(0)) == amount:
        return
    first = matches[0]
    whole = first.amount if first.whole is None else first.whole
    params = {
        CASE: LINE,
        "kind": first.kind,
        "id": first.document_id,
        "document": ", ".join(f"{each.kind} {each.document_id}" for each in matches),
        "account": first.money_account,
        "was": format(whole, "f"),
        "was_day": first.day.isoformat(),
        "amount": format(whole, "f"),
        "day": first.day.isoformat(),
        "line": format(amount, "f"),
    }
    row.state, row.reason = DraftState.HELD, MATCHED_EDITED
    open_hold(session, row.connection_id, row, MATCHED_EDITED, params, now)
