"""Products, services and their categories."""

from __future__ import annotations

from decimal import Decimal

from raccord_sandbox.entities.amounts import account_of
from raccord_sandbox.entities.goods import INVENTORY
from raccord_sandbox.entities.hierarchy import DEEPEST, depth, full_name, unique_full_name
from raccord_sandbox.entities.inventory import render_item, settle_inventory
from raccord_sandbox.entities.kind import LIST_QUERYABLE, Draft, Family, Kind
from raccord_sandbox.keeping.company import Work
from raccord_sandbox.refusing.faults import FaultError, business, missing
from raccord_sandbox.schema import Block, Choice, Day, Flag, Many, Number, Ref, Text

INCOME_TYPES = ("Income", "Other Income", "Other Current Liability", "Other Current Asset", "Equity", "Expense")
EXPENSE_TYPES = (
    "Cost of Goods Sold", "Expense", "Other Expense", "Other Current Asset", "Fixed Asset", "Other Asset", "Income",
    "Other Current Liability", "Long Term Liability", "Equity",
)  # fmt: skip
TAKEN = "Another product or service is already using this name. Please use a different name."


def settle_item(work: Work, kind: Kind, draft: Draft) -> None:
    """Check accounts by type, complete the full name and refuse a taken one."""
    new, old = draft.new, draft.old
    new.setdefault("Active", True)
    if old is not None:
        new.setdefault("Type", old["Type"])
        _refuse_change_of_type(old["Type"], new["Type"])
    if new["Type"] == "Group":
        _bundle(work, draft)
    elif new["Type"] == "Category":
        for name in ("IncomeAccountRef", "ExpenseAccountRef", "AssetAccountRef"):
            if name in new:
                raise business("A category has no accounts.", name)
    else:
        _accounts(work, draft)
    parent = full_name(work, kind, new, flag="SubItem", deepest=3 if new["Type"] == "Category" else DEEPEST)
    if parent is not None and new["Type"] == "Category" and parent["Type"] != "Category":
        raise business("A category can only stand under a category.", "ParentRef")
    new["Level"] = depth(work, kind, new)
    unique_full_name(work, kind, draft, TAKEN)
    if work.company.switch("unique_item_names"):
        _refuse_taken_anywhere(work, draft)
    if new["Type"] == INVENTORY:
        settle_inventory(work, draft)


def _refuse_change_of_type(old: str, new: str) -> None:
    """Refuse what the service refuses: away from inventory, and to or from a category or bundle."""
    fixed = {"Category", "Group"}
    if old != new and (old == INVENTORY or fixed & {old, new}):
        raise business("The type of this item cannot be changed.", "Type")


def _refuse_taken_anywhere(work: Work, draft: Draft) -> None:
    new = draft.new
    for key in work.company.table("Item").having("Name", new["Name"]):
        if key != new["Id"]:
            raise FaultError(6240, f"The name supplied already exists. : {TAKEN} Id={key}")


def _bundle(work: Work, draft: Draft) -> None:
    """Check the components of a bundle, which the API shows and a person makes."""
    if work.by == "api":
        raise FaultError(5030, "Feature Not Supported Error : bundles are read only through the API", "Type")
    parts = draft.new.get("ItemGroupDetail", {}).get("ItemGroupLine", [])
    if not parts:
        raise missing("ItemGroupDetail")
    for part in parts:
        if "ItemRef" not in part:
            raise missing("ItemRef")
        item = work.get("Item", part["ItemRef"]["value"]) or {}
        if item.get("Type") in ("Category", "Group"):
            raise business("A bundle holds products and services only.", "ItemRef")
        part.setdefault("Qty", Decimal(1))
    draft.new.setdefault("PrintGroupedItems", False)


def _accounts(work: Work, draft: Draft) -> None:
    new = draft.new
    if "IncomeAccountRef" not in new and "ExpenseAccountRef" not in new:
        raise missing("ExpenseAccountRef or IncomeAccountRef")
    for name, types in (("IncomeAccountRef", INCOME_TYPES), ("ExpenseAccountRef", EXPENSE_TYPES)):
        if name in new:
            account_of(work, new[name], types, name)
    if new["Type"] != INVENTORY:
        new["TrackQtyOnHand"] = False
        for name in ("AssetAccountRef", "QtyOnHand", "InvStartDate"):
            new.pop(name, None)
    new.setdefault("UnitPrice", 0)
    new.setdefault("PurchaseCost", 0)
    new.setdefault("Taxable", False)


ITEM = Kind(
    "Item",
    Family.LIST,
    {
        "Name": Text(100, ":\t\n"),
        "Sku": Text(100),
        "Description": Text(4000),
        "Type": Choice(("Service", "NonInventory", "Inventory", "Category", "Group")),
        "Active": Flag(),
        "SubItem": Flag(),
        "ParentRef": Ref(("Item",)),
        "UnitPrice": Number(),
        "PurchaseCost": Number(),
        "PurchaseDesc": Text(1000),
        "Taxable": Flag(),
        "SalesTaxIncluded": Flag(),
        "PurchaseTaxIncluded": Flag(),
        "IncomeAccountRef": Ref(("Account",)),
        "ExpenseAccountRef": Ref(("Account",)),
        "AssetAccountRef": Ref(("Account",)),
        "SalesTaxCodeRef": Ref(("TaxCode",)),
        "PurchaseTaxCodeRef": Ref(("TaxCode",)),
        "ClassRef": Ref(("Class",)),
        "PrefVendorRef": Ref(("Vendor",)),
        "TrackQtyOnHand": Flag(),
        "QtyOnHand": Number(),
        "ReorderPoint": Number(),
        "InvStartDate": Day(),
        "PrintGroupedItems": Flag(),
        "ItemGroupDetail": Block({"ItemGroupLine": Many(Block({"ItemRef": Ref(("Item",)), "Qty": Number()}))}),
    },
    settle_item,
    sequence="item",
    required=("Name", "Type"),
    sparse_required=(),
    computed=frozenset({"FullyQualifiedName", "Level", "Source"}),
    kept=frozenset({"TxnDate"}),
    queryable=LIST_QUERYABLE | {"Type", "Sku", "ParentRef", "SubItem", "Taxable", "UnitPrice", "PurchaseCost"},
    render=render_item,
)
