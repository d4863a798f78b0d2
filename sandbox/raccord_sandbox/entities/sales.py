"""Sales receipts and refund receipts."""

from __future__ import annotations

from raccord_sandbox.entities.amounts import CENTS, account_of, mark_voided, refuse_if_deposited, sales_number
from raccord_sandbox.entities.applications import refuse_if_linked
from raccord_sandbox.entities.card_charges import refuse_if_charged
from raccord_sandbox.entities.goods import sold
from raccord_sandbox.entities.kind import TRANSACTIONS, Draft, Family, Kind, Operation
from raccord_sandbox.entities.links import LINKED_TXN, settle_refunded, untie
from raccord_sandbox.entities.sales_forms import COMPUTED, MONEY_ACCOUNTS, QUERYABLE, SALES_FORM, settle_sales_form
from raccord_sandbox.keeping.company import Work
from raccord_sandbox.posting.ledger import Entry
from raccord_sandbox.refusing.faults import Doc, missing
from raccord_sandbox.schema import Text

TIED = ("SalesReceipt", "RefundReceipt")
"""A refund and the sale it gives back are linked with each other."""


def settle_sales_receipt(work: Work, kind: Kind, draft: Draft) -> None:
    """Post a sale paid at once: money in, income and tax out."""
    _settle_receipt(work, kind, draft, sign=1)


def settle_refund_receipt(work: Work, kind: Kind, draft: Draft) -> None:
    """Post the mirror of a sales receipt."""
    _settle_receipt(work, kind, draft, sign=-1)


def _settle_receipt(work: Work, kind: Kind, draft: Draft, sign: int) -> None:
    new = draft.new
    if draft.old is not None:
        refuse_if_deposited(work, kind, draft.old)
        refuse_if_charged(draft.old, 6110)
    if "DepositToAccountRef" not in new:
        funds = work.company.first_account(AccountSubType="UndepositedFunds")
        new["DepositToAccountRef"] = {"value": funds["Id"], "name": funds["Name"]}
    money = account_of(work, new["DepositToAccountRef"], MONEY_ACCOUNTS, "DepositToAccountRef")
    new.setdefault("PrintStatus", "NeedToPrint" if sign > 0 else "NotSet")
    if sign < 0 and new["PrintStatus"] == "PrintComplete" and "PaymentRefNum" not in new:
        raise missing("PaymentRefNum")
    total, credits_ = settle_sales_form(work, draft)
    new["Balance"] = CENTS
    if sign < 0:
        settle_refunded(work, draft)
    sales_number(work, kind, draft)
    name = new.get("CustomerRef", {}).get("value", "")
    draft.entries = [Entry(money["Id"], sign * total, new.get("PrivateNote", ""), name)]
    rest = [*credits_, *sold(work, new)]
    draft.entries += rest if sign > 0 else [entry.turned() for entry in rest]


def void_sale(work: Work, kind: Kind, doc: Doc) -> None:
    """Empty a sale or a refund; a deposited one is refused."""
    refuse_if_deposited(work, kind, doc)
    refuse_if_charged(doc, 6450)
    untie(work, kind, doc, *TIED)
    mark_voided(doc)
    doc["LinkedTxn"] = []


def release_receipt(work: Work, kind: Kind, doc: Doc) -> None:
    """Free what a sale or refund is linked to; a deposited one, and a sale that was refunded, are refused."""
    refuse_if_deposited(work, kind, doc)
    refuse_if_charged(doc, 6120)
    refuse_if_linked(work, kind, doc, "RefundReceipt")
    untie(work, kind, doc, *TIED)


SALES_RECEIPT = Kind(
    "SalesReceipt",
    Family.TRANSACTION,
    {**SALES_FORM, "PaymentRefNum": Text(21)},
    settle_sales_receipt,
    sequence="transaction",
    operations=TRANSACTIONS | {Operation.VOID},
    required=("Line",),
    computed=COMPUTED,
    kept=frozenset({"LinkedTxn"}),
    queryable=QUERYABLE,
    release=release_receipt,
    void=void_sale,
)
REFUND_RECEIPT = Kind(
    "RefundReceipt",
    Family.TRANSACTION,
    {**SALES_FORM, "PaymentRefNum": Text(100), "LinkedTxn": LINKED_TXN},
    settle_refund_receipt,
    sequence="transaction",
    operations=TRANSACTIONS,
    required=("DepositToAccountRef", "Line"),
    computed=COMPUTED,
    queryable=QUERYABLE,
    release=release_receipt,
    void=void_sale,
)
