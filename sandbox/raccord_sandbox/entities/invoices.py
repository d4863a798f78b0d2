"""Invoices and credit memos: what customers owe, and what is owed to them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from hashlib import sha256

from raccord_sandbox.entities.amounts import CENTS, account_of, mark_voided, sales_number
from raccord_sandbox.entities.applications import (
    account_of_item,
    applied,
    let_go,
    receivable_of,
    refuse_if_linked,
    take_back,
)
from raccord_sandbox.entities.auto_apply import apply_credits
from raccord_sandbox.entities.goods import sold
from raccord_sandbox.entities.kind import TRANSACTIONS, Draft, Family, Kind, Operation
from raccord_sandbox.entities.links import LINKED_TXN, release_sources, settle_sources
from raccord_sandbox.entities.sales_forms import COMPUTED, MONEY_ACCOUNTS, QUERYABLE, SALES_FORM, settle_sales_form
from raccord_sandbox.entities.terms import due_date
from raccord_sandbox.keeping.company import Company, Work
from raccord_sandbox.posting.ledger import Entry
from raccord_sandbox.posting.receivables import RECEIVABLE, Item
from raccord_sandbox.refusing.faults import Doc, FaultError
from raccord_sandbox.schema import MONEY, Day, Flag, Property, Ref, Text

ONLINE = ("AllowIPNPayment", "AllowOnlinePayment", "AllowOnlineCreditCardPayment", "AllowOnlineACHPayment")


def settle_invoice(work: Work, kind: Kind, draft: Draft) -> None:
    """Compute an invoice, its due date and what it leaves open, and post it to receivables."""
    new = draft.new
    total, credits_ = settle_sales_form(work, draft)
    sales_number(work, kind, draft)
    new.setdefault("PrintStatus", "NeedToPrint")
    for flag in ONLINE:
        new.setdefault(flag, False)
    if "DueDate" not in new or ("SalesTermRef" in draft.sent and "DueDate" not in draft.sent):
        new["DueDate"] = _due(work, new)
    paid = _advance(work, new, total)
    customer, memo = new["CustomerRef"]["value"], new.get("PrivateNote", "")
    settle_sources(work, draft)
    account = _keep_open(work, kind, draft, total - paid)
    draft.entries = [Entry(account, total - paid, memo, customer), *credits_, *sold(work, new)]
    if paid:
        draft.entries.insert(1, Entry(new["DepositToAccountRef"]["value"], paid, memo, customer))
    apply_credits(work, kind, draft)


def settle_credit_memo(work: Work, kind: Kind, draft: Draft) -> None:
    """Compute a credit memo and post the mirror of an invoice."""
    new = draft.new
    total, credits_ = settle_sales_form(work, draft)
    sales_number(work, kind, draft)
    new.setdefault("PrintStatus", "NeedToPrint")
    account = _keep_open(work, kind, draft, total)
    new["RemainingCredit"] = new["Balance"]
    draft.entries = [Entry(account, -total, new.get("PrivateNote", ""), new["CustomerRef"]["value"])]
    draft.entries += [entry.turned() for entry in (*credits_, *sold(work, new))]
    apply_credits(work, kind, draft)


def _due(work: Work, new: Doc) -> str:
    customer = work.get("Customer", new["CustomerRef"]["value"]) or {}
    preferences = work.get("Preferences", "1") or {}
    default = preferences.get("SalesFormsPrefs", {}).get("DefaultTerms")
    ref = new.get("SalesTermRef") or customer.get("SalesTermRef") or default
    return due_date(new["TxnDate"], None if ref is None else work.get("Term", ref["value"]))


def _advance(work: Work, new: Doc, total: Decimal) -> Decimal:
    """Return what was received with the invoice; more than its total, or less than nothing, is fault 6460."""
    paid: Decimal = new.setdefault("Deposit", CENTS)
    if not 0 <= paid <= total:
        raise FaultError(6460, f"Invoice deposit mismatch : a deposit of {paid} on an invoice of {total}", "Deposit")
    if paid and "DepositToAccountRef" not in new:
        funds = work.company.first_account(AccountSubType="UndepositedFunds")
        new["DepositToAccountRef"] = {"value": funds["Id"], "name": funds["Name"]}
    if "DepositToAccountRef" in new:
        account_of(work, new["DepositToAccountRef"], MONEY_ACCOUNTS, "DepositToAccountRef")
    return paid


def _keep_open(work: Work, kind: Kind, draft: Draft, worth: Decimal) -> str:
    """Set the balance from what payments apply, taking back what the document is no longer worth; return its account.

    A document that moves to another customer, or account, leaves its payments behind.
    """
    new, old = draft.new, draft.old
    customer = new["CustomerRef"]["value"]
    new["Balance"] = worth
    own = _receivable(work, new)
    if old is None:
        return own
    item = Item(kind.name, new["Id"])
    other_account = "ARAccountRef" in new and account_of_item(work, item) != own
    moved = old["CustomerRef"]["value"] != customer or other_account
    take_back(work, item, CENTS if moved else worth)
    held = (work.get(kind.name, new["Id"]) or old)["LinkedTxn"]
    payments = [link for link in held if link["TxnType"] == "Payment"]
    new["LinkedTxn"] = [link for link in new["LinkedTxn"] if link["TxnType"] != "Payment"] + payments
    new["Balance"] = worth - applied(work, item)
    return own if moved else account_of_item(work, item)


def _receivable(work: Work, new: Doc) -> str:
    """Return the account a document is owed on; only companies of France choose it."""
    if work.company.settings["country"] != "FR":
        new.pop("ARAccountRef", None)
    if "ARAccountRef" not in new:
        return receivable_of(work, new["CustomerRef"]["value"])
    return str(account_of(work, new["ARAccountRef"], (RECEIVABLE,), "ARAccountRef")["Id"])


def release_receivable(work: Work, kind: Kind, doc: Doc) -> None:
    """Let the payments of a document go unapplied, where that is allowed, and open what it was made from."""
    refuse_if_linked(work, kind, doc)
    let_go(work, kind, doc)
    release_sources(work, doc)


def void_receivable(work: Work, kind: Kind, doc: Doc) -> None:
    """Empty a document; what payments applied to it becomes unapplied."""
    let_go(work, kind, doc)
    release_sources(work, doc)
    mark_voided(doc)
    doc["LinkedTxn"] = []
    for name in ("Deposit", "RemainingCredit"):
        if name in doc:
            doc[name] = CENTS


def invoice_link(company: Company, doc: Doc) -> Doc:
    """Add the address where the customer sees and pays an invoice that has online payment and an e-mail address."""
    if "BillEmail" not in doc or not any(doc.get(flag) for flag in ONLINE):
        return doc
    code = sha256(f"{company.realm}:{doc['Id']}".encode()).hexdigest()
    return {**doc, "InvoiceLink": f"https://connect.intuit.com/t/scs-v1-{code}"}


RECEIVABLE_FORM: Mapping[str, Property] = {**SALES_FORM, "PaymentRefNum": Text(21), "ARAccountRef": Ref(("Account",))}
INVOICE = Kind(
    "Invoice",
    Family.TRANSACTION,
    {
        **RECEIVABLE_FORM,
        **dict.fromkeys(ONLINE, Flag()),
        "SalesTermRef": Ref(("Term",)),
        "DueDate": Day(),
        "Deposit": MONEY,
        "LinkedTxn": LINKED_TXN,
    },
    settle_invoice,
    sequence="transaction",
    operations=TRANSACTIONS | {Operation.VOID},
    required=("CustomerRef", "Line"),
    computed=COMPUTED | {"InvoiceLink", "EInvoiceStatus"},
    queryable=QUERYABLE | {"DueDate"},
    release=release_receivable,
    void=void_receivable,
    extras={"invoiceLink": invoice_link},
)
CREDIT_MEMO = Kind(
    "CreditMemo",
    Family.TRANSACTION,
    {**RECEIVABLE_FORM, "InvoiceRef": Ref(("Invoice",))},
    settle_credit_memo,
    sequence="transaction",
    operations=TRANSACTIONS,
    required=("CustomerRef", "Line"),
    computed=COMPUTED | {"RemainingCredit"},
    kept=frozenset({"LinkedTxn"}),
    queryable=QUERYABLE,
    release=release_receivable,
    void=void_receivable,
)
