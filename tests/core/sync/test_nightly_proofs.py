"""The nightly proof: what one costs, and that it names whatever cent was added, changed or removed since the last."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import market
import pytest
from harness import NOW, finish, lab, make_workshop, sync
from market_company import let_numbers_repeat, open_market, say
from market_rows import every_kind
from sqlalchemy import func, select, update

from raccord.clock import FixedClock
from raccord.jobs.inline import HandOver
from raccord.jobs.nights import start_nights
from raccord.jobs.tuning import Tuning
from raccord.plugin.drafts import Control
from raccord.store.canonical import canonical
from raccord.store.database import Database
from raccord.store.models import Company, Connection, Drift, LinkRow, OtherChange, Proof, ProofMonth, RunState
from raccord.sync.proving.proof_months import FULL_READ
from raccord.sync.workshop import Workshop
from raccord_sandbox.serving.server import SandboxServer

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

DAY = timedelta(days=1)
CENT = Decimal("0.01")
Night = Callable[..., list[str]]


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def workshop(database: Database, data_dir: Path, sandbox: SandboxServer, clock: FixedClock) -> Iterator[Workshop]:
    made = make_workshop(database, data_dir, sandbox.url, clock, market)
    yield made
    made.close()


@pytest.fixture
def opened(workshop: Workshop, sandbox: SandboxServer) -> tuple[Company, Connection]:
    let_numbers_repeat(sandbox.store)
    return open_market(workshop, sandbox.store)


@pytest.fixture
def night(workshop: Workshop, opened: tuple[Company, Connection], sandbox: SandboxServer, clock: FixedClock) -> Night:
    """Lets days pass, then a night, and returns what QuickBooks was asked in it."""
    start_nights(workshop.database, HandOver(), clock, Tuning())

    def pass_by(days: int = 1) -> list[str]:
        clock.set(clock.now() + days * DAY)
        sandbox.config.clock.advance(days * DAY)
        run_ids = start_nights(workshop.database, HandOver(), clock, Tuning())
        assert run_ids, "no night began"
        log = sandbox.app.state.log
        log.clear()
        for run_id in run_ids:
            assert finish(workshop, run_id).state == RunState.DONE
        return [seen.path.rsplit("/", 1)[1] for seen in log.latest(opened[0].realm)]

    return pass_by


def named(workshop: Workshop) -> set[tuple[str, str, str]]:
    """Return kind, id and code of every document that a stored proof names."""
    with workshop.database.read() as session:
        rows = session.scalars(select(Proof).where(Proof.equal.is_(False))).all()
    return {(each["kind"], each["document_id"], each["code"]) for row in rows for each in row.differences}


def pain_20_rows(documents: int, months: int) -> list[dict[str, str]]:
    return [
        {"stream": "sales", "id": f"s{number}", "day": f"2026-{1 + number % months:02}-{1 + number % 28:02}",
         "amount": "10.00"}
        for number in range(documents)
    ]  # fmt: skip


@pytest.mark.requirement("K1")
def test_pain_20_t1_a_steady_night_reads_nothing_for_each_posted_document(
    workshop: Workshop, opened: tuple[Company, Connection], night: Night
) -> None:
    _, connection = opened
    with workshop.database.begin() as session:
        session.get_one(Connection, connection.id).starts_on = date(2026, 1, 1)
    say(pain_20_rows(1000, months=3))
    sync(workshop, connection)
    night()
    for _ in range(2):
        assert night() == ["cdc"], "one request, whatever the number of documents and months"
    with workshop.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Proof).where(Proof.equal)) >= 84
        rows = session.scalars(select(ProofMonth)).all()
    assert [row.month.month for row in rows] == [1, 2, 3]
    assert all(row.confirmed_at == workshop.clock.now() and row.read_at < row.confirmed_at for row in rows)
    # Once a week everything is read all the same, and after longer than QuickBooks looks back too.
    assert sorted(night(FULL_READ.days)) == ["batch", "batch", "batch", "cdc"]
    assert night() == ["cdc"]
    assert sorted(night(40)) == ["batch", "batch", "batch", "cdc"]


@pytest.mark.at_length
def test_only_the_months_that_a_change_of_ours_or_theirs_touches_are_read(
    workshop: Workshop, opened: tuple[Company, Connection], night: Night, sandbox: SandboxServer
) -> None:
    _, connection = opened
    with workshop.database.begin() as session:
        session.get_one(Connection, connection.id).starts_on = date(2026, 1, 1)
    rows = pain_20_rows(30, months=3)
    say(rows)
    sync(workshop, connection)
    assert night() == ["cdc"]
    [february] = [link for link in links(workshop) if link.key == "sales/s1"]
    lab(sandbox, "edit", entity="SalesReceipt", id=february.document_id, changes={"PrivateNote": "hello"})
    lab(sandbox, "edit", entity="SalesReceipt", id=february.document_id, changes={"TxnDate": "2026-01-30"})
    assert sorted(night()) == ["batch", "batch", "cdc", "query"]
    assert {code for *_, code in named(workshop)} == {"proof.date_differs"}
    assert {read_on(workshop, month) for month in (1, 2)} == {workshop.clock.now().date()}
    assert read_on(workshop, 3) < workshop.clock.now().date()
    with workshop.database.begin() as session:
        session.execute(update(ProofMonth).values(unequal=0))
    # What the source says of March is another now, and the next run posts it: March alone is read.
    say([*rows, {"stream": "sales", "id": "more", "day": "2026-03-20", "amount": "1.00"}])
    before = read_on(workshop, 1)
    sync(workshop, connection)
    assert (read_on(workshop, 1), read_on(workshop, 3)) == (before, workshop.clock.now().date())


def read_on(workshop: Workshop, month: int) -> date:
    with workshop.database.read() as session:
        return session.scalars(select(ProofMonth.read_at).where(ProofMonth.month == date(2026, month, 1))).one().date()


def links(workshop: Workshop) -> list[LinkRow]:
    with workshop.database.read() as session:
        return list(session.scalars(select(LinkRow).where(LinkRow.amount.is_not(None)).order_by(LinkRow.id)))


def cent_more(kind: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a person changes to make a document one cent larger."""
    if kind == "Transfer":
        return {"Amount": float(document["Amount"] + CENT)}
    if kind in ("Payment", "BillPayment"):
        read = json.loads(canonical(document.get("Line", [])), parse_float=Decimal)
        paid = [{name: line[name] for name in ("Amount", "LinkedTxn")} for line in read]
        if kind == "BillPayment":
            # The cent pays more of its bill; the customer's stays unapplied.
            bill = next(line for line in paid if line["LinkedTxn"][0]["TxnType"] == "Bill")
            bill["Amount"] = Decimal(bill["Amount"]) + CENT
        settled: dict[str, Any] = json.loads(canonical({"TotalAmt": document["TotalAmt"] + CENT, "Line": paid}))
        return settled
    lines = [line for line in json.loads(canonical(document["Line"]), parse_float=Decimal) if "LinkedTxn" not in line]
    changed = lines if kind == "JournalEntry" else lines[:1]
    for line in changed:
        line["Amount"] = Decimal(line["Amount"]) + CENT
        detail = line.get("SalesItemLineDetail", {})
        detail.pop("UnitPrice", None)
        detail.pop("Qty", None)
        if "TaxInclusiveAmt" in detail:
            detail["TaxInclusiveAmt"] = Decimal(detail["TaxInclusiveAmt"]) + CENT
    kept = [line for line in json.loads(canonical(document["Line"]), parse_float=Decimal) if "LinkedTxn" in line]
    lines = [line for line in lines if line["DetailType"] != "SubTotalLineDetail"]
    changes: dict[str, Any] = {"Line": [*kept, *lines]}
    if "TxnTaxDetail" in document:
        changes["TxnTaxDetail"] = {}
    plain: dict[str, Any] = json.loads(canonical(changes))
    return plain


DEEDS = ("edit", "delete", "move", "copy", "nothing")
AT_ONCE = {
    "sales": "SalesReceipt",
    "refunds": "RefundReceipt",
    "expenses": "Purchase",
    "journals": "JournalEntry",
    "transfers": "Transfer",
    "takings": "Deposit",
}
"""Documents that move money at once."""
OWED = {
    "invoices": "Invoice",
    "credits": "CreditMemo",
    "receipts": "Payment",
    "bills": "Bill",
    "returns": "VendorCredit",
    "settlements": "BillPayment",
}
"""What is owed, and what settles it; each bill bears a file."""
LISTS = ("people", "vendors", "items")


def each_in_a_month_of_its_own(kinds: Mapping[str, str]) -> list[dict[str, str]]:
    """Return a row for every kind of document and every deed, so that no month is read for another document's sake."""
    rows = []
    for place, deed in enumerate(DEEDS):
        batch = {row["stream"]: row for row in every_kind(deed, 1, lists=kinds is OWED)}
        rows += [batch[stream] for stream in (*LISTS, "scans") if stream in batch]
        for number, stream in enumerate(kinds):
            year, month = divmod(place * len(kinds) + number, 12)
            rows.append(batch[stream] | {"day": f"{2023 + year}-{1 + month:02}-05"})
    return rows


def copy_of(workshop: Workshop, company: Company, kind: str, id_: str) -> dict[str, Any]:
    """Return what a person enters who copies a document, mark and all; a payment's copy pays what is owed again."""
    client = workshop.client(company)
    whole = client.read(kind, id_).value
    kept = whole.keys() - {"Id", "SyncToken", "MetaData", "DocNumber", "PurchaseEx", "LinkedTxn"}
    if kind == "Payment":
        kept -= {"Line"}
    copy = {name: whole[name] for name in kept}
    if kind == "BillPayment":
        paid = next(line for line in whole["Line"] if line["LinkedTxn"][0]["TxnType"] == "Bill")
        bill = client.read("Bill", paid["LinkedTxn"][0]["TxnId"]).value
        again = {name: bill[name] for name in ("VendorRef", "TxnDate", "Line", "GlobalTaxCalculation") if name in bill}
        owed = client.create("Bill", canonical(again), "owed again").value["Id"]
        copy["Line"] = [{"Amount": whole["TotalAmt"], "LinkedTxn": [{"TxnId": owed, "TxnType": "Bill"}]}]
    return copy


@pytest.mark.parametrize("kinds", [AT_ONCE, OWED], ids=["at once", "owed"])
@pytest.mark.every(2)
def test_a_cent_changed_a_document_removed_moved_or_copied_is_named_whatever_its_kind_by_the_next_night(
    workshop: Workshop,
    opened: tuple[Company, Connection],
    night: Night,
    sandbox: SandboxServer,
    kinds: Mapping[str, str],
) -> None:
    company, connection = opened
    with workshop.database.begin() as session:
        session.get_one(Connection, connection.id).starts_on = date(2023, 1, 1)
    client = workshop.client(company)
    say(each_in_a_month_of_its_own(kinds))
    sync(workshop, connection)
    assert night() == ["cdc"]
    expected = set()
    assert {link.kind for link in links(workshop)} == set(kinds.values())
    assert client.count("Attachable") == (len(DEEDS) if kinds is OWED else 0)
    for link in links(workshop):
        kind, id_ = link.kind, link.document_id
        match link.key.split("/")[1].removesuffix("1"):
            case "edit":
                lab(sandbox, "edit", entity=kind, id=id_, changes=cent_more(kind, client.read(kind, id_).value))
                expected.add((kind, id_, "proof.amount_differs"))
            case "delete":
                lab(sandbox, "delete", entity=kind, id=id_)
                expected.add((kind, id_, "proof.missing_document"))
            case "move":
                assert link.day is not None
                lab(sandbox, "edit", entity=kind, id=id_, changes={"TxnDate": f"{link.day:%Y-%m}-12"})
                expected.add((kind, id_, "proof.date_differs"))
            case "copy":
                copy = client.create(kind, canonical(copy_of(workshop, company, kind, id_)), f"copy {kind}").value["Id"]
                expected.add((kind, copy, "proof.twice"))
    assert len(expected) == 4 * len(kinds)
    asked = night()
    assert named(workshop) == expected
    # One for the changes, one for each month, one more where a document is not on its day: none for what stayed.
    assert len(asked) == 1 + 4 * len(kinds) + len(kinds)


def hand_made(workshop: Workshop, company: Company) -> dict[str, dict[str, Any]]:
    """Return one of every kind that moves money or what is owed, as a person enters it where the proof watches."""
    client = workshop.client(company)
    banks = [{"value": row["Id"]} for row in client.query("SELECT * FROM Account WHERE AccountType = 'Bank'")]
    bank, till = banks[0], banks[1]

    def first(kind: str, where: str = "") -> dict[str, str]:
        return {"value": next(client.query_all(kind, where))["Id"]}

    spent, item = first("Account", "AccountType = 'Expense'"), first("Item", "Type = 'Service'")
    exempt = next(
        row["Id"] for row in client.query("SELECT * FROM TaxCode") if "xon" in row["Name"] or "xempt" in row["Name"]
    )
    customer = {"value": client.create("Customer", '{"DisplayName":"Hand"}', "hand customer").value["Id"]}
    vendor = {"value": client.create("Vendor", '{"DisplayName":"Hand & Co"}', "hand vendor").value["Id"]}
    code = {"TaxCodeRef": {"value": exempt}}
    sold = {"DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"ItemRef": item, **code}}
    cost = {
        "DetailType": "AccountBasedExpenseLineDetail",
        "AccountBasedExpenseLineDetail": {"AccountRef": spent, **code},
    }
    bill = {"VendorRef": vendor, "TxnDate": "2026-03-05", "Line": [{"Amount": 40, **cost}]}
    owed = client.create("Bill", canonical(bill), "hand bill").value["Id"]

    def side(posting: str, account: dict[str, str]) -> dict[str, Any]:
        detail = {"PostingType": posting, "AccountRef": account}
        return {"DetailType": "JournalEntryLineDetail", "JournalEntryLineDetail": detail, "Amount": 7}

    direct = {"DetailType": "DepositLineDetail", "DepositLineDetail": {"AccountRef": spent}, "Amount": 7}
    paid = {"Amount": 7, "LinkedTxn": [{"TxnId": owed, "TxnType": "Bill"}]}
    return {
        "SalesReceipt": {"DepositToAccountRef": bank, "CustomerRef": customer, "Line": [{"Amount": 7, **sold}]},
        "RefundReceipt": {"DepositToAccountRef": bank, "CustomerRef": customer, "Line": [{"Amount": 7, **sold}]},
        "Deposit": {"DepositToAccountRef": bank, "Line": [direct]},
        "Purchase": {"AccountRef": bank, "PaymentType": "Cash", "Line": [{"Amount": 7, **cost}]},
        "Transfer": {"FromAccountRef": bank, "ToAccountRef": till, "Amount": 7},
        "JournalEntry": {"Line": [side("Debit", bank), side("Credit", spent)]},
        "Payment": {"CustomerRef": customer, "DepositToAccountRef": bank, "TotalAmt": 7},
        "BillPayment": {
            "VendorRef": vendor, "PayType": "Check", "CheckPayment": {"BankAccountRef": bank}, "TotalAmt": 7,
            "Line": [paid],
        },
        "Invoice": {"CustomerRef": customer, "Line": [{"Amount": 7, **sold}]},
        "CreditMemo": {"CustomerRef": customer, "Line": [{"Amount": 7, **sold}]},
        "Bill": {"VendorRef": vendor, "Line": [{"Amount": 7, **cost}]},
        "VendorCredit": {"VendorRef": vendor, "Line": [{"Amount": 7, **cost}]},
    }  # fmt: skip


def test_a_cent_added_changed_or_removed_by_hand_on_a_watched_account_is_named_by_the_next_night(
    workshop: Workshop, opened: tuple[Company, Connection], night: Night, sandbox: SandboxServer
) -> None:
    company, connection = opened
    say([row for row in every_kind("a", 1) if row["stream"] != "payouts"])
    sync(workshop, connection)
    bodies = hand_made(workshop, company)
    night()
    [owed] = told(workshop)
    assert (owed[0], owed[2], owed[3]) == ("Bill", None, -40), "the bill that one of them pays"
    client = workshop.client(company)
    made = {
        kind: client.create(kind, canonical({"TxnDate": "2026-03-06", **body}), f"hand {kind}").value
        for kind, body in bodies.items()
    }
    assert night() == ["cdc"], "a document of somebody else is no reason to read a month"
    added = told(workshop)[1:]
    assert {(kind, id_) for kind, id_, *_ in added} == {(kind, document["Id"]) for kind, document in made.items()}
    assert all((before, abs(after)) == (None, 7) for *_, before, after in added)
    for kind, document in made.items():
        lab(sandbox, "edit", entity=kind, id=document["Id"], changes=cent_more(kind, document))
    assert night() == ["cdc"]
    changed = told(workshop)[1 + len(added) :]
    assert {(kind, id_) for kind, id_, *_ in changed} == {(kind, document["Id"]) for kind, document in made.items()}
    assert all(abs(after) - abs(before) == CENT for *_, before, after in changed)
    for kind, document in made.items():
        lab(sandbox, "delete", entity=kind, id=document["Id"])
    assert night() == ["cdc"]
    gone = told(workshop)[1 + len(added) + len(changed) :]
    assert {(kind, id_) for kind, id_, *_ in gone} == {(kind, document["Id"]) for kind, document in made.items()}
    assert all((abs(before), after) == (Decimal("7.01"), None) for *_, before, after in gone)
    night()
    night(FULL_READ.days)
    assert len(told(workshop)) == 1 + len(added) + len(changed) + len(gone), "each is told once"
    assert named(workshop) == set(), "what others enter makes no day unequal"


def test_what_others_did_while_nobody_looked_is_named_by_the_full_reading(
    workshop: Workshop, opened: tuple[Company, Connection], night: Night, sandbox: SandboxServer
) -> None:
    company, connection = opened
    say([row for row in every_kind("a", 1, lists=False) if row["stream"] != "payouts"])
    bodies = hand_made(workshop, company)
    client = workshop.client(company)
    stays = client.create("Deposit", canonical({"TxnDate": "2026-03-06", **bodies["Deposit"]}), "stays").value["Id"]
    goes = client.create("Transfer", canonical({"TxnDate": "2026-03-06", **bodies["Transfer"]}), "goes").value["Id"]
    sync(workshop, connection)
    assert told(workshop) == [], "what was there at the first look is no change"
    lab(sandbox, "delete", entity="Transfer", id=goes)
    night(60)
    assert {(kind, id_, after) for kind, id_, _, after in told(workshop)} == {("Transfer", goes, None)}
    assert stays


def test_a_cent_moved_between_lines_of_ours_is_named_as_drift_by_the_same_night(
    workshop: Workshop, opened: tuple[Company, Connection], night: Night, sandbox: SandboxServer
) -> None:
    company, connection = opened
    say([row for row in every_kind("a", 1, lists=False) if row["stream"] == "takings"])
    sync(workshop, connection)
    [link] = [each for each in links(workshop) if each.kind == "Deposit"]
    whole = workshop.client(company).read("Deposit", link.document_id).value
    line = json.loads(canonical(whole["Line"][0]))
    lines = [{**line, "Amount": 80.09}, {key: value for key, value in {**line, "Amount": 0.01}.items() if key != "Id"}]
    lab(sandbox, "edit", entity="Deposit", id=link.document_id, changes={"Line": lines})
    assert night() == ["cdc"]
    with workshop.database.read() as session:
        assert [drift.link_id for drift in session.scalars(select(Drift))] == [link.id]


def told(workshop: Workshop) -> list[tuple[str, str, Decimal | None, Decimal | None]]:
    """Return what was named of others' documents on the first bank account, and of what is owed, in the order found."""
    with workshop.database.read() as session:
        rows = session.scalars(select(OtherChange).order_by(OtherChange.id)).all()
    bank = next(link.money_account for link in links(workshop) if link.kind in ("JournalEntry", "Deposit", "Transfer"))
    watched = {bank, Control.RECEIVABLE, Control.PAYABLE}
    return [
        (row.kind, row.document_id, row.amount_before, row.amount_after) for row in rows if row.account_id in watched
    ]
