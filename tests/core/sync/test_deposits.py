"""Bank lines that are the deposit of payments waiting in Undeposited Funds: linked to them, and never a new income."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import combinations
from typing import Any

import pytest
import till
from harness import OWNER, choose_usual, finish, request, sync
from lines_at_hand import JUDGED, account, asked, line, second_account, undo
from open_documents import received
from sqlalchemy import select

from raccord.onboarding.connecting.companies import refresh_company
from raccord.onboarding.deciding.bank_rules import RuleSaid, add_rule
from raccord.onboarding.deciding.decisions import DecisionError, approve_plan
from raccord.onboarding.deciding.paying import certain, pay
from raccord.overview.lines.deposit_notes import deposit_notes
from raccord.overview.questions import matches_in
from raccord.quickbooks import QuickBooks
from raccord.store.models import Company, Connection, LinkRow, LinkState, PaidDocument, Plan, Proof
from raccord.sync.lines.bank_rules import Outcome, RuleBody, RuleMode, RulePart, TextCondition, TextTest
from raccord.sync.lines.matching import Reason, Sure
from raccord.sync.lines.treatments import Treated
from raccord.sync.lines.undeposited import CROWDED, FOREIGN, MOST, UNCLEAR, Received, Way, spans, way_of
from raccord.sync.workshop import Workshop

pytestmark = pytest.mark.either_database


def funds(client: QuickBooks) -> dict[str, Any]:
    """Return the account of undeposited funds as QuickBooks has it now."""
    return dict(next(client.query_all("Account", "AccountSubType = 'UndepositedFunds'")))


def deposited(client: QuickBooks, bank: str, *payments: str) -> str:
    """Deposit payments by hand; returns the deposit's id."""
    lines = ",".join(f'{{"LinkedTxn":[{{"TxnId":"{id_}","TxnType":"Payment","TxnLineId":"0"}}]}}' for id_ in payments)
    body = f'{{"TxnDate":"2026-03-05","DepositToAccountRef":{{"value":"{bank}"}},"Line":[{lines}]}}'
    return str(client.create("Deposit", body, f"by hand {payments}").value["Id"])


def test_a_line_that_deposits_waiting_payments_is_linked_to_them_and_earns_nothing_anew(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    choose_usual(workshop, connection, company)
    client = workshop.client(company)
    one = received(client, "Payment", "Clinique Roy", "100.00", "2026-03-02")
    other = received(client, "SalesReceipt", "Garage Simard", "250.00", "2026-03-03")
    received(client, "Payment", "Clinique Roy", "350.00", "2026-03-06")
    received(client, "Payment", "Clinique Roy", "350.00", "2026-02-10")
    till.ROWS["T1"] = [line(1, "350.00", "DEPOT 350.00"), line(2, "-350.00", "ACHAT")]
    sync(workshop, connection)
    holds = asked(workshop)
    [match] = matches_in(holds["b1"].params)
    assert (match.kind, match.party, match.sure) == ("Deposit", "Clinique Roy, Garage Simard", Sure.LIKELY)
    assert [(each.kind, each.id, each.party, each.amount) for each in match.documents] == [
        ("Payment", one, "Clinique Roy", Decimal("100.00")),
        ("SalesReceipt", other, "Garage Simard", Decimal("250.00")),
    ], "what came in after the line, or long before it, is not of it"
    assert match.reasons == (Reason.WAITING, Reason.ONE_WAY)
    assert not matches_in(holds["b2"].params), "money spent deposits nothing"
    with workshop.database.read() as session:
        assert not certain(session, [connection.id]), "a deposit is never accepted by itself"
    before, earned = Decimal(funds(client)["CurrentBalance"]), client.query("SELECT * FROM Account")
    pay(workshop, OWNER, holds["b1"].id)
    sync(workshop, connection)
    [deposit] = client.query_all("Deposit", "")
    links = [each["LinkedTxn"][0] for each in deposit["Line"]]
    assert [(each["TxnType"], each["TxnId"]) for each in links] == [("Payment", one), ("SalesReceipt", other)]
    assert (Decimal(deposit["TotalAmt"]), deposit["DepositToAccountRef"]["value"]) == (
        350, account(workshop, company, "Bank"),
    )  # fmt: skip
    assert before - Decimal(funds(client)["CurrentBalance"]) == 350, "nothing of these two waits any more"
    income = {each["Id"]: each["CurrentBalance"] for each in earned if each["AccountType"] == "Income"}
    now = {each["Id"]: each["CurrentBalance"] for each in client.query_all("Account", "AccountType = 'Income'")}
    assert now == income
    with workshop.database.read() as session:
        assert all(proof.equal for proof in session.scalars(select(Proof)))
    sync(workshop, connection)
    assert client.count("Deposit") == 1, "the next run writes nothing"
    undo(workshop, connection, "bank/b1")
    assert client.count("Deposit") == 0
    assert Decimal(funds(client)["CurrentBalance"]) == before
    till.ROWS["T1"].append(line(3, "350.00", "DEPOT ENCORE"))
    sync(workshop, connection)
    assert [each.id for each in matches_in(asked(workshop)["b3"].params)[0].documents] == [one, other], "free again"
    with workshop.database.read() as session:
        assert not session.scalars(select(PaidDocument)).all()


def test_of_two_ways_to_come_to_a_line_none_is_proposed_and_no_rule_earns_it_and_no_payment_is_of_two_lines(
    workshop: Workshop, company: Company, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("till.INFO", JUDGED)
    choose_usual(workshop, connection, company)
    refresh_company(workshop, company.id)
    client = workshop.client(company)
    earned = Outcome(kind=Treated.CATEGORY, parts=(RulePart(account=account(workshop, company, "Income")),))
    body = RuleBody(conditions=(TextCondition(test=TextTest.CONTAINS, value="DEPOT"),), outcome=earned)
    add_rule(workshop, OWNER, company.id, RuleSaid(name="Sales", body=body, mode=RuleMode.APPLY))
    for name, amount in (("Clinique Roy", "100.00"), ("Garage Simard", "250.00"), ("Boulangerie", "350.00")):
        received(client, "Payment", name, amount, "2026-03-02")
    till.ROWS["T1"] = [line(1, "350.00", "DEPOT"), line(2, "250.00", "DEPOT"), line(3, "250.00", "DEPOT")]
    till.ROWS["T1"].append(line(4, "12.00", "DEPOT"))
    # A refund out of these funds is no expense, and no less an income where it is deposited with a payment.
    refund = received(client, "RefundReceipt", "Boulangerie", "45.00", "2026-03-03")
    received(client, "SalesReceipt", "Boulangerie", "78.00", "2026-03-03")
    till.ROWS["T1"] += [
        line(5, "-45.00", "REPRIS SUR DEPOT"),
        line(6, "33.00", "DEPOT NET"),
        line(7, "-44.00", "DEPOT"),
    ]
    sync(workshop, connection)
    holds = asked(workshop)
    assert set(holds) == {"b1", "b2", "b3", "b5", "b6"}, "the rule answers what nothing waits for"
    for key in ("b5", "b6"):
        [note] = deposit_notes(holds[key].params, "CAD")
        assert "Refunds made from Undeposited Funds come to this amount" in note.en
        assert f"({refund}, Boulangerie, 2026-03-03, 45.00 CAD)" in note.en
        assert "45,00 CAD" in note.fr
        assert not matches_in(holds[key].params)
    assert not matches_in(holds["b1"].params)
    assert holds["b1"].params[UNCLEAR]
    assert ["more than one way" in note.en for note in deposit_notes(holds["b1"].params, "CAD")] == [True]
    either = [matches_in(holds[key].params)[0] for key in ("b2", "b3")]
    assert [(each.sure, each.reasons) for each in either] == [(Sure.POSSIBLE, (Reason.WAITING,))] * 2
    pay(workshop, OWNER, holds["b2"].id)
    with pytest.raises(DecisionError, match="already"):
        pay(workshop, OWNER, holds["b3"].id)
    bank, waits = account(workshop, company, "Bank"), funds(client)["Id"]
    body = f'"FromAccountRef":{{"value":"{bank}"}},"ToAccountRef":{{"value":"{waits}"}},"Amount":45.00'
    client.create("Transfer", f'{{"TxnDate":"2026-03-04",{body}}}', "refunded from the bank")
    sync(workshop, connection)
    assert asked(workshop)["b5"].code == "conflict.already_exists", "the refund came to the bank"


@pytest.mark.parametrize("approved", [False, True])
def test_a_deposit_some_of_whose_payments_were_deposited_meanwhile_waits_with_its_reason(
    workshop: Workshop, company: Company, connection: Connection, approved: bool
) -> None:
    choose_usual(workshop, connection, company)
    client, bank = workshop.client(company), account(workshop, company, "Bank")
    one = received(client, "Payment", "Clinique Roy", "100.00", "2026-03-02")
    received(client, "Payment", "Garage Simard", "250.00", "2026-03-03")
    till.ROWS["T1"] = [line(1, "350.00", "DEPOT")]
    sync(workshop, connection)
    pay(workshop, OWNER, asked(workshop)["b1"].id)
    if approved:
        run = finish(workshop, request(workshop, connection, stop_after="plan"))
        by_hand = deposited(client, bank, one)
        with workshop.database.read() as session:
            plan = session.get_one(Plan, run.plan_id)
        approve_plan(workshop, OWNER, plan.id, plan.hash)
        assert finish(workshop, run.id).state == "done"
    else:
        by_hand = deposited(client, bank, one)
        sync(workshop, connection)
    for _ in range(2):
        hold = asked(workshop)["b1"]
        assert (hold.code, client.count("Deposit")) == ("resolve.decision_missing", 1)
        [note] = deposit_notes(hold.params, "CAD")
        assert f"in deposit {by_hand}" in note.en
        assert "Clinique Roy (100,00 CAD)" in note.fr
        assert not matches_in(hold.params)
        # The reason stays until somebody answers.
        finish(workshop, request(workshop, connection))


def test_payments_that_another_connection_deposits_itself_are_no_line_s_deposit_and_no_rule_earns_the_line(
    workshop: Workshop, company: Company, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("till.INFO", JUDGED)
    choose_usual(workshop, connection, company)
    other, _ = second_account(workshop, company)
    client = workshop.client(company)
    earned = Outcome(kind=Treated.CATEGORY, parts=(RulePart(account=account(workshop, company, "Income")),))
    body = RuleBody(conditions=(TextCondition(test=TextTest.CONTAINS, value="DEPOT"),), outcome=earned)
    add_rule(workshop, OWNER, company.id, RuleSaid(name="Sales", body=body, mode=RuleMode.APPLY))
    theirs = [received(client, "SalesReceipt", "Clinique Roy", amount, "2026-03-02") for amount in ("100.00", "20.00")]
    with workshop.database.begin() as session:
        for id_ in theirs:
            session.add(
                LinkRow(
                    company_id=company.id, connection_id=other.id, key=f"sales/{id_}", kind="SalesReceipt",
                    document_id=id_, origin="created", state=LinkState.LIVE, marker="", sync_token="0", revision=1,
                    payload_hash="", linked_at=workshop.clock.now(),
                )
            )  # fmt: skip
    own = received(client, "Payment", "Garage Simard", "20.00", "2026-03-03")
    till.ROWS["T1"] = [line(1, "120.00", "DEPOT"), line(2, "20.00", "DEPOT")]
    sync(workshop, connection)
    holds = asked(workshop)
    assert not matches_in(holds["b1"].params)
    [note] = deposit_notes(holds["b1"].params, "CAD")
    assert f"“{other.label}” posted wait" in note.en
    assert f"« {other.label} » a écrits" in note.fr
    [either] = matches_in(holds["b2"].params)
    assert ([each.id for each in either.documents], either.sure) == ([own], Sure.POSSIBLE), "theirs is as much"


def paid(id_: int, amount: str, day: int = 1, currency: str = "CAD") -> Received:
    return Received("Payment", str(id_), "", "", Decimal(amount), currency, date(2026, 3, day))


def test_the_only_way_to_a_sum_is_found_as_trying_all_finds_it() -> None:
    day = date(2026, 3, 10)
    some = [paid(n, amount) for n, amount in enumerate(("10.10", "20.20", "30.30", "40.40", "99.95", "7.00", "33.05"))]
    totals = [sum((each.amount for each in of), Decimal(0)) for n in range(1, 8) for of in combinations(some, n)]
    for total in sorted(set(totals)):
        way, ways = way_of(total, "CAD", day, some), totals.count(total)
        assert (bool(way.received), way.unclear) == (ways == 1, ways > 1)
        assert not way.received or sum(each.amount for each in way.received) == total
    assert way_of(Decimal("0.01"), "CAD", day, some) == Way()
    assert way_of(Decimal("10.10"), "USD", day, some) == Way(), "another currency"
    assert way_of(Decimal("5.00"), "CAD", day, [paid(n, "5.00") for n in range(MOST + 1)]).crowded
    assert "More than 20 payments" in deposit_notes({CROWDED: MOST}, "CAD")[0].en
    assert "exchange gain or loss" in deposit_notes({FOREIGN: True}, "USD")[0].en
    near = timedelta(1)
    assert spans([day, day + near, date(2025, 1, 15)]) == [
        (date(2025, 1, 1), date(2025, 1, 15)), (date(2026, 2, 24), day + near),
    ]  # fmt: skip
