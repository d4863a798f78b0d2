"""Products, services and their categories."""

from __future__ import annotations

from decimal import Decimal

from raccord_sandbox.company import Work
from raccord_sandbox.entities.hierarchy import depth, full_name, unique_full_name
from raccord_sandbox.entities.kind import LIST_QUERYABLE, Draft, Family, Kind
from raccord_sandbox.faults import FaultError, business, missing
from raccord_sandbox.schema import Block, Choice, Day, Flag, Many, Number, Ref, Text

INCOME_TYPES = ("Income", "Other Income", "Other Current Liability", "Other Current Asset", "Equity", "Expense")


def settle_item(work: Work, kind: Kind, draft: Draft) -> None:
    """Check accounts by type, complete the full name and refuse a taken one."""
    new, old = draft.new, draft.old
    new.setdefault("Active", True)
    if old is not None:
        new.setdefault("Type", old["Type"])
        if (old["Type"] == "Category") != (new["Type"] == "Category"):
            raise business("The type of this item cannot be changed.", "Type")
    if new["Type"] == "Inventory":
        raise FaultError(5030, "Feature Not Supported Error : this sandbox has no inventory items", "Type")
    if new["Type"] == "Group" or (old is not None and old["Type"] == "Group"):
        _bundle(work, draft)
    elif new["Type"] == "Category":
        for name in ("IncomeAccountRef", "ExpenseAccountRef"):
            if name in new:
                raise business("A category has no accounts.", name)
    else:
        _accounts(work, draft)
    full_name(work, kind, new, flag="SubItem")
    new["Level"] = depth(work, kind, new)
    unique_full_name(
        work, kind, draft, "Another product or service is already using this name. Please use a different name."
    )


def _bundle(work: Work, draft: Draft) -> None:
    """Check the components of a bundle, which the API shows and a person makes."""
    if work.by == "api":
        raise FaultError(5030, "Feature Not Supported Error : bundles are read only through the API", "Type")
    if draft.old is not None and draft.old["Type"] != draft.new["Type"]:
        raise business("The type of this item cannot be changed.", "Type")
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
    if "IncomeAccountRef" in new:
        account = work.get("Account", new["IncomeAccountRef"]["value"])
        if account is None or account["AccountType"] not in INCOME_TYPES:
            raise FaultError(6430, "Invalid account type used : IncomeAccountRef", "IncomeAccountRef")
    new.setdefault("TrackQtyOnHand", False)
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
    computed=frozenset({"FullyQualifiedName", "Level"}),
    queryable=LIST_QUERYABLE | {"Type", "Sku", "ParentRef"},
)
