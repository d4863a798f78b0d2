"""Telling the source what became of its records, for connectors that wait for it (Pleo's export jobs)."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.plugin.ledger import Document, Outcome, OutcomeState
from raccord.plugin.money import Money
from raccord.quickbooks import Environment, deep_link
from raccord.store.models import DraftRow, DraftState, LinkRow, PlanLine

STATES = {
    DraftState.POSTED: OutcomeState.POSTED,
    DraftState.SKIPPED: OutcomeState.SKIPPED,
    DraftState.RESOLVED: OutcomeState.SKIPPED,
    DraftState.WITHDRAWN: OutcomeState.SKIPPED,
    DraftState.FAILED: OutcomeState.FAILED,
}
"""Every other state is ``held``: it waits for a person or for another document."""


def outcomes_after(
    session: Session, plan_id: str, last: int, limit: int, environment: Environment, realm: str
) -> tuple[list[Outcome], int]:
    """Return the outcomes of the plan's next drafts after line ``last``, and the last line taken."""
    rows = session.execute(
        select(PlanLine.id, DraftRow, LinkRow)
        .join(DraftRow, DraftRow.id == PlanLine.draft_id)
        .outerjoin(LinkRow, (LinkRow.connection_id == DraftRow.connection_id) & (LinkRow.key == DraftRow.key))
        .where(PlanLine.plan_id == plan_id, PlanLine.id > last)
        .order_by(PlanLine.id)
        .limit(limit)
    ).all()
    outcomes = [_outcome(draft, link, environment, realm) for _, draft, link in rows]
    return outcomes, rows[-1][0] if rows else last


def _outcome(draft: DraftRow, link: LinkRow | None, environment: Environment, realm: str) -> Outcome:
    stream, _, source_id = draft.key.partition("#")[0].partition("/")
    state = STATES.get(DraftState(draft.state), OutcomeState.HELD)
    document = None
    if link is not None and state is OutcomeState.POSTED:
        total = None if link.amount is None else Money(abs(Decimal(link.amount)), link.currency)
        url = deep_link(environment, link.kind, link.document_id, realm=realm) or ""
        document = Document(link.kind, link.document_id, link.document_number, link.day, total, url)
    return Outcome(stream, source_id, draft.key, state, document, draft.reason)
