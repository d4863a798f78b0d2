"""Entries of lists that people want active again: read with the books, planned as lines, before what needs them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from raccord.plugin.ledger import ResolutionKind
from raccord.quickbooks.codec import active_again
from raccord.store.made_once import made_once
from raccord.store.models import Action, Connection, DraftRow, DraftState, LinkRow, PlanLine, Run
from raccord.sync.bodies import digest
from raccord.sync.resolving.conflicts import DECISION
from raccord.sync.resolving.resolve import Place, Resolver
from raccord.sync.resolving.settling import decided_for_all

AGAIN = "again/"
"""What the keys of such lines begin with; list and id follow."""
BODIES = "again"
"""Under this name a run's progress keeps what makes each entry active again."""
OPEN = (DraftState.WAITING, DraftState.READY, DraftState.HELD, DraftState.PLANNED)


def note_inactive(session: Session, run: Run, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep the bodies of the entries that people decided to make active again, as the lists say them now."""
    _, wanted = _decided(session, connection.id)
    bodies = {
        f"{row['kind']}/{row['Id']}": active_again(str(row["kind"]), {n: v for n, v in row.items() if n != "kind"})
        for row in rows
        if (str(row["kind"]), str(row["Id"])) in wanted and not row.get("Active", True)
    }
    run.progress = {**run.progress, BODIES: bodies}


def to_reactivate(session: Session, run: Run) -> tuple[dict[Place, str], dict[tuple[str, str], str]]:
    """Return the names that people gave to core's own entries, and the entries to be made active with their bodies."""
    names, _ = _decided(session, run.connection_id)
    bodies: dict[str, str] = run.progress.get(BODIES, {})
    return names, {(key.partition("/")[0], key.partition("/")[2]): body for key, body in bodies.items()}


def lines_for(session: Session, plan_id: str, resolver: Resolver) -> list[dict[str, Any]]:
    """Return the lines for the entries that this slice's drafts use and that no earlier slice planned."""
    keys = {f"{AGAIN}{kind}/{object_id}": (kind, object_id) for kind, object_id in sorted(resolver.reactivated)}
    if not keys:
        return []
    planned = set(session.scalars(select(PlanLine.key).where(PlanLine.plan_id == plan_id, PlanLine.key.in_(keys))))
    made = select(LinkRow.key, LinkRow.revision).where(
        LinkRow.company_id == resolver.connection.company_id,
        LinkRow.connection_id == resolver.connection.id,
        LinkRow.key.in_(keys),
    )
    revisions = {row.key: row.revision for row in session.execute(made)}
    return [
        _line(key, revisions.get(key, 0) + 1, entry, resolver.inactive[entry])
        for key, entry in keys.items()
        if key not in planned
    ]


def _line(key: str, revision: int, entry: tuple[str, str], body: str) -> dict[str, Any]:
    return {
        "key": key,
        "revision": revision,
        "kind": entry[0],
        "document_id": entry[1],
        "payload": body,
        "payload_hash": digest(body),
        "action": Action.UPDATE,
        "reason": "plan.reactivated",
    }


def _decided(session: Session, connection_id: str) -> tuple[dict[Place, str], set[tuple[str, str]]]:
    return decided_for_all(session.scalars(*_answers(connection_id)).all())


@made_once
def _answers(connection_id: str) -> Select[dict[str, Any]]:
    way = DraftRow.decisions[DECISION]["kind"].as_string()
    return select(DraftRow.decisions).where(
        DraftRow.connection_id == connection_id,
        DraftRow.state.in_(OPEN),
        way.in_((ResolutionKind.RENAME, ResolutionKind.REACTIVATE)),
    )
