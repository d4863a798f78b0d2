"""Bank lines become what people say of them: categories, splits, transfers, personal money, or nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import till
from harness import OWNER, choose_usual, sync
from hypothesis import given
from hypothesis import strategies as st
from lines_at_hand import JUDGED
from sqlalchemy import select

from raccord.onboarding.access.people import Actor, NotAllowedError, RoleName
from raccord.onboarding.connecting.companies import refresh_company
from raccord.onboarding.connecting.connections import NewConnection, connect
from raccord.onboarding.deciding.decisions import DecisionError, choose
from raccord.onboarding.deciding.treating import take_back, treat, treat_many
from raccord.onboarding.deciding.treating_texts import refusal
from raccord.plugin.drafts import Accepts, Decision, Deposit, DirectLine, Expense, ExpenseLine, PaymentType, Role
from raccord.plugin.drafts import Transfer as TransferDraft
from raccord.store.models import Company, Connection, DraftRow, DraftState, Event, Hold, Plan, PlanLine, Proof
from raccord.sync.books.company import read_facts
from raccord.sync.lines.treatments import (
    TREATMENT,
    Part,
    Treated,
    Treatment,
    UnfitTreatment,
    as_treated,
    dump_treatment,
    shares,
    treated,
)
from raccord.sync.workshop import Workshop

DAY = "2026-03-04"
LINE = Deposit(
    key="bank/1",
    day=date(2026, 3, 4),
    currency="CAD",
    bank=Role("bank"),
    lines=(DirectLine(account=Decision("category", Accepts.CATEGORY), amount=Decimal("80.00")),),
    total=Decimal("80.00"),
)
SPENT = Expense(
    key="bank/2",
    day=date(2026, 3, 4),
    currency="CAD",
    paid_from=Role("bank"),
    payment_type=PaymentType.CASH,
    lines=(ExpenseLine(account=Decision("category", Accepts.CATEGORY), amount=Decimal("80.00")),),
    total=Decimal("80.00"),
)


def line(number: int, amount: str, text: str) -> dict[str, str]:
    return {"stream": "bank", "id": f"b{number}", "day": DAY, "amount": amount, "memo": text}


@pytest.fixture(autouse=True)
def judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """The till's bank lines are judged by people, one by one."""
    monkeypatch.setattr("till.INFO", JUDGED)


def waiting(workshop: Workshop) -> dict[str, str]:
    """Return the holds that are open, by the drafts' keys."""
    with workshop.database.read() as session:
        rows = session.execute(
            select(DraftRow.key, Hold.id).join(Hold, Hold.draft_id == DraftRow.id).where(Hold.closed_at.is_(None))
        )
        return {row.key: row.id for row in rows}


def documents(workshop: Workshop, company: Company, kind: str) -> list[dict[str, Any]]:
    return [dict(each) for each in workshop.client(company).query_all(kind, "TxnDate = '2026-03-04'")]


def account(workshop: Workshop, company: Company, type_: str) -> str:
    return str(next(workshop.client(company).query_all("Account", f"AccountType = '{type_}'"))["Id"])


def of(draft_key: str, workshop: Workshop) -> DraftRow:
    with workshop.database.read() as session:
        return session.scalars(select(DraftRow).where(DraftRow.key == draft_key)).one()


def category(account_id: str, **more: Any) -> Treatment:
    return Treatment(kind=Treated.CATEGORY, parts=(Part(account=account_id),), **more)


def test_lines_become_what_is_said_of_them(workshop: Workshop, company: Company, connection: Connection) -> None:
    choose_usual(workshop, connection, company)
    client = workshop.client(company)
    north = str(client.create("Class", '{"Name":"North"}', "class").value["Id"])
    shop = str(client.create("Department", '{"Name":"Shop"}', "department").value["Id"])
    vendor = str(client.create("Vendor", '{"DisplayName":"Papeterie Roy"}', "vendor").value["Id"])
    drawings = '{"Name":"Apports","AccountType":"Equity","AccountSubType":"OwnersEquity"}'
    owner = str(client.create("Account", drawings, "equity").value["Id"])
    card = str(client.create("Account", '{"Name":"Visa","AccountType":"Credit Card"}', "card").value["Id"])
    supplies, other = (
        str(client.create("Account", f'{{"Name":"{name}","AccountType":"Expense"}}', name).value["Id"])
        for name in ("Fournitures", "Repas")
    )
    income = account(workshop, company, "Income")
    tax = next(row["Id"] for row in client.query("SELECT * FROM TaxCode") if "TVQ" in row["Name"])
    amounts = ["-114.98", "-60.00", "80.00", "-500.00", "25.00", "-9.99", "-40.00", "300.00", "34.50"]
    till.ROWS["T1"] = [line(place, amount, f"TEXTE {place}") for place, amount in enumerate(amounts, 1)]
    sync(workshop, connection)
    holds = waiting(workshop)

    def say(number: int, treatment: Treatment) -> None:
        treat(workshop, OWNER, holds[f"bank/b{number}"], treatment)

    taxed = Part(account=supplies, tax_code=tax, class_id=north)
    cheque = Treatment(
        kind=Treated.CATEGORY, parts=(taxed,), party_kind="Vendor", party_id=vendor, location_id=shop,
        payment_type=PaymentType.CHECK,
    )  # fmt: skip
    say(1, cheque)
    say(2, Treatment(kind=Treated.SPLIT, parts=(Part(account=supplies, amount=Decimal("45.50")), Part(account=other))))
    parts = (
        Part(account=income, amount=Decimal("83.00"), class_id=north),
        Part(account=other, tax_code=tax, description="Frais"),
    )
    say(3, Treatment(kind=Treated.SPLIT, parts=parts, location_id=shop))
    say(4, Treatment(kind=Treated.TRANSFER, other_account=card))
    say(5, Treatment(kind=Treated.TRANSFER, other_account=card))
    say(6, Treatment(kind=Treated.EXCLUDE, why="Doublon de la banque"))
    say(7, Treatment(kind=Treated.PERSONAL, parts=(Part(account=owner),)))
    say(8, Treatment(kind=Treated.PERSONAL, parts=(Part(account=owner),)))
    back = (Part(account=supplies, tax_code=tax, amount=Decimal("23.00")), Part(account=other))
    say(9, Treatment(kind=Treated.SPLIT, parts=back, party_kind="Vendor", party_id=vendor))
    sync(workshop, connection)

    spent = {each["TotalAmt"]: each for each in documents(workshop, company, "Purchase")}
    assert sorted(spent) == [Decimal("40.00"), Decimal("60.00"), Decimal("114.98")]
    first = spent[Decimal("114.98")]
    detail = first["Line"][0]["AccountBasedExpenseLineDetail"]
    assert (first["PaymentType"], first["EntityRef"]["value"], first["DepartmentRef"]["value"]) == (
        "Check", vendor, shop,
    )  # fmt: skip
    assert (first["Line"][0]["Amount"], first["TxnTaxDetail"]["TotalTax"]) == (Decimal("100.00"), Decimal("14.98"))
    assert (detail["AccountRef"]["value"], detail["ClassRef"]["value"]) == (supplies, north)
    shared = [(each["AccountBasedExpenseLineDetail"]["AccountRef"]["value"], each["Amount"])
              for each in spent[Decimal("60.00")]["Line"]]  # fmt: skip
    assert shared == [(supplies, Decimal("45.50")), (other, Decimal("14.50"))]
    received = {each["TotalAmt"]: each for each in documents(workshop, company, "Deposit")}
    split = [each for each in received[Decimal("80.00")]["Line"] if each["DetailType"] == "DepositLineDetail"]
    sides = [(each["Amount"], each["DepositLineDetail"]["TaxApplicableOn"]) for each in split]
    assert sides == [(Decimal("83.00"), "Sales"), (Decimal("-2.61"), "Purchase")], "the fee's tax is claimed"
    assert received[Decimal("80.00")]["TxnTaxDetail"]["TotalTax"] == Decimal("-0.39")
    assert split[0]["DepositLineDetail"]["ClassRef"]["value"] == north
    assert received[Decimal("80.00")]["DepartmentRef"]["value"] == shop
    assert sorted(received) == [Decimal("34.50"), Decimal("80.00"), Decimal("300.00")]
    refund = received[Decimal("34.50")]
    lines = [each for each in refund["Line"] if each["DetailType"] == "DepositLineDetail"]
    assert [each["Amount"] for each in lines] == [Decimal("20.00"), Decimal("11.50")]
    assert lines[0]["DepositLineDetail"] | {"TaxCodeRef": tax, "TaxApplicableOn": "Purchase"} == {
        **lines[0]["DepositLineDetail"], "TaxCodeRef": lines[0]["DepositLineDetail"]["TaxCodeRef"]["value"],
    }, "the tax paid with the cost comes back"  # fmt: skip
    assert refund["TxnTaxDetail"]["TotalTax"] == Decimal("3.00")
    moved = {each["Amount"]: each for each in documents(workshop, company, "Transfer")}
    bank = moved[Decimal("500.00")]["FromAccountRef"]["value"]
    assert (
        moved[Decimal("500.00")]["ToAccountRef"]["value"] == card == moved[Decimal("25.00")]["FromAccountRef"]["value"]
    )
    assert moved[Decimal("25.00")]["ToAccountRef"]["value"] == bank
    left = of("bank/b6", workshop)
    assert (left.state, left.reason) == (DraftState.SKIPPED, "person: Doublon de la banque")
    assert not waiting(workshop)
    with workshop.database.read() as session:
        assert all(proof.equal for proof in session.scalars(select(Proof)))
        last = session.scalars(select(Plan).order_by(Plan.created_at.desc())).first()
        assert last is not None
        moves = session.execute(
            select(PlanLine.money_account, PlanLine.amount).where(PlanLine.kind == "Transfer").order_by(PlanLine.id)
        ).all()
    assert [tuple(each) for each in moves] == [(bank, Decimal(-500)), (bank, Decimal(25))], (
        "each counts on its own bank"
    )
    again = sync(workshop, connection)
    assert (again.state, len(documents(workshop, company, "Transfer"))) == ("done", 2)


@pytest.mark.either_database
def test_both_sides_of_a_transfer_are_one_document(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    choose_usual(workshop, connection, company)
    client = workshop.client(company)
    savings = str(client.create("Account", '{"Name":"Épargne","AccountType":"Bank"}', "savings").value["Id"])
    second = connect(
        workshop,
        OWNER,
        NewConnection(
            company_id=company.id, connector="till", values={"till": "T2", "code": "x"}, starts_on=date(2026, 3, 1)
        ),
    )
    refresh_company(workshop, company.id)
    choose(workshop, OWNER, second.id, "bank", savings)
    till.ROWS["T1"] = [line(1, "-700.00", "VIREMENT"), line(2, "-1.00", "CAFE")]
    till.ROWS["T2"] = [line(3, "700.00", "VIREMENT"), line(4, "700.00", "AUTRE"), line(5, "-700.00", "SORTIE")]
    sync(workshop, connection)
    sync(workshop, second)
    holds = waiting(workshop)
    there = Treatment(kind=Treated.TRANSFER, other_account=savings)
    for wrong in ("bank/b5", "bank/b2", "bank/b1"):
        with pytest.raises(DecisionError, match=r"treatment\.other_side"):
            treat(workshop, OWNER, holds["bank/b1"], there, other_side=holds[wrong])
    treat(workshop, OWNER, holds["bank/b1"], there, other_side=holds["bank/b3"])
    assert of("bank/b3", workshop).state == DraftState.SKIPPED
    with pytest.raises(DecisionError, match=r"other_side_first"):
        take_back(workshop, OWNER, second.id, "bank/b3")
    take_back(workshop, OWNER, connection.id, "bank/b1")
    assert set(waiting(workshop)) == set(holds), "both are asked about again"
    treat(workshop, OWNER, waiting(workshop)["bank/b1"], there, other_side=waiting(workshop)["bank/b3"])
    sync(workshop, connection)
    sync(workshop, second)
    assert len(documents(workshop, company, "Transfer")) == 1
    assert client.count("Deposit") == 0
    assert of("bank/b4", workshop).state == DraftState.HELD, "another movement of the same amount"
    with pytest.raises(DecisionError, match=r"posted_already"):
        take_back(workshop, OWNER, connection.id, "bank/b1")

    # The other account's file comes after the transfer is posted: known once, the second line of the amount is asked.
    till.ROWS["T1"] += [line(6, "-88.00", "VIREMENT"), line(8, "-45.00", "VIREMENT")]
    sync(workshop, connection)
    for key in ("bank/b6", "bank/b8"):
        treat(workshop, OWNER, waiting(workshop)[key], there)
    sync(workshop, connection)
    till.ROWS["T2"] += [line(7, "88.00", "VIREMENT RECU"), line(9, "88.00", "AUTRE"), line(10, "-45.00", "SORTIE")]
    sync(workshop, second)
    states = {key: of(f"bank/{key}", workshop) for key in ("b7", "b9", "b10")}
    assert [(row.state, row.reason) for row in states.values()] == [
        (DraftState.SKIPPED, "conflict.already_exists"),
        (DraftState.HELD, "resolve.decision_missing"),
        (DraftState.HELD, "resolve.decision_missing"),
    ], "a movement the other way is none of it"
    sync(workshop, second)
    assert of("bank/b9", workshop).state == DraftState.HELD
    # The same where one connection brings both accounts.
    choose(workshop, OWNER, connection.id, "bank", savings, valid_from=date(2026, 3, 6))
    till.ROWS["T1"] += [{**line(11, "45.00", "VIREMENT RECU"), "day": "2026-03-07"}]
    sync(workshop, connection)
    assert of("bank/b11", workshop).state == DraftState.SKIPPED
    assert (len(documents(workshop, company, "Transfer")), client.count("Deposit")) == (3, 0)
    with workshop.database.read() as session:
        assert all(proof.equal for proof in session.scalars(select(Proof)))


@pytest.mark.either_database
def test_what_does_not_fit_is_refused_and_an_answer_can_be_taken_back(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    choose_usual(workshop, connection, company)
    bank, income, expense = (account(workshop, company, type_) for type_ in ("Bank", "Income", "Expense"))
    tax = workshop.client(company).query("SELECT * FROM TaxCode")[0]["Id"]
    till.ROWS["T1"] = [line(1, "-20.00", "A"), line(2, "30.00", "B"), line(3, "-20.00", "C")]
    sync(workshop, connection)
    holds = waiting(workshop)
    split = Treated.SPLIT
    refused = [
        ("b1", category(bank), "does_not_fit"),
        ("b1", category("99999"), "does_not_fit"),
        ("b1", Treatment(kind=Treated.PERSONAL, parts=(Part(account=income),)), "does_not_fit"),
        ("b1", Treatment(kind=Treated.CATEGORY), "one_part"),
        ("b1", Treatment(kind=Treated.EXCLUDE, why=" "), "why_missing"),
        ("b1", Treatment(kind=Treated.TRANSFER, other_account=bank), "same_account"),
        ("b1", Treatment(kind=Treated.TRANSFER, other_account=income), "does_not_fit"),
        ("b1", category(expense, party_kind="Vendor", party_id="4711"), "does_not_fit"),
        ("b1", category(expense, party_kind="Robot", party_id="1"), "does_not_fit"),
        ("b1", category(expense, location_id="4711"), "does_not_fit"),
        ("b1", category(expense, payment_type=PaymentType.CARD), "payment_type"),
        ("b2", category(income, payment_type=PaymentType.CHECK), "payment_type"),
        ("b2", Treatment(kind=Treated.CATEGORY, parts=(Part(account=income, tax_code=tax),)), "tax_on_deposit"),
        ("b2", Treatment(kind=split, parts=(Part(account=income, amount=Decimal(33), tax_code=tax),
                                            Part(account=expense, tax_code=tax))), "tax_on_deposit"),
        ("b1", Treatment(kind=split), "parts"),
        ("b1", Treatment(kind=split, parts=(Part(account=expense), Part(account=expense))), "two_rests"),
        ("b1", Treatment(kind=split, parts=(Part(account=expense, amount=Decimal("19.99")),)), "sum"),
        ("b1", Treatment(kind=split, parts=(Part(account=expense, amount=Decimal("19.995")), Part(account=expense))),
         "fraction"),
    ]  # fmt: skip
    for key, treatment, code in refused:
        with pytest.raises(DecisionError) as caught:
            treat(workshop, OWNER, holds[f"bank/{key}"], treatment)
        assert caught.value.code == f"treatment.{code}"
        assert "{" not in caught.value.text.fr + caught.value.text.en + caught.value.fix.fr
    with pytest.raises(NotAllowedError):
        treat(workshop, Actor("Ada", RoleName.OPERATOR), holds["bank/b1"], category(expense))
    with pytest.raises(DecisionError, match=r"nothing_to_take_back"):
        take_back(workshop, OWNER, connection.id, "bank/b1")

    done = treat_many(workshop, OWNER, [holds["bank/b1"], "gone", holds["bank/b3"]], category(expense))
    assert (done.keys, [hold for hold, _ in done.refused]) == (["bank/b1", "bank/b3"], ["gone"])
    with pytest.raises(DecisionError, match=r"hold\.closed"):
        treat(workshop, OWNER, holds["bank/b1"], category(expense))
    sync(workshop, connection)
    with pytest.raises(DecisionError, match=r"posted_already"):
        take_back(workshop, OWNER, connection.id, "bank/b1")
    with workshop.database.read() as session:
        told = session.scalars(select(Event).where(Event.action == "hold.treated").order_by(Event.seq)).all()
    assert [each.subject for each in told] == ["bank/b1", "bank/b3"]

    # What the source says anew of its money is asked about anew, and an account made inactive is told as such.
    treat(workshop, OWNER, holds["bank/b2"], category(income))
    till.ROWS["T1"][1] = line(2, "31.00", "B")
    sync(workshop, connection)
    assert list(waiting(workshop)) == ["bank/b2"]


@pytest.mark.either_database
def test_an_account_that_became_inactive_is_asked_about(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    choose_usual(workshop, connection, company)
    client = workshop.client(company)
    made = client.create("Account", '{"Name":"Péages","AccountType":"Expense"}', "tolls").value
    till.ROWS["T1"] = [line(1, "-20.00", "A")]
    sync(workshop, connection)
    treat(workshop, OWNER, waiting(workshop)["bank/b1"], category(str(made["Id"])))
    body = f'{{"Id":"{made["Id"]}","SyncToken":"{made["SyncToken"]}","sparse":true,"Active":false}}'
    client.update("Account", body, "inactive")
    sync(workshop, connection)
    with workshop.database.read() as session:
        hold = session.scalars(select(Hold).where(Hold.closed_at.is_(None))).one()
    assert (hold.code, hold.params["name"]) == ("posting.inactive_reference", "Péages (deleted)")
    assert client.count("Purchase") == 0


@given(
    total=st.decimals("0.01", "99999.99", places=2),
    parts=st.lists(st.decimals("-500.00", "500.00", places=2), max_size=6),
)
def test_parts_come_to_the_line_or_are_refused(total: Decimal, parts: list[Decimal]) -> None:
    said = (*(Part(account="1", amount=each) for each in parts), Part(account="2"))
    rest = total - sum(parts)
    if rest and all(parts):
        found = shares(said, total, "CAD")
        assert [each.amount for each in found] == [*parts, rest]
    else:
        with pytest.raises(UnfitTreatment):
            shares(said, total, "CAD")


def test_a_treatment_counts_for_the_money_it_was_said_of_alone() -> None:
    there = Treatment(kind=Treated.TRANSFER, other_account="7")
    decisions = {TREATMENT: dump_treatment(there, LINE)}
    arrived = as_treated(decisions, LINE)
    assert isinstance(arrived, TransferDraft)
    assert arrived.arriving
    assert as_treated(decisions, replace(LINE, memo="said otherwise")) != LINE
    for other in (
        replace(LINE, total=Decimal("80.01")),
        replace(LINE, currency="USD"),
        SPENT,
        replace(SPENT, payment_type=PaymentType.CARD, credit=True),
    ):
        assert as_treated(decisions, other) is other
    refund = treated(replace(SPENT, payment_type=PaymentType.CARD, credit=True), category("5"))
    assert isinstance(refund, Expense)
    assert refund.credit, "money back on a card stays a credit"


def test_parts_have_the_decimals_of_their_currency_and_what_was_kept_before_is_still_read() -> None:
    yen = replace(LINE, total=Decimal(1001), currency="JPY")

    def halves(first: str) -> Treatment:
        return Treatment(kind=Treated.SPLIT, parts=(Part(account="5", amount=Decimal(first)), Part(account="6")))

    kept = dump_treatment(halves("500"), yen)
    with pytest.raises(UnfitTreatment, match="fraction"):
        dump_treatment(halves("500.50"), yen)
    kept["parts"][0]["amount"] = "500.50"
    became = as_treated({TREATMENT: kept}, yen)
    assert isinstance(became, Deposit)
    assert [str(each.amount) for each in became.lines] == ["500.50", "500.50"]
    dump_treatment(halves("0.125"), replace(LINE, total=Decimal(1), currency="KWD"))


def test_what_nobody_taxed_is_out_of_scope_and_claims_no_zero_rate(workshop: Workshop, company: Company) -> None:
    client = workshop.client(company)
    [scope] = [each["Id"] for each in client.query_all("TaxCode", "") if each["Name"] == "Hors champ"]
    assert read_facts(client).encoding.exempt_code == scope


def test_parts_that_do_not_add_up_are_told_in_the_figures_of_each_language() -> None:
    with pytest.raises(UnfitTreatment) as found:
        shares((Part(account="1", amount=Decimal("1700.50")),), Decimal("1725.00"), "CAD")
    said = refusal(found.value.code, **found.value.params).text
    assert "font 1\N{NO-BREAK SPACE}700,50, l'opération 1\N{NO-BREAK SPACE}725,00 ;" in said.fr
    assert "come to 1,700.50, the line to 1,725.00;" in said.en
