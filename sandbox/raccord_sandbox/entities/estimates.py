"""Estimates: offers to customers, which post nothing and close when they are invoiced."""

from __future__ import annotations

from raccord_sandbox.entities.amounts import sales_number
from raccord_sandbox.entities.applications import refuse_if_linked
from raccord_sandbox.entities.kind import TRANSACTIONS, Draft, Family, Kind
from raccord_sandbox.entities.links import (
    LINKED_TXN,
    add_link,
    drop_link,
    linked,
    open_status,
    wanted_links,
)
from raccord_sandbox.entities.sales_forms import COMPUTED, QUERYABLE, SALES_FORM, settle_sales_form
from raccord_sandbox.keeping.company import Work
from raccord_sandbox.refusing.faults import Doc, FaultError, business, not_found
from raccord_sandbox.schema import Choice, Day, Ref, Text

STATUSES = ("Pending", "Accepted", "Closed", "Rejected", "Converted")


def settle_estimate(work: Work, kind: Kind, draft: Draft) -> None:
    """Compute an estimate and its link to the invoice that was made of it."""
    new = draft.new
    settle_sales_form(work, draft)
    sales_number(work, kind, draft)
    new.setdefault("PrintStatus", "NeedToPrint")
    _link_invoice(work, draft)
    new.setdefault("TxnStatus", "Closed" if new["LinkedTxn"] else open_status(new))


def _link_invoice(work: Work, draft: Draft) -> None:
    new, old = draft.new, draft.old or {}
    invoices, held = wanted_links(draft, "Invoice"), linked(old, "Invoice")
    if len(invoices) > 1:
        raise business("An estimate can be linked to one invoice only.", "LinkedTxn")
    for key in held:
        if key not in invoices:
            drop_link(work.touch("Invoice", key), "Estimate", new["Id"])
    for key in invoices:
        invoice = work.get("Invoice", key)
        if invoice is None:
            raise not_found()
        if invoice["CustomerRef"]["value"] != new["CustomerRef"]["value"]:
            raise FaultError(620, f"Txn ID cannot be linked : Invoice {key} belongs to another customer", "TxnId")
        if linked(invoice, "Estimate") not in ([], [new["Id"]]):
            raise FaultError(620, f"Txn ID cannot be linked : Invoice {key} has an estimate already", "TxnId")
        if key not in held:
            add_link(work.touch("Invoice", key), "Estimate", new["Id"])
            if "TxnStatus" not in draft.sent:
                new["TxnStatus"] = "Closed"
    if held and not invoices and "TxnStatus" not in draft.sent:
        new["TxnStatus"] = open_status(new)
    new["LinkedTxn"] = [{"TxnId": key, "TxnType": "Invoice"} for key in invoices]


def release_estimate(work: Work, kind: Kind, doc: Doc) -> None:
    """Take the link out of the invoice that was made of an estimate, where that is allowed."""
    refuse_if_linked(work, kind, doc, "Invoice")
    for key in linked(doc, "Invoice"):
        drop_link(work.touch("Invoice", key), "Estimate", doc["Id"])


ESTIMATE = Kind(
    "Estimate",
    Family.TRANSACTION,
    {
        **SALES_FORM,
        "LinkedTxn": LINKED_TXN,
        "TxnStatus": Choice(STATUSES),
        "ExpirationDate": Day(),
        "AcceptedBy": Text(100),
        "AcceptedDate": Day(),
        "SalesTermRef": Ref(("Term",)),
        "DueDate": Day(),
    },
    settle_estimate,
    sequence="transaction",
    operations=TRANSACTIONS,
    required=("CustomerRef", "Line"),
    computed=COMPUTED,
    queryable=(QUERYABLE - {"Balance"}) | {"DueDate", "TxnStatus", "ExpirationDate", "AcceptedDate"},
    release=release_estimate,
)
