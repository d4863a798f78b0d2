"""Bills and vendor credits: §§7.2, 7.3, 7.11 and 9 of the reference."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

Books = Any  # the fixture's class lives in conftest.py, which importlib mode does not let a test import


@pytest.fixture
def vendor(books: Books) -> Any:
    return books.make("Vendor", {"DisplayName": "Norton Lumber"})


def test_a_bill_owes_its_vendor_and_shows_what_the_service_computes(books: Books, vendor: Any) -> None:
    bill = books.make("Bill", books.bill(vendor, books.expense("103.55"), PrivateNote="lumber"))
    assert (bill["TotalAmt"], bill["Balance"], bill["DueDate"]) == (Decimal("103.55"), Decimal("103.55"), "2026-03-01")
    assert bill["VendorRef"]["name"] == "Norton Lumber"
    assert bill["APAccountRef"]["value"] == books.account("AccountsPayable")["Id"]
    assert bill["CurrencyRef"]["value"] == books.company.home_currency
    assert "DocNumber" not in bill
    line = bill["Line"][0]
    assert (line["Id"], line["LineNum"], line["AccountBasedExpenseLineDetail"]["BillableStatus"]) == (
        "1", 1, "NotBillable"
    )  # fmt: skip
    assert books.owed_to(vendor) == Decimal("103.55")
    assert books.balance("AccountsPayable") == Decimal("-103.55")
    assert books.get(f"bill/{bill['Id']}")["Bill"] == bill
    assert books.all("Bill", f"where VendorRef = '{vendor['Id']}' and Balance > '100'") == [bill]


def test_a_vendor_credit_takes_off_what_is_owed(books: Books, vendor: Any) -> None:
    books.make("Bill", books.bill(vendor, books.expense(100)))
    credit = books.make("VendorCredit", books.bill(vendor, books.expense(30)))
    assert (credit["TotalAmt"], credit["Balance"]) == (30, 30)
    assert "DueDate" not in credit
    assert books.owed_to(vendor) == 70
    assert books.balance("AccountsPayable") == -70


def test_tax_in_quebec_is_owed_to_the_vendor_and_recovered_from_the_agencies(quebec: Books) -> None:
    vendor = quebec.make("Vendor", {"DisplayName": "Bois Francs"})
    code = {"value": quebec.tax_code("TPS/TVQ QC - 9,975")["Id"]}
    bill = quebec.make("Bill", quebec.bill(vendor, quebec.expense(100, TaxCodeRef=code)))
    assert (bill["TotalAmt"], bill["TxnTaxDetail"]["TotalTax"]) == (Decimal("114.98"), Decimal("14.98"))
    assert quebec.owed_to(vendor) == Decimal("114.98")
    federal = next(doc for doc in quebec.all("Account") if doc["Name"] == "TPS/TVH à payer")
    assert federal["CurrentBalance"] == 5
    credit = quebec.make("VendorCredit", quebec.bill(vendor, quebec.expense(100, TaxCodeRef=code)))
    assert credit["TotalAmt"] == Decimal("114.98")
    assert quebec.owed_to(vendor) == 0
    inclusive = quebec.bill(
        vendor, quebec.expense(100, TaxCodeRef=code, TaxInclusiveAmt="114.98"), GlobalTaxCalculation="TaxInclusive"
    )
    assert quebec.make("Bill", inclusive)["TotalAmt"] == Decimal("114.98")
    untaxed = quebec.bill(vendor, quebec.expense(100, TaxCodeRef=code), GlobalTaxCalculation="NotApplicable")
    assert quebec.make("Bill", untaxed)["TotalAmt"] == 100
    bare = quebec.expense(100)
    del bare["AccountBasedExpenseLineDetail"]["TaxCodeRef"]
    quebec.refuse("bill", quebec.bill(vendor, bare), "6000")


@pytest.mark.parametrize("entity", ["Bill", "VendorCredit"])
@pytest.mark.parametrize(
    ("change", "code", "element"),
    [
        ({"VendorRef": None}, "2020", "VendorRef"),
        ({"Line": []}, "2020", "Line"),
        ({"Line": [{"Amount": 1}]}, "2020", "Line.DetailType"),
        ({"Line": [{"DetailType": "SalesItemLineDetail", "Amount": 1}]}, "2170", "DetailType"),
        ({"Line": [{"DetailType": "AccountBasedExpenseLineDetail", "Amount": 1}]}, "2020", "AccountRef"),
        ({"Line": [{"DetailType": "ItemBasedExpenseLineDetail", "Amount": 1}]}, "2020", "ItemRef"),
        ({"VendorRef": {"value": "424242"}}, "2500", "VendorRef"),
        ({"APAccountRef": {"value": "424242"}}, "2500", "APAccountRef"),
        ({"DocNumber": "x" * 22}, "2050", "DocNumber"),
        ({"PrivateNote": "x" * 4001}, "2050", "PrivateNote"),
        ({"TxnDate": "2026-02-30"}, "2060", "TxnDate"),
        ({"CurrencyRef": {"value": "EUR"}}, "6000", "CurrencyRef"),
        ({"CustomerRef": {"value": "1"}}, "2010", "CustomerRef"),
    ],
)
def test_a_bad_bill_or_vendor_credit_changes_nothing(
    books: Books, vendor: Any, entity: str, change: Any, code: str, element: str
) -> None:
    body = {**books.bill(vendor, books.expense(5)), **change}
    error = books.refuse(entity.lower(), body, code)
    assert error["element"] in (element, ""), error


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ({"subtype": "AccountsPayable"}, "6430"),
        ({"subtype": "AccountsReceivable"}, "6430"),
        ({"BillableStatus": "Billable"}, "6310"),
        ({"BillableStatus": "Perhaps"}, "2170"),
        ({"DepartmentRef": {"value": "1"}}, "2010"),
        ({"amount": -5}, "6000"),
    ],
)
def test_a_bill_with_a_bad_line_changes_nothing(books: Books, vendor: Any, line: Any, code: str) -> None:
    rest = {name: value for name, value in line.items() if name not in ("amount", "subtype")}
    bad = books.expense(line.get("amount", 5), line.get("subtype", "Travel"), **rest)
    books.refuse("bill", books.bill(vendor, bad), code)


def test_a_payables_account_of_another_type_is_6430(books: Books, vendor: Any) -> None:
    bank = {"value": books.account("Checking")["Id"]}
    books.refuse("bill", books.bill(vendor, books.expense(5), APAccountRef=bank), "6430")


def test_purchases_have_no_sales_tax_in_the_united_states(us: Books) -> None:
    vendor = us.make("Vendor", {"DisplayName": "Hicks"})
    us.refuse("bill", us.bill(vendor, us.expense(5, TaxCodeRef={"value": "9"})), "6100")
    made = us.make("Bill", us.bill(vendor, us.expense(5, TaxCodeRef={"value": "TAX"})))
    assert made["Line"][0]["AccountBasedExpenseLineDetail"]["TaxCodeRef"] == {"value": "NON"}


@pytest.mark.parametrize(
    ("term", "day", "due"),
    [
        ({"DueDays": 15}, "2026-03-01", "2026-03-16"),
        ({"DueDays": 0}, "2026-03-01", "2026-03-01"),
        ({"DayOfMonthDue": 20}, "2026-03-01", "2026-03-20"),
        ({"DayOfMonthDue": 20}, "2026-03-20", "2026-03-20"),
        ({"DayOfMonthDue": 20}, "2026-12-21", "2027-01-20"),
        ({"DayOfMonthDue": 31}, "2026-02-05", "2026-02-28"),
        ({"DayOfMonthDue": 20, "DueNextMonthDays": 5}, "2026-03-15", "2026-03-20"),
        ({"DayOfMonthDue": 20, "DueNextMonthDays": 5}, "2026-03-16", "2026-04-20"),
    ],
)
def test_the_due_date_follows_from_the_term(us: Books, term: Any, day: str, due: str) -> None:
    vendor = us.make("Vendor", {"DisplayName": "Hicks"})
    key = us.make("Term", {"Name": "Ours", **term})["Id"]
    body = us.bill(vendor, us.expense(5), TxnDate=day, SalesTermRef={"value": key})
    assert us.make("Bill", body)["DueDate"] == due
    assert us.make("Bill", {**body, "DueDate": "2026-12-31"})["DueDate"] == "2026-12-31"
    us.make("Vendor", {"Id": vendor["Id"], "SyncToken": "0", "sparse": True, "TermRef": {"value": key}})
    del body["SalesTermRef"]
    made = us.make("Bill", body)
    assert made["DueDate"] == due
    assert "SalesTermRef" not in made


def test_full_updates_clear_the_term_and_keep_the_default_account(us: Books) -> None:
    vendor = us.make("Vendor", {"DisplayName": "Hicks"})
    term = {"value": us.make("Term", {"Name": "Net 7", "DueDays": 7})["Id"]}
    made = us.make("Bill", us.bill(vendor, us.expense(5), SalesTermRef=term, PrivateNote="a"))
    token = {"Id": made["Id"], "SyncToken": "0"}
    us.refuse("bill", {**token, "VendorRef": made["VendorRef"]}, "2020")
    us.refuse("bill", {**token, "sparse": True, "PrivateNote": "b"}, "2020")
    moved = us.make("Bill", {**token, "sparse": True, "VendorRef": made["VendorRef"], "TxnDate": "2026-03-05"})
    assert (moved["DueDate"], moved["PrivateNote"], moved["Line"]) == ("2026-03-12", "a", made["Line"])
    full = us.make("Bill", {**us.bill(vendor, us.expense(6)), "Id": made["Id"], "SyncToken": "1"})
    assert not {"SalesTermRef", "PrivateNote"} & full.keys()
    assert (full["APAccountRef"], full["DueDate"], full["Balance"]) == (made["APAccountRef"], "2026-03-01", 6)
    us.refuse("bill", {**us.bill(vendor, us.expense(6)), "Id": made["Id"], "SyncToken": "1"}, "5010")
    assert us.owed_to(vendor) == 6


def test_a_number_is_used_once_per_vendor_unless_allowed(books: Books, vendor: Any) -> None:
    first = books.make("Bill", books.bill(vendor, books.expense(5), DocNumber="F-1"))
    error = books.refuse("bill", books.bill(vendor, books.expense(5), DocNumber="f-1"), "6140")
    assert f"DocNumber=f-1 is assigned to TxnType=Bill with TxnId={first['Id']}" in error["Detail"]
    other = books.make("Vendor", {"DisplayName": "Other"})
    books.make("Bill", books.bill(other, books.expense(5), DocNumber="F-1"))
    books.make("VendorCredit", books.bill(vendor, books.expense(5), DocNumber="F-1"))
    books.refuse("vendorcredit", books.bill(vendor, books.expense(5), DocNumber="F-1"), "6140")
    body = books.bill(vendor, books.expense(5), DocNumber="F-1")
    assert books.make("Bill", body, include="allowduplicatedocnum")["DocNumber"] == "F-1"


def test_a_deleted_bill_is_owed_no_more(books: Books, vendor: Any) -> None:
    for entity in ("Bill", "VendorCredit"):
        made = books.make(entity, books.bill(vendor, books.expense(5)))
        token = {"Id": made["Id"], "SyncToken": "0"}
        books.refuse(entity.lower(), {**token, "SyncToken": "3"}, "5010", operation="delete")
        books.refuse(entity.lower(), token, "500", operation="void")
        assert books.make(entity, token, operation="delete")["status"] == "Deleted"
        assert books.owed_to(vendor) == 0
        assert books.get(f"{entity.lower()}/{made['Id']}")["Fault"]["Error"][0]["code"] == "610"


def test_a_vendor_who_is_owed_money_cannot_be_deactivated(books: Books, vendor: Any) -> None:
    bill = books.make("Bill", books.bill(vendor, books.expense(5)))
    away = {"Id": vendor["Id"], "SyncToken": "0", "sparse": True, "Active": False}
    books.refuse("vendor", away, "6220")
    books.make("Bill", {"Id": bill["Id"], "SyncToken": "0"}, operation="delete")
    assert books.make("Vendor", away)["DisplayName"] == "Norton Lumber (deleted)"
    books.refuse("bill", books.bill(vendor, books.expense(5)), "610")


def test_closed_books_refuse_bills_before_the_date(books: Books, vendor: Any) -> None:
    books.deed("close-books", date="2026-03-01")
    books.refuse("bill", books.bill(vendor, books.expense(5)), "6200")
    assert books.make("Bill", books.bill(vendor, books.expense(5), TxnDate="2026-03-02"))["Balance"] == 5


def test_several_payables_accounts_are_kept_apart(books: Books, vendor: Any) -> None:
    second = books.make("Account", {"Name": "A/P imports", "AccountType": "Accounts Payable"})
    ref = {"value": second["Id"]}
    books.make("Bill", books.bill(vendor, books.expense(5)))
    books.make("Bill", books.bill(vendor, books.expense(7), APAccountRef=ref))
    assert books.get(f"account/{second['Id']}")["Account"]["CurrentBalance"] == -7
    assert books.owed_to(vendor) == 12
