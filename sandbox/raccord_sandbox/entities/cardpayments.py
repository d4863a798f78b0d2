"""Payments of a credit card's balance from a bank account."""

from __future__ import annotations

from raccord_sandbox.entities.amounts import account_of, date_and_currency
from raccord_sandbox.entities.kind import (
    TRANSACTION_COMPUTED,
    TRANSACTION_PROPERTIES,
    TRANSACTION_QUERYABLE,
    TRANSACTIONS,
    Draft,
    Family,
    Kind,
)
from raccord_sandbox.keeping.company import Work
from raccord_sandbox.posting.ledger import Entry
from raccord_sandbox.refusing.faults import FaultError
from raccord_sandbox.schema import MONEY, Choice, Ref, Text

REQUIRED = ("CreditCardAccountRef", "BankAccountRef", "Amount")


def settle_card_payment(work: Work, kind: Kind, draft: Draft) -> None:
    """Post from the bank to the card."""
    new = draft.new
    date_and_currency(work, draft)
    card = account_of(work, new["CreditCardAccountRef"], ("Credit Card",), "CreditCardAccountRef")
    bank = account_of(work, new["BankAccountRef"], ("Bank",), "BankAccountRef")
    if new["Amount"] <= 0:
        raise FaultError(2290, "Negative amount : a card payment must be greater than zero", "Amount")
    new.setdefault("PrintStatus", "NotSet")
    memo = new.get("Memo") or new.get("PrivateNote", "")
    name = new.get("VendorRef", {}).get("value", "")
    draft.entries = [Entry(card["Id"], new["Amount"], memo, name), Entry(bank["Id"], -new["Amount"], memo, name)]


CREDIT_CARD_PAYMENT = Kind(
    "CreditCardPaymentTxn",
    Family.TRANSACTION,
    {
        **{name: item for name, item in TRANSACTION_PROPERTIES.items() if name != "DepartmentRef"},
        "CreditCardAccountRef": Ref(("Account",)),
        "BankAccountRef": Ref(("Account",)),
        "Amount": MONEY,
        "VendorRef": Ref(("Vendor",)),
        "Memo": Text(4000),
        "PrintStatus": Choice(("NotSet", "NeedToPrint", "PrintComplete")),
        "CheckNum": Text(21),
    },
    settle_card_payment,
    sequence="transaction",
    operations=TRANSACTIONS,
    required=REQUIRED,
    sparse_required=REQUIRED,
    computed=TRANSACTION_COMPUTED,
    queryable=(TRANSACTION_QUERYABLE - {"TotalAmt"}) | {"VendorRef"},
    segment="creditcardpayment",
)
