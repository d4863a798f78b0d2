"""qbosdk, a third client: what an expense application does with bills, purchases, journals and files."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from qbosdk import QuickbooksOnlineSDK, revoke_refresh_token
from qbosdk.exceptions import InvalidTokenError, NotFoundItemError, WrongParamsError

Stranger = Any  # the fixture's class lives in conftest.py, which importlib mode does not let a test import
Doc = dict[str, Any]


@pytest.fixture
def sdk(stranger: Stranger, monkeypatch: pytest.MonkeyPatch) -> QuickbooksOnlineSDK:
    """A client that has refreshed its tokens; its addresses are private, so they are put in place after it was made."""
    monkeypatch.setattr(QuickbooksOnlineSDK, "TOKEN_URL", f"{stranger.url}/oauth2/v1/tokens/bearer")
    made = QuickbooksOnlineSDK(
        stranger.client_id, stranger.client_secret, stranger.refresh_token, stranger.realm, "sandbox"
    )
    made._QuickbooksOnlineSDK__base_url = f"{stranger.api}/company/{stranger.realm}"
    made.update_server_url()
    return made


def account(sdk: QuickbooksOnlineSDK, subtype: str) -> Doc:
    return next({"value": one["Id"]} for one in sdk.accounts.get() if one["AccountSubType"] == subtype)


def expense(sdk: QuickbooksOnlineSDK, amount: object) -> Doc:
    detail = {"AccountRef": account(sdk, "Travel"), "BillableStatus": "NotBillable"}
    return {"Amount": amount, "DetailType": "AccountBasedExpenseLineDetail", "AccountBasedExpenseLineDetail": detail}


def test_lists_are_read_whole_counted_and_made(sdk: QuickbooksOnlineSDK) -> None:
    assert sdk.accounts.count() == len(sdk.accounts.get())
    assert next(iter(sdk.accounts.get_all_generator()))[0]["Id"]
    rail = sdk.vendors.post({"DisplayName": "Rail"})["Vendor"]
    assert rail["Id"] in [one["Id"] for one in sdk.vendors.get()]
    assert sdk.employees.post({"GivenName": "Rosa", "FamilyName": "Lane"})["Employee"]["DisplayName"] == "Rosa Lane"
    assert len(sdk.customers.get()) == sdk.customers.count()
    assert sdk.departments.get() == sdk.classes.get() == []
    assert sdk.company_info.get()["Country"] == "US"
    assert sdk.preferences.get()["CurrencyPrefs"]["MultiCurrencyEnabled"] is False
    assert {code["Name"] for code in sdk.tax_codes.get()} >= {"TAX", "NON"}
    assert [rate["RateValue"] for rate in sdk.tax_rates.get()] == [8]
    assert len(sdk.items.get()) == sdk.items.count()


def test_expenses_become_bills_purchases_and_journals(sdk: QuickbooksOnlineSDK) -> None:
    rail = {"value": sdk.vendors.post({"DisplayName": "Rail"})["Vendor"]["Id"]}
    bill = sdk.bills.post({"VendorRef": rail, "Line": [expense(sdk, 30)], "PrivateNote": "C/2026/05/R/8"})["Bill"]
    assert sdk.bills.get_by_id(bill["Id"])["Balance"] == 30
    paid = {"Amount": 30, "LinkedTxn": [{"TxnId": bill["Id"], "TxnType": "Bill"}]}
    check = {"BankAccountRef": account(sdk, "Checking")}
    body = {"VendorRef": rail, "TotalAmt": 30, "PayType": "Check", "CheckPayment": check, "Line": [paid]}
    sdk.bill_payments.post(body)
    assert [one["Balance"] for one in sdk.bills.get()] == [0]
    entity = {**rail, "type": "Vendor"}
    card = {"PaymentType": "CreditCard", "AccountRef": account(sdk, "CreditCard"), "EntityRef": entity}
    assert sdk.purchases.post({**card, "Line": [expense(sdk, "19.90")]})["Purchase"]["TotalAmt"] == 19.9
    sides = [
        {
            "Amount": 7,
            "DetailType": "JournalEntryLineDetail",
            "JournalEntryLineDetail": {"PostingType": posting, "AccountRef": account(sdk, subtype)},
        }
        for posting, subtype in (("Debit", "Travel"), ("Credit", "Checking"))
    ]
    entry = sdk.journal_entries.post({"Line": sides})["JournalEntry"]
    assert sdk.journal_entries.get_by_id(entry["Id"])["Line"][0]["Id"] == "0"


def test_a_receipt_is_attached_to_its_expense(sdk: QuickbooksOnlineSDK) -> None:
    card = {"PaymentType": "CreditCard", "AccountRef": account(sdk, "CreditCard")}
    made = sdk.purchases.post({**card, "Line": [expense(sdk, 5)]})["Purchase"]
    content = base64.b64encode(b"Billet 7").decode()
    attached = sdk.attachments.post(made["Id"], "Purchase", content, "ticket.txt")["Attachable"]
    assert (attached["FileName"], attached["Size"]) == ("ticket.txt", 8)
    assert attached["AttachableRef"][0]["EntityRef"] == {"type": "Purchase", "value": made["Id"]}
    assert [one["Id"] for one in sdk.attachments.get()] == [attached["Id"]]


def test_refusals_keep_the_service_s_words(sdk: QuickbooksOnlineSDK, stranger: Stranger) -> None:
    sdk.vendors.post({"DisplayName": "Rail"})
    with pytest.raises(WrongParamsError) as taken:
        sdk.vendors.post({"DisplayName": "RAIL"})
    assert "Another customer, vendor or employee is already using this name" in str(taken.value.response)
    with pytest.raises(WrongParamsError, match="parameters are wrong"):
        sdk.bills.delete("999999")
    with pytest.raises((WrongParamsError, NotFoundItemError)):
        sdk.bills.get_by_id("999999")


def test_a_revoked_grant_cannot_refresh(
    stranger: Stranger, sdk: QuickbooksOnlineSDK, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QuickbooksOnlineSDK, "TOKEN_REVOKE_URL", f"{stranger.url}/v2/oauth2/tokens/revoke")
    revoke_refresh_token(sdk.refresh_token, stranger.client_id, stranger.client_secret)
    with pytest.raises(InvalidTokenError):
        QuickbooksOnlineSDK(stranger.client_id, stranger.client_secret, sdk.refresh_token, stranger.realm, "sandbox")
