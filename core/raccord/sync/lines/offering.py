"""What a plan's lines may pay or be the deposit of, read from QuickBooks once and offered before the plan is sealed."""

from __future__ import annotations

from datetime import datetime

from raccord.sync.execution import Execution
from raccord.sync.lines.deposit_offers import DepositOffers
from raccord.sync.lines.open_offers import Offers, read_open
from raccord.sync.lines.undeposited import read_by_id, read_received
from raccord.sync.workshop import Bench

OFFERED = "offered"
"""Under this name a run's progress says that it was done."""


def offer(execution: Execution, bench: Bench, plan_id: str, home_currency: str, now: datetime) -> None:
    """Look which open invoices and bills a plan's lines may pay, and which payments they may be the deposits of."""
    of = bench.company.id, bench.connection.id, plan_id, now
    with execution.database.read() as session:
        kinds = Offers(session, *of).kinds()
        deposits = DepositOffers(session, *of)
        accounts, spans = deposits.accounts(), deposits.spans()
    there = read_open(bench.client(), kinds, home_currency)
    received = read_received(bench.client(), accounts, spans, home_currency)
    with execution.begin() as (session, run):
        run.progress = {**run.progress, OFFERED: True}
        if kinds:
            Offers(session, *of).offer(there)
        if spans:
            DepositOffers(session, *of).offer(received)


def leave_deposited(execution: Execution, bench: Bench, plan_id: str, now: datetime) -> None:
    """Leave a plan's deposits of payments that were deposited since it was made, before any of them is sent."""
    of = bench.company.id, bench.connection.id, plan_id, now
    with execution.database.read() as session:
        deposits = DepositOffers(session, *of)
        wanted, accounts = deposits.to_send(), deposits.accounts()
    if wanted:
        received = read_by_id(bench.client(), accounts, wanted, bench.company.home_currency)
        with execution.begin() as (session, _):
            DepositOffers(session, *of).leave_taken(received)
