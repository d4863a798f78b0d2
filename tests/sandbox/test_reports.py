from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from raccord_sandbox.reports.catalog import REPORTS

Books = Any  # the fixture's class lives in conftest.py, which importlib mode does not let a test import
Doc = dict[str, Any]


def texts(cells: list[Doc]) -> list[str]:
    return [cell["value"] for cell in cells]


def rows(report: Doc) -> list[Doc]:
    found: list[Doc] = report["Rows"].get("Row", [])
    return found


def data(of: Doc) -> Iterator[list[str]]:
    """Yield the cells of every data row, at any depth."""
    for row in of.get("Row", []):
        if "ColData" in row:
            yield texts(row["ColData"])
        yield from data(row.get("Rows", {}))


def totals(report: Doc, cell: int = 1) -> dict[str, str]:
    """Return the totals by group, at any depth."""
    found = {}
    waiting = list(rows(report))
    while waiting:
        row = waiting.pop()
        waiting += row.get("Rows", {}).get("Row", [])
        if "group" in row:
            found[row["group"]] = texts(row.get("Summary", row)["ColData"])[cell]
    return found


def ref(books: Books, subtype: str) -> Doc:
    return {"value": books.account(subtype)["Id"]}


def entry(books: Books, day: str, amount: object, debit: Doc, credit: Doc, **more: Any) -> Doc:
    """Make a journal entry of two lines."""
    lines = [
        {
            "Amount": amount,
            "DetailType": "JournalEntryLineDetail",
            "JournalEntryLineDetail": {"PostingType": posting, **one},
        }
        for posting, one in (("Debit", debit), ("Credit", credit))
    ]
    made: Doc = books.make("JournalEntry", {"TxnDate": day, "Line": lines, **more})
    return made


def on(ref_: Doc, **more: Any) -> Doc:
    return {"AccountRef": ref_, **more}


def spent(books: Books, day: str, amount: object, **more: Any) -> Doc:
    detail = {"AccountRef": ref(books, "Travel"), **more.pop("detail", {})}
    line = {"Amount": amount, "DetailType": "AccountBasedExpenseLineDetail", "AccountBasedExpenseLineDetail": detail}
    body = {"PaymentType": "CreditCard", "AccountRef": ref(books, "CreditCard"), "TxnDate": day, "Line": [line], **more}
    made: Doc = books.make("Purchase", body)
    return made


@pytest.mark.parametrize("name", sorted(REPORTS))
def test_every_report_has_the_documented_envelope_and_says_that_it_is_empty(
    us: Books, quebec: Books, name: str
) -> None:
    books = quebec if name == "TaxSummary" else us
    more = {"agency_id": next(iter(books.company.table("TaxAgency")))["Id"]} if name == "TaxSummary" else {}
    found = books.get(f"reports/{name.lower()}", **more)
    assert set(found) == {"Header", "Columns", "Rows"}
    header = found["Header"]
    assert header["ReportName"] == name
    assert header["Currency"] == books.company.home_currency
    (empty,) = [option["Value"] for option in header["Option"] if option["Name"] == "NoReportData"]
    if name == "AccountList":
        assert empty == "false"
        return
    assert empty == "true"
    assert len(found["Columns"]["Column"]) == 1


def columns(report: Doc) -> list[tuple[str, str]]:
    return [(column["ColTitle"], column["ColType"]) for column in report["Columns"]["Column"]]


LEDGER = [
    ("Date", "tx_date"), ("Transaction Type", "txn_type"), ("Num", "doc_num"), ("Name", "name"),
    ("Memo/Description", "memo"), ("Split", "split_acc"), ("Amount", "subt_nat_amount"), ("Balance", "rbal_nat_amount"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("TrialBalance", [("", "Account"), ("Debit", "Money"), ("Credit", "Money")]),
        ("ProfitAndLoss", [("", "Account"), ("Total", "Money")]),
        ("BalanceSheet", [("", "Account"), ("Total", "Money")]),
        ("GeneralLedger", LEDGER),
        (
            "TransactionList",
            [
                ("Date", "tx_date"), ("Transaction Type", "txn_type"), ("Num", "doc_num"), ("Posting", "is_no_post"),
                ("Name", "name"), ("Location", "dept_name"), ("Memo/Description", "memo"), ("Account", "account_name"),
                ("Split", "other_account"), ("Amount", "subt_nat_home_amount"),
            ],
        ),
        (
            "JournalReport",
            [
                ("Date", "tx_date"), ("Transaction Type", "txn_type"), ("Num", "doc_num"), ("Name", "name"),
                ("Memo/Description", "memo"), ("Account", "account_name"), ("Debit", "debt_amt"),
                ("Credit", "credit_amt"),
            ],
        ),
        ("CustomerIncome", [("", "Customer"), ("Income", "Money"), ("Expenses", "Money"), ("Net Income", "Money")]),
        ("CustomerSales", [("", "Customer"), ("Total", "Money")]),
        ("ItemSales", [("", "ProductsAndService"), ("Total", "Money")]),
        ("VendorExpenses", [("", "Vendor"), ("Total", "Money")]),
        (
            "AccountList",
            [
                ("Account", "account_name"), ("Type", "account_type"), ("Detail type", "detail_acc_type"),
                ("Description", "account_desc"), ("Balance", "account_bal"),
            ],
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_report_declares_its_columns(us: Books, name: str, expected: list[tuple[str, str]]) -> None:
    customer = us.make("Customer", {"DisplayName": "Ada"})["Id"]
    us.make("SalesReceipt", us.sale(10, CustomerRef={"value": customer}))
    spent(us, "2026-03-01", 3, EntityRef={"value": us.make("Vendor", {"DisplayName": "Rail"})["Id"], "type": "Vendor"})
    found = us.get(f"reports/{name}")
    assert columns(found) == expected
    assert all(len(cells) >= len(expected) for cells in data(found["Rows"]))
    for column in found["Columns"]["Column"]:
        if "_" in column["ColType"]:
            assert column["MetaData"] == [{"Name": "ColKey", "Value": column["ColType"]}]


def test_profit_and_loss_nests_sub_accounts_and_names_its_groups(us: Books) -> None:
    parent = us.make("Account", {"Name": "Vehicles", "AccountType": "Expense"})
    below = {"ParentRef": {"value": parent["Id"]}, "SubAccount": True}
    child = us.make("Account", {"Name": "Fuel", "AccountType": "Expense", **below})
    checking = on(ref(us, "Checking"))
    entry(us, "2026-03-01", 5, on({"value": parent["Id"]}), checking)
    entry(us, "2026-03-01", 7, on({"value": child["Id"]}), checking)
    us.make("SalesReceipt", us.sale(100))
    found = us.get("reports/ProfitAndLoss")
    assert totals(found) == {
        "Income": "100.00", "GrossProfit": "100.00", "Expenses": "12.00", "NetOperatingIncome": "88.00",
        "NetIncome": "88.00",
    }  # fmt: skip
    (vehicles,) = next(row for row in rows(found) if row.get("group") == "Expenses")["Rows"]["Row"]
    assert texts(vehicles["Header"]["ColData"]) == ["Vehicles", "5.00"]
    assert [texts(row["ColData"]) for row in vehicles["Rows"]["Row"]] == [["Fuel", "7.00"]]
    assert texts(vehicles["Summary"]["ColData"]) == ["Total Vehicles", "12.00"]
    assert found["Header"]["Option"][0] == {"Name": "AccountingStandard", "Value": "GAAP"}
    assert found["Header"]["DateMacro"] == "this fiscal year-to-date"


def test_other_income_and_cost_of_goods_have_their_sections_when_there_is_any(us: Books) -> None:
    gain = us.make("Account", {"Name": "Interest", "AccountType": "Other Income"})["Id"]
    loss = us.make("Account", {"Name": "Penalty", "AccountType": "Other Expense"})["Id"]
    checking = on(ref(us, "Checking"))
    entry(us, "2026-03-01", 9, checking, on({"value": gain}))
    entry(us, "2026-03-01", 2, on({"value": loss}), checking)
    entry(us, "2026-03-01", 4, on(ref(us, "SuppliesMaterialsCogs")), checking)
    found = us.get("reports/ProfitAndLoss")
    assert list(reversed(totals(found).items())) == [
        ("Income", ""), ("COGS", "4.00"), ("GrossProfit", "-4.00"), ("Expenses", ""), ("NetOperatingIncome", "-4.00"),
        ("OtherIncome", "9.00"), ("OtherExpenses", "2.00"), ("NetOtherIncome", "7.00"), ("NetIncome", "3.00"),
    ]  # fmt: skip


def test_columns_can_be_months_and_classes_and_add_up_to_the_total(us: Books) -> None:
    north = us.make("Class", {"Name": "North"})["Id"]
    for day, amount, class_ in (("2026-01-10", 5, north), ("2026-02-10", 7, north), ("2026-02-11", 11, "")):
        body = us.sale(amount, TxnDate=day)
        if class_:
            body["Line"][0]["SalesItemLineDetail"]["ClassRef"] = {"value": class_}
        us.make("SalesReceipt", body)
    span = {"start_date": "2026-01-01", "end_date": "2026-02-28"}
    by_month = us.get("reports/ProfitAndLoss", summarize_column_by="Month", **span)
    assert [column["ColTitle"] for column in by_month["Columns"]["Column"]] == ["", "Jan 2026", "Feb 2026", "Total"]
    assert by_month["Columns"]["Column"][1]["MetaData"] == [
        {"Name": "StartDate", "Value": "2026-01-01"},
        {"Name": "EndDate", "Value": "2026-01-31"},
        {"Name": "ColKey", "Value": "Jan 2026"},
    ]
    assert next(data(by_month["Rows"])) == ["Services", "5.00", "18.00", "23.00"]
    by_class = us.get("reports/ProfitAndLoss", summarize_column_by="Classes", **span)
    assert [column["ColTitle"] for column in by_class["Columns"]["Column"]] == ["", "North", "Not Specified", "TOTAL"]
    assert next(data(by_class["Rows"])) == ["Services", "12.00", "11.00", "23.00"]
    at_ends = us.get("reports/BalanceSheet", summarize_column_by="month", **span)
    assert [column["ColTitle"] for column in at_ends["Columns"]["Column"]] == ["", "Jan 2026", "Feb 2026"]
    assert totals(at_ends, 1)["TotalAssets"] == "5.00"
    assert totals(at_ends, 2)["TotalAssets"] == totals(at_ends, 2)["TotalLiabilitiesAndEquity"] == "23.00"
    only = us.get("reports/ProfitAndLoss", **{"class": north}, **span)
    assert totals(only)["NetIncome"] == "12.00"
    assert only["Header"]["Class"] == north
    assert us.get("reports/ClassSales", **span)["Rows"]["Row"][0]["ColData"] == [
        {"value": "North", "id": north},
        {"value": "12.00"},
    ]


def test_the_balance_sheet_nests_its_groups_and_splits_profit_by_fiscal_year(us: Books) -> None:
    us.make("SalesReceipt", us.sale(100, TxnDate="2025-12-31"))
    us.make("SalesReceipt", us.sale(20, TxnDate="2026-02-01"))
    spent(us, "2026-02-02", 8)
    found = us.get("reports/BalanceSheet", start_date="2026-02-15", end_date="2026-02-28")
    assert totals(found) == {
        "TotalAssets": "120.00", "CurrentAssets": "120.00", "OtherCurrentAssets": "120.00",
        "TotalLiabilitiesAndEquity": "120.00", "Liabilities": "8.00", "CurrentLiabilities": "8.00",
        "CreditCards": "8.00", "Equity": "112.00", "NetIncome": "12.00",
    }  # fmt: skip
    assert ["Retained Earnings", "100.00"] in list(data(found["Rows"]))


def test_the_general_ledger_signs_amounts_by_the_movement_of_the_balance(us: Books) -> None:
    us.make("SalesReceipt", us.sale(100))
    spent(us, "2026-03-01", 30)
    found = {}
    for section in rows(us.get("reports/GeneralLedger")):
        name = section["Header"]["ColData"][0]["value"]
        found[name] = [(cells[6], cells[7]) for cells in data(section["Rows"])]
        assert texts(section["Summary"]["ColData"])[0] == f"Total for {name}"
    assert found == {
        "Undeposited Funds": [("100.00", "100.00")],
        "Mastercard": [("30.00", "30.00")],
        "Services": [("100.00", "100.00")],
        "Travel": [("30.00", "30.00")],
    }


def test_detail_columns_come_in_their_own_order_and_unknown_ones_are_passed_over(us: Books) -> None:
    item = us.item()
    us.make("SalesReceipt", us.sale(100, "N1"))
    found = us.get("reports/GeneralLedger", columns="credit_amt,nonsense,item_name,debt_amt,account_name,tx_date")
    assert [column["ColType"] for column in found["Columns"]["Column"]] == [
        "tx_date", "item_name", "account_name", "debt_amt", "credit_amt",
    ]  # fmt: skip
    assert list(data(found["Rows"])) == [
        ["2026-03-01", "", "Undeposited Funds", "100.00", ""],
        ["2026-03-01", item["Name"], "Services", "", "100.00"],
    ]


@pytest.mark.parametrize(
    ("parameters", "numbers"),
    [
        ({}, ["N1", "N2", ""]),
        ({"docnum": "N2"}, ["N2"]),
        ({"transaction_type": "SalesReceipt"}, ["N1", "N2"]),
        ({"transaction_type": "CreditCardCharge,Invoice"}, [""]),
        ({"bothamount": "20"}, ["N2"]),
        ({"memo": "SECOND"}, ["N2"]),
        ({"source_account_type": "CreditCard"}, [""]),
        ({"account_type": "Other Current Asset"}, ["N1", "N2"]),
        ({"start_moddate": "2026-03-03"}, []),
        ({"createdate_macro": "This Month"}, ["N1", "N2", ""]),
        ({"customer": "<ada>"}, ["N1"]),
        ({"vendor": "<rail>"}, [""]),
        ({"name": "<ada>,<rail>"}, ["N1", ""]),
        ({"department": "<west>"}, ["N2"]),
        ({"payment_method": "visa"}, ["N1"]),
        ({"sort_by": "subt_nat_home_amount"}, ["", "N2", "N1"]),
        ({"sort_by": "subt_nat_home_amount", "sort_order": "descend"}, ["N1", "N2", ""]),
        ({"end_date": "2026-02-27"}, []),
    ],
)
def test_the_transaction_list_is_filtered_and_sorted(us: Books, parameters: dict[str, str], numbers: list[str]) -> None:
    made = {
        "ada": us.make("Customer", {"DisplayName": "Ada"})["Id"],
        "rail": us.make("Vendor", {"DisplayName": "Rail"})["Id"],
        "west": us.make("Department", {"Name": "West"})["Id"],
    }
    visa = {"value": us.all("PaymentMethod", "where Name = 'Visa'")[0]["Id"]}
    ada = {"CustomerRef": {"value": made["ada"]}, "PaymentMethodRef": visa}
    us.make("SalesReceipt", us.sale(100, "N1", TxnDate="2026-02-28", **ada))
    us.make("SalesReceipt", us.sale(20, "N2", PrivateNote="the second", DepartmentRef={"value": made["west"]}))
    spent(us, "2026-03-02", 5, EntityRef={"value": made["rail"], "type": "Vendor"})
    for name, key in made.items():
        parameters = {one: value.replace(f"<{name}>", key) for one, value in parameters.items()}
    found = us.get("reports/TransactionList", **{"start_date": "2026-01-01", "end_date": "2026-03-31", **parameters})
    assert [cells[2] for cells in data(found["Rows"])] == numbers


def test_the_transaction_list_shows_each_transaction_once_with_its_id_and_split(us: Books) -> None:
    made = us.make("SalesReceipt", {**us.sale(10, "N1"), "Line": [*us.sale(10)["Line"], *us.sale(5)["Line"]]})
    (row,) = rows(us.get("reports/TransactionList"))
    assert row["ColData"][1] == {"value": "Sales Receipt", "id": made["Id"]}
    assert texts(row["ColData"])[-4:] == ["", "Undeposited Funds", "Services", "15.00"]
    us.deed("void", entity="SalesReceipt", id=made["Id"])
    (row,) = rows(us.get("reports/TransactionList"))
    assert texts(row["ColData"])[3:] == ["Yes", "", "", "Voided", "", "", "0.00"]


def test_the_transaction_list_groups_by_customer_type_and_month(us: Books) -> None:
    ada = {"value": us.make("Customer", {"DisplayName": "Ada"})["Id"]}
    us.make("SalesReceipt", us.sale(10, CustomerRef=ada, TxnDate="2026-01-31"))
    us.make("SalesReceipt", us.sale(20, CustomerRef=ada, TxnDate="2026-02-01"))
    spent(us, "2026-02-02", 5)

    def groups(name: str, **parameters: str) -> list[tuple[str, str]]:
        found = us.get(f"reports/{name}", **parameters)
        return [(row["Header"]["ColData"][0]["value"], texts(row["Summary"]["ColData"])[-1]) for row in rows(found)]

    assert groups("TransactionList", group_by="Customer") == groups("TransactionListByCustomer") == [("Ada", "30.00")]
    assert groups("TransactionListByVendor") == []
    assert groups("TransactionList", group_by="Transaction Type") == [
        ("Credit Card Expense", "5.00"), ("Sales Receipt", "30.00"),
    ]  # fmt: skip
    assert groups("TransactionList", group_by="month") == [("Jan 2026", "10.00"), ("Feb 2026", "25.00")]


def test_the_journal_lists_entries_by_transaction_with_equal_sides(us: Books) -> None:
    us.make("SalesReceipt", us.sale("12.50", "N1"))
    found = rows(us.get("reports/JournalReport"))
    assert [texts(row["ColData"]) if "ColData" in row else texts(row["Summary"]["ColData"]) for row in found] == [
        ["2026-03-01", "Sales Receipt", "N1", "", "", "Undeposited Funds", "12.50", ""],
        ["0-00-00", "", "", "", "", "Services", "", "12.50"],
        ["", "", "", "", "", "", "12.50", "12.50"],
        [""] * 8,
        ["TOTAL", "", "", "", "", "", "12.50", "12.50"],
    ]


def test_the_cash_flow_starts_from_net_income_and_ends_at_the_cash_there_is(us: Books) -> None:
    us.make("SalesReceipt", us.sale(100, TxnDate="2025-12-31"))
    us.make("SalesReceipt", us.sale(40))
    spent(us, "2026-03-01", 30)
    entry(us, "2026-03-01", 7, on(ref(us, "Checking")), on(ref(us, "OpeningBalanceEquity")))
    found = totals(us.get("reports/CashFlow"))
    assert found == {
        "NetIncome": "10.00", "OperatingAdjustments": "30.00", "OperatingActivities": "40.00",
        "FinancingActivities": "7.00", "CashIncrease": "47.00", "BeginningCash": "100.00", "EndingCash": "147.00",
    }  # fmt: skip


def test_profit_and_loss_detail_shows_the_lines_behind_each_account(us: Books) -> None:
    us.make("SalesReceipt", us.sale(100, "N1"))
    spent(us, "2026-03-01", 30)
    found = us.get("reports/ProfitAndLossDetail", columns="tx_date,doc_num,subt_nat_amount")
    assert list(data(found["Rows"])) == [["2026-03-01", "N1", "100.00"], ["2026-03-01", "", "30.00"]]
    assert texts(rows(found)[-1]["Summary"]["ColData"]) == ["Net Income", "", "70.00"]


def test_sales_and_expenses_by_name_and_product(us: Books) -> None:
    ada = {"value": us.make("Customer", {"DisplayName": "Ada"})["Id"]}
    rail = {"value": us.make("Vendor", {"DisplayName": "Rail"})["Id"], "type": "Vendor"}
    body = us.sale(90, CustomerRef=ada)
    body["Line"][0]["SalesItemLineDetail"] |= {"Qty": 3, "UnitPrice": 30}
    us.make("SalesReceipt", body)
    us.make("RefundReceipt", {**us.sale(10, CustomerRef=ada), "DepositToAccountRef": ref(us, "UndepositedFunds")})
    spent(us, "2026-03-01", 30, EntityRef=rail, detail={"CustomerRef": ada})
    assert list(data(us.get("reports/CustomerSales")["Rows"])) == [["Ada", "80.00"]]
    assert list(data(us.get("reports/CustomerIncome")["Rows"])) == [["Ada", "80.00", "-30.00", "50.00"]]
    assert list(data(us.get("reports/VendorExpenses")["Rows"])) == [["Rail", "30.00"]]
    sold = us.get("reports/ItemSales")
    assert [column["ColTitle"] for column in sold["Columns"]["Column"][1]["Columns"]["Column"]] == [
        "Quantity", "Amount", "% of Sales", "Avg Price", "COGS", "Gross Margin", "Gross Margin %",
    ]  # fmt: skip
    assert list(data(sold["Rows"])) == [
        ["Services", "3.00", "80.00", "100.00 %", "26.67", "", "", ""],
        ["TOTAL", "", "80.00", "100.00 %", "", "", "", ""],
    ]


def test_receivables_age_by_customer_and_add_up_to_the_control_account(us: Books) -> None:
    parent = us.make("Customer", {"DisplayName": "Stone"})["Id"]
    child = us.make("Customer", {"DisplayName": "Quay", "Job": True, "ParentRef": {"value": parent}})["Id"]
    for day, amount, who in (("2026-02-25", 10, parent), ("2026-01-20", 20, child), ("2025-10-01", 40, child)):
        person = {"Type": "Customer", "EntityRef": {"value": who}}
        entry(us, day, amount, on(ref(us, "AccountsReceivable"), Entity=person), on(ref(us, "Travel")))
    found = us.get("reports/AgedReceivables", report_date="2026-03-02", start_date="2026-03-02", end_date="2026-03-02")
    assert [column["ColTitle"] for column in found["Columns"]["Column"]] == [
        "", "Current", "1 - 30", "31 - 60", "61 - 90", "91 and over", "Total",
    ]  # fmt: skip
    stone, total = rows(found)
    assert texts(stone["Header"]["ColData"]) == ["Stone", "", "10.00", "", "", "", "10.00"]
    assert texts(stone["Rows"]["Row"][0]["ColData"]) == ["Quay", "", "", "20.00", "", "40.00", "60.00"]
    assert texts(stone["Summary"]["ColData"]) == ["Total Stone", "0.00", "10.00", "20.00", "0.00", "40.00", "70.00"]
    assert texts(total["Summary"]["ColData"])[-1] == "70.00"
    assert found["Header"]["Option"][0] == {"Name": "report_date", "Value": "2026-03-02"}
    assert "ReportBasis" not in found["Header"]
    earlier = us.get("reports/AgedReceivables", report_date="2026-01-31", num_periods="2", aging_period="60")
    titles = [column["ColTitle"] for column in earlier["Columns"]["Column"]]
    assert titles == ["", "Current", "1 - 60", "61 and over", "Total"]
    assert texts(rows(earlier)[-1]["Summary"]["ColData"]) == ["TOTAL", "0.00", "20.00", "40.00", "60.00"]
    detail = us.get("reports/AgedReceivableDetail", columns="cust_name,due_date,subt_open_bal")
    assert [(row["Header"]["ColData"][0]["value"] if "Header" in row else "") for row in rows(detail)] == [
        "91 or more days past due", "31 - 60 days past due", "1 - 30 days past due", "",
    ]  # fmt: skip
    assert next(data(detail["Rows"])) == ["Stone:Quay", "2025-10-01", "40.00"]
    assert texts(rows(us.get("reports/CustomerBalance"))[-1]["Summary"]["ColData"]) == ["TOTAL", "70.00"]
    balances = us.get("reports/CustomerBalanceDetail", customer=child)
    amounts = [cells[-3:] for cells in data(balances["Rows"])]
    assert amounts == [["40.00", "40.00", "40.00"], ["20.00", "20.00", "60.00"]]
    assert rows(us.get("reports/VendorBalance")) == []


def test_the_account_list_gives_type_and_balance(us: Books) -> None:
    us.make("SalesReceipt", us.sale(100))
    found = us.get("reports/AccountList", account_type="OtherCurrentAsset,Income")
    listed = {cells[0]: cells[1:] for cells in data(found["Rows"])}
    assert listed["Undeposited Funds"] == ["Other Current Asset", "UndepositedFunds", "", "100.00"]
    assert listed["Services"] == ["Income", "ServiceFeeIncome", "", ""]
    assert "Checking" not in listed


def test_the_tax_summary_is_that_of_one_agency(quebec: Books) -> None:
    both = "TPS/TVQ QC - 9,975"
    quebec.make("SalesReceipt", quebec.sale(100, code=both))
    detail = {"TaxCodeRef": {"value": quebec.tax_code(both)["Id"]}}
    spent(quebec, "2026-03-01", 10, detail=detail)
    federal, provincial = (agency["Id"] for agency in quebec.company.table("TaxAgency"))
    found = quebec.get("reports/TaxSummary", agency_id=federal)
    assert {row["group"]: texts(row["ColData"])[1] for row in rows(found)} == {
        "Line 101": "100.00", "Line 105": "5.00", "Line 108": "0.50", "Line 109": "4.50",
    }  # fmt: skip
    assert totals(quebec.get("reports/TaxSummary", agency_id=provincial))["Line 109"] == "8.98"
    assert quebec.get("reports/TaxSummary")["Fault"]["Error"][0]["code"] == "2020"


@pytest.mark.parametrize(
    ("name", "parameters", "code"),
    [
        ("ProfitAndLoss", {"start_date": "2026-03-02", "end_date": "2026-03-01"}, "2190"),
        ("ProfitAndLoss", {"start_date": "soon"}, "2060"),
        ("ProfitAndLoss", {"accounting_method": "Modified"}, "2170"),
        ("ProfitAndLoss", {"summarize_column_by": "Moods"}, "2170"),
        ("ProfitAndLoss", {"date_macro": "Once"}, "2170"),
        ("TrialBalance", {"summarize_column_by": "Month"}, "5030"),
        ("GeneralLedger", {"sort_order": "sideways"}, "2170"),
        ("TransactionList", {"bothamount": "much"}, "2080"),
        ("TransactionList", {"arpaid": "Perhaps"}, "2170"),
        ("TransactionList", {"group_by": "Mood"}, "2170"),
        ("AgedReceivables", {"num_periods": "0"}, "2240"),
        ("AgedReceivables", {"report_date": "2026-13-01"}, "2060"),
        ("TaxSummary", {"agency_id": "1"}, "5030"),
        ("Horoscope", {}, "500"),
        ("ProfitAndLoss", {"start_date": "1900-01-01", "summarize_column_by": "Days"}, "10100"),
    ],
)
def test_what_cannot_be_asked_is_refused(us: Books, name: str, parameters: dict[str, str], code: str) -> None:
    assert us.get(f"reports/{name}", **parameters)["Fault"]["Error"][0]["code"] == code


def test_account_numbers_stand_before_names_where_the_company_uses_them(us: Books) -> None:
    account = us.make("Account", {"Name": "Taxi", "AccountType": "Expense", "AcctNum": "6100"})
    entry(us, "2026-03-01", 5, on({"value": account["Id"]}), on(ref(us, "Checking")))
    preferences = us.get("preferences")["Preferences"]
    section = {**preferences["AccountingInfoPrefs"], "UseAccountNumbers": True}
    token = {"Id": "1", "SyncToken": preferences["SyncToken"], "sparse": True}
    us.make("Preferences", {**token, "AccountingInfoPrefs": section})
    assert ["6100 Taxi", "5.00"] in list(data(us.get("reports/ProfitAndLoss")["Rows"]))
    assert Decimal(totals(us.get("reports/ProfitAndLoss"))["NetIncome"]) == -5


def test_inventory_is_valued_first_in_first_out_and_equals_its_account(us: Books) -> None:
    accounts = {
        "IncomeAccountRef": ref(us, "SalesOfProductIncome"),
        "ExpenseAccountRef": ref(us, "SuppliesMaterialsCogs"),
        "AssetAccountRef": ref(us, "Inventory"),
    }
    start = {"TrackQtyOnHand": True, "QtyOnHand": 10, "InvStartDate": "2026-01-01", "PurchaseCost": 4}
    pump = us.make("Item", {"Name": "Lamp", "Type": "Inventory", "Sku": "L-1", **accounts, **start})["Id"]
    detail = {"ItemRef": {"value": pump}, "Qty": 3, "UnitPrice": 9}
    line = {"Amount": 27, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}
    us.make("SalesReceipt", {"TxnDate": "2026-02-01", "Line": [line]})
    found = us.get("reports/InventoryValuationSummary", item=pump)
    assert columns(found)[0] == ("", "ProductsAndService")
    assert list(data(found["Rows"])) == [["Lamp", "L-1", "7.00", "28.00", "4.00"], ["TOTAL", " ", "", "28.00", ""]]
    before = us.get("reports/InventoryValuationSummary", report_date="2026-01-31", item=pump)
    assert next(data(before["Rows"])) == ["Lamp", "L-1", "10.00", "40.00", "4.00"]
    whole = us.get("reports/InventoryValuationSummary")
    assert Decimal(list(data(whole["Rows"]))[-1][3]) == us.balance("Inventory")
    sold = us.get("reports/ItemSales")
    assert next(data(sold["Rows"])) == ["Lamp", "3.00", "27.00", "100.00 %", "9.00", "12.00", "15.00", "55.56 %"]
