"""Conflicts: what stands in a draft's way, who answers it, which answers it allows; core's own answer is to hold."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from raccord.plugin.drafts import Draft
from raccord.plugin.ledger import Conflict, ConflictKind, Document, Resolution, ResolutionKind
from raccord.plugin.texts import Text
from raccord.scope import Scope
from raccord.store.models import (
    Action,
    Connection,
    DraftRow,
    LineState,
    LinkRow,
    LinkState,
    Plan,
    PlanLine,
    PlanState,
)
from raccord.sync.readback import LISTS
from raccord.sync.views import View

DUPLICATE_NAME = "conflict.duplicate_name"
DUPLICATE_NUMBER = "conflict.duplicate_number"
STALE = "conflict.stale"
DELETED = "conflict.deleted"
ALREADY_EXISTS = "conflict.already_exists"

DECISION = "conflict"
"""Under this name a person's answer stands among the draft's decisions: the resolution, and the id to link to."""

KINDS: Mapping[str, ConflictKind] = {
    DUPLICATE_NAME: ConflictKind.DUPLICATE_NAME,
    DUPLICATE_NUMBER: ConflictKind.DUPLICATE_NUMBER,
    STALE: ConflictKind.STALE,
    DELETED: ConflictKind.DELETED,
    ALREADY_EXISTS: ConflictKind.ALREADY_EXISTS,
}

ALLOWED: Mapping[ConflictKind, frozenset[ResolutionKind]] = {
    ConflictKind.DUPLICATE_NAME: frozenset({ResolutionKind.HOLD, ResolutionKind.LINK, ResolutionKind.SKIP}),
    ConflictKind.DUPLICATE_NUMBER: frozenset({ResolutionKind.HOLD, ResolutionKind.LINK, ResolutionKind.SKIP}),
    ConflictKind.STALE: frozenset({ResolutionKind.HOLD, ResolutionKind.KEEP_THEIRS}),
    ConflictKind.DELETED: frozenset({ResolutionKind.HOLD, ResolutionKind.KEEP_THEIRS, ResolutionKind.RESTORE_OURS}),
    ConflictKind.ALREADY_EXISTS: frozenset(
        {ResolutionKind.HOLD, ResolutionKind.LINK, ResolutionKind.SKIP, ResolutionKind.CREATE}
    ),
}


def settle(
    scope: Scope,
    view: View,
    row: DraftRow,
    draft: Draft,
    code: str,
    detail: str,
    existing: Document | None = None,
    but: frozenset[ResolutionKind] = frozenset(),
) -> Resolution:
    """Return the answer to a draft's conflict: a person's, an extension's, the connector's, or core's.

    ``but`` takes answers away that this one case does not allow.
    """
    kind = KINDS[code]
    allowed = ALLOWED[kind] - but
    decided = row.decisions.get(DECISION)
    if isinstance(decided, Mapping) and decided.get("kind") in allowed:
        return Resolution(ResolutionKind(str(decided["kind"])), str(decided.get("target", "")), _BY_A_PERSON)
    return scope.conflict(view, Conflict(kind, draft, allowed, existing, detail))


def allowed_for(code: str, params: Mapping[str, object]) -> frozenset[ResolutionKind]:
    """Return what a person may answer to a question of this code; nothing where it is no conflict."""
    kind = KINDS.get(code)
    allowed = frozenset[ResolutionKind]() if kind is None else ALLOWED[kind]
    return allowed - {ResolutionKind.LINK} if params.get("linkable") is False else allowed


def linked_to(session: Session, company_id: str, row: DraftRow, document_id: str) -> str | None:
    """Return the key of another draft of the company that a document is linked to, or will be by a plan that waits.

    An entry of a list may serve several drafts; a document is one draft's alone, or money would be counted twice.
    """
    if row.kind in LISTS:
        return None
    linked = select(LinkRow.key).where(
        LinkRow.company_id == company_id,
        LinkRow.kind == row.kind,
        LinkRow.document_id == document_id,
        LinkRow.state == LinkState.LIVE,
        or_(LinkRow.connection_id != row.connection_id, LinkRow.key != row.key),
    )
    promised = (
        select(PlanLine.key)
        .join(Plan, Plan.id == PlanLine.plan_id)
        .join(Connection, Connection.id == Plan.connection_id)
        .where(
            Connection.company_id == company_id,
            Plan.state.in_((PlanState.BUILDING, PlanState.WAITING, PlanState.APPROVED)),
            PlanLine.action == Action.LINK,
            PlanLine.state.in_((LineState.PENDING, LineState.SENDING)),
            PlanLine.kind == row.kind,
            PlanLine.document_id == document_id,
            PlanLine.draft_id != row.id,
        )
    )
    return session.scalars(linked.limit(1)).first() or session.scalars(promised.limit(1)).first()


_BY_A_PERSON = Text("Une personne en a décidé ainsi.", "A person decided so.")
