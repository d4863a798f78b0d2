"""Open items of the receivable and payable accounts on any day, and what was applied to what, when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from raccord_sandbox.keeping.company import Company
from raccord_sandbox.posting.ledger import Posting
from raccord_sandbox.refusing.faults import Doc

CONTROL = {"AR": "Accounts Receivable", "AP": "Accounts Payable"}
PAYERS = {"AR": "Payment", "AP": "BillPayment"}
PURCHASES = frozenset({"Expense", "Check", "CreditCardCredit", "CreditCardExpense", "CashPurchase"})

LINE_BY_LINE = "JournalEntry"

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Application:
    """So much of a payment, in home currency, applied to a charge or a credit, from the later day of the two."""

    day: str
    payer: Key
    target: Key
    line: str
    """The line, where the target is a journal entry."""
    amount: Decimal


@dataclass(slots=True)
class OpenItem:
    """What one document did to one name's control account, and how much of it is open; a debit is positive."""

    posting: Posting
    doc: Doc
    name: str
    amount: Decimal = Decimal(0)
    open: Decimal = Decimal(0)

    @property
    def due(self) -> str:
        """Return the day the document is due; without terms it is its own."""
        return str(self.doc.get("DueDate", self.posting.day))


Items = dict[tuple[Key, str, str], OpenItem]
"""Open items by document, by line where each line is an item of its own, and by name."""


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
                own = link.get("TxnLineId", "") if kind == LINE_BY_LINE else ""
                amount = line["Amount"] * Decimal(target.get("ExchangeRate", 1))
                day = max(payment["TxnDate"], target["TxnDate"])
                yield Application(day, (PAYERS[side], payment["Id"]), (kind, target["Id"]), own, amount)


def open_items(company: Company, side: str, day: str) -> list[OpenItem]:
    """Return the items of one side that are open at the end of a day; they add up to the control accounts."""
    accounts = control_accounts(company, side)
    items: Items = {}
    seen: dict[Key, None] = {key: None for account in accounts for key in company.ledger.documents_of(account)}
    for key in seen:
        posting = company.ledger.posting(*key)
        if posting is None or posting.day > day:
            continue
        doc = company.get(*key) or {}
        for entry in posting.entries:
            if entry.account in accounts:
                line = entry.line if posting.kind == LINE_BY_LINE else ""
                item = items.setdefault((key, line, entry.name), OpenItem(posting, doc, entry.name))
                item.amount += entry.amount
                item.open += entry.amount
    targets = {(key, line): item for (key, line, _), item in items.items()}
    for applied in applications(company, side):
        if applied.day <= day:
            _apply(company, items, applied, targets[applied.target, applied.line])
    return [item for item in items.values() if item.open]


def claim(posting: Posting, accounts: frozenset[str], line: str) -> tuple[Decimal, str]:
    """Return what a document, or one line of a journal entry, did to a control account, and whose it is."""
    found = [entry for entry in posting.entries if entry.account in accounts and line in ("", entry.line)]
    return sum((entry.amount for entry in found), Decimal(0)), found[0].name


def _apply(company: Company, items: Items, applied: Application, target: OpenItem) -> None:
    change = applied.amount if target.amount > 0 else -applied.amount
    target.open -= change
    place = (applied.payer, "", target.name)
    if place not in items:
        # A payment of nothing joins a credit to a charge and posts nothing itself.
        posting = Posting(*applied.payer, applied.day, ())
        items[place] = OpenItem(posting, company.get(*applied.payer) or {}, target.name)
    items[place].open += change
