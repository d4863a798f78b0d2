"""Whom a document is for or from, and its number, as a draft and as QuickBooks say them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.plugin.drafts import Customer, Draft, LedgerId, Link, Vendor
from raccord.store.models import Connection, DraftRow, LedgerEntry
from raccord.sync.bodies import load_draft
from raccord.sync.books import PEOPLE


def number_of(draft: Draft | None) -> str:
    """Return the number or reference that a document of the source bears."""
    return str(getattr(draft, "number", "") or getattr(draft, "reference", ""))


def party_of(session: Session, connection: Connection, draft: Draft | None) -> str:
    """Return the name of a draft's customer, vendor or payee as the source or the books say it."""
    refs = (getattr(draft, name, None) for name in ("customer", "vendor", "payee"))
    match next((ref for ref in refs if ref is not None), None):
        case Link(key=key):
            body = session.scalars(
                select(DraftRow.body).where(DraftRow.connection_id == connection.id, DraftRow.key == key)
            ).first()
            named = None if body is None else load_draft(body)
            return named.name if isinstance(named, Customer | Vendor) else ""
        case LedgerId(id=id_):
            company = (LedgerEntry.company_id == connection.company_id, LedgerEntry.kind.in_(PEOPLE))
            return session.scalars(select(LedgerEntry.name).where(*company, LedgerEntry.object_id == id_)).first() or ""
        case _:
            return ""


def party_in(document: Mapping[str, Any]) -> str:
    """Return the name of whom a document of QuickBooks is for or from."""
    refs = (document.get(name) for name in ("CustomerRef", "VendorRef", "EntityRef"))
    return next((str(ref.get("name", "")) for ref in refs if isinstance(ref, Mapping)), "")
