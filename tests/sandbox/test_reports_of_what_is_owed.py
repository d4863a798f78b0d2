"""Reports of invoices and payments: who owes what since when, and what counts when only cash counts."""

from __future__ import annotations

from typing import Any

Books = Any  # the fixture's class lives in conftest.py, which importlib mode does not let a test import
Doc = dict[str, Any]


def texts(cells: list[Doc]) -> list[str]:
    return [cell["value"] for cell in cells]


def data(of: Doc) -> list[list[str]]:
    """Return the cells of every data row, at any depth."""
    found = []
    for row in of.get("Row", []):
        found += [texts(row["ColData"])] if "ColData" in row else []
        found += data(row.get("Rows", {}))
    return found


def trial(books: Books, **parameters: str) -> dict[str, str]:
    rows = data(books.get("reports/TrialBalance", **parameters)["Rows"])
    return {name: debit or f"-{credit}" for name, debit, credit in rows}


def customer(books: Books, name: str) -> str:
    found: str = books.make("Customer", {"DisplayName": name})["Id"]
    return found


def invoice(books: Books, who: str, amount: object, day: str, **more: Any) -> Doc:
    made: Doc = books.make("Invoice", books.sale(amount, CustomerRef={"value": who}, TxnDate=day, **more))
    return made


def pay(books: Books, who: str, amount: object, day: str, *applied: tuple[Doc, str, object]) -> Doc:
    lines = [{"Amount": part, "LinkedTxn": [{"TxnId": doc["Id"], "TxnType": kind}]} for doc, kind, part in applied]
    body = {"CustomerRef": {"value": who}, "TotalAmt": amount, "TxnDate": day, "Line": lines}
    made: Doc = books.make("Payment", body)
    return made


def test_open_items_are_those_of_the_day_asked(us: Books) -> None:
    ada = customer(us, "Ada")
    first = invoice(us, ada, 100, "2026-01-10", DueDate="2026-01-20")
    invoice(us, ada, 30, "2026-02-20", DueDate="2026-03-20")
    pay(us, ada, 70, "2026-02-01", (first, "Invoice", 60))

    def owed(day: str) -> list[list[str]]:
        return data(us.get("reports/AgedReceivables", report_date=day)["Rows"])

    assert owed("2026-01-09") == []
    assert owed("2026-01-20") == [["Ada", "100.00", "", "", "", "", "100.00"]]
    assert owed("2026-01-31") == [["Ada", "", "100.00", "", "", "", "100.00"]]
    assert owed("2026-02-01") == [["Ada", "-10.00", "40.00", "", "", "", "30.00"]]
    assert owed("2026-03-02") == [["Ada", "30.00", "-10.00", "40.00", "", "", "60.00"]]
    detail = data(us.get("reports/AgedReceivableDetail", report_date="2026-03-02")["Rows"])
    assert [(cells[1], cells[5], cells[6]) for cells in detail] == [
        ("Invoice", "100.00", "40.00"), ("Payment", "-70.00", "-10.00"), ("Invoice", "30.00", "30.00"),
    ]  # fmt: skip
    late = data(us.get("reports/AgedReceivableDetail", report_date="2026-03-02", past_due="31")["Rows"])
    assert [cells[6] for cells in late] == ["40.00"]


def test_on_the_cash_basis_a_part_payment_brings_that_part_of_income_and_tax(us: Books) -> None:
    ada = customer(us, "Ada")
    body = {"Line": [*us.sale(100)["Line"], *us.sale("0.01")["Line"]]}
    for line in body["Line"]:
        line["SalesItemLineDetail"]["TaxCodeRef"] = {"value": "TAX"}
    owed = invoice(us, ada, 100, "2026-01-10", **body, TxnTaxDetail={"TotalTax": "10.00"})
    assert str(owed["TotalAmt"]) == "110.01"
    pay(us, ada, 50, "2026-02-10", (owed, "Invoice", "36.67"))
    assert trial(us, end_date="2026-01-31", accounting_method="Cash") == {}
    assert trial(us, end_date="2026-03-01", accounting_method="Cash") == {
        "Undeposited Funds": "50.00", "Sales tax payable": "-3.33", "Services": "-33.34",
        "Unapplied Cash Payment Income": "-13.33",
    }  # fmt: skip
    pay(us, ada, "73.34", "2026-03-02", (owed, "Invoice", "73.34"))
    assert trial(us, accounting_method="Cash") == {
        "Undeposited Funds": "123.34", "Sales tax payable": "-10.00", "Services": "-100.01",
        "Unapplied Cash Payment Income": "-13.33",
    }  # fmt: skip
    assert trial(us)["Accounts Receivable (A/R)"] == "-13.33"
    profit = us.get("reports/ProfitAndLoss", accounting_method="Cash")
    assert profit["Header"]["ReportBasis"] == "Cash"
    assert texts(profit["Rows"]["Row"][-1]["Summary"]["ColData"]) == ["Net Income", "113.34"]


def test_money_before_the_invoice_waits_and_a_credit_takes_income_back(us: Books) -> None:
    ada = customer(us, "Ada")
    owed = invoice(us, ada, 80, "2026-02-10")
    credit = us.make("CreditMemo", us.sale(30, CustomerRef={"value": ada}, TxnDate="2026-02-12"))
    pay(us, ada, 50, "2026-01-05", (owed, "Invoice", 80), (credit, "CreditMemo", 30))
    waiting = "Unapplied Cash Payment Income"
    money = {"Undeposited Funds": "50.00"}
    assert trial(us, end_date="2026-01-31", accounting_method="Cash") == {**money, waiting: "-50.00"}
    assert trial(us, end_date="2026-02-11", accounting_method="Cash") == {
        **money,
        waiting: "30.00",
        "Services": "-80.00",
    }
    assert trial(us, end_date="2026-02-12", accounting_method="Cash") == {**money, "Services": "-50.00"}


def test_what_was_received_with_an_invoice_counts_on_its_day(us: Books) -> None:
    ada = customer(us, "Ada")
    owed = invoice(us, ada, 90, "2026-02-10", Deposit=30)
    assert trial(us, accounting_method="Cash") == {"Undeposited Funds": "30.00", "Services": "-30.00"}
    pay(us, ada, 60, "2026-02-11", (owed, "Invoice", 60))
    assert trial(us, accounting_method="Cash") == {"Undeposited Funds": "90.00", "Services": "-90.00"}
    whole = invoice(us, ada, 10, "2026-02-12", Deposit=10)
    assert whole["Balance"] == 0
    assert trial(us, accounting_method="Cash") == {"Undeposited Funds": "100.00", "Services": "-100.00"}


def test_the_preference_decides_where_no_basis_is_asked(us: Books) -> None:
    invoice(us, customer(us, "Ada"), 90, "2026-02-10")
    preferences = us.get("preferences")["Preferences"]
    section = {**preferences["ReportPrefs"], "ReportBasis": "Cash"}
    us.make("Preferences", {"Id": "1", "SyncToken": preferences["SyncToken"], "sparse": True, "ReportPrefs": section})
    assert trial(us) == {}
    assert len(trial(us, accounting_method="accrual")) == 2
    assert data(us.get("reports/JournalReport")["Rows"])[0][5] == "Accounts Receivable (A/R)"
    assert data(us.get("reports/AgedReceivables")["Rows"]) == [["Ada", "", "90.00", "", "", "", "90.00"]]
