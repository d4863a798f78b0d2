"""What gets into the books between a plan and its approval: not posted again without a word from a person."""

from __future__ import annotations

from datetime import date

import till
from harness import OWNER, choose_usual, finish, request
from lines_at_hand import account
from open_documents import by_hand
from sqlalchemy import select

from raccord.onboarding.connecting.connections import NewConnection, connect
from raccord.onboarding.deciding.decisions import answer_conflict, answer_hold, approve_plan
from raccord.plugin.ledger import ResolutionKind
from raccord.store.models import Company, Connection, Hold, LineState, Plan, PlanLine, Run, RunState
from raccord.sync.workshop import Workshop

DAY = date(2026, 3, 4)


def approved(workshop: Workshop, run: Run) -> Run:
    with workshop.database.read() as session:
        plan = session.get_one(Plan, run.plan_id)
    approve_plan(workshop, OWNER, plan.id, plan.hash)
    return finish(workshop, run.id)


def open_holds(workshop: Workshop) -> list[Hold]:
    with workshop.database.read() as session:
        return list(session.scalars(select(Hold).where(Hold.closed_at.is_(None))))


def test_a_deposit_entered_by_hand_while_the_plan_waits_is_asked_about(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    choose_usual(workshop, connection, company)
    sales = [{"stream": "sales", "id": f"s{n}", "day": DAY.isoformat(), "amount": f"{n}0.00"} for n in (1, 2)]
    paid = [
        {"stream": "deposits", "id": f"d{n}", "day": DAY.isoformat(), "amount": f"{n}0.00", "of": f"sales/s{n}={n}0.00"}
        for n in (1, 2)
    ]
    till.ROWS["T1"] = [*sales, *paid]
    run = finish(workshop, request(workshop, connection))
    assert run.state == RunState.APPROVAL
    by_hand(workshop, company, "Deposit", "10.00", DAY)

    assert approved(workshop, run).state == RunState.DONE
    client = workshop.client(company)
    assert (client.count("Deposit"), client.count("SalesReceipt")) == (2, 2), "what nothing stands for is posted"
    (hold,) = open_holds(workshop)
    assert hold.code == "conflict.already_exists"
    with workshop.database.read() as session:
        left = session.scalars(select(PlanLine).where(PlanLine.key == "deposits/d1")).one()
        assert (left.state, left.payload) == (LineState.LEFT, "")

    answer_conflict(workshop, OWNER, hold.id, ResolutionKind.CREATE)
    assert finish(workshop, request(workshop, connection)).state == RunState.DONE
    assert client.count("Deposit") == 3, "it is another one, as the person said"
    assert not open_holds(workshop)


def test_of_two_connections_of_one_account_the_second_to_be_approved_asks(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    new = NewConnection(
        company_id=company.id, connector="till", values={"till": "T2", "code": "x"}, starts_on=date(2026, 3, 1)
    )
    second = connect(workshop, OWNER, new)
    for each, number in ((connection, "T1"), (second, "T2")):
        choose_usual(workshop, each, company)
        till.ROWS[number] = [
            {"stream": "bank", "id": number, "day": DAY.isoformat(), "amount": "-12.30", "text": "CAFE", "memo": "CAFE"}
        ]
        finish(workshop, request(workshop, each, stop_after="plan"))
    for hold in open_holds(workshop):
        answer_hold(workshop, OWNER, hold.id, account(workshop, company, "Expense"))
    runs = [finish(workshop, request(workshop, each)) for each in (connection, second)]
    assert [each.state for each in runs] == [RunState.APPROVAL, RunState.APPROVAL]
    for each in runs:
        assert approved(workshop, each).state == RunState.DONE
    assert workshop.client(company).count("Purchase") == 1
    (hold,) = open_holds(workshop)
    assert hold.params["owner"] == connection.label
