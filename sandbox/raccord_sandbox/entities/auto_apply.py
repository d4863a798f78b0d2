"""What QuickBooks Online applies by itself, where the company's preferences say so."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from raccord_sandbox.entities.amounts import CENTS, preference
from raccord_sandbox.entities.applications import balance_payment, open_documents, set_applied, share_out
from raccord_sandbox.entities.kind import Draft, Kind
from raccord_sandbox.entities.payments import PAYMENT, settle_payment
from raccord_sandbox.keeping.company import Work
from raccord_sandbox.posting.receivables import Item
from raccord_sandbox.refusing.faults import Doc

NOTE = "Created by QB Online to link credits to charges."


def apply_credits(work: Work, kind: Kind, draft: Draft) -> None:
    """Settle a new invoice with the customer's credits, or use up a new credit memo, by a payment of nothing.

    What earlier payments left unapplied goes to a new invoice after the credit memos.
    """
    if draft.old is not None or not preference(work, "SalesFormsPrefs", "AutoApplyCredit"):
        return
    new = draft.new
    work.put(kind.name, new, draft.entries)
    other = "CreditMemo" if kind.name == "Invoice" else "Invoice"
    lines, left = share_out(work, other, new, new["Balance"])
    if lines:
        own = {"Amount": new["Balance"] - left, "LinkedTxn": [{"TxnId": new["Id"], "TxnType": kind.name}]}
        _pay_nothing(work, new, [own, *lines])
    if kind.name == "Invoice":
        _use_payments(work, new)


def _pay_nothing(work: Work, new: Doc, lines: list[Doc]) -> None:
    targets = [work.get(line["LinkedTxn"][0]["TxnType"], line["LinkedTxn"][0]["TxnId"]) or new for line in lines]
    payment: Doc = work.fresh(
        {
            "CustomerRef": dict(new["CustomerRef"]),
            "CurrencyRef": dict(new["CurrencyRef"]),
            "TxnDate": max(target["TxnDate"] for target in targets),
            "TotalAmt": CENTS,
            "PrivateNote": NOTE,
            "Line": lines,
        },
        PAYMENT.sequence,
    )
    draft = Draft(payment, None, frozenset(payment))
    settle_payment(work, PAYMENT, draft)
    work.put("Payment", payment, draft.entries)


def _use_payments(work: Work, invoice: Doc) -> None:
    item = Item("Invoice", invoice["Id"])
    for stored in _unapplied(work, invoice):
        amount: Decimal = min(stored["UnappliedAmt"], invoice["Balance"])
        if not amount:
            return
        payment = work.touch("Payment", stored["Id"])
        payment["Line"].append({"Amount": amount, "LinkedTxn": [{"TxnId": item.id, "TxnType": item.kind}]})
        set_applied(work, payment, item, CENTS, amount)
        balance_payment(work, payment)


def _unapplied(work: Work, invoice: Doc) -> Iterator[Doc]:
    """Yield the payments of an invoice's customer that are not applied whole, the oldest first."""
    for payment in open_documents(work, "Payment", invoice, "UnappliedAmt"):
        if "ARAccountRef" not in payment:
            yield payment
