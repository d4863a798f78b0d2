"""What is settled at another rate is a gain or a loss, and to the cent: each documented rule as one case."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from foreign_shop import EUR, ON, STORE, Doc, Shop, add_currencies, named, turn_on
from hypothesis import given, settings
from hypothesis import strategies as st

from raccord_sandbox.clock import SandboxClock
from raccord_sandbox.config import SandboxConfig
from raccord_sandbox.entities.kind import Operation
from raccord_sandbox.entities.registry import KINDS
from raccord_sandbox.keeping.company import Work, assert_books_balance
from raccord_sandbox.keeping.store import Store
from raccord_sandbox.operations import read, write
from raccord_sandbox.refusing.faults import FaultError


@dataclass(frozen=True)
class Settled:
    """An invoice of 100 euros at 1.10, payments as (rate, amount), and what they gain; a loss is negative."""

    payments: list[tuple[str, str]]
    gain: str
    at_home: str = "0"


SETTLED = {
    "the euro rose": Settled([("1.20", "100")], "10.00"),
    "the euro fell": Settled([("1.05", "100")], "-5.00"),
    "the same rate": Settled([("1.10", "100")], "0"),
    "in part": Settled([("1.20", "40")], "4.00", "66.00"),
    "in three parts": Settled([("1.10", "33.33"), ("1.20", "33.33"), ("1.0877", "33.34")], "2.92"),
}


@pytest.mark.parametrize("case", SETTLED.values(), ids=SETTLED.keys())
def test_payments_take_the_difference_of_rates_as_gain_or_loss(shop: Shop, case: Settled) -> None:
    invoice = shop.invoice("1.10", 100)
    for rate, amount in case.payments:
        shop.pay(rate, amount, ("Invoice", invoice, amount))
    balances = shop.balances()
    assert -balances.get("Exchange Gain or Loss", Decimal(0)) == Decimal(case.gain)
    assert balances.get("Accounts Receivable (A/R) - EUR", 0) == Decimal(case.at_home)
    shown = shop.read("Invoice", invoice)
    assert shown["HomeBalance"] == Decimal(case.at_home)
    assert shown["HomeTotalAmt"] == 110


def test_what_is_open_to_the_last_cent_goes_with_the_last_payment(shop: Shop) -> None:
    invoice = shop.invoice("1.337", "0.10")
    payments = [shop.pay("1.337", "0.01", ("Invoice", invoice, "0.01")) for _ in range(10)]
    assert "Accounts Receivable (A/R) - EUR" not in shop.balances()
    shop.remove("Payment", payments[3])
    assert shop.read("Invoice", invoice)["Balance"] == Decimal("0.01")
    shop.pay("9", "0.01", ("Invoice", invoice, "0.01"))
    assert "Accounts Receivable (A/R) - EUR" not in shop.balances()


def test_a_new_rate_on_an_invoice_is_carried_to_its_payments_and_deposits(shop: Shop) -> None:
    invoice = shop.invoice("1.10", 100)
    payment = shop.pay("1.20", 100, ("Invoice", invoice, 100))
    line = {"Amount": 100, "LinkedTxn": [{"TxnId": payment["Id"], "TxnType": "Payment"}]}
    bank = shop.account("Checking", "EUR")
    shop.make("Deposit", {"DepositToAccountRef": bank, "Line": [line], "ExchangeRate": "1.25"})
    assert shop.balances() == {"Euro bank": 125, "Services": -110, "Exchange Gain or Loss": -15}
    token = shop.read("Invoice", invoice)["SyncToken"]
    shop.make("Invoice", {"Id": invoice["Id"], "SyncToken": token, "sparse": True, "ExchangeRate": "1.15"})
    assert shop.balances() == {"Euro bank": 125, "Services": -115, "Exchange Gain or Loss": -10}
    assert shop.read("Payment", payment)["SyncToken"] == "1"


def test_a_new_rate_is_refused_where_it_would_change_a_closed_payment(shop: Shop) -> None:
    invoice = shop.invoice("1.10", 100, TxnDate="2026-02-10")
    shop.pay("1.20", 100, ("Invoice", invoice, 100), TxnDate="2026-01-10")
    work = Work(shop.company)
    work.touch("Preferences", "1")["AccountingInfoPrefs"]["BookCloseDate"] = "2026-01-31"
    work.commit()
    head = {"Id": invoice["Id"], "SyncToken": shop.read("Invoice", invoice)["SyncToken"], "sparse": True}
    assert shop.refused("Invoice", {**head, "ExchangeRate": "1.15"}).code == 6200
    assert shop.make("Invoice", {**head, "PrivateNote": "x"})["ExchangeRate"] == Decimal("1.10")


def test_credits_and_invoices_meet_at_their_own_rates(shop: Shop) -> None:
    invoice = shop.invoice("1.10", 100)
    memo = {"CustomerRef": named(shop, "Customer", "Anne"), "Line": shop.lines(30), "ExchangeRate": "1.20", **EUR}
    credit = shop.make("CreditMemo", memo)
    shop.pay("1.50", 0, ("Invoice", invoice, 30), ("CreditMemo", credit, 30))
    assert shop.balances() == {
        "Accounts Receivable (A/R) - EUR": 77,
        "Services": -74,
        "Exchange Gain or Loss": -3,
    }
    assert shop.read("CreditMemo", credit)["HomeBalance"] == 0


def test_money_paid_in_advance_keeps_its_rate_until_it_is_applied(shop: Shop) -> None:
    payment = shop.pay("1.20", 100)
    assert shop.balances() == {"Undeposited Funds": 120, "Accounts Receivable (A/R) - EUR": -120}
    invoice = shop.invoice("1.10", 100)
    line = {"Amount": 100, "LinkedTxn": [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]}
    shop.make("Payment", {"Id": payment["Id"], "SyncToken": "0", "sparse": True, "Line": [line]})
    assert shop.balances() == {"Undeposited Funds": 120, "Services": -110, "Exchange Gain or Loss": -10}
    shop.remove("Payment", payment)
    assert shop.balances() == {"Accounts Receivable (A/R) - EUR": 110, "Services": -110}


def test_a_journal_line_on_receivables_is_settled_at_its_own_rate(shop: Shop) -> None:
    shop.invoice("1.10", 1)
    anne = named(shop, "Customer", "Anne")
    who = {"Entity": {"Type": "Customer", "EntityRef": anne}}
    receivable = shop.account("AccountsReceivable", "EUR")
    sides = [shop.side("Debit", receivable, 50, **who), shop.side("Credit", shop.account("ServiceFeeIncome"), 50)]
    entry = shop.make("JournalEntry", {"Line": sides, "ExchangeRate": "1.30", **EUR})
    shop.pay("1.00", 50, ("JournalEntry", entry, 50))
    assert shop.balances()["Exchange Gain or Loss"] == 15
    assert shop.balances()["Accounts Receivable (A/R) - EUR"] == Decimal("1.10")


def bill(shop: Shop, rate: str, amount: object) -> Doc:
    vendor = named(shop, "Vendor", "Fournisseur")
    return shop.make("Bill", {"VendorRef": vendor, "Line": shop.costs(amount), "ExchangeRate": rate, **EUR})


def pay_bill(shop: Shop, rate: str, total: object, *settles: tuple[str, Doc, object]) -> Doc:
    lines = [{"Amount": amount, "LinkedTxn": [{"TxnId": doc["Id"], "TxnType": kind}]} for kind, doc, amount in settles]
    body = {"VendorRef": named(shop, "Vendor", "Fournisseur"), "TotalAmt": total, "PayType": "Check", "Line": lines}
    check = {"CheckPayment": {"BankAccountRef": shop.account("Checking", "EUR")}}
    return shop.make("BillPayment", {**body, **check, "ExchangeRate": rate, **EUR})


@pytest.mark.parametrize(
    ("rate", "loss"), [("1.20", "10.00"), ("1.05", "-5.00"), ("1.10", "0")], ids=["rose", "fell", "same"]
)
def test_bills_are_paid_at_another_rate(shop: Shop, rate: str, loss: str) -> None:
    owed = bill(shop, "1.10", 100)
    paid = pay_bill(shop, rate, 100, ("Bill", owed, 100))
    balances = shop.balances()
    assert balances.get("Exchange Gain or Loss", 0) == Decimal(loss)
    assert balances["Euro bank"] == -100 * Decimal(rate)
    assert "Accounts Payable (A/P) - EUR" not in balances
    assert shop.read("Bill", owed)["HomeBalance"] == 0
    shop.remove("BillPayment", paid)
    assert shop.balances() == {"Accounts Payable (A/P) - EUR": -110, "Travel": 110}


def test_vendor_credits_meet_bills_at_their_own_rates(shop: Shop) -> None:
    owed = bill(shop, "1.10", 100)
    body = {"VendorRef": named(shop, "Vendor", "Fournisseur"), "Line": shop.costs(20), "ExchangeRate": "1.40", **EUR}
    credit = shop.make("VendorCredit", body)
    pay_bill(shop, "1.20", 80, ("Bill", owed, 100), ("VendorCredit", credit, 20))
    assert shop.balances() == {"Euro bank": -96, "Travel": 82, "Exchange Gain or Loss": 14}


def test_a_deposit_takes_the_currency_of_its_account_and_of_its_payments(shop: Shop) -> None:
    payment = shop.pay("1.20", 100)
    line = {"Amount": 100, "LinkedTxn": [{"TxnId": payment["Id"], "TxnType": "Payment"}]}
    fault = shop.refused("Deposit", {"DepositToAccountRef": shop.account("Checking"), "Line": [line]})
    assert (fault.code, "is in EUR, the deposit in USD" in fault.detail) == (6000, True)
    fee = {
        "Amount": "-3.33",
        "DetailType": "DepositLineDetail",
        "DepositLineDetail": {"AccountRef": shop.account("BankCharges")},
    }
    body = {"DepositToAccountRef": shop.account("Checking", "EUR"), "Line": [line, fee], "ExchangeRate": "1.10"}
    made = shop.read("Deposit", shop.make("Deposit", body))
    assert (made["CurrencyRef"]["value"], made["TotalAmt"]) == ("EUR", Decimal("96.67"))
    assert made["HomeTotalAmt"] == Decimal("106.34")
    assert shop.balances() == {
        "Euro bank": Decimal("106.34"),
        "Bank Charges": Decimal("3.66"),
        "Accounts Receivable (A/R) - EUR": -120,
        "Exchange Gain or Loss": 10,
    }


def test_tax_abroad_is_owed_in_home_currency(shop: Shop) -> None:
    lines = shop.lines("10.01")
    lines[0]["SalesItemLineDetail"]["TaxCodeRef"] = {"value": "TAX"}
    group = next(doc["Id"] for doc in shop.company.table("TaxCode") if doc["Name"] == "State")
    body = {"Line": lines, "TxnTaxDetail": {"TxnTaxCodeRef": {"value": group}}, "ExchangeRate": "1.0877", **EUR}
    made = shop.make("SalesReceipt", body)
    assert (made["TxnTaxDetail"]["TotalTax"], made["TotalAmt"]) == (Decimal("0.80"), Decimal("10.81"))
    assert shop.balances() == {
        "Undeposited Funds": Decimal("11.76"),
        "Sales tax payable": Decimal("-0.87"),
        "Services": Decimal("-10.89"),
    }


def test_a_foreign_customers_opening_balance_is_an_invoice_in_its_currency(shop: Shop) -> None:
    body = {"DisplayName": "Old", "Balance": 50, "OpenBalanceDate": "2026-02-10", **EUR}
    made = shop.make("Customer", body)
    assert read(shop.company, KINDS["Customer"], made["Id"])["Balance"] == 50
    assert shop.balances() == {"Accounts Receivable (A/R) - EUR": 60, "Opening Balance Equity": -60}


def test_a_deactivated_foreign_customer_must_owe_nothing_in_its_currency(shop: Shop) -> None:
    invoice = shop.invoice("1.10", 100)
    anne = named(shop, "Customer", "Anne")["value"]
    stored = shop.company.get("Customer", anne) or {}
    gone = {"Id": anne, "SyncToken": stored["SyncToken"], "sparse": True, "Active": False}
    assert shop.refused("Customer", gone).code == 6220
    shop.pay("1.2", 100, ("Invoice", invoice, 100))
    assert shop.make("Customer", gone)["Active"] is False


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["invoice", "pay", "pay", "advance", "rate", "worth", "delete", "void", "deposit"]),
        st.integers(1, 5_000),
        st.sampled_from(["1.1", "1.337", "0.9", "1.0877"]),
        st.integers(0, 9),
    ),
    max_size=14,
)


def _step(shop: Shop, action: str, cents: int, rate: str, pick: int) -> None:
    amount = Decimal(cents).scaleb(-2)
    table = shop.company.table
    invoices, payments = list(table("Invoice")), list(table("Payment"))
    if action == "invoice":
        shop.invoice(rate, amount, amount / 2)
    elif action == "advance":
        shop.pay(rate, amount)
    elif action == "deposit":
        waiting = [doc for doc in payments if not doc["LinkedTxn"] and doc["TotalAmt"]][:2]
        lines = [
            {"Amount": doc["TotalAmt"], "LinkedTxn": [{"TxnId": doc["Id"], "TxnType": "Payment"}]} for doc in waiting
        ]
        bank = shop.account("Checking", "EUR")
        shop.make("Deposit", {"DepositToAccountRef": bank, "Line": lines, "ExchangeRate": rate})
    elif not invoices:
        return
    elif action == "pay":
        doc = invoices[pick % len(invoices)]
        part = min(amount, doc["Balance"])
        shop.pay(rate, part, ("Invoice", doc, part))
    elif action == "void":
        doc = invoices[pick % len(invoices)]
        write(shop.company, KINDS["Invoice"], {"Id": doc["Id"], "SyncToken": doc["SyncToken"]}, Operation.VOID)
    elif action == "delete" and payments:
        shop.remove("Payment", payments[pick % len(payments)])
    else:
        doc = invoices[pick % len(invoices)]
        head = {"Id": doc["Id"], "SyncToken": doc["SyncToken"], "sparse": True}
        changes: Doc = {"ExchangeRate": rate} if action == "rate" else {"Line": shop.lines(amount)}
        shop.make("Invoice", {**head, **changes})


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_any_sequence_of_foreign_documents_settles_to_the_cent(steps: list[tuple[str, int, str, int]]) -> None:
    STORE.restore(ON.company, "start")
    for action, cents, rate, pick in steps:
        before = [(row.kind, row.id, row.doc, row.entries) for row in ON.company.rows()]
        try:
            _step(ON, action, cents, rate, pick)
        except FaultError:
            assert before == [(row.kind, row.id, row.doc, row.entries) for row in ON.company.rows()]
        assert_books_balance(ON.company)
    for doc in list(ON.company.table("Invoice")):
        if doc["Balance"]:
            ON.pay("1.234", doc["Balance"], ("Invoice", doc, doc["Balance"]))
    unapplied = sum((doc["UnappliedAmt"] for doc in ON.company.table("Payment")), Decimal(0))
    receivable = ON.company.accounts_of(AccountType="Accounts Receivable")
    owed = sum((ON.company.ledger.foreign_balance(key) for key in receivable), Decimal(0))
    assert owed == -unapplied
    if not unapplied:
        assert sum((ON.company.ledger.balance(key) for key in receivable), Decimal(0)) == 0
    STORE.restore(ON.company, "start")


def test_foreign_books_outlive_a_restart(tmp_path: Path) -> None:
    config = SandboxConfig(clock=SandboxClock(datetime(2026, 3, 2, 16, tzinfo=UTC)), seeds=("us",), data=tmp_path)
    first = Store(config)
    shop = Shop(first.of_template("us"))
    turn_on(shop.company)
    add_currencies(shop.company)
    shop.name("Customer", "Anne", **EUR)
    invoice = shop.invoice("1.10", "100.01")
    shop.pay("1.20", 40, ("Invoice", invoice, 40))
    shop.company.flush()
    held = shop.balances()
    first.close()
    again = Store(config)
    shop = Shop(again.of_template("us"))
    assert_books_balance(shop.company)
    assert shop.balances() == held
    assert shop.read("Invoice", invoice)["HomeBalance"] == Decimal("66.01")
    shop.pay("1.20", "60.01", ("Invoice", invoice, "60.01"))
    assert "Accounts Receivable (A/R) - EUR" not in shop.balances()
    again.close()


def test_stock_bought_and_sold_abroad_is_valued_at_home(shop: Shop) -> None:
    accounts = {
        "IncomeAccountRef": shop.account("SalesOfProductIncome"),
        "ExpenseAccountRef": shop.account("SuppliesMaterialsCogs"),
        "AssetAccountRef": shop.account("Inventory"),
    }
    stock = {"Type": "Inventory", "TrackQtyOnHand": True, "QtyOnHand": 0, "InvStartDate": "2026-01-01"}
    widget = {"value": shop.make("Item", {"Name": "Widget", **stock, **accounts})["Id"]}
    bought = {"ItemRef": widget, "Qty": 3, "UnitPrice": "11.11"}
    line = {"DetailType": "ItemBasedExpenseLineDetail", "ItemBasedExpenseLineDetail": bought}
    vendor = named(shop, "Vendor", "Fournisseur")
    day = {"TxnDate": "2026-02-01", **EUR}
    owed = shop.make("Bill", {"VendorRef": vendor, "Line": [line], "ExchangeRate": "1.1", **day})
    sold = {"DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"ItemRef": widget, "Qty": 2, "UnitPrice": 20}}
    shop.invoice("1.3", Line=[sold], TxnDate="2026-02-03")
    held = shop.balances()
    assert (held["Inventory Asset"], held["Cost of Goods Sold"]) == (Decimal("12.22"), Decimal("24.44"))
    head = {"Id": owed["Id"], "SyncToken": "0", "sparse": True, "VendorRef": vendor}
    shop.make("Bill", {**head, "ExchangeRate": "1.15"})
    held = shop.balances()
    assert (held["Inventory Asset"], held["Cost of Goods Sold"]) == (Decimal("12.78"), Decimal("25.55"))
