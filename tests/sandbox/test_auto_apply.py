"""Credits and payments that QuickBooks Online applies by itself where the preferences say so."""

from __future__ import annotations

from typing import Any

import pytest

Books = Any  # the fixture's class lives in conftest.py, which importlib mode does not let a test import
Doc = dict[str, Any]
NOTE = "Created by QB Online to link credits to charges."


@pytest.fixture(params=["us", "quebec"])
def books(request: pytest.FixtureRequest) -> Books:
    return request.getfixturevalue(request.param)


def prefer(books: Books, **sales: bool) -> None:
    stored = books.read("Preferences", "1")
    body = {"Id": "1", "SyncToken": stored["SyncToken"], "sparse": True}
    books.make("Preferences", {**body, "SalesFormsPrefs": {**stored["SalesFormsPrefs"], **sales}})


def applied(payment: Doc) -> list[tuple[str, str, Any]]:
    lines = payment["Line"]
    return [(line["LinkedTxn"][0]["TxnType"], line["LinkedTxn"][0]["TxnId"], line["Amount"]) for line in lines]


def test_nothing_is_applied_by_itself_unless_the_company_wants_it(books: Books) -> None:
    kim = books.customer()
    books.credit(30, kim)
    assert books.invoice(100, kim)["Balance"] == 100
    assert books.make("Payment", {"CustomerRef": kim, "TotalAmt": 5})["UnappliedAmt"] == 5
    assert len(books.all("Payment")) == 1


def test_a_new_invoice_takes_the_credits_of_its_customer(books: Books) -> None:
    prefer(books, AutoApplyCredit=True)
    kim, lee = books.customer(), books.customer("Lee")
    books.credit(7, lee)
    older, newer = books.credit(30, kim, TxnDate="2026-02-01"), books.credit(90, kim, TxnDate="2026-02-03")
    invoice = books.invoice(100, kim, TxnDate="2026-02-02")
    assert (invoice["Balance"], invoice["SyncToken"]) == (0, "0")
    (linking,) = books.all("Payment")
    assert invoice["LinkedTxn"] == [{"TxnId": linking["Id"], "TxnType": "Payment"}]
    assert (linking["TotalAmt"], linking["UnappliedAmt"], linking["PrivateNote"]) == (0, 0, NOTE)
    assert (linking["TxnDate"], linking["SyncToken"]) == ("2026-02-03", "0")
    assert applied(linking) == [
        ("Invoice", invoice["Id"], 100), ("CreditMemo", older["Id"], 30), ("CreditMemo", newer["Id"], 70),
    ]  # fmt: skip
    assert [books.read("CreditMemo", doc["Id"])["RemainingCredit"] for doc in (older, newer)] == [0, 20]
    assert (books.owed(kim), books.owed(lee)) == (-20, -7)


def test_a_new_credit_memo_settles_the_invoices_due_first(books: Books) -> None:
    prefer(books, AutoApplyCredit=True)
    kim = books.customer()
    late, soon = books.invoice(50, kim, DueDate="2026-05-01"), books.invoice(40, kim, DueDate="2026-04-01")
    credit = books.credit(60, kim)
    assert (credit["Balance"], credit["RemainingCredit"]) == (0, 0)
    (linking,) = books.all("Payment")
    assert applied(linking) == [
        ("CreditMemo", credit["Id"], 60), ("Invoice", soon["Id"], 40), ("Invoice", late["Id"], 20),
    ]  # fmt: skip
    assert books.read("Invoice", late["Id"])["Balance"] == 30


def test_a_new_invoice_takes_what_payments_left_unapplied_after_the_credits(books: Books) -> None:
    kim = books.customer()
    paid = books.pay(80, kim)
    credit = books.credit(30, kim)
    prefer(books, AutoApplyCredit=True)
    invoice = books.invoice(100, kim)
    after = books.read("Payment", paid["Id"])
    assert (after["UnappliedAmt"], after["SyncToken"], applied(after)) == (10, "1", [("Invoice", invoice["Id"], 70)])
    assert (invoice["Balance"], books.read("CreditMemo", credit["Id"])["Balance"], books.owed(kim)) == (0, 0, -10)


def test_what_was_applied_by_itself_is_undone_like_anything_else(books: Books) -> None:
    prefer(books, AutoApplyCredit=True)
    kim = books.customer()
    credit = books.credit(30, kim)
    invoice = books.invoice(100, kim)
    (linking,) = books.all("Payment")
    books.make("Payment", {"Id": linking["Id"], "SyncToken": "0"}, operation="delete")
    assert books.read("CreditMemo", credit["Id"])["RemainingCredit"] == 30
    assert books.read("Invoice", invoice["Id"])["Balance"] == 100
    token = {"Id": invoice["Id"], "SyncToken": books.read("Invoice", invoice["Id"])["SyncToken"], "sparse": True}
    assert books.make("Invoice", {**token, "PrivateNote": "x"})["Balance"] == 100  # only new documents are settled


def test_a_refused_invoice_leaves_its_credits_alone(books: Books) -> None:
    prefer(books, AutoApplyCredit=True)
    kim = books.customer()
    books.credit(30, kim)
    books.deed("close-books", date="2026-02-28")
    books.refuse("invoice", books.sale(10, CustomerRef=kim, TxnDate="2026-02-01"), "6200")


def test_a_payment_without_lines_settles_the_invoices_due_first(books: Books) -> None:
    prefer(books, AutoApplyPayments=True)
    kim = books.customer()
    late, soon = books.invoice(50, kim, DueDate="2026-05-01"), books.invoice(40, kim, DueDate="2026-04-01")
    paid = books.make("Payment", {"CustomerRef": kim, "TotalAmt": 100})
    assert applied(paid) == [("Invoice", soon["Id"], 40), ("Invoice", late["Id"], 50)]
    assert (paid["UnappliedAmt"], books.owed(kim)) == (10, -10)
    assert books.pay(5, kim)["UnappliedAmt"] == 5  # lines were sent: none
