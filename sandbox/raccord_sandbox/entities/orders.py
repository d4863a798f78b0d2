"""Purchase orders, which post nothing, and the bills through which what was ordered is received."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from raccord_sandbox.entities.amounts import CENTS, account_of, bought_number, date_and_currency
from raccord_sandbox.entities.bought import LOCATIONS, PAYABLE
from raccord_sandbox.entities.expenses import refuse_control_accounts, settle_expenses
from raccord_sandbox.entities.kind import (
    TRANSACTION_COMPUTED,
    TRANSACTION_QUERYABLE,
    TRANSACTIONS,
    Draft,
    Family,
    Kind,
)
from raccord_sandbox.keeping.company import Work
from raccord_sandbox.refusing.faults import Doc, FaultError, business, missing
from raccord_sandbox.schema import ADDRESS, CUSTOM_FIELDS, EMAIL, Choice, Day, Ref, Text

ORDER = "PurchaseOrder"


def settle_order(work: Work, kind: Kind, draft: Draft) -> None:
    """Compute lines and total; a line that a bill has received must stay."""
    new = draft.new
    date_and_currency(work, draft)
    account_of(work, new["APAccountRef"], ("Accounts Payable",), "APAccountRef")
    refuse_control_accounts(work, settle_expenses(work, draft))
    bought_number(work, draft, "purchaseorder")
    address = (work.get("Vendor", new["VendorRef"]["value"]) or {}).get("BillAddr")
    if address is not None:
        new.setdefault("VendorAddr", dict(address))
    new.setdefault("EmailStatus", "NotSet")
    if new["EmailStatus"] == "NeedToSend" and "POEmail" not in new:
        raise missing("POEmail")
    new.setdefault("CustomField", [])
    new.setdefault("LinkedTxn", [])
    new.setdefault("POStatus", "Open")
    if new["LinkedTxn"]:
        _keep_received(work, new, draft.old or {})
        if "POStatus" not in draft.sent:
            new["POStatus"] = _status(work, new)


def _keep_received(work: Work, new: Doc, old: Doc) -> None:
    if new["VendorRef"]["value"] != old["VendorRef"]["value"]:
        raise business("Bills are linked to this purchase order: its vendor cannot be changed.", "VendorRef")
    lines = {line["Id"] for line in new["Line"]}
    for bill in _bills(work, new):
        for _, link in _order_lines(bill, new["Id"]):
            if link["TxnLineId"] not in lines:
                raise business(f"Bill {bill['Id']} is linked to line {link['TxnLineId']}: it must stay.", "Line")


def release_order(work: Work, kind: Kind, doc: Doc) -> None:
    """Refuse to delete what bills are linked to, unless the company, or a person, lets the links go."""
    bills = _bills(work, doc)
    if not bills:
        return
    if work.by != "person" and not work.company.switch("delete_linked"):
        raise FaultError(
            800, f"Cannot delete object : {kind.name} {doc['Id']} has linked transactions; unlink them first"
        )
    for bill in bills:
        changed = work.touch("Bill", bill["Id"])
        for holder in (changed, *changed["Line"]):
            if "LinkedTxn" in holder:
                holder["LinkedTxn"] = [link for link in holder["LinkedTxn"] if not _is_order(link, doc["Id"])]


def check_order_links(line: Doc) -> None:
    """Keep the links of a bill's line to lines of purchase orders. Raises 2020 without TxnLineId."""
    links = [link for link in line.pop("LinkedTxn", []) if _is_order(link)]
    for link in links:
        for name in ("TxnId", "TxnLineId"):
            if name not in link:
                raise missing(name)
    if links:
        line["LinkedTxn"] = links


def link_orders(work: Work, new: Doc, old: Doc | None) -> None:
    """Receive through a bill what it and its lines name of purchase orders, and close those wholly received."""
    if old is not None:
        unlink_orders(work, old)
    header = [link["TxnId"] for link in new["LinkedTxn"] if _is_order(link) and "TxnId" in link]
    lines = [link["TxnId"] for line in new["Line"] for link in line.get("LinkedTxn", [])]
    orders = list(dict.fromkeys([*header, *lines]))
    new["LinkedTxn"] = [link for link in new["LinkedTxn"] if not _is_order(link)]
    new["LinkedTxn"] += [{"TxnId": key, "TxnType": ORDER} for key in orders]
    if not orders:
        return
    work.put("Bill", new)
    for key in orders:
        _refuse_unfit(work, new, key)
        order = work.touch(ORDER, key)
        order["LinkedTxn"].append({"TxnId": new["Id"], "TxnType": "Bill"})
        order["POStatus"] = _status(work, order)


def unlink_orders(work: Work, bill: Doc) -> None:
    """Take a bill's links off its purchase orders, which are open again for what it had received."""
    for link in bill["LinkedTxn"]:
        if not _is_order(link):
            continue
        order = work.touch(ORDER, link["TxnId"])
        order["LinkedTxn"] = [one for one in order["LinkedTxn"] if one["TxnId"] != bill["Id"]]
        order["POStatus"] = _status(work, order)


def _refuse_unfit(work: Work, bill: Doc, key: str) -> None:
    order = work.get(ORDER, key)
    if order is None:
        raise FaultError(610, f"Object Not Found : {ORDER} {key} does not exist", "TxnId")
    if order["VendorRef"]["value"] != bill["VendorRef"]["value"]:
        raise business("A bill can only be linked to purchase orders of its vendor.", "VendorRef")
    if order["POStatus"] == "Closed":
        raise FaultError(620, f"Txn ID cannot be linked : {ORDER} {key} is closed", "TxnId")
    known = {line["Id"] for line in order["Line"]}
    for _, link in _order_lines(bill, key):
        if link["TxnLineId"] not in known:
            raise FaultError(
                620, f"Txn ID cannot be linked : {ORDER} {key} lacks line {link['TxnLineId']}", "TxnLineId"
            )


def _status(work: Work, order: Doc) -> str:
    """Return Closed once every line is received in full, by quantity where it has one, else by amount."""
    bills = _bills(work, order)
    if not bills:
        return "Open"
    if any(not _order_lines(bill, order["Id"]) for bill in bills):
        # A bill that is linked as a whole receives the whole order.
        return "Closed"
    open_lines = (line for line in order["Line"] if not _is_received(order["Id"], line, bills))
    return "Open" if any(True for _ in open_lines) else "Closed"


def _is_received(order: str, line: Doc, bills: Iterable[Doc]) -> bool:
    takers = [taker for bill in bills for taker, link in _order_lines(bill, order) if link["TxnLineId"] == line["Id"]]
    wanted = _quantity(line)
    if wanted is not None and all(_quantity(taker) is not None for taker in takers):
        return sum((_quantity(taker) or Decimal(0) for taker in takers), Decimal(0)) >= wanted
    return bool(sum((taker["Amount"] for taker in takers), CENTS) >= line["Amount"])


def _quantity(line: Doc) -> Decimal | None:
    found: Decimal | None = line[line["DetailType"]].get("Qty")
    return found


def _bills(work: Work, order: Doc) -> list[Doc]:
    found = [work.get("Bill", link["TxnId"]) for link in order["LinkedTxn"]]
    return [bill for bill in found if bill is not None]


def _order_lines(bill: Doc, order: str) -> list[tuple[Doc, Doc]]:
    """Return the lines of a bill that are linked to lines of an order, each with its link."""
    return [(line, link) for line in bill["Line"] for link in line.get("LinkedTxn", []) if _is_order(link, order)]


def _is_order(link: Doc, key: str | None = None) -> bool:
    return link.get("TxnType") == ORDER and key in (None, link.get("TxnId"))


PURCHASE_ORDER = Kind(
    ORDER,
    Family.TRANSACTION,
    {
        **PAYABLE,
        "CustomField": CUSTOM_FIELDS,
        "ClassRef": Ref(("Class",)),
        "SalesTermRef": Ref(("Term",)),
        "DueDate": Day(),
        "ShipMethodRef": Ref(),
        "ShipTo": Ref(("Customer",)),
        "ShipAddr": ADDRESS,
        "VendorAddr": ADDRESS,
        "POEmail": EMAIL,
        "Memo": Text(4000),
        "POStatus": Choice(("Open", "Closed")),
        "EmailStatus": Choice(("NotSet", "NeedToSend", "EmailSent")),
        "TransactionLocationType": LOCATIONS,
    },
    settle_order,
    sequence="transaction",
    operations=TRANSACTIONS,
    required=("APAccountRef", "VendorRef", "Line"),
    computed=TRANSACTION_COMPUTED | {"LinkedTxn"},
    queryable=TRANSACTION_QUERYABLE | {"DocNumber", "DueDate"},
    release=release_order,
)
