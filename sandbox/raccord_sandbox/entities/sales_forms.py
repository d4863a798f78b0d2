"""What all sales forms have in common: lines, discount, tax, total and what they credit."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from raccord_sandbox.company import Work
from raccord_sandbox.entities.amounts import (
    CENTS,
    date_and_currency,
    forget_old_tax,
    line_amount,
    number_lines,
    own_lines,
)
from raccord_sandbox.entities.kind import (
    SALE_PROPERTIES,
    TRANSACTION_COMPUTED,
    TRANSACTION_PROPERTIES,
    TRANSACTION_QUERYABLE,
    Draft,
)
from raccord_sandbox.faults import Doc, FaultError, business, missing
from raccord_sandbox.ledger import Entry
from raccord_sandbox.schema import (
    ADDRESS,
    EMAIL,
    MEMO,
    MONEY,
    Block,
    Choice,
    Day,
    Flag,
    Line,
    Many,
    Number,
    Property,
    Ref,
    Text,
)
from raccord_sandbox.tax import TAX_PROPERTIES, TaxableLine, Taxes, price_without_tax, rounded, tax_sale

MONEY_ACCOUNTS = ("Bank", "Other Current Asset")

SALES_LINE = Line(
    {
        "SalesItemLineDetail": Block(
            {
                "ItemRef": Ref(("Item",)),
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
        ),
        "DescriptionOnly": Block({"ServiceDate": Day(), "TaxCodeRef": Ref()}),
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

PAID_BY: Mapping[str, Property] = {
    "DepositToAccountRef": Ref(("Account",)),
    "PaymentMethodRef": Ref(("PaymentMethod",)),
    "PaymentType": Choice(("Cash", "Check", "CreditCard", "Expense", "Other")),
    "CheckPayment": Block(
        {"CheckNum": Text(21), "Status": Text(21), "NameOnAcct": Text(110), "AcctNum": Text(30), "BankName": Text(100)}
    ),
    "CreditCardPayment": Block(
        {
            "CreditChargeInfo": Block(
                {
                    "Type": Text(30),
                    "NameOnAcct": Text(110),
                    "ProcessPayment": Flag(),
                    "Amount": MONEY,
                    "CcExpiryMonth": Number(),
                    "CcExpiryYear": Number(),
                    "PostalCode": Text(30),
                }
            )
        }
    ),
}
"""How and whereto money was received."""

SALES_FORM: Mapping[str, Property] = {
    **TRANSACTION_PROPERTIES,
    **SALE_PROPERTIES,
    **TAX_PROPERTIES,
    "Line": Many(SALES_LINE),
    "DocNumber": Text(21),
    "CustomerRef": Ref(("Customer",)),
    "ClassRef": Ref(("Class",)),
    "ProjectRef": Ref(("Customer",)),
    "CustomerMemo": MEMO,
    "BillAddr": ADDRESS,
    "ShipAddr": ADDRESS,
    "ShipFromAddr": ADDRESS,
    "BillEmail": EMAIL,
    "BillEmailCc": EMAIL,
    "BillEmailBcc": EMAIL,
    "PrintStatus": Choice(("NotSet", "NeedToPrint", "PrintComplete")),
    "EmailStatus": Choice(("NotSet", "NeedToSend", "EmailSent")),
    **PAID_BY,
    "ShipDate": Day(),
    "TrackingNum": Text(31),
    "ShipMethodRef": Ref(),
}
COMPUTED = TRANSACTION_COMPUTED | {"FreeFormAddress", "TaxExemptionRef"}
QUERYABLE = TRANSACTION_QUERYABLE | {"DocNumber", "CustomerRef", "Balance"}


def settle_sales_form(work: Work, draft: Draft) -> tuple[Decimal, list[Entry]]:
    """Compute lines, tax and total; return the total and the credits of the income and tax accounts."""
    new = draft.new
    date_and_currency(work, draft)
    _take_from_customer(work, new)
    lines = own_lines(draft)
    taxable = [_item_line(work, line) for line in lines if line["DetailType"] == "SalesItemLineDetail"]
    discounts = [line for line in lines if line["DetailType"] == "DiscountLineDetail"]
    if len(discounts) > 1:
        raise business("A transaction may have only one discount line.", "Line")
    if discounts:
        price_without_tax(work, new, taxable, draft.old)
    subtotal = sum((item.line["Amount"] for item in taxable), CENTS)
    discount = sum((_discount_line(work, line, subtotal) for line in discounts), CENTS)
    forget_old_tax(draft)
    taxes = tax_sale(work, new, taxable, discount, old=draft.old, resent="TxnTaxDetail" in draft.sent)
    number_lines(lines, draft.old)
    net = sum((item.line["Amount"] for item in taxable), CENTS)
    total = net - discount + taxes.total
    if total < 0:
        raise business("Transaction amount must be 0 or greater.", "TotalAmt")
    rest = [line for line in lines if line["DetailType"] != "DiscountLineDetail"]
    closing: Doc = {"Amount": net, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}
    new["Line"] = [*rest, closing, *discounts]
    if taxes.detail is not None:
        new["TxnTaxDetail"] = taxes.detail
    new["TotalAmt"] = total
    new.setdefault("ApplyTaxAfterDiscount", False)
    new.setdefault("EmailStatus", "NotSet")
    if new["EmailStatus"] == "NeedToSend" and "BillEmail" not in new:
        raise missing("BillEmail")
    new.setdefault("CustomField", [])
    new.setdefault("LinkedTxn", [])
    return total, _credits(new, taxable, discounts, taxes)


def _take_from_customer(work: Work, new: Doc) -> None:
    """Take addresses that were not sent from the customer."""
    customer = work.get("Customer", new.get("CustomerRef", {}).get("value", "")) or {}
    for name, source in (("BillAddr", "BillAddr"), ("ShipAddr", "ShipAddr"), ("BillEmail", "PrimaryEmailAddr")):
        if name not in new and source in customer:
            new[name] = dict(customer[source])


def _item_line(work: Work, line: Doc) -> TaxableLine:
    detail: Doc = line.setdefault("SalesItemLineDetail", {})
    if "ItemRef" not in detail:
        default = work.company.settings.get("default_item")
        item = work.get("Item", default) if default else None
        if item is None:
            raise FaultError(6440, "Transaction detail information required : Line needs an ItemRef", "ItemRef")
        detail["ItemRef"] = {"value": item["Id"], "name": item["Name"]}
    item = work.get("Item", detail["ItemRef"]["value"])
    if item is None or item["Type"] == "Category":
        raise business("A category cannot be used on a line.", "ItemRef")
    account = item.get("IncomeAccountRef")
    if account is None:
        raise business(f"The item {item['Name']} has no income account.", "ItemRef")
    detail["ItemAccountRef"] = dict(account)
    if "TaxInclusiveAmt" in detail and "Amount" not in line and "UnitPrice" not in detail:
        line["Amount"] = detail["TaxInclusiveAmt"]
    line["Amount"] = line_amount(line, detail)
    return TaxableLine(line, detail)


def _discount_line(work: Work, line: Doc, subtotal: Decimal) -> Decimal:
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


def _credits(new: Doc, taxable: list[TaxableLine], discounts: list[Doc], taxes: Taxes) -> list[Entry]:
    name = new.get("CustomerRef", {}).get("value", "")
    entries = [
        Entry(
            item.detail["ItemAccountRef"]["value"],
            -item.line["Amount"],
            item.line.get("Description", ""),
            name,
            item.line["Id"],
        )
        for item in taxable
    ]
    entries += [
        Entry(line["DiscountLineDetail"]["DiscountAccountRef"]["value"], line["Amount"], "", name, line["Id"])
        for line in discounts
    ]
    return [*entries, *taxes.entries(-1, name)]
