"""What a plan says that each kind moves is what the general ledger moves, account by account, on that very day."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from posted_company import Company, company_of, every

from raccord.plugin.drafts import (
    Application,
    Bill,
    BillPayment,
    Control,
    CreditMemo,
    Customer,
    Deposit,
    DirectLine,
    Discount,
    Draft,
    Expense,
    ExpenseLine,
    Invoice,
    JournalEntry,
    JournalLine,
    LedgerId,
    Link,
    LinkedLine,
    Payment,
    PaymentType,
    RefundReceipt,
    SalesLine,
    SalesReceipt,
    Settled,
    Side,
    StatedTax,
    TaxMode,
    Transfer,
    Vendor,
    VendorCredit,
)
from raccord.quickbooks.codec import Places, ledger_effect
from raccord_sandbox.clock import SandboxClock
from raccord_sandbox.config import SandboxConfig
from raccord_sandbox.entities.kind import Operation
from raccord_sandbox.entities.registry import KINDS
from raccord_sandbox.operations import Origin, write
from raccord_sandbox.serving.server import SandboxServer

BOTH = "TPS/TVQ QC - 9,975"
DAY = date(2026, 2, 10)
OWED = {Control.RECEIVABLE: "Accounts Receivable", Control.PAYABLE: "Accounts Payable"}
TAXES = frozenset({"GlobalTaxPayable", "SalesTaxPayable", "GlobalTaxSuspense", "OtherCurrentAssets"})
Make = Callable[["Books"], list[Draft]]


def d(text: str) -> Decimal:
    return Decimal(text)


class Books:
    """A company with what its drafts name, and its trial balance."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.currency = company.currency
        self.usd = 0

    @property
    def accounts(self) -> dict[str, dict[str, Any]]:
        return {row["Id"]: row for row in every(self.company.http, self.company.realm, "Account")}

    def places(self) -> Places:
        accounts = self.accounts
        incomes = {
            row["Id"]: row["IncomeAccountRef"]["value"]
            for row in every(self.company.http, self.company.realm, "Item")
            if "IncomeAccountRef" in row
        }

        def owed(control: Control, currency: str) -> str:
            home = self.company.facts.home_currency
            return next(
                (
                    key
                    for key, row in accounts.items()
                    if row["AccountType"] == OWED[control] and row.get("CurrencyRef", {}).get("value", home) == currency
                ),
                "",
            )

        return Places(self.company.accounts["UndepositedFunds"], owed, lambda item: incomes.get(item, ""))

    def balances(self, day: date) -> dict[str, Decimal]:
        asked = {"start_date": "2026-01-01", "end_date": day.isoformat()}
        answer = self.company.http.get(f"/v3/company/{self.company.realm}/reports/TrialBalance", params=asked)
        rows = json.loads(answer.text)["Rows"]["Row"][:-1]
        return {
            row["ColData"][0]["id"]: Decimal(row["ColData"][1]["value"] or 0) - Decimal(row["ColData"][2]["value"] or 0)
            for row in rows
        }

    def moved_by(self, draft: Draft) -> dict[str, Decimal]:
        """Post a draft and return what moved on its day; the day before it nothing may."""
        eve, before = self.balances(DAY - timedelta(1)), self.balances(DAY)
        self.company.post(draft)
        assert self.balances(DAY - timedelta(1)) == eve
        after = self.balances(DAY)
        moved = {key: after.get(key, d("0")) - before.get(key, d("0")) for key in {*before, *after}}
        return {key: amount for key, amount in moved.items() if amount}

    def line(self, amount: str, code: str = "") -> SalesLine:
        tax = LedgerId(self.company.codes[code]) if code else None
        return SalesLine(item=LedgerId(self.company.item), amount=d(amount), tax_code=tax)

    def cost(self, amount: str, code: str = "") -> ExpenseLine:
        tax = LedgerId(self.company.codes[code]) if code else None
        return ExpenseLine(account=self.company.account("BankCharges"), amount=d(amount), tax_code=tax)

    def head(self, key: str) -> dict[str, Any]:
        return {"key": key, "day": DAY, "currency": self.currency}

    def invoice(self, key: str, total: str, *lines: SalesLine, **more: Any) -> Invoice:
        return Invoice(**self.head(key), customer=Link("client"), lines=lines, total=d(total), **more)

    def payment(self, key: str, total: str, into: str, *applied: Application, **more: Any) -> Payment:
        place = self.company.account(into)
        head = self.head(key)
        return Payment(**head, customer=Link("client"), deposit_to=place, total=d(total), applied=applied, **more)


def to(key: str, amount: str, of: Settled = Settled.INVOICE) -> Application:
    return Application(document=Link(key), amount=d(amount), of=of)


def _sales(books: Books) -> list[Draft]:
    funds = books.company.account("UndepositedFunds")
    inclusive = {"lines": (books.line("114.98", BOTH),), "total": d("114.98"), "tax_mode": TaxMode.INCLUSIVE}
    return [
        SalesReceipt(**books.head("s1"), deposit_to=funds, customer=Link("client"), **inclusive),
        RefundReceipt(**books.head("s2"), paid_from=funds, customer=Link("client"), after=Link("s1"), **inclusive),
    ]


def _invoices(books: Books) -> list[Draft]:
    charges = books.company.account("DiscountsRefundsGiven")
    taxes = (StatedTax(percent=d("5"), amount=d("22.50")), StatedTax(percent=d("9.975"), amount=d("44.90")))
    return [
        books.invoice("i1", "114.98", books.line("100.00", BOTH), tax_mode=TaxMode.EXCLUSIVE, number="F-1001",
                      due=date(2026, 3, 12), memo="Chantier"),
        # A cent more than QuickBooks would compute: the source's own taxes stand.
        books.invoice("i2", "517.40", books.line("400.00", BOTH), books.line("50.00", BOTH),
                      tax_mode=TaxMode.EXCLUSIVE, taxes=taxes),
        books.invoice("i3", "103.48", books.line("60.00", BOTH), books.line("40.00", BOTH), tax_mode=TaxMode.EXCLUSIVE,
                      discount=Discount(amount=d("10.00"), account=charges)),
        books.invoice("i4", "45.00", books.line("50.00"), discount=Discount(amount=d("5.00"), account=charges)),
        books.invoice("i5", "229.96", books.line("229.96", BOTH), tax_mode=TaxMode.INCLUSIVE),
        books.invoice("i6", "99.97", books.line("100.00", "Exonéré"), books.line("-0.03", "Exonéré")),
    ]  # fmt: skip


def _payments(books: Books) -> list[Draft]:
    memo = CreditMemo(
        **books.head("c1"), customer=Link("client"), lines=(books.line("34.49", BOTH),), total=d("34.49"),
        tax_mode=TaxMode.INCLUSIVE,
    )  # fmt: skip
    deposit = Deposit(
        **books.head("d1"), bank=books.company.account("Checking"), total=d("146.60"),
        lines=(
            LinkedLine(document=Link("p1"), amount=d("150.00")),
            DirectLine(account=books.company.account("BankCharges"), amount=d("-3.40")),
        ),
    )  # fmt: skip
    return [
        books.invoice("b1", "100.00", books.line("100.00")),
        books.invoice("b2", "80.00", books.line("80.00")),
        memo,
        # 30.00 stay unapplied.
        books.payment("p1", "150.00", "UndepositedFunds", to("b1", "100.00"), to("b2", "20.00"), reference="ch_9f2"),
        books.payment("p2", "0.00", "UndepositedFunds", to("b2", "34.49"), to("c1", "34.49", Settled.CREDIT_MEMO)),
        books.payment("p3", "25.51", "Checking", to("b2", "25.51")),
        books.payment("p4", "12.00", "Checking"),
        deposit,
    ]


def _bills(books: Books) -> list[Draft]:
    def owed(kind: type[Bill | VendorCredit], key: str, total: str, *lines: ExpenseLine, **more: Any) -> Draft:
        return kind(**books.head(key), vendor=Link("vendor"), lines=lines, total=d(total), **more)

    def paid(key: str, total: str, by: PaymentType, *applied: Application) -> BillPayment:
        source = books.company.account("CreditCard" if by is PaymentType.CARD else "Checking")
        head = books.head(key)
        return BillPayment(
            **head, vendor=Link("vendor"), paid_from=source, payment_type=by, total=d(total), applied=applied
        )

    credit = to("v1", "57.49", Settled.VENDOR_CREDIT)
    return [
        owed(Bill, "b10", "229.95", books.cost("200.00", BOTH), tax_mode=TaxMode.EXCLUSIVE, number="77-A"),
        owed(Bill, "b11", "40.00", books.cost("40.00"), due=date(2026, 3, 1)),
        owed(VendorCredit, "v1", "57.49", books.cost("57.49", BOTH), tax_mode=TaxMode.INCLUSIVE),
        paid("y1", "172.46", PaymentType.CHECK, to("b10", "229.95", Settled.BILL), credit),
        paid("y2", "40.00", PaymentType.CARD, to("b11", "40.00", Settled.BILL)),
    ]


def _others(books: Books) -> list[Draft]:
    account = books.company.account
    lines = (
        JournalLine(account=account("BankCharges"), side=Side.DEBIT, amount=d("7.00")),
        JournalLine(account=account("Checking"), side=Side.CREDIT, amount=d("7.00")),
    )
    card = {"paid_from": account("CreditCard"), "payment_type": PaymentType.CARD, "total": d("22.99")}
    cost = replace(books.cost("22.99", BOTH), customer=Link("client"))
    charges, code = account("BankCharges"), LedgerId(books.company.codes[BOTH])
    back = {"bank": account("Checking"), "tax_mode": TaxMode.INCLUSIVE}
    stated = (StatedTax(percent=d("5"), amount=d("1.00")), StatedTax(percent=d("9.975"), amount=d("1.99")))
    return [
        # Money back for costs gives their tax back, also where no net makes the total by itself.
        Deposit(
            **books.head("d1"),
            **back,
            total=d("22.99"),
            taxes=stated,
            lines=(DirectLine(account=charges, amount=d("22.99"), tax_code=code),),
        ),
        Deposit(
            **books.head("d2"),
            **back,
            total=d("33.33"),
            lines=(
                DirectLine(account=charges, amount=d("23.33"), tax_code=code),
                DirectLine(account=charges, amount=d("10.00")),
            ),
        ),
        Expense(**books.head("e1"), lines=(cost,), tax_mode=TaxMode.INCLUSIVE, **card),
        Expense(**books.head("e2"), lines=(books.cost("22.99"),), credit=True, **card),
        JournalEntry(**books.head("j1"), lines=lines, money=account("Checking")),
        Transfer(**books.head("t1"), source=account("Checking"), target=account("Savings"), total=d("5.00")),
    ]


def _american(books: Books) -> list[Draft]:
    return [
        books.invoice("u1", "108.02", books.line("100.00", "TAX"), tax_mode=TaxMode.EXCLUSIVE),
        books.invoice("u2", "50.00", books.line("50.00")),
        books.payment("u3", "158.02", "UndepositedFunds", to("u1", "108.02"), to("u2", "50.00")),
        Bill(**books.head("u4"), vendor=Link("vendor"), lines=(books.cost("12.34"),), total=d("12.34")),
    ]


def _foreign(books: Books) -> list[Draft]:
    rate = {"exchange_rate": d("1.3712")}
    return [
        books.invoice("f1", "33.33", books.line("11.11"), books.line("22.22"), **rate),
        books.invoice("f2", "114.98", books.line("100.00", BOTH), tax_mode=TaxMode.EXCLUSIVE, **rate),
        books.payment("f3", "33.33", "UndepositedFunds", to("f1", "33.33"), **rate),
        Bill(**books.head("f4"), vendor=Link("vendor"), lines=(books.cost("9.99"),), total=d("9.99"), **rate),
    ]


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with SandboxServer(SandboxConfig(clock=SandboxClock(datetime(2026, 3, 2, 16, 0, tzinfo=UTC)))) as running:
        yield running


def _books(company: Company, currency: str = "") -> Books:
    books = Books(company)
    books.currency = currency or company.currency
    company.post(Customer(key="client", name="Érable & fils", currency=currency))
    company.post(Vendor(key="vendor", name="Quincaillerie Roy", currency=currency))
    return books


@pytest.fixture(scope="module")
def quebec(server: SandboxServer) -> Iterator[Books]:
    for company in company_of(server, "quebec", "CA", "CAD"):
        yield _books(company)


@pytest.fixture(scope="module")
def american(server: SandboxServer) -> Iterator[Books]:
    for company in company_of(server, "us", "US", "USD"):
        yield _books(company)


@pytest.fixture(scope="module")
def foreign(server: SandboxServer, quebec: Books) -> Books:
    """The Quebec company again, after somebody has turned multicurrency on."""
    own = server.store.of_template("quebec")
    token = (own.get("Preferences", "1") or {})["SyncToken"]
    on = {"Id": "1", "SyncToken": token, "sparse": True, "CurrencyPrefs": {"MultiCurrencyEnabled": True}}
    write(own, KINDS["Preferences"], on, Operation.UPDATE, origin=Origin(by="person"))
    company = replace(quebec.company, facts=replace(quebec.company.facts, multicurrency=True), ids={})
    company.posted = 1000
    added = company.http.post(f"/v3/company/{company.realm}/companycurrency", json={"Code": "USD"})
    assert added.is_success, added.text
    books = Books(company)
    books.currency = "USD"
    company.post(Customer(key="client", name="Maple & sons", currency="USD"))
    company.post(Vendor(key="vendor", name="Roy Hardware", currency="USD"))
    return books


CASES: Mapping[str, tuple[str, Make]] = {
    "sales": ("quebec", _sales),
    "invoices": ("quebec", _invoices),
    "payments": ("quebec", _payments),
    "bills": ("quebec", _bills),
    "others": ("quebec", _others),
    "american": ("american", _american),
    "foreign": ("foreign", _foreign),
}


@pytest.mark.requirement("PL-14", "TD-13", "TD-14", "TD-15", "TD-17", "TD-23", "TD-24")
@pytest.mark.parametrize("case", CASES)
def test_a_draft_moves_in_the_books_what_the_plan_says(case: str, request: pytest.FixtureRequest) -> None:
    fixture, make = CASES[case]
    books: Books = request.getfixturevalue(fixture)
    for draft in make(books):
        places = books.places()
        planned = ledger_effect(draft, books.company.resolve, books.company.facts, places)
        moved = books.moved_by(draft)
        accounts = books.accounts
        for control in OWED:
            # The first foreign document makes its own account of what is owed.
            if str(control) in planned:
                amount = planned.pop(str(control))
                [key] = [key for key in moved if key not in planned and accounts[key]["AccountType"] == OWED[control]]
                planned[key] = amount
        tax = planned.pop("tax", Decimal(0))
        rest = {key: amount for key, amount in moved.items() if key not in planned}
        assert {accounts[key]["AccountSubType"] for key in rest} <= TAXES, (draft, rest)
        assert sum(rest.values(), Decimal(0)) == tax, (draft, rest, tax)
        assert {key: moved.get(key) for key in planned} == planned, draft
        assert sum(planned.values(), tax) == 0
