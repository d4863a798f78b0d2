"""Open items of the receivable and payable accounts on any day, and what was applied to what, when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from raccord_sandbox.company import Company
from raccord_sandbox.faults import Doc
from raccord_sandbox.ledger import Posting

CONTROL = {"AR": "Accounts Receivable", "AP": "Accounts Payable"}
PAYERS = {"AR": "Payment", "AP": "BillPayment"}
PURCHASES = frozenset({"Expense", "Check", "CreditCardCredit", "CreditCardExpense", "CashPurchase"})

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Application:
    """So much of a payment, in home currency, applied to a charge or a credit, from the later day of the two."""

    day: str
    payer: Key
    target: Key
    name: str
    amount: Decimal


@dataclass(slots=True)
class OpenItem:
    """What one document did to one name's control account, and how much of it is open; a debit is positive."""

    posting: Posting
    doc: Doc
    name: str
    amount: Decimal
    open: Decimal

    @property
    def due(self) -> str:
        """Return the day the document is due; without terms it is its own."""
        return str(self.doc.get("DueDate", self.posting.day))


def control_accounts(company: Company, side: str) -> frozenset[str]:
    """Return the receivable or payable accounts."""
    return frozenset(company.accounts_of(AccountType=CONTROL[side]))


def applications(company: Company, side: str) -> Iterator[Application]:
    """Yield what payments of one side were applied to; what a void or a delete undid is not there any more."""
    for payment in company.table(PAYERS[side]):
        for line in payment.get("Line", ()):
            for link in line.get("LinkedTxn", ()):
                kind = "Purchase" if link["TxnType"] in PURCHASES else link["TxnType"]
                target = company.get(kind, link["TxnId"])
                if target is None or not line.get("Amount") or company.ledger.posting(kind, link["TxnId"]) is None:
                    continue
                name = payment[f"{'Customer' if side == 'AR' else 'Vendor'}Ref"]["value"]
                amount = line["Amount"] * Decimal(target.get("ExchangeRate", 1))
                day = max(payment["TxnDate"], target["TxnDate"])
                yield Application(day, (PAYERS[side], payment["Id"]), (kind, target["Id"]), name, amount)


def open_items(company: Company, side: str, day: str) -> list[OpenItem]:
    """Return the items of one side that are open at the end of a day; they add up to the control accounts."""
    accounts = control_accounts(company, side)
    items: dict[tuple[Key, str], OpenItem] = {}
    seen: dict[Key, None] = {key: None for account in accounts for key in company.ledger.documents_of(account)}
    for key in seen:
        posting = company.ledger.posting(*key)
        if posting is None or posting.day > day:
            continue
        doc = company.get(*key) or {}
        for entry in posting.entries:
            if entry.account in accounts:
                fresh = OpenItem(posting, doc, entry.name, Decimal(0), Decimal(0))
                item = items.setdefault((key, entry.name), fresh)
                item.amount += entry.amount
                item.open += entry.amount
    for applied in applications(company, side):
        if applied.day <= day:
            _apply(company, items, applied)
    return [item for item in items.values() if item.open]


def _apply(company: Company, items: dict[tuple[Key, str], OpenItem], applied: Application) -> None:
    target = _of(items, applied.target, applied.name)
    if target is None:
        return
    change = applied.amount if target.amount > 0 else -applied.amount
    target.open -= change
    payer = _of(items, applied.payer, applied.name)
    if payer is None:
        # A payment of nothing joins a credit to a charge and posts nothing itself.
        posting = Posting(*applied.payer, applied.day, ())
        payer = OpenItem(posting, company.get(*applied.payer) or {}, target.name, Decimal(0), Decimal(0))
        items[applied.payer, target.name] = payer
    payer.open += change


def _of(items: dict[tuple[Key, str], OpenItem], key: Key, name: str) -> OpenItem | None:
    """Return a document's item of a name; a parent may pay what its sub-customer owes."""
    if (key, name) in items:
        return items[key, name]
    return next((item for (found, _), item in items.items() if found == key), None)
