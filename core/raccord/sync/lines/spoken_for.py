"""Documents that need no question: those of the connection itself, and those that something speaks of already."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.plugin.ledger import ResolutionKind
from raccord.store.models import (
    Action,
    Connection,
    DraftRow,
    Hold,
    LineState,
    LinkRow,
    LinkState,
    PlanLine,
    Posting,
    PostingState,
)
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.lines.pairing import Found, Named
from raccord.sync.lines.several_documents import SEVERAL
from raccord.sync.resolving.conflict_rules import ALREADY_EXISTS
from raccord.sync.resolving.conflicts import DECISION, decided_in

REFUSED = "refused_doubles"
"""Under this name stands, among a draft's decisions, which documents it was said not to be before the last question."""


def being_sent(session: Session, company_id: str) -> dict[str, tuple[str, str, str]]:
    """Return by its mark what the company's connections are sending, which no link names yet: the connection's id and
    name, and the key.
    """
    rows = session.execute(
        select(Posting.marker, Connection.id, Connection.label, Posting.key)
        .join(Connection, Connection.id == Posting.connection_id)
        .where(
            Connection.company_id == company_id,
            Posting.state == PostingState.INTENT,
            Posting.operation == Action.CREATE,
        )
    )
    return {row.marker: (row.id, row.label, row.key) for row in rows}


def ours_of(session: Session, connection: Connection, found: Sequence[Found]) -> set[tuple[str, str]]:
    """Return those of some documents, by kind and id, that the connection posted or linked itself."""
    ours: set[tuple[str, str]] = set()
    for some in chunks(sorted({each.id for each in found}), CHUNK):
        rows = session.execute(
            select(LinkRow.kind, LinkRow.document_id).where(
                LinkRow.company_id == connection.company_id,
                LinkRow.connection_id == connection.id,
                LinkRow.document_id.in_(some),
                LinkRow.state == LinkState.LIVE,
            )
        )
        ours.update((row.kind, row.document_id) for row in rows)
    return ours


def spoken_for(session: Session, connection: Connection, plan_id: str) -> set[Named]:
    """Return what open questions of a connection name and a plan touches: documents by kind and id, and what others
    post by connection and key (:attr:`Found.names`).
    """
    asked = select(Hold.params).where(
        Hold.connection_id == connection.id, Hold.closed_at.is_(None), Hold.code == ALREADY_EXISTS
    )
    named = {name for params in session.scalars(asked) for name in _names_in(params)}
    touched = select(PlanLine.kind, PlanLine.document_id).where(
        PlanLine.plan_id == plan_id,
        PlanLine.document_id != "",
        PlanLine.action != Action.CREATE,
        PlanLine.state != LineState.LEFT,
    )
    return named | {(kind, document_id) for kind, document_id in session.execute(touched)}


def refused_by(row: DraftRow) -> frozenset[Named]:
    """Return the documents that a person said a draft's movement not to be (:attr:`Found.names`)."""
    return refused_in(row.decisions)


def refused_in(decisions: Mapping[str, Any]) -> frozenset[Named]:
    """Return likewise those of a draft's decisions."""
    before = {(str(one), str(other)) for one, other in decisions.get(REFUSED, ())}
    decided = decided_in(decisions)
    said = decided is not None and decided.kind is ResolutionKind.CREATE
    return frozenset(before.union(_names_in(decisions[DECISION].get("params") or {}) if said else ()))


def _names_in(params: Mapping[str, Any]) -> Iterator[Named]:
    """Yield what a question names."""
    for each in (params, *params.get(SEVERAL, ())):
        yield str(each.get("kind", "")), str(each.get("id", ""))
        yield str(each.get("owner", "")), str(each.get("owner_key", ""))
