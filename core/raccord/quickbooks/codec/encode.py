"""From a draft to the JSON text of one QuickBooks object."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import cast

from raccord.plugin.drafts import (
    Account,
    Attachment,
    Bill,
    BillPayment,
    CreditMemo,
    Customer,
    Deposit,
    Draft,
    Expense,
    Invoice,
    Item,
    JournalEntry,
    Payment,
    Ref,
    RefundReceipt,
    SalesReceipt,
    Transfer,
    Vendor,
    VendorCredit,
)
from raccord.quickbooks.codec.attachments import attachable
from raccord.quickbooks.codec.deposits import deposit
from raccord.quickbooks.codec.errors import EncodeError
from raccord.quickbooks.codec.expenses import purchase, transfer
from raccord.quickbooks.codec.facts import CompanyFacts, Encoded, Target
from raccord.quickbooks.codec.journals import journal_entry
from raccord.quickbooks.codec.json_text import Json, JsonObject, write
from raccord.quickbooks.codec.lists import account, customer, item, vendor
from raccord.quickbooks.codec.names import NUMBER_LENGTH, within
from raccord.quickbooks.codec.notes import is_marker
from raccord.quickbooks.codec.payables import bill, bill_payment, payment, vendor_credit
from raccord.quickbooks.codec.sales import credit_memo, invoice, refund_receipt, sales_receipt
from raccord.quickbooks.codec.sheet import IsCost, KindOf, Sheet, all_costs, unknown_kind

SPARSE = frozenset(
    {
        "Customer", "SalesReceipt", "RefundReceipt", "Deposit", "Purchase", "Transfer", "JournalEntry", "Invoice",
        "CreditMemo", "Payment", "Bill", "VendorCredit", "BillPayment",
    }
)  # fmt: skip
"""Kinds whose sparse update Intuit documents; the others are sent whole."""
_NAME_LISTS = frozenset({"Account", "Customer", "Vendor", "Item"})
_NOT_SENT_BACK = frozenset({"Id", "SyncToken", "MetaData", "domain", "sparse", "status", "time"})


def encode(
    draft: Draft,
    resolve: Callable[[Ref], str],
    facts: CompanyFacts,
    *,
    marker: str,
    number: str,
    update: Target | None = None,
    kind_of: KindOf = unknown_kind,
    is_cost: IsCost = all_costs,
) -> Encoded:
    """Return ``draft`` as QuickBooks' JSON: the same arguments give the same bytes.

    ``resolve`` answers a ledger id, or ``placeholder(key)`` for what does not exist yet. ``marker`` ends the private
    note, ``number`` (at most 21 characters, empty for none) becomes the document number where the kind has one.
    ``kind_of`` says which list or kind a reference is of, where known: it decides the type of a deposit line's link
    and of the person on an expense or deposit line. ``is_cost`` says which accounts are costs: a deposit's line on
    another one counts among sales. Raises :class:`EncodeError` before anything is sent; in particular when
    QuickBooks' total would not be the draft's.
    """
    kind = entity_of(draft)
    if kind not in _NAME_LISTS and not is_marker(marker):
        raise ValueError(f"{marker!r} is not a marker like [raccord 7K2M9QX4TW r1]")
    sheet = Sheet(resolve, facts, kind_of, is_cost=is_cost)
    body = _body(draft, sheet, marker, number)
    if update is not None:
        body = _updating(kind, _without_firsts(draft, body), update)
    return Encoded(kind, write(body), tuple(sheet.needs))


def _without_firsts(draft: Draft, body: JsonObject) -> JsonObject:
    """Leave out of an update what a customer only gets when it is made: its type, its account, a name that is to stay.

    A sparse update changes nothing that it does not name.
    """
    if not isinstance(draft, Customer):
        return body
    firsts = {"CustomerTypeRef", "ARAccountRef", *(("DisplayName", "CompanyName") if draft.keeps_name else ())}
    return {name: value for name, value in body.items() if name not in firsts}


def entity_of(draft: Draft) -> str:
    """Return QuickBooks' entity name of what ``draft`` becomes."""
    return "Purchase" if isinstance(draft, Expense) else draft.kind


def rank_of(draft: Draft) -> int:
    """Return the place in the order of posting: what a draft refers to always has a lower rank."""
    match draft:
        case Account():
            return 0
        case Customer() | Vendor() | Item():
            return 1
        case Payment():
            return 3
        case RefundReceipt():
            return 4
        case Deposit():
            return 5
        case BillPayment():
            # One that uses a vendor's credit up for money that came back settles the deposit of it.
            return 6
        case Attachment():
            return 7
        case _:
            return 2


def uses_batch(kind: str) -> bool:
    """Tell whether objects of ``kind`` go out in batches: name lists go one by one, as a name taken needs an answer,
    and files by uploads of their own.
    """
    return kind not in _NAME_LISTS and kind != "Attachable"


def readdressed(payload: str, token: str) -> str:
    """Return the text of an update that names another state of the object."""
    body = cast("JsonObject", json.loads(payload, parse_float=Decimal))
    return write({**body, "SyncToken": token})


def _body(draft: Draft, sheet: Sheet, marker: str, number: str) -> JsonObject:
    match draft:
        case SalesReceipt():
            return sales_receipt(draft, sheet, marker, _number(number))
        case RefundReceipt():
            return refund_receipt(draft, sheet, marker, _number(number))
        case Deposit():
            return deposit(draft, sheet, marker)
        case Expense():
            return purchase(draft, sheet, marker, _number(number))
        case JournalEntry():
            return journal_entry(draft, sheet, marker, _number(number))
        case Transfer():
            return transfer(draft, sheet, marker)
        case Invoice():
            return invoice(draft, sheet, marker, _number(number))
        case CreditMemo():
            return credit_memo(draft, sheet, marker, _number(number))
        case Payment():
            return payment(draft, sheet, marker, number)
        case Bill():
            return bill(draft, sheet, marker, _number(number))
        case VendorCredit():
            return vendor_credit(draft, sheet, marker, _number(number))
        case BillPayment():
            return bill_payment(draft, sheet, marker, _number(number))
        case Attachment():
            return attachable(draft, sheet, marker)
        case Account():
            return account(draft, sheet)
        case Customer():
            return customer(draft, sheet)
        case Vendor():
            return vendor(draft, sheet)
        case Item():
            return item(draft, sheet)


def _number(number: str) -> JsonObject:
    return {"DocNumber": within(number, NUMBER_LENGTH, "number")} if number else {}


def _updating(kind: str, body: JsonObject, update: Target) -> JsonObject:
    """Address the object to change; a kind that is sent whole keeps what the draft does not speak of."""
    address: JsonObject = {"Id": update.id, "SyncToken": update.sync_token}
    if kind in SPARSE:
        return {**address, "sparse": True, **body}
    if update.document is None:
        raise EncodeError(
            "encoding.update_needs_document",
            f"{kind} se met à jour en entier : il faut relire l'objet dans QuickBooks d'abord.",
            f"{kind} is updated whole: the object must be read from QuickBooks first.",
            "update",
        )
    return {**kept_of(update.document), **body, **address}


def kept_of(document: Mapping[str, object]) -> JsonObject:
    """Return what an object says that may be sent back to QuickBooks."""
    return {
        name: cast("Json", value)
        for name, value in document.items()
        if name not in _NOT_SENT_BACK and not name.endswith("Ex")
    }
