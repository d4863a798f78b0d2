"""Payments of customers: money in, and what it settles."""

from __future__ import annotations

from decimal import Decimal

from raccord_sandbox.entities.amounts import (
    CENTS,
    account_of,
    date_and_currency,
    mark_voided,
    preference,
    refuse_if_deposited,
)
from raccord_sandbox.entities.applications import (
    account_of_item,
    applied,
    claim_of,
    payment_entries,
    receivable_accounts,
    set_applied,
    share_out,
)
from raccord_sandbox.entities.card_charges import refuse_if_charged
from raccord_sandbox.entities.kind import (
    TRANSACTION_COMPUTED,
    TRANSACTION_PROPERTIES,
    TRANSACTION_QUERYABLE,
    TRANSACTIONS,
    Draft,
    Family,
    Kind,
    Operation,
)
from raccord_sandbox.entities.people import pays_together
from raccord_sandbox.entities.sales_forms import MONEY_ACCOUNTS, PAID_BY
from raccord_sandbox.keeping.company import Company, Work
from raccord_sandbox.posting.receivables import (
    LINK_TYPES,
    RECEIVABLE,
    Item,
    applications,
    claims,
    expense_type,
    item_of,
)
from raccord_sandbox.refusing.faults import Doc, FaultError, business, missing, not_found
from raccord_sandbox.schema import MONEY, Line, Many, Ref, Text

BROWSER_ONLY = ("Check", "CreditCardCredit")
"""What only a person can link a payment to."""
EXTENSION = {
    "name": "{http://schema.intuit.com/finance/v3}NameValue",
    "declaredType": "com.intuit.schema.finance.v3.NameValue",
    "scope": "javax.xml.bind.JAXBElement$GlobalScope",
    "nil": False,
    "globalScope": True,
    "typeSubstituted": False,
}


def settle_payment(work: Work, kind: Kind, draft: Draft) -> None:
    """Apply the money, and credits beside it, to what the lines name; the rest stays unapplied."""
    new, old = draft.new, draft.old
    if old is not None:
        refuse_if_deposited(work, kind, old)
        refuse_if_charged(old, 6110)
    date_and_currency(work, draft)
    if "TotalAmt" not in new:
        raise business("You must set a transaction amount.", "TotalAmt")
    if new["TotalAmt"] < 0:
        raise business("Transaction amount must be 0 or greater.", "TotalAmt")
    if work.company.settings["country"] == "FR" and "PaymentRefNum" not in new:
        raise missing("PaymentRefNum")
    _accounts(work, new)
    if old is None and "Line" not in draft.sent and preference(work, "SalesFormsPrefs", "AutoApplyPayments"):
        new["Line"], _ = share_out(work, "Invoice", new, new["TotalAmt"])
    new["Line"] = [line for line in (_line(work, new, sent) for sent in new.get("Line", []) if sent) if line["Amount"]]
    before = {} if old is None else applications(old)
    after = applications(new)
    rest: Decimal = new["TotalAmt"]
    # What stands as it stood is not judged again: the family of its customer may have changed since.
    standing = old is not None and all(old.get(name) == new.get(name) for name in ("CustomerRef", "ARAccountRef"))
    for item, amount in after.items():
        claim = claim_of(work, item)
        if claim is not None and standing and before.get(item) == amount:
            rest -= claim.sign * amount
        else:
            rest -= _checked(work, new, item, amount, applied(work, item) - before.get(item, CENTS))
    if rest < 0:
        raise business(f"The amounts applied exceed the payment and its credits by {-rest}.", "TotalAmt")
    new["UnappliedAmt"] = rest
    new.setdefault("ProcessPayment", False)
    new.setdefault("LinkedTxn", [])
    for item in {**before, **after}:
        if before.get(item) != after.get(item):
            set_applied(work, new, item, before.get(item, CENTS), after.get(item, CENTS))
    draft.entries = payment_entries(work, new)


def _accounts(work: Work, new: Doc) -> None:
    if "ARAccountRef" in new:
        account_of(work, new["ARAccountRef"], (RECEIVABLE,), "ARAccountRef")
    if "DepositToAccountRef" not in new and new["TotalAmt"]:
        funds = work.company.first_account(AccountSubType="UndepositedFunds")
        new["DepositToAccountRef"] = {"value": funds["Id"], "name": funds["Name"]}
    if "DepositToAccountRef" in new:
        account_of(work, new["DepositToAccountRef"], MONEY_ACCOUNTS, "DepositToAccountRef")


def _line(work: Work, new: Doc, line: Doc) -> Doc:
    """Return a line as it is stored: its amount and the one item it settles."""
    if "Amount" not in line:
        raise missing("Line.Amount")
    if line["Amount"] < 0:
        raise FaultError(2290, "Negative amount : a line of a payment must not be negative", "Line.Amount")
    links = line.get("LinkedTxn") or []
    if not links:
        raise missing("LinkedTxn")
    if len(links) > 1:
        raise business("A payment line can be linked to one transaction only.", "LinkedTxn")
    for name in ("TxnId", "TxnType"):
        if name not in links[0]:
            raise missing(f"LinkedTxn.{name}")
    type_ = links[0]["TxnType"]
    if type_ not in LINK_TYPES or (type_ in BROWSER_ONLY and work.by == "api"):
        raise FaultError(620, f"Txn ID cannot be linked : a payment cannot be linked to {type_}", "TxnType")
    doc = work.get(LINK_TYPES[type_], links[0]["TxnId"])
    if doc is None:
        raise not_found()
    if LINK_TYPES[type_] == "Purchase" and type_ != expense_type(doc):
        raise FaultError(620, f"Txn ID cannot be linked : {doc['Id']} is not of type {type_}", "TxnType")
    link = {"TxnId": doc["Id"], "TxnType": type_}
    if type_ == "JournalEntry":
        link["TxnLineId"] = links[0].get("TxnLineId") or _journal_line(work, new, doc)
    return {"Amount": line["Amount"], "LinkedTxn": [link]}


def _journal_line(work: Work, new: Doc, doc: Doc) -> str:
    """Return the line of a journal entry that a link without one means: the first of the payer's family."""
    for line, claim in claims(doc, "JournalEntry", receivable_accounts(work)).items():
        if pays_together(work, new["CustomerRef"]["value"], claim.customer):
            return line
    return ""


def _checked(work: Work, new: Doc, item: Item, amount: Decimal, others: Decimal) -> Decimal:
    """Return what an application takes of the money, negative for a credit; refuse a wrong or over-settled item."""
    claim = claim_of(work, item)
    what = f"{item.kind} {item.id}"
    if claim is None:
        raise FaultError(620, f"Txn ID cannot be linked : {what} is not a receivable", "TxnId")
    if not pays_together(work, new["CustomerRef"]["value"], claim.customer):
        raise business(f"{what} belongs to another customer.", "CustomerRef")
    if amount > claim.amount - others:
        raise business(
            f"The amount applied to {what} exceeds its open balance: {amount} of {claim.amount - others}.",
            "Line.Amount",
        )
    if "ARAccountRef" in new and account_of_item(work, item) != new["ARAccountRef"]["value"]:
        raise business(f"{what} is on another receivable account.", "ARAccountRef")
    return claim.sign * amount


def release_payment(work: Work, kind: Kind, doc: Doc) -> None:
    """Open again what a payment settled; a deposited or charged payment is refused."""
    refuse_if_deposited(work, kind, doc)
    refuse_if_charged(doc, 6120)
    _open_again(work, doc)


def _open_again(work: Work, doc: Doc) -> None:
    empty = {**doc, "Line": []}
    for item, amount in applications(doc).items():
        set_applied(work, empty, item, amount, CENTS)


def void_payment(work: Work, kind: Kind, doc: Doc) -> None:
    """Empty a payment, which opens again what it settled."""
    refuse_if_deposited(work, kind, doc)
    refuse_if_charged(doc, 6450)
    _open_again(work, doc)
    mark_voided(doc)
    doc["Line"], doc["UnappliedAmt"] = [], CENTS


def render_payment(company: Company, doc: Doc) -> Doc:
    """Add to each line the extension block with what the linked transaction has open for this payment."""
    receivable = frozenset(company.accounts_of(AccountType=RECEIVABLE))
    return {**doc, "Line": [{**line, "LineEx": _extension(company, line, receivable)} for line in doc["Line"]]}


def _extension(company: Company, line: Doc, receivable: frozenset[str]) -> Doc:
    item = item_of(line["LinkedTxn"][0])
    target = company.get(item.kind, item.id) or {}
    claim = claims(target, item.kind, receivable)[item.line]
    taken = sum(
        (
            applications(company.get("Payment", link["TxnId"]) or {"Line": []}).get(item, CENTS)
            for link in target["LinkedTxn"]
            if link["TxnType"] == "Payment"
        ),
        CENTS,
    )
    values = {"txnId": item.id, "txnOpenBalance": f"{claim.amount - taken + line['Amount']:.2f}"}
    if claim.number:
        values["txnReferenceNumber"] = claim.number
    return {"any": [{**EXTENSION, "value": {"Name": name, "Value": value}} for name, value in values.items()]}


PAYMENT = Kind(
    "Payment",
    Family.TRANSACTION,
    {
        **TRANSACTION_PROPERTIES,
        **PAID_BY,
        "CustomerRef": Ref(("Customer",)),
        "TotalAmt": MONEY,
        "Line": Many(Line({}, bare=True)),
        "PaymentRefNum": Text(21),
        "ARAccountRef": Ref(("Account",)),
    },
    settle_payment,
    sequence="transaction",
    operations=TRANSACTIONS | {Operation.VOID},
    required=("CustomerRef",),
    computed=TRANSACTION_COMPUTED - {"TotalAmt"} | {"UnappliedAmt", "ProcessPayment", "DocNumber"},
    kept=frozenset({"LinkedTxn"}),
    queryable=TRANSACTION_QUERYABLE | {"CustomerRef", "PaymentRefNum", "PaymentMethodRef", "UnappliedAmt"},
    release=release_payment,
    void=void_payment,
    render=render_payment,
)
