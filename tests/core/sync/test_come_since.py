"""What gets into the books between a plan and its approval: not posted again without a word from a person."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import till
from harness import OWNER, choose_usual, finish, request
from lines_at_hand import account
from open_documents import by_hand
from sqlalchemy import event, select

from raccord.onboarding.connecting.connections import NewConnection, connect
from raccord.onboarding.deciding.decisions import answer_conflict, answer_hold, approve_plan
from raccord.onboarding.deciding.standing import set_review_each
from raccord.plugin.ledger import ResolutionKind
from raccord.store.models import Company, Connection, Hold, LineState, Plan, PlanLine, Run, RunState
from raccord.sync import unit
from raccord.sync.lines.come_since import hold_come_since
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


@pytest.mark.either_database
def test_what_the_connection_posted_itself_is_told_apart_in_as_many_statements_however_much_it_is(
    workshop: Workshop, company: Company, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose_usual(workshop, connection, company)
    asked, counted = list[int](), list[str]()

    def look(*arguments: Any) -> int:
        counted.clear()
        held = hold_come_since(*arguments)
        asked.append(len(counted))
        return held

    monkeypatch.setattr(unit, "hold_come_since", look)
    event.listen(workshop.database.engine, "before_cursor_execute", lambda *told: counted.append(told[2]))
    set_review_each(workshop, OWNER, connection.id, each=True)
    till.ROWS["T1"] = rows = till.ROWS.get("T1", [])
    for day, own in ((4, 2), (14, 30)):
        paid = {"stream": "bank", "kind": "paid out", "day": f"2026-03-{day:02}", "amount": "-12.30"}
        # Some are in the books before others of the same amount come.
        for some in range(2):
            rows += [{**paid, "id": f"{day}-{some}-{number}"} for number in range(own)]
            run = finish(workshop, request(workshop, connection))
            assert approved(workshop, run).state == RunState.DONE
    assert workshop.client(company).count("Purchase") == 2 * (2 + 30)
    assert not open_holds(workshop)
    assert asked[1] == asked[3], "the second time of each there are documents of its own"
