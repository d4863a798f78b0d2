"""What a plan's lines may pay or be the deposit of, read from QuickBooks once and offered before the plan is sealed;
and what of it is not there any more, read again before the plan is posted.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from raccord.quickbooks import BATCH_MAX, QuickBooks, quoted
from raccord.store.made_once import made_once
from raccord.store.models import Action, DraftRow, LineState, PlanLine
from raccord.sync.chunks import chunks
from raccord.sync.execution import Execution
from raccord.sync.lines.deposit_offers import DepositOffers
from raccord.sync.lines.lump_sums import leave_alone, lumps, still_to_pay
from raccord.sync.lines.open_offers import Offers, read_open
from raccord.sync.lines.reserving import ask_again
from raccord.sync.lines.undeposited import DEPOSIT, read_by_id, read_received, read_refunds
from raccord.sync.resolving.resolve import DECISION_MISSING
from raccord.sync.workshop import Bench

OFFERED = "offered"
"""Under this name a run's progress says that it was done."""


def offer(execution: Execution, bench: Bench, plan_id: str, home_currency: str, now: datetime) -> None:
    """Look which open invoices and bills a plan's lines may pay, and which payments they may be the deposits of."""
    of = bench.company.id, bench.connection.id, plan_id, now
    with execution.database.read() as session:
        kinds = Offers(session, *of).kinds()
        deposits = DepositOffers(session, *of)
        accounts, spans, of_refunds = deposits.accounts(), deposits.spans(), deposits.refund_spans()
    there = read_open(bench.client(), kinds, home_currency)
    received = read_received(bench.client(), accounts, spans, home_currency)
    refunds = read_refunds(bench.client(), accounts, of_refunds, home_currency)
    with execution.begin() as (session, run):
        run.progress = {**run.progress, OFFERED: True}
        if kinds:
            # Payments of other currencies do not wait in Undeposited Funds together.
            Offers(session, *of).offer(there, home_currency if len(accounts) == 1 else "")
        if spans or refunds:
            DepositOffers(session, *of).offer(received, home_currency, refunds)
        leave_alone(session, plan_id)


def leave_changed_since(execution: Execution, bench: Bench, plan_id: str, now: datetime) -> None:
    """Leave those of a plan's lines, before any of them is sent, whose payments were deposited since it was made, or
    some of whose several customers' invoices are not open for as much any more.
    """
    of = bench.company.id, bench.connection.id, plan_id, now
    with execution.database.read() as session:
        deposits = DepositOffers(session, *of)
        wanted, accounts = deposits.to_send(), deposits.accounts()
        invoices = {id_ for _, row in _lumps_to_send(session, plan_id) for _, id_ in still_to_pay(session, row)}
    received = read_by_id(bench.client(), accounts, wanted, bench.company.home_currency) if wanted else []
    left = _open_of(bench.client(), invoices)
    if wanted or invoices:
        with execution.begin() as (session, _):
            DepositOffers(session, *of).leave_taken(received)
            for line, row in _lumps_to_send(session, plan_id):
                gone = [
                    each
                    for (_, id_), each in still_to_pay(session, row).items()
                    if left.get(id_, 0) < Decimal(each["amount"])
                ]
                if gone:
                    line.params = ask_again(session, bench.connection.id, row, now, gone)
                    line.state, line.reason = LineState.LEFT, DECISION_MISSING
            session.flush()
            leave_alone(session, plan_id)


def _lumps_to_send(session: Session, plan_id: str) -> list[tuple[PlanLine, DraftRow]]:
    return [(line, row) for line, row in session.execute(*_lumps(plan_id))]


@made_once
def _lumps(plan_id: str) -> Select[PlanLine, DraftRow]:
    return (
        select(PlanLine, DraftRow)
        .join(DraftRow, DraftRow.id == PlanLine.draft_id)
        .where(
            PlanLine.plan_id == plan_id, PlanLine.kind == DEPOSIT, PlanLine.state == LineState.PENDING,
            PlanLine.action == Action.CREATE, lumps(),
        )
        .order_by(PlanLine.id)
    )  # fmt: skip


def _open_of(client: QuickBooks, invoices: Collection[str]) -> dict[str, Decimal]:
    """Return what is open of some invoices, by id."""
    return {
        str(each["Id"]): Decimal(each.get("Balance") or 0)
        for some in chunks(sorted(invoices), BATCH_MAX)
        for each in client.query_all("Invoice", f"Id IN ({', '.join(map(quoted, some))})")
    }
