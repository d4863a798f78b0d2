"""The journal as reports read it: one row for each entry, with the document, line and account behind it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from raccord_sandbox.keeping.company import Company
from raccord_sandbox.lines import every_line
from raccord_sandbox.posting.chart import KINDS as ACCOUNT_TYPES
from raccord_sandbox.posting.chart import is_debit_side
from raccord_sandbox.posting.ledger import Entry, Posting
from raccord_sandbox.refusing.faults import Doc

NAME_LISTS = ("Customer", "Vendor", "Employee")
TYPE_ORDER = {name: place for place, name in enumerate(ACCOUNT_TYPES)}
WORDS = {
    "Account": "Journal Entry",
    "BillPayment": "Bill Payment (Check)",
    "CreditCardPaymentTxn": "Credit Card Payment",
    "CreditMemo": "Credit Memo",
    "Customer": "Invoice",
    "InventoryAdjustment": "Inventory Qty Adjust",
    "Item": "Inventory Starting Value",
    "JournalEntry": "Journal Entry",
    "PurchaseOrder": "Purchase Order",
    "RefundReceipt": "Refund",
    "SalesReceipt": "Sales Receipt",
    "TimeActivity": "Time Charge",
    "Vendor": "Bill",
    "VendorCredit": "Vendor Credit",
}
"""What reports call a document; the opening balances of list objects go by the document a person would have made."""


@dataclass(frozen=True, slots=True)
class Row:
    """One entry on the day it counts, which on the cash basis is not always its document's."""

    day: str
    posting: Posting
    entry: Entry
    account: Doc
    doc: Doc

    @property
    def amount(self) -> Decimal:
        """Return the entry's amount, a debit positive."""
        return self.entry.amount

    @property
    def signed(self) -> Decimal:
        """Return the amount by which the account's balance grows: a debit on assets and expenses, else a credit."""
        return self.entry.amount if is_debit_side(self.account["Classification"]) else -self.entry.amount

    @property
    def key(self) -> tuple[str, str]:
        """Return which document it is."""
        return self.posting.kind, self.posting.id


def row_of(company: Company, posting: Posting, entry: Entry, day: str = "") -> Row:
    """Return the row of an entry."""
    account = company.get("Account", entry.account) or {}
    return Row(day or posting.day, posting, entry, account, company.get(posting.kind, posting.id) or {})


def accrual_rows(company: Company, first: str, last: str) -> list[Row]:
    """Return the rows of a period by date, then in order of creation."""
    postings = [posting for posting in company.ledger.postings() if first <= posting.day <= last]
    return [row_of(company, posting, entry) for posting in sorted(postings, key=place) for entry in posting.entries]


def place(posting: Posting) -> tuple[str, bool, int]:
    """Return what postings are ordered by: the day, opening balances first, then the id."""
    return posting.day, posting.kind != "Account", int(posting.id) if posting.id.isdecimal() else 0


def by_type_and_name(accounts: Iterable[Doc]) -> list[Doc]:
    """Return accounts in the order of reports."""
    return sorted(accounts, key=lambda doc: (TYPE_ORDER[doc["AccountType"]], doc["FullyQualifiedName"].lower()))


def word_of(kind: str, doc: Doc) -> str:
    """Return the words that reports use for a document."""
    match kind, doc.get("PaymentType"), doc.get("Credit", False):
        case "Purchase", "Check", _:
            return "Check"
        case "Purchase", "CreditCard", True:
            return "Credit Card Credit"
        case "Purchase", "CreditCard", _:
            return "Credit Card Expense"
        case "Purchase", _, _:
            return "Expense"
    if kind == "BillPayment" and doc.get("PayType") == "CreditCard":
        return "Bill Payment (Credit Card)"
    return WORDS.get(kind, kind)


def line_of(row: Row) -> Doc:
    """Return the document's line behind an entry, empty where none is."""
    if not row.entry.line:
        return {}
    return next((line for line in every_line(row.doc.get("Line", ())) if line.get("Id") == row.entry.line), {})


def detail_of(row: Row) -> Doc:
    """Return the detail of the line behind an entry."""
    line = line_of(row)
    found: Doc = line.get(line.get("DetailType", ""), {})
    return found


def class_of(row: Row) -> str:
    """Return the class id of the line, or of the document."""
    return _value(detail_of(row), "ClassRef") or _value(row.doc, "ClassRef")


def department_of(row: Row) -> str:
    """Return the location id of the document, or of a journal entry's line."""
    return _value(detail_of(row), "DepartmentRef") or _value(row.doc, "DepartmentRef")


def item_of(row: Row) -> str:
    """Return the product or service id of the line."""
    return _value(detail_of(row), "ItemRef")


def name_of(company: Company, key: str) -> str:
    """Return the display name behind an id of the shared name sequence."""
    found = next((doc for kind in NAME_LISTS if (doc := company.get(kind, key)) is not None), None)
    return "" if found is None else str(found.get("FullyQualifiedName") or found["DisplayName"])


def person_of(company: Company, row: Row, kind: str) -> str:
    """Return the id of the customer, vendor or employee of an entry: its own, else its document's."""
    if row.entry.name and company.get(kind, row.entry.name) is not None:
        return row.entry.name
    for name in (f"{kind}Ref", "EntityRef"):
        key = _value(row.doc, name)
        if key and company.get(kind, key) is not None:
            return key
    return ""


def other_account(company: Company, row: Row) -> str:
    """Return the account on the other side, or -Split- for several."""
    others = {entry.account for entry in row.posting.entries} - {row.entry.account}
    if len(others) > 1:
        return "-Split-"
    found = company.get("Account", next(iter(others), "")) or {}
    return str(found.get("FullyQualifiedName", ""))


def _value(doc: Doc, name: str) -> str:
    ref = doc.get(name)
    return str(ref.get("value", "")) if isinstance(ref, dict) else ""
