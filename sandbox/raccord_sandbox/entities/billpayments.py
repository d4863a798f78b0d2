"""Bill payments: bills paid from a bank or card account, vendor credits and other credits applied to them."""

from __future__ import annotations

from decimal import Decimal

from raccord_sandbox.entities.amounts import account_of, date_and_currency, mark_voided, unique_number
from raccord_sandbox.entities.bought import LOCATIONS
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
from raccord_sandbox.entities.payables import (
    applied_by,
    default_payables,
    note_application,
    open_amount,
    payable,
    payment_entries,
    payment_totals,
    release_payment,
    target_of,
)
from raccord_sandbox.entities.purchases import cheque_number
from raccord_sandbox.keeping.company import Company, Work
from raccord_sandbox.refusing.faults import Doc, FaultError, business, missing
from raccord_sandbox.schema import LINE_COMMON, MONEY, Block, Choice, Flag, Many, Ref, Text

BLOCKS = {
    "Check": ("CheckPayment", "BankAccountRef", ("Bank",)),
    "CreditCard": ("CreditCardPayment", "CCAccountRef", ("Credit Card",)),
}
"""For each way of paying: the block, the account in it, and the types that the account may have."""
DROPPED = frozenset({"Purchase", "Expense", "Check", "CreditCardCredit"})
"""Links that the service takes and forgets."""


def settle_bill_payment(work: Work, kind: Kind, draft: Draft) -> None:
    """Apply each line to its document and post payables against the bank or card account."""
    new = draft.new
    date_and_currency(work, draft)
    if new["TotalAmt"] < 0:
        raise FaultError(2290, "Negative amount : the total of a bill payment cannot be negative", "TotalAmt")
    _number(work, draft)
    payer = _payer(work, new)
    new.setdefault("APAccountRef", default_payables(work, new))
    account_of(work, new["APAccountRef"], ("Accounts Payable",), "APAccountRef")
    if draft.old is not None:
        release_payment(work, draft.old)
    lines = [line for line in new["Line"] if _link(line)["TxnType"] not in DROPPED]
    new["Line"] = []
    for line in lines:
        _apply(work, new, line)
    if lines and not new["Line"]:
        _empty(new)
    charges, credits_ = payment_totals(work, new)
    if credits_ > charges:
        raise business(f"Credits of {credits_} are more than the {charges} that they are applied to.", "Line")
    if new["TotalAmt"] < charges - credits_:
        raise business(f"The total must be at least what the lines pay: {charges - credits_}.", "TotalAmt")
    if new["Line"]:
        new["APAccountRef"] = {"value": target_of(work, new, new["Line"][0]).account}
    draft.entries = payment_entries(work, new, payer)


def _number(work: Work, draft: Draft) -> None:
    if draft.new["PayType"] == "Check":
        cheque_number(work, draft)
    else:
        unique_number(work, draft, ("BillPayment",), lambda other: bool(other["PayType"] == "CreditCard"))


def _payer(work: Work, new: Doc) -> str:
    """Return the account that pays, empty where a payment of nothing names none."""
    name, account, types = BLOCKS[new["PayType"]]
    for other, _, _ in BLOCKS.values():
        if other != name:
            new.pop(other, None)
    block: Doc | None = new.get(name)
    if block is None:
        if new["TotalAmt"]:
            raise missing(name)
        block = new[name] = {}
    if new["PayType"] == "Check":
        block.setdefault("PrintStatus", "NotSet")
    if account in block:
        return str(account_of(work, block[account], types, account)["Id"])
    if new["TotalAmt"]:
        raise missing(account)
    return ""


def _link(line: Doc) -> Doc:
    links: list[Doc] = line.get("LinkedTxn") or []
    if not links:
        raise missing("LinkedTxn")
    if len(links) > 1:
        raise business("A line of a bill payment can be linked to one transaction only.", "LinkedTxn")
    for name in ("TxnId", "TxnType"):
        if name not in links[0]:
            raise missing(name)
    return links[0]


def _apply(work: Work, new: Doc, line: Doc) -> None:
    """Apply one line; a bill that is fully paid takes nothing, more than is open of anything else is refused."""
    link = _link(line)
    target = payable(work, link["TxnType"], link["TxnId"], new["VendorRef"]["value"])
    whole = open_amount(work, target, new)
    left = whole - applied_by(new, target.kind, target.id)
    if "Amount" not in line:
        raise missing("Line.Amount")
    amount: Decimal = line["Amount"]
    if amount <= 0:
        raise FaultError(2290, "Negative amount : the lines of a bill payment are positive", "Line.Amount")
    if target.kind == "Bill" and not whole:
        return
    if amount > left:
        raise business(
            f"The amount of the line is more than the open balance of {target.kind} {target.id}: {left}.", "Line.Amount"
        )
    new["Line"].append(line)
    note_application(work, new, target.kind, target.id, amount, linked=True)


def _empty(doc: Doc) -> None:
    mark_voided(doc)
    doc["Line"] = []


def release_bill_payment(work: Work, kind: Kind, doc: Doc) -> None:
    """Give the documents back what the payment took from them."""
    release_payment(work, doc)


def void_bill_payment(work: Work, kind: Kind, doc: Doc) -> None:
    """Empty a payment, its lines too."""
    release_payment(work, doc)
    _empty(doc)


def render_bill_payment(company: Company, doc: Doc) -> Doc:
    """Leave out the payables account, which the service does not tell."""
    return {name: value for name, value in doc.items() if name != "APAccountRef"}


BILL_PAYMENT = Kind(
    "BillPayment",
    Family.TRANSACTION,
    {
        **TRANSACTION_PROPERTIES,
        "Line": Many(Block(LINE_COMMON, frozenset({"LineEx"}))),
        "DocNumber": Text(21),
        "VendorRef": Ref(("Vendor",)),
        "APAccountRef": Ref(("Account",)),
        "TotalAmt": MONEY,
        "PayType": Choice(("Check", "CreditCard")),
        "CheckPayment": Block(
            {
                "BankAccountRef": Ref(("Account",)),
                "PrintStatus": Choice(("NotSet", "NeedToPrint", "PrintComplete")),
            }
        ),
        "CreditCardPayment": Block({"CCAccountRef": Ref(("Account",))}),
        "ProcessBillPayment": Flag(),
        "TransactionLocationType": LOCATIONS,
    },
    settle_bill_payment,
    sequence="transaction",
    operations=TRANSACTIONS | {Operation.VOID},
    required=("VendorRef", "TotalAmt", "PayType", "Line"),
    computed=TRANSACTION_COMPUTED - {"TotalAmt"},
    queryable=TRANSACTION_QUERYABLE | {"DocNumber", "VendorRef", "APAccountRef", "CheckPayment", "CreditCardPayment"},
    release=release_bill_payment,
    void=void_bill_payment,
    render=render_bill_payment,
)
