"""Whom a document is for or from, and its number, as a draft and as QuickBooks say them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.plugin.drafts import (
    Customer,
    CustomerOf,
    Draft,
    Expense,
    LedgerId,
    Link,
    Payment,
    PaymentType,
    Ref,
    RefundReceipt,
    SalesReceipt,
    Vendor,
)
from raccord.store.models import Connection, DraftRow, LedgerEntry
from raccord.sync.bodies import load_draft
from raccord.sync.books.company import PEOPLE
from raccord.sync.chunks import CHUNK, chunks

_OF_ANOTHER = Payment | RefundReceipt | SalesReceipt
"""Documents whose customer may be that of another one."""


CHEQUE = '"payment_type":"check"'
"""How a draft's text says that it is one."""


def cheque_of(draft: Draft | None) -> str:
    """Return the number of a cheque; empty of what is none."""
    if not isinstance(draft, Expense) or draft.payment_type is not PaymentType.CHECK:
        return ""
    return draft.number or draft.reference.strip()


def number_of(draft: Draft | None) -> str:
    """Return the number or reference that a document of the source bears."""
    return str(getattr(draft, "number", "") or getattr(draft, "reference", ""))


def with_customers(session: Session, connection_id: str, drafts: Iterable[Draft]) -> list[Draft]:
    """Return the drafts, those that name a customer as that of another document with that customer itself.

    One whose other document has not come stays as it is.
    """
    told = list(drafts)
    keys = sorted({key for each in told if (key := _customer_document(each))})
    known: dict[str, Ref] = {}
    for some in chunks(keys, CHUNK):
        of = select(DraftRow.key, DraftRow.body).where(DraftRow.connection_id == connection_id, DraftRow.key.in_(some))
        for key, body in session.execute(of):
            customer = getattr(load_draft(body), "customer", None)
            if customer is not None and not isinstance(customer, CustomerOf):
                known[key] = customer
    return [_known_customer(each, known) for each in told]


def _known_customer(draft: Draft, known: Mapping[str, Ref]) -> Draft:
    if not isinstance(draft, _OF_ANOTHER) or not isinstance(draft.customer, CustomerOf):
        return draft
    return replace(draft, customer=known.get(draft.customer.document.key, draft.customer))


def _customer_document(draft: Draft | None) -> str:
    """Return the key of the document whose customer a draft's is; nothing where it names its own."""
    if isinstance(draft, _OF_ANOTHER) and isinstance(draft.customer, CustomerOf):
        return draft.customer.document.key
    return ""


def party_of(session: Session, connection: Connection, draft: Draft | None) -> str:
    """Return the name of a draft's customer, vendor or payee as the source or the books say it."""
    if _customer_document(draft) and draft is not None:
        (draft,) = with_customers(session, connection.id, [draft])
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
