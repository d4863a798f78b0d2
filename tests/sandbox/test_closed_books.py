"""Closed books, case by case: what changes the ledger up to the closing date is refused, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

Books = Any  # the fixture's class lives in conftest.py, which importlib mode does not let a test import
Doc = dict[str, Any]
CLOSED, OPEN = "2026-01-15", "2026-02-15"
TEXT = (
    "The account period has closed and the account books cannot be updated through through the QBO Services API. "
    "Please use the QBO website to make these changes."
)


@dataclass
class Scene:
    """Documents of both periods, made before the books were closed on 2026-01-31."""

    books: Books
    customer: Doc
    old: Doc
    """An invoice of January, paid in February."""
    new: Doc
    """An invoice of February, paid in advance in January."""
    payment: Doc
    advance: Doc
    receipt: Doc
    """A sale of January that waits for its deposit."""
    expense: Doc

    def head(self, entity: str, doc: Doc) -> Doc:
        token = self.books.read(entity, doc["Id"])["SyncToken"]
        needed = {"PaymentType": "Cash"} if entity == "Purchase" else {}
        return {"Id": doc["Id"], "SyncToken": token, "sparse": True, **needed}


def on(doc: Doc, amount: object) -> Doc:
    return {"Amount": amount, "LinkedTxn": [{"TxnId": doc["Id"], "TxnType": "Invoice"}]}


@pytest.fixture
def scene(us: Books) -> Scene:
    kim = us.customer()
    old, new = us.invoice(100, kim, TxnDate=CLOSED), us.invoice(50, kim, TxnDate=OPEN)
    payment = us.pay(60, kim, on(old, 60), TxnDate=OPEN)
    advance = us.pay(50, kim, on(new, 50), TxnDate=CLOSED)
    receipt = us.make("SalesReceipt", us.sale(20, TxnDate=CLOSED))
    bank = {"value": us.account("Checking")["Id"]}
    spent = {"PaymentType": "Cash", "AccountRef": bank, "TxnDate": OPEN, "Line": [us.expense(5)]}
    expense = us.make("Purchase", spent)
    us.deed("close-books", date="2026-01-31")
    return Scene(us, kim, old, new, payment, advance, receipt, expense)


Body = Callable[[Scene], Doc]


@dataclass(frozen=True)
class Case:
    """One request: the entity, its body, and the operation where it is neither a create nor an update."""

    entity: str
    body: Body
    operation: str = ""


def edit(name: str, entity: str, **changes: Any) -> Case:
    return Case(entity, lambda scene: {**scene.head(entity, getattr(scene, name)), **changes})


def gone(name: str, entity: str, operation: str) -> Case:
    return Case(entity, lambda scene: scene.head(entity, getattr(scene, name)), operation)


REFUSED = {
    "a new document in the closed period": Case("SalesReceipt", lambda scene: scene.books.sale(1, TxnDate=CLOSED)),
    "on the closing date itself": Case("SalesReceipt", lambda scene: scene.books.sale(1, TxnDate="2026-01-31")),
    "another amount": Case(
        "SalesReceipt",
        lambda scene: {**scene.head("SalesReceipt", scene.receipt), "Line": scene.books.sale(21)["Line"]},
    ),
    "another customer": Case(
        "SalesReceipt", lambda scene: {**scene.head("SalesReceipt", scene.receipt), "CustomerRef": scene.customer}
    ),
    "out of the closed period": edit("receipt", "SalesReceipt", TxnDate=OPEN),
    "into the closed period": edit("expense", "Purchase", TxnDate=CLOSED),
    "from one closed day to another": edit("receipt", "SalesReceipt", TxnDate="2026-01-14"),
    "a closed document deleted": gone("receipt", "SalesReceipt", "delete"),
    "a closed document voided": gone("receipt", "SalesReceipt", "void"),
    "an open payment into the closed period": edit("payment", "Payment", TxnDate=CLOSED),
    "a payment in the closed period of an open invoice": Case(
        "Payment",
        lambda scene: {"CustomerRef": scene.customer, "TotalAmt": 1, "TxnDate": CLOSED, "Line": [on(scene.old, 1)]},
    ),
    "a closed payment deleted": gone("advance", "Payment", "delete"),
    "a smaller total of a closed payment": edit("advance", "Payment", TotalAmt=40, Line=[]),
    "an account with an opening balance of then": Case(
        "Account",
        lambda scene: {
            "Name": "Old",
            "AccountSubType": "Savings",
            "OpeningBalance": 5,
            "OpeningBalanceDate": CLOSED,
        },
    ),
    "a customer with an opening balance of then": Case(
        "Customer", lambda scene: {"DisplayName": "Old", "Balance": 5, "OpenBalanceDate": CLOSED}
    ),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED.keys())
def test_what_changes_the_closed_period_is_refused(scene: Scene, case: Case) -> None:
    query = {"operation": case.operation} if case.operation else {}
    error = scene.books.refuse(case.entity.lower(), case.body(scene), "6200", **query)
    assert (error["Message"], error["Detail"]) == ("Account Period Closed, Cannot Update Through Services API", TEXT)


PASSES = {
    "a document after the closing date": Case("SalesReceipt", lambda scene: scene.books.sale(1, TxnDate="2026-02-01")),
    "a note on a closed document": edit("receipt", "SalesReceipt", PrivateNote="checked"),
    "a number on a closed document": edit("receipt", "SalesReceipt", DocNumber="J-1"),
    "another due date of a closed invoice": edit("old", "Invoice", DueDate="2026-03-31"),
    "a payment of today on a closed invoice": Case(
        "Payment",
        lambda scene: {"CustomerRef": scene.customer, "TotalAmt": 40, "TxnDate": OPEN, "Line": [on(scene.old, 40)]},
    ),
    "the open payment of a closed invoice taken off it": edit("payment", "Payment", Line=[]),
    "the open payment of a closed invoice deleted": gone("payment", "Payment", "delete"),
    "the open payment of a closed invoice voided": gone("payment", "Payment", "void"),
    "a closed payment taken off its invoice": edit("advance", "Payment", Line=[]),
    "a closed payment applied to another invoice": Case(
        "Payment", lambda scene: {**scene.head("Payment", scene.advance), "Line": [on(scene.old, 40)]}
    ),
    "a deposit of today of a closed sale": Case(
        "Deposit",
        lambda scene: {
            "DepositToAccountRef": {"value": scene.books.account("Checking")["Id"]},
            "TxnDate": OPEN,
            "Line": [{"Amount": 20, "LinkedTxn": [{"TxnId": scene.receipt["Id"], "TxnType": "SalesReceipt"}]}],
        },
    ),
    "an estimate of then, which posts nothing": Case(
        "Estimate", lambda scene: scene.books.sale(1, CustomerRef=scene.customer, TxnDate=CLOSED)
    ),
    "a sale of nothing": Case("SalesReceipt", lambda scene: scene.books.sale(0, TxnDate=CLOSED)),
    "a customer": Case("Customer", lambda scene: {"DisplayName": "Lee"}),
}


@pytest.mark.parametrize("case", PASSES.values(), ids=PASSES.keys())
def test_what_leaves_the_closed_period_as_it_is_passes(scene: Scene, case: Case) -> None:
    def january() -> list[Any]:
        ledger = scene.books.company.ledger
        accounts = scene.books.company.table("Account")
        return [ledger.balance(account["Id"], last="2026-01-31") for account in accounts]

    before = january()
    operation = {"include": "void"} if case.operation == "void" else {"operation": case.operation or "update"}
    if case.operation == "void":
        operation["operation"] = "update"
    assert "Fault" not in scene.books.post(case.entity.lower(), case.body(scene), **operation)
    assert january() == before


def test_a_closed_invoice_cannot_shrink_under_its_open_payment(scene: Scene) -> None:
    books = scene.books
    body = {**scene.head("Invoice", scene.old), "Line": books.sale(30)["Line"]}
    books.refuse("invoice", body, "6200")
    assert books.read("Invoice", scene.old["Id"])["Balance"] == 40


def test_an_open_invoice_cannot_take_back_what_a_closed_payment_settled_and_may_free_it(scene: Scene) -> None:
    books = scene.books
    books.make("Invoice", {**scene.head("Invoice", scene.new), "Line": books.sale(30)["Line"]})
    assert books.read("Payment", scene.advance["Id"])["UnappliedAmt"] == 20


def test_a_batch_refuses_item_by_item(scene: Scene) -> None:
    books = scene.books
    items = [
        {"bId": "then", "operation": "create", "SalesReceipt": books.sale(1, TxnDate=CLOSED)},
        {"bId": "now", "operation": "create", "SalesReceipt": books.sale(1, TxnDate=OPEN)},
        {"bId": "gone", "operation": "delete", "SalesReceipt": scene.head("SalesReceipt", scene.receipt)},
    ]
    answers = books.post("batch", {"BatchItemRequest": items})["BatchItemResponse"]
    codes = [answer.get("Fault", {}).get("Error", [{"code": ""}])[0]["code"] for answer in answers]
    assert codes == ["6200", "", "6200"]


def test_with_a_password_the_code_is_another(scene: Scene) -> None:
    books = scene.books
    books.here("POST", "switches", closed_books_password=True)
    error = books.refuse("salesreceipt", books.sale(1, TxnDate=CLOSED), "6210")
    assert error["Detail"] == TEXT
    books.deed("close-books")
    books.make("SalesReceipt", books.sale(1, TxnDate=CLOSED))


def test_the_api_shows_the_closing_date_and_cannot_set_it(scene: Scene) -> None:
    books = scene.books
    stored = books.get("preferences")["Preferences"]
    assert stored["AccountingInfoPrefs"]["BookCloseDate"] == "2026-01-31"
    head = {"Id": "1", "SyncToken": stored["SyncToken"], "sparse": True}
    books.refuse("preferences", {**head, "AccountingInfoPrefs": {"BookCloseDate": "2025-12-31"}}, "2010")
    books.refuse("salesreceipt", books.sale(1, TxnDate=CLOSED), "6200")


def test_a_person_is_refused_too(scene: Scene) -> None:
    path = f"companies/{scene.books.company.realm}/person/delete"
    answer = scene.books.ask("POST", path, {"entity": "SalesReceipt", "id": scene.receipt["Id"]})
    assert (answer.status_code, answer.json()["code"]) == (400, "6200")
