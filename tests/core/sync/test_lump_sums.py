"""A bank line that pays invoices of several customers: a payment for each, and one deposit of the line's amount."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import till
from harness import OWNER, choose_usual, finish, request, sync
from lines_at_hand import account, asked, category, line, of, planned, undo
from open_documents import by_hand, owed
from sqlalchemy import select

from raccord.onboarding.deciding.decisions import DecisionError, answer_conflict, approve_plan
from raccord.onboarding.deciding.open_documents import open_documents
from raccord.onboarding.deciding.paying import certain, pay
from raccord.onboarding.deciding.remapping import survey
from raccord.onboarding.deciding.standing import set_review_each
from raccord.onboarding.deciding.treating import take_back, treat
from raccord.onboarding.deciding.undone import release
from raccord.overview.lines.deposit_notes import deposit_notes
from raccord.overview.questions import matches_in
from raccord.plugin.ledger import ResolutionKind
from raccord.quickbooks import QuickBooks
from raccord.store.models import (
    Company,
    Connection,
    DraftRow,
    DraftState,
    Drift,
    LedgerEntry,
    PaidDocument,
    Plan,
    Proof,
    Run,
    RunState,
)
from raccord.sync.lines.lump_sums import LUMP_NOT_POSTED
from raccord.sync.lines.matching import Movement, OpenItem, Reason, Sure
from raccord.sync.lines.paying import payer_key
from raccord.sync.lines.several_payers import OPEN_MAX, with_lump_sums
from raccord.sync.lines.undeposited import SUBTYPE
from raccord.sync.posting.post import Poster
from raccord.sync.run import Pipeline
from raccord.sync.workshop import Workshop
from raccord_sandbox.keeping.company import assert_books_balance
from raccord_sandbox.refusing.faultlab import ArmedFault, Effect
from raccord_sandbox.serving.server import SandboxServer

pytestmark = pytest.mark.either_database


def open_of(client: QuickBooks, *ids: str) -> list[Decimal]:
    """Return what is open of invoices now."""
    there = {each["Id"]: Decimal(each["Balance"]) for each in client.query_all("Invoice", "")}
    return [there[id_] for id_ in ids]


def funds(client: QuickBooks) -> Decimal:
    return Decimal(next(client.query_all("Account", "AccountSubType = 'UndepositedFunds'"))["CurrentBalance"])


def void(client: QuickBooks, id_: str) -> None:
    client.void("Invoice", id_, str(client.read("Invoice", id_).value["SyncToken"]), f"void {id_}")


@pytest.mark.at_length
def test_a_deposit_of_the_line_that_came_into_the_books_before_approval_keeps_the_customers_payments_out(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    choose_usual(workshop, connection, company)
    client = workshop.client(company)
    for customer, amount, number in (("Clinique Roy", "100.10", "7001"), ("Garage Simard", "199.90", "7002")):
        owed(workshop, company, "Invoice", customer, amount, number)
    till.ROWS["T1"] = [line(1, "300.00", "DEPOT STRIPE")]
    sync(workshop, connection)
    set_review_each(workshop, OWNER, connection.id, each=True)
    pay(workshop, OWNER, asked(workshop)["b1"].id)
    run = finish(workshop, request(workshop, connection))
    assert run.state == RunState.APPROVAL
    by_hand(workshop, company, "Deposit", "300.00", date.fromisoformat(till.ROWS["T1"][0]["day"]))
    with workshop.database.read() as session:
        plan = session.get_one(Plan, run.plan_id)
    approve_plan(workshop, OWNER, plan.id, plan.hash)
    assert finish(workshop, run.id).state == RunState.DONE
    assert (client.count("Payment"), client.count("Deposit")) == (0, 1)
    assert asked(workshop)["b1"].code == "conflict.already_exists"


def test_a_line_of_several_customers_is_one_deposit_of_a_payment_for_each_and_is_undone_with_them(
    workshop: Workshop, company: Company, connection: Connection, sandbox: SandboxServer
) -> None:
    choose_usual(workshop, connection, company)
    client = workshop.client(company)
    one = owed(workshop, company, "Invoice", "Clinique Roy", "100.10", "7001")
    two = owed(workshop, company, "Invoice", "Garage Simard", "150.05", "7002")
    more = owed(workshop, company, "Invoice", "Garage Simard", "49.85", "7003")
    till.ROWS["T1"] = [line(1, "300.00", "DEPOT STRIPE"), line(2, "-300.00", "ACHAT")]
    sync(workshop, connection)
    holds = asked(workshop)
    [match] = matches_in(holds["b1"].params)
    assert (match.kind, match.party, match.sure) == ("Invoice", "Clinique Roy, Garage Simard", Sure.LIKELY)
    assert [(each.id, each.party) for each in match.documents] == [
        (one, "Clinique Roy"), (two, "Garage Simard"), (more, "Garage Simard"),
    ]  # fmt: skip
    assert match.reasons == (Reason.SUM, Reason.ONLY, Reason.PAYERS)
    assert not matches_in(holds["b2"].params)
    with workshop.database.read() as session:
        assert not certain(session, [connection.id]), "never by itself"
    before = funds(client)
    pay(workshop, OWNER, holds["b1"].id)
    sync(workshop, connection)
    assert open_of(client, one, two, more) == [0, 0, 0]
    payments = {each["CustomerRef"]["name"]: each for each in client.query_all("Payment", "")}
    assert {name: Decimal(each["TotalAmt"]) for name, each in payments.items()} == {
        "Clinique Roy": Decimal("100.10"), "Garage Simard": Decimal("199.90"),
    }  # fmt: skip
    [deposit] = client.query_all("Deposit", "")
    bank = account(workshop, company, "Bank")
    assert (Decimal(deposit["TotalAmt"]), deposit["DepositToAccountRef"]["value"]) == (300, bank)
    linked = sorted(each["LinkedTxn"][0]["TxnId"] for each in deposit["Line"])
    assert linked == sorted(each["Id"] for each in payments.values())
    assert funds(client) == before
    assert_books_balance(sandbox.store.of_template("quebec"))
    with workshop.database.read() as session:
        assert all(proof.equal for proof in session.scalars(select(Proof)))
    sync(workshop, connection)
    assert (client.count("Payment"), client.count("Deposit")) == (2, 1), "the next run writes nothing"
    undo(workshop, connection, "bank/b1")
    assert (client.count("Payment"), client.count("Deposit")) == (0, 0)
    assert open_of(client, one, two, more) == [Decimal("100.10"), Decimal("150.05"), Decimal("49.85")]
    sync(workshop, connection)
    assert set(asked(workshop)) == {"b1", "b2"}, "the payments are no questions of their own"
    take_back(workshop, OWNER, connection.id, "bank/b1")
    pay(workshop, OWNER, asked(workshop)["b1"].id)
    sync(workshop, connection)
    assert (client.count("Payment"), client.count("Deposit"), funds(client)) == (2, 1, before)
    with workshop.database.read() as session:
        assert all(proof.equal for proof in session.scalars(select(Proof)))
    # Dated otherwise by its source, its deposit is; what is deposited, QuickBooks lets nobody date anew.
    till.ROWS["T1"][0] = line(1, "300.00", "DEPOT STRIPE", day="2026-03-05")
    sync(workshop, connection)
    assert [each["TxnDate"] for each in client.query_all("Deposit", "")] == ["2026-03-05"]
    assert set(asked(workshop)) == {"b2"}
    seen = survey(workshop, connection.id, date(2026, 3, 1), date(2026, 3, 31))
    assert (seen.looked_at, seen.rewrites, seen.kept) == (1, [], []), "it says what stands"
    # Undone and let go again as it was, it is written again whole.
    undo(workshop, connection, "bank/b1")
    release(workshop, OWNER, [asked(workshop)["b1"].id])
    sync(workshop, connection)
    assert (client.count("Payment"), client.count("Deposit"), funds(client)) == (2, 1, before)
    with workshop.database.read() as session:
        assert not session.scalars(select(Drift)).all()
        assert all(proof.equal for proof in session.scalars(select(Proof)))


@pytest.mark.parametrize("approved", [False, True])
@pytest.mark.every(2)
def test_a_line_one_of_whose_invoices_is_voided_meanwhile_pays_none_and_says_why(
    workshop: Workshop, company: Company, connection: Connection, approved: bool
) -> None:
    choose_usual(workshop, connection, company)
    client = workshop.client(company)
    one = owed(workshop, company, "Invoice", "Clinique Roy", "100.10", "7001")
    two = owed(workshop, company, "Invoice", "Garage Simard", "199.90", "7002")
    till.ROWS["T1"] = [line(1, "300.00", "DEPOT")]
    sync(workshop, connection)
    pay(workshop, OWNER, asked(workshop)["b1"].id)
    if approved:
        plan = planned(workshop, connection)
        void(client, two)
        approve_plan(workshop, OWNER, plan.id, plan.hash)
        assert finish(workshop, plan.run_id).state == "done"
    else:
        void(client, two)
        sync(workshop, connection)
    for _ in range(2):
        hold = asked(workshop)["b1"]
        assert (hold.code, client.count("Payment"), client.count("Deposit")) == ("resolve.decision_missing", 0, 0)
        [note] = deposit_notes(hold.params, "CAD")
        assert "invoice 7002 of Garage Simard (199.90 CAD)" in note.en
        assert "la facture 7002 de Garage Simard" in note.fr
        finish(workshop, request(workshop, connection))
    assert open_of(client, one) == [Decimal("100.10")]
    with workshop.database.read() as session:
        assert not session.scalars(select(PaidDocument)).all()
        keys = [payer_key("bank/b1", client.read("Invoice", id_).value["CustomerRef"]["value"]) for id_ in (one, two)]
        rows = session.scalars(select(DraftRow).where(DraftRow.key.in_(keys))).all()
        assert {(row.state, row.reason) for row in rows} == {(DraftState.SKIPPED, LUMP_NOT_POSTED)}


def test_a_run_that_dies_between_the_payments_and_their_deposit_is_finished_by_the_next_one_and_nothing_goes_twice(
    workshop: Workshop, company: Company, connection: Connection, sandbox: SandboxServer
) -> None:
    choose_usual(workshop, connection, company)
    client = workshop.client(company)
    one = owed(workshop, company, "Invoice", "Clinique Roy", "100.10", "7001")
    two = owed(workshop, company, "Invoice", "Garage Simard", "199.90", "7002")
    till.ROWS["T1"] = [line(1, "300.00", "DEPOT"), line(2, "100.10", "AUTRE DEPOT")]
    sync(workshop, connection)
    holds = asked(workshop)
    pay(workshop, OWNER, holds["b1"].id, [one, two])
    plan = planned(workshop, connection)
    approve_plan(workshop, OWNER, plan.id, plan.hash)
    sandbox.lab.arm(ArmedFault(Effect.LOSE_ANSWER, path="/batch"))
    Pipeline(workshop).advance(plan.run_id)
    assert (client.count("Payment"), client.count("Deposit")) == (2, 0)
    with workshop.database.begin() as session:
        session.get_one(Run, plan.run_id).state = RunState.FAILED
    sync(workshop, connection)
    assert (client.count("Payment"), client.count("Deposit")) == (2, 1)
    assert not matches_in(asked(workshop)["b2"].params), "what waits for its own line is no other line's deposit"
    assert_books_balance(sandbox.store.of_template("quebec"))
    with workshop.database.read() as session:
        assert all(proof.equal for proof in session.scalars(select(Proof)))


def test_no_customer_s_payment_goes_where_its_line_may_be_in_the_books_or_is_called_otherwise_before_it_goes(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    choose_usual(workshop, connection, company)
    client = workshop.client(company)
    for name, amount, number in (("Clinique Roy", "100.10", "7001"), ("Garage Simard", "199.90", "7002")):
        owed(workshop, company, "Invoice", name, amount, number)
    till.ROWS["T1"] = [line(1, "300.00", "DEPOT")]
    sync(workshop, connection)
    pay(workshop, OWNER, asked(workshop)["b1"].id)
    by_hand(workshop, company, "Deposit", "300.00", date(2026, 3, 5))
    sync(workshop, connection)
    assert asked(workshop)["b1"].code == "conflict.already_exists"
    assert (client.count("Payment"), client.count("Deposit")) == (0, 1)
    answer_conflict(workshop, OWNER, asked(workshop)["b1"].id, ResolutionKind.CREATE)
    planned(workshop, connection)
    take_back(workshop, OWNER, connection.id, "bank/b1")
    treat(workshop, OWNER, asked(workshop)["b1"].id, category(account(workshop, company, "Income")))
    sync(workshop, connection)
    assert (client.count("Payment"), client.count("Deposit")) == (0, 2)


def test_a_person_chooses_what_is_open_by_hand_and_is_told_what_does_not_fit(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    choose_usual(workshop, connection, company)
    client = workshop.client(company)
    roy = owed(workshop, company, "Invoice", "Clinique Roy", "100.10", "7001")
    twin = owed(workshop, company, "Invoice", "Boulangerie", "100.10", "7004")
    simard = owed(workshop, company, "Invoice", "Garage Simard", "199.90", "7002")
    large = owed(workshop, company, "Invoice", "Garage Simard", "900.00", "7003")
    bills = [owed(workshop, company, "Bill", name, "40.00", f"F{name[0]}") for name in ("Encre", "Papier")]
    till.ROWS["T1"] = [line(1, "300.00", "DEPOT"), line(2, "-80.00", "LOT"), line(3, "250.00", "ACOMPTE")]
    sync(workshop, connection)
    holds = asked(workshop)
    assert not matches_in(holds["b1"].params), "either of two invoices of one amount"
    there = open_documents(workshop, OWNER, holds["b1"].id)
    assert there is not None
    assert ({each.id for each in there.documents}, there.more) == ({roy, twin, simard, large}, 0)
    for key, ids, code in (
        ("b1", [roy, twin], "pays.other_sum"),
        ("b1", [roy, "999999"], "pays.not_open"),
        ("b2", bills, "pays.several_vendors"),
    ):
        with pytest.raises(DecisionError) as refused:
            pay(workshop, OWNER, holds[key].id, ids)
        assert refused.value.code == code
    with workshop.database.begin() as session:
        where = session.scalars(select(LedgerEntry).where(LedgerEntry.subtype == SUBTYPE)).one()
        where.active, session.get_one(Company, company.id).home_currency = False, "USD"
    for code, home in (("pays.several_foreign", "CAD"), ("pays.funds_unclear", "CAD")):
        with pytest.raises(DecisionError) as refused:
            pay(workshop, OWNER, holds["b1"].id, [twin, simard])
        assert refused.value.code == code
        with workshop.database.begin() as session:
            session.get_one(Company, company.id).home_currency = home
    with workshop.database.begin() as session:
        session.get_one(LedgerEntry, (company.id, "Account", where.object_id)).active = True
    pay(workshop, OWNER, holds["b1"].id, [twin, simard])
    with pytest.raises(DecisionError) as refused:
        pay(workshop, OWNER, holds["b3"].id, [simard])
    assert refused.value.code == "pays.not_open", "another line pays it"
    pay(workshop, OWNER, holds["b3"].id, [large])
    sync(workshop, connection)
    assert open_of(client, roy, twin, simard, large) == [Decimal("100.10"), 0, 0, Decimal("650.00")]
    assert (client.count("Payment"), client.count("Deposit")) == (3, 1)


def item(id_: int, amount: str, party: str = "", number: str = "", day: int = 1) -> OpenItem:
    return OpenItem("Invoice", str(id_), number, party or f"C{id_}", "", Decimal(amount), date(2026, 3, day))


def test_only_one_clear_way_is_offered_and_a_text_that_names_the_invoices_needs_no_other() -> None:
    def said(amount: str, items: list[OpenItem], text: str = "DEPOT", **more: Any) -> list[str]:
        movements = [Movement("m", Decimal(amount), date(2026, 3, 4), text), *more.get("others", ())]
        some = with_lump_sums(movements, items, more.get("found", {})).get("m", [])
        return [each.id for proposal in some for each in proposal.items]

    three = [item(1, "100.10"), item(2, "150.05"), item(3, "49.85")]
    assert said("250.15", three) == ["1", "2"]
    assert said("250.15", [*three, item(4, "100.10")]) == [], "of two ways none, though the amounts are the same"
    assert said("250.15", [item(1, "100.10", "A"), item(2, "150.05", "A")]) == [], "one customer's is no lump sum"
    assert said("100.10", three) == [], "nor is one invoice"
    others = [Movement("n", Decimal("250.15"), date(2026, 3, 4), "")]
    assert said("250.15", three, others=others) == [], "what another line may pay as well is not clear"
    crowd = [item(n, f"{n}00.37") for n in range(10, 11 + OPEN_MAX)]
    assert said("2300.74", crowd) == []
    named = [item(1, "100.10", number="71001"), item(2, "150.05", number="71002")]
    assert said("250.15", [*named, *crowd, item(50, "100.10")], "LOCKBOX 71001 71002") == ["1", "2"]
    assert said("250.15", [item(1, "100.10", day=1), item(2, "150.05", day=25)]) == [], "of after the line"


def left_alone(
    workshop: Workshop, company: Company, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> tuple[str, Decimal]:
    """Let one of two payments of a line be sent and its deposit not; return its invoice and what the funds held."""
    choose_usual(workshop, connection, company)
    client = workshop.client(company)
    one = owed(workshop, company, "Invoice", "Clinique Roy", "100.10", "7001")
    two = owed(workshop, company, "Invoice", "Garage Simard", "199.90", "7002")
    till.ROWS["T1"] = [line(1, "300.00", "DEPOT")]
    sync(workshop, connection)
    pay(workshop, OWNER, asked(workshop)["b1"].id, [one, two])
    plan = planned(workshop, connection)
    approve_plan(workshop, OWNER, plan.id, plan.hash)
    before, claim = funds(client), Poster._claim

    def voided_just_now(self: Poster, *arguments: Any) -> Any:
        # After the last look at the invoices, before the payments are sent.
        monkeypatch.setattr(Poster, "_claim", claim)
        void(client, two)
        return claim(self, *arguments)

    monkeypatch.setattr(Poster, "_claim", voided_just_now)
    finish(workshop, plan.run_id)
    assert (client.count("Payment"), client.count("Deposit")) == (1, 0)
    sync(workshop, connection)
    return one, before


def test_payments_without_their_deposit_keep_their_line_from_anything_else_until_they_are_undone(
    workshop: Workshop,
    company: Company,
    connection: Connection,
    sandbox: SandboxServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one, before = left_alone(workshop, company, connection, monkeypatch)
    client = workshop.client(company)
    for answered in (False, True, True):
        hold = asked(workshop)["b1"]
        assert hold.code == "resolve.decision_missing"
        notes = " ".join(each.en for each in deposit_notes(hold.params, "CAD"))
        assert "in Undeposited Funds: Clinique Roy 100.10 CAD" in notes
        if answered:
            treat(workshop, OWNER, hold.id, category(account(workshop, company, "Income")))
        sync(workshop, connection)
        assert (client.count("Payment"), client.count("Deposit")) == (1, 0), "nothing counts twice"
    with workshop.database.read() as session:
        keys = session.scalars(select(DraftRow.key).where(DraftRow.record_id == of("b1", workshop).record_id)).all()
    undo(workshop, connection, *keys)
    assert (client.count("Payment"), open_of(client, one), funds(client)) == (0, [Decimal("100.10")], before)
    sync(workshop, connection)
    assert (client.count("Payment"), client.count("Deposit")) == (0, 1), "what was said of it goes now"
    assert not asked(workshop)
    assert_books_balance(sandbox.store.of_template("quebec"))
    with workshop.database.read() as session:
        assert all(proof.equal for proof in session.scalars(select(Proof)))


def test_payments_without_their_deposit_that_a_person_deposits_by_hand_let_their_line_be_that_deposit(
    workshop: Workshop,
    company: Company,
    connection: Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    left_alone(workshop, company, connection, monkeypatch)
    client = workshop.client(company)
    by_hand(workshop, company, "Deposit", "300.00", date.fromisoformat(till.ROWS["T1"][0]["day"]))
    sync(workshop, connection)
    hold = asked(workshop)["b1"]
    assert hold.code == "conflict.already_exists"
    answer_conflict(workshop, OWNER, hold.id, ResolutionKind.LINK)
    sync(workshop, connection)
    assert not asked(workshop)
    sync(workshop, connection)
    assert not asked(workshop)
    assert (client.count("Payment"), client.count("Deposit")) == (1, 1)


@pytest.mark.at_length
def test_payments_without_their_deposit_that_another_line_deposits_are_no_longer_told_of_theirs(
    workshop: Workshop,
    company: Company,
    connection: Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    left_alone(workshop, company, connection, monkeypatch)
    client = workshop.client(company)
    till.ROWS["T1"].append(line(2, "100.10", "DEPOT ROY"))
    sync(workshop, connection)
    assert deposit_notes(asked(workshop)["b1"].params, "CAD")
    pay(workshop, OWNER, asked(workshop)["b2"].id)
    sync(workshop, connection)
    assert (client.count("Payment"), client.count("Deposit")) == (1, 1)
    treat(workshop, OWNER, asked(workshop)["b1"].id, category(account(workshop, company, "Income")))
    sync(workshop, connection)
    assert not asked(workshop)
    assert (client.count("Payment"), client.count("Deposit")) == (1, 2), "the line is something else"
