"""Any sequence of purchases, sales, returns and adjustments keeps inventory accounts equal to the layers of stock."""

from __future__ import annotations

from collections import deque
from decimal import Decimal
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from raccord_sandbox.clock import SandboxClock
from raccord_sandbox.config import SandboxConfig
from raccord_sandbox.entities.kind import Operation
from raccord_sandbox.entities.registry import KINDS
from raccord_sandbox.keeping.company import assert_books_balance
from raccord_sandbox.keeping.store import Store
from raccord_sandbox.operations import write
from raccord_sandbox.refusing.faults import FaultError

Doc = dict[str, Any]
STORE = Store(SandboxConfig(clock=SandboxClock(), seeds=("us",)))
COMPANY = STORE.of_template("us")
MOVING = ("Bill", "VendorCredit", "SalesReceipt", "CreditMemo", "InventoryAdjustment")
STEP = st.tuples(
    st.sampled_from([*MOVING, "Bill", "SalesReceipt", "edit", "delete", "void", "set", "begin"]),
    st.integers(1, 9),  # quantity
    st.integers(0, 2000),  # price in cents
    st.integers(1, 28),  # day
    st.integers(0, 30),  # which document or item
)


def ref(**wanted: str) -> Doc:
    return {"value": COMPANY.accounts_of(**wanted)[0]}


def _begin() -> list[str]:
    accounts = {
        "IncomeAccountRef": ref(AccountSubType="SalesOfProductIncome"),
        "ExpenseAccountRef": ref(AccountSubType="SuppliesMaterialsCogs"),
        "AssetAccountRef": ref(AccountSubType="Inventory"),
    }
    body = {"Type": "Inventory", "TrackQtyOnHand": True, "InvStartDate": "2026-01-01", **accounts}
    made = []
    for name, quantity, cost in (("Left", 5, "3.33"), ("Right", 0, "1.10")):
        item = {**body, "Name": name, "QtyOnHand": quantity, "PurchaseCost": Decimal(cost)}
        made.append(str(write(COMPANY, KINDS["Item"], item, Operation.CREATE)["Id"]))
    return made


ITEMS = _begin()
STORE.snapshot(COMPANY, "start")
VENDOR = next(iter(COMPANY.table("Vendor")))["Id"]
CUSTOMER = next(iter(COMPANY.table("Customer")))["Id"]


def body(kind: str, quantity: int, cents: int, day: int, pick: int) -> Doc:
    item, date = {"value": ITEMS[pick % 2]}, f"2026-01-{day:02}"
    if kind == "InventoryAdjustment":
        line = {"ItemAdjustmentLineDetail": {"ItemRef": item, "QtyDiff": quantity if cents % 2 else -quantity}}
        return {"AdjustAccountRef": ref(AccountSubType="Travel"), "TxnDate": date, "Line": [line]}
    bought = kind in ("Bill", "VendorCredit")
    key = "ItemBasedExpenseLineDetail" if bought else "SalesItemLineDetail"
    detail = {"ItemRef": item, "Qty": quantity, "UnitPrice": Decimal(cents).scaleb(-2)}
    head = {"VendorRef": {"value": VENDOR}} if bought else {"CustomerRef": {"value": CUSTOMER}}
    other = {"ItemRef": {"value": ITEMS[1 - pick % 2]}, "Qty": 1, "UnitPrice": Decimal(1)}
    details = [detail, other] if pick % 5 == 0 else [detail]
    return {**head, "TxnDate": date, "Line": [{"DetailType": key, key: one} for one in details]}


def perform(action: str, quantity: int, cents: int, day: int, pick: int) -> None:
    if action in MOVING:
        write(COMPANY, KINDS[action], body(action, quantity, cents, day, pick), Operation.CREATE)
        return
    if action in ("set", "begin"):
        item = COMPANY.get("Item", ITEMS[pick % 2]) or {}
        change = {"QtyOnHand": quantity} if action == "set" else {"InvStartDate": f"2026-01-{day:02}"}
        target = {"Id": item["Id"], "SyncToken": item["SyncToken"], "sparse": True, **change}
        write(COMPANY, KINDS["Item"], target, Operation.UPDATE)
        return
    documents = [(kind, doc) for kind in MOVING for doc in COMPANY.table(kind)]
    if not documents:
        return
    kind, doc = documents[pick % len(documents)]
    target = {"Id": doc["Id"], "SyncToken": doc["SyncToken"], "sparse": True}
    match action:
        case "delete":
            write(COMPANY, KINDS[kind], target, Operation.DELETE)
        case "void":
            write(COMPANY, KINDS[kind], target, Operation.VOID)
        case _:
            write(COMPANY, KINDS[kind], {**target, **body(kind, quantity, cents, day, pick)}, Operation.UPDATE)


def piece_by_piece(item: str) -> Decimal | None:
    """Return what the stock is worth if each single piece is followed; None where more went out than there was."""
    moves = []
    for kind, key in COMPANY.ledger.stock_of(item):
        posting = COMPANY.ledger.posting(kind, key)
        for place, entry in enumerate(posting.entries if posting else ()):
            if entry.stock is not None and entry.stock.item == item and entry.stock.quantity:
                order = (posting.day, kind != "Item", entry.stock.quantity < 0, int(key), place)
                moves.append((order, entry.stock, entry.amount))
    pieces: deque[Decimal] = deque()
    last: Decimal | None = None
    for _, stock, amount in sorted(moves, key=lambda move: move[0]):
        count = int(abs(stock.quantity))
        if stock.quantity > 0:
            known = stock.estimate if last is None else last
            last = known if stock.at_cost else amount / count
            pieces.extend([last] * count)
        elif count > len(pieces):
            return None
        else:
            gone = [pieces.popleft() for _ in range(count)]
            last = sum(gone, Decimal(0)) / count
    return sum(pieces, Decimal(0))


def state() -> list[tuple[Any, ...]]:
    return [(row.kind, row.id, row.doc, row.entries) for row in COMPANY.rows()]


@settings(max_examples=60, deadline=None)
# An item continues from its end while another of the same bill is valued anew, with a sale of both in between.
@example([("SalesReceipt", 3, 0, 2, 0), ("Bill", 1, 0, 1, 1), ("edit", 1, 0, 4, 0)])
@given(st.lists(STEP, max_size=25))
def test_any_sequence_keeps_stock_and_books_together(steps: list[tuple[str, int, int, int, int]]) -> None:
    STORE.restore(COMPANY, "start")
    for step in steps:
        before = state()
        try:
            perform(*step)
        except FaultError:
            assert state() == before
        assert_books_balance(COMPANY)
    account = ref(AccountSubType="Inventory")["value"]
    expected = [piece_by_piece(item) for item in ITEMS]
    if None not in expected:
        worth = sum((value for value in expected if value is not None), Decimal(0))
        # Whole cents leave with each movement, and what comes back at such a cost may come back nine times.
        assert abs(COMPANY.ledger.balance(account) - worth) <= Decimal("0.05") * (len(steps) + 1)
