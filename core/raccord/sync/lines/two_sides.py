"""Two lines of own accounts that may be one movement and were called differently: a transfer, and something else.

Posted both, the money would be counted twice; refused, two honest movements of one amount could not stand. So the
second answer asks a person, and nothing of the two goes before that is answered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from raccord.plugin.drafts import Deposit, Expense
from raccord.quickbooks.codec import entity_of
from raccord.store import events
from raccord.store.models import (
    Connection,
    DraftRow,
    DraftState,
    LineState,
    PaidDocument,
    Plan,
    PlanLine,
    PlanState,
)
from raccord.sync.bodies import load_draft
from raccord.sync.days import around
from raccord.sync.lines.line_answers import (
    ANSWERS,
    APART,
    CALLED,
    last_answered,
    money_account_of,
    other_side_of,
    place_of,
)
from raccord.sync.lines.pairing import DAYS_APART
from raccord.sync.lines.paying import asked_in
from raccord.sync.lines.treatments import Treated, Treatment, arrives, load_treatment, treatable
from raccord.sync.phases import PLAN_CHANGED
from raccord.sync.resolving.holds import open_hold, reopen
from raccord.sync.resolving.resolve import DECISION_MISSING

FAR_APART = 30
"""Days within which two lines that were both called the same transfer may yet be its two sides."""
UNDER_WAY = (DraftState.WAITING, DraftState.READY, DraftState.PLANNED, DraftState.FAILED)
"""Where the draft of a line stands that was answered and is not posted."""


@dataclass(frozen=True, slots=True)
class TwoSides:
    """An open question whether two lines are one movement; each line has its answer kept beside it."""

    row: DraftRow
    other: DraftRow
    said: Mapping[str, Any]
    """What was answered of the line, as its decisions say it."""
    other_said: Mapping[str, Any]

    @property
    def transfer(self) -> tuple[DraftRow, Treatment]:
        """The line that was called a transfer, and that answer; of two the one whose document is on its way."""
        both = ((self.row, self.said), (self.other, self.other_said))
        for row, said in reversed(both) if self.posted else both:
            treatment = load_treatment(said)
            if treatment is not None and treatment.kind is Treated.TRANSFER:
                return row, treatment
        raise ValueError(f"{self.row.key}: neither line was called a transfer")

    @property
    def posted(self) -> bool:
        """Tell whether the other line's document is in the books, or on its way there."""
        return CALLED not in self.other.decisions


@dataclass(slots=True)
class CalledOtherwise:
    """Looks, of lines just answered, for another own account's line that was called otherwise, and asks about both."""

    session: Session
    company_id: str
    now: datetime
    actor: str
    _transfers: dict[int, DraftRow] | None = field(default=None, init=False)
    """Of many lines in one go: what is to be posted as transfers, read once."""

    def read_once(self) -> CalledOtherwise:
        """Read once what all lines of a transaction are held against."""
        self._transfers = {row.id: row for row in self.session.scalars(self._rows().where(*_to_go("Transfer")))}
        return self

    def ask(self, row: DraftRow) -> bool:
        """Ask about a line that was answered in this transaction, if there is another; tell whether it was asked."""
        draft = treatable(load_draft(row.body))
        if draft is None or row.day is None or row.state != DraftState.WAITING:
            return False
        if self._transfers is not None and row.kind == "Transfer":
            self._transfers[row.id] = row
        other = self._other(row, draft)
        if other is None:
            return False
        self._withhold(row, other)
        if other.state in UNDER_WAY:
            self._withhold(other, row)
        return True

    def _other(self, row: DraftRow, draft: Deposit | Expense) -> DraftRow | None:
        """Return the nearest line of another own account that may tell of the same movement."""
        said, here = load_treatment(row.decisions), money_account_of(self.session, row)
        if not here or row.day is None:
            return None
        if said is None or said.kind is not Treated.TRANSFER:
            rows = [each for each in self._to_go("Transfer") if self._tells(each, here, row)]
        elif other_side_of(self.session, row) is not None:
            return None
        else:
            rows = [each for each in self._otherwise(row) if money_account_of(self.session, each) == said.other_account]
            rows += self._far_transfers(row, here, said.other_account)
        apart = row.decisions.get(APART) or ()
        near = [
            (abs((each.day - row.day).days), each)
            for each in rows
            if each.day is not None and place_of(each) not in apart and _opposite(draft, each)
        ]
        return min(near, key=lambda each: each[0])[1] if near else None

    def _tells(self, transfer: DraftRow, account: str, row: DraftRow) -> bool:
        """Tell whether a line is to post a transfer to or from an account, of about that day, told by nobody else."""
        said = load_treatment(transfer.decisions)
        return (
            said is not None
            and transfer.id != row.id
            and transfer.state in UNDER_WAY
            and said.other_account == account
            and transfer.day is not None
            and row.day is not None
            and abs((transfer.day - row.day).days) <= DAYS_APART
            and other_side_of(self.session, transfer) is None
        )

    def _to_go(self, kind: str) -> list[DraftRow]:
        if self._transfers is not None:
            return list(self._transfers.values())
        return list(self.session.scalars(self._rows().where(*_to_go(kind))))

    def _otherwise(self, row: DraftRow) -> list[DraftRow]:
        """Return what was answered, or is posted, and is no transfer, of about a line's day."""
        if row.day is None:
            return []
        return list(
            self.session.scalars(
                self._rows().where(
                    DraftRow.id != row.id,
                    DraftRow.state.in_((*UNDER_WAY, DraftState.POSTED)),
                    DraftRow.kind != "Transfer",
                    DraftRow.day.between(*around(row.day, row.day, DAYS_APART)),
                )
            )
        )

    def _far_transfers(self, row: DraftRow, here: str, there: str) -> list[DraftRow]:
        """Return the transfers between the same accounts, told by the other one alone, that are too far to be taken for
        this one without a question: banks of two countries take weeks, and holidays come on top.
        """
        if row.day is None:
            return []
        near = around(row.day, row.day, DAYS_APART)
        wanted = self._rows().where(
            DraftRow.id != row.id,
            DraftRow.state.in_((*UNDER_WAY, DraftState.POSTED)),
            DraftRow.kind == "Transfer",
            DraftRow.day.between(*around(row.day, row.day, FAR_APART)),
            ~DraftRow.day.between(*near),
        )
        return [
            each
            for each in self.session.scalars(wanted)
            if (said := load_treatment(each.decisions)) is not None
            and said.other_account == here
            and money_account_of(self.session, each) == there
            and other_side_of(self.session, each) is None
        ]

    def _rows(self) -> Any:
        return (
            select(DraftRow)
            .join(Connection, Connection.id == DraftRow.connection_id)
            .where(Connection.company_id == self.company_id)
            .order_by(DraftRow.day, DraftRow.id)
        )

    def _withhold(self, row: DraftRow, other: DraftRow) -> None:
        """Keep a line's answer beside it, and ask about the line again."""
        draft = load_draft(row.body)
        line = treatable(draft)
        asked = None if line is None else asked_in(line)
        if asked is None:
            raise ValueError(f"{row.key}: a line that was answered is one that was asked about")
        names = {*ANSWERS, asked.name}
        said = {name: each for name, each in row.decisions.items() if name in names and name != CALLED}
        kept = {name: each for name, each in row.decisions.items() if name not in names}
        row.decisions = {**kept, CALLED: {"with": place_of(other), "said": said}}
        row.kind, row.state, row.reason = entity_of(draft), DraftState.HELD, DECISION_MISSING
        # A plan that was to carry the answer out is no longer what waits, and one that goes on leaves it.
        row.revision += 1
        leave_to_the_next(self.session, row)
        self.session.execute(delete(PaidDocument).where(PaidDocument.draft_id == row.id))
        self.session.flush()
        hold = last_answered(self.session, row)
        if hold is None or hold.code != DECISION_MISSING:
            params = {"decision": asked.name, "accepts": str(asked.accepts), "suggestion": asked.suggestion}
            open_hold(self.session, row.connection_id, row, DECISION_MISSING, params, self.now)
        else:
            reopen(hold, row)
        events.append(
            self.session,
            actor=self.actor,
            action="hold.two_sides",
            subject=row.key,
            company_id=self.company_id,
            connection_id=row.connection_id,
            now=self.now,
            body={"with": other.key},
        )


def question_of(session: Session, row: DraftRow) -> TwoSides | None:
    """Return the open question of which a line is a part; none where the other line changed, or is gone, since."""
    called = row.decisions.get(CALLED)
    if not isinstance(called, Mapping) or row.state != DraftState.HELD:
        return None
    connection_id, _, key = str(called["with"]).partition(" ")
    other = session.scalars(
        select(DraftRow).where(DraftRow.connection_id == connection_id, DraftRow.key == key)
    ).one_or_none()
    draft = treatable(load_draft(row.body))
    if other is None or draft is None or not _opposite(draft, other):
        return None
    back = other.decisions.get(CALLED)
    if isinstance(back, Mapping) and back.get("with") == place_of(row) and other.state == DraftState.HELD:
        return TwoSides(row, other, called["said"], back["said"])
    # Posted meanwhile or before, or taken out of the books since and asked about for that.
    undone = other.state == DraftState.HELD and other.reason != DECISION_MISSING
    there = back is None and (other.state == DraftState.POSTED or undone)
    return TwoSides(row, other, called["said"], other.decisions) if there else None


def leave_to_the_next(session: Session, row: DraftRow) -> None:
    """Have a plan that is being carried out send nothing more of a draft; what left already is not called back."""
    approved = select(Plan.id).where(Plan.connection_id == row.connection_id, Plan.state == PlanState.APPROVED)
    session.execute(
        update(PlanLine)
        .where(PlanLine.draft_id == row.id, PlanLine.state == LineState.PENDING, PlanLine.plan_id.in_(approved))
        .values(state=LineState.LEFT, reason=PLAN_CHANGED)
    )


def _to_go(kind: str) -> tuple[Any, ...]:
    return (DraftRow.state.in_(UNDER_WAY), DraftRow.kind == kind)


def _opposite(draft: Deposit | Expense, other: DraftRow) -> bool:
    there = treatable(load_draft(other.body))
    return (
        there is not None
        and arrives(there) != arrives(draft)
        and (there.total, there.currency) == (draft.total, draft.currency)
    )
