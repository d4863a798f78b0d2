"""The journal on the cash basis: what is not paid is absent, what is paid in part counts in that part.

Invoices, credit memos, bills and vendor credits count when and as far as they are applied, on the later day of the
two documents. Every other document counts on its own day; what it does to a receivable or payable account stands in
Unapplied Cash Payment Income or Unapplied Cash Bill Payment Expense until it is applied. So receivables and payables
are always zero, and each day's rows still balance.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from raccord_sandbox.keeping.company import Company
from raccord_sandbox.posting.ledger import Entry, Posting
from raccord_sandbox.refusing.faults import Doc
from raccord_sandbox.reports.journal import Row, place, row_of
from raccord_sandbox.reports.open_items import Key, applications, claim, control_accounts

ON_ACCOUNT = frozenset({"Invoice", "CreditMemo", "Bill", "VendorCredit"})
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Side:
    """Receivables or payables with the account where unapplied cash waits."""

    name: str
    accounts: frozenset[str]
    unapplied: Doc


def waiting_accounts(company: Company) -> list[Doc]:
    """Return the two accounts of unapplied cash, made up where the company has none yet."""
    return [
        _waiting(company, "Unapplied Cash Payment Income", "Income", "UnappliedCashPaymentIncome"),
        _waiting(company, "Unapplied Cash Bill Payment Expense", "Expense", "UnappliedCashBillPaymentExpense"),
    ]


def cash_rows(company: Company) -> list[Row]:
    """Return the rows of all days by date, then in order of creation."""
    waiting = waiting_accounts(company)
    sides = [Side(name, control_accounts(company, name), waiting[number]) for number, name in enumerate(("AR", "AP"))]
    rows: list[Row] = []
    for posting in company.ledger.postings():
        if posting.kind in ON_ACCOUNT and any(_control(side, posting) for side in sides):
            continue
        for entry in posting.entries:
            side = next((side for side in sides if entry.account in side.accounts), None)
            rows.append(_wait(company, side, posting, entry) if side else row_of(company, posting, entry))
    for side in sides:
        rows += _applied_rows(company, side)
    return sorted(rows, key=lambda row: (row.day, *place(row.posting)))


def _wait(company: Company, side: Side, posting: Posting, entry: Entry, day: str = "") -> Row:
    """Return an entry of a control account as unapplied cash."""
    moved = Entry(side.unapplied["Id"], entry.amount, entry.memo, entry.name, entry.line)
    doc = company.get(posting.kind, posting.id) or {}
    return Row(day or posting.day, posting, moved, side.unapplied, doc)


def _applied_rows(company: Company, side: Side) -> list[Row]:
    rows: list[Row] = []
    so_far: dict[Key, Decimal] = {}
    for posting in company.ledger.postings():
        if posting.kind in ON_ACCOUNT and (control := _control(side, posting)):
            rows += _down_payment(company, side, posting, control, so_far)
    for applied in sorted(applications(company, side.name), key=lambda one: one.day):
        target = company.ledger.posting(*applied.target)
        if target is None:
            continue
        amount, name = claim(target, side.accounts, applied.line)
        change = applied.amount if amount > 0 else -applied.amount
        payer = company.ledger.posting(*applied.payer) or Posting(*applied.payer, applied.day, ())
        rows.append(_wait(company, side, payer, Entry("", change, "", name), applied.day))
        if target.kind in ON_ACCOUNT:
            rows += _part(company, side, target, amount, so_far, applied.amount, applied.day)
        else:
            rows.append(_wait(company, side, target, Entry("", -change, "", name), applied.day))
    return [row for row in rows if row.amount]


def _control(side: Side, posting: Posting) -> Decimal:
    return sum((entry.amount for entry in posting.entries if entry.account in side.accounts), Decimal(0))


def _down_payment(
    company: Company, side: Side, posting: Posting, control: Decimal, so_far: dict[Key, Decimal]
) -> list[Row]:
    """Return what counts on the document's own day: the part that its own deposit paid."""
    entry = _deposit(company, posting)
    so_far[posting.kind, posting.id] = Decimal(0)
    if entry is None:
        return []
    return [row_of(company, posting, entry), *_part(company, side, posting, control, so_far, entry.amount, posting.day)]


def _deposit(company: Company, posting: Posting) -> Entry | None:
    account = (company.get(posting.kind, posting.id) or {}).get("DepositToAccountRef", {}).get("value", "")
    return next((entry for entry in posting.entries if entry.account == account and not entry.line), None)


def _part(
    company: Company,
    side: Side,
    posting: Posting,
    control: Decimal,
    so_far: dict[Key, Decimal],
    paid: Decimal,
    day: str,
) -> list[Row]:
    """Return the part of a document that is paid at once; together the parts are the document, to the cent."""
    deposit = _deposit(company, posting)
    total = control + (deposit.amount if deposit else Decimal(0))
    rest = [entry for entry in posting.entries if entry.account not in side.accounts and entry is not deposit]
    before = so_far[posting.kind, posting.id]
    after = so_far[posting.kind, posting.id] = before + paid
    parts = [_share(entry, after, total) - _share(entry, before, total) for entry in rest]
    largest = max(range(len(rest)), key=lambda number: abs(rest[number].amount))
    parts[largest] -= (paid if control > 0 else -paid) + sum(parts, Decimal(0))
    return [
        row_of(company, posting, Entry(entry.account, part, entry.memo, entry.name, entry.line), day)
        for entry, part in zip(rest, parts, strict=True)
    ]


def _share(entry: Entry, paid: Decimal, total: Decimal) -> Decimal:
    return (entry.amount * paid / abs(total)).quantize(CENT, ROUND_HALF_UP)


def _waiting(company: Company, name: str, type_: str, subtype: str) -> Doc:
    found = company.accounts_of(AccountSubType=subtype)
    stored = company.get("Account", found[0]) if found else None
    if stored is not None:
        return stored
    return {
        "Id": subtype,
        "Name": name,
        "FullyQualifiedName": name,
        "AccountType": type_,
        "AccountSubType": subtype,
        "Classification": "Revenue" if type_ == "Income" else "Expense",
        "Active": True,
    }
