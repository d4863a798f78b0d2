"""The filters of reports: which rows and which documents they let through."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation, Overflow
from typing import Any

from raccord_sandbox.keeping.company import Company
from raccord_sandbox.refusing.faults import Doc, FaultError
from raccord_sandbox.reports.asked import Asked
from raccord_sandbox.reports.journal import Row, class_of, department_of, item_of, person_of, word_of
from raccord_sandbox.reports.period import of_macro

Test = Callable[[Row], bool]
TYPES = {
    "Cash Purchase": "CashPurchase", "Expense": "CashPurchase", "Credit Card Expense": "CreditCardCharge",
    "Credit Card Credit": "CreditCardCredit", "Payment": "ReceivePayment", "Refund": "CreditRefund",
    "Bill Payment (Check)": "BillPaymentCheck", "Bill Payment (Credit Card)": "BillPaymentCreditCard",
    "Time Charge": "TimeActivity", "Inventory Qty Adjust": "InventoryQuantityAdjustment",
}  # fmt: skip
"""What the filter transaction_type calls the words of reports, where that is not the same without blanks."""
DAYS = {"moddate": "LastUpdatedTime", "createdate": "CreateTime"}
PAID = ("All", "Paid", "Unpaid")


def tests(company: Company, asked: Asked) -> list[Test]:
    """Return what a row must pass. Raises 2060, 2080 and 2170 for values that cannot be."""
    return [*_by_id(company, asked), *_by_account(asked), *_by_document(company, asked), *_by_day(company, asked)]


def passes(row: Row, wanted: Iterable[Test]) -> bool:
    """Tell whether a row passes all tests."""
    return all(test(row) for test in wanted)


def _by_id(company: Company, asked: Asked) -> list[Test]:
    found: list[Test] = [
        lambda row, name=name, ids=people: person_of(company, row, name) in ids  # type: ignore[misc]
        for name in ("Customer", "Vendor", "Employee")
        if (people := asked.listed(name.lower()))
    ]
    for name, get in (("class", class_of), ("department", department_of), ("item", item_of)):
        if wanted := asked.listed(name):
            found.append(lambda row, get=get, ids=wanted: get(row) in ids)  # type: ignore[misc]
    if names := asked.listed("name"):
        found.append(
            lambda row: any(person_of(company, row, kind) in names for kind in ("Customer", "Vendor", "Employee"))
        )
    return found


def _by_account(asked: Asked) -> list[Test]:
    found: list[Test] = []
    accounts = asked.listed("account") | asked.listed("source_account")
    if accounts:
        found.append(lambda row: row.account.get("Id") in accounts)
    types = {
        type_.replace(" ", "").lower()
        for name in ("account_type", "source_account_type")
        for type_ in asked.listed(name)
    }
    if types:
        found.append(lambda row: str(row.account.get("AccountType", "")).replace(" ", "").lower() in types)
    return found


def _by_document(company: Company, asked: Asked) -> list[Test]:
    found: list[Test] = []
    if types := {type_.lower() for type_ in asked.listed("transaction_type")}:
        found.append(lambda row: _type(row) in types)
    if number := asked.text("docnum"):
        found.append(lambda row: row.doc.get("DocNumber", row.doc.get("PaymentRefNum", "")) == number)
    if memo := asked.text("memo").lower():
        found.append(lambda row: memo in str(row.doc.get("PrivateNote", "")).lower())
    if terms := asked.listed("term"):
        found.append(lambda row: row.doc.get("SalesTermRef", {}).get("value") in terms)
    methods = {word.lower() for name in ("payment_method", "paymethod") for word in asked.listed(name)}
    if methods:
        found.append(lambda row: _method(company, row.doc) in methods)
    if asked.text("bothamount"):
        amount = _amount(asked)
        found.append(lambda row: abs(_total(row.doc)) == amount)
    for name, kinds in (("arpaid", ("Invoice",)), ("appaid", ("Bill",))):
        state = asked.choice(name, PAID, "All")
        if state != "All":
            found.append(_paid(kinds, open_=state == "Unpaid"))
    return found


def _by_day(company: Company, asked: Asked) -> list[Test]:
    found: list[Test] = []
    for name in ("moddate", "createdate", "duedate"):
        first, last = asked.day(f"start_{name}"), asked.day(f"end_{name}")
        if not first and not last and (macro := asked.text(f"{name}_macro")):
            span = of_macro(company, macro)
            first, last = span.first, span.last
        if first or last:
            found.append(
                lambda row, name=name, first=first, last=last or "9999-12-31": first <= _day(row.doc, name) <= last  # type: ignore[misc]
            )
    return found


def _type(row: Row) -> str:
    word = word_of(row.posting.kind, row.doc)
    return TYPES.get(word, word).replace(" ", "").lower()


def _method(company: Company, doc: Doc) -> str:
    key = doc.get("PaymentMethodRef", {}).get("value", "")
    return str((company.get("PaymentMethod", key) or {}).get("Name", "")).lower()


def _amount(asked: Asked) -> Decimal:
    try:
        return abs(Decimal(asked.text("bothamount")))
    except (InvalidOperation, Overflow) as error:
        raise FaultError(2080, "Invalid Number : bothamount", "bothamount") from error


def _total(doc: Doc) -> Any:
    return doc.get("TotalAmt", doc.get("Amount", Decimal(0)))


def _paid(kinds: tuple[str, ...], *, open_: bool) -> Test:
    return lambda row: row.posting.kind in kinds and bool(row.doc.get("Balance")) is open_


def _day(doc: Doc, name: str) -> str:
    if name == "duedate":
        return str(doc.get("DueDate", ""))
    return str(doc.get("MetaData", {}).get(DAYS[name], ""))[:10]
