"""What differs from what the old tool posted waits for a person: it would be in the books twice, once in each form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.store.models import Action, Connection, DraftRow, DraftState, LineState, PlanLine, ShadowOutcome
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.resolving.conflict_rules import DIFFERS
from raccord.sync.resolving.conflicts import DECISION
from raccord.sync.resolving.holds import close_hold, open_hold
from raccord.sync.shadowing.pairs import Compared

CAUSES = "differs"
"""Under this name such a question keeps in what the two differ, ours first."""


def hold_differing(
    session: Session, connection: Connection, plan_id: str, rows: Iterable[Compared], now: datetime
) -> None:
    """Hold what a plan would post beside a document that differs from it, and let go what differs no more.

    What the plan knows to be there, and what a person answered, stays as it is.
    """
    differing = {
        each.ours.line.id: each
        for each in rows
        if each.outcome == ShadowOutcome.DIFFERENT and each.ours is not None and each.theirs is not None
    }
    for line, row in _planned(session, connection, plan_id, differing):
        found = differing.get(row.id)
        if found is not None:
            _hold(session, line, row, found, now)
        elif row.reason == DIFFERS and DECISION not in row.decisions:
            row.reason = ""
            close_hold(session, row, now)


def _planned(
    session: Session, connection: Connection, plan_id: str, differing: Mapping[int, Compared]
) -> Iterable[tuple[PlanLine, DraftRow]]:
    """Yield the lines that the plan would post and that differ, or were held for that by the plan before."""
    of = (
        select(PlanLine, DraftRow)
        .join(DraftRow, DraftRow.id == PlanLine.draft_id)
        .where(PlanLine.plan_id == plan_id, PlanLine.action == Action.CREATE)
    )
    held = of.where(DraftRow.connection_id == connection.id, DraftRow.reason == DIFFERS)
    found = {row.id: (line, row) for line, row in session.execute(held)}
    for some in chunks(sorted(differing), CHUNK):
        found |= {row.id: (line, row) for line, row in session.execute(of.where(PlanLine.draft_id.in_(some)))}
    return found.values()


def _hold(session: Session, line: PlanLine, row: DraftRow, compared: Compared, now: datetime) -> None:
    if compared.theirs is None:
        raise TypeError(row.key)
    found = compared.theirs.found
    params: dict[str, Any] = {
        "document": f"{found.kind} {found.number or found.id}",
        "kind": found.kind,
        "id": found.id,
        "day": found.bears.isoformat(),
        "amount": format(found.amount, "f"),
        "linkable": found.kind == line.kind,
        CAUSES: {str(cause): [list(ours), list(theirs)] for cause, (ours, theirs) in compared.fields.items()},
    }
    row.state, row.reason = DraftState.HELD, DIFFERS
    open_hold(session, row.connection_id, row, DIFFERS, params, now)
    line.action, line.state, line.reason, line.params = Action.HOLD, LineState.LEFT, DIFFERS, params
    line.payload, line.payload_hash, line.needs, line.effect = "", "", [], {}
