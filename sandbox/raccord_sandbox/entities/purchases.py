"""Purchases: cash expenses, cheques, card charges and card refunds."""

from __future__ import annotations

from raccord_sandbox.entities.amounts import (
    account_of,
    bought_number,
    date_and_currency,
    mark_voided,
    preference,
    unique_number,
)
from raccord_sandbox.entities.applications import keep_applied, let_go, refuse_if_linked
from raccord_sandbox.entities.expenses import EXPENSE_LINE, settle_expenses
from raccord_sandbox.entities.kind import (
    TRANSACTION_COMPUTED,
    TRANSACTION_PROPERTIES,
    TRANSACTION_QUERYABLE,
    TRANSACTIONS,
    Draft,
    Family,
    Kind,
)
from raccord_sandbox.entities.reimburse import charge_customers, drop_charges, release_charges
from raccord_sandbox.keeping.company import Company, Work
from raccord_sandbox.posting.ledger import Entry
from raccord_sandbox.refusing.faults import Doc, business
from raccord_sandbox.schema import ADDRESS, Choice, Flag, Many, Ref, Text
from raccord_sandbox.tax import TAX_PROPERTIES

PAYERS = {"Cash": ("Bank",), "Check": ("Bank",), "CreditCard": ("Credit Card",)}
NUMBERS = {"Cash": "54", "Check": "3", "CreditCard": "54"}


def settle_purchase(work: Work, kind: Kind, draft: Draft) -> None:
    """Post the lines and their tax against the bank or card account; a card refund is the reverse."""
    new = draft.new
    date_and_currency(work, draft, "AccountRef")
    if draft.old is not None and draft.old["PaymentType"] != new["PaymentType"]:
        raise business("The payment type of a purchase cannot be changed.", "PaymentType")
    payer = account_of(work, new["AccountRef"], PAYERS[new["PaymentType"]], "AccountRef")
    if new["PaymentType"] != "CreditCard":
        new.pop("Credit", None)
    expenses = settle_expenses(work, draft)
    _number(work, draft)
    new.setdefault("PrintStatus", "NotSet")
    sign = -1 if new.get("Credit") else 1
    name = new.get("EntityRef", {}).get("value", "")
    draft.entries = [Entry(payer["Id"], -sign * expenses.total, new.get("PrivateNote", ""), name)]
    draft.entries += expenses.entries(work, name, sign)
    keep_applied(work, kind, draft)
    charge_customers(work, kind, draft)


def release_purchase(work: Work, kind: Kind, doc: Doc) -> None:
    """Let the payments that settle what an expense lent to a customer go unapplied, where that is allowed."""
    refuse_if_linked(work, kind, doc)
    let_go(work, kind, doc)
    release_charges(work, doc)


def void_purchase(work: Work, kind: Kind, doc: Doc) -> None:
    """Empty a purchase; what payments applied to it becomes unapplied."""
    let_go(work, kind, doc)
    drop_charges(work, doc)
    mark_voided(doc)
    if "LinkedTxn" in doc:
        doc["LinkedTxn"] = []


def _number(work: Work, draft: Draft) -> None:
    kind = draft.new["PaymentType"]
    if kind == "Check":
        cheque_number(work, draft)
    else:
        unique_number(work, draft, ("Purchase",), lambda other: bool(other.get("PaymentType") == kind))
    bought_number(work, draft, "purchase")


def cheque_number(work: Work, draft: Draft) -> None:
    """Refuse the number of another cheque, a bill payment's too, if the company wants to be warned."""
    if preference(work, "OtherPrefs", "WarnDuplicateCheckNumber"):
        unique_number(
            work,
            draft,
            ("Purchase", "BillPayment"),
            lambda other: "Check" in (other.get("PaymentType"), other.get("PayType")),
        )


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
    void=void_purchase,
    render=render_purchase,
)
