from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

Books = Any  # the fixture's class lives in conftest.py, which importlib mode does not let a test import


def item_line(books: Books, **detail: Any) -> dict[str, Any]:
    amount = detail.pop("Amount", None)
    base = {"ItemRef": {"value": books.item()["Id"]}, **detail}
    line: dict[str, Any] = {"DetailType": "SalesItemLineDetail", "SalesItemLineDetail": base}
    return line if amount is None else {**line, "Amount": amount}


def test_a_sales_receipt_lands_in_undeposited_funds_and_income(us: Books) -> None:
    receipt = us.make("SalesReceipt", us.sale("12.30", PrivateNote="from the till"))
    assert (receipt["TotalAmt"], receipt["Balance"], receipt["LinkedTxn"]) == (Decimal("12.30"), 0, [])
    assert receipt["DepositToAccountRef"]["value"] == us.account("UndepositedFunds")["Id"]
    assert receipt["Line"][-1] == {
        "Amount": Decimal("12.30"),
        "DetailType": "SubTotalLineDetail",
        "SubTotalLineDetail": {},
    }
    assert receipt["Line"][0]["Id"] == "1"
    assert receipt["Line"][0]["SalesItemLineDetail"]["TaxCodeRef"]["value"] == "NON"
    assert (receipt["PrintStatus"], receipt["EmailStatus"]) == ("NeedToPrint", "NotSet")
    assert us.balance("UndepositedFunds") == Decimal("12.30")
    assert us.get(f"salesreceipt/{receipt['Id']}")["SalesReceipt"] == receipt


def test_a_refund_receipt_is_the_mirror_and_needs_its_account(us: Books) -> None:
    us.make("SalesReceipt", us.sale(50))
    us.refuse("refundreceipt", us.sale(20), "2020")
    funds = {"value": us.account("UndepositedFunds")["Id"]}
    refund = us.make("RefundReceipt", us.sale(20, DepositToAccountRef=funds))
    assert refund["TotalAmt"] == 20
    assert us.balance("UndepositedFunds") == 30


@pytest.mark.parametrize(
    ("detail", "total", "price"),
    [
        ({"Qty": 2, "UnitPrice": 60}, "120.00", "60"),
        ({"Qty": 3, "UnitPrice": "33.333333", "Amount": 100}, "100.00", "33.333333"),
        ({"UnitPrice": "9.99"}, "9.99", "9.99"),
        ({"Qty": 4, "Amount": 10}, "10.00", "2.5"),
    ],
)
def test_quantity_price_and_amount_agree(us: Books, detail: Any, total: str, price: str) -> None:
    receipt = us.make("SalesReceipt", {"Line": [item_line(us, **detail)]})
    assert receipt["TotalAmt"] == Decimal(total)
    assert receipt["Line"][0]["SalesItemLineDetail"]["UnitPrice"] == Decimal(price)


def test_an_amount_that_is_not_quantity_times_price_is_6070(us: Books) -> None:
    error = us.refuse("salesreceipt", {"Line": [item_line(us, Qty=3, UnitPrice="33.33", Amount=100)]}, "6070")
    assert "Amount is not equal to UnitPrice * Qty. Supplied value:100" in error["Detail"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"Line": []}, "2020"),
        ({"DocNumber": "x" * 22}, "2050"),
        ({"TxnDate": "2026-02-30"}, "2060"),
        ({"TxnDate": "02/03/2026"}, "2060"),
        ({"CustomerRef": {"value": "424242"}}, "2500"),
        ({"CurrencyRef": {"value": "EUR"}}, "6000"),
        ({"Line": [{"DetailType": "Mystery"}]}, "2170"),
        ({"Line": [{"Amount": 1}]}, "2020"),
        ({"PrivateNote": "x" * 4001}, "2050"),
        ({"TotalTax": 1}, "2010"),
        ({"EmailStatus": "NeedToSend"}, "2020"),
        ({"BillEmail": {"Address": "nobody"}}, "2210"),
    ],
)
def test_a_bad_sales_receipt_changes_nothing(us: Books, change: Any, code: str) -> None:
    us.refuse("salesreceipt", {**us.sale(1), **change}, code)


def test_more_refused_sales(us: Books) -> None:
    us.refuse("salesreceipt", us.sale(-1), "6000")
    income = {"value": us.account("ServiceFeeIncome")["Id"]}
    us.refuse("salesreceipt", us.sale(1, DepositToAccountRef=income), "6430")
    us.refuse("salesreceipt", {"Line": [item_line(us, Amount=1, TaxCodeRef={"value": "9"})]}, "6100")
    us.refuse("salesreceipt", {"Line": [item_line(us)]}, "2020")


def test_a_reference_to_an_inactive_object_is_610_but_old_documents_keep_theirs(us: Books) -> None:
    customer = us.make("Customer", {"DisplayName": "Once"})
    receipt = us.make("SalesReceipt", us.sale(5, CustomerRef={"value": customer["Id"]}))
    assert receipt["CustomerRef"]["name"] == "Once"
    us.deed("deactivate", entity="Customer", id=customer["Id"])
    us.refuse("salesreceipt", us.sale(5, CustomerRef={"value": customer["Id"]}), "610")
    token = {"Id": receipt["Id"], "SyncToken": "0"}
    kept = us.make("SalesReceipt", {**us.sale(6, CustomerRef={"value": customer["Id"]}), **token})
    assert kept["TotalAmt"] == 6


def test_discounts_reduce_the_total(us: Books) -> None:
    discount = {"DetailType": "DiscountLineDetail", "DiscountLineDetail": {"PercentBased": True, "DiscountPercent": 10}}
    receipt = us.make("SalesReceipt", {"Line": [item_line(us, Amount=80), discount]})
    assert receipt["TotalAmt"] == 72
    assert [line["DetailType"] for line in receipt["Line"]][-2:] == ["SubTotalLineDetail", "DiscountLineDetail"]
    bare = {"DetailType": "DiscountLineDetail", "DiscountLineDetail": {}}
    us.refuse("salesreceipt", {"Line": [item_line(us, Amount=80), bare]}, "6090")


def test_numbers_follow_on_where_the_company_lets_quickbooks_number(us: Books) -> None:
    assert us.make("SalesReceipt", us.sale(1))["DocNumber"] == "1001"
    assert us.make("SalesReceipt", us.sale(1, "R-099"))["DocNumber"] == "R-099"
    assert us.make("SalesReceipt", us.sale(1))["DocNumber"] == "R-100"
    assert us.make("SalesReceipt", us.sale(1, "R-099"))["DocNumber"] == "R-099"


def test_numbers_of_ones_own_stay_empty_or_must_be_new(quebec: Books) -> None:
    assert "DocNumber" not in quebec.make("SalesReceipt", quebec.sale(1))
    first = quebec.make("SalesReceipt", quebec.sale(1, "V-1"))
    error = quebec.refuse("salesreceipt", quebec.sale(1, "v-1"), "6140")
    assert f"DocNumber=v-1 is assigned to TxnType=SalesReceipt with TxnId={first['Id']}" in error["Detail"]
    twin = quebec.make("SalesReceipt", quebec.sale(1, "V-1"), include="allowduplicatedocnum")
    assert twin["Id"] != first["Id"]
    assert quebec.make("SalesReceipt", quebec.sale(1, "AUTO_GENERATE"))["DocNumber"] == "V-2"


def test_sparse_updates_keep_lines_and_full_updates_need_them(us: Books) -> None:
    customer = us.make("Customer", {"DisplayName": "Kim"})
    made = us.make("SalesReceipt", us.sale(8, CustomerRef={"value": customer["Id"]}))
    token = {"Id": made["Id"], "SyncToken": "0"}
    us.refuse("salesreceipt", token, "2020")
    noted = us.make("SalesReceipt", {**token, "sparse": True, "PrivateNote": "seen"})
    assert noted["Line"] == made["Line"]
    assert noted["CustomerRef"] == made["CustomerRef"]
    assert noted["SyncToken"] == "1"
    replaced = us.make("SalesReceipt", {**us.sale(9), "Id": made["Id"], "SyncToken": "1"})
    assert "CustomerRef" not in replaced
    assert "PrivateNote" not in replaced
    assert replaced["DocNumber"] == made["DocNumber"]
    assert us.balance("UndepositedFunds") == 9


def test_line_ids_stay_for_known_lines_and_are_new_for_others(us: Books) -> None:
    made = us.make("SalesReceipt", {"Line": [item_line(us, Amount=1), item_line(us, Amount=2)]})
    lines = [{**made["Line"][1], "Amount": 3}, item_line(us, Amount=4), {**item_line(us, Amount=5), "Id": "77"}]
    changed = us.make("SalesReceipt", {"Id": made["Id"], "SyncToken": "0", "sparse": True, "Line": lines})
    assert [(line["Id"], line["Amount"]) for line in changed["Line"][:-1]] == [("2", 3), ("3", 4), ("4", 5)]


def test_a_void_empties_a_receipt_and_keeps_it_readable(us: Books) -> None:
    made = us.make("SalesReceipt", us.sale(40, PrivateNote="till 2"))
    token = {"Id": made["Id"], "SyncToken": "0", "sparse": True}
    void = us.make("SalesReceipt", token, operation="update", include="void")
    assert (void["TotalAmt"], void["PrivateNote"], void["SyncToken"]) == (0, "Voided - till 2", "1")
    assert us.balance("UndepositedFunds") == 0
    assert len(us.all("SalesReceipt", f"where Id = '{made['Id']}'")) == 1
    again = us.make("SalesReceipt", us.sale(3))
    void = us.make("SalesReceipt", {"Id": again["Id"], "SyncToken": "0"}, operation="void")
    assert void["PrivateNote"] == "Voided"


def test_a_deleted_receipt_is_gone_and_its_id_never_returns(us: Books) -> None:
    made = us.make("SalesReceipt", us.sale(40))
    body = {"Id": made["Id"], "SyncToken": "0"}
    answer = us.make("SalesReceipt", body, operation="delete")
    assert answer == {"status": "Deleted", "domain": "QBO", "Id": made["Id"]}
    assert us.get(f"salesreceipt/{made['Id']}")["Fault"]["Error"][0]["code"] == "610"
    assert us.balance("UndepositedFunds") == 0
    assert int(us.make("SalesReceipt", us.sale(1))["Id"]) > int(made["Id"])
    us.refuse("salesreceipt", body, "610", operation="delete")


def test_closed_books_refuse_every_change_before_the_date(us: Books) -> None:
    old = us.make("SalesReceipt", us.sale(1, TxnDate="2026-01-31"))
    new = us.make("SalesReceipt", us.sale(1, TxnDate="2026-02-01"))
    us.deed("close-books", date="2026-01-31")
    assert us.get("preferences")["Preferences"]["AccountingInfoPrefs"]["BookCloseDate"] == "2026-01-31"
    error = us.refuse("salesreceipt", us.sale(1, TxnDate="2026-01-15"), "6200")
    assert error["Message"] == "Account Period Closed, Cannot Update Through Services API"
    us.refuse("salesreceipt", {"Id": old["Id"], "SyncToken": "0"}, "6200", operation="delete")
    us.refuse("salesreceipt", {"Id": old["Id"], "SyncToken": "0"}, "6200", operation="void")
    move = {"Id": new["Id"], "SyncToken": "0", "sparse": True, "TxnDate": "2026-01-31"}
    us.refuse("salesreceipt", move, "6200")
    us.refuse("salesreceipt", {**move, "Id": old["Id"], "TxnDate": "2026-02-01"}, "6200")
    us.here("POST", "switches", closed_books_password=True)
    us.refuse("salesreceipt", us.sale(1, TxnDate="2026-01-15"), "6210")
    us.deed("close-books")
    us.make("SalesReceipt", us.sale(1, TxnDate="2026-01-15"))


def test_an_expired_subscription_refuses_writes_and_still_reads(us: Books) -> None:
    us.here("POST", "switches", expired=True)
    us.refuse("salesreceipt", us.sale(1), "6190")
    assert us.all("Account")
