"""Any sequence of operations keeps the books balanced and the links whole; a refused one changes nothing."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from bookkeeper import Bookkeeper, assert_deposits_are_whole
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from reconciled import assert_reports_agree

from raccord_sandbox.batch import run_batch
from raccord_sandbox.clock import SandboxClock
from raccord_sandbox.config import SandboxConfig
from raccord_sandbox.entities.kind import Operation
from raccord_sandbox.entities.registry import KINDS
from raccord_sandbox.keeping.company import Work, assert_books_balance
from raccord_sandbox.keeping.store import Store
from raccord_sandbox.operations import Origin, write
from raccord_sandbox.refusing.faults import FaultError

Doc = dict[str, Any]
TEMPLATES = ("us", "quebec")
CLOCK = SandboxClock(datetime(2026, 6, 30, 20, tzinfo=UTC))
STORE = Store(SandboxConfig(clock=CLOCK, seeds=TEMPLATES))
KEEPERS = {template: Bookkeeper(STORE.of_template(template), "Any ") for template in TEMPLATES}
DOCUMENTS = tuple(KEEPERS["us"].bodies)
LINKING = ("Payment", "BillPayment", "Deposit")
for keeper in KEEPERS.values():
    for begun in range(6):
        for kind in [*(kind for kind in DOCUMENTS if kind not in LINKING), *LINKING][: 13 if begun % 2 else 10]:
            with suppress(FaultError):
                keeper.make(kind, keeper.bodies[kind](Decimal(40 + begun), begun))
    assert all(len(keeper.company.table(kind)) for kind in DOCUMENTS)
    STORE.snapshot(keeper.company, "start")
CENTS = st.integers(-300, 30_000).map(lambda cents: Decimal(cents).scaleb(-2))
PICKS = st.integers(0, 40)
KIND = st.sampled_from((*DOCUMENTS, *LINKING, *LINKING, "Invoice", "CreditMemo", "Bill", "VendorCredit"))
"""Documents that are linked come more often: most can go wrong with them."""
BY = st.sampled_from(["api", "api", "person"])
REFERENCES = ("CustomerRef", "VendorRef", "DepositToAccountRef", "AccountRef", "FromAccountRef")

ODD = ("end_or_bring_back", "close_the_books", "send_a_stale_token", "name_what_does_not_exist", "take_too_much")


class AnySequence(RuleBasedStateMachine):
    """Somebody with an API and somebody in the browser, who do anything in any order to one company."""

    def __init__(self) -> None:
        super().__init__()
        self.keeper = KEEPERS["us"]
        self.seen = ""

    @initialize(template=st.sampled_from(TEMPLATES))
    def begin(self, template: str) -> None:
        self.keeper = KEEPERS[template]
        STORE.restore(self.keeper.company, "start")
        self.seen = self.keeper.digest()

    @rule(kinds=st.lists(st.sampled_from(DOCUMENTS), min_size=1, max_size=4), amount=CENTS, pick=PICKS)
    def create(self, kinds: list[str], amount: Decimal, pick: int) -> None:
        for kind in kinds:
            self.perform(kind, self.keeper.bodies[kind](amount, pick), Operation.CREATE)

    @rule(kind=st.sampled_from(LINKING), amount=CENTS, pick=PICKS)
    def link(self, kind: str, amount: Decimal, pick: int) -> None:
        self.perform(kind, self.keeper.bodies[kind](abs(amount), pick), Operation.CREATE)

    @rule(kind=KIND, amount=CENTS, pick=PICKS, by=BY)
    def edit(self, kind: str, amount: Decimal, pick: int, by: str) -> None:
        kind, doc = self.some(kind, pick)
        body = self.keeper.bodies[kind](amount, pick)
        self.perform(kind, {**self.keeper.target(kind, doc), **body}, Operation.UPDATE, by)

    @rule(kind=KIND, pick=PICKS, by=BY)
    def move(self, kind: str, pick: int, by: str) -> None:
        """Change the day, the customer or the vendor and nothing else."""
        kind, doc = self.some(kind, pick)
        change: Doc = {"PrivateNote": f"moved {pick}", **self.keeper.dated({}, pick)}
        if "CustomerRef" in doc and kind in ("Invoice", "CreditMemo"):
            change["CustomerRef"] = {"value": self.keeper.customers[pick % 3]}
        if kind in ("Bill", "VendorCredit"):
            change["VendorRef"] = {"value": self.keeper.vendors[pick % 2]}
        self.perform(kind, {**self.keeper.target(kind, doc), **change}, Operation.UPDATE, by)

    @rule(kind=KIND, pick=PICKS, by=BY, operation=st.sampled_from((Operation.DELETE, Operation.VOID)))
    def undo(self, kind: str, pick: int, by: str, operation: Operation) -> None:
        kind, doc = self.some(kind, pick)
        self.perform(kind, self.keeper.target(kind, doc), operation, by)

    @rule(amounts=st.lists(CENTS, min_size=1, max_size=4), kind=st.sampled_from(DOCUMENTS), pick=PICKS)
    def batch(self, amounts: list[Decimal], kind: str, pick: int) -> None:
        body = self.keeper.bodies[kind]
        items: list[Doc] = [
            {"bId": str(place), "operation": "create", kind: body(amount, pick + place)}
            for place, amount in enumerate(amounts)
        ]
        answers = run_batch(self.keeper.company, {"BatchItemRequest": items}, Origin())["BatchItemResponse"]
        assert [answer["bId"] for answer in answers] == [item["bId"] for item in items]
        if all("Fault" in answer for answer in answers):
            assert self.keeper.digest() == self.seen
        self.check()

    @rule(what=st.sampled_from(ODD), kind=KIND, pick=PICKS)
    def try_something_odd(self, what: str, kind: str, pick: int) -> None:
        getattr(self, what)(kind, pick)

    def end_or_bring_back(self, kind: str, pick: int) -> None:
        kind = ("Customer", "Vendor", "Item", "Class")[pick % 4]
        key = (self.keeper.customers[0], self.keeper.vendors[0], self.keeper.item, self.keeper.class_)[pick % 4]
        doc = self.keeper.company.get(kind, key) or {}
        self.perform(kind, {**self.keeper.target(kind, doc), "Active": pick % 3 > 0}, Operation.UPDATE, "person")

    def close_the_books(self, kind: str, pick: int) -> None:
        company, months = self.keeper.company, pick % 15 if pick % 2 else 0
        work = Work(company)
        section = work.touch("Preferences", "1")["AccountingInfoPrefs"]
        section.pop("BookCloseDate", None)
        if months:
            section["BookCloseDate"] = (company.clock.today() - timedelta(days=30 * months)).isoformat()
        work.commit()
        self.seen = self.keeper.digest()

    def send_a_stale_token(self, kind: str, pick: int) -> None:
        kind, doc = self.some(kind, pick)
        target = {**self.keeper.target(kind, doc), "SyncToken": str(int(doc["SyncToken"]) + 1)}
        operation = (Operation.UPDATE, Operation.DELETE)[pick % 2]
        assert self.perform(kind, target, operation) in (5010, 2500, 610)

    def name_what_does_not_exist(self, kind: str, pick: int) -> None:
        body = self.keeper.bodies[kind](Decimal(5), pick)
        name = next((name for name in REFERENCES if name in body), None)
        if name is not None:
            body[name] = {"value": "987654321"}
            assert self.perform(kind, body, Operation.CREATE) != 0
        target = {"Id": "987654321", "SyncToken": "0"}
        assert self.perform(kind, target, Operation.DELETE) == 610

    def take_too_much(self, kind: str, pick: int) -> None:
        """Deposit a document for another amount, and pay more of an invoice than is open."""
        for one, doc in self.keeper.documents(frozenset({"SalesReceipt", "Payment"}))[pick % 3 :: 3]:
            line = {"Amount": doc["TotalAmt"] + 1, "LinkedTxn": [{"TxnId": doc["Id"], "TxnType": one}]}
            body = {"DepositToAccountRef": self.keeper.ref("Checking"), "Line": [line]}
            assert self.perform("Deposit", body, Operation.CREATE) != 0
        for _, doc in self.keeper.documents(frozenset({"Invoice"}))[:2]:
            over = doc["Balance"] + 1
            line = {"Amount": over, "LinkedTxn": [{"TxnId": doc["Id"], "TxnType": "Invoice"}]}
            body = {"CustomerRef": doc["CustomerRef"], "TotalAmt": over, "Line": [line]}
            assert self.perform("Payment", body, Operation.CREATE) != 0

    def some(self, kind: str, pick: int) -> tuple[str, Doc]:
        """Return a document of a kind, else of any kind, else a new one."""
        found = [(kind, doc) for doc in self.keeper.company.table(kind)] or self.keeper.documents()
        if not found:
            found = [("Transfer", self.keeper.make("Transfer", self.keeper.transfer(Decimal(1), 0)))]
            self.seen = self.keeper.digest()
        return found[pick % len(found)]

    def perform(self, kind: str, body: Doc, operation: Operation, by: str = "api") -> int:
        """Execute a write and check the books; return the code of the refusal, 0 for none."""
        code = 0
        try:
            self.keeper.write(kind, body, operation, by)
        except FaultError as fault:
            code = fault.code
        if code:
            assert self.keeper.digest() == self.seen, f"a refusal with {code} changed something"
        else:
            self.check()
        return code

    def check(self) -> None:
        assert_books_balance(self.keeper.company)
        assert_deposits_are_whole(self.keeper.company)
        self.seen = self.keeper.digest()

    def teardown(self) -> None:
        today = self.keeper.company.clock.today().isoformat()
        assert_reports_agree(self.keeper.company, today)
        assert_reports_agree(self.keeper.company, f"{int(today[:4]) - 1}-12-31", "Cash")


def test_any_sequence_keeps_books_balanced_and_links_whole() -> None:
    """Quick, and without shrinking, which would take minutes: the long run shrinks."""
    phases = (Phase.explicit, Phase.reuse, Phase.generate)
    quick = settings(max_examples=25, stateful_step_count=20, deadline=None, phases=phases)
    run_state_machine_as_test(AnySequence, settings=quick)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_any_long_sequence_keeps_books_balanced_and_links_whole() -> None:
    run_state_machine_as_test(AnySequence, settings=settings(max_examples=150, stateful_step_count=50, deadline=None))


ITEM = KEEPERS["us"].item
COMPANY = KEEPERS["us"].company
NUMBERS = st.one_of(
    st.sampled_from(["1E+14", "1E-30", "-1E+999999", "999999999999999", "0", "-0", "NaN", "Infinity", "1_0", "", True]),
    st.decimals(allow_nan=False, allow_infinity=False, places=9).map(str),
    st.integers(-(10**20), 10**20),
)


OPTIONAL: dict[str, st.SearchStrategy[Any]] = dict.fromkeys(("Amount", "Qty", "UnitPrice", "Percent"), NUMBERS)

CODES = frozenset({2010, 2020, 2080, 2140, 6000, 6070, 6090})


@settings(max_examples=150, deadline=None)
@given(st.fixed_dictionaries({}, optional=OPTIONAL))
def test_any_numbers_are_taken_or_refused_and_never_break_the_server(sent: Doc) -> None:
    STORE.restore(COMPANY, "start")
    item: Doc = {"ItemRef": {"value": ITEM}}
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
