"""What runs brought in and took out at the bank and on cards, from what their plans were sealed with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from raccord.overview.money import TRANSFER, MoneyMoved, Tally, money_accounts
from raccord.overview.runs import RunView
from raccord.store.models import Action, Connection, LineState, Plan, PlanLine
from raccord.store.sums import dialect_of, exact, scale_of, units_of
from raccord.sync.planning.figures import GROUPS, MONEY


def amounts_of_runs(session: Session, runs: Sequence[RunView]) -> Mapping[str, Sequence[MoneyMoved]]:
    """Return what each run moved, by currency; what QuickBooks refused is not counted.

    A run that is not at its end, that undid or changed documents, or whose plan kept no figures is left out: what its
    documents say is not what it moved.
    """
    ended = {each.plan_id: each for each in runs if each.sent and each.sent == each.to_send and not each.undoes}
    rows = session.execute(
        select(Plan.id, Plan.figures, Connection.company_id)
        .join(Connection, Connection.id == Plan.connection_id)
        .where(Plan.id.in_(ended))
    ).all()
    plans = {
        id_: (figures, company)
        for id_, figures, company in rows
        if figures and not any(group[0] == Action.UPDATE for group in figures[GROUPS])
    }
    money = money_accounts(session, {company for _, company in plans.values()})
    sums: dict[str, dict[str, Tally]] = {}

    def tally(plan_id: str, currency: str) -> Tally:
        return sums.setdefault(plan_id, {}).setdefault(currency, Tally())

    for plan_id, (figures, company) in plans.items():
        for account, currency, came, went in figures[MONEY]:
            if (company, account) in money:
                tally(plan_id, currency).add(Decimal(came), Decimal(went))
    for plan_id, account, currency, is_out, amount in _refused(session, [id_ for id_ in plans if ended[id_].refused]):
        if (plans[plan_id][1], account) in money:
            tally(plan_id, currency).add(*((Decimal(0), -amount) if is_out else (-amount, Decimal(0))))
    moving = [id_ for id_, (figures, _) in plans.items() if any(group[1] == TRANSFER for group in figures[GROUPS])]
    for plan_id, currency, amount, effect in _transfers(session, moving):
        if effect and all((plans[plan_id][1], each) in money for each in effect):
            tally(plan_id, currency).apart(max(amount, Decimal(0)), max(-amount, Decimal(0)))
    return {
        ended[plan_id].id: [each.of(currency) for currency, each in sorted(by_currency.items())]
        for plan_id, by_currency in sums.items()
    }


def _refused(session: Session, plan_ids: Sequence[str]) -> list[tuple[str, str, str, bool, Decimal]]:
    if not plan_ids:
        return []
    out, scale = func.substr(PlanLine.amount, 1, 1) == "-", scale_of(dialect_of(session), PlanLine.amount)
    of = PlanLine.plan_id, PlanLine.money_account, PlanLine.currency
    rows = session.execute(
        select(*of, out.label("out"), scale.label("scale"), units_of(PlanLine.amount))
        .where(
            PlanLine.plan_id.in_(plan_ids),
            PlanLine.state == LineState.REFUSED,
            PlanLine.action == Action.CREATE,
            PlanLine.amount.is_not(None),
        )
        .group_by(*of, "out", "scale")
    )
    return [
        (id_, account, currency, bool(is_out), abs(exact(units, places)))
        for id_, account, currency, is_out, places, units in rows
    ]


def _transfers(session: Session, plan_ids: Sequence[str]) -> list[tuple[str, str, Decimal, Mapping[str, str]]]:
    if not plan_ids:
        return []
    rows = session.execute(
        select(PlanLine.plan_id, PlanLine.currency, PlanLine.amount, PlanLine.effect).where(
            PlanLine.plan_id.in_(plan_ids),
            PlanLine.state == LineState.DONE,
            PlanLine.kind == TRANSFER,
            PlanLine.amount.is_not(None),
        )
    )
    return [(id_, currency, amount, effect) for id_, currency, amount, effect in rows if amount is not None]
