"""What a plan keeps of its figures is what its lines come to, and is what is shown."""

from __future__ import annotations

from decimal import Decimal

from full_store import NOW, Sizes, fill
from kept_figures import shown_both_ways
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from raccord.overview.plans import plan_effect, plan_lines, plan_money, plan_summary
from raccord.store.database import Database
from raccord.store.models import LedgerEntry, LineState, LinkRow, Plan, PlanLine
from raccord.sync.planning.figures import keep_figures

NEW = "{link:accounts/bank}"


def test_what_a_plan_keeps_is_what_its_lines_come_to(database: Database) -> None:
    store = fill(database, Sizes(records=80, holds=8, problems=4, drifts=2, entries=4))
    for plan_id in (store.first_plan, store.waiting_plan):
        kept, counted = shown_both_ways(database, plan_id)
        assert kept == counted
    with Session(database.engine) as session:
        lines = plan_lines(session, store.first_plan, limit=500).rows
        summary, effects = plan_summary(session, store.first_plan), plan_effect(session, store.first_plan)
        money = plan_money(session, store.first_plan)
        assert summary is not None
        assert summary.lines == len(lines) > 10
        days = [line.day for line in lines if line.day]
        assert (summary.first_day, summary.last_day) == (min(days), max(days))
        amounts = [line.amount for line in lines if line.amount is not None]
        assert sum(group.total or Decimal(0) for group in summary.groups) == sum(amounts)
        assert sum(each.amount for each in effects.rows) == 0
        [moved] = money
        assert (moved.currency, moved.moved_in - moved.moved_out) == ("CAD", _at_the_bank(session, store.first_plan))

        # A plan may draw on an account that it makes itself: it counts from when QuickBooks has it.
        of_plan = PlanLine.plan_id == store.first_plan
        plan = session.get_one(Plan, store.first_plan)
        account = session.scalars(select(PlanLine.money_account).where(of_plan).limit(1)).one()
        session.execute(update(PlanLine).where(of_plan, PlanLine.money_account == account).values(money_account=NEW))
        keep_figures(session, plan)
        session.flush()
        assert plan_money(session, plan.id) != money
        session.add(
            LinkRow(
                id=1_000_000, company_id=store.company_id, connection_id=plan.connection_id,
                key="accounts/bank", kind="Account",
                document_id=account, sync_token="0", revision=1, marker="m", payload_hash="",
                linked_at=NOW,
            )
        )  # fmt: skip
        assert plan_money(session, plan.id) == money

        # What is sent, refused or left later changes nothing of what the plan comes to; what is shown of it is read.
        was = plan_summary(session, plan.id)
        session.execute(update(PlanLine).where(of_plan).values(state=LineState.LEFT, reason="plan.changed"))
        now = plan_summary(session, plan.id)
        assert was is not None
        assert now is not None
        assert (now.groups, plan_money(session, plan.id)) == (was.groups, money)
        assert [each.lines for each in now.reasons] == [len(lines)]
        plan.figures = {**plan.figures, "effect": {"1": "12.50"}}
        session.flush()
        assert [each.amount for each in plan_effect(session, plan.id).rows] == [Decimal("12.50")]


def _at_the_bank(session: Session, plan_id: str) -> Decimal:
    """Add up by hand what a plan's documents move on bank and card accounts."""
    accounts = session.scalars(
        select(LedgerEntry.object_id).where(
            LedgerEntry.kind == "Account", LedgerEntry.type.in_(("Bank", "Credit Card"))
        )
    ).all()
    lines = session.scalars(select(PlanLine).where(PlanLine.plan_id == plan_id))
    return sum((line.amount for line in lines if line.amount and line.money_account in accounts), Decimal(0))
