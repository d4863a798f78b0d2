from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

Books = Any  # the fixture's class lives in conftest.py, which importlib mode does not let a test import


def test_both_companies_have_the_accounts_a_connector_needs_under_different_ids(quebec: Books, us: Books) -> None:
    french, english = quebec.account("UndepositedFunds"), us.account("UndepositedFunds")
    assert french["Name"] == "Fonds non déposés"
    assert english["Name"] == "Undeposited Funds"
    assert french["Id"] != english["Id"]
    assert quebec.account("Checking")["Name"] == "Compte chèques"
    assert quebec.tax_code("TPS/TVQ QC - 9,975")["Taxable"] is True
    assert {code["Id"] for code in us.all("TaxCode")} >= {"TAX", "NON"}


def test_an_account_takes_type_from_subtype_and_subtype_from_type(quebec: Books) -> None:
    by_type = quebec.make("Account", {"Name": "Encaisse", "AccountType": "Bank"})
    assert (by_type["AccountSubType"], by_type["Classification"]) == ("CashOnHand", "Asset")
    by_subtype = quebec.make("Account", {"Name": "Honoraires", "AccountSubType": "LegalProfessionalFees"})
    assert (by_subtype["AccountType"], by_subtype["CurrentBalance"]) == ("Expense", 0)
    quebec.refuse("account", {"Name": "Sans type"}, "6010")
    quebec.refuse("account", {"Name": "Faux", "AccountType": "Piggy"}, "2170")
    quebec.refuse("account", {"AccountType": "Bank"}, "2020")


def test_account_names_numbers_and_trees_are_checked(quebec: Books) -> None:
    parent = quebec.make("Account", {"Name": "Banques", "AccountType": "Bank", "AcctNum": "1010"})
    child = quebec.make(
        "Account",
        {"Name": "USD", "AccountType": "Bank", "SubAccount": True, "ParentRef": {"value": parent["Id"]}},
    )
    assert child["FullyQualifiedName"] == "Banques:USD"
    quebec.refuse("account", {"Name": "banques", "AccountType": "Bank"}, "6240")
    quebec.refuse("account", {"Name": "Autre", "AccountType": "Bank", "AcctNum": "1010"}, "6240")
    quebec.refuse("account", {"Name": "A:B", "AccountType": "Bank"}, "2040")
    quebec.refuse("account", {"Name": "Orphelin", "AccountType": "Bank", "SubAccount": True}, "6150")
    wrong = {"Name": "X", "AccountType": "Expense", "ParentRef": {"value": parent["Id"]}}
    quebec.refuse("account", wrong, "6000")
    quebec.refuse("account", {"Name": "Second", "AccountSubType": "UndepositedFunds"}, "6000")


def test_an_opening_balance_posts_against_equity(quebec: Books) -> None:
    body = {"Name": "Épargne 2", "AccountType": "Bank", "OpeningBalance": 250.5}
    quebec.refuse("account", body, "6060")
    account = quebec.make("Account", {**body, "OpeningBalanceDate": "2026-01-01"})
    assert account["CurrentBalance"] == Decimal("250.5")
    assert quebec.balance("OpeningBalanceEquity") == Decimal("250.50")


def test_a_name_is_unique_over_customers_vendors_and_employees(quebec: Books) -> None:
    customer = quebec.make("Customer", {"GivenName": "Ada", "FamilyName": "Stone"})
    assert customer["DisplayName"] == "Ada Stone"
    assert customer["PrintOnCheckName"] == "Ada Stone"
    for entity in ("customer", "vendor", "employee"):
        error = quebec.refuse(entity, {"DisplayName": "ADA STONE"}, "6240")
        assert "Another customer, vendor or employee is already using this name" in error["Detail"]
    quebec.refuse("customer", {"CompanyName": "Nobody"}, "6080")


def test_a_deactivated_name_is_renamed_hidden_and_free_again(quebec: Books) -> None:
    first = quebec.make("Vendor", {"DisplayName": "Chase"})
    gone = quebec.make(
        "Vendor", {"Id": first["Id"], "SyncToken": "0", "sparse": True, "Active": False}
    )  # fmt: skip
    assert gone["DisplayName"] == "Chase (deleted)"
    assert quebec.all("Vendor") == []
    assert len(quebec.all("Vendor", "where Active in (true, false)")) == 1
    second = quebec.make("Vendor", {"DisplayName": "Chase"})
    again = {"Id": second["Id"], "SyncToken": "0", "sparse": True, "Active": False}
    assert quebec.make("Vendor", again)["DisplayName"] == "Chase (deleted 2)"
    back = {"Id": first["Id"], "SyncToken": "1", "sparse": True, "Active": True}
    assert quebec.make("Vendor", back)["DisplayName"] == "Chase"


def test_sub_customers_have_full_names_and_at_most_five_levels(quebec: Books) -> None:
    parent = quebec.make("Customer", {"DisplayName": "N0"})
    for level in range(1, 5):
        parent = quebec.make(
            "Customer", {"DisplayName": f"N{level}", "Job": True, "ParentRef": {"value": parent["Id"]}}
        )
        assert parent["Level"] == level
    assert parent["FullyQualifiedName"] == "N0:N1:N2:N3:N4"
    first = quebec.all("Customer", "where DisplayName = 'N0'")[0]
    quebec.make("Customer", {"Id": first["Id"], "SyncToken": "0", "sparse": True, "DisplayName": "M0"})
    assert quebec.get(f"customer/{parent['Id']}")["Customer"]["FullyQualifiedName"] == "M0:N1:N2:N3:N4"
    quebec.refuse("customer", {"DisplayName": "N5", "Job": True, "ParentRef": {"value": parent["Id"]}}, "6180")


@pytest.mark.parametrize(
    ("body", "code", "element"),
    [
        ({"DisplayName": "x" * 501}, "2050", "DisplayName"),
        ({"DisplayName": "a:b"}, "2040", "DisplayName"),
        ({"DisplayName": "x", "PrimaryEmailAddr": {"Address": "nobody"}}, "2210", "PrimaryEmailAddr.Address"),
        ({"DisplayName": "x", "WebAddr": {"URI": "example.test"}}, "2200", "WebAddr.URI"),
        ({"DisplayName": "x", "Taxable": "perhaps"}, "2230", "Taxable"),
        ({"DisplayName": "x", "SalesTermRef": {"value": "99999"}}, "2500", "SalesTermRef"),
        ({"DisplayName": "x", "PreferredDeliveryMethod": "Pigeon"}, "2170", "PreferredDeliveryMethod"),
        ({"DisplayName": "x", "PreferredDeliveryMethod": "Email"}, "6420", "PrimaryEmailAddr"),
        ({"DisplayName": "x", "CurrencyRef": {"value": "USD"}}, "6000", "CurrencyRef"),
    ],
)
def test_a_bad_customer_is_refused_with_its_code(quebec: Books, body: Any, code: str, element: str) -> None:
    assert quebec.refuse("customer", body, code)["element"] == element


def test_full_updates_clear_and_sparse_updates_keep(quebec: Books) -> None:
    made = quebec.make("Customer", {"DisplayName": "Bo", "Notes": "keep", "GivenName": "B"})
    sparse = quebec.make("Customer", {"Id": made["Id"], "SyncToken": "0", "sparse": True, "GivenName": "C"})
    assert (sparse["Notes"], sparse["GivenName"], sparse["SyncToken"]) == ("keep", "C", "1")
    error = quebec.refuse("customer", {"Id": made["Id"], "SyncToken": "0", "sparse": True, "Notes": "late"}, "5010")
    assert error["Message"] == "Stale Object Error"
    full = quebec.make("Customer", {"Id": made["Id"], "SyncToken": "1", "DisplayName": "Bo"})
    assert "Notes" not in full
    assert full["MetaData"]["CreateTime"] == made["MetaData"]["CreateTime"]
    quebec.refuse("customer", {"Id": "999999", "SyncToken": "0", "DisplayName": "Bo"}, "610")
    quebec.refuse("customer", {"Id": made["Id"], "DisplayName": "Bo"}, "2020")


def test_items_need_an_account_and_a_free_name(quebec: Books) -> None:
    income = {"value": quebec.account("ServiceFeeIncome")["Id"]}
    group = quebec.make("Item", {"Name": "Cours", "Type": "Category"})
    body = {"Name": "Yoga", "Type": "Service", "IncomeAccountRef": income, "UnitPrice": 25.125}
    item = quebec.make("Item", {**body, "SubItem": True, "ParentRef": {"value": group["Id"]}})
    assert (item["FullyQualifiedName"], item["Level"], item["UnitPrice"]) == ("Cours:Yoga", 1, Decimal("25.125"))
    error = quebec.refuse("item", {"Name": "Vide", "Type": "Service"}, "2020")
    assert "ExpenseAccountRef or IncomeAccountRef" in error["Detail"]
    quebec.refuse("item", {"Name": "Cours", "Type": "Category"}, "6240")
    quebec.refuse("item", {"Name": "Sans", "IncomeAccountRef": income}, "2020")
    bank = {"value": quebec.account("Checking")["Id"]}
    quebec.refuse("item", {"Name": "Banque", "Type": "Service", "IncomeAccountRef": bank}, "6430")
    receipt = quebec.sale(10)
    receipt["Line"][0]["SalesItemLineDetail"]["ItemRef"] = {"value": group["Id"]}
    quebec.refuse("salesreceipt", receipt, "6000")


def test_small_lists_can_be_written_and_have_long_ids_where_documented(quebec: Books) -> None:
    assert len(quebec.make("Class", {"Name": "Nord"})["Id"]) == 19
    assert len(quebec.make("Department", {"Name": "Québec"})["Id"]) == 19
    term = quebec.make("Term", {"Name": "Net 7", "DueDays": 7})
    assert term["Type"] == "STANDARD"
    quebec.refuse("term", {"Name": "Rien"}, "2020")
    quebec.refuse("term", {"Name": "Net 7", "DueDays": 8}, "6240")
    assert quebec.make("PaymentMethod", {"Name": "Interac"})["Type"] == "NON_CREDIT_CARD"
    quebec.refuse("taxcode", {"Name": "Ma taxe"}, "500")


def test_a_name_list_cannot_be_deleted(quebec: Books) -> None:
    made = quebec.make("Customer", {"DisplayName": "Stay"})
    quebec.refuse("customer", {"Id": made["Id"], "SyncToken": "0"}, "500", operation="delete")
