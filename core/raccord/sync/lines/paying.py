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
    Link,
    LinkedLine,
    Payment,
    PaymentType,
    Settled,
    TaxMode,
)
from raccord.sync.bodies import digest
from raccord.sync.lines.undeposited import DEPOSIT, as_deposit

PAYS = "pays"
"""Under this name stands, among a draft's decisions, what it pays."""
MATCHES = "matches"
"""Under this name a question about a category says what the line may pay instead."""
FUNDS = "funds"
"""Under this name it says, of a line that pays invoices of several customers, where their payments wait for it."""
PAYER = "payer/"
"""So begin the keys of these payments."""
MATCHES_LIMITED = "matches_limited"
"""Under this name it says of how many lines, where more than those name one document."""
_LETTERS = 40
_SEEN_DIGITS = 12
REFUNDED: Mapping[str, Settled] = {Settled.CREDIT_MEMO: Settled.EXPENSE, Settled.VENDOR_CREDIT: Settled.DEPOSIT}
"""Credits that money may pay back, each with what a line becomes that does so: a document on the account of what
customers owe, or vendors are owed.
"""


def proposal_seen(said: Mapping[str, Any]) -> str:
    """Return what tells a proposal of what a line pays from one of other documents, or of other amounts of them."""
    parts = sorted(
        f"{each.get('kind') or said['kind']} {each['id']} {Decimal(str(each['amount'])):f}"
        for each in said["documents"]
    )
    return digest(*parts)[:_SEEN_DIGITS]


def as_paid(decisions: Mapping[str, Any], draft: Draft) -> Draft:
    """Return a bank line's draft as the payment that a person said it is.

    Where the source says another amount since, what was decided means nothing any more.
    """
    pays = decisions.get(PAYS)
    if not isinstance(pays, Mapping) or not payable(draft) or Decimal(str(pays["total"])) != draft.total:
        return draft
    if pays["kind"] == DEPOSIT:
        return as_deposit(pays, draft) if isinstance(draft, Deposit) else draft
    if FUNDS in pays:
        return _lump_sum(pays, draft) if isinstance(draft, Deposit) else draft
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


def is_lump_sum(decisions: Mapping[str, Any]) -> bool:
    """Tell whether a line was said to pay invoices of several customers."""
    pays = decisions.get(PAYS)
    return isinstance(pays, Mapping) and FUNDS in pays


def payer_key(line_key: str, payer: str) -> str:
    """Return the key of the payment of one of the customers that a line is of, by the customer's id."""
    return f"{PAYER}{digest(line_key, payer)[:_LETTERS]}"


def by_payer(pays: Mapping[str, Any]) -> dict[str, list[Mapping[str, Any]]]:
    """Return what a line pays by the ids of its several customers, in the order they stand."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for each in pays["documents"]:
        found.setdefault(str(each["party_id"]), []).append(each)
    return found


def _lump_sum(pays: Mapping[str, Any], draft: Deposit) -> Deposit:
    """Return a line's draft as the deposit of what its several customers paid."""
    lines = tuple(
        LinkedLine(
            document=Link(payer_key(draft.key, payer)),
            amount=sum((Decimal(str(each["amount"])) for each in documents), Decimal(0)),
        )
        for payer, documents in by_payer(pays).items()
    )
    return replace(draft, lines=lines, tax_mode=TaxMode.NONE, taxes=())


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
