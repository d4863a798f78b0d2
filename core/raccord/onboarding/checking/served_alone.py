"""A check of accounts that serve one source alone: what others have on them is told (PO-01)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from raccord.onboarding.checking.findings import Finding, Level, well
from raccord.plugin.info import RoleInfo
from raccord.plugin.texts import Text
from raccord.quickbooks import Lane
from raccord.store.models import Choice, Company, Connection, LinkRow
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.workshop import Workshop

DAYS = 365
"""How far back the account's movements are looked at."""


def check_alone(
    workshop: Workshop, company: Company, connection: Connection, roles: Sequence[RoleInfo], today: date
) -> Iterator[Finding]:
    """Look at what moved the accounts of roles that serve one source alone; QuickBooks is asked once for each."""
    alone = {role.name for role in roles if role.alone}
    if not alone:
        return
    with workshop.database.read() as session:
        rows = select(Choice).where(Choice.connection_id == connection.id, Choice.role.in_(alone))
        accounts = {each.ledger_id: each.ledger_name for each in session.scalars(rows)}
    for account, name in accounts.items():
        others = _others(workshop, company, connection, account, today)
        if not others:
            yield well(
                "doctor.account_alone",
                f"Le compte « {name} » ne sert qu'à {connection.label}.",
                f"The account “{name}” serves {connection.label} alone.",
                connection.label,
            )
            continue
        yield Finding(
            "doctor.account_shared",
            Level.WARNING,
            Text(
                f"Le compte « {name} » porte {others} écriture(s) qui ne viennent pas de {connection.label}.",
                f"The account “{name}” has {others} transaction(s) that do not come from {connection.label}.",
            ),
            Text(
                "Prenez un compte qui ne sert qu'à elle, ou passez ces écritures sur un autre ; sinon son solde "
                "n'est pas le sien.",
                "Take an account that serves it alone, or move these to another one; otherwise its balance is not "
                "its own.",
            ),
            connection.label,
        )


def _others(workshop: Workshop, company: Company, connection: Connection, account: str, today: date) -> int:
    """Return how many transactions moved an account in a year that none of the connection's links knows."""
    asked = {
        "account": account, "start_date": (today - timedelta(DAYS)).isoformat(), "end_date": today.isoformat(),
        "columns": "tx_date,txn_type,subt_nat_amount",
    }  # fmt: skip
    client = workshop.client(company).in_lane(Lane.INTERACTIVE)
    found = set(_transactions(client.report("GeneralLedger", asked).value))
    with workshop.database.read() as session:
        for some in chunks(sorted(found), CHUNK):
            mine = select(LinkRow.document_id).where(
                LinkRow.connection_id == connection.id, LinkRow.document_id.in_(some)
            )
            found -= set(session.scalars(mine))
    return len(found)


def _transactions(report: Any) -> Iterator[str]:
    """Yield the ids of the transactions in a report, whatever sections they stand in."""
    if isinstance(report, Mapping):
        cells = report.get("ColData")
        if isinstance(cells, Sequence) and report.get("type", "Data") == "Data":
            yield from (str(cell["id"]) for cell in cells[1:2] if cell.get("id"))
        for name in ("Rows", "Row"):
            yield from _transactions(report.get(name))
    elif isinstance(report, list | tuple):
        for each in report:
            yield from _transactions(each)
