"""Estimates and the other links that documents keep on both sides."""

from __future__ import annotations

from typing import Any

import pytest

Books = Any  # the fixture's class lives in conftest.py, which importlib mode does not let a test import
Doc = dict[str, Any]


@pytest.fixture(params=["us", "quebec"])
def books(request: pytest.FixtureRequest) -> Books:
    return request.getfixturevalue(request.param)


def to(kind: str, *docs: Doc) -> list[Doc]:
    return [{"TxnId": doc["Id"], "TxnType": kind} for doc in docs]


def current(books: Books, kind: str, doc: Doc) -> Doc:
    return {"Id": doc["Id"], "SyncToken": books.read(kind, doc["Id"])["SyncToken"]}


def update(books: Books, kind: str, doc: Doc, **changes: Any) -> Doc:
    made: Doc = books.make(kind, {**current(books, kind, doc), "sparse": True, **changes})
    return made


def estimate(books: Books, customer: Doc, **more: Any) -> Doc:
    made: Doc = books.make("Estimate", books.sale(50, CustomerRef=customer, **more))
    return made


def test_an_estimate_posts_nothing(books: Books) -> None:
    kim = books.customer()
    made = estimate(books, kim, ExpirationDate="2026-04-01")
    assert (made["TotalAmt"], made["TxnStatus"], made["LinkedTxn"]) == (50, "Pending", [])
    assert ("Balance" in made, made["ExpirationDate"]) == (False, "2026-04-01")
    assert books.company.ledger.posting("Estimate", made["Id"]) is None
    assert (books.owed(kim), books.balance("AccountsReceivable")) == (0, 0)
    changed = update(books, "Estimate", made, TxnStatus="Accepted", AcceptedBy="Kim", AcceptedDate="2026-03-05")
    assert (changed["TxnStatus"], changed["AcceptedBy"], changed["SyncToken"]) == ("Accepted", "Kim", "1")
    assert [doc["Id"] for doc in books.all("Estimate", "where TxnStatus = 'Accepted'")] == [made["Id"]]
    books.make("Estimate", current(books, "Estimate", made), operation="delete")
    assert books.all("Estimate") == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"CustomerRef": None}, "2020"),
        ({"Line": []}, "2020"),
        ({"TxnStatus": "Lost"}, "2170"),
        ({"ExpirationDate": "soon"}, "2060"),
        ({"DocNumber": "x" * 22}, "2050"),
        ({"LinkedTxn": [{"TxnId": "9999", "TxnType": "Invoice"}]}, "610"),
        ({"Balance": 5, "Nonsense": 1}, "2010"),
    ],
)
def test_a_bad_estimate_changes_nothing(us: Books, change: Doc, code: str) -> None:
    us.refuse("estimate", {**us.sale(5, CustomerRef=us.customer()), **change}, code)


def test_estimates_are_not_voided(us: Books) -> None:
    made = estimate(us, us.customer())
    us.refuse("estimate", current(us, "Estimate", made), "500", operation="void")


def test_estimates_have_numbers_of_their_own_beside_the_documents_that_post(quebec: Books) -> None:
    kim = quebec.customer()
    quebec.invoice(1, kim, number="N-1")
    made = quebec.make("Estimate", quebec.sale(5, "N-1", CustomerRef=kim))
    assert made["DocNumber"] == "N-1"
    quebec.refuse("estimate", quebec.sale(5, "N-1", CustomerRef=kim), "6140")


def test_an_invoice_closes_its_estimate_and_opens_it_again_when_it_goes(books: Books) -> None:
    kim = books.customer()
    for accepted, back in (({}, "Pending"), ({"AcceptedBy": "Kim"}, "Accepted")):
        offer = estimate(books, kim, **accepted)
        invoice = books.invoice(50, kim, LinkedTxn=to("Estimate", offer))
        assert invoice["LinkedTxn"] == to("Estimate", offer)
        closed = books.read("Estimate", offer["Id"])
        assert (closed["TxnStatus"], closed["SyncToken"]) == ("Closed", "1")
        assert closed["LinkedTxn"] == to("Invoice", invoice)
        books.make("Invoice", current(books, "Invoice", invoice), operation="delete")
        opened = books.read("Estimate", offer["Id"])
        assert (opened["TxnStatus"], opened["LinkedTxn"]) == (back, [])
    invoice = books.invoice(50, kim, LinkedTxn=to("Estimate", offer))
    books.make("Invoice", current(books, "Invoice", invoice), operation="void")
    assert books.read("Estimate", offer["Id"])["TxnStatus"] == "Accepted"


def test_payments_and_estimates_stand_beside_each_other_through_updates(books: Books) -> None:
    kim = books.customer()
    offer, other = estimate(books, kim), estimate(books, kim)
    invoice = books.invoice(50, kim, LinkedTxn=to("Estimate", offer))
    line = {"Amount": 50, "LinkedTxn": to("Invoice", invoice)}
    paid = books.pay(50, kim, line)
    both = to("Estimate", offer) + to("Payment", paid)
    assert update(books, "Invoice", invoice, PrivateNote="x")["LinkedTxn"] == both
    swapped = update(books, "Invoice", invoice, LinkedTxn=to("Estimate", other))
    assert swapped["LinkedTxn"] == to("Estimate", other) + to("Payment", paid)
    assert [books.read("Estimate", doc["Id"])["TxnStatus"] for doc in (offer, other)] == ["Pending", "Closed"]
    full = books.make("Invoice", {**books.sale(50, CustomerRef=kim), **current(books, "Invoice", invoice)})
    assert full["LinkedTxn"] == to("Payment", paid)  # what a full update leaves out is cleared, what is read-only stays
    assert books.read("Estimate", other["Id"])["TxnStatus"] == "Pending"


def test_links_that_are_shown_only_cannot_be_written(books: Books) -> None:
    kim = books.customer()
    paid = books.pay(50, kim)
    invoice = books.invoice(50, kim, LinkedTxn=to("Payment", paid) + to("ReimburseCharge", paid))
    assert (invoice["LinkedTxn"], invoice["Balance"]) == ([], 50)


def test_an_estimate_is_invoiced_once_to_its_customer(books: Books) -> None:
    kim, lee = books.customer(), books.customer("Lee")
    offer = estimate(books, kim)
    body = {"LinkedTxn": to("Estimate", offer)}
    books.refuse("invoice", books.sale(5, CustomerRef=lee, **body), "620")
    books.refuse("invoice", books.sale(5, CustomerRef=kim, LinkedTxn=to("Estimate", {"Id": "99999"})), "610")
    two = to("Estimate", offer, estimate(books, kim))
    books.refuse("invoice", books.sale(5, CustomerRef=kim, LinkedTxn=two), "6000")
    invoice = books.invoice(5, kim, **body)
    books.refuse("invoice", books.sale(5, CustomerRef=kim, **body), "620")
    books.refuse("invoice", {**current(books, "Invoice", invoice), "sparse": True, "CustomerRef": lee}, "620")


def test_an_estimate_may_name_its_invoice_itself(books: Books) -> None:
    kim = books.customer()
    offer, invoice = estimate(books, kim), books.invoice(50, kim)
    closed = update(books, "Estimate", offer, LinkedTxn=to("Invoice", invoice))
    assert (closed["TxnStatus"], closed["LinkedTxn"]) == ("Closed", to("Invoice", invoice))
    assert books.read("Invoice", invoice["Id"])["LinkedTxn"] == to("Estimate", offer)
    second = {**books.sale(50, CustomerRef=kim), "LinkedTxn": to("Invoice", invoice)}
    books.refuse("estimate", second, "620")
    books.refuse("estimate", {**second, "LinkedTxn": to("Invoice", invoice, books.invoice(1, kim))}, "6000")
    stranger = books.invoice(5, books.customer("Lee"))
    books.refuse("estimate", {**second, "LinkedTxn": to("Invoice", stranger)}, "620")
    opened = update(books, "Estimate", offer, LinkedTxn=[])
    assert (opened["TxnStatus"], opened["LinkedTxn"]) == ("Pending", [])
    assert books.read("Invoice", invoice["Id"])["LinkedTxn"] == []


def test_an_invoiced_estimate_is_deleted_only_where_the_switch_or_a_person_lets_it_go(books: Books) -> None:
    kim = books.customer()
    for by_hand in (True, False):
        offer = estimate(books, kim)
        invoice = books.invoice(50, kim, LinkedTxn=to("Estimate", offer))
        books.refuse("estimate", current(books, "Estimate", offer), "800", operation="delete")
        if by_hand:
            books.deed("delete", entity="Estimate", id=offer["Id"])
        else:
            books.here("POST", "switches", delete_linked=True)
            books.make("Estimate", current(books, "Estimate", offer), operation="delete")
        assert books.read("Invoice", invoice["Id"])["LinkedTxn"] == []


def test_a_person_links_a_refund_with_the_sale_and_the_api_shows_it(books: Books) -> None:
    funds = {"value": books.account("UndepositedFunds")["Id"]}
    sale = books.make("SalesReceipt", books.sale(20))
    body = books.sale(20, DepositToAccountRef=funds, LinkedTxn=to("SalesReceipt", sale))
    assert books.make("RefundReceipt", body)["LinkedTxn"] == []
    refund = books.deed("create", entity="RefundReceipt", changes=body)
    assert refund["LinkedTxn"] == to("SalesReceipt", sale)
    shown = books.read("SalesReceipt", sale["Id"])
    assert (shown["LinkedTxn"], shown["SyncToken"]) == (to("RefundReceipt", refund), "1")
    full = {**books.sale(20, DepositToAccountRef=funds), **current(books, "RefundReceipt", refund)}
    kept = books.make("RefundReceipt", full)
    assert kept["LinkedTxn"] == to("SalesReceipt", sale)
    books.refuse("salesreceipt", current(books, "SalesReceipt", sale), "800", operation="delete")
    books.refuse("refundreceipt", current(books, "RefundReceipt", refund), "500", operation="void")
    books.deed("void", entity="RefundReceipt", id=refund["Id"])
    assert books.read("RefundReceipt", refund["Id"])["TotalAmt"] == 0
    assert books.read("SalesReceipt", sale["Id"])["LinkedTxn"] == []
    assert books.here("GET", "check") == {"balanced": True}
    again = books.deed("create", entity="RefundReceipt", changes=body)
    books.make("RefundReceipt", current(books, "RefundReceipt", again), operation="delete")
    assert books.read("SalesReceipt", sale["Id"])["LinkedTxn"] == []
    books.make("SalesReceipt", current(books, "SalesReceipt", sale), operation="delete")


def test_an_invoice_bills_the_times_it_names_once(us: Books) -> None:
    kim, lee = us.customer(), us.customer("Lee")
    stamp = "2026-03-02T08:00:00-08:00"
    times = {"CreateTime": stamp, "LastUpdatedTime": stamp}
    for key, customer, status in (("7001", kim, "Billable"), ("7002", lee, "Billable"), ("7003", kim, "NotBillable")):
        time = {"Id": key, "SyncToken": "0", "TxnDate": "2026-03-01", "CustomerRef": customer, "BillableStatus": status}
        us.company.table("TimeActivity").put({**time, "MetaData": times})

    def status(key: str) -> str:
        return str(us.company.get("TimeActivity", key)["BillableStatus"])

    body = us.sale(50, CustomerRef=kim)
    for key, code in (("7002", "620"), ("7003", "620"), ("7004", "610")):
        us.refuse("invoice", {**body, "LinkedTxn": to("TimeActivity", {"Id": key})}, code)
    billed = {"LinkedTxn": to("TimeActivity", {"Id": "7001"})}
    made = us.make("Invoice", {**body, **billed})
    assert (made["LinkedTxn"], status("7001")) == (billed["LinkedTxn"], "HasBeenBilled")
    us.refuse("invoice", {**body, **billed}, "620")
    assert update(us, "Invoice", made, LinkedTxn=[])["LinkedTxn"] == []
    assert status("7001") == "Billable"
    update(us, "Invoice", made, **billed)
    us.make("Invoice", current(us, "Invoice", made), operation="delete")
    assert status("7001") == "Billable"
