"""Inventory items: what they must have, what they start with, and what is on hand."""

from __future__ import annotations

from decimal import Decimal

from raccord_sandbox.entities.adjustments import adjust
from raccord_sandbox.entities.amounts import account_of
from raccord_sandbox.entities.goods import INVENTORY
from raccord_sandbox.entities.kind import Draft
from raccord_sandbox.keeping.company import Company, Work
from raccord_sandbox.posting.ledger import Entry, StockMove
from raccord_sandbox.refusing.faults import Doc, FaultError, business, missing
from raccord_sandbox.schema import fitted

REQUIRED = ("IncomeAccountRef", "ExpenseAccountRef", "AssetAccountRef", "InvStartDate", "TrackQtyOnHand")
SUBTYPES = {"IncomeAccountRef": "SalesOfProductIncome", "AssetAccountRef": "Inventory"}
"""The subtype that an account of an inventory item must have."""
TEXT = "Opening inventory and value"


def settle_inventory(work: Work, draft: Draft) -> None:
    """Start a new inventory item with what is on hand; later a quantity that is set becomes an adjustment."""
    new, old = draft.new, draft.old
    began = old is not None and old["Type"] == INVENTORY
    for name in REQUIRED:
        if name not in new:
            raise missing(name)
    if not new["TrackQtyOnHand"]:
        raise business("An inventory item tracks its quantity on hand.", "TrackQtyOnHand")
    account_of(work, new["ExpenseAccountRef"], ("Cost of Goods Sold",), "ExpenseAccountRef")
    for name, subtype in SUBTYPES.items():
        account = work.get("Account", new[name]["value"]) or {}
        if account.get("AccountSubType") != subtype:
            raise FaultError(6430, f"Invalid account type used : {name} must be of subtype {subtype}", name)
    quantity: Decimal | None = new.pop("QtyOnHand", None)
    if not began:
        if quantity is None:
            raise missing("QtyOnHand")
        _start(work, draft, quantity)
        return
    if old is not None:
        _keep(work, draft, old)
    today = work.company.clock.today().isoformat()
    on_hand = work.company.ledger.on_hand(new["Id"])
    wanted = on_hand if quantity is None else quantity
    if not new["Active"] and old is not None and old["Active"]:
        wanted = Decimal(0)
    if wanted != on_hand:
        adjust(work, new, wanted - on_hand, max(today, new["InvStartDate"]))


def _start(work: Work, draft: Draft, quantity: Decimal) -> None:
    """Post what is there at first at its purchase cost, against opening balance equity."""
    new = draft.new
    if quantity < 0:
        raise FaultError(2160, "Invalid quantity : QtyOnHand cannot be less than zero at first", "QtyOnHand")
    new["TxnDate"] = new["InvStartDate"]
    if not quantity:
        return
    equity = work.company.first_account(AccountSubType="OpeningBalanceEquity")
    value = fitted(quantity * Decimal(new["PurchaseCost"]), 2, "PurchaseCost")
    move = StockMove(new["Id"], quantity, new["ExpenseAccountRef"]["value"], at_cost=False)
    draft.entries = [
        Entry(new["AssetAccountRef"]["value"], value, TEXT, stock=move),
        Entry(equity["Id"], -value, TEXT),
    ]


def _keep(work: Work, draft: Draft, old: Doc) -> None:
    """Refuse another inventory account, and a start that is later than a movement (6270); move what it started with."""
    new = draft.new
    if new["AssetAccountRef"]["value"] != old["AssetAccountRef"]["value"]:
        raise business("The inventory account of an item cannot be changed.", "AssetAccountRef")
    if new["InvStartDate"] == old["InvStartDate"]:
        return
    ledger = work.company.ledger
    for kind, key in ledger.stock_of(new["Id"]):
        posting = ledger.posting(kind, key)
        if kind != "Item" and posting is not None and posting.day < new["InvStartDate"]:
            raise FaultError(6270, f"Inventory start date : {kind} {key} moves this item before", "InvStartDate")
    new["TxnDate"] = new["InvStartDate"]
    start = ledger.posting("Item", new["Id"])
    draft.entries = None if start is None else list(start.entries)


def render_item(company: Company, doc: Doc) -> Doc:
    """Add how much of an inventory item is on hand."""
    if doc["Type"] != INVENTORY:
        return doc
    shown = {name: value for name, value in doc.items() if name != "TxnDate"}
    return {**shown, "QtyOnHand": company.ledger.on_hand(doc["Id"])}
