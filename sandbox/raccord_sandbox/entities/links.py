"""Links between documents that are kept on both sides: estimates, times and invoices; refunds and sales."""

from __future__ import annotations

from raccord_sandbox.entities.kind import Draft, Kind
from raccord_sandbox.keeping.company import Work
from raccord_sandbox.refusing.faults import Doc, FaultError, business, not_found
from raccord_sandbox.schema import Block, Many, Text

LINKED_TXN = Many(Block({"TxnId": Text(30), "TxnType": Text(40), "TxnLineId": Text(30)}))
SOURCES = ("Estimate", "TimeActivity")
"""What an invoice may be made from."""


def linked(doc: Doc, *kinds: str) -> list[str]:
    """Return the ids that a document is linked to, of these entities."""
    return [link["TxnId"] for link in doc.get("LinkedTxn", []) if link["TxnType"] in kinds]


def add_link(doc: Doc, kind: str, key: str) -> None:
    """Link a document to another, once."""
    if key not in linked(doc, kind):
        doc.setdefault("LinkedTxn", []).append({"TxnId": key, "TxnType": kind})


def drop_link(doc: Doc, kind: str, key: str) -> None:
    """Take a link away."""
    links: list[Doc] = doc.get("LinkedTxn", [])
    doc["LinkedTxn"] = [link for link in links if (link["TxnType"], link["TxnId"]) != (kind, key)]


def wanted_links(draft: Draft, *kinds: str) -> list[str]:
    """Return the ids of these entities that a request links to; without links a sparse one keeps those there are."""
    found: list[str] = []
    for link in draft.new.get("LinkedTxn", []):
        if link.get("TxnType") in kinds and link.get("TxnId", "") not in found:
            found.append(link.get("TxnId", ""))
    return found


def settle_sources(work: Work, draft: Draft) -> None:
    """Link an invoice with its estimate and times: the estimate closes, the times are billed; others open again."""
    new, old = draft.new, draft.old or {}
    customer = new["CustomerRef"]["value"]
    estimates, times = wanted_links(draft, "Estimate"), wanted_links(draft, "TimeActivity")
    if len(estimates) > 1:
        raise business("An invoice can be linked to one estimate only.", "LinkedTxn")
    for key in linked(old, "Estimate"):
        if key not in estimates:
            open_estimate(work, key, new["Id"])
    for key in linked(old, "TimeActivity"):
        if key not in times:
            work.touch("TimeActivity", key)["BillableStatus"] = "Billable"
    for key in estimates:
        estimate = _source(work, "Estimate", key, customer)
        if linked(estimate, "Invoice") not in ([], [new["Id"]]):
            raise FaultError(620, f"Txn ID cannot be linked : Estimate {key} has been invoiced already", "TxnId")
        if key not in linked(old, "Estimate"):
            close_estimate(work, key, new["Id"])
    for key in times:
        time = _source(work, "TimeActivity", key, customer)
        if key not in linked(old, "TimeActivity"):
            if time.get("BillableStatus") != "Billable":
                raise FaultError(620, f"Txn ID cannot be linked : TimeActivity {key} is not billable", "TxnId")
            work.touch("TimeActivity", key)["BillableStatus"] = "HasBeenBilled"
    kept = [link for link in old.get("LinkedTxn", []) if link["TxnType"] not in SOURCES]
    new["LinkedTxn"] = [{"TxnId": key, "TxnType": "Estimate"} for key in estimates]
    new["LinkedTxn"] += [{"TxnId": key, "TxnType": "TimeActivity"} for key in times]
    new["LinkedTxn"] += kept


def release_sources(work: Work, doc: Doc) -> None:
    """Open again what an invoice was made from."""
    for key in linked(doc, "Estimate"):
        open_estimate(work, key, doc["Id"])
    for key in linked(doc, "TimeActivity"):
        work.touch("TimeActivity", key)["BillableStatus"] = "Billable"


def close_estimate(work: Work, key: str, invoice: str) -> None:
    """Close an estimate that was invoiced."""
    estimate = work.touch("Estimate", key)
    add_link(estimate, "Invoice", invoice)
    estimate["TxnStatus"] = "Closed"


def open_estimate(work: Work, key: str, invoice: str) -> None:
    """Open an estimate whose invoice is gone."""
    estimate = work.touch("Estimate", key)
    drop_link(estimate, "Invoice", invoice)
    estimate["TxnStatus"] = open_status(estimate)


def open_status(estimate: Doc) -> str:
    """Return the status of an estimate that nobody closed."""
    return "Accepted" if "AcceptedDate" in estimate or "AcceptedBy" in estimate else "Pending"


def _source(work: Work, kind: str, key: str, customer: str) -> Doc:
    doc = work.get(kind, key)
    if doc is None:
        raise not_found()
    if doc.get("CustomerRef", {}).get("value") != customer:
        raise FaultError(620, f"Txn ID cannot be linked : {kind} {key} belongs to another customer", "TxnId")
    return doc


def settle_refunded(work: Work, draft: Draft) -> None:
    """Link a refund with the sales it gives back, as only a person can; the API leaves the links as they are."""
    new, old = draft.new, draft.old or {}
    held = linked(old, "SalesReceipt")
    sales = wanted_links(draft, "SalesReceipt") if work.by == "person" and "LinkedTxn" in draft.sent else held
    for key in held:
        if key not in sales:
            drop_link(work.touch("SalesReceipt", key), "RefundReceipt", new["Id"])
    for key in sales:
        _source(work, "SalesReceipt", key, new.get("CustomerRef", {}).get("value"))
        if key not in held:
            add_link(work.touch("SalesReceipt", key), "RefundReceipt", new["Id"])
    kept = [link for link in old.get("LinkedTxn", []) if link["TxnType"] != "SalesReceipt"]
    new["LinkedTxn"] = [{"TxnId": key, "TxnType": "SalesReceipt"} for key in sales] + kept


def untie(work: Work, kind: Kind, doc: Doc, *kinds: str) -> None:
    """Take the links to a document out of the documents that it is linked to."""
    for other in kinds:
        for key in linked(doc, other):
            drop_link(work.touch(other, key), kind.name, doc["Id"])
