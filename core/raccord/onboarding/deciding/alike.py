"""What of QuickBooks a failed record may be: documents of its kind around its day, or entries of its list, by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any

from sqlalchemy import select

from raccord.onboarding.access.people import Actor, Power, require
from raccord.quickbooks import Lane, quoted
from raccord.store.models import Company, Connection, DraftRow, LedgerEntry, LinkRow, LinkState, Problem, SourceRecord
from raccord.sync.books.readback import LISTS
from raccord.sync.workshop import Workshop

AROUND = timedelta(days=45)
READ_MAX = 500
SHOWN_MAX = 50


@dataclass(frozen=True, slots=True)
class Alike:
    """A document or an entry as a person knows it; an entry has a name alone."""

    id: str
    number: str = ""
    name: str = ""
    day: date | None = None
    amount: Decimal | None = None
    currency: str = ""


def alike_documents(workshop: Workshop, actor: Actor, problem_id: str) -> list[Alike]:
    """Return what a failed record may be tied to: the same amount first, then the nearest days; none that is linked."""
    require(actor, Power.WORK)
    with workshop.database.read() as session:
        problem = session.get_one(Problem, problem_id)
        connection = session.get_one(Connection, problem.connection_id)
        company = session.get_one(Company, connection.company_id)
        of = (DraftRow.connection_id == connection.id, DraftRow.key == problem.subject)
        draft = session.scalars(select(DraftRow).where(*of)).one_or_none()
        if draft is None:
            return []
        if draft.kind in LISTS:
            wanted = (
                LedgerEntry.company_id == company.id,
                LedgerEntry.kind == draft.kind,
                LedgerEntry.active.is_(True),
            )
            entries = select(LedgerEntry).where(*wanted).order_by(LedgerEntry.name_key).limit(READ_MAX)
            return [Alike(each.object_id, each.number, each.name) for each in session.scalars(entries)]
        record = None if draft.record_id is None else session.get(SourceRecord, draft.record_id)
        amount = None if record is None or record.amount is None else abs(record.amount)
        linked = select(LinkRow.document_id).where(
            LinkRow.company_id == company.id, LinkRow.kind == draft.kind, LinkRow.state == LinkState.LIVE
        )
        taken = set(session.scalars(linked))
        day = draft.day or problem.opened_at.date()
    first, last = (quoted((day + by).isoformat()) for by in (-AROUND, AROUND))
    client = workshop.client(company).in_lane(Lane.INTERACTIVE)
    around = client.query_all(draft.kind, f"TxnDate >= {first} AND TxnDate <= {last}")
    rows = islice(around, READ_MAX)
    found = [_alike(row) for row in rows if str(row["Id"]) not in taken]
    found.sort(key=lambda each: (each.amount != amount, abs(((each.day or day) - day).days), each.number))
    return found[:SHOWN_MAX]


def _alike(row: Mapping[str, Any]) -> Alike:
    party: Any = next((row[name] for name in ("CustomerRef", "VendorRef", "EntityRef") if row.get(name)), {})
    total = row.get("TotalAmt", row.get("Amount"))
    currency: Any = row.get("CurrencyRef") or {}
    return Alike(
        str(row["Id"]),
        str(row.get("DocNumber") or ""),
        str(party.get("name") or row.get("PrivateNote") or "")[:80],
        date.fromisoformat(str(row["TxnDate"])),
        None if total is None else Decimal(str(total)),
        str(currency.get("value") or ""),
    )
