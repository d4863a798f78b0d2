"""Proving a connection's days, within a run or without one: what was kept and posted, against QuickBooks now."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from raccord.quickbooks import QuickBooks
from raccord.store import events
from raccord.store.database import Database
from raccord.store.models import Company, Connection, ProofMonth
from raccord.store.told import CORE
from raccord.store.told_proofs import STORED
from raccord.sync.books.others import Move, Place, note_month, watched_accounts
from raccord.sync.proving.certified import watch_certified
from raccord.sync.proving.proof_months import keep_reading, stands
from raccord.sync.proving.prove import Cell, Totals, our_side, proof_months, store_proof
from raccord.sync.proving.prove_month import compare_month
from raccord.sync.workshop import Workshop

OUTSIDE_OF_RUNS = ""
"""The run that a proof made here names."""
LOOKS_MAX = 3
"""Readings of a month whose links change while it is read."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A month as it was just read and compared."""

    first: date
    last: date
    totals: Mapping[Cell, Totals]
    others: Mapping[Place, Move]
    fingerprint: str
    accounts: list[str]


def prove_again(
    workshop: Workshop, connection_id: str, after_month: Callable[[int, int], None] = lambda _done, _all: None
) -> int:
    """Prove every day of a connection from QuickBooks as it is now, and return how many cells are not equal.

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
        reading = read_month(workshop.database, client, connection, first, last)
        with workshop.database.begin() as session:
            unequal += keep_month(session, connection, OUTSIDE_OF_RUNS, reading, workshop.clock.now())
        after_month(done, len(months))
    return unequal


def to_read(
    session: Session, connection: Connection, months: Sequence[tuple[date, date]], now: datetime
) -> tuple[list[date], tuple[date, date] | None]:
    """Return the months that stand before the first one to be read, and that one."""
    accounts = watched_accounts(session, connection.id)
    standing: list[date] = []
    for first, last in months:
        row = session.get(ProofMonth, (connection.id, first))
        # Our side is added up only where the rest would let the month stand.
        if row is None or not stands(row, row.fingerprint, accounts, now):
            return standing, (first, last)
        if our_side(session, connection, first, last).fingerprint != row.fingerprint:
            return standing, (first, last)
        standing.append(first)
    return standing, None


def read_month(database: Database, client: QuickBooks, connection: Connection, first: date, last: date) -> Reading:
    """Read a month from QuickBooks and compare it with what the source said and what we posted.

    Our side is read again meanwhile, page by page. Should somebody change it in between, the month is read anew; what
    stays unsure after that bears the fingerprint of before, so that the next proof does not let it stand.
    """
    look = 0
    while True:
        look += 1
        with database.read() as session:
            ours = our_side(session, connection, first, last)
            accounts = watched_accounts(session, connection.id)
        # The comparison goes on in these totals.
        fingerprint = ours.fingerprint
        compared = compare_month(database, client, connection, ours, (first, last), accounts)
        with database.read() as session:
            if look == LOOKS_MAX or our_side(session, connection, first, last).fingerprint == fingerprint:
                return Reading(first, last, compared.totals, compared.others, fingerprint, accounts)


def keep_month(session: Session, connection: Connection, run_id: str, reading: Reading, now: datetime) -> int:
    """Replace a month's proof by what was just read; return how many cells are not equal."""
    first, last = reading.first, reading.last
    unequal, fresh = store_proof(session, connection, run_id, first, last, reading.totals, now)
    row = session.get(ProofMonth, (connection.id, first))
    stood = None if row is None else (row.fingerprint, row.unequal)
    known = [] if row is None else [str(each) for each in row.accounts]
    note_month(session, connection.company_id, reading.others, first, last, reading.accounts, known, now)
    keep_reading(
        session, connection.id, first, fingerprint=reading.fingerprint, accounts=reading.accounts, unequal=unequal,
        now=now,
    )  # fmt: skip
    watch_certified(session, connection, run_id, first, now)
    if fresh or stood != (reading.fingerprint, unequal):
        events.append(
            session,
            actor=CORE,
            action=STORED,
            subject=f"{first:%Y-%m}",
            company_id=connection.company_id,
            connection_id=connection.id,
            now=now,
            body={"run": run_id, "unequal": unequal, "fingerprint": reading.fingerprint, "proofs": fresh},
        )
    return unequal
