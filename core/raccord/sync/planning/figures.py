"""What a plan comes to: counted once, when it is sealed, and kept with it, since none of it changes afterwards.

What can change stays out: the states and reasons of lines, the names and types of accounts, and what the documents
that updates replace said before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, TypeAlias

from sqlalchemy import Date, Select, SQLColumnExpression, String, Text, cast, column, func, null, select
from sqlalchemy.orm import Session

from raccord.store.models import REMOVALS, Action, Plan, PlanLine
from raccord.store.sums import dialect_of, exact, scale_of, units_of

GROUPS, DAYS, EFFECT, MONEY = "groups", "days", "effect", "money"
"""The parts of a plan's figures as it keeps them."""


@dataclass(frozen=True, slots=True)
class LineGroup:
    """Lines of one action, kind and currency; ``total`` is what their documents say, money in positive, empty for
    lists. What a plan moves is told by account.
    """

    action: Action
    kind: str
    currency: str
    lines: int
    total: Decimal | None


Money: TypeAlias = dict[tuple[str, str], tuple[Decimal, Decimal]]
"""What comes in and goes out (positive), by the account that holds the money and the currency."""


def keep_figures(session: Session, plan: Plan, *, empty: bool = False) -> None:
    """Keep with a plan that is sealed now what its lines come to; of one known to be ``empty`` nothing is asked."""
    if empty:
        plan.figures = {GROUPS: [], DAYS: [None, None], EFFECT: {}, MONEY: []}
        return
    first, last = _days(session, plan.id)
    plan.figures = {
        GROUPS: [
            [each.action, each.kind, each.currency, each.lines, None if each.total is None else str(each.total)]
            for each in _groups(session, plan.id)
        ],
        DAYS: [first and first.isoformat(), last and last.isoformat()],
        EFFECT: {account: str(amount) for (account, _), amount in _effect(session, plan.id).items()},
        MONEY: [
            [account, currency, str(moved_in), str(moved_out)]
            for (account, currency), (moved_in, moved_out) in _money(session, plan.id).items()
        ],
    }


def groups_of(session: Session, plan_id: str) -> list[LineGroup]:
    """Return a plan's lines by action, kind and currency."""
    kept = _kept(session, plan_id)
    if not kept:
        return _groups(session, plan_id)
    return [
        LineGroup(Action(action), kind, currency, lines, None if total is None else Decimal(total))
        for action, kind, currency, lines, total in kept[GROUPS]
    ]


def days_of(session: Session, plan_id: str) -> tuple[date | None, date | None]:
    """Return the first and the last day of a plan's documents."""
    kept = _kept(session, plan_id)
    if not kept:
        return _days(session, plan_id)
    first, last = (day and date.fromisoformat(day) for day in kept[DAYS])
    return first, last


def effect_of(session: Session, plan_id: str) -> dict[tuple[str, date | None], Decimal]:
    """Return by how much what a plan writes moves each ledger account, the day left empty; of updates the whole."""
    kept = _kept(session, plan_id)
    if not kept:
        return _effect(session, plan_id)
    return {(account, None): Decimal(amount) for account, amount in kept[EFFECT].items()}


def money_of(session: Session, plan_id: str) -> Money:
    """Return what a plan's documents bring in and take out, on whatever account; of updates the whole."""
    kept = _kept(session, plan_id)
    if not kept:
        return _money(session, plan_id)
    return {
        (account, currency): (Decimal(moved_in), Decimal(moved_out))
        for account, currency, moved_in, moved_out in kept[MONEY]
    }


def may_update(session: Session, plan_id: str) -> bool:
    """Tell whether a plan updates documents; also yes where that would have to be counted."""
    kept = _kept(session, plan_id)
    return not kept or any(group[0] == Action.UPDATE for group in kept[GROUPS])


def written_lines(plan_id: str) -> Select[int]:
    """Return the lines that write documents or take them out."""
    writing = (Action.CREATE, Action.UPDATE, *REMOVALS)
    return select(PlanLine.id).where(PlanLine.plan_id == plan_id, PlanLine.action.in_(writing))


def effect_on_accounts(
    session: Session, line: type[PlanLine], chosen: Select[int], by_day: bool
) -> dict[tuple[str, date | None], Decimal]:
    """Add up what lines do to each ledger account."""
    sqlite = session.get_bind().dialect.name == "sqlite"
    each = (func.json_each if sqlite else func.json_each_text)(line.effect).table_valued(
        column("key", String), column("value", Text), name="effect"
    )
    scale = scale_of(dialect_of(session), each.c.value)
    day: SQLColumnExpression[date | None] = line.day if by_day else cast(null(), Date)
    rows = session.execute(
        select(each.c.key.label("account"), scale.label("scale"), units_of(each.c.value), day.label("of_day"))
        .select_from(line)
        .join(each, line.id.is_not(None))
        .where(line.id.in_(chosen))
        .group_by("account", "scale", "of_day")
    )
    sums: dict[tuple[str, date | None], Decimal] = {}
    for account, places, units, of_day in rows:
        sums[account, of_day] = sums.get((account, of_day), Decimal(0)) + exact(units, places)
    return sums


def money_on_accounts(session: Session, line: type[PlanLine], chosen: Select[int]) -> Money:
    """Add up what lines bring in and take out."""
    out, scale = func.substr(line.amount, 1, 1) == "-", scale_of(dialect_of(session), line.amount)
    account = line.money_account.label("account")
    rows = session.execute(
        select(account, line.currency, out.label("out"), scale.label("scale"), units_of(line.amount))
        .where(line.id.in_(chosen), line.amount.is_not(None))
        .group_by("account", line.currency, "out", "scale")
    )
    sums: Money = {}
    for holder, currency, is_out, places, units in rows:
        moved_in, moved_out = sums.get((holder, currency), (Decimal(0), Decimal(0)))
        amount = abs(exact(units, places))
        sums[holder, currency] = (moved_in, moved_out + amount) if is_out else (moved_in + amount, moved_out)
    return sums


def _kept(session: Session, plan_id: str) -> Mapping[str, Any]:
    """Return what a plan keeps; nothing of one that is not sealed, or was before plans kept their figures."""
    return session.scalar(select(Plan.figures).where(Plan.id == plan_id)) or {}


def _effect(session: Session, plan_id: str) -> dict[tuple[str, date | None], Decimal]:
    return effect_on_accounts(session, PlanLine, written_lines(plan_id), by_day=False)


def _money(session: Session, plan_id: str) -> Money:
    return money_on_accounts(session, PlanLine, written_lines(plan_id))


def _days(session: Session, plan_id: str) -> tuple[date | None, date | None]:
    first, last = session.execute(
        select(func.min(PlanLine.day), func.max(PlanLine.day)).where(PlanLine.plan_id == plan_id)
    ).one()
    return first, last


def _groups(session: Session, plan_id: str) -> list[LineGroup]:
    scale = scale_of(dialect_of(session), PlanLine.amount)
    rows = session.execute(
        select(
            PlanLine.action,
            PlanLine.kind,
            PlanLine.currency,
            scale.label("scale"),
            func.count(),
            func.count(PlanLine.amount),
            units_of(PlanLine.amount),
        )
        .where(PlanLine.plan_id == plan_id)
        .group_by("action", "kind", "currency", "scale")
    )
    found: dict[tuple[str, str, str], tuple[int, Decimal | None]] = {}
    for action, kind, currency, places, lines, with_amount, units in rows:
        before, total = found.get((action, kind, currency), (0, None))
        if with_amount:
            total = (total or Decimal(0)) + exact(units, places)
        found[action, kind, currency] = (before + lines, total)
    order = list(Action)
    return sorted(
        (LineGroup(Action(action), kind, currency, *rest) for (action, kind, currency), rest in found.items()),
        key=lambda group: (order.index(group.action), group.kind, group.currency),
    )
