"""Rules in runs: what was tried is what is done, people and certain matches come first, nothing posted changes."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
import till
from harness import NOW, OWNER, choose_usual, finish, request, sync
from lines_at_hand import JUDGED
from open_documents import owed
from sqlalchemy import select

from raccord.errors import RaccordError
from raccord.onboarding.access.people import Actor, NotAllowedError, RoleName
from raccord.onboarding.connecting.companies import refresh_company
from raccord.onboarding.connecting.connections import NewConnection, connect
from raccord.onboarding.deciding.bank_rules import (
    RuleSaid,
    add_rule,
    change_rule,
    move_rule,
    remove_rule,
    set_mode,
    switch_rule,
    versions_of,
)
from raccord.onboarding.deciding.decisions import answer_hold, choose
from raccord.onboarding.deciding.rules_again import count_ruled
from raccord.onboarding.deciding.treating import take_back, treat
from raccord.overview.lines.rule_effects import Effect, try_rule
from raccord.overview.lines.rule_sentences import waits_because
from raccord.overview.lines.rule_views import list_rules, rulings_on
from raccord.overview.why import why
from raccord.store.models import (
    Company,
    Connection,
    DraftRow,
    DraftState,
    Event,
    Hold,
    Plan,
    PlanLine,
    Run,
    RunState,
)
from raccord.sync.lines.bank_rules import (
    AmountCondition,
    AmountTest,
    Direction,
    DirectionCondition,
    KindCondition,
    Outcome,
    RuleBody,
    RuleMode,
    RulePart,
    TextCondition,
    TextTest,
    Together,
)
from raccord.sync.lines.line_answers import RULED
from raccord.sync.lines.treatments import TREATMENT, Part, Treated, Treatment
from raccord.sync.planning.ruling import BOTH_SIDES, EXCLUDED, MATCH_FIRST, PERSON_FIRST, rule_lines
from raccord.sync.workshop import Workshop

DAY = "2026-03-04"


@pytest.fixture(autouse=True)
def judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """The till's bank lines are judged by people, one by one."""
    monkeypatch.setattr("till.INFO", JUDGED)


def rows(*said: tuple[str, str]) -> list[dict[str, str]]:
    return [
        {"stream": "bank", "id": f"b{place}", "day": DAY, "amount": amount, "memo": memo, "type": "POS"}
        for place, (amount, memo) in enumerate(said, 1)
    ]


def said(name: str, outcome: Outcome, *words: str, mode: RuleMode = RuleMode.APPLY, **more: Any) -> RuleSaid:
    conditions = tuple(TextCondition(test=TextTest.CONTAINS, value=each) for each in words)
    body = RuleBody(conditions=(*conditions, *more.pop("also", ())), outcome=outcome, **more)
    return RuleSaid(name=name, body=body, mode=mode)


def to(account: str) -> Outcome:
    return Outcome(kind=Treated.CATEGORY, parts=(RulePart(account=account),))


def account(workshop: Workshop, company: Company, name: str, type_: str) -> str:
    body = f'{{"Name":"R {name}","AccountType":"{type_}"}}'
    return str(workshop.client(company).create("Account", body, name).value["Id"])


def holds(workshop: Workshop) -> dict[str, Hold]:
    with workshop.database.read() as session:
        found = session.execute(
            select(DraftRow.key, Hold).join(Hold, Hold.draft_id == DraftRow.id).where(Hold.closed_at.is_(None))
        )
        return {row.key.removeprefix("bank/"): row.Hold for row in found}


def draft(workshop: Workshop, key: str) -> DraftRow:
    with workshop.database.read() as session:
        return session.scalars(select(DraftRow).where(DraftRow.key == f"bank/{key}")).one()


def tried(workshop: Workshop, company: Company, rule: RuleSaid, rule_id: str = "") -> Effect:
    with workshop.database.read() as session:
        return try_rule(session, company.id, rule, rule_id)


def keys(effect: Effect, kind: str) -> list[str]:
    return sorted(each.key.removeprefix("bank/") for each in effect.examples.get(kind, ()))


@pytest.mark.either_database
def test_a_rule_does_what_it_was_tried_to_do(workshop: Workshop, company: Company, connection: Connection) -> None:
    choose_usual(workshop, connection, company)
    meals, rent = (account(workshop, company, each, "Expense") for each in ("Repas", "Loyer"))
    card, sales = account(workshop, company, "Visa", "Credit Card"), account(workshop, company, "Ventes", "Income")
    invoice = owed(workshop, company, "Invoice", "Boulangerie Gagnon", "517.39", "F-20417")
    till.ROWS["T1"] = rows(
        ("-3.75", "CAFÉ OLIMPICO"), ("-4.10", "CAFE MYRIADE"), ("-900.00", "LOYER MARS"),
        ("517.39", "VIR INTERAC BOULANGERIE GAGNON F-20417"), ("-60.00", "VISA PAIEMENT"), ("-12.00", "CAFE PERSO"),
        ("-5.00", "CAFE DE LA GARE"), ("-6.66", "AJUSTEMENT DOUBLON"),
    )  # fmt: skip
    sync(workshop, connection)
    asked = holds(workshop)
    # A person says of one café that it is the rent's, and of one that it is a meal.
    answer_hold(workshop, OWNER, asked["b6"].id, rent)
    # An amount that is told is the whole all the same, and so is a split into one part: the same document.
    told_whole = (Part(account=meals, amount=Decimal("5.00"), description="À la gare"),)
    treat(workshop, OWNER, asked["b7"].id, Treatment(kind=Treated.SPLIT, parts=told_whole))
    cafes = said("Cafés", to(meals), "café")
    before = tried(workshop, company, cafes)
    assert (before.waiting, before.goes, before.changed) == (2, 2, 2)
    assert (before.other, before.against, before.alike) == (1, 1, 1)
    assert (keys(before, "waiting"), keys(before, "against")) == (["b1", "b2"], ["b6"])
    assert before.not_shown == 0
    against = before.examples["against"][0]
    assert against.was is not None
    assert against.would_be is not None
    assert (against.was.shares[0].account, against.would_be.shares[0].account) == ("R Loyer", "R Repas")

    add_rule(workshop, OWNER, company.id, cafes)
    add_rule(workshop, OWNER, company.id, said("Ventes", to(sales), "gagnon"))
    add_rule(workshop, OWNER, company.id, said("Carte", Outcome(kind=Treated.TRANSFER, other_account=card), "visa"))
    excluded = add_rule(
        workshop, OWNER, company.id, said("Doublons", Outcome(kind=Treated.EXCLUDE, why="Doublon"), "doublon")
    )
    proposes = add_rule(workshop, OWNER, company.id, said("Loyer", to(rent), "loyer", mode=RuleMode.PROPOSE))
    run = finish(workshop, request(workshop, connection, "plan"))
    assert run.state == RunState.APPROVAL, "what rules say stands in the plan like all else"
    client = workshop.client(company)
    assert client.count("Purchase") == 0
    with workshop.database.read() as session:
        line = session.scalars(select(PlanLine).where(PlanLine.plan_id == run.plan_id, PlanLine.key == "bank/b8")).one()
        assert (line.action, line.reason, line.params) == (
            "skip", EXCLUDED, {"rule": "Doublons", "why": "Doublon"},
        )  # fmt: skip
        kinds = dict(
            session.execute(
                select(PlanLine.key, PlanLine.kind).where(
                    PlanLine.plan_id == run.plan_id, PlanLine.action == "create", PlanLine.key.like("bank/%")
                )
            ).all()
        )
        assert kinds == {
            "bank/b1": "Purchase", "bank/b2": "Purchase", "bank/b5": "Transfer", "bank/b6": "Purchase",
            "bank/b7": "Purchase",
        }  # fmt: skip
    sync(workshop, connection)
    spent = {each["TotalAmt"]: each["Line"][0] for each in client.query("SELECT * FROM Purchase")}
    used = {str(amount): each["AccountBasedExpenseLineDetail"]["AccountRef"]["value"] for amount, each in spent.items()}
    assert used == {"3.75": meals, "4.10": meals, "12.00": rent, "5.00": meals}
    assert client.count("Transfer") == 1
    assert (client.count("Payment"), client.count("Deposit")) == (0, 0), "a certain match comes before a rule"
    waits = holds(workshop)
    assert sorted(waits) == ["b3", "b4"]
    with workshop.database.read() as session:
        found = rulings_on(session, [each.id for each in waits.values()])
        at = {key: found[each.id] for key, each in waits.items()}
        assert (at["b4"].rule.name, at["b4"].held, at["b4"].goes) == ("Ventes", MATCH_FIRST, False)
        assert (at["b3"].rule.id, at["b3"].goes, at["b3"].held) == (proposes.id, False, "")
        answers = session.scalars(select(Event).where(Event.action == "bank_rule.answered")).all()
        assert sorted((each.subject, each.actor) for each in answers) == [
            ("bank/b1", "rule:Cafés"), ("bank/b2", "rule:Cafés"), ("bank/b5", "rule:Carte"),
            ("bank/b8", "rule:Doublons"),
        ]  # fmt: skip
        told = why(session, "bank/b1")[0]
        assert told.rule is not None
        assert (told.rule.name, told.rule.version, told.rule.carried_out) == ("Cafés", 1, True)
        own = why(session, "bank/b7")[0]
        assert own.rule is None

    # Accepted by a person, a proposal bears the rule's name and is the person's.
    proposal = at["b3"].treatment
    assert proposal is not None
    treat(workshop, OWNER, waits["b3"].id, proposal)
    assert RULED not in draft(workshop, "b3").decisions
    sync(workshop, connection)
    with workshop.database.read() as session:
        told = why(session, "bank/b3")[0]
        assert told.rule is not None
        assert (told.rule.name, told.rule.carried_out) == ("Loyer", False)
    # What a person takes back from a rule is not the rule's again; nothing that is posted changes with a rule.
    take_back(workshop, OWNER, connection.id, "bank/b8")
    change_rule(workshop, OWNER, excluded.id, said("Doublons", to(rent), "doublon"), excluded.version)
    sync(workshop, connection)
    row = draft(workshop, "b8")
    assert (row.state, TREATMENT in row.decisions) == (DraftState.HELD, False)
    with workshop.database.read() as session:
        assert rulings_on(session, [holds(workshop)["b8"].id]).popitem()[1].held == PERSON_FIRST
    assert client.count("Purchase") == 5
    assert invoice


@pytest.mark.either_database
def test_what_a_rule_cannot_do_waits_with_the_reason(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    choose_usual(workshop, connection, company)
    meals, savings = account(workshop, company, "Repas", "Expense"), account(workshop, company, "Épargne", "Bank")
    split = Outcome(kind=Treated.SPLIT, parts=(RulePart(account=meals, amount=Decimal(50)), RulePart(account=meals)))
    till.ROWS["T1"] = rows(("-40.00", "EPICERIE"), ("-8.00", "RESTO"), ("-75.00", "EPARGNE"))
    till.ROWS["T2"] = [{**each, "id": f"s{place}"} for place, each in enumerate(rows(("75.00", "DE CHEQUES")), 1)]
    values = {"till": "T2", "code": "x"}
    second = connect(
        workshop,
        OWNER,
        NewConnection(company_id=company.id, connector="till", values=values, starts_on=date(2026, 3, 1)),
    )
    refresh_company(workshop, company.id)
    choose(workshop, OWNER, second.id, "bank", savings)
    sync(workshop, second)
    add_rule(workshop, OWNER, company.id, said("Épicerie", split, "epicerie"))
    add_rule(workshop, OWNER, company.id, said("Resto", to(meals), "resto"))
    transfer = Outcome(kind=Treated.TRANSFER, other_account=savings)
    add_rule(workshop, OWNER, company.id, said("Épargne", transfer, "epargne"))
    token = workshop.client(company).read("Account", meals).value["SyncToken"]
    off = f'{{"Id":"{meals}","SyncToken":"{token}","sparse":true,"Active":false}}'
    workshop.client(company).update("Account", off, "off")
    sync(workshop, connection)
    waits = holds(workshop)
    assert sorted(waits) == ["b1", "b2", "b3", "s1"]
    with workshop.database.read() as session:
        found = {each.rule.name: each for each in rulings_on(session, [each.id for each in waits.values()]).values()}
        said_why = {name: each.held or (each.unfit.code if each.unfit else "") for name, each in found.items()}
        told = {name: waits_because(each) for name, each in found.items()}
        assert told["Resto"] is not None
        assert told["Resto"].en.startswith("The rule “Resto” fits, but: “R Repas")
        assert all(told.values())
    assert said_why == {"Épicerie": "sum", "Resto": "does_not_fit", "Épargne": BOTH_SIDES}
    assert workshop.client(company).count("Transfer") == 0
    again = tried(workshop, company, said("Épargne", transfer, "epargne"))
    assert (again.earlier, again.goes) == (1, 0), "a second rule of the same words comes after the first one"


@pytest.mark.either_database
def test_trying_counts_exactly_what_applying_does(workshop: Workshop, company: Company, connection: Connection) -> None:
    """Random rules in a random order over lines of which some were answered, skipped or matched."""
    dice = random.Random(20260304)
    choose_usual(workshop, connection, company)
    accounts = [account(workshop, company, f"Compte {n}", "Expense") for n in range(3)]
    words = ["CAFE", "LOYER", "ESSO", "HYDRO", "AMAZON"]
    till.ROWS["T1"] = rows(
        *((f"{dice.choice(('-', ''))}{dice.randint(1, 30)}.00", " ".join(dice.sample(words, 2))) for _ in range(28))
    )
    refresh_company(workshop, company.id)
    run = finish(workshop, request(workshop, connection, "plan"))
    asked = holds(workshop)
    answered = sorted(asked)[:9]
    for key in answered[:6]:
        chosen = Treatment(kind=Treated.CATEGORY, parts=(Part(account=dice.choice(accounts)),))
        treat(workshop, OWNER, asked[key].id, chosen)
    for key in answered[6:]:
        treat(workshop, OWNER, asked[key].id, Treatment(kind=Treated.EXCLUDE, why="double"))
    for turn in range(10):
        made = [
            said(
                f"R{turn} {place}", to(dice.choice(accounts)), dice.choice(words),
                together=dice.choice(list(Together)), mode=dice.choice(list(RuleMode)),
                also=(DirectionCondition(direction=dice.choice(list(Direction))),),
            )
            for place in range(dice.randint(0, 3))
        ]  # fmt: skip
        rules = [add_rule(workshop, OWNER, company.id, each) for each in made]
        mine = said(
            f"Mine {turn}", to(dice.choice(accounts)), dice.choice(words),
            also=(AmountCondition(test=AmountTest.UNDER, amount=Decimal(dice.randint(2, 30))),),
        )  # fmt: skip
        before = tried(workshop, company, mine)
        rules.append(add_rule(workshop, OWNER, company.id, mine))
        assert tried(workshop, company, mine, rules[-1].id) == before, "saved in the last place, it is the same rule"
        done = applied(workshop, connection, run, rules[-1].id)
        assert len(done) == before.goes == before.waiting
        assert not set(done) & set(answered), "what a person said stays"
        assert set(keys(before, "waiting")) <= set(done)
        assert before.against == before.other
        for each in rules:
            remove_rule(workshop, OWNER, each.id)


@pytest.mark.either_database
def test_rules_are_kept_in_order_with_all_their_versions(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    meals = account(workshop, company, "Repas", "Expense")
    refresh_company(workshop, company.id)
    first, second, third = (
        add_rule(workshop, OWNER, company.id, said(name, to(meals), "x", mode=RuleMode.PROPOSE)) for name in "ABC"
    )
    order = move_rule(workshop, OWNER, third.id, 1)
    assert [each.name for each in order] == ["C", "A", "B"]
    assert [each.name for each in move_rule(workshop, OWNER, third.id, 99)] == ["A", "B", "C"]
    move_rule(workshop, OWNER, second.id, 1)
    switch_rule(workshop, OWNER, first.id, False)
    set_mode(workshop, OWNER, first.id, RuleMode.APPLY)
    changed = change_rule(workshop, OWNER, first.id, RuleSaid(name="  A  new ", body=first_body(meals)), 3)
    assert (changed.name, changed.version, changed.mode, changed.enabled) == ("A new", 4, "apply", False)
    with pytest.raises(RaccordError) as stale:
        change_rule(workshop, OWNER, first.id, RuleSaid(name="A", body=first_body(meals)), 3)
    assert stale.value.code == "bank_rule.changed"
    remove_rule(workshop, OWNER, second.id)
    with workshop.database.read() as session:
        assert [(each.place, each.name, each.enabled) for each in list_rules(session, company.id)] == [
            (1, "A new", False), (2, "C", True),
        ]  # fmt: skip
        kept = versions_of(session, first.id)
        assert [(each.version, each.name, each.mode, each.enabled) for each in kept] == [
            (4, "A new", "apply", False), (3, "A", "apply", False), (2, "A", "propose", False),
            (1, "A", "propose", True),
        ]  # fmt: skip
        told = session.scalars(select(Event).where(Event.action.like("bank_rule.%")).order_by(Event.seq)).all()
        assert [each.action.removeprefix("bank_rule.") for each in told] == [
            "made", "made", "made", "moved", "moved", "moved", "off", "applies", "changed", "removed",
        ]  # fmt: skip
        assert {each.actor for each in told} == {OWNER.name}
    guest = Actor("Guest", RoleName.ACCOUNTANT)
    for deed in (
        lambda: add_rule(workshop, guest, company.id, said("D", to(meals), "x")),
        lambda: change_rule(workshop, guest, first.id, said("D", to(meals), "x")),
        lambda: move_rule(workshop, guest, first.id, 2),
        lambda: switch_rule(workshop, guest, first.id, True),
        lambda: set_mode(workshop, guest, first.id, RuleMode.PROPOSE),
        lambda: remove_rule(workshop, guest, first.id),
    ):
        with pytest.raises(NotAllowedError):
            deed()
    for name, outcome, code in refused(meals):
        with pytest.raises(RaccordError) as error:
            add_rule(workshop, OWNER, company.id, RuleSaid(name=name, body=outcome))
        assert error.value.code == code
    with pytest.raises(RaccordError) as gone:
        switch_rule(workshop, OWNER, second.id, True)
    assert gone.value.code == "bank_rule.unknown"


def first_body(account_id: str) -> RuleBody:
    return said("", to(account_id), "y").body


def refused(meals: str) -> list[tuple[str, RuleBody, str]]:
    """Return what no rule can be, with the code that says so."""
    good = first_body(meals)

    def asks(*conditions: Any) -> RuleBody:
        return replace(good, conditions=conditions)

    def makes(kind: Treated, *parts: tuple[str, str | None, str | None], **more: Any) -> RuleBody:
        given = tuple(
            RulePart(account=id_, percent=Decimal(percent) if percent else None, amount=Decimal(sum_) if sum_ else None)
            for id_, percent, sum_ in parts
        )
        return replace(good, outcome=Outcome(kind=kind, parts=given, **more))

    between = AmountCondition(test=AmountTest.BETWEEN, amount=Decimal(9), upto=Decimal(5))
    split = Treated.SPLIT
    return [
        ("", good, "bank_rule.name"),
        ("x" * 81, good, "bank_rule.name"),
        ("a NEW", good, "bank_rule.name_taken"),
        ("D", asks(), "bank_rule.no_condition"),
        ("D", asks(TextCondition(test=TextTest.CONTAINS, value=" - ")), "bank_rule.text"),
        ("D", asks(TextCondition(test=TextTest.CONTAINS, value="x" * 101)), "bank_rule.text"),
        ("D", asks(KindCondition(value="")), "bank_rule.text"),
        ("D", asks(between), "bank_rule.amount"),
        ("D", asks(AmountCondition(test=AmountTest.IS, amount=Decimal("NaN"))), "bank_rule.amount"),
        ("D", asks(AmountCondition(test=AmountTest.IS, amount=Decimal("1.001"))), "bank_rule.amount"),
        ("D", replace(good, accounts=("0",)), "bank_rule.limits"),
        ("D", replace(good, connections=("0",)), "bank_rule.limits"),
        ("D", makes(split, (meals, "60", None), (meals, "60", None)), "bank_rule.parts"),
        ("D", makes(split, (meals, "60", None), (meals, "30", None)), "bank_rule.parts"),
        ("D", makes(split, (meals, None, "60"), (meals, None, "30")), "bank_rule.parts"),
        ("D", makes(split, (meals, None, None), (meals, None, None)), "bank_rule.parts"),
        ("D", makes(split, (meals, "-5", None), (meals, None, None)), "bank_rule.parts"),
        ("D", makes(Treated.CATEGORY), "bank_rule.one_account"),
        ("D", makes(Treated.CATEGORY, ("0", None, None)), "treatment.does_not_fit"),
        ("D", makes(Treated.EXCLUDE), "treatment.why_missing"),
        ("D", makes(Treated.EXCLUDE, why="two\nlines"), "bank_rule.words"),
        ("D", makes(Treated.TRANSFER, other_account="\x00"), "bank_rule.words"),
        ("D", makes(split, (meals, "NaN", None), (meals, None, None)), "bank_rule.parts"),
        ("D", makes(Treated.TRANSFER, other_account=meals), "treatment.does_not_fit"),
        ("D", makes(Treated.CATEGORY, (meals, None, None), party_kind="Bill", party_id="1"), "treatment.does_not_fit"),
        ("D", makes(Treated.CATEGORY, (meals, None, None), party_kind="Vendor", party_id="99999"),
         "treatment.does_not_fit"),
    ]  # fmt: skip


class Undone(Exception):  # noqa: N818 - not an error
    """Raised to take back what was tried for real."""


def applied(workshop: Workshop, connection: Connection, run: Run, rule_id: str) -> list[str]:
    """Carry all rules out on a plan's lines, take it back, and return the lines that one rule answered."""
    found: list[str] = []

    def kept(rows: list[DraftRow]) -> None:
        found.extend(each.key.removeprefix("bank/") for each in rows if each.decisions[RULED]["id"] == rule_id)

    def carry_out() -> None:
        with workshop.database.begin() as session:
            planner: Any = SimpleNamespace(
                session=session, connection=session.get_one(Connection, connection.id),
                plan=session.get_one(Plan, run.plan_id), now=NOW, again=kept,
            )  # fmt: skip
            after = 0
            while after := rule_lines(planner, after, 7):
                pass
            raise Undone

    with pytest.raises(Undone):
        carry_out()
    return sorted(found)


def test_a_rule_that_changes_judges_again_what_it_answered_and_is_not_posted(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    choose_usual(workshop, connection, company)
    first, other = (account(workshop, company, name, "Expense") for name in ("A", "B"))
    refresh_company(workshop, company.id)
    till.ROWS["T1"] = rows(("-1.00", "CAFE POSTED"))
    drop = Outcome(kind=Treated.EXCLUDE, why="no")
    cafe = add_rule(workshop, OWNER, company.id, said("cafe", to(first), "cafe"))
    out = add_rule(workshop, OWNER, company.id, said("out", drop, "nothing"))
    sync(workshop, connection)
    till.ROWS["T1"] += rows(
        ("-1.00", "CAFE POSTED"), ("-2.00", "CAFE NORD"), ("-3.00", "CAFE SUD"), ("-4.00", "CAFE NORD ASKED"),
        ("-5.00", "NOTHING"), ("-6.00", "CAFE NORD SAID"),
    )[1:]  # fmt: skip

    def planned() -> dict[str, str]:
        """Plan once more without posting, and return by waiting or left out line what its account is."""
        finish(workshop, request(workshop, connection, stop_after="plan"))
        found = {}
        for key in ("b2", "b3", "b4", "b5", "b6"):
            row = draft(workshop, key)
            parts = row.decisions.get(TREATMENT, {}).get("parts", [{}])
            found[key] = str(parts[0].get("account", row.state)) if parts else str(row.state)
        return found

    assert planned() == {"b2": first, "b3": first, "b4": first, "b5": "skipped", "b6": first}
    take_back(workshop, OWNER, connection.id, "bank/b4")
    take_back(workshop, OWNER, connection.id, "bank/b6")
    treat(workshop, OWNER, holds(workshop)["b6"].id, Treatment(kind=Treated.CATEGORY, parts=(Part(account=first),)))
    with workshop.database.read() as session:
        assert [count_ruled(session, company.id, each.id) for each in (cafe, out)] == [2, 1]
    # Of another name and day it says the same: nothing is asked.
    change_rule(workshop, OWNER, cafe.id, replace(said("Cafés", to(first), "cafe"), valid_from=date(2026, 1, 1)))
    assert list(holds(workshop)) == ["b4"]
    change_rule(workshop, OWNER, cafe.id, said("Cafés", to(other), "cafe nord"))
    assert sorted(holds(workshop)) == ["b2", "b3", "b4"], "of another answer, and where it does not fit any more"
    assert planned() == {"b2": other, "b3": "held", "b4": "held", "b5": "skipped", "b6": first}
    # A rule that comes before it now, turned off, turned on, and only proposing.
    early = add_rule(workshop, OWNER, company.id, said("early", to(first), "cafe nord"))
    assert "b2" not in holds(workshop), "it comes last"
    move_rule(workshop, OWNER, early.id, 1)
    assert planned()["b2"] == first
    switch_rule(workshop, OWNER, early.id, enabled=False)
    assert planned()["b2"] == other
    switch_rule(workshop, OWNER, early.id, enabled=True)
    assert planned()["b2"] == first
    set_mode(workshop, OWNER, early.id, RuleMode.PROPOSE)
    assert planned()["b2"] == "held", "it comes first, and only proposes"
    remove_rule(workshop, OWNER, early.id)
    assert planned()["b2"] == other
    for each in (cafe, out):
        remove_rule(workshop, OWNER, each.id)
    assert planned() == {"b2": "held", "b3": "held", "b4": "held", "b5": "held", "b6": first}
    assert draft(workshop, "b1").state == DraftState.POSTED
    sync(workshop, connection)
    assert workshop.client(company).count("Purchase") == 2, "what was posted, and what a person said"
