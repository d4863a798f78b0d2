"""What documents do to inventory items: the checks of their lines and the movements that they post."""

from __future__ import annotations

from decimal import Decimal

from raccord_sandbox.keeping.company import Work
from raccord_sandbox.lines import every_line
from raccord_sandbox.posting.ledger import Entry, StockMove
from raccord_sandbox.refusing.faults import Doc, FaultError

INVENTORY = "Inventory"


def sold(work: Work, new: Doc) -> list[Entry]:
    """Return what leaves the stock by the lines of a sale; its cost follows."""
    name = new.get("CustomerRef", {}).get("value", "")
    entries = []
    for line in every_line(new["Line"]):
        detail = line.get("SalesItemLineDetail", {})
        item = work.get("Item", detail.get("ItemRef", {}).get("value", ""))
        if item is None or item["Type"] != INVENTORY:
            continue
        move = at_cost(item, -moved_quantity(item, detail, new["TxnDate"]))
        text = line.get("Description", "")
        entries.append(Entry(item["AssetAccountRef"]["value"], Decimal(0), text, name, line["Id"], stock=move))
    return entries


def moved_quantity(item: Doc, detail: Doc, day: str) -> Decimal:
    """Return how much of an inventory item a line moves; none is fault 6520, before its time 6270."""
    quantity: Decimal | None = detail.get("Qty")
    if not quantity:
        raise FaultError(6520, f"Inventory quantity : the line of {item['Name']} needs a quantity", "Qty")
    if day < item["InvStartDate"]:
        raise FaultError(
            6270,
            f"Inventory start date : the transaction of {day} is before {item['Name']} began, {item['InvStartDate']}",
            "TxnDate",
        )
    return quantity


def bought(item: Doc, entry: Entry, quantity: Decimal) -> list[Entry]:
    """Return what a line of a purchase posts: into stock at its price, or out of stock, given back at its price."""
    asset, cost = item["AssetAccountRef"]["value"], item["ExpenseAccountRef"]["value"]
    if quantity > 0:
        move = StockMove(item["Id"], quantity, cost, at_cost=False)
        return [Entry(asset, entry.amount, entry.memo, entry.name, entry.line, stock=move)]
    move = at_cost(item, quantity)
    return [
        Entry(cost, entry.amount, entry.memo, entry.name, entry.line),
        Entry(asset, Decimal(0), entry.memo, entry.name, entry.line, stock=move),
    ]


def at_cost(item: Doc, quantity: Decimal, account: str = "") -> StockMove:
    """Return a movement at what the stock costs, borne by an account, else by the item's cost of goods sold."""
    contra = account or item["ExpenseAccountRef"]["value"]
    return StockMove(item["Id"], quantity, contra, estimate=Decimal(item.get("PurchaseCost", 0)))


def adjusted(item: Doc, quantity: Decimal, account: str, memo: str = "", line: str = "") -> Entry:
    """Return a change of quantity against an account, at cost."""
    move = at_cost(item, quantity, account)
    return Entry(item["AssetAccountRef"]["value"], Decimal(0), memo, "", line, stock=move)
