"""The lines of sales forms: items, bundles, texts, one discount, shipping and gratuity."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from raccord_sandbox.entities.amounts import CENTS, line_amount
from raccord_sandbox.keeping.company import Work
from raccord_sandbox.lines import every_line
from raccord_sandbox.posting.system_accounts import system_account
from raccord_sandbox.refusing.faults import Doc, FaultError, business, missing
from raccord_sandbox.schema import MONEY, Block, Day, Flag, Line, Many, Number, Ref
from raccord_sandbox.tax import TaxableLine, rounded

INLINE_SUBTOTAL = re.compile(r"Subtotal:[\s\d.,-]*")


@dataclass(frozen=True, slots=True)
class Reserved:
    """An item that exists by its textual id alone, with the account that it posts to."""

    french: str
    english: str
    type: str
    subtype: str


RESERVED = {
    "SHIPPING_ITEM_ID": Reserved("Frais d’expédition facturés", "Shipping Income", "Income", "OtherPrimaryIncome"),
    "GRATUITY_ITEM_ID": Reserved(
        "Pourboires à remettre", "Gratuities Payable", "Other Current Liability", "OtherCurrentLiabilities"
    ),
}
ITEM_DETAIL = Block(
    {
        "ItemRef": Ref(("Item",), reserved=frozenset(RESERVED)),
        "Qty": Number(),
        "UnitPrice": Number(),
        "TaxCodeRef": Ref(),
        "ClassRef": Ref(("Class",)),
        "ServiceDate": Day(),
        "TaxInclusiveAmt": MONEY,
        "DiscountRate": Number(),
        "DiscountAmt": MONEY,
    },
    frozenset({"ItemAccountRef", "MarkupInfo", "DeferredRevenue"}),
)
TEXT_DETAIL = Block({"ServiceDate": Day(), "TaxCodeRef": Ref()})
COMPONENT = Line({"SalesItemLineDetail": ITEM_DETAIL, "DescriptionOnly": TEXT_DETAIL})
SALES_LINE = Line(
    {
        "SalesItemLineDetail": ITEM_DETAIL,
        "GroupLineDetail": Block(
            {"GroupItemRef": Ref(("Item",)), "Quantity": Number(), "ServiceDate": Day(), "Line": Many(COMPONENT)}
        ),
        "DescriptionOnly": TEXT_DETAIL,
        "DiscountLineDetail": Block(
            {
                "PercentBased": Flag(),
                "DiscountPercent": Number(),
                "DiscountAccountRef": Ref(("Account",)),
                "ClassRef": Ref(("Class",)),
                "TaxCodeRef": Ref(),
            }
        ),
    }
)


class SalesLines:
    """The lines of one form on their way: read once, totalled when their tax is known."""

    def __init__(self, work: Work, lines: list[Doc]) -> None:
        self.own: list[Doc] = []
        self.discounts: list[Doc] = []
        self.added: list[Doc] = []
        """Shipping and gratuity, which stand below the subtotal and are not discounted."""
        for line in lines:
            if line["DetailType"] == "DiscountLineDetail":
                self.discounts.append(line)
            else:
                (self.added if _is_reserved(line) else self.own).append(line)
        if len(self.discounts) > 1:
            raise business("A transaction may have only one discount line.", "Line")
        self.items = list(_items(work, self.own)) + [_reserved_line(work, line) for line in self.added]

    @property
    def subtotal(self) -> Decimal:
        """Return the sum of the items, without shipping and gratuity."""
        return sum((item.line["Amount"] for item in self.items if item.discounted), CENTS)

    @property
    def net(self) -> Decimal:
        """Return the sum of all items."""
        return sum((item.line["Amount"] for item in self.items), CENTS)

    def discount(self, work: Work) -> Decimal:
        """Return the discount, computed where it is a percentage."""
        return sum((_discount(work, line, self.subtotal) for line in self.discounts), CENTS)

    def total_up(self) -> list[Doc]:
        """Write sums into bundles and inline subtotals and return the lines in the order of an answer."""
        since = CENTS
        for line in self.own:
            match line["DetailType"]:
                case "GroupLineDetail":
                    inside = line["GroupLineDetail"]["Line"]
                    line["Amount"] = sum((one["Amount"] for one in inside if "Amount" in one), CENTS)
                    since += line["Amount"]
                case "SalesItemLineDetail":
                    since += line["Amount"]
                case _ if INLINE_SUBTOTAL.fullmatch(line.get("Description", "")):
                    line["Description"], since = f"Subtotal: {since:.2f}", CENTS
        closing: Doc = {"Amount": self.subtotal, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}
        return [*self.own, closing, *self.discounts, *self.added]


def _is_reserved(line: Doc) -> bool:
    return line.get("SalesItemLineDetail", {}).get("ItemRef", {}).get("value") in RESERVED


def _items(work: Work, lines: list[Doc]) -> Iterator[TaxableLine]:
    for line in lines:
        if line["DetailType"] == "GroupLineDetail":
            _open_bundle(work, line)
    for line in every_line(lines):
        if line["DetailType"] == "SalesItemLineDetail":
            yield _item_line(work, line)


def _open_bundle(work: Work, line: Doc) -> None:
    """Put the components of a bundle under its line, unless the request named them."""
    detail: Doc = line.setdefault("GroupLineDetail", {})
    if "GroupItemRef" not in detail:
        raise missing("GroupItemRef")
    bundle = work.get("Item", detail["GroupItemRef"]["value"])
    if bundle is None or bundle["Type"] != "Group":
        raise business("GroupItemRef must be a bundle.", "GroupItemRef")
    quantity = detail.setdefault("Quantity", Decimal(1))
    detail["Line"] = [one for one in detail.get("Line", []) if one] or [
        _component(work, one, quantity) for one in bundle["ItemGroupDetail"]["ItemGroupLine"]
    ]
    if any(_is_reserved(one) for one in detail["Line"]):
        raise business("Shipping and gratuity cannot be part of a bundle.", "ItemRef")


def _component(work: Work, part: Doc, quantity: Decimal) -> Doc:
    item = work.get("Item", part["ItemRef"]["value"]) or {}
    price = item.get("UnitPrice", Decimal(0))
    detail: Doc = {"ItemRef": dict(part["ItemRef"]), "Qty": part["Qty"] * quantity, "UnitPrice": price}
    if "SalesTaxCodeRef" in item and not work.company.is_us:
        detail["TaxCodeRef"] = dict(item["SalesTaxCodeRef"])
    text = {"Description": item["Description"]} if "Description" in item else {}
    return {**text, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}


def _item_line(work: Work, line: Doc) -> TaxableLine:
    detail: Doc = line.setdefault("SalesItemLineDetail", {})
    if "ItemRef" not in detail and "ItemAccountRef" in detail:
        # Requests carry no such property: this is the stored line of an opening balance, which has no item.
        return _taxable(line, detail, detail["ItemAccountRef"])
    if "ItemRef" not in detail:
        default = work.company.settings.get("default_item")
        item = work.get("Item", default) if default else None
        if item is None:
            raise FaultError(6440, "Transaction detail information required : Line needs an ItemRef", "ItemRef")
        detail["ItemRef"] = {"value": item["Id"], "name": item["Name"]}
    item = work.get("Item", detail["ItemRef"]["value"])
    if item is None or item["Type"] == "Category":
        raise business("A category cannot be used on a line.", "ItemRef")
    if item["Type"] == "Group":
        raise business("A bundle is sold on a line of type GroupLineDetail.", "ItemRef")
    account = item.get("IncomeAccountRef")
    if account is None:
        raise business(f"The item {item['Name']} has no income account.", "ItemRef")
    return _taxable(line, detail, dict(account))


def _reserved_line(work: Work, line: Doc) -> TaxableLine:
    detail: Doc = line["SalesItemLineDetail"]
    item = RESERVED[detail["ItemRef"]["value"]]
    languages = (work.get("CompanyInfo", "1") or {}).get("SupportedLanguages", "en")
    name = item.french if languages.startswith("fr") else item.english
    account = system_account(work, name, item.type, item.subtype)
    return _taxable(line, detail, {"value": account["Id"], "name": account["Name"]}, discounted=False)


def _taxable(line: Doc, detail: Doc, account: Doc, *, discounted: bool = True) -> TaxableLine:
    detail["ItemAccountRef"] = account
    if "TaxInclusiveAmt" in detail and "Amount" not in line and "UnitPrice" not in detail:
        line["Amount"] = detail["TaxInclusiveAmt"]
    line["Amount"] = line_amount(line, detail)
    return TaxableLine(line, detail, account["value"], discounted=discounted)


def _discount(work: Work, line: Doc, subtotal: Decimal) -> Decimal:
    detail: Doc = line.setdefault("DiscountLineDetail", {})
    if detail.get("PercentBased") and "DiscountPercent" in detail:
        line["Amount"] = rounded(subtotal * detail["DiscountPercent"] / 100)
    elif "Amount" not in line:
        raise FaultError(6090, "Discount line information missing : neither amount nor percent", "Line")
    detail.setdefault("PercentBased", False)
    if "DiscountAccountRef" not in detail:
        account = work.company.first_account(AccountSubType="DiscountsRefundsGiven")
        detail["DiscountAccountRef"] = {"value": account["Id"], "name": account["Name"]}
    return Decimal(line["Amount"])
