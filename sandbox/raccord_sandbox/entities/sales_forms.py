"""What all sales forms have in common: lines, discount, tax, total and what they credit."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from raccord_sandbox.entities.amounts import (
    date_and_currency,
    forget_old_tax,
    number_lines,
    own_lines,
)
from raccord_sandbox.entities.card_charges import CREDIT_CARD_PAYMENT
from raccord_sandbox.entities.kind import (
    SALE_PROPERTIES,
    TRANSACTION_COMPUTED,
    TRANSACTION_PROPERTIES,
    TRANSACTION_QUERYABLE,
    Draft,
)
from raccord_sandbox.entities.sales_lines import SALES_LINE, SalesLines
from raccord_sandbox.keeping.company import Work
from raccord_sandbox.posting.ledger import Entry
from raccord_sandbox.refusing.faults import Doc, business, missing
from raccord_sandbox.schema import (
    ADDRESS,
    EMAIL,
    MEMO,
    Block,
    Choice,
    Day,
    Many,
    Property,
    Ref,
    Text,
)
from raccord_sandbox.tax import TAX_PROPERTIES, Taxes, price_without_tax, tax_sale

MONEY_ACCOUNTS = ("Bank", "Other Current Asset")

PAID_BY: Mapping[str, Property] = {
    "DepositToAccountRef": Ref(("Account",)),
    "PaymentMethodRef": Ref(("PaymentMethod",)),
    "PaymentType": Choice(("Cash", "Check", "CreditCard", "Expense", "Other")),
    "CheckPayment": Block(
        {"CheckNum": Text(21), "Status": Text(21), "NameOnAcct": Text(110), "AcctNum": Text(30), "BankName": Text(100)}
    ),
    "CreditCardPayment": CREDIT_CARD_PAYMENT,
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
    written = own_lines(draft)
    lines = SalesLines(work, written)
    if lines.discounts:
        price_without_tax(work, new, lines.items, draft.old)
    discount = lines.discount(work)
    forget_old_tax(draft)
    taxes = tax_sale(work, new, lines.items, discount, old=draft.old, resent="TxnTaxDetail" in draft.sent)
    number_lines(written, draft.old)
    total = lines.net - discount + taxes.total
    if total < 0:
        raise business("Transaction amount must be 0 or greater.", "TotalAmt")
    new["Line"] = lines.total_up()
    if taxes.detail is not None:
        new["TxnTaxDetail"] = taxes.detail
    new["TotalAmt"] = total
    new.setdefault("ApplyTaxAfterDiscount", False)
    new.setdefault("EmailStatus", "NotSet")
    if new["EmailStatus"] == "NeedToSend" and "BillEmail" not in new:
        raise missing("BillEmail")
    new.setdefault("CustomField", [])
    new.setdefault("LinkedTxn", [])
    return total, _credits(new, lines, taxes)


def _take_from_customer(work: Work, new: Doc) -> None:
    """Take addresses that were not sent from the customer."""
    customer = work.get("Customer", new.get("CustomerRef", {}).get("value", "")) or {}
    for name, source in (("BillAddr", "BillAddr"), ("ShipAddr", "ShipAddr"), ("BillEmail", "PrimaryEmailAddr")):
        if name not in new and source in customer:
            new[name] = dict(customer[source])


def _credits(new: Doc, lines: SalesLines, taxes: Taxes) -> list[Entry]:
    name = new.get("CustomerRef", {}).get("value", "")
    entries = [
        Entry(
            item.account,
            -item.line["Amount"],
            item.line.get("Description", ""),
            name,
            item.line["Id"],
        )
        for item in lines.items
    ]
    entries += [
        Entry(line["DiscountLineDetail"]["DiscountAccountRef"]["value"], line["Amount"], "", name, line["Id"])
        for line in lines.discounts
    ]
    return [*entries, *taxes.entries(-1, name)]
