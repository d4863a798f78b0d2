"""Rules around receivables: charged cards, unbilled expenses, voids by hand, journal and deposit lines, France."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from raccord_sandbox.serving.server import SandboxServer

Books = Any  # the fixture's class lives in conftest.py, which importlib mode does not let a test import
Doc = dict[str, Any]
CHARGED = {
    "CreditChargeInfo": {"Type": "Visa", "ProcessPayment": True, "CcExpiryMonth": 1, "CcExpiryYear": 2030},
    "CreditChargeResponse": {"Status": "Completed", "CCTransId": "tr-1"},
}


@pytest.fixture(params=["us", "quebec"])
def books(request: pytest.FixtureRequest) -> Books:
    return request.getfixturevalue(request.param)


def current(books: Books, kind: str, doc: Doc) -> Doc:
    return {"Id": doc["Id"], "SyncToken": books.read(kind, doc["Id"])["SyncToken"], "sparse": True}


def ref(books: Books, subtype: str) -> Doc:
    return {"value": books.account(subtype)["Id"]}


@pytest.mark.parametrize("kind", ["Payment", "SalesReceipt"])
def test_what_the_merchant_account_charged_is_not_changed_deleted_or_voided(books: Books, kind: str) -> None:
    kim = books.customer()
    card: Doc = {"CreditCardPayment": CHARGED}
    body = {"CustomerRef": kim, "TotalAmt": 5} if kind == "Payment" else books.sale(5)
    made = books.make(kind, {**body, **card})
    assert made["CreditCardPayment"]["CreditChargeResponse"]["CCTransId"] == "tr-1"
    token = current(books, kind, made)
    books.refuse(kind.lower(), {**token, "PrivateNote": "x"}, "6110")
    books.refuse(kind.lower(), token, "6120", operation="delete")
    error = books.refuse(kind.lower(), token, "6450", operation="void")
    assert error["Message"] == "Void Failed"


@pytest.mark.parametrize(
    "card",
    [
        {"CreditChargeInfo": {"Type": "Visa", "ProcessPayment": False}},
        {**CHARGED, "CreditChargeResponse": {"Status": "Unknown", "CCTransId": "tr-1"}},
        {"CreditChargeResponse": CHARGED["CreditChargeResponse"]},
    ],
)
def test_a_card_that_was_noted_only_binds_nothing(us: Books, card: Doc) -> None:
    made = us.make("SalesReceipt", {**us.sale(5), "CreditCardPayment": card})
    us.make("SalesReceipt", {**current(us, "SalesReceipt", made), "PrivateNote": "x"})
    us.make("SalesReceipt", current(us, "SalesReceipt", made), operation="void")


@pytest.mark.parametrize("kind", ["Payment", "SalesReceipt", "Invoice"])
def test_a_raw_card_number_is_refused(us: Books, kind: str) -> None:
    kim = us.customer()
    body = {"TotalAmt": 5} if kind == "Payment" else us.sale(5)
    card = {"CreditCardPayment": {"CreditChargeInfo": {"Number": "4111111111111111"}}}
    us.refuse(kind.lower(), {**body, "CustomerRef": kim, **card}, "6530")


@pytest.mark.parametrize("status", ["Billable", "NotBillable", "HasBeenBilled"])
def test_a_customer_with_unbilled_expenses_cannot_be_made_inactive(books: Books, status: str) -> None:
    kim = books.customer()
    detail: Doc = {"AccountRef": ref(books, "Travel"), "CustomerRef": kim, "BillableStatus": status}
    if not books.company.is_us:
        detail["TaxCodeRef"] = {"value": books.tax_code("Exonéré")["Id"]}
    line = {"Amount": 9, "DetailType": "AccountBasedExpenseLineDetail", "AccountBasedExpenseLineDetail": detail}
    books.make("Purchase", {"PaymentType": "Cash", "AccountRef": ref(books, "Checking"), "Line": [line]})
    body = {**current(books, "Customer", {"Id": kim["value"]}), "Active": False}
    if status == "Billable":
        assert books.refuse("customer", body, "6280")["Message"] == "Customer Has Unbilled Expenses"
    else:
        assert books.make("Customer", body)["Active"] is False


def posted(books: Books, kind: str) -> Doc:
    """Make a document of this kind for 40 that moves money or debts."""
    kim = books.customer()
    taxed = {} if books.company.is_us else {"TaxCodeRef": {"value": books.tax_code("Exonéré")["Id"]}}
    bank, funds = ref(books, "Checking"), ref(books, "UndepositedFunds")

    def side(posting: str, account: Doc, **more: Any) -> Doc:
        detail = {"PostingType": posting, "AccountRef": account, **more}
        return {"Amount": 40, "DetailType": "JournalEntryLineDetail", "JournalEntryLineDetail": detail}

    expense = {"AccountRef": ref(books, "Travel"), **taxed}
    bodies: dict[str, Doc] = {
        "CreditMemo": books.sale(40, CustomerRef=kim),
        "RefundReceipt": books.sale(40, DepositToAccountRef=funds),
        "Purchase": {
            "PaymentType": "Cash",
            "AccountRef": bank,
            "Line": [
                {"Amount": 40, "DetailType": "AccountBasedExpenseLineDetail", "AccountBasedExpenseLineDetail": expense}
            ],
        },
        "Transfer": {"FromAccountRef": bank, "ToAccountRef": ref(books, "Savings"), "Amount": 40},
        "JournalEntry": {
            "Line": [
                side("Debit", ref(books, "AccountsReceivable"), Entity={"Type": "Customer", "EntityRef": kim}),
                side("Credit", bank),
            ]
        },
    }
    made: Doc = books.make(kind, bodies[kind])
    return made


VOIDABLE = ("CreditMemo", "RefundReceipt", "Purchase", "Transfer", "JournalEntry")


@pytest.mark.parametrize("kind", VOIDABLE)
@pytest.mark.parametrize("way", ["person", "switch"])
def test_undocumented_voids_are_done_by_people_and_by_a_switch(books: Books, kind: str, way: str) -> None:
    made = posted(books, kind)
    token = current(books, kind, made)
    books.refuse(kind.lower(), token, "500", operation="void")
    if way == "person":
        books.deed("void", entity=kind, id=made["Id"])
        assert books.here("GET", "check") == {"balanced": True}
    else:
        books.here("POST", "switches", undocumented_voids=True)
        books.make(kind, token, operation="void")
    void = books.read(kind, made["Id"])
    assert (void.get("TotalAmt", 0), void.get("Amount", 0), void["PrivateNote"]) == (0, 0, "Voided")
    assert books.company.ledger.posting(kind, made["Id"]) is None
    books.make(kind, current(books, kind, made), operation="delete")


def test_a_voided_journal_entry_lets_its_payments_go(books: Books) -> None:
    made = posted(books, "JournalEntry")
    kim = made["Line"][0]["JournalEntryLineDetail"]["Entity"]["EntityRef"]
    paid = books.pay(40, kim, {"Amount": 40, "LinkedTxn": [{"TxnId": made["Id"], "TxnType": "JournalEntry"}]})
    books.refuse("journalentry", current(books, "JournalEntry", made), "800", operation="delete")
    books.deed("void", entity="JournalEntry", id=made["Id"])
    assert books.read("Payment", paid["Id"])["UnappliedAmt"] == 40
    assert books.read("JournalEntry", made["Id"])["LinkedTxn"] == []
    assert books.here("GET", "check") == {"balanced": True}


def test_two_receivable_lines_in_one_journal_entry_are_for_the_api_alone(us: Books) -> None:
    kim, lee = us.customer(), us.customer("Lee")

    def line(posting: str, customer: Doc) -> Doc:
        entity = {"Type": "Customer", "EntityRef": customer}
        detail = {"PostingType": posting, "AccountRef": ref(us, "AccountsReceivable"), "Entity": entity}
        return {"Amount": 7, "DetailType": "JournalEntryLineDetail", "JournalEntryLineDetail": detail}

    body = {"Line": [line("Debit", kim), line("Credit", lee)]}
    us.make("JournalEntry", body)
    assert (us.owed(kim), us.owed(lee)) == (7, -7)
    answer = us.ask("POST", f"companies/{us.company.realm}/person/create", {"entity": "JournalEntry", "changes": body})
    assert answer.status_code == 400
    us.here("POST", "switches", one_control_line=True)
    us.refuse("journalentry", body, "6000")


def test_a_journal_or_deposit_line_on_receivables_names_its_customer(books: Books) -> None:
    kim, vendor = books.customer(), {"value": books.make("Vendor", {"DisplayName": "V"})["Id"]}

    def direct(**more: Any) -> Doc:
        detail = {"AccountRef": ref(books, "AccountsReceivable"), **more}
        line = {"Amount": 12, "DetailType": "DepositLineDetail", "DepositLineDetail": detail}
        return {"DepositToAccountRef": ref(books, "Checking"), "Line": [line]}

    books.refuse("deposit", direct(), "6000")
    books.refuse("deposit", direct(Entity={**vendor, "type": "Vendor"}), "6000")
    books.make("Deposit", direct(Entity={**kim, "type": "Customer"}))
    assert books.owed(kim) == -12
    back = {"CashBack": {"AccountRef": ref(books, "AccountsReceivable"), "Amount": 1}}
    books.refuse("deposit", {**direct(Entity={**kim, "type": "Customer"}), **back}, "6000")
    receivable, bank = ref(books, "AccountsReceivable"), ref(books, "Checking")
    body = {"FromAccountRef": bank, "ToAccountRef": receivable, "Amount": 5}
    assert books.post("transfer", body)["Fault"]["Error"][0]["code"] in ("6000", "6430")


@pytest.fixture
def france(server: SandboxServer) -> Iterator[Any]:
    lab = {"Authorization": f"Bearer {server.lab_token}"}
    made = httpx.post(f"{server.url}/sandbox/companies", json={"template": "france"}, headers=lab).json()
    headers = {"Accept": "application/json", "Authorization": f"Bearer {made['access_token']}"}
    base = f"{server.url}/v3/company/{made['realm']}"

    def ask(entity: str, body: Doc) -> Doc:
        answer = httpx.post(f"{base}/{entity.lower()}", json=body, headers=headers).json()
        found: Doc = answer.get(entity) or answer["Fault"]["Error"][0]
        return found

    yield server.store.get(made["realm"]), ask
    httpx.delete(f"{server.url}/sandbox/companies/{made['realm']}", headers=lab)


def test_in_france_each_customer_has_its_receivable_account(france: Any) -> None:
    company, ask = france
    assert ask("Customer", {"DisplayName": "Durand"})["element"] == "ARAccountRef"
    own = {"value": ask("Account", {"Name": "411 Durand", "AccountType": "Accounts Receivable"})["Id"]}
    other = {"value": company.accounts_of(AccountType="Accounts Receivable")[0]}
    bank = {"value": company.accounts_of(AccountType="Bank")[0]}
    assert ask("Customer", {"DisplayName": "Durand", "ARAccountRef": bank})["code"] == "6430"
    durand = {"value": ask("Customer", {"DisplayName": "Durand", "ARAccountRef": own})["Id"]}
    code = next(doc["Id"] for doc in company.table("TaxCode") if doc["Name"] == "TVA 20 %")
    line = {
        "Amount": 100, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"TaxCodeRef": {"value": code}}
    }  # fmt: skip
    invoice = ask("Invoice", {"CustomerRef": durand, "Line": [line]})
    assert company.ledger.balance(own["value"]) == invoice["TotalAmt"] == 120
    link = {"Amount": 120, "LinkedTxn": [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]}
    body = {"CustomerRef": durand, "TotalAmt": 120, "Line": [link]}
    assert (ask("Payment", body)["code"], ask("Payment", body)["element"]) == ("2020", "PaymentRefNum")
    paid = ask("Payment", {**body, "PaymentRefNum": "VIR-1"})
    assert (company.ledger.balance(own["value"]), company.ledger.balance(other["value"])) == (0, 0)
    moved = ask("Invoice", {"Id": invoice["Id"], "SyncToken": "1", "sparse": True, "ARAccountRef": other})
    assert (moved["Balance"], moved["ARAccountRef"]["value"]) == (120, other["value"])
    assert (company.ledger.balance(own["value"]), company.ledger.balance(other["value"])) == (-120, 120)
    assert company.get("Payment", paid["Id"])["UnappliedAmt"] == 120


def test_elsewhere_no_document_chooses_its_receivable_account(us: Books) -> None:
    second = us.make("Account", {"Name": "Other receivables", "AccountType": "Accounts Receivable"})
    made = us.invoice(5, us.customer(), ARAccountRef={"value": second["Id"]})
    assert "ARAccountRef" not in made
    assert us.company.ledger.balance(second["Id"]) == 0
