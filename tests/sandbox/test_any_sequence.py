"""Any sequence of operations keeps the books balanced and the links whole; a refused one changes nothing."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from raccord_sandbox.clock import SandboxClock
from raccord_sandbox.company import Company, assert_books_balance
from raccord_sandbox.config import SandboxConfig
from raccord_sandbox.entities.kind import Operation
from raccord_sandbox.entities.registry import KINDS
from raccord_sandbox.faults import FaultError
from raccord_sandbox.operations import write
from raccord_sandbox.store import Store

Doc = dict[str, Any]
STEP = st.tuples(
    st.sampled_from(["sale", "refund", "deposit", "journal", "expense", "move", "edit", "delete", "void"]),
    st.integers(-300, 30_000),
    st.integers(0, 30),
)
STORE = Store(SandboxConfig(clock=SandboxClock(), seeds=("us",)))
COMPANY = STORE.of_template("us")
STORE.snapshot(COMPANY, "start")
SALES = ("SalesReceipt", "RefundReceipt")


def ref(subtype: str) -> Doc:
    return {"value": COMPANY.accounts_of(AccountSubType=subtype)[0]}


def receipt(amount: Decimal) -> Doc:
    item = next(iter(COMPANY.table("Item")))["Id"]
    line = {"Amount": amount, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"ItemRef": {"value": item}}}
    return {"DepositToAccountRef": ref("UndepositedFunds"), "Line": [line]}


def deposit(fee: Decimal, pick: int) -> Doc:
    lines: list[Doc] = []
    for kind, sign in (("SalesReceipt", 1), ("RefundReceipt", -1)):
        for place, doc in enumerate(COMPANY.table(kind)):
            if (place + pick) % 3 == 0:
                links = [{"TxnId": doc["Id"], "TxnType": kind, "TxnLineId": "0"}]
                lines.append({"Amount": sign * doc["TotalAmt"], "LinkedTxn": links})
    direct = {"AccountRef": ref("BankCharges")}
    lines.append({"Amount": -fee, "DetailType": "DepositLineDetail", "DepositLineDetail": direct})
    return {"DepositToAccountRef": ref("Checking"), "Line": lines}


def journal(amount: Decimal) -> Doc:
    def side(posting: str, subtype: str) -> Doc:
        detail = {"PostingType": posting, "AccountRef": ref(subtype)}
        return {"Amount": amount, "DetailType": "JournalEntryLineDetail", "JournalEntryLineDetail": detail}

    return {"Line": [side("Debit", "Travel"), side("Credit", "Savings")]}


def expense(amount: Decimal) -> Doc:
    detail = {"AccountRef": ref("Travel")}
    line = {"Amount": amount, "DetailType": "AccountBasedExpenseLineDetail", "AccountBasedExpenseLineDetail": detail}
    return {"PaymentType": "CreditCard", "AccountRef": ref("CreditCard"), "Line": [line], "Credit": amount % 2 == 0}


def perform(action: str, amount: Decimal, pick: int) -> None:
    created: dict[str, tuple[str, Doc]] = {
        "sale": ("SalesReceipt", receipt(amount)),
        "refund": ("RefundReceipt", receipt(amount)),
        "deposit": ("Deposit", deposit(amount, pick)),
        "journal": ("JournalEntry", journal(amount)),
        "expense": ("Purchase", expense(amount)),
        "move": ("Transfer", {"FromAccountRef": ref("Checking"), "ToAccountRef": ref("Savings"), "Amount": amount}),
    }
    if action in created:
        kind, body = created[action]
        write(COMPANY, KINDS[kind], body, Operation.CREATE)
        return
    documents = [(kind, doc) for kind in (*SALES, "Deposit", "Purchase") for doc in COMPANY.table(kind)]
    if not documents:
        return
    kind, doc = documents[pick % len(documents)]
    body = {"Id": doc["Id"], "SyncToken": doc["SyncToken"] if pick else "77", "sparse": True}
    match action:
        case "delete":
            write(COMPANY, KINDS[kind], body, Operation.DELETE)
        case "void":
            write(COMPANY, KINDS[kind], body, Operation.VOID)
        case _:
            fresh = {"SalesReceipt": receipt(amount), "RefundReceipt": receipt(amount), "Purchase": expense(amount)}
            write(COMPANY, KINDS[kind], {**body, **fresh.get(kind, deposit(amount, pick))}, Operation.UPDATE)


def state(company: Company) -> list[tuple[Any, ...]]:
    return [(row.kind, row.id, row.doc, row.entries) for row in company.rows()]


def assert_links_are_whole() -> None:
    """Every deposit line's source points back, and every source points to a deposit that holds it once."""
    held = [
        (link["TxnType"], link["TxnId"], doc["Id"])
        for doc in COMPANY.table("Deposit")
        for line in doc["Line"]
        for link in line.get("LinkedTxn", [])
    ]
    claimed = [
        (kind, doc["Id"], link["TxnId"]) for kind in SALES for doc in COMPANY.table(kind) for link in doc["LinkedTxn"]
    ]
    assert sorted(held) == sorted(claimed)
    assert len({(kind, key) for kind, key, _ in held}) == len(held)


@settings(max_examples=60, deadline=None)
@given(st.lists(STEP, max_size=25))
def test_any_sequence_keeps_books_balanced_and_links_whole(steps: list[tuple[str, int, int]]) -> None:
    STORE.restore(COMPANY, "start")
    for action, cents, pick in steps:
        before = state(COMPANY)
        try:
            perform(action, Decimal(cents).scaleb(-2), pick)
        except FaultError:
            assert state(COMPANY) == before
        assert_books_balance(COMPANY)
        assert_links_are_whole()
    funds = COMPANY.accounts_of(AccountSubType="UndepositedFunds")[0]
    open_sales = sum((doc["TotalAmt"] for doc in COMPANY.table("SalesReceipt") if not doc["LinkedTxn"]), Decimal(0))
    open_refunds = sum((doc["TotalAmt"] for doc in COMPANY.table("RefundReceipt") if not doc["LinkedTxn"]), Decimal(0))
    assert COMPANY.ledger.balance(funds) == open_sales - open_refunds


NUMBERS = st.one_of(
    st.sampled_from(["1E+14", "1E-30", "-1E+999999", "999999999999999", "0", "-0", "NaN", "Infinity", "1_0", "", True]),
    st.decimals(allow_nan=False, allow_infinity=False, places=9).map(str),
    st.integers(-(10**20), 10**20),
)


OPTIONAL: dict[str, st.SearchStrategy[Any]] = dict.fromkeys(("Amount", "Qty", "UnitPrice", "Percent"), NUMBERS)

CODES = frozenset({2010, 2020, 2080, 2140, 6000, 6070})


@settings(max_examples=150, deadline=None)
@given(st.fixed_dictionaries({}, optional=OPTIONAL))
def test_any_numbers_are_taken_or_refused_and_never_break_the_server(sent: Doc) -> None:
    STORE.restore(COMPANY, "start")
    item: Doc = {"ItemRef": {"value": next(iter(COMPANY.table("Item")))["Id"]}}
    detail: Doc = {**item, **{name: sent[name] for name in ("Qty", "UnitPrice") if name in sent}}
    lines: list[Doc] = [{"DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}]
    if "Amount" in sent:
        lines[0]["Amount"] = sent["Amount"]
    if "Percent" in sent:
        discount = {"PercentBased": True, "DiscountPercent": sent["Percent"]}
        lines.append({"DetailType": "DiscountLineDetail", "DiscountLineDetail": discount})
    code = 0
    made: Doc = {"TotalAmt": Decimal("0.00")}
    try:
        made = write(COMPANY, KINDS["SalesReceipt"], {"Line": lines}, Operation.CREATE)
    except FaultError as fault:
        code = fault.code
    assert code == 0 or code in CODES
    assert code != 0 or "1_0" not in (detail.get("Qty"), detail.get("UnitPrice"), sent.get("Amount"))
    assert abs(made["TotalAmt"]) < 10**16
    assert made["TotalAmt"] == made["TotalAmt"].quantize(Decimal("0.01"))
    assert_books_balance(COMPANY)
