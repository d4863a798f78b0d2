"""Two lines of two own accounts are one transfer: paired once, proposed with reasons, answered and posted as one."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
import till
from harness import OWNER, choose_usual, sync
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from raccord.onboarding.connecting.companies import refresh_company
from raccord.onboarding.connecting.connections import NewConnection, connect
from raccord.onboarding.deciding.decisions import DecisionError, choose
from raccord.onboarding.deciding.treating import accept_transfer
from raccord.overview.books import money_moved
from raccord.overview.connections import connection_view
from raccord.overview.money import MoneyMoved
from raccord.overview.plans import plan_money
from raccord.overview.posted import posted_by_day
from raccord.store.models import Company, Connection, DraftRow, Hold
from raccord.sync.lines.transfers import TRANSFER, Side, Tells, pair_transfers
from raccord.sync.workshop import Workshop


def side(id_: str, account: str, day: int, amount: str, text: str = "OPERATION") -> Side:
    return Side(id_, account, date(2026, 3, day), Decimal(amount), "CAD", text)


def told(*sides: Side) -> list[tuple[str, str, str]]:
    return [(pair.out.id, pair.into.id, str(pair.sure)) for pair in pair_transfers(sides)]


def test_lines_are_paired_by_amount_direction_account_and_days() -> None:
    out = side("o", "bank", 4, "-700.00", "VIREMENT VERS EPARGNE")
    assert told(out, side("i", "savings", 5, "700.00")) == [("o", "i", "certain")]
    (pair,) = pair_transfers([out, side("i", "savings", 4, "700.00")])
    assert (pair.score, pair.reasons) == (100, (Tells.AMOUNT, Tells.SAME_DAY, Tells.WORDS, Tells.ONLY))
    assert told(side("o", "bank", 4, "-700.00"), side("i", "savings", 5, "700.00")) == [("o", "i", "likely")]
    for none in (
        side("i", "bank", 4, "700.00"), side("i", "savings", 15, "700.00"), side("i", "savings", 4, "-700.00"),
        side("i", "savings", 4, "700.01"),
    ):  # fmt: skip
        assert told(out, none) == []
    both = told(out, side("i", "savings", 5, "700.00"), side("j", "savings", 4, "700.00"))
    assert both == [("o", "j", "possible")], "which of two it is, a person says; the nearer comes first"


def test_sides_that_lie_over_a_week_apart_are_paired_where_nothing_nearer_is_either() -> None:
    out, slow = side("o", "bank", 4, "-700.00"), side("i", "savings", 12, "700.00")
    (pair,) = pair_transfers([out, slow])
    assert (pair.sure, pair.reasons) == ("possible", (Tells.AMOUNT, Tells.ONLY, Tells.DAYS_APART))
    assert told(side("o", "bank", 4, "-700.00", "VIREMENT"), slow) == [("o", "i", "likely")]
    near = side("j", "savings", 6, "700.00")
    assert told(out, slow, near) == [("o", "j", "likely")], "what is too far for most is no rival of what is near"
    assert told(out, side("p", "bank", 13, "-700.00"), slow, near) == [("p", "i", "likely"), ("o", "j", "likely")]
    assert told(out, side("i", "savings", 14, "700.00")) == [("o", "i", "possible")]
    assert told(out, side("i", "savings", 15, "700.00")) == []


SIDES = st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 9), st.sampled_from([-700, 700, 5, -5])), max_size=14)


@settings(max_examples=60, deadline=None)
@given(SIDES)
def test_no_line_is_in_two_pairs_and_every_pair_is_a_movement_between_two_accounts(
    lines: list[tuple[str, int, int]],
) -> None:
    pairs = pair_transfers(side(f"{n}", account, day, str(amount)) for n, (account, day, amount) in enumerate(lines))
    used = [each.id for pair in pairs for each in (pair.out, pair.into)]
    assert len(used) == len(set(used))
    for pair in pairs:
        assert pair.out.amount == -pair.into.amount < 0
        assert pair.out.account != pair.into.account


@pytest.mark.either_database
def test_a_proposed_transfer_answers_both_lines_and_is_posted_once(
    workshop: Workshop, company: Company, connection: Connection
) -> None:
    choose_usual(workshop, connection, company)
    client = workshop.client(company)
    savings = str(client.create("Account", '{"Name":"Épargne","AccountType":"Bank"}', "savings").value["Id"])
    values = {"till": "T2", "code": "x"}
    second = connect(
        workshop,
        OWNER,
        NewConnection(company_id=company.id, connector="till", values=values, starts_on=date(2026, 3, 1)),
    )
    refresh_company(workshop, company.id)
    choose(workshop, OWNER, second.id, "bank", savings)
    row = {"stream": "bank", "day": "2026-03-04"}
    till.ROWS["T1"] = [{**row, "id": "b1", "amount": "-700.00", "memo": "VIREMENT"},
                       {**row, "id": "b2", "amount": "-1.00", "memo": "CAFE"}]  # fmt: skip
    till.ROWS["T2"] = [{**row, "id": "b3", "amount": "700.00", "memo": "VIREMENT RECU", "day": "2026-03-06"}]
    sync(workshop, connection)
    sync(workshop, second)
    with workshop.database.read() as session:
        rows = session.execute(
            select(DraftRow.key, Hold).join(Hold, Hold.draft_id == DraftRow.id).where(Hold.closed_at.is_(None))
        )
        holds = {row.key: row.Hold for row in rows}
    said = holds["bank/b1"].params[TRANSFER]
    assert (said["hold"], said["account"], said["name"]) == (holds["bank/b3"].id, savings, "Épargne")
    assert (said["sure"], said["reasons"]) == ("certain", ["amount", "words", "only"])
    assert holds["bank/b3"].params[TRANSFER]["hold"] == holds["bank/b1"].id
    with pytest.raises(DecisionError, match="no_transfer"):
        accept_transfer(workshop, OWNER, holds["bank/b2"].id)
    accept_transfer(workshop, OWNER, holds["bank/b3"].id)
    with pytest.raises(DecisionError):
        accept_transfer(workshop, OWNER, holds["bank/b1"].id)
    runs = [sync(workshop, connection), sync(workshop, second)]
    assert (client.count("Transfer"), client.count("Deposit"), client.count("Purchase")) == (1, 0, 0)
    only_between = MoneyMoved("CAD", Decimal(0), Decimal(0), Decimal("700.00"))
    with workshop.database.read() as session:
        views = [connection_view(session, each.id) for each in (connection, second)]
        chart = posted_by_day(session, date(2026, 3, 9), 30)
        assert money_moved(session, [connection.id, second.id]) == [only_between]
        planned = [plan_money(session, run.plan_id) for run in runs if run.plan_id]
    assert [list(view.moved) for view in views if view is not None and view.moved] == [[only_between]], (
        "neither in nor out"
    )
    assert [only_between] in planned
    assert chart is not None
    assert (chart.moved_in, chart.moved_out, chart.documents) == (Decimal(0), Decimal(0), 0)
    assert (chart.between, chart.transfers, list(chart.series)) == (Decimal("700.00"), 1, [])
