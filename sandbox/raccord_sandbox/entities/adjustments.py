"""Inventory adjustments: quantities that change for another reason than a purchase or a sale."""

from __future__ import annotations

from decimal import Decimal

from raccord_sandbox.entities.amounts import account_of, following, number_lines, own_lines
from raccord_sandbox.entities.goods import INVENTORY, adjusted
from raccord_sandbox.entities.kind import COMMON_QUERYABLE, TRANSACTIONS, Draft, Family, Kind
from raccord_sandbox.keeping.company import Work
from raccord_sandbox.posting.system_accounts import system_account
from raccord_sandbox.refusing.faults import Doc, FaultError, business, missing
from raccord_sandbox.schema import Block, Day, Many, Number, Ref, Text, Whole

DETAIL = "ItemAdjustmentLineDetail"
BEARS = (
    "Cost of Goods Sold", "Expense", "Other Expense", "Income", "Other Income", "Equity", "Other Current Asset",
    "Other Current Liability",
)  # fmt: skip


def settle_adjustment(work: Work, kind: Kind, draft: Draft) -> None:
    """Move each line's quantity at cost against the account that bears it."""
    new = draft.new
    new.setdefault("TxnDate", work.company.clock.today().isoformat())
    account = account_of(work, new["AdjustAccountRef"], BEARS, "AdjustAccountRef")
    lines = own_lines(draft)
    number_lines(lines, draft.old)
    if "DocNumber" not in new:
        new["DocNumber"] = (draft.old or {}).get("DocNumber") or _next_number(work)
    work.number("adjustment", new["DocNumber"])
    new.setdefault("PrivateNote", "")
    draft.entries = []
    for line in lines:
        line["DetailType"] = DETAIL
        item, quantity = _change(work, line, new["TxnDate"])
        draft.entries.append(adjusted(item, quantity, account["Id"], line.get("Description", ""), line["Id"]))
    new["Line"] = lines


def adjust(work: Work, item: Doc, quantity: Decimal, day: str) -> None:
    """Stage the adjustment that the service makes when an item's quantity is set, or it is made inactive."""
    shrinkage = system_account(work, *_shrinkage(work))
    number = _next_number(work)
    work.number("adjustment", number)
    ref = {"value": item["Id"], "name": item["Name"]}
    doc: Doc = {
        "TxnDate": day,
        "DocNumber": number,
        "PrivateNote": "",
        "AdjustAccountRef": {"value": shrinkage["Id"], "name": shrinkage["Name"]},
        "Line": [{"Id": "1", "LineNum": 1, "DetailType": DETAIL, DETAIL: {"QtyDiff": quantity, "ItemRef": ref}}],
    }
    work.put(
        INVENTORY_ADJUSTMENT.name, work.fresh(doc, "transaction"), [adjusted(item, quantity, shrinkage["Id"], line="1")]
    )


def _shrinkage(work: Work) -> tuple[str, str, str]:
    languages = (work.get("CompanyInfo", "1") or {}).get("SupportedLanguages", "en")
    name = "Écarts d’inventaire" if languages.startswith("fr") else "Inventory Shrinkage"
    return name, "Cost of Goods Sold", "SuppliesMaterialsCogs"


def _next_number(work: Work) -> str:
    return following(work.company.settings.get("last_numbers", {}).get("adjustment", "0"))


def _change(work: Work, line: Doc, day: str) -> tuple[Doc, Decimal]:
    detail: Doc = line.get(DETAIL, {})
    for name in ("ItemRef", "QtyDiff"):
        if name not in detail:
            raise missing(name)
    item = work.get("Item", detail["ItemRef"]["value"]) or {}
    if item.get("Type") != INVENTORY:
        raise business("Only inventory items have a quantity to adjust.", "ItemRef")
    if not detail["QtyDiff"]:
        raise FaultError(6520, f"Inventory quantity : the line of {item['Name']} needs a quantity", "QtyDiff")
    if day < item["InvStartDate"]:
        raise FaultError(6270, f"Inventory start date : {item['Name']} began {item['InvStartDate']}", "TxnDate")
    return item, detail["QtyDiff"]


INVENTORY_ADJUSTMENT = Kind(
    "InventoryAdjustment",
    Family.TRANSACTION,
    {
        "TxnDate": Day(),
        "DocNumber": Text(21),
        "PrivateNote": Text(4000),
        "AdjustAccountRef": Ref(("Account",)),
        "DepartmentRef": Ref(("Department",)),
        "Line": Many(
            Block(
                {
                    "Id": Text(30),
                    "LineNum": Whole(),
                    "Description": Text(4000),
                    "DetailType": Text(60),
                    DETAIL: Block({"QtyDiff": Number(), "ItemRef": Ref(("Item",))}),
                }
            )
        ),
    },
    settle_adjustment,
    sequence="transaction",
    operations=TRANSACTIONS,
    required=("AdjustAccountRef", "Line"),
    queryable=COMMON_QUERYABLE | {"TxnDate", "DocNumber"},
)
