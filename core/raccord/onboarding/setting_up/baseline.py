"""What the books have already of a connection's plan: how many documents are there for certain, likely, or not at all.

The first plan of a source that was running before, and each that fills a hole, is held against every document of its
days (``sync.lines.doubles``). People link those that are certain all at once, and say of each other one what it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import ColumnElement, and_, case, func, select
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

TOGETHER = 500
"""Documents that one request answers; it must answer while somebody waits, who then has the next ones linked."""


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
    """How many documents of a plan the books may have; ``new`` counts those they have not."""

    total: int
    certain: int
    to_link: int
    """How many of the certain ones nobody answered, of which ``TOGETHER`` at most are linked at once."""
    decided: int
    new: int
    outside: Hole | None
    """What stays outside by the first day or the cut-over: how many records, and what they come to."""

    @property
    def likely(self) -> int:
        return self.total - self.certain


# Counted and sorted by the database: to read thousands of drafts for a page of fifty takes a second.
_CERTAIN = case(
    (and_(Hold.params["linkable"].as_boolean(), Hold.params[SURE].as_string() == str(Sure.CERTAIN)), 1), else_=0
)
_DECIDED = case((DraftRow.decisions[DECISION].as_string().is_not(None), 1), else_=0)


def baseline_of(session: Session, connection_id: str) -> Baseline:
    """Count what is held as a possible double, and how much of the waiting plan is new to the books."""
    open_certain = _CERTAIN * (1 - _DECIDED)
    counts = select(func.count(), func.sum(_CERTAIN), func.sum(open_certain), func.sum(_DECIDED))
    total, certain, to_link, decided = session.execute(counts.where(*_held(connection_id))).one()
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
    return Baseline(total, certain or 0, to_link or 0, decided or 0, new or 0, outside)


def baseline_rows(session: Session, connection_id: str, limit: int, offset: int = 0) -> Sequence[There]:
    """Return a page of the documents that are held as a possible double, the certain ones first, then by day."""
    return _rows(session, _held(connection_id), limit, offset)


@dataclass(frozen=True, slots=True)
class LinkedCertain:
    """How many documents were answered, and how many that are there for certain wait for the next asking."""

    linked: int
    left: int


def link_certain(workshop: Workshop, actor: Actor, connection_id: str) -> LinkedCertain:
    """Answer of each document that is there for certain that it is the same, ``TOGETHER`` of them at most.

    Each answer is kept by itself: cut short, the next asking goes on with those that nobody answered.
    """
    require(actor, Power.WORK)
    with workshop.database.read() as session:
        wanted = _rows(session, [*_held(connection_id), _CERTAIN == 1, _DECIDED == 0], TOGETHER)
    for row in wanted:
        answer_conflict(workshop, actor, row.hold_id, ResolutionKind.LINK, row.document_id, seen=row.seen)
    with workshop.database.read() as session:
        return LinkedCertain(len(wanted), baseline_of(session, connection_id).to_link)


def _held(connection_id: str) -> Sequence[ColumnElement[bool]]:
    return [
        DraftRow.id == Hold.draft_id,
        Hold.connection_id == connection_id,
        Hold.closed_at.is_(None),
        Hold.code == ALREADY_EXISTS,
    ]


def _rows(session: Session, wanted: Sequence[ColumnElement[bool]], limit: int, offset: int = 0) -> Sequence[There]:
    # Databases differ in where they sort what has no day.
    order = _CERTAIN.desc(), DraftRow.day.is_not(None), DraftRow.day, DraftRow.key
    asked = select(Hold, DraftRow).where(*wanted).order_by(*order).limit(limit).offset(offset)
    return [_there(hold, draft) for hold, draft in session.execute(asked)]


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
