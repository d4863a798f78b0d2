"""Profit and loss, balance sheet, trial balance and the other reports agree, whatever was written on whatever day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reconciled import assert_reports_agree

from raccord_sandbox.clock import SandboxClock
from raccord_sandbox.config import SandboxConfig
from raccord_sandbox.entities.kind import Operation
from raccord_sandbox.entities.registry import KINDS
from raccord_sandbox.keeping.company import assert_books_balance
from raccord_sandbox.keeping.store import Store
from raccord_sandbox.operations import write
from raccord_sandbox.posting.ledger import Entry, Posting
from raccord_sandbox.refusing.faults import FaultError

Doc = dict[str, Any]
STORE = Store(SandboxConfig(clock=SandboxClock(datetime(2026, 6, 30, 20, tzinfo=UTC)), seeds=("us",)))
COMPANY = STORE.of_template("us")
SUBTYPES = (
    "Checking", "Savings", "AccountsReceivable", "UndepositedFunds", "AccountsPayable", "CreditCard",
    "OpeningBalanceEquity", "RetainedEarnings", "ServiceFeeIncome", "SuppliesMaterialsCogs", "Travel", "BankCharges",
)  # fmt: skip
DOCUMENT = st.tuples(
    st.sampled_from(["SalesReceipt", "RefundReceipt", "JournalEntry", "Purchase", "Deposit"]),
    st.integers(-500, 180),
    st.integers(1, 90_000),
    st.sampled_from(SUBTYPES),
    st.sampled_from(SUBTYPES),
)


def make(kind: str, body: Doc) -> Doc:
    return write(COMPANY, KINDS[kind], body, Operation.CREATE)


PERSON = make("Customer", {"DisplayName": "Ada"})["Id"]
VENDOR = make("Vendor", {"DisplayName": "Rail"})["Id"]
NORTH = make("Class", {"Name": "North"})["Id"]
STORE.snapshot(COMPANY, "start")


def ref(subtype: str) -> Doc:
    return {"value": COMPANY.accounts_of(AccountSubType=subtype)[0]}


def side(posting: str, subtype: str, amount: Decimal) -> Doc:
    kind, key = ("Vendor", VENDOR) if subtype == "AccountsPayable" else ("Customer", PERSON)
    entity = {"Type": kind, "EntityRef": {"value": key}}
    detail = {"PostingType": posting, "AccountRef": ref(subtype), "Entity": entity, "ClassRef": {"value": NORTH}}
    return {"Amount": amount, "DetailType": "JournalEntryLineDetail", "JournalEntryLineDetail": detail}


def body(kind: str, amount: Decimal, one: str, other: str) -> Doc:
    match kind:
        case "JournalEntry":
            return {"Line": [side("Debit", one, amount), side("Credit", other, amount)]}
        case "Purchase":
            detail = {"AccountRef": ref(one), "CustomerRef": {"value": PERSON}}
            line = {"DetailType": "AccountBasedExpenseLineDetail", "AccountBasedExpenseLineDetail": detail}
            return {"PaymentType": "Cash", "AccountRef": ref("Checking"), "Line": [{"Amount": amount, **line}]}
        case "Deposit":
            line = {"DetailType": "DepositLineDetail", "DepositLineDetail": {"AccountRef": ref(one)}}
            return {"DepositToAccountRef": ref("Savings"), "Line": [{"Amount": amount, **line}]}
        case _:
            item: Doc = {"ItemRef": {"value": next(iter(COMPANY.table("Item")))["Id"]}}
            line = {"Amount": amount, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": item}
            return {"DepositToAccountRef": ref("UndepositedFunds"), "Line": [line]}


@settings(max_examples=40, deadline=None)
@given(st.lists(DOCUMENT, max_size=12), st.sampled_from(["2024-12-31", "2025-12-31", "2026-06-30"]))
def test_reports_agree_after_any_documents(documents: list[tuple[str, int, int, str, str]], last: str) -> None:
    STORE.restore(COMPANY, "start")
    for kind, days, cents, one, other in documents:
        day = (date(2026, 1, 1) + timedelta(days=days)).isoformat()
        try:
            make(kind, {"TxnDate": day, **body(kind, Decimal(cents).scaleb(-2), one, other)})
        except FaultError:
            continue
    assert_books_balance(COMPANY)
    assert_reports_agree(COMPANY, last)
    assert_reports_agree(COMPANY, last, "Cash")


def test_reports_that_disagree_are_noticed() -> None:
    STORE.restore(COMPANY, "start")
    made = make("SalesReceipt", {"TxnDate": "2026-01-05", **body("SalesReceipt", Decimal(10), "", "")})
    good = COMPANY.ledger.posting("SalesReceipt", made["Id"])
    assert good is not None
    entries = (*good.entries[:-1], Entry(good.entries[-1].account, Decimal(-9)))
    COMPANY.ledger._apply(good, -1)
    COMPANY.ledger._apply(Posting("SalesReceipt", made["Id"], good.day, entries), 1)
    with pytest.raises(AssertionError):
        assert_reports_agree(COMPANY, "2026-06-30")
