"""Purchase orders and the bills that receive them: §§7.14 and 8.1 of the reference."""

from __future__ import annotations

from typing import Any

import pytest

Books = Any  # the fixture's class lives in conftest.py, which importlib mode does not let a test import
Doc = dict[str, Any]


@pytest.fixture
def vendor(books: Books) -> Any:
    return books.make("Vendor", {"DisplayName": "Hicks Hardware", "BillAddr": {"Line1": "42 Main St."}})


def order(books: Books, vendor: Doc, *lines: Doc, **more: Any) -> Doc:
    body = {"APAccountRef": {"value": books.account("AccountsPayable")["Id"]}, **books.bill(vendor, *lines)}
    made: Doc = books.make("PurchaseOrder", {**body, **more})
    return made


def item_line(books: Books, quantity: int, price: int) -> Doc:
    item = books.make(
        "Item",
        {
            "Name": f"Pump {len(books.all('Item'))}",
            "Type": "NonInventory",
            "ExpenseAccountRef": {"value": books.account("SuppliesMaterialsCogs")["Id"]},
        },
    )
    detail: Doc = {"ItemRef": {"value": item["Id"]}, "Qty": quantity, "UnitPrice": price}
    if not books.company.is_us:
        detail["TaxCodeRef"] = {"value": books.tax_code("Exonéré")["Id"]}
    return {"DetailType": "ItemBasedExpenseLineDetail", "ItemBasedExpenseLineDetail": detail}


def received(line: Doc, order: Doc, place: int, **detail: Any) -> Doc:
    """Return a bill's line that receives the line of an order."""
    key = line["DetailType"]
    link = {"TxnId": order["Id"], "TxnType": "PurchaseOrder", "TxnLineId": order["Line"][place]["Id"]}
    return {"DetailType": key, key: {**line[key], **detail}, "LinkedTxn": [link]}


def stored(books: Books, made: Doc, kind: str = "PurchaseOrder") -> Doc:
    found: Doc = books.read(kind, made["Id"])
    return found


def test_a_purchase_order_posts_nothing(books: Books, vendor: Any) -> None:
    made = order(books, vendor, item_line(books, 3, 25), books.expense(10))
    assert (made["TotalAmt"], made["POStatus"], made["EmailStatus"]) == (85, "Open", "NotSet")
    assert made["VendorAddr"]["Line1"] == "42 Main St."
    assert (made["LinkedTxn"], made["CustomField"]) == ([], [])
    assert "DocNumber" not in made
    assert books.owed_to(vendor) == 0
    assert books.all("PurchaseOrder") == [made]
    token = {"Id": made["Id"], "SyncToken": "0", "sparse": True}
    closed = books.make("PurchaseOrder", {**token, "POStatus": "Closed", "Memo": "thanks"})
    assert (closed["POStatus"], closed["Line"]) == ("Closed", made["Line"])
    gone = books.make("PurchaseOrder", {"Id": made["Id"], "SyncToken": "1"}, operation="delete")
    assert gone["status"] == "Deleted"


def test_numbers_follow_where_the_company_lets_quickbooks_number(us: Books) -> None:
    vendor = us.make("Vendor", {"DisplayName": "Hicks"})
    preferences = us.get("preferences")["Preferences"]
    pairs = {"NameValue": [{"Name": "VendorAndPurchasesPrefs.UseCustomTxnNumbers", "Value": "false"}]}
    us.make("Preferences", {"Id": "1", "SyncToken": preferences["SyncToken"], "sparse": True, "OtherPrefs": pairs})
    first, second = order(us, vendor, us.expense(1)), order(us, vendor, us.expense(1), DocNumber="P-9")
    assert (first["DocNumber"], second["DocNumber"]) == ("1", "P-9")
    assert order(us, vendor, us.expense(1))["DocNumber"] == "P-10"
    kept = us.make("PurchaseOrder", {**first, "Memo": "x"})
    assert kept["DocNumber"] == "1"
    credit = us.make("VendorCredit", us.bill(vendor, us.expense(1)))
    assert credit["DocNumber"] == "1"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"APAccountRef": None}, "2020"),
        ({"VendorRef": None}, "2020"),
        ({"Line": []}, "2020"),
        ({"POStatus": "Half"}, "2170"),
        ({"APAccountRef": "Checking"}, "6430"),
        ({"EmailStatus": "NeedToSend"}, "2020"),
        ({"POEmail": {"Address": "nobody"}}, "2210"),
        ({"DocNumber": "x" * 22}, "2050"),
        ({"BillEmail": {"Address": "a@b.c"}}, "2010"),
    ],
)
def test_a_bad_purchase_order_changes_nothing(books: Books, vendor: Any, change: Any, code: str) -> None:
    if change.get("APAccountRef"):
        change = {"APAccountRef": {"value": books.account("Checking")["Id"]}}
    payables = {"value": books.account("AccountsPayable")["Id"]}
    body = {"APAccountRef": payables, **books.bill(vendor, books.expense(5)), **change}
    books.refuse("purchaseorder", body, code)


def test_bills_receive_lines_until_the_order_is_closed(books: Books, vendor: Any) -> None:
    pump, wire = item_line(books, 3, 25), item_line(books, 10, 2)
    ordered = order(books, vendor, pump, wire)
    first = books.make("Bill", books.bill(vendor, received(pump, ordered, 0, Qty=2)))
    assert first["LinkedTxn"] == [{"TxnId": ordered["Id"], "TxnType": "PurchaseOrder"}]
    assert first["Line"][0]["LinkedTxn"][0]["TxnLineId"] == ordered["Line"][0]["Id"]
    seen = stored(books, ordered)
    assert (seen["POStatus"], seen["LinkedTxn"]) == ("Open", [{"TxnId": first["Id"], "TxnType": "Bill"}])
    second = books.make("Bill", books.bill(vendor, received(pump, ordered, 0, Qty=1), received(wire, ordered, 1)))
    seen = stored(books, ordered)
    assert (seen["POStatus"], [link["TxnId"] for link in seen["LinkedTxn"]]) == ("Closed", [first["Id"], second["Id"]])
    books.refuse("bill", books.bill(vendor, received(wire, ordered, 1)), "620")
    books.make("Bill", {"Id": first["Id"], "SyncToken": "0"}, operation="delete")
    assert stored(books, ordered)["POStatus"] == "Open"
    token = {"Id": second["Id"], "SyncToken": "0", "sparse": True, "VendorRef": second["VendorRef"]}
    noted = books.make("Bill", {**token, "PrivateNote": "x"})
    assert noted["LinkedTxn"] == second["LinkedTxn"]
    loose = books.make("Bill", {**token, "SyncToken": "1", "Line": [books.expense(5)], "LinkedTxn": []})
    assert loose["LinkedTxn"] == []
    assert stored(books, ordered)["LinkedTxn"] == []


def test_lines_without_quantity_are_received_by_amount(books: Books, vendor: Any) -> None:
    line = books.expense(100)
    ordered = order(books, vendor, line)
    books.make("Bill", books.bill(vendor, {**received(line, ordered, 0), "Amount": 60}))
    assert stored(books, ordered)["POStatus"] == "Open"
    books.make("Bill", books.bill(vendor, {**received(line, ordered, 0), "Amount": 45}))
    assert stored(books, ordered)["POStatus"] == "Closed"


def test_a_bill_linked_as_a_whole_receives_the_whole_order(books: Books, vendor: Any) -> None:
    ordered = order(books, vendor, books.expense(100))
    link = [{"TxnId": ordered["Id"], "TxnType": "PurchaseOrder"}]
    bill = books.make("Bill", books.bill(vendor, books.expense(100), LinkedTxn=link))
    assert bill["LinkedTxn"] == link
    assert stored(books, ordered)["POStatus"] == "Closed"


def test_bad_links_to_purchase_orders_change_nothing(books: Books, vendor: Any) -> None:
    line = item_line(books, 1, 5)
    ordered = order(books, vendor, line)
    other = books.make("Vendor", {"DisplayName": "Other"})
    books.refuse("bill", books.bill(other, received(line, ordered, 0)), "6000")
    for change, code in (({"TxnLineId": "99"}, "620"), ({"TxnId": "999999"}, "610")):
        bad = received(line, ordered, 0)
        bad["LinkedTxn"][0].update(change)
        books.refuse("bill", books.bill(vendor, bad), code)
    bad = received(line, ordered, 0)
    del bad["LinkedTxn"][0]["TxnLineId"]
    assert books.refuse("bill", books.bill(vendor, bad), "2020")["element"] == "TxnLineId"
    header = {"LinkedTxn": [{"TxnId": "999999", "TxnType": "PurchaseOrder"}]}
    books.refuse("bill", books.bill(vendor, line, **header), "610")


def test_links_that_only_the_service_writes_are_dropped(books: Books, vendor: Any) -> None:
    links = [{"TxnId": "5", "TxnType": "BillPaymentCheck"}, {"TxnId": "6", "TxnType": "ReimburseCharge"}]
    assert books.make("Bill", books.bill(vendor, books.expense(5), LinkedTxn=links))["LinkedTxn"] == []
    ordered = order(books, vendor, books.expense(5))
    line = received(books.expense(5), ordered, 0)
    checking = {"value": books.account("Checking")["Id"]}
    body = {"PaymentType": "Cash", "AccountRef": checking, "Line": [{**line, "Amount": 5}]}
    made = books.make("Purchase", {**body, "LinkedTxn": [{"TxnId": ordered["Id"], "TxnType": "PurchaseOrder"}]})
    assert "LinkedTxn" not in made
    assert "LinkedTxn" not in made["Line"][0]
    assert stored(books, ordered)["POStatus"] == "Open"


def test_what_is_received_holds_its_order(books: Books, vendor: Any) -> None:
    line, spare = item_line(books, 1, 5), books.expense(7)
    ordered = order(books, vendor, line, spare)
    bill = books.make("Bill", books.bill(vendor, received(line, ordered, 0)))
    token = {"Id": ordered["Id"], "SyncToken": "1"}
    books.refuse("purchaseorder", {**token, "sparse": True, "Line": [ordered["Line"][1]]}, "6000")
    other = books.make("Vendor", {"DisplayName": "Other"})
    books.refuse("purchaseorder", {**token, "sparse": True, "VendorRef": {"value": other["Id"]}}, "6000")
    books.refuse("purchaseorder", token, "800", operation="delete")
    shorter = books.make("PurchaseOrder", {**token, "sparse": True, "Line": [ordered["Line"][0]]})
    assert (shorter["TotalAmt"], shorter["POStatus"]) == (5, "Closed")
    books.deed("delete", entity="PurchaseOrder", id=ordered["Id"])
    left = stored(books, bill, "Bill")
    assert (left["LinkedTxn"], left["Line"][0]["LinkedTxn"]) == ([], [])


def test_a_paid_bill_keeps_its_order_and_its_payment(books: Books, vendor: Any) -> None:
    line = item_line(books, 1, 5)
    ordered = order(books, vendor, line)
    bill = books.make("Bill", books.bill(vendor, received(line, ordered, 0)))
    bank = {"BankAccountRef": {"value": books.account("Checking")["Id"]}}
    links = [{"TxnId": bill["Id"], "TxnType": "Bill"}]
    body = {"VendorRef": {"value": vendor["Id"]}, "TotalAmt": 5, "PayType": "Check", "CheckPayment": bank}
    books.make("BillPayment", {**body, "Line": [{"Amount": 5, "LinkedTxn": links}]})
    token = {"Id": bill["Id"], "SyncToken": "1", "sparse": True, "VendorRef": bill["VendorRef"]}
    noted = books.make("Bill", {**token, "PrivateNote": "x"})
    assert sorted(link["TxnType"] for link in noted["LinkedTxn"]) == ["BillPaymentCheck", "PurchaseOrder"]
    assert noted["Balance"] == 0
