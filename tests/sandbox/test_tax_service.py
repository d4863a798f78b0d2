"""Tax agencies and the service that makes codes and rates: §6.8 of the reference."""

from __future__ import annotations

from typing import Any

import pytest

Books = Any  # the fixture's class lives in conftest.py, which importlib mode does not let a test import


@pytest.fixture
def agency(books: Books) -> str:
    return str(books.make("TaxAgency", {"DisplayName": "City of Nowhere"})["Id"])


def rate(agency: str, **more: Any) -> dict[str, Any]:
    return {"TaxRateName": "City9", "RateValue": "9", "TaxAgencyId": agency, "TaxApplicableOn": "Sales", **more}


def test_an_agency_can_be_made_and_not_changed(books: Books, agency: str) -> None:
    made = books.read("TaxAgency", agency)
    assert made["TaxTrackedOnSales"] is True
    assert made["TaxTrackedOnPurchases"] is not books.company.is_us
    books.refuse("taxagency", {"DisplayName": "city of nowhere"}, "6240")
    books.refuse("taxagency", {}, "2020")
    books.refuse("taxagency", {**made, "DisplayName": "Other"}, "500")


def test_a_code_is_made_of_a_new_rate_and_taxes_at_once(books: Books, agency: str) -> None:
    details = [rate(agency), rate(agency, TaxRateName="City5", RateValue=5, TaxApplicableOn="Purchase")]
    answer = books.post("taxservice/taxcode", {"TaxCode": "City 9", "TaxRateDetails": details})
    assert set(answer) == {"TaxCode", "TaxCodeId", "TaxRateDetails"}
    assert answer["TaxCode"] == "City 9"
    told = answer["TaxRateDetails"][0]
    assert (told["TaxRateName"], told["RateValue"], told["TaxAgencyId"]) == ("City9", "9", agency)
    code = books.read("TaxCode", answer["TaxCodeId"])
    assert code["SalesTaxRateList"]["TaxRateDetail"][0]["TaxRateRef"]["value"] == told["TaxRateId"]
    assert books.read("TaxRate", told["TaxRateId"])["RateValue"] == 9
    if books.company.is_us:
        tax = {"TxnTaxCodeRef": {"value": code["Id"]}}
        sale = books.sale(100, TxnTaxDetail=tax)
        sale["Line"][0]["SalesItemLineDetail"]["TaxCodeRef"] = {"value": "TAX"}
    else:
        sale = books.sale(100, code="City 9")
    assert books.make("SalesReceipt", sale)["TotalAmt"] == 109
    again = {"TaxCode": "City again", "TaxRateDetails": [{"TaxRateId": told["TaxRateId"]}]}
    answer = books.post("taxservice/taxcode", again)
    assert answer["TaxRateDetails"][0]["TaxRateName"] == "City9"
    writes = books.here("GET", "writes", entity="TaxCode")["writes"]
    assert [write["id"] for write in writes[-2:]] == [code["Id"], answer["TaxCodeId"]]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"TaxCode": None}, "2020"),
        ({"TaxCode": "x" * 101}, "2050"),
        ({"TaxRateDetails": []}, "2020"),
        ({"TaxRateDetails": [{"TaxRateName": None}]}, "2020"),
        ({"TaxRateDetails": [{"RateValue": None}]}, "2020"),
        ({"TaxRateDetails": [{"TaxAgencyId": None}]}, "2020"),
        ({"TaxRateDetails": [{"TaxAgencyId": "999"}]}, "2500"),
        ({"TaxRateDetails": [{"TaxRateId": "999"}]}, "2500"),
        ({"TaxRateDetails": [{"RateValue": "101"}]}, "2150"),
        ({"TaxRateDetails": [{"RateValue": "-1"}]}, "2150"),
        ({"TaxRateDetails": [{"RateValue": "much"}]}, "2080"),
        ({"TaxRateDetails": [{"TaxApplicableOn": "Both"}]}, "2170"),
        ({"TaxRateDetails": [{"Colour": "red"}]}, "2010"),
        ({"TaxRateDetails": [{}, {}]}, "6240"),
    ],
)
def test_a_bad_code_changes_nothing(books: Books, agency: str, change: Any, code: str) -> None:
    body: dict[str, Any] = {"TaxCode": "City 9", "TaxRateDetails": [{}], **change}
    body["TaxRateDetails"] = [rate(agency, **detail) for detail in body["TaxRateDetails"]]
    books.refuse("taxservice/taxcode", body, code)


def test_names_of_codes_and_rates_are_unique(books: Books, agency: str) -> None:
    books.post("taxservice/taxcode", {"TaxCode": "City 9", "TaxRateDetails": [rate(agency)]})
    taken = {"TaxCode": "city 9", "TaxRateDetails": [rate(agency, TaxRateName="Other")]}
    books.refuse("taxservice/taxcode", taken, "6240")
    error = books.refuse("taxservice/taxcode", {"TaxCode": "New", "TaxRateDetails": [rate(agency)]}, "6240")
    assert "Another tax rate is already using this name" in error["Detail"]
    key = next(doc for doc in books.all("TaxRate") if doc["Name"] == "City9")["Id"]
    twice = {"TaxCode": "Twice", "TaxRateDetails": [{"TaxRateId": key}, {"TaxRateId": key}]}
    books.refuse("taxservice/taxcode", twice, "6000")


def test_codes_and_rates_have_no_post_of_their_own(books: Books) -> None:
    books.refuse("taxcode", {"Name": "Ours"}, "500")
    books.refuse("taxrate", {"Name": "Ours"}, "500")
