"""Transfers between balance sheet accounts."""

from __future__ import annotations

from raccord_sandbox.entities.amounts import NAMED, date_and_currency, mark_voided, refuse_if_deposited
from raccord_sandbox.entities.kind import (
    TRANSACTION_COMPUTED,
    TRANSACTION_PROPERTIES,
    TRANSACTION_QUERYABLE,
    TRANSACTIONS,
    Draft,
    Family,
    Kind,
)
from raccord_sandbox.keeping.company import Work, is_balance_sheet
from raccord_sandbox.posting.ledger import Entry
from raccord_sandbox.refusing.faults import Doc, FaultError, business
from raccord_sandbox.schema import MONEY, Ref

REQUIRED = ("FromAccountRef", "ToAccountRef", "Amount")


def settle_transfer(work: Work, kind: Kind, draft: Draft) -> None:
    """Post from one account to the other."""
    new = draft.new
    if draft.old is not None:
        refuse_if_deposited(work, kind, draft.old)
    date_and_currency(work, draft)
    for name in ("FromAccountRef", "ToAccountRef"):
        account = work.get("Account", new[name]["value"])
        if account is None or not is_balance_sheet(account) or account["AccountType"] in NAMED:
            raise FaultError(6430, f"Invalid account type used : {name} must be a balance sheet account", name)
    if new["FromAccountRef"]["value"] == new["ToAccountRef"]["value"]:
        raise business("A transfer needs two different accounts.", "ToAccountRef")
    if new["Amount"] <= 0:
        raise FaultError(2290, "Negative amount : a transfer must be greater than zero", "Amount")
    memo = new.get("PrivateNote", "")
    draft.entries = [
        Entry(new["ToAccountRef"]["value"], new["Amount"], memo),
        Entry(new["FromAccountRef"]["value"], -new["Amount"], memo),
    ]


def void_transfer(work: Work, kind: Kind, doc: Doc) -> None:
    """Empty a transfer; a deposited one is refused."""
    refuse_if_deposited(work, kind, doc)
    mark_voided(doc)


TRANSFER = Kind(
    "Transfer",
    Family.TRANSACTION,
    {
        **TRANSACTION_PROPERTIES,
        "FromAccountRef": Ref(("Account",)),
        "ToAccountRef": Ref(("Account",)),
        "Amount": MONEY,
    },
    settle_transfer,
    sequence="transaction",
    operations=TRANSACTIONS,
    required=REQUIRED,
    sparse_required=REQUIRED,
    computed=TRANSACTION_COMPUTED | {"DocNumber"},
    kept=frozenset({"LinkedTxn"}),
    queryable=(TRANSACTION_QUERYABLE - {"TotalAmt"}) | {"Amount"},
    release=refuse_if_deposited,
    void=void_transfer,
)
