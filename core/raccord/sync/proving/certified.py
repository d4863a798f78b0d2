"""A certified month that looks different now: told as a problem, by comparing its proof with the certificate."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from raccord.store.canonical import exact
from raccord.store.made_once import made_once
from raccord.store.models import Certificate, Connection, Proof, Statement
from raccord.sync.bodies import digest
from raccord.sync.problems import close_problems, open_problem

CHANGED = "proof.certified_changed"
CELLS_MAX = 20
"""Cells that a problem names."""
REASON_MIN, REASON_MAX = 10, 500
"""Characters of a reason for touching a certified month, so that it says something."""

Sums = tuple[Decimal, Decimal, Decimal, Decimal, Decimal]
"""Source, left out, moved to or from another day, posted, QuickBooks."""


def kept_days(session: Session, company_id: str) -> str:
    """Return a hash of what people declared reconciled or certified: days that nothing is taken out of."""
    statements = session.execute(
        select(Statement.account_id, Statement.through)
        .where(Statement.company_id == company_id)
        .order_by(Statement.account_id)
    )
    certificates = session.scalars(
        select(Certificate.hash)
        .where(Certificate.company_id == company_id)
        .order_by(Certificate.month, Certificate.version)
    )
    return digest(*(f"{account} {through}" for account, through in statements), *certificates)


def reconciled_days(session: Session, company_id: str) -> dict[str, date]:
    """Return up to which day the statements of each account are declared reconciled."""
    rows = session.scalars(*_statements(company_id))
    return {row.account_id: row.through for row in rows}


@made_once
def _statements(company_id: str) -> Select[Statement]:
    return select(Statement).where(Statement.company_id == company_id)


@made_once
def _certificates(company_id: str, month: date) -> Select[Certificate]:
    of = select(Certificate).where(Certificate.company_id == company_id, Certificate.month == month)
    return of.order_by(Certificate.version.desc()).limit(1)


def newest_certificate(session: Session, company_id: str, month: date) -> Certificate | None:
    """Return the newest certificate of the month that begins on ``month``."""
    return session.scalars(*_certificates(company_id, month)).first()


def watch_certified(session: Session, connection: Connection, run_id: str, month: date, now: datetime) -> None:
    """Compare a connection's newest proof of a month with what was certified, if the month was."""
    certificate = newest_certificate(session, connection.company_id, month)
    if certificate is None:
        return
    subject = f"month/{month:%Y-%m}"
    apart = _apart(certified_sums(certificate, connection.id), proven_sums(session, connection.id, month))
    if not apart:
        close_problems(session, connection.id, subject, now, CHANGED)
        return
    open_problem(
        session,
        connection_id=connection.id,
        run_id=run_id,
        code=CHANGED,
        subject=subject,
        params={"month": f"{month:%Y-%m}", "cells": apart[:CELLS_MAX], "by": certificate.made_by},
        now=now,
    )


def certified_sums(certificate: Certificate, connection_id: str) -> dict[str, Sums]:
    """Return what a certificate says of a connection: the sums of each day, stream and currency."""
    body: Any = exact(certificate.body)
    for connection in body["connections"]:
        if connection["id"] == connection_id:
            return {cell_name(row): sums_of(row) for row in connection["proofs"]}
    return {}


def proven_sums(session: Session, connection_id: str, month: date) -> dict[str, Sums]:
    """Return the sums of each proven day, stream and currency of a month."""
    after = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    rows = session.scalars(
        select(Proof).where(Proof.connection_id == connection_id, Proof.day >= month, Proof.day < after)
    )
    return {
        f"{row.day} {row.stream} {row.currency}".strip(): (
            row.source_total,
            row.left_out_total,
            row.moved_total,
            row.posted_total,
            row.quickbooks_total,
        )
        for row in rows
    }


def cell_name(row: Mapping[str, Any]) -> str:
    """Return the name of a row of a certificate: its day, stream and currency."""
    return f"{row['day']} {row['stream']} {row['currency']}".strip()


def sums_of(row: Mapping[str, Any]) -> Sums:
    """Return the sums of a row of a certificate."""
    return (
        Decimal(row["source"]),
        Decimal(row["left_out"]),
        # What was certified before documents could be moved says nothing of it.
        Decimal(row.get("moved", 0)),
        Decimal(row["posted"]),
        Decimal(row["quickbooks"]),
    )


def _apart(then: Mapping[str, Sums], now: Mapping[str, Sums]) -> list[str]:
    nothing = (Decimal(0),) * 5
    return sorted(name for name in {*then, *now} if then.get(name, nothing) != now.get(name, nothing))
