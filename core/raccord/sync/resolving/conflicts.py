"""Conflicts: what stands in a draft's way, who answers it, which answers it allows; core's own answer is to hold."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from raccord.guard import PluginFault
from raccord.plugin.drafts import Draft
from raccord.plugin.ledger import Conflict, Document, LedgerObject, Resolution, ResolutionKind
from raccord.plugin.money import Money
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
from raccord.sync.books.readback import LISTS
from raccord.sync.resolving.answered import Answered
from raccord.sync.resolving.conflict_rules import KINDS, allowed_for, by_plugins
from raccord.sync.resolving.views import View

DECISION = "conflict"
"""Under this name a person's answer stands among the draft's decisions: the resolution, its target, and what the
question was about.
"""
RENAMED = "renamed"
"""Under this name stands, for good, the name that was given to an entry whose own was taken."""
ANY_AMOUNT = "any_amount"
"""A plan line says so where a person linked a document of another amount knowingly."""


def settle(
    scope: Scope,
    view: View,
    row: DraftRow,
    draft: Draft,
    code: str,
    params: Mapping[str, object],
    answered: Answered,
    existing: LedgerObject | Document | None = None,
    detail: str = "",
) -> Resolution:
    """Return the answer to a draft's conflict: a person's, an extension's, the connector's, or core's.

    ``params`` are those of its question; they take away answers that mean nothing in this one case. Who ``answered``
    is noted there. A plugin that fails has no say: the conflict is held, as core does.
    """
    kind, allowed = KINDS[code], allowed_for(code, params)
    decided = decision_of(row)
    if decided is not None and decided.kind in allowed:
        return decided
    proposals = params.get("proposals")
    names = tuple(map(str, proposals)) if isinstance(proposals, list | tuple) else ()
    said = detail or str(params.get("detail", ""))
    asked = Conflict(kind, draft, by_plugins(allowed, kind), existing or existing_in(params), said, names)
    try:
        settled = scope.conflict(view, asked)
    except PluginFault as fault:
        answered.faults.append(fault)
        return Resolution(ResolutionKind.HOLD)
    answered.conflicts[code] = settled
    return settled.resolution


def decision_of(row: DraftRow) -> Resolution | None:
    """Return what a person decided about a draft's conflict and no run has acted on yet."""
    return decided_in(row.decisions)


def decided_in(decisions: Mapping[str, Any]) -> Resolution | None:
    """Return likewise what stands among a draft's decisions."""
    decided = decisions.get(DECISION)
    if not isinstance(decided, Mapping) or decided.get("kind") not in set(ResolutionKind):
        return None
    return Resolution(ResolutionKind(str(decided["kind"])), str(decided.get("target", "")), _BY_A_PERSON)


def without_decision(row: DraftRow) -> dict[str, Any]:
    """Return a draft's decisions without the one about its conflict, once that was acted on."""
    return {name: answer for name, answer in row.decisions.items() if name != DECISION}


def existing_in(params: Mapping[str, object]) -> LedgerObject | Document | None:
    """Return what stands in the way as far as the question names it."""
    kind, object_id = str(params.get("kind", "")), str(params.get("id", ""))
    if not kind or not object_id:
        return None
    if kind in LISTS or kind == "Employee":
        return LedgerObject(kind, object_id, str(params.get("name", "")), active=params.get("active") is not False)
    day, amount, currency = params.get("day"), params.get("amount"), params.get("currency")
    total = Money(abs(Decimal(str(amount))), str(currency)) if amount and currency else None
    return Document(
        kind, object_id, str(params.get("number", "")), date.fromisoformat(str(day)) if day else None, total
    )


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
