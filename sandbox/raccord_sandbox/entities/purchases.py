"""Purchases: cash expenses, cheques, card charges and card refunds."""

from __future__ import annotations

from raccord_sandbox.company import Company, Work
from raccord_sandbox.entities.amounts import (
    CENTS,
    account_of,
    date_and_currency,
    following,
    forget_old_tax,
    line_amount,
    number_lines,
    own_lines,
    preference,
    unique_number,
)
from raccord_sandbox.entities.applications import keep_applied, let_go, refuse_if_linked
from raccord_sandbox.entities.kind import (
    TRANSACTION_COMPUTED,
    TRANSACTION_PROPERTIES,
    TRANSACTION_QUERYABLE,
    TRANSACTIONS,
    Draft,
    Family,
    Kind,
)
from raccord_sandbox.faults import Doc, business, missing
from raccord_sandbox.ledger import Entry
from raccord_sandbox.schema import ADDRESS, MONEY, Block, Choice, Flag, Line, Many, Number, Property, Ref, Text
from raccord_sandbox.tax import TAX_PROPERTIES, Side, TaxableLine, tax_purchase

PAYERS = {"Cash": ("Bank",), "Check": ("Bank",), "CreditCard": ("Credit Card",)}
NUMBERS = {"Cash": "54", "Check": "3", "CreditCard": "54"}
SPLIT: dict[str, Property] = {
    "ClassRef": Ref(("Class",)),
    "CustomerRef": Ref(("Customer",)),
    "BillableStatus": Choice(("Billable", "NotBillable", "HasBeenBilled")),
    "TaxCodeRef": Ref(),
    "TaxInclusiveAmt": MONEY,
}
EXPENSE_LINE = Line(
    {
        "AccountBasedExpenseLineDetail": Block(
            {**SPLIT, "AccountRef": Ref(("Account",)), "TaxAmount": MONEY}, frozenset({"MarkupInfo"})
        ),
        "ItemBasedExpenseLineDetail": Block(
            {**SPLIT, "ItemRef": Ref(("Item",)), "Qty": Number(), "UnitPrice": Number()}, frozenset({"MarkupInfo"})
        ),
    }
)


def settle_purchase(work: Work, kind: Kind, draft: Draft) -> None:
    """Post the lines and their tax against the bank or card account; a card refund is the reverse."""
    new = draft.new
    date_and_currency(work, draft)
    payer = account_of(work, new["AccountRef"], PAYERS[new["PaymentType"]], "AccountRef")
    if new["PaymentType"] != "CreditCard":
        new.pop("Credit", None)
    lines = own_lines(draft)
    parts = [_part(work, line) for line in lines]
    forget_old_tax(draft)
    taxes = tax_purchase(work, new, parts, old=draft.old)
    number_lines(lines, draft.old)
    total = sum((part.line["Amount"] for part in parts), CENTS) + taxes.total
    if total < 0:
        raise business("Transaction amount must be 0 or greater.", "TotalAmt")
    _number(work, draft)
    new["Line"], new["TotalAmt"] = lines, total
    if taxes.detail is not None:
        new["TxnTaxDetail"] = taxes.detail
    new.setdefault("PrintStatus", "NotSet")
    sign = -1 if new.get("Credit") else 1
    name = new.get("EntityRef", {}).get("value", "")
    draft.entries = [Entry(payer["Id"], -sign * total, new.get("PrivateNote", ""), name)]
    draft.entries += [
        Entry(
            part.account,
            sign * part.line["Amount"],
            part.line.get("Description", ""),
            part.detail.get("CustomerRef", {}).get("value", name),
            part.line["Id"],
        )
        for part in parts
    ]
    draft.entries += taxes.entries(sign, name)
    keep_applied(work, kind, draft)


def release_purchase(work: Work, kind: Kind, doc: Doc) -> None:
    """Let the payments that settle what an expense lent to a customer go unapplied, where that is allowed."""
    refuse_if_linked(work, kind, doc)
    let_go(work, kind, doc)


def _part(work: Work, line: Doc) -> TaxableLine:
    detail: Doc = line.setdefault(line["DetailType"], {})
    if "TaxInclusiveAmt" in detail and "Amount" not in line and "UnitPrice" not in detail:
        line["Amount"] = detail["TaxInclusiveAmt"]
    line.pop("LinkedTxn", None)
    detail.setdefault("BillableStatus", "Billable" if "CustomerRef" in detail else "NotBillable")
    if line["DetailType"] == "AccountBasedExpenseLineDetail":
        if "AccountRef" not in detail:
            raise missing("AccountRef")
        if "Amount" not in line:
            raise missing("Line.Amount")
        return TaxableLine(line, detail, detail["AccountRef"]["value"], Side.PURCHASE)
    if "ItemRef" not in detail:
        raise missing("ItemRef")
    item = work.get("Item", detail["ItemRef"]["value"])
    if item is None or "ExpenseAccountRef" not in item:
        raise business("The item on this line has no expense account.", "ItemRef")
    line["Amount"] = line_amount(line, detail)
    return TaxableLine(line, detail, item["ExpenseAccountRef"]["value"], Side.PURCHASE)


def _number(work: Work, draft: Draft) -> None:
    new = draft.new
    if "DocNumber" not in new:
        if draft.old is None and not preference(work, "OtherPrefs", "VendorAndPurchasesPrefs.UseCustomTxnNumbers"):
            new["DocNumber"] = following(work.company.settings.get("last_numbers", {}).get("purchase", "0"))
            work.number("purchase", new["DocNumber"])
        return
    if new["PaymentType"] != "Check" or preference(work, "OtherPrefs", "WarnDuplicateCheckNumber"):
        unique_number(work, draft, ("Purchase",), new["PaymentType"])
    work.number("purchase", new["DocNumber"])


def render_purchase(company: Company, doc: Doc) -> Doc:
    """Add the extension block that the service shows and refuses to take back."""
    number = "11" if doc.get("Credit") else NUMBERS[doc["PaymentType"]]
    extension = {
        "name": "{http://schema.intuit.com/finance/v3}NameValue",
        "declaredType": "com.intuit.schema.finance.v3.NameValue",
        "scope": "javax.xml.bind.JAXBElement$GlobalScope",
        "value": {"Name": "TxnType", "Value": number},
        "nil": False,
        "globalScope": True,
        "typeSubstituted": False,
    }
    return {**doc, "PurchaseEx": {"any": [extension]}}


PURCHASE = Kind(
    "Purchase",
    Family.TRANSACTION,
    {
        **TRANSACTION_PROPERTIES,
        **TAX_PROPERTIES,
        "Line": Many(EXPENSE_LINE),
        "DocNumber": Text(21),
        "PaymentType": Choice(("Cash", "Check", "CreditCard")),
        "AccountRef": Ref(("Account",)),
        "EntityRef": Ref(("Vendor", "Customer", "Employee"), typed=True),
        "Credit": Flag(),
        "PaymentMethodRef": Ref(("PaymentMethod",)),
        "PaymentRefNum": Text(21),
        "PrintStatus": Choice(("NotSet", "NeedToPrint", "PrintComplete")),
        "RemitToAddr": ADDRESS,
    },
    settle_purchase,
    sequence="transaction",
    operations=TRANSACTIONS,
    required=("PaymentType", "AccountRef", "Line"),
    sparse_required=("PaymentType",),
    computed=TRANSACTION_COMPUTED | {"LinkedTxn", "CustomField"},
    queryable=TRANSACTION_QUERYABLE | {"DocNumber", "PaymentType", "EntityRef", "PrintStatus"},
    release=release_purchase,
    render=render_purchase,
)
