"""What people say of bank lines, attacked: said twice, of other money since, taken back, undone, from both sides."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from threading import Barrier

import pytest
import till
from harness import OWNER, choose_usual, finish, lab, sync
from lines_at_hand import DAY, JUDGED, account, asked, category, line, of, planned, second_account, undo
from moments import Moments
from open_documents import owed
from sqlalchemy import select
from till_company import again

from raccord.onboarding.connecting.companies import refresh_company
from raccord.onboarding.deciding.bank_rules import RuleSaid, add_rule, remove_rule
from raccord.onboarding.deciding.decisions import (
    DecisionError,
    answer_conflict,
    answer_hold,
    approve_plan,
    choose,
    skip_draft,
)
from raccord.onboarding.deciding.paying import pay
from raccord.onboarding.deciding.treating import take_back, treat
from raccord.onboarding.deciding.undone import release
from raccord.plugin.ledger import ResolutionKind
from raccord.store.models import Company, Connection, DraftRow, DraftState, LedgerEntry, PaidDocument, Proof
from raccord.sync.lines.bank_rules import Outcome, RuleBody, RuleMode, RulePart, TextCondition, TextTest
from raccord.sync.lines.payees import named_payees
from raccord.sync.lines.treatments import Part, Treated, Treatment
from raccord.sync.planning.ruling import read_rules
from raccord.sync.resolving.resolve import DECISION_MISSING
from raccord.sync.workshop import Workshop
from raccord_sandbox.serving.server import SandboxServer

PAYER = "VIR INTERAC BOULANGERIE GAGNON F-20417"

pytestmark = pytest.mark.either_database


@pytest.fixture(autouse=True)
def judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """The till's bank lines are judged by people, one by one."""
    monkeypatch.setattr("till.INFO", JUDGED)


def equal(workshop: Workshop) -> bool:
    with workshop.database.read() as session:
        return all(proof.equal for proof in session.scalars(select(Proof)))


def test_a_transfer_that_two_people_say_from_its_two_sides_is_one(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    choose_usual(workshop, connection, company)
    bank = account(workshop, company, "Bank")
    second, savings = second_account(workshop, company)
    till.ROWS["T1"] = [line(1, "-700.00", "VIREMENT"), line(2, "-700.00", "VIREMENT")]
    till.ROWS["T2"] = [line(3, "700.00", "VIREMENT"), line(4, "700.00", "VIREMENT"), line(5, "700.00", "VIREMENT")]
    sync(workshop, connection)
    sync(workshop, second)
    holds = asked(workshop)
    for key, there in (("b1", savings), ("b3", bank), ("b4", bank), ("b2", savings), ("b5", bank)):
        treat(workshop, OWNER, holds[key].id, Treatment(kind=Treated.TRANSFER, other_account=there))
    assert [of(key, workshop).state for key in ("b1", "b2", "b3", "b4", "b5")] == [
        "waiting", "skipped", "skipped", "waiting", "waiting",
    ], "each line is the other side of one line; what has none is a transfer of its own"  # fmt: skip
    for plan in [planned(workshop, each) for each in (connection, second)]:
        approve_plan(workshop, OWNER, plan.id, plan.hash)
        assert finish(workshop, plan.run_id).state == "done"
    sync(workshop, connection)
    assert workshop.client(company).count("Transfer") == 3
    assert equal(workshop)


def test_a_line_of_another_amount_pays_nothing_and_frees_its_invoice(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    choose_usual(workshop, connection, company)
    income = account(workshop, company, "Income")
    amounts = [f"{n}17.39" for n in (1, 2, 3, 4)]
    owing = [
        owed(workshop, company, "Invoice", f"Boulangerie {n}", each, f"F-2041{n}") for n, each in enumerate(amounts)
    ]
    texts = [f"VIR INTERAC BOULANGERIE {n} F-2041{n}" for n in range(4)]
    till.ROWS["T1"] = [line(n, f"5{n}.00", text) for n, text in enumerate(texts)]
    sync(workshop, connection)
    for hold in asked(workshop).values():
        treat(workshop, OWNER, hold.id, category(income))
    till.ROWS["T1"] = [line(n, amount, text) for n, (amount, text) in enumerate(zip(amounts, texts, strict=True))]
    sync(workshop, connection)
    holds = asked(workshop)
    for n, one in enumerate(owing):
        pay(workshop, OWNER, holds[f"b{n}"].id, [one])
    assert of("b1", workshop).kind == "Payment", "what was said of the other amount stands in nobody's way"
    till.ROWS["T1"] = [line(n, f"6{n}.00", text) for n, text in enumerate(texts)]
    till.ROWS["T1"] += [line(10 + n, amount, text) for n, (amount, text) in enumerate(zip(amounts, texts, strict=True))]
    sync(workshop, connection)
    holds = asked(workshop)
    treat(workshop, OWNER, holds["b1"].id, category(income))
    answer_hold(workshop, OWNER, holds["b2"].id, income)
    skip_draft(workshop, OWNER, holds["b3"].id, "no")
    for n, one in enumerate(owing):
        pay(workshop, OWNER, holds[f"b{10 + n}"].id, [one])
    sync(workshop, connection)
    assert workshop.client(company).count("Payment") == 4
    assert list(asked(workshop)) == ["b0"]
    assert equal(workshop)


@pytest.mark.parametrize("rival", [False, True])
def test_a_payment_that_was_undone_goes_again_unless_another_line_pays_its_invoice(
    workshop: Workshop, company: Company, connection: Connection, till_moments: Moments, rival: bool
) -> None:
    till.ROWS["T1"] = [line(1, "517.39", PAYER)]

    def live() -> str:
        choose_usual(workshop, connection, company)
        invoice = owed(workshop, company, "Invoice", "Boulangerie Gagnon", "517.39", "F-20417")
        sync(workshop, connection)
        pay(workshop, OWNER, asked(workshop)["b1"].id)
        sync(workshop, connection)
        undo(workshop, connection, "bank/b1")
        return invoice

    one = again(till_moments, workshop, "a payment was undone", live)
    client = workshop.client(company)
    assert client.count("Payment") == 0
    if rival:
        till.ROWS["T1"] += [line(2, "517.39", PAYER)]
        sync(workshop, connection)
        pay(workshop, OWNER, asked(workshop)["b2"].id, [one])
    release(workshop, OWNER, [asked(workshop)["b1"].id])
    for _ in range(2):
        sync(workshop, connection)
        assert client.count("Payment") == 1
    with workshop.database.read() as session:
        paid = session.execute(select(DraftRow.key).join(PaidDocument, PaidDocument.draft_id == DraftRow.id)).scalars()
        assert list(paid) == ["bank/b2" if rival else "bank/b1"]
    assert list(asked(workshop)) == (["b1"] if rival else [])
    assert equal(workshop)


def test_a_line_whose_document_was_undone_can_be_said_to_be_something_else(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    choose_usual(workshop, connection, company)
    client = workshop.client(company)
    expense = account(workshop, company, "Expense")
    other, card = (
        str(client.create("Account", f'{{"Name":"{name}","AccountType":"{type_}"}}', name).value["Id"])
        for name, type_ in (("Repas", "Expense"), ("Visa", "Credit Card"))
    )
    till.ROWS["T1"] = [line(1, "-20.00", "A"), line(2, "-30.00", "B")]
    sync(workshop, connection)
    for each in asked(workshop).values():
        treat(workshop, OWNER, each.id, category(expense))
    sync(workshop, connection)
    undo(workshop, connection, "bank/b1", "bank/b2")
    for key in ("bank/b1", "bank/b2"):
        take_back(workshop, OWNER, connection.id, key)
        with pytest.raises(DecisionError, match="nothing_to_take_back"):
            take_back(workshop, OWNER, connection.id, key)
    sync(workshop, connection)
    assert client.count("Purchase") == 0, "nothing goes again before a person says what it is"
    holds = asked(workshop)
    assert {each.code for each in holds.values()} == {DECISION_MISSING}
    treat(workshop, OWNER, holds["b1"].id, category(other))
    treat(workshop, OWNER, holds["b2"].id, Treatment(kind=Treated.TRANSFER, other_account=card))
    sync(workshop, connection)
    (spent,) = client.query("SELECT * FROM Purchase")
    assert spent["Line"][0]["AccountBasedExpenseLineDetail"]["AccountRef"]["value"] == other
    assert client.count("Transfer") == 1
    assert equal(workshop)


def test_what_was_said_of_another_amount_is_asked_about_again_on_both_sides(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    choose_usual(workshop, connection, company)
    second, savings = second_account(workshop, company)
    till.ROWS["T1"] = [line(n, f"-{n}00.00", "VIREMENT") for n in (1, 2, 3, 6)] + [line(4, "-40.00", "A"),
                                                                                line(5, "-50.00", "B")]  # fmt: skip
    till.ROWS["T2"] = [line(10 + n, f"{n}00.00", "VIREMENT") for n in (1, 2, 3, 6)]
    sync(workshop, connection)
    sync(workshop, second)
    holds = asked(workshop)
    there = Treatment(kind=Treated.TRANSFER, other_account=savings)
    for n in (1, 2, 3, 6):
        treat(workshop, OWNER, holds[f"b{n}"].id, there, other_side=holds[f"b{10 + n}"].id)
    for key in ("b4", "b5"):
        treat(workshop, OWNER, holds[key].id, Treatment(kind=Treated.EXCLUDE, why="double"))
    # The first side of one, the second side of another, a line that was left out, and a first side that the source
    # takes back; the rest is only worded anew.
    till.ROWS["T1"] = [line(1, "-150.00", "VIREMENT"), line(2, "-200.00", "VIREMENT"), line(3, "-300.00", "VIREMENT X"),
                       line(4, "-4000.00", "A"), line(5, "-50.00", "B DIT AUTREMENT"),
                       line(6, "-600.00", "VIREMENT", kind="training")]  # fmt: skip
    till.ROWS["T2"][1:] = [
        line(12, "20.00", "VIREMENT"),
        line(13, "300.00", "VIREMENT RECU"),
        line(16, "600.00", "VIREMENT"),
    ]
    sync(workshop, connection)
    sync(workshop, second)
    states = {key: of(key, workshop).state for key in ("b1", "b11", "b2", "b12", "b3", "b13", "b4", "b5", "b6", "b16")}
    assert states == {
        "b1": "held", "b11": "held", "b2": "posted", "b12": "held", "b3": "posted", "b13": "skipped", "b4": "held",
        "b5": "skipped", "b6": "withdrawn", "b16": "held",
    }  # fmt: skip
    # Undone and left out for good, the first side gives its other side back.
    undo(workshop, connection, "bank/b3")
    skip_draft(workshop, OWNER, asked(workshop)["b3"].id, "never was")
    assert of("b13", workshop).state == "held"


@pytest.mark.parametrize("entered", ["Purchase", "Transfer"])
def test_the_other_side_of_what_the_books_held_already_waits_unless_that_moves_both_accounts(
    workshop: Workshop,
    company: Company,
    connection: Connection,
    sandbox: SandboxServer,
    till_moments: Moments,
    entered: str,
) -> None:
    till.ROWS["T1"] = [line(1, "-700.00", "VIREMENT")]
    till.ROWS["T2"] = [line(3, "700.00", "VIREMENT")]

    def live() -> str:
        choose_usual(workshop, connection, company)
        second, savings = second_account(workshop, company)
        sync(workshop, connection)
        sync(workshop, second)
        holds = asked(workshop)
        there = Treatment(kind=Treated.TRANSFER, other_account=savings)
        treat(workshop, OWNER, holds["b1"].id, there, other_side=holds["b3"].id)
        return savings

    savings = again(till_moments, workshop, "a transfer was said from one side", live)
    bank, expense = account(workshop, company, "Bank"), account(workshop, company, "Expense")
    spent = {"AccountRef": {"value": bank}, "PaymentType": "Cash", "GlobalTaxCalculation": "NotApplicable", "Line": [
        {"Amount": 700, "DetailType": "AccountBasedExpenseLineDetail",
         "AccountBasedExpenseLineDetail": {"AccountRef": {"value": expense}}}]}  # fmt: skip
    moved = {"FromAccountRef": {"value": bank}, "ToAccountRef": {"value": savings}, "Amount": 700}
    by_hand = {"Purchase": spent, "Transfer": moved}[entered]
    lab(sandbox, "create", entity=entered, changes={"TxnDate": DAY, **by_hand})
    sync(workshop, connection)
    answer_conflict(workshop, OWNER, asked(workshop)["b1"].id, ResolutionKind.SKIP)
    sync(workshop, connection)
    assert of("b1", workshop).state == DraftState.SKIPPED
    assert of("b3", workshop).state == (DraftState.HELD if entered == "Purchase" else DraftState.SKIPPED)


def test_splits_with_any_taxes_come_to_their_lines_to_the_cent(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    choose_usual(workshop, connection, company)
    client = workshop.client(company)
    codes = ["", *(row["Id"] for row in client.query("SELECT * FROM TaxCode"))]
    expense = account(workshop, company, "Expense")
    chance, said = random.Random(5), {}
    till.ROWS["T1"] = []
    for n in range(1, 31):
        total = Decimal(chance.randrange(1, 30_000)) / 100
        amounts = [chance.choice((1, 1, -1)) * Decimal(chance.randrange(1, 9_000)) / 100 for _ in range(n % 5)]
        amounts += [total - sum(amounts)] if total != sum(amounts) else []
        parts = tuple(Part(account=expense, amount=each, tax_code=chance.choice(codes)) for each in amounts)
        till.ROWS["T1"].append(line(n, f"-{total}", f"T{n}"))
        said[f"b{n}"] = Treatment(kind=Treated.SPLIT, parts=parts)
    sync(workshop, connection)
    for key, hold in asked(workshop).items():
        treat(workshop, OWNER, hold.id, said[key])
    sync(workshop, connection)
    posted = {Decimal(each["TotalAmt"]) for each in client.query_all("Purchase", f"TxnDate = '{DAY}'")}
    assert posted == {-Decimal(row["amount"]) for row in till.ROWS["T1"]}
    assert equal(workshop)


def test_a_rule_with_a_payee_still_goes_when_the_lists_were_read_again(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    choose_usual(workshop, connection, company)
    client = workshop.client(company)
    vendor = str(client.create("Vendor", '{"DisplayName":"Papeterie Roy"}', "vendor").value["Id"])
    outcome = Outcome(
        kind=Treated.CATEGORY, parts=(RulePart(account=account(workshop, company, "Expense")),), party_kind="Vendor",
        party_id=vendor,
    )  # fmt: skip
    body = RuleBody(conditions=(TextCondition(test=TextTest.CONTAINS, value="papeterie"),), outcome=outcome)
    till.ROWS["T1"] = []
    sync(workshop, connection)
    add_rule(workshop, OWNER, company.id, RuleSaid(name="Papeterie", body=body, mode=RuleMode.APPLY))
    till.ROWS["T1"] = [line(1, "-20.00", "PAPETERIE ROY"), line(2, "-21.00", "ROY")]
    sync(workshop, connection)
    assert of("b1", workshop).state == DraftState.POSTED
    treated = category(outcome.parts[0].account, party_kind="Vendor", party_id=vendor)
    treat(workshop, OWNER, asked(workshop)["b2"].id, treated)
    sync(workshop, connection)
    refresh_company(workshop, company.id)
    assert [each["EntityRef"]["value"] for each in client.query("SELECT * FROM Purchase")] == [vendor, vendor]
    with workshop.database.read() as session:
        assert named_payees(session, company.id) == [("Vendor", vendor)]
        known = session.get(LedgerEntry, (company.id, "Vendor", vendor))
        assert known is not None
    # What suggestions are learned from keeps its payees too, once the rule is gone.
    with workshop.database.read() as session:
        (rule,) = read_rules(session, company.id)
    remove_rule(workshop, OWNER, rule.id)
    with workshop.database.read() as session:
        assert named_payees(session, company.id) == [("Vendor", vendor)]


def test_a_foreign_line_takes_what_is_kept_at_home_and_no_payee_of_another_currency(
    workshop: Workshop, company: Company, connection: Connection, sandbox: SandboxServer
) -> None:
    choose_usual(workshop, connection, company)
    lab(sandbox, "edit", entity="Preferences", id="1", changes={"CurrencyPrefs": {"MultiCurrencyEnabled": True}})
    client = workshop.client(company)
    client.create("CompanyCurrency", '{"Code":"USD"}', "usd")
    dollars = '"CurrencyRef":{"value":"USD"}'
    bank = str(client.create("Account", f'{{"Name":"US$","AccountType":"Bank",{dollars}}}', "bank").value["Id"])
    vendor = str(client.create("Vendor", '{"DisplayName":"Acme Corp","CurrencyRef":{"value":"USD"}}', "v").value["Id"])
    home, expense = account(workshop, company, "Bank"), account(workshop, company, "Expense")
    refresh_company(workshop, company.id)
    choose(workshop, OWNER, connection.id, "bank", bank, valid_from=date(2026, 3, 4))
    till.ROWS["T1"] = [
        {**line(1, "-12.00", "X"), "day": "2026-03-03"},
        *(line(n, f"-{n}0.00", "Y", currency="USD") for n in (2, 3, 4)),
    ]
    sync(workshop, connection)
    holds = asked(workshop)
    ours = category(expense, party_kind="Vendor", party_id=vendor)
    for key, wrong in (
        ("b1", ours),
        ("b1", Treatment(kind=Treated.TRANSFER, other_account=bank)),
        ("b2", Treatment(kind=Treated.TRANSFER, other_account=home)),
    ):
        with pytest.raises(DecisionError, match=r"treatment\.currency"):
            treat(workshop, OWNER, holds[key].id, wrong)
    treat(workshop, OWNER, holds["b2"].id, ours)
    treat(workshop, OWNER, holds["b3"].id, Treatment(kind=Treated.SPLIT, parts=(Part(account=expense),)))
    sync(workshop, connection)
    spent = [(each["TotalAmt"], each["CurrencyRef"]["value"], each.get("EntityRef", {}).get("value"))
             for each in client.query_all("Purchase", "Id > '0'")]  # fmt: skip
    assert sorted(spent) == [(Decimal(20), "USD", vendor), (Decimal(30), "USD", None)]
    assert equal(workshop)


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_of_people_who_answer_at_once_one_is_heard(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    choose_usual(workshop, connection, company)
    bank, expense = account(workshop, company, "Bank"), account(workshop, company, "Expense")
    second, savings = second_account(workshop, company)
    one = owed(workshop, company, "Invoice", "Boulangerie Gagnon", "517.39", "F-20417")
    till.ROWS["T1"] = [line(1, "-700.00", "V"), line(2, "-3.00", "CAFE"), line(3, "517.39", PAYER),
                       line(4, "517.39", PAYER)]  # fmt: skip
    till.ROWS["T2"] = [line(11, "700.00", "V")]
    sync(workshop, connection)
    sync(workshop, second)
    holds = {key: each.id for key, each in asked(workshop).items()}
    start = Barrier(6)

    def say(deed: Callable[[], object]) -> str:
        start.wait(20)
        try:
            deed()
        except DecisionError as error:
            return error.code
        return ""

    to, from_ = (Treatment(kind=Treated.TRANSFER, other_account=each) for each in (savings, bank))
    deeds: list[Callable[[], object]] = [
        lambda: treat(workshop, OWNER, holds["b1"], to),
        lambda: treat(workshop, OWNER, holds["b11"], from_),
        lambda: treat(workshop, OWNER, holds["b2"], category(expense)),
        lambda: treat(workshop, OWNER, holds["b2"], Treatment(kind=Treated.EXCLUDE, why="no")),
        lambda: pay(workshop, OWNER, holds["b3"], [one]),
        lambda: pay(workshop, OWNER, holds["b4"], [one]),
    ]
    with ThreadPoolExecutor(len(deeds)) as pool:
        codes = list(pool.map(say, deeds))
    assert (codes[:2], sorted(codes[2:4]), sorted(codes[4:])) == (["", ""], ["", "hold.closed"], ["", "pays.taken"])
    sync(workshop, connection)
    sync(workshop, second)
    client = workshop.client(company)
    assert (client.count("Transfer"), client.count("Payment")) == (1, 1)
