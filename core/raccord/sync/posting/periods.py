"""Closed periods: what becomes of a document whose day lies in books that are closed, by the connection's policy.

Nothing that stands in a closed period is ever written to. A new document waits, goes to the first open day with its
true date in its memo, or is asked about once for its whole month; nothing is sent to QuickBooks to be refused. Into a
month that is certified nothing is written before a person gave a reason for it, whatever the policy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, assert_never

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from raccord.plugin.drafts import Draft, StillDraft
from raccord.plugin.texts import Language
from raccord.store.made_once import made_once
from raccord.store.models import (
    Action,
    Certificate,
    ClosedMonth,
    Company,
    Connection,
    DraftRow,
    DraftState,
    LineState,
    LinkRow,
    LinkState,
    Plan,
    PlanLine,
    Run,
)
from raccord.sync.phases import PLAN_CHANGED
from raccord.sync.posting.removals import leave_closed_removals
from raccord.sync.problems import open_problem
from raccord.sync.resolving.holds import CERTIFIED_ASKED, MONTH_ASKED, open_hold

PERIOD_CLOSED = "posting.period_closed"
DOCUMENT_CLOSED = "period.document_closed"
"""The document stands in a closed period, where nothing is written to it."""
NEXT_OPEN_DAY = "period.next_open_day"
LEFT_OUT = "period.left_out"


class ClosedPolicy(StrEnum):
    """What a connection does with documents of a closed period."""

    BLOCKED = "blocked"
    NEXT_OPEN_DAY = "next_open_day"
    ASK = "ask"


class MonthAnswer(StrEnum):
    """What a person said about the documents of one closed month."""

    NEXT_OPEN_DAY = "next_open_day"
    LEAVE_OUT = "leave_out"
    WAIT = "wait"
    """Until the month is opened again, or another answer."""
    WRITE = "write"
    """Into a certified month, for a reason; counts until the month is certified again."""


@dataclass(frozen=True, slots=True)
class Open:
    """The draft may go; ``day`` is the first open day where it cannot bear its own."""

    day: date | None = None


@dataclass(frozen=True, slots=True)
class Left:
    """The draft is left out, as a person answered for its month."""

    code: str
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Blocked:
    """The draft waits; ``asks`` where the question is one for its whole month."""

    code: str
    params: Mapping[str, Any]
    asks: bool = False


Verdict = Open | Left | Blocked


@made_once
def _answers(connection_id: str) -> Select[ClosedMonth]:
    return select(ClosedMonth).where(ClosedMonth.connection_id == connection_id)


@made_once
def _certified(company_id: str) -> Select[date, datetime]:
    of = select(Certificate.month, func.max(Certificate.made_at)).where(Certificate.company_id == company_id)
    return of.group_by(Certificate.month)


def certified_months(session: Session, connection: Connection) -> frozenset[date]:
    """Return the first days of the months that are certified and that nobody let anything be written into since."""
    since = {
        row.month: row.answered_at
        for row in session.scalars(*_answers(connection.id))
        if row.answer == MonthAnswer.WRITE
    }
    rows = session.execute(*_certified(connection.company_id))
    return frozenset(month for month, made_at in rows if is_shut(made_at, since.get(month)))


def is_shut(made_at: datetime, let_at: datetime | None) -> bool:
    """Tell whether a month that was last certified at ``made_at`` is written into by nobody: not let since."""
    return let_at is None or let_at < made_at


@dataclass(frozen=True, slots=True)
class Closing:
    """Up to when a company's books are closed, and what its connection does about it."""

    closed_on: date | None
    policy: ClosedPolicy = ClosedPolicy.BLOCKED
    answers: Mapping[date, MonthAnswer] | None = None
    """By the first day of the month."""
    certified: frozenset[date] = frozenset()
    """The first days of the months that nothing is written into before somebody gave a reason."""

    @classmethod
    def read(cls, session: Session, connection: Connection, closed_on: date | None) -> Closing:
        rows = session.scalars(*_answers(connection.id))
        answers = {row.month: MonthAnswer(row.answer) for row in rows}
        certified = certified_months(session, connection)
        return cls(closed_on, ClosedPolicy(connection.closed_policy), answers, certified)

    def closes(self, day: date | None) -> bool:
        """Tell whether a day lies in the closed period; list entries have no day and are never closed."""
        return day is not None and self.closed_on is not None and day <= self.closed_on

    def first_open(self) -> date | None:
        """Return the first day of the open books, or nothing where they were never closed."""
        return None if self.closed_on is None else self.closed_on + timedelta(days=1)

    def judge(self, day: date | None, link: LinkRow | None) -> Verdict:
        """Say what becomes of a draft of ``day`` that is posted already where ``link`` is a live one."""
        if link is not None and self.closes(link.day):
            return Blocked(DOCUMENT_CLOSED, self._params(link.day, document=link.document_id))
        verdict = self._by_policy(day, link)
        if not isinstance(verdict, Open):
            return verdict
        stands = None if link is None else link.day
        asked = next((each for each in (stands, verdict.day or day) if self.is_certified(each)), None)
        return verdict if asked is None else Blocked(CERTIFIED_ASKED, asked_of(asked), asks=True)

    def is_certified(self, day: date | None) -> bool:
        """Tell whether a day lies in a month that nothing is written into without a reason."""
        return day is not None and day.replace(day=1) in self.certified

    def _by_policy(self, day: date | None, link: LinkRow | None) -> Open | Left | Blocked:
        """Say what the connection's policy about closed periods makes of a draft that does not stand in one."""
        if day is None or not self.closes(day):
            return Open()
        if link is not None and link.record_day is not None:
            # Moved before: it stays where it stands, though the first open day be another one by now.
            return Open(link.day)
        match self._wanted(day):
            case MonthAnswer.NEXT_OPEN_DAY:
                return Open(self.first_open())
            case MonthAnswer.LEAVE_OUT:
                return Left(LEFT_OUT, self._params(day))
            case MonthAnswer.WAIT:
                return Blocked(PERIOD_CLOSED, self._params(day))
            case None | MonthAnswer.WRITE:
                return Blocked(MONTH_ASKED, self._params(day, month=f"{day:%Y-%m}"), asks=True)
            case other:
                assert_never(other)

    def _wanted(self, day: date) -> MonthAnswer | None:
        match self.policy:
            case ClosedPolicy.NEXT_OPEN_DAY:
                return MonthAnswer.NEXT_OPEN_DAY
            case ClosedPolicy.BLOCKED:
                return MonthAnswer.WAIT
            case ClosedPolicy.ASK:
                return (self.answers or {}).get(day.replace(day=1))
            case other:
                assert_never(other)

    def _params(self, day: date | None, **more: str) -> dict[str, Any]:
        opens = self.first_open()
        return {
            "day": str(day or ""),
            "closed_on": str(self.closed_on or ""),
            "opens_on": str(opens or ""),
            **more,
        }


def asked_of(day: date) -> dict[str, Any]:
    """Return what the question about a certified month says of a document of a day there."""
    return {"day": str(day), "month": f"{day:%Y-%m}"}


def dated(draft: Draft, day: date | None, language: Language) -> Draft:
    """Return the draft dated on ``day``, its true date in the memo; without a day as it is."""
    if day is None or isinstance(draft, StillDraft) or draft.day == day:
        return draft
    true_date = f"Date réelle : {draft.day}." if language == "fr" else f"True date: {draft.day}."
    # In front: a long memo is shortened at its end.
    return replace(draft, day=day, memo=f"{true_date} {draft.memo}".strip())


def leave_closed(
    session: Session, run: Run, connection_id: str, plan_id: str, closed_on: date, detail: str, now: datetime
) -> int:
    """Leave the lines of a plan that would post in a period closed since it was made; return how many.

    They are not sent to be refused one by one, and their drafts wait with the reason; the next plan treats them by the
    connection's policy.
    """
    rows = session.execute(
        select(PlanLine, DraftRow)
        .join(DraftRow, DraftRow.id == PlanLine.draft_id)
        .where(
            PlanLine.plan_id == plan_id,
            PlanLine.state == LineState.PENDING,
            PlanLine.action.in_((Action.CREATE, Action.UPDATE)),
            PlanLine.day <= closed_on,
        )
    ).all()
    for line, draft in rows:
        params = {"day": str(line.day), "closed_on": str(closed_on), "detail": detail}
        line.state, line.reason, line.params = LineState.LEFT, PERIOD_CLOSED, {**line.params, **params}
        hold_closed(session, run, connection_id, draft, params, now)
    return len(rows)


def hold_closed(
    session: Session, run: Run, connection_id: str, draft: DraftRow, params: Mapping[str, Any], now: datetime
) -> None:
    """Let a draft wait because its period is closed, with the question and the problem that planning gives it too."""
    draft.state, draft.reason = DraftState.HELD, PERIOD_CLOSED
    open_hold(session, connection_id, draft, PERIOD_CLOSED, params, now)
    open_problem(
        session,
        connection_id=connection_id,
        run_id=run.id,
        stream=draft.key.split("/", 1)[0],
        code=PERIOD_CLOSED,
        subject=draft.key,
        params=params,
        now=now,
    )


def leave_moved(session: Session, plan: Plan, closed_on: date | None) -> None:
    """Leave lines that a plan moved to an open day, or that update a document, which another closing date changes.

    The next plan dates them anew.
    """
    closing = Closing(closed_on)
    for line, draft, stands in session.execute(_to_write(plan.id)):
        moved = line.record_day is not None and (closing.closes(line.day) or not closing.closes(line.record_day))
        if moved or (line.action == Action.UPDATE and closing.closes(stands)):
            line.state, line.reason = LineState.LEFT, PLAN_CHANGED
            draft.state = DraftState.WAITING


def _to_write(plan_id: str) -> Select[PlanLine, DraftRow, date | None]:
    """Return the pending lines of a plan with their drafts and the days of the documents that stand."""
    return (
        select(PlanLine, DraftRow, LinkRow.day)
        .join(DraftRow, DraftRow.id == PlanLine.draft_id)
        .outerjoin(
            LinkRow,
            (LinkRow.connection_id == DraftRow.connection_id)
            & (LinkRow.key == DraftRow.key)
            & (LinkRow.state == LinkState.LIVE),
        )
        .where(PlanLine.plan_id == plan_id, PlanLine.state == LineState.PENDING, PlanLine.day.is_not(None))
    )


def leave_certified(session: Session, plan: Plan, now: datetime) -> None:
    """Hold the lines that would write into a month that was certified since their plan was made."""
    connection = session.get_one(Connection, plan.connection_id)
    closing = Closing(None, certified=certified_months(session, connection))
    if not closing.certified:
        return
    for line, draft, stands in session.execute(_to_write(plan.id)).all():
        if line.action not in (Action.CREATE, Action.UPDATE):
            continue
        written = (stands if line.action == Action.UPDATE else None, line.day)
        day = next((each for each in written if closing.is_certified(each)), None)
        if day is None:
            continue
        line.state, line.reason, line.params = LineState.LEFT, CERTIFIED_ASKED, {**line.params, **asked_of(day)}
        draft.state, draft.reason = DraftState.HELD, CERTIFIED_ASKED
        open_hold(session, connection.id, draft, CERTIFIED_ASKED, asked_of(day), now)


def leave_closed_since(session: Session, run: Run, plan: Plan, closed_on: date | None, now: datetime) -> None:
    """Leave, whole, what the books were closed or certified for since a plan was made, not refused line by line."""
    leave_certified(session, plan, now)
    if closed_on != plan.books_closed_on:
        session.get_one(Company, run.company_id).books_closed_on = closed_on
        leave_moved(session, plan, closed_on)
        if closed_on is not None:
            leave_closed(session, run, plan.connection_id, plan.id, closed_on, "", now)
            leave_closed_removals(session, run, plan.id, closed_on, now)
