"""What the books have already of a connection's plan: how many documents are there for certain, likely, or not at all.

The first plan of a source that was running before, and each that fills a hole, is held against every document of its
days (``sync.lines.doubles``). People link those that are certain all at once, and say of each other one what it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from raccord.onboarding.access.people import Actor, Power, require
from raccord.onboarding.closing.holes import Hole, before_start
from raccord.onboarding.deciding.decisions import answer_conflict
from raccord.onboarding.deciding.seen_questions import question_seen
from raccord.plugin.drafts import StillDraft, money_effect
from raccord.plugin.ledger import ResolutionKind
from raccord.store.models import Action, DraftRow, Hold, Plan, PlanLine, PlanState
from raccord.sync.bodies import load_draft
from raccord.sync.books.parties import number_of
from raccord.sync.lines.doubles import SURE
from raccord.sync.lines.matching import Sure
from raccord.sync.resolving.conflict_rules import ALREADY_EXISTS
from raccord.sync.resolving.conflicts import DECISION, decision_of
from raccord.sync.workshop import Workshop

FOUND_MAX = 20_000


@dataclass(frozen=True, slots=True)
class There:
    """A document of the plan, and what of the books it may be; ``linkable`` where both are of one kind."""

    hold_id: str
    kind: str
    key: str
    number: str
    day: date | None
    amount: Decimal | None
    currency: str
    document_kind: str
    document_id: str
    document_number: str
    """Its number, else its id."""
    document_day: date
    owner: str
    linkable: bool
    certain: bool
    seen: str
    """Tells the question that was read."""
    decided: bool
    """Whether somebody answered, which the next plan acts on."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """All documents of a plan that the books may have, the certain ones first; ``new`` counts those they have not."""

    rows: Sequence[There]
    new: int
    outside: Hole | None
    """What stays outside by the first day or the cut-over: how many records, and what they come to."""

    @property
    def certain(self) -> int:
        return sum(row.certain for row in self.rows)

    @property
    def likely(self) -> int:
        return len(self.rows) - self.certain

    @property
    def to_link(self) -> int:
        return sum(row.certain and not row.decided for row in self.rows)


def baseline_of(session: Session, connection_id: str) -> Baseline:
    """Return what is held as a possible double, and how much of the waiting plan is new to the books."""
    rows = session.execute(
        select(Hold, DraftRow)
        .join(DraftRow, DraftRow.id == Hold.draft_id)
        .where(Hold.connection_id == connection_id, Hold.closed_at.is_(None), Hold.code == ALREADY_EXISTS)
        .limit(FOUND_MAX)
    ).all()
    found = [_there(hold, draft) for hold, draft in rows]
    new = session.scalar(
        select(func.count())
        .select_from(PlanLine)
        .join(Plan, Plan.id == PlanLine.plan_id)
        .where(
            Plan.connection_id == connection_id,
            Plan.state == PlanState.WAITING,
            PlanLine.action == Action.CREATE,
            PlanLine.amount.is_not(None),
        )
    )
    outside = before_start(session, connection_id)
    found.sort(key=lambda row: (not row.certain, row.day or date.min, row.key))
    return Baseline(found, new or 0, outside)


def link_certain(workshop: Workshop, actor: Actor, connection_id: str) -> int:
    """Answer of every document that is there for certain that it is the same one; return how many were."""
    require(actor, Power.WORK)
    with workshop.database.read() as session:
        wanted = [row for row in baseline_of(session, connection_id).rows if row.certain and not row.decided]
    for row in wanted:
        answer_conflict(workshop, actor, row.hold_id, ResolutionKind.LINK, row.document_id, seen=row.seen)
    return len(wanted)


def _there(hold: Hold, row: DraftRow) -> There:
    draft, said = load_draft(row.body), hold.params
    linkable = said.get("linkable") is True
    return There(
        hold_id=hold.id,
        kind=row.kind,
        key=row.key,
        number=number_of(draft),
        day=row.day,
        amount=None if isinstance(draft, StillDraft) else money_effect(draft)[1],
        currency=str(getattr(draft, "currency", "")),
        document_kind=str(said["kind"]),
        document_id=str(said["id"]),
        document_number=str(said["document"]).partition(" ")[2],
        document_day=date.fromisoformat(str(said["day"])),
        owner=str(said.get("owner", "")),
        linkable=linkable,
        certain=linkable and said.get(SURE) == Sure.CERTAIN,
        seen=question_seen(hold.code, said, decision_of(row)),
        decided=DECISION in row.decisions,
    )
