"""Accounts, names and small lists: §§4.3, 5.2, 6.1–6.7 of the reference."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

Books = Any  # the fixture's class lives in conftest.py, which importlib mode does not let a test import
Doc = dict[str, Any]
PARENTS = {
    "Account": ({"AccountType": "Expense"}, "SubAccount", "Name"),
    "Customer": ({}, "Job", "DisplayName"),
    "Class": ({}, "SubClass", "Name"),
    "Department": ({}, "SubDepartment", "Name"),
    "Item": ({"Type": "Service", "ExpenseAccountRef": "Travel"}, "SubItem", "Name"),
}
FLAT: dict[str, Doc] = {"Term": {"DueDays": 3}, "PaymentMethod": {}, "Vendor": {}, "Employee": {}}


def body(books: Books, entity: str, name: str, parent: Doc | None = None) -> Doc:
    """Return what makes an object of a list."""
    more, _, key = PARENTS.get(entity, (FLAT.get(entity, {}), "", "Name"))
    if entity in ("Vendor", "Employee"):
        key = "DisplayName"
    found: Doc = {key: name, **more}
    if "ExpenseAccountRef" in found:
        found["ExpenseAccountRef"] = {"value": books.account(found["ExpenseAccountRef"])["Id"]}
    if entity == "Employee":
        found["GivenName"] = name
    return found if parent is None else {**found, "ParentRef": {"value": parent["Id"]}}


def change(made: Doc, **changes: Any) -> Doc:
    return {"Id": made["Id"], "SyncToken": made["SyncToken"], "sparse": True, **changes}


def named(doc: Doc) -> str:
    return str(doc.get("DisplayName") or doc["Name"])


@pytest.mark.parametrize("entity", [*PARENTS, *FLAT])
def test_a_name_made_inactive_is_renamed_hidden_free_and_comes_back(books: Books, entity: str) -> None:
    first = books.make(entity, body(books, entity, "Nord"))
    gone = books.make(entity, change(first, Active=False))
    assert named(gone) == "Nord (deleted)"
    assert named(books.read(entity, first["Id"])) == "Nord (deleted)"
    assert books.all(entity, f"where Id = '{first['Id']}'") == []
    assert len(books.all(entity, f"where Id = '{first['Id']}' and Active = false")) == 1
    second = books.make(entity, body(books, entity, "nord"))
    again = books.make(entity, change(second, Active=False))
    assert named(again) == "nord (deleted 2)"
    back = books.make(entity, change(again, Active=True))
    assert named(back) == "nord"
    books.refuse(entity.lower(), change(gone, Active=True), "6240")


@pytest.mark.parametrize("entity", PARENTS)
def test_trees_have_five_levels_and_full_names_follow(books: Books, entity: str) -> None:
    _, flag, _ = PARENTS[entity]
    chain = [books.make(entity, body(books, entity, "L0"))]
    assert chain[0][flag] is False
    for level in range(1, 5):
        chain.append(books.make(entity, body(books, entity, f"L{level}", chain[-1])))
        assert chain[-1][flag] is True
    assert chain[-1]["FullyQualifiedName"] == "L0:L1:L2:L3:L4"
    books.refuse(entity.lower(), body(books, entity, "L5", chain[-1]), "6180")
    loop = change(chain[0], ParentRef={"value": chain[2]["Id"]})
    books.refuse(entity.lower(), loop, "6000")
    other = books.make(entity, body(books, entity, "Above"))
    books.refuse(entity.lower(), change(chain[0], ParentRef={"value": other["Id"]}), "6180")
    books.refuse(entity.lower(), {**body(books, entity, "Alone"), flag: True}, "6150")
    key = "DisplayName" if entity == "Customer" else "Name"
    books.make(entity, change(chain[0], **{key: "Top"}))
    assert books.read(entity, chain[-1]["Id"])["FullyQualifiedName"] == "Top:L1:L2:L3:L4"


@pytest.mark.parametrize("entity", ["Account", "Class", "Department", "Item"])
def test_a_name_may_stand_under_two_parents_but_not_twice_under_one(books: Books, entity: str) -> None:
    one, two = (books.make(entity, body(books, entity, name)) for name in ("One", "Two"))
    books.make(entity, body(books, entity, "Same", one))
    books.make(entity, body(books, entity, "Same", two))
    books.refuse(entity.lower(), body(books, entity, "SAME", one), "6240")


@pytest.mark.parametrize(
    ("entity", "name", "limit"),
    [
        ("Account", "Name", 100),
        ("Account", "Description", 100),
        ("Customer", "DisplayName", 500),
        ("Vendor", "DisplayName", 500),
        ("Employee", "DisplayName", 500),
        *((entity, part, 16) for entity in ("Customer", "Vendor", "Employee") for part in ("Title", "Suffix")),
        *((entity, part, 100) for entity in ("Customer", "Vendor", "Employee") for part in ("GivenName", "FamilyName")),
        ("Customer", "CompanyName", 100),
        ("Customer", "PrintOnCheckName", 110),
        ("Vendor", "PrintOnCheckName", 100),
        ("Customer", "Notes", 2000),
        ("Vendor", "AcctNum", 100),
        ("Vendor", "TaxIdentifier", 20),
        ("Customer", "PrimaryTaxIdentifier", 20),
        ("Item", "Name", 100),
        ("Item", "Sku", 100),
        ("Item", "Description", 4000),
        ("Item", "PurchaseDesc", 1000),
        ("Class", "Name", 100),
        ("Department", "Name", 100),
        ("Term", "Name", 31),
        ("PaymentMethod", "Name", 31),
        ("TaxAgency", "DisplayName", 100),
    ],
)
def test_texts_have_their_length(us: Books, entity: str, name: str, limit: int) -> None:
    fitting = {**body(us, entity, "N"), name: "x" * limit}
    if entity == "TaxAgency":
        fitting = {name: "x" * limit}
    us.refuse(entity.lower(), {**fitting, name: "x" * (limit + 1)}, "2050")
    us.make(entity, fitting)


@pytest.mark.parametrize(
    ("entity", "name"),
    [
        ("Account", "a:b"),
        ("Account", 'a"b'),
        *((entity, f"a{mark}b") for entity in ("Customer", "Vendor", "Employee", "Item") for mark in ":\t\n"),
        ("Class", "a:b"),
        ("Department", "a:b"),
    ],
)
def test_some_characters_are_not_for_names(us: Books, entity: str, name: str) -> None:
    us.refuse(entity.lower(), body(us, entity, name), "2040")


@pytest.mark.parametrize("subtype", ["UndepositedFunds", "OpeningBalanceEquity", "RetainedEarnings"])
def test_the_accounts_of_the_system_are_single_alone_and_stay(books: Books, subtype: str) -> None:
    account = books.account(subtype)
    books.refuse("account", {"Name": "Second", "AccountSubType": subtype}, "6000")
    books.refuse("account", change(account, Active=False), "6000")
    type_ = account["AccountType"]
    child = {"Name": "Child", "AccountType": type_, "ParentRef": {"value": account["Id"]}}
    books.refuse("account", child, "6000")
    other = books.make("Account", {"Name": "Other", "AccountType": type_, "AccountSubType": "PaidInCapitalOrSurplus"}
                       if type_ == "Equity" else {"Name": "Other", "AccountType": type_})  # fmt: skip
    books.refuse("account", change(account, ParentRef={"value": other["Id"]}), "6000")
    books.refuse("account", change(account, AccountSubType=other["AccountSubType"]), "6000")
    renamed = books.make("Account", change(account, Name="Ours"))
    assert (renamed["Name"], renamed["AccountSubType"]) == ("Ours", subtype)


@pytest.mark.parametrize("subtype", ["AccountsReceivable", "AccountsPayable"])
def test_receivables_and_payables_stay_what_they_are(books: Books, subtype: str) -> None:
    account = books.account(subtype)
    books.refuse("account", change(account, Active=False), "6000")
    books.refuse("account", change(account, AccountType="Bank", AccountSubType="Checking"), "6000")
    books.refuse("account", change(books.account("Travel"), AccountType=account["AccountType"]), "6000")
    opening = {"OpeningBalance": 5, "OpeningBalanceDate": "2026-01-01"}
    second = {"Name": "Second", "AccountType": account["AccountType"]}
    books.refuse("account", {**second, **opening}, "6000")
    made = books.make("Account", second)
    assert books.make("Account", change(made, Active=False))["Active"] is False


def test_an_account_follows_its_parent_in_type(books: Books) -> None:
    parent = books.make("Account", {"Name": "Cars", "AccountType": "Expense"})
    ref = {"value": parent["Id"]}
    books.make("Account", {"Name": "Fuel", "AccountType": "Expense", "ParentRef": ref})
    books.refuse("account", {"Name": "Loan", "AccountType": "Long Term Liability", "ParentRef": ref}, "6000")
    books.refuse("account", change(parent, AccountType="Other Expense", AccountSubType="GasAndFuel"), "6000")
    free = books.make("Account", {"Name": "Free", "AccountType": "Expense"})
    moved = books.make("Account", change(free, AccountType="Other Expense", AccountSubType="GasAndFuel"))
    assert (moved["AccountType"], moved["Classification"]) == ("Other Expense", "Expense")


@pytest.mark.parametrize(
    ("type_", "classification", "subtype"),
    [
        ("Bank", "Asset", "CashOnHand"),
        ("Accounts Receivable", "Asset", "AccountsReceivable"),
        ("Other Current Asset", "Asset", "EmployeeCashAdvances"),
        ("Fixed Asset", "Asset", "FurnitureAndFixtures"),
        ("Other Asset", "Asset", "Licenses"),
        ("Accounts Payable", "Liability", "AccountsPayable"),
        ("Credit Card", "Liability", "CreditCard"),
        ("Other Current Liability", "Liability", "OtherCurrentLiabilities"),
        ("Long Term Liability", "Liability", "NotesPayable"),
        ("Income", "Revenue", "OtherPrimaryIncome"),
        ("Other Income", "Revenue", "OtherInvestmentIncome"),
        ("Cost of Goods Sold", "Expense", "CostOfLaborCos"),
        ("Expense", "Expense", "Travel"),
        ("Other Expense", "Expense", "Depreciation"),
    ],
)
def test_a_type_alone_takes_its_first_subtype(us: Books, type_: str, classification: str, subtype: str) -> None:
    made = us.make("Account", {"Name": "New one", "AccountType": type_})
    assert (made["Classification"], made["AccountSubType"]) == (classification, subtype)
    second = us.make("Account", {"Name": "By subtype", "AccountSubType": subtype})
    assert second["AccountType"] == type_


def test_account_numbers_have_the_length_of_their_country(us: Books, quebec: Books) -> None:
    for books, limit in ((us, 7), (quebec, 20)):
        number = "1" * limit
        made = {"Name": "Numbered", "AccountType": "Expense", "AcctNum": number}
        books.refuse("account", {**made, "AcctNum": number + "1"}, "2050")
        books.make("Account", made)
        books.refuse("account", {**made, "Name": "Twin"}, "6240")
        books.refuse("account", {**made, "Name": "Colon", "AcctNum": "1:2"}, "2040")


def test_balances_of_parents_hold_those_of_their_children(books: Books) -> None:
    parent = books.make("Account", {"Name": "Banks", "AccountType": "Bank"})
    opening = {"OpeningBalance": "12.50", "OpeningBalanceDate": "2026-01-01"}
    child = {"Name": "Till", "AccountType": "Bank", "ParentRef": {"value": parent["Id"]}, **opening}
    books.make("Account", child)
    seen = books.read("Account", parent["Id"])
    assert (seen["CurrentBalance"], seen["CurrentBalanceWithSubAccounts"]) == (0, Decimal("12.50"))
    loan = {"Name": "Loan", "AccountType": "Long Term Liability", **opening}
    assert books.make("Account", loan)["CurrentBalance"] == Decimal("-12.50")
    books.refuse("account", {"Name": "Sales", "AccountType": "Income", **opening}, "6000")


def test_a_name_is_made_of_its_parts(books: Books) -> None:
    parts = {"Title": "Dr", "GivenName": "Ada", "MiddleName": "M.", "FamilyName": "Stone", "Suffix": "Jr"}
    made = books.make("Vendor", parts)
    assert (made["DisplayName"], made["PrintOnCheckName"]) == ("Dr Ada M. Stone Jr", "Dr Ada M. Stone Jr")
    kept = books.make("Vendor", change(made, DisplayName=""))
    assert kept["DisplayName"] == "Dr Ada M. Stone Jr"
    books.refuse("employee", {"DisplayName": "Nobody"}, "2020")


def test_tax_numbers_are_shown_by_their_end_alone(books: Books) -> None:
    for entity, name in (("Vendor", "TaxIdentifier"), ("Customer", "PrimaryTaxIdentifier")):
        made = books.make(entity, {"DisplayName": f"{entity} 1", name: "123-45-6789"})
        assert made[name] == "XXXXXXX6789"
        assert books.read(entity, made["Id"])[name] == "XXXXXXX6789"
        echoed = {key: value for key, value in made.items() if key not in ("Balance", "BalanceWithJobs")}
        again = books.make(entity, echoed)
        assert books.company.get(entity, made["Id"])[name] == "123-45-6789"
        assert books.make(entity, change(again, **{name: "98-7654321"}))[name] == "XXXXXXX4321"


def test_an_opening_balance_of_a_customer_is_an_invoice(books: Books) -> None:
    body = {"DisplayName": "Debtor", "Balance": "70.25", "OpenBalanceDate": "2026-01-15"}
    books.refuse("customer", {**body, "Balance": -1}, "2290")
    made = books.make("Customer", body)
    assert made["Balance"] == Decimal("70.25")
    [invoice] = books.all("Invoice", f"where CustomerRef = '{made['Id']}'")
    assert (invoice["TxnDate"], invoice["TotalAmt"], invoice["Balance"]) == (
        "2026-01-15", Decimal("70.25"), Decimal("70.25")
    )  # fmt: skip
    assert books.balance("OpeningBalanceEquity") == Decimal("70.25")
    line = {"Amount": "70.25", "LinkedTxn": [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]}
    books.pay("70.25", {"value": made["Id"]}, line)
    assert books.read("Customer", made["Id"])["Balance"] == 0
    again = books.make("Customer", change(books.read("Customer", made["Id"]), Balance=500))
    assert again["Balance"] == 0


def test_who_a_customer_bills_with_is_fixed_by_its_first_invoice(books: Books) -> None:
    parent = books.make("Customer", {"DisplayName": "Parent"})
    child = books.make("Customer", {"DisplayName": "Child", "Job": True, "ParentRef": {"value": parent["Id"]}})
    child = books.make("Customer", change(child, BillWithParent=True))
    books.invoice(5, {"value": child["Id"]})
    books.refuse("customer", change(child, BillWithParent=False), "6130")


def test_projects_are_made_by_people_and_shown_as_customers_of_somebody(books: Books) -> None:
    customer = books.make("Customer", {"DisplayName": "Client", "IsProject": True})
    assert customer["IsProject"] is False
    body = {"DisplayName": "Kitchen", "ParentRef": {"value": customer["Id"]}, "IsProject": True}
    made = books.deed("create", entity="Customer", changes=body)
    assert (made["IsProject"], made["Job"], made["FullyQualifiedName"]) == (True, True, "Client:Kitchen")
    kept = books.make("Customer", change(made, Notes="x", IsProject=False))
    assert kept["IsProject"] is True
    assert [doc["Id"] for doc in books.all("Customer", "where IsProject = true")] == [made["Id"]]
    sale = books.make("SalesReceipt", books.sale(5, ProjectRef={"value": made["Id"]}))
    assert sale["ProjectRef"]["name"] == "Client:Kitchen"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"Name": "N"}, "2020"),
        ({"DueDays": 5}, "2020"),
        ({"Name": "N", "DueDays": 1000}, "2240"),
        ({"Name": "N", "DueDays": -1}, "2240"),
        ({"Name": "N", "DayOfMonthDue": 32}, "2240"),
        ({"Name": "N", "DayOfMonthDue": 0}, "2240"),
        ({"Name": "N", "DueDays": 5, "DayOfMonthDue": 5}, "2600"),
        ({"Name": "N", "DueDays": 5, "DiscountPercent": 101}, "2150"),
        ({"Name": "N", "DueDays": "soon"}, "2080"),
    ],
)
def test_a_bad_term_changes_nothing(us: Books, body: Any, code: str) -> None:
    us.refuse("term", body, code)


def test_a_term_is_by_days_or_by_day(us: Books) -> None:
    made = us.make("Term", {"Name": "2%/10 net 30", "DueDays": "30", "DiscountDays": 10, "DiscountPercent": 2})
    assert (made["Type"], made["DueDays"], made["DiscountPercent"]) == ("STANDARD", 30, 2)
    moved = us.make("Term", change(made, DayOfMonthDue=20))
    assert moved["Type"] == "DATE_DRIVEN"
    assert "DueDays" not in moved
    assert us.make("Term", {"Name": "Net 5", "DueDays": 5})["DiscountPercent"] == 0


def test_a_list_that_is_not_tracked_does_not_grow(us: Books) -> None:
    made = us.make("Class", {"Name": "North"})
    flags = {"ClassTrackingPerTxn": False, "ClassTrackingPerTxnLine": False, "TrackDepartments": False}
    us.make("Preferences", change(us.get("preferences")["Preferences"], AccountingInfoPrefs=flags))
    us.refuse("class", {"Name": "South"}, "5030")
    us.refuse("department", {"Name": "Montréal"}, "5030")
    assert us.make("Class", change(made, Name="Nord"))["Name"] == "Nord"


def test_company_info_is_updated_by_parts(books: Books) -> None:
    info = books.get(f"companyinfo/{books.company.realm}")["CompanyInfo"]
    token = {"Id": "1", "SyncToken": info["SyncToken"]}
    books.refuse("companyinfo", {**token, "CompanyName": "New"}, "2020")
    sparse = books.make(
        "CompanyInfo", {**token, "sparse": True, "LegalName": "New inc.", "FiscalYearStartMonth": "May"}
    )
    assert (sparse["LegalName"], sparse["CompanyName"], sparse["Country"]) == (
        "New inc.", info["CompanyName"], info["Country"]
    )  # fmt: skip
    assert books.get("preferences")["Preferences"]["AccountingInfoPrefs"]["FirstMonthOfFiscalYear"] == "May"
    books.refuse("companyinfo", {**token, "sparse": True, "LegalName": "Late"}, "5010")
    books.refuse("companyinfo", change(sparse, FiscalYearStartMonth="Brumaire"), "2170")
    echo = books.make("CompanyInfo", sparse)
    assert (echo["NameValue"], echo["SupportedLanguages"]) == (info["NameValue"], info["SupportedLanguages"])
    books.refuse("companyinfo", {"CompanyName": "Another"}, "500")
    assert books.query("select * from CompanyInfo")["CompanyInfo"] == [echo]


def test_preferences_change_what_is_named_and_refuse_what_is_only_shown(books: Books) -> None:
    read = books.get("preferences")["Preferences"]
    error = books.refuse("preferences", read, "2010")
    assert error["element"] == "MultiCurrencyEnabled"
    sections = {"SalesFormsPrefs": {"AllowShipping": True}, "TimeTrackingPrefs": {"WorkWeekStartDate": "monday"}}
    after = books.make("Preferences", {"Id": "1", "SyncToken": read["SyncToken"], **sections})
    assert after["SalesFormsPrefs"] == {**read["SalesFormsPrefs"], "AllowShipping": True}
    assert after["TimeTrackingPrefs"] == {"WorkWeekStartDate": "Monday"}
    assert after["CurrencyPrefs"] == read["CurrencyPrefs"]
    pairs = {"NameValue": [{"Name": "WarnDuplicateCheckNumber", "Value": "false"}]}
    after = books.make("Preferences", change(after, OtherPrefs=pairs))
    found = {pair["Name"]: pair["Value"] for pair in after["OtherPrefs"]["NameValue"]}
    assert (found["WarnDuplicateCheckNumber"], found["WarnDuplicateJournalNumber"]) == ("false", "true")
    books.deed("close-books", date="2025-12-31")
    after = books.get("preferences")["Preferences"]
    books.refuse("preferences", change(after, AccountingInfoPrefs={"BookCloseDate": "2020-01-01"}), "2010")
    books.here("POST", "switches", preferences_round_trip=True)
    read = books.get("preferences")["Preferences"]
    echo = books.make("Preferences", {**read, "AccountingInfoPrefs": {"BookCloseDate": "2020-01-01"}})
    assert echo["AccountingInfoPrefs"]["BookCloseDate"] == "2025-12-31"
    month = books.make("Preferences", change(echo, AccountingInfoPrefs={"FirstMonthOfFiscalYear": "July"}))
    assert month["AccountingInfoPrefs"]["FirstMonthOfFiscalYear"] == "July"
    assert books.get("companyinfo/1")["CompanyInfo"]["FiscalYearStartMonth"] == "July"


@pytest.mark.parametrize(
    ("section", "code"),
    [
        ({"SalesFormsPrefs": {"AllowEverything": True}}, "2010"),
        ({"SalesFormsPrefs": {"AllowShipping": "often"}}, "2230"),
        ({"ReportPrefs": {"ReportBasis": "Guess"}}, "2170"),
        ({"AccountingInfoPrefs": {"FirstMonthOfFiscalYear": "Brumaire"}}, "2170"),
        ({"NewPrefs": {}}, "2010"),
    ],
)
def test_bad_preferences_change_nothing(us: Books, section: Any, code: str) -> None:
    us.refuse("preferences", change(us.get("preferences")["Preferences"], **section), code)


@pytest.mark.parametrize("entity", ["Account", "Customer", "Vendor", "Employee", "Item", "Class", "Term"])
def test_lists_are_not_deleted(us: Books, entity: str) -> None:
    made = us.make(entity, body(us, entity, "Stay"))
    us.refuse(entity.lower(), {"Id": made["Id"], "SyncToken": "0"}, "500", operation="delete")


@pytest.mark.parametrize(
    ("place", "entity"),
    [("EntityRef", "Vendor"), ("ClassRef", "Class"), ("DepartmentRef", "Department"), ("AccountRef", "Account")],
)
def test_an_inactive_reference_is_610_in_what_is_new(us: Books, place: str, entity: str) -> None:
    made = us.make(entity, body(us, entity, "Gone"))
    line = us.expense(5)
    detail = line["AccountBasedExpenseLineDetail"]
    checking = {"value": us.account("Checking")["Id"]}
    purchase: Doc = {"PaymentType": "Cash", "AccountRef": checking, "Line": [line], "TxnDate": "2026-03-01"}
    (detail if place in ("ClassRef", "AccountRef") else purchase)[place] = {"value": made["Id"]}
    kept = us.make("Purchase", purchase)
    us.make(entity, change(made, Active=False))
    assert us.refuse("purchase", purchase, "610")["element"] == place
    token = {"Id": kept["Id"], "SyncToken": "0", "sparse": True, "PaymentType": "Cash"}
    assert us.make("Purchase", {**token, "Line": [line], "PrivateNote": "x"})["PrivateNote"] == "x"
