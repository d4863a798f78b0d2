"""Bank lines that pay what is open, posted as payments; pure.

A person says that a line pays one or several invoices or bills; its draft then becomes a payment that settles exactly
those.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, TypeGuard

from raccord.plugin.drafts import (
    Application,
    BillPayment,
    Decision,
    Deposit,
    DirectLine,
    Draft,
    Expense,
    ExpenseLine,
    LedgerId,
    Payment,
    PaymentType,
    Settled,
)
from raccord.sync.bodies import digest
from raccord.sync.lines.undeposited import DEPOSIT, as_deposit

PAYS = "pays"
"""Under this name stands, among a draft's decisions, what it pays."""
MATCHES = "matches"
"""Under this name a question about a category says what the line may pay instead."""
MATCHES_LIMITED = "matches_limited"
"""Under this name it says of how many lines, where more than those name one document."""
_LETTERS = 40
REFUNDED: Mapping[str, Settled] = {Settled.CREDIT_MEMO: Settled.EXPENSE, Settled.VENDOR_CREDIT: Settled.DEPOSIT}
"""Credits that money may pay back, each with what a line becomes that does so: a document on the account of what
customers owe, or vendors are owed.
"""


def as_paid(decisions: Mapping[str, Any], draft: Draft) -> Draft:
    """Return a bank line's draft as the payment that a person said it is.

    Where the source says another amount since, what was decided means nothing any more.
    """
    pays = decisions.get(PAYS)
    if not isinstance(pays, Mapping) or not payable(draft) or Decimal(str(pays["total"])) != draft.total:
        return draft
    if pays["kind"] == DEPOSIT:
        return as_deposit(pays, draft) if isinstance(draft, Deposit) else draft
    settled = Settled(str(pays["kind"]))
    applied = tuple(
        Application(document=LedgerId(str(each["id"])), amount=Decimal(str(each["amount"])), of=settled)
        for each in pays["documents"]
    )
    party = LedgerId(str(pays["party_id"]))
    if isinstance(draft, Deposit) and settled is Settled.INVOICE:
        return Payment(
            key=draft.key,
            day=draft.day,
            currency=draft.currency,
            customer=party,
            deposit_to=draft.bank,
            total=draft.total,
            applied=applied,
            memo=draft.memo,
        )
    if isinstance(draft, Expense) and settled is Settled.BILL:
        return _bill_payment(draft, party, applied)
    if settled in REFUNDED:
        return _refund(draft, settled, party.id, LedgerId(str(pays["account"]), "Account"))
    return draft


def is_refund(decisions: Mapping[str, Any]) -> bool:
    """Tell whether a line was said to pay credits back, out to a customer or in from a vendor."""
    pays = decisions.get(PAYS)
    return isinstance(pays, Mapping) and pays.get("kind") in REFUNDED


def refunded_key(line_key: str) -> str:
    """Return the key of the payment that takes a credit for what a line pays back."""
    return f"refunded/{digest(line_key)[:_LETTERS]}"


def _refund(draft: Deposit | Expense, credit: Settled, party_id: str, owed: LedgerId) -> Deposit | Expense:
    """Return a line's draft on the account of what is owed; as it is where the money goes the other way."""
    if isinstance(draft, Expense) and credit is Settled.CREDIT_MEMO:
        return replace(
            draft,
            lines=(ExpenseLine(account=owed, amount=draft.total, description=draft.memo),),
            payee=LedgerId(party_id, "Customer"),
            payment_type=PaymentType.CASH if draft.payment_type is PaymentType.CHECK else draft.payment_type,
        )
    if isinstance(draft, Deposit) and credit is Settled.VENDOR_CREDIT:
        vendor = LedgerId(party_id, "Vendor")
        back = DirectLine(account=owed, amount=draft.total, description=draft.memo, entity=vendor)
        return replace(draft, lines=(back,))
    return draft


def _bill_payment(draft: Expense, vendor: LedgerId, applied: tuple[Application, ...]) -> BillPayment:
    on_card = draft.payment_type is PaymentType.CARD
    return BillPayment(
        key=draft.key,
        day=draft.day,
        currency=draft.currency,
        vendor=vendor,
        paid_from=draft.paid_from,
        payment_type=PaymentType.CARD if on_card else PaymentType.CHECK,
        total=draft.total,
        applied=applied,
        memo=draft.memo,
    )


def payable(draft: Draft) -> TypeGuard[Deposit | Expense]:
    """Tell whether a draft is money on a bank or card account of which a person says what it was for."""
    if isinstance(draft, Expense):
        return not draft.credit and asked_in(draft) is not None
    return isinstance(draft, Deposit) and asked_in(draft) is not None


def asked_in(draft: Deposit | Expense) -> Decision | None:
    """Return what a person has to say of a draft's one line."""
    if len(draft.lines) != 1:
        return None
    line = draft.lines[0]
    account = line.account if isinstance(line, DirectLine | ExpenseLine) else None
    return account if isinstance(account, Decision) else None
