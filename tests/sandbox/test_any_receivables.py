"""Any sequence of credit sales, credits and payments keeps documents, customers and accounts equal."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from raccord_sandbox.clock import SandboxClock
from raccord_sandbox.config import SandboxConfig
from raccord_sandbox.entities.kind import Operation
from raccord_sandbox.entities.registry import KINDS
from raccord_sandbox.keeping.company import Company, assert_books_balance
from raccord_sandbox.keeping.store import Store
from raccord_sandbox.operations import Origin, write
from raccord_sandbox.refusing.faults import FaultError

Doc = dict[str, Any]
STORE = Store(SandboxConfig(clock=SandboxClock(), seeds=("us",)))
COMPANY = STORE.of_template("us")
MAKE = ("Invoice", "CreditMemo", "Payment", "JournalEntry", "Deposit")
UNDO = ("edit", "edit", "delete", "void")
STEP = st.tuples(
    st.sampled_from((*MAKE, *MAKE, *UNDO)),
    st.integers(-5, 300),
    st.integers(0, 60),
    st.sampled_from(("api", "api", "person")),
)


def named(name: str, **more: Any) -> Doc:
    made = write(COMPANY, KINDS["Customer"], {"DisplayName": name, **more}, Operation.CREATE)
    return {"value": made["Id"]}


PARENT = named("Parent")
CUSTOMERS = (PARENT, named("Site", Job=True, ParentRef=PARENT, BillWithParent=True), named("Stranger"))
write(COMPANY, KINDS["Account"], {"Name": "More receivables", "AccountType": "Accounts Receivable"}, Operation.CREATE)
STORE.snapshot(COMPANY, "start")


def ref(subtype: str, place: int = 0) -> Doc:
    found = COMPANY.accounts_of(AccountSubType=subtype)
    return {"value": found[place % len(found)]}


def form(amount: Decimal, pick: int) -> Doc:
    item = {"ItemRef": {"value": next(iter(COMPANY.table("Item")))["Id"]}}
    line = {"Amount": amount, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": item}
    return {"CustomerRef": CUSTOMERS[pick % 3 if pick % 4 else 0], "Line": [line]}


def invoice(amount: Decimal, pick: int) -> Doc:
    return {**form(amount, pick), **({"Deposit": amount / 4} if pick % 4 == 0 else {})}


def payment(amount: Decimal, pick: int) -> Doc:
    """Return a payment of some of what is open; one in eight asks for too much or for somebody else's."""
    payer, wrong = CUSTOMERS[pick % 3], pick % 8 == 7
    charges = credits_ = Decimal(0)
    lines: list[Doc] = []
    forms = [(name, doc) for name in ("Invoice", "CreditMemo") for doc in COMPANY.table(name)]
    for place, (kind, doc) in enumerate(forms):
        mine = (doc["CustomerRef"]["value"] == CUSTOMERS[2]["value"]) == (payer is CUSTOMERS[2])
        if (doc["Balance"] and mine and (place + pick) % 2) or (wrong and (place + pick) % 3 == 0):
            share = doc["Balance"] / 2 if pick % 3 == 0 else doc["Balance"] + wrong
            charges += share if kind == "Invoice" else 0
            credits_ += share if kind == "CreditMemo" else 0
            lines.append({"Amount": share, "LinkedTxn": [{"TxnId": doc["Id"], "TxnType": kind}]})
    for place, doc in enumerate(COMPANY.table("JournalEntry")):
        for line in doc["Line"]:
            detail = line["JournalEntryLineDetail"]
            if detail.get("Entity", {}).get("EntityRef", {}).get("value") == payer["value"] and (place + pick) % 2:
                charges += line["Amount"] / 2 if detail["PostingType"] == "Debit" else 0
                credits_ += line["Amount"] / 2 if detail["PostingType"] == "Credit" else 0
                link = {"TxnId": doc["Id"], "TxnType": "JournalEntry", "TxnLineId": line["Id"]}
                lines.append({"Amount": line["Amount"] / 2, "LinkedTxn": [link]})
    account = {"ARAccountRef": ref("AccountsReceivable", pick)} if pick % 7 == 0 else {}
    total = max(charges - credits_, Decimal(0)) + (amount if pick % 4 == 0 else 0)
    return {"CustomerRef": payer, "TotalAmt": total, **({"Line": lines} if pick % 6 else {}), **account}


def journal(amount: Decimal, pick: int) -> Doc:
    def side(posting: str, account: Doc, **more: Any) -> Doc:
        detail = {"PostingType": posting, "AccountRef": account, **more}
        return {"Amount": amount, "DetailType": "JournalEntryLineDetail", "JournalEntryLineDetail": detail}

    sides = ("Debit", "Credit") if pick % 2 else ("Credit", "Debit")
    entity = {"Type": "Customer", "EntityRef": CUSTOMERS[pick % 3]}
    other = {"Entity": entity} if pick % 5 == 0 else {}
    against = ref("AccountsReceivable", pick + 1) if other else ref("Savings")
    lines = [side(sides[0], ref("AccountsReceivable", pick), Entity=entity), side(sides[1], against, **other)]
    return {"Line": [{**line, "Id": str(place)} for place, line in enumerate(lines)]}


def deposit(amount: Decimal, pick: int) -> Doc:
    lines: list[Doc] = [
        {"Amount": doc["TotalAmt"], "LinkedTxn": [{"TxnId": doc["Id"], "TxnType": "Payment", "TxnLineId": "0"}]}
        for place, doc in enumerate(COMPANY.table("Payment"))
        if (place + pick) % 4 == 0 and doc["TotalAmt"] and not doc["LinkedTxn"]
    ]
    direct = {"AccountRef": ref("AccountsReceivable"), "Entity": {**CUSTOMERS[pick % 3], "type": "Customer"}}
    lines.append({"Amount": amount, "DetailType": "DepositLineDetail", "DepositLineDetail": direct})
    return {"DepositToAccountRef": ref("Checking"), "Line": lines}


BODIES = {
    "Invoice": invoice, "CreditMemo": form, "Payment": payment, "JournalEntry": journal, "Deposit": deposit
}  # fmt: skip


def perform(action: str, amount: Decimal, pick: int, by: str) -> None:
    origin = Origin(by=by)
    if action in BODIES:
        write(COMPANY, KINDS[action], BODIES[action](amount, pick), Operation.CREATE, origin=origin)
        return
    documents = [(kind, doc) for kind in MAKE for doc in COMPANY.table(kind)]
    if not documents:
        return
    kind, doc = documents[pick % len(documents)]
    body = {"Id": doc["Id"], "SyncToken": doc["SyncToken"], "sparse": True}
    match action:
        case "delete":
            write(COMPANY, KINDS[kind], body, Operation.DELETE, origin=origin)
        case "void":
            write(COMPANY, KINDS[kind], body, Operation.VOID, origin=origin)
        case _:
            write(COMPANY, KINDS[kind], {**body, **BODIES[kind](amount, pick)}, Operation.UPDATE, origin=origin)


def state(company: Company) -> list[tuple[Any, ...]]:
    return [(row.kind, row.id, row.doc, row.entries) for row in company.rows()]


@settings(max_examples=80, deadline=None)
@given(st.lists(STEP, min_size=10, max_size=30), st.booleans(), st.booleans())
def test_any_sequence_keeps_documents_customers_and_accounts_equal(
    steps: list[tuple[str, int, int, str]], lets_go: bool, by_itself: bool
) -> None:
    STORE.restore(COMPANY, "start")
    COMPANY.settings["delete_linked"] = lets_go
    wanted = {"AutoApplyCredit": by_itself, "AutoApplyPayments": by_itself}
    stored = COMPANY.get("Preferences", "1") or {}
    body = {"Id": "1", "SyncToken": stored["SyncToken"], "sparse": True, "SalesFormsPrefs": wanted}
    write(COMPANY, KINDS["Preferences"], body, Operation.UPDATE)
    for action, units, pick, by in steps:
        before = state(COMPANY)
        try:
            perform(action, Decimal(units), pick, by)
        except FaultError:
            assert state(COMPANY) == before
        assert_books_balance(COMPANY)
