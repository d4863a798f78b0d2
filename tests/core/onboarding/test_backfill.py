"""A hole's days come over after all: planned, approved by the owner, what is there already recognised first."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
import till
from harness import OWNER, choose_usual, finish, request, sync
from moments import Moments
from set_up import on
from sqlalchemy import select
from till_company import again

from raccord.clock import FixedClock
from raccord.errors import RaccordError
from raccord.onboarding.access.people import Actor, RoleName
from raccord.onboarding.closing.holes import holes_of
from raccord.onboarding.connecting.backfill import backfill
from raccord.onboarding.connecting.connections import pause, resume
from raccord.onboarding.connecting.taking_back import asked_days, take_back
from raccord.onboarding.deciding.decisions import approve_plan
from raccord.overview.coverage import coverage_of, given_from
from raccord.store.models import Company, Connection, DraftRow, DraftState, Hold, Plan, Proof, Run, RunState
from raccord.sync.phases import Phase
from raccord.sync.run import Pipeline
from raccord.sync.workshop import Workshop


def sale(number: int, day: str) -> dict[str, str]:
    return {"stream": "sales", "id": f"s{number}", "day": day, "amount": f"{number}.00"}


def posted(workshop: Workshop, company: Company) -> list[str]:
    return sorted(row["TxnDate"] for row in workshop.client(company).query_all("SalesReceipt"))


def coverage(workshop: Workshop, connection: Connection) -> list[tuple[str, str, str]]:
    with workshop.database.read() as session:
        found = coverage_of(workshop, session, session.get_one(Connection, connection.id))
    return [(one.reason, str(one.first or "…"), str(one.last)) for one in found]


def by_hand(workshop: Workshop) -> str:
    """Enter the sale of 11 March in QuickBooks as a person does; returns its id."""
    with workshop.database.read() as session:
        company = session.scalars(select(Company)).one()
    client = workshop.client(company)
    line = client.query("SELECT * FROM SalesReceipt")[0]["Line"][0]["SalesItemLineDetail"]
    body = (
        '{"TxnDate":"2026-03-11","GlobalTaxCalculation":"TaxInclusive","Line":[{"Amount":9.57,'
        '"DetailType":"SalesItemLineDetail","SalesItemLineDetail":{"TaxInclusiveAmt":11.00,'
        f'"ItemRef":{{"value":"{line["ItemRef"]["value"]}"}},"TaxCodeRef":{{"value":"{line["TaxCodeRef"]["value"]}"}}}}}}]}}'
    )
    return str(client.create("SalesReceipt", body, "by hand").value["Id"])


@pytest.fixture
def paused(
    workshop: Workshop, company: Company, connection: Connection, hand: FixedClock, till_moments: Moments
) -> Connection:
    """The till after a pause from 10 to 14 March, in which a sale a day was made; one was made in February too."""
    before = [sale(1, "2026-02-20"), sale(2, "2026-03-09")]
    meanwhile = [sale(number, f"2026-03-{number}") for number in range(10, 16)]

    def live() -> Connection:
        choose_usual(workshop, connection, company)
        on(hand, "2026-03-09")
        till.ROWS["T1"] = before
        sync(workshop, connection)
        on(hand, "2026-03-10")
        pause(workshop, OWNER, connection.id)
        on(hand, "2026-03-15")
        resume(workshop, OWNER, connection.id)
        till.ROWS["T1"] = before + meanwhile
        sync(workshop, connection)
        return connection

    found = again(till_moments, workshop, "paused", live)
    on(hand, "2026-03-15")
    till.ROWS["T1"] = before + meanwhile
    return found


def test_pain_17_t1_every_day_is_covered_or_left_out_for_a_reason_with_its_size(
    workshop: Workshop, company: Company, paused: Connection
) -> None:
    assert posted(workshop, company) == ["2026-03-09", "2026-03-15"]
    assert coverage(workshop, paused) == [
        ("before_start", "…", "2026-02-28"),
        ("covered", "2026-03-01", "2026-03-09"),
        ("paused", "2026-03-10", "2026-03-14"),
        ("covered", "2026-03-15", "2026-03-15"),
    ]
    with workshop.database.read() as session:
        asked = session.get_one(Connection, paused.id)
        assert given_from(session, asked) is None, "the source gave what is older than what was asked"
        asked.starts_on = date(2026, 1, 1)
        with session.no_autoflush:
            assert given_from(session, asked) == date(2026, 2, 20), "less than was asked"
        session.expire(asked)
        sizes = {
            (hole.reason, hole.records, hole.totals.get("CAD"))
            for hole in holes_of(workshop, session, session.get_one(Connection, paused.id))
        }
    assert sizes == {("before_start", 1, Decimal(1)), ("paused", 5, Decimal(10 + 11 + 12 + 13 + 14))}


def test_pain_17_t2_a_backfill_waits_for_its_owner_and_leaves_the_rest_of_the_hole(
    workshop: Workshop, company: Company, paused: Connection
) -> None:
    taken = backfill(workshop, OWNER, paused.id, date(2026, 3, 11), date(2026, 3, 12))
    assert (taken.records, dict(taken.totals), taken.reasons) == (2, {"CAD": Decimal(23)}, ("paused",))
    asked = ("taken_up", "2026-03-11", "2026-03-12")
    assert coverage(workshop, paused)[3] == asked, "nothing is brought over by asking for it"
    run = finish(workshop, request(workshop, paused))
    assert run.state == RunState.APPROVAL, "whatever the connection usually does"
    assert coverage(workshop, paused)[3] == asked, "nor by a plan that waits"
    assert posted(workshop, company) == ["2026-03-09", "2026-03-15"]
    with workshop.database.read() as session:
        plan = session.get_one(Plan, run.plan_id)
    with pytest.raises(RaccordError):
        approve_plan(workshop, Actor("Ben", RoleName.BOOKKEEPER), plan.id, plan.hash)
    # Another run before the approval does not slip the days through.
    run = finish(workshop, request(workshop, paused))
    assert run.state == RunState.APPROVAL
    with workshop.database.read() as session:
        plan = session.get_one(Plan, run.plan_id)
    approve_plan(workshop, OWNER, plan.id, plan.hash)
    assert finish(workshop, run.id).state == RunState.DONE
    assert posted(workshop, company) == ["2026-03-09", "2026-03-11", "2026-03-12", "2026-03-15"]
    assert coverage(workshop, paused)[2:] == [
        ("paused", "2026-03-10", "2026-03-10"),
        ("covered", "2026-03-11", "2026-03-12"),
        ("paused", "2026-03-13", "2026-03-14"),
        ("covered", "2026-03-15", "2026-03-15"),
    ]
    with workshop.database.read() as session:
        assert all(proof.equal for proof in session.scalars(select(Proof)))
    till.ROWS["T1"].append(sale(16, "2026-03-15"))
    assert sync(workshop, paused).state == RunState.DONE, "afterwards it runs by itself again"


def test_a_sale_of_those_days_that_somebody_entered_by_hand_is_recognised(
    workshop: Workshop, company: Company, paused: Connection
) -> None:
    client = workshop.client(company)
    there = by_hand(workshop)
    backfill(workshop, OWNER, paused.id, date(2026, 3, 11), date(2026, 3, 12))
    sync(workshop, paused)
    with workshop.database.read() as session:
        hold = session.scalars(select(Hold).where(Hold.closed_at.is_(None))).one()
        held = session.get_one(DraftRow, hold.draft_id)
    assert (hold.code, hold.params["id"], held.key) == ("conflict.already_exists", there, "sales/s11")
    for _ in range(2):
        assert posted(workshop, company).count("2026-03-11") == 1, "asked about once, it waits in ordinary runs too"
        sync(workshop, paused)
    with workshop.database.read() as session:
        other = session.scalars(select(DraftRow).where(DraftRow.key == "sales/s12")).one()
    assert other.state == DraftState.POSTED, "the other sale of the hole came over"
    client.delete("SalesReceipt", there, "0", "no longer")
    sync(workshop, paused)
    assert posted(workshop, company).count("2026-03-11") == 1, "ours goes once nothing stands in its way"
    with workshop.database.read() as session:
        assert session.scalars(select(Hold).where(Hold.closed_at.is_(None))).all() == []


def test_what_was_asked_about_is_not_forgotten_by_a_run_that_ends_between_planning_and_looking(
    workshop: Workshop, company: Company, paused: Connection
) -> None:
    by_hand(workshop)
    backfill(workshop, OWNER, paused.id, date(2026, 3, 11), date(2026, 3, 12))
    sync(workshop, paused)
    run_id = request(workshop, paused)
    pipeline = Pipeline(workshop)
    phase = ""
    while phase != Phase.MATCH:
        pipeline.advance(run_id)
        with workshop.database.read() as session:
            phase = session.get_one(Run, run_id).phase
    with workshop.database.begin() as session:
        session.get_one(Run, run_id).state = RunState.FAILED
    sync(workshop, paused)
    assert posted(workshop, company).count("2026-03-11") == 1
    with workshop.database.read() as session:
        assert session.scalars(select(Hold.code).where(Hold.closed_at.is_(None))).all() == ["conflict.already_exists"]


def test_a_new_revision_of_a_record_that_was_asked_about_is_looked_at_again(
    workshop: Workshop, company: Company, paused: Connection
) -> None:
    by_hand(workshop)
    backfill(workshop, OWNER, paused.id, date(2026, 3, 11), date(2026, 3, 12))
    sync(workshop, paused)
    next(row for row in till.ROWS["T1"] if row["id"] == "s11")["memo"] = "said otherwise"
    for _ in range(2):
        sync(workshop, paused)
    assert posted(workshop, company).count("2026-03-11") == 1


def test_days_before_the_first_one_come_over_and_those_between_stay_out(
    workshop: Workshop, company: Company, paused: Connection
) -> None:
    backfill(workshop, OWNER, paused.id, date(2026, 2, 15), date(2026, 2, 20))
    sync(workshop, paused)
    assert posted(workshop, company)[0] == "2026-02-20"
    assert coverage(workshop, paused)[:3] == [
        ("before_start", "…", "2026-02-14"),
        ("covered", "2026-02-15", "2026-02-20"),
        ("before_start", "2026-02-21", "2026-02-28"),
    ]
    till.ROWS["T1"].append(sale(25, "2026-02-25"))
    sync(workshop, paused)
    assert "2026-02-25" not in posted(workshop, company)


def test_what_was_asked_for_is_taken_back_until_its_plan_is_approved_and_may_be_asked_again(
    workshop: Workshop, company: Company, paused: Connection
) -> None:
    before, (first, last) = coverage(workshop, paused), (date(2026, 2, 15), date(2026, 2, 20))
    with pytest.raises(RaccordError) as refused:
        take_back(workshop, OWNER, paused.id)
    assert refused.value.code == "backfill.not_asked"
    backfill(workshop, OWNER, paused.id, first, last)
    backfill(workshop, OWNER, paused.id, date(2026, 3, 11), date(2026, 3, 12))
    run_id = request(workshop, paused)
    with pytest.raises(RaccordError) as refused:
        take_back(workshop, OWNER, paused.id)
    assert refused.value.code == "backfill.run_open"
    run = finish(workshop, run_id)
    with workshop.database.read() as session:
        plan = session.get_one(Plan, run.plan_id)
        asked = asked_days(session, session.get_one(Connection, paused.id))
    assert asked is not None
    assert (asked.began, asked.days[0], len(asked.days)) == (date(2026, 3, 1), (first, last), 2)
    with pytest.raises(RaccordError) as refused:
        take_back(workshop, Actor("Ada", RoleName.ADMIN), paused.id)
    assert refused.value.code == "people.not_allowed"

    assert take_back(workshop, OWNER, paused.id).records == 3
    assert coverage(workshop, paused) == before
    with workshop.database.read() as session:
        connection = session.get_one(Connection, paused.id)
        assert (connection.starts_on, asked_days(session, connection)) == (date(2026, 3, 1), None)
        sizes = {(hole.reason, hole.records) for hole in holes_of(workshop, session, connection)}
    assert sizes == {("before_start", 1), ("paused", 5)}
    with pytest.raises(RaccordError) as refused:
        approve_plan(workshop, OWNER, plan.id, plan.hash)
    assert refused.value.code == "plan.not_current", "nobody approves those days any more"
    till.ROWS["T1"].append(sale(16, "2026-03-15"))
    sync(workshop, paused)
    assert posted(workshop, company) == ["2026-03-09", "2026-03-15", "2026-03-15"]
    with workshop.database.read() as session:
        assert all(proof.equal for proof in session.scalars(select(Proof)))

    backfill(workshop, OWNER, paused.id, date(2026, 3, 11), date(2026, 3, 11))
    sync(workshop, paused)
    assert posted(workshop, company)[:2] == ["2026-03-09", "2026-03-11"]
    with pytest.raises(RaccordError) as refused:
        take_back(workshop, OWNER, paused.id)
    assert refused.value.code == "backfill.not_asked", "what is approved is undone, not taken back"


@pytest.mark.parametrize(
    ("first", "last", "code"),
    [("2026-03-15", "2026-03-15", "backfill.no_gap"), ("2026-03-12", "2026-03-11", "backfill.days")],
)
def test_days_that_are_no_hole_are_refused(
    workshop: Workshop, paused: Connection, first: str, last: str, code: str
) -> None:
    with pytest.raises(RaccordError) as refused:
        backfill(workshop, OWNER, paused.id, date.fromisoformat(first), date.fromisoformat(last))
    assert refused.value.code == code


def test_only_its_owner_fills_a_hole_and_only_while_the_connection_runs(workshop: Workshop, paused: Connection) -> None:
    day = date(2026, 3, 11)
    with pytest.raises(RaccordError) as refused:
        backfill(workshop, Actor("Ada", RoleName.ADMIN), paused.id, day, day)
    assert refused.value.code == "people.not_allowed"
    pause(workshop, OWNER, paused.id)
    with pytest.raises(RaccordError) as refused:
        backfill(workshop, OWNER, paused.id, day, day)
    assert refused.value.code == "backfill.not_running"


def test_days_up_to_the_ends_of_the_calendar_can_be_asked_for(workshop: Workshop, paused: Connection) -> None:
    assert backfill(workshop, OWNER, paused.id, date.min, date.max).reasons
    with workshop.database.read() as session:
        assert session.get_one(Connection, paused.id).starts_on == date.min
