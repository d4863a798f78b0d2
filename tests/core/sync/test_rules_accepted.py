"""What a rule says of the lines that wait, accepted in one go: by whom, how many, which not, and taken back."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
import till
from harness import OWNER, choose_usual, sync
from lines_at_hand import JUDGED
from open_documents import owed
from sqlalchemy import select

from raccord.onboarding.access.people import Actor, NotAllowedError, RoleName
from raccord.onboarding.deciding import rule_accepting
from raccord.onboarding.deciding.bank_rules import RuleSaid, add_rule, switch_rule
from raccord.onboarding.deciding.rule_accepting import accept_rule, count_waiting, waiting_for
from raccord.onboarding.deciding.rule_texts import RuleError
from raccord.onboarding.deciding.treating import take_back, treat
from raccord.overview.lines.rule_effects import Effect, try_rule
from raccord.overview.lines.rule_sentences import answer_said, counts_said, effect_said
from raccord.plugin.drafts import PaymentType
from raccord.store.models import Company, Connection, DraftRow, Event, Hold
from raccord.sync.lines.bank_rules import Outcome, RuleBody, RuleMode, RulePart, TextCondition, TextTest
from raccord.sync.lines.line_answers import RULED
from raccord.sync.lines.treatments import Part, Treated, Treatment, load_treatment
from raccord.sync.workshop import Workshop


@pytest.fixture(autouse=True)
def judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """The till's bank lines are judged by people, one by one."""
    monkeypatch.setattr("till.INFO", JUDGED)


def lines(*said: tuple[str, str]) -> list[dict[str, str]]:
    return [
        {"stream": "bank", "id": f"b{place}", "day": "2026-03-04", "amount": amount, "memo": memo}
        for place, (amount, memo) in enumerate(said, 1)
    ]


def says(name: str, account: str, word: str, mode: RuleMode = RuleMode.PROPOSE) -> RuleSaid:
    condition = TextCondition(test=TextTest.CONTAINS, value=word)
    outcome = Outcome(kind=Treated.CATEGORY, parts=(RulePart(account=account),))
    return RuleSaid(name=name, body=RuleBody(conditions=(condition,), outcome=outcome), mode=mode)


def account(workshop: Workshop, company: Company, name: str, type_: str = "Expense") -> str:
    body = f'{{"Name":"A {name}","AccountType":"{type_}"}}'
    return str(workshop.client(company).create("Account", body, name).value["Id"])


def held(workshop: Workshop) -> dict[str, str]:
    with workshop.database.read() as session:
        asked = select(DraftRow.key, Hold.id).join(Hold, Hold.draft_id == DraftRow.id).where(Hold.closed_at.is_(None))
        return {key.removeprefix("bank/"): id_ for key, id_ in session.execute(asked)}


def row_of(workshop: Workshop, key: str) -> DraftRow:
    with workshop.database.read() as session:
        return session.scalars(select(DraftRow).where(DraftRow.key == f"bank/{key}")).one()


def tried(workshop: Workshop, company: Company, rule: RuleSaid) -> Effect:
    with workshop.database.read() as session:
        return try_rule(session, company.id, rule)


@pytest.mark.either_database
def test_what_a_rule_says_is_accepted_in_one_go_and_taken_back_as_any_answer(
    workshop: Workshop, company: Company, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose_usual(workshop, connection, company)
    meals, rent = account(workshop, company, "Repas"), account(workshop, company, "Loyer")
    savings = account(workshop, company, "Épargne", "Bank")
    owed(workshop, company, "Invoice", "Café Gagnon", "517.39", "F-20417")
    till.ROWS["T1"] = lines(
        ("-3.75", "CAFE UN"), ("-4.10", "CAFE DEUX"), ("-5.00", "CAFE LOYER"), ("-900.00", "LOYER"),
        ("517.39", "VIR INTERAC CAFE GAGNON F-20417"), ("-60.00", "EPARGNE AUTO"), ("-6.00", "CAFE REPRIS"),
    )  # fmt: skip
    sync(workshop, connection)
    treat(workshop, OWNER, held(workshop)["b7"], Treatment(kind=Treated.CATEGORY, parts=(Part(account=rent),)))
    take_back(workshop, OWNER, connection.id, "bank/b7")
    first = add_rule(workshop, OWNER, company.id, says("Loyer", rent, "loyer"))
    rule = add_rule(workshop, OWNER, company.id, says("Cafés", meals, "cafe"))
    moved = RuleBody(
        conditions=(TextCondition(test=TextTest.CONTAINS, value="epargne"),),
        outcome=Outcome(kind=Treated.TRANSFER, other_account=savings),
    )
    saves = add_rule(workshop, OWNER, company.id, RuleSaid(name="Épargne", body=moved))
    asked = held(workshop)
    with workshop.database.read() as session:
        waits = waiting_for(session, company.id, rule.id)
        counts = count_waiting(session, company.id)
    wanted = {asked[key] for key in ("b1", "b2", "b7")}
    assert {each.hold_id for each in waits} == wanted, "not a line of the rule before it, nor one that pays an invoice"
    assert counts == {first.id: 2, rule.id: 3, saves.id: 1}

    with pytest.raises(NotAllowedError):
        accept_rule(workshop, Actor("Guest", RoleName.ACCOUNTANT), rule.id)
    with pytest.raises(RuleError, match="changed since"):
        accept_rule(workshop, OWNER, rule.id, seen=7)
    assert held(workshop) == asked

    monkeypatch.setattr(rule_accepting, "ACCEPTED_MAX", 2)
    done = accept_rule(workshop, OWNER, rule.id, seen=1)
    assert (len(done.keys), done.refused, done.left) == (2, 0, 1)
    done = accept_rule(workshop, OWNER, rule.id)
    assert (len(done.keys), done.refused, done.left) == (1, 0, 0)
    assert set(held(workshop)) == {"b3", "b4", "b5", "b6"}
    row = row_of(workshop, "b1")
    treatment = load_treatment(row.decisions)
    assert treatment is not None
    assert (treatment.origin, treatment.why, RULED in row.decisions) == (f"rule:{rule.id}", "Cafés", False)
    with workshop.database.read() as session:
        told = session.scalars(select(Event).where(Event.action == "hold.treated").order_by(Event.seq.desc())).first()
    assert told is not None
    assert (told.actor, told.body["origin"]) == (OWNER.name, f"rule:{rule.id}")

    take_back(workshop, OWNER, connection.id, "bank/b2")
    assert len(accept_rule(workshop, OWNER, saves.id).keys) == 1
    assert set(held(workshop)) == {"b2", "b3", "b4", "b5"}, "a line is taken back as after any answer"
    switch_rule(workshop, OWNER, rule.id, enabled=False)
    assert accept_rule(workshop, OWNER, rule.id).keys == [], "a rule that is off says nothing"
    sync(workshop, connection)
    bought = {Decimal(str(each["TotalAmt"])) for each in workshop.client(company).query_all("Purchase")}
    assert bought == {Decimal("3.75"), Decimal("6.00")}


def test_a_rule_that_is_tried_tells_what_waits_from_what_is_answered_or_posted(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    choose_usual(workshop, connection, company)
    meals, rent, other = (account(workshop, company, each) for each in ("Repas", "Loyer", "Autre"))
    till.ROWS["T1"] = lines(("-3.75", "CAFE UN"), ("-4.10", "CAFE DEUX"), ("-5.00", "BISTRO"), ("-7.00", "CAFE QUATRE"))
    sync(workshop, connection)
    rented = Treatment(kind=Treated.CATEGORY, parts=(Part(account=rent),))
    treat(workshop, OWNER, held(workshop)["b1"], rented)
    add_rule(workshop, OWNER, company.id, says("Bistro", other, "bistro", RuleMode.APPLY))
    sync(workshop, connection)
    treat(workshop, OWNER, held(workshop)["b2"], rented)
    assert (row_of(workshop, "b1").state, row_of(workshop, "b3").state) == ("posted", "posted")

    effect = tried(workshop, company, says("Cafés", meals, "cafe"))
    assert (effect.changed, effect.waiting, effect.left_alone) == (1, 1, 2)
    assert (effect.other, effect.posted, effect.against, effect.again) == (2, 1, 2, 0)
    assert effect.not_shown == 0
    assert effect_said(effect).en == (
        "Waiting lines that would change: 1. Answered already and left alone: 2 of which it would say something else "
        "(1 in QuickBooks), 2 against your own choice."
    )
    assert {text.en: count for text, count in counts_said(effect)} == {
        "Wait and would get this answer": 1, "Answered otherwise, left alone": 2,
    }  # fmt: skip
    nothing = tried(workshop, company, says("Deux", meals, "deux"))
    assert effect_said(nothing).fr.startswith("Aucune opération en attente ne changerait. Déjà répondues")


def test_a_rule_may_say_that_money_was_spent_by_cheque(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    choose_usual(workshop, connection, company)
    meals = account(workshop, company, "Repas")
    till.ROWS["T1"] = lines(("-3.75", "CHQ TRAITEUR"), ("8.00", "CHQ RENDU"))
    sync(workshop, connection)
    outcome = Outcome(
        kind=Treated.CATEGORY, parts=(RulePart(account=meals),), payment_type=PaymentType.CHECK,
    )  # fmt: skip
    body = replace(says("Chèques", meals, "chq").body, outcome=outcome)
    effect = tried(workshop, company, RuleSaid(name="Chèques", body=body))
    assert (effect.waiting, effect.unfit) == (1, 1), "no money that came in is a cheque of ours"
    assert answer_said(effect.examples["waiting"][0].would_be).fr == "A Repas (chèque)"
    rule = add_rule(workshop, OWNER, company.id, RuleSaid(name="Chèques", body=body))
    assert accept_rule(workshop, OWNER, rule.id).keys == ["bank/b1"]
    sync(workshop, connection)
    [bought] = workshop.client(company).query_all("Purchase")
    assert bought["PaymentType"] == "Check"
