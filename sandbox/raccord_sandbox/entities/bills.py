"""Bills and vendor credits."""

from __future__ import annotations

from raccord_sandbox.entities.amounts import account_of, bought_number, date_and_currency, unique_number
from raccord_sandbox.entities.bought import LINKED_TXN, PAYABLE
from raccord_sandbox.entities.expenses import refuse_control_accounts, settle_expenses
from raccord_sandbox.entities.kind import (
    TRANSACTION_COMPUTED,
    TRANSACTION_QUERYABLE,
    TRANSACTIONS,
    Draft,
    Family,
    Kind,
)
from raccord_sandbox.entities.orders import ORDER, check_order_links, link_orders, unlink_orders
from raccord_sandbox.entities.payables import SIGNS, default_payables, release_from_payments, rework_payments
from raccord_sandbox.entities.reimburse import charge_customers, release_charges
from raccord_sandbox.entities.terms import due_date
from raccord_sandbox.keeping.company import Work
from raccord_sandbox.posting.ledger import Entry
from raccord_sandbox.refusing.faults import Doc
from raccord_sandbox.schema import Day, Ref


def settle_bill(work: Work, kind: Kind, draft: Draft) -> None:
    """Owe the vendor the lines and their tax until a date that follows from the term, the bill's or the vendor's."""
    settle_payable(work, kind, draft)
    new = draft.new
    link_orders(work, new, draft.old)
    charge_customers(work, kind, draft)
    if "DueDate" not in new or _moved(draft):
        vendor = work.get("Vendor", new["VendorRef"]["value"]) or {}
        term = new.get("SalesTermRef") or vendor.get("TermRef")
        new["DueDate"] = due_date(new["TxnDate"], work.get("Term", term["value"]) if term else None)


def settle_vendor_credit(work: Work, kind: Kind, draft: Draft) -> None:
    """Take the lines and their tax off what the vendor is owed."""
    settle_payable(work, kind, draft)
    bought_number(work, draft, "vendorcredit")


def settle_payable(work: Work, kind: Kind, draft: Draft) -> None:
    """Compute a bill or vendor credit, keep what was paid of it and post it to payables."""
    new, sign = draft.new, SIGNS[kind.name]
    date_and_currency(work, draft)
    new.setdefault("APAccountRef", default_payables(work, new))
    payables = account_of(work, new["APAccountRef"], ("Accounts Payable",), "APAccountRef")
    expenses = settle_expenses(work, draft, check_order_links if kind.name == "Bill" else None)
    refuse_control_accounts(work, expenses)
    new["LinkedTxn"] = [link for link in new.get("LinkedTxn", []) if link.get("TxnType") == ORDER]
    new["Balance"] = expenses.total
    rework_payments(work, kind.name, new, draft.old)
    vendor: str = new["VendorRef"]["value"]
    unique_number(work, draft, (kind.name,), lambda other: bool(other["VendorRef"]["value"] == vendor))
    draft.entries = [Entry(payables["Id"], -sign * expenses.total, new.get("PrivateNote", ""), vendor)]
    draft.entries += expenses.entries(work, vendor, sign)


def _moved(draft: Draft) -> bool:
    """Tell whether a sparse update changed what the due date follows from without naming the due date."""
    return (
        draft.old is not None
        and "DueDate" not in draft.sent
        and any(draft.new.get(name) != draft.old.get(name) for name in ("TxnDate", "SalesTermRef"))
    )


def release_bill(work: Work, kind: Kind, doc: Doc) -> None:
    """Open the purchase orders that a bill had received; one that is paid is refused."""
    release_from_payments(work, kind, doc)
    unlink_orders(work, doc)
    release_charges(work, doc)


BILL = Kind(
    "Bill",
    Family.TRANSACTION,
    {**PAYABLE, "SalesTermRef": Ref(("Term",)), "DueDate": Day(), "LinkedTxn": LINKED_TXN},
    settle_bill,
    sequence="transaction",
    operations=TRANSACTIONS,
    required=("VendorRef", "Line"),
    sparse_required=("VendorRef",),
    computed=TRANSACTION_COMPUTED,
    queryable=TRANSACTION_QUERYABLE | {"DocNumber", "VendorRef", "APAccountRef", "SalesTermRef", "DueDate", "Balance"},
    release=release_bill,
)
VENDOR_CREDIT = Kind(
    "VendorCredit",
    Family.TRANSACTION,
    PAYABLE,
    settle_vendor_credit,
    sequence="transaction",
    operations=TRANSACTIONS,
    required=("VendorRef", "Line"),
    computed=TRANSACTION_COMPUTED | {"LinkedTxn"},
    queryable=TRANSACTION_QUERYABLE | {"DocNumber", "APAccountRef"},
    release=release_from_payments,
)
