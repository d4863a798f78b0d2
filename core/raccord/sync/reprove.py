"""Proving a connection's days, within a run or without one: what was kept and posted, against QuickBooks now."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from raccord.store.models import Company, Connection
from raccord.sync.certified import watch_certified
from raccord.sync.execution import Execution
from raccord.sync.prove import proof_months, store_proof, totals_between
from raccord.sync.workshop import Bench, Workshop

OUTSIDE_OF_RUNS = ""
"""The run that a proof made here names."""


def prove_again(
    workshop: Workshop, connection_id: str, after_month: Callable[[int, int], None] = lambda _done, _all: None
) -> int:
    """Prove every day of a connection and return how many cells are not equal.

    The caller holds the company, so that no run writes meanwhile. Each month is committed by itself; ``after_month``
    gets how many are done and how many there are. Needs the company's authorisation, not the connector.
    """
    with workshop.database.read() as session:
        connection = session.get_one(Connection, connection_id)
        company = session.get_one(Company, connection.company_id)
        months = proof_months(session, connection)
    client = workshop.client(company)
    unequal = 0
    for done, (first, last) in enumerate(months, start=1):
        proven = totals_between(workshop.database, client, connection, first, last)
        with workshop.database.begin() as session:
            now = workshop.clock.now()
            unequal += store_proof(session, connection, OUTSIDE_OF_RUNS, first, last, proven, now)
            watch_certified(session, connection, OUTSIDE_OF_RUNS, first, now)
        after_month(done, len(months))
    return unequal


def prove_window(workshop: Workshop, execution: Execution, bench: Bench, first: date, last: date) -> int:
    """Prove the days of one month of a connection; return how many cells are unequal."""
    proven = totals_between(execution.database, bench.client(), bench.connection, first, last)
    with execution.begin() as (session, run):
        now = workshop.clock.now()
        unequal = store_proof(session, bench.connection, run.id, first, last, proven, now)
        watch_certified(session, bench.connection, run.id, first, now)
        return unequal
