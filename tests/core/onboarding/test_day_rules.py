"""A source's time zone and cut-off hour: the proof goes by them, and a change moves nothing that is posted."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
import till
from harness import OWNER, choose_usual, finish, request, sync
from set_up import on
from sqlalchemy import select

from raccord.clock import FixedClock
from raccord.errors import RaccordError
from raccord.onboarding.access.people import Actor, NotAllowedError, RoleName
from raccord.onboarding.connecting.connections import NewConnection, connect, pause
from raccord.onboarding.connecting.disconnecting import disconnect
from raccord.onboarding.sources.day_rules import DayChange, change_days
from raccord.store.models import (
    Company,
    Connection,
    ConnectionState,
    Event,
    Gap,
    Plan,
    PlanState,
    Proof,
    Schedule,
    SourceRecord,
)
from raccord.sync.days import days_of
from raccord.sync.workshop import Workshop


def sale(name: str, at: str) -> dict[str, str]:
    return {"stream": "sales", "id": name, "at": at, "amount": "10.00"}


def proven(workshop: Workshop) -> list[tuple[str, str, bool]]:
    with workshop.database.read() as session:
        rows = session.scalars(select(Proof).where(Proof.stream == "sales").order_by(Proof.day))
        return [(str(row.day), str(row.quickbooks_total), row.equal) for row in rows]


def test_pain_19_t2_documents_and_proof_go_by_the_cut_off_and_a_change_counts_from_its_day(
    workshop: Workshop, company: Company, hand: FixedClock
) -> None:
    till.ROWS.clear()
    new = NewConnection(
        company_id=company.id, connector="till", values={"till": "T9"}, starts_on=date(2026, 3, 1), cut_off="17:00"
    )
    connection = connect(workshop, OWNER, new)
    # In Toronto: 16:59 and 17:00 of the 5th; 21:00 of 7 March in UTC's 8th, as the clocks change.
    till.ROWS["T9"] = [
        sale("s1", "2026-03-05T21:59:00+00:00"),
        sale("s2", "2026-03-05T22:00:00+00:00"),
        sale("s3", "2026-03-08T02:00:00+00:00"),
        sale("s4", "2026-03-08T20:59:00+00:00"),
    ]
    choose_usual(workshop, connection, company)
    sync(workshop, connection)
    before = [("2026-03-05", "10.00", True), ("2026-03-06", "10.00", True), ("2026-03-08", "20.00", True)]
    assert proven(workshop) == before

    for first in (date(2026, 3, 8), date(2026, 3, 19)):
        with pytest.raises(RaccordError, match=r"connection\.days_past"):
            change_days(workshop, OWNER, connection.id, cut_off="24:00", first=first)
    changed = change_days(workshop, OWNER, connection.id, time_zone="Europe/Paris", cut_off="24:00")
    assert changed == DayChange(date(2026, 3, 21), "Europe/Paris", "00:00")
    # All of it is read again; the new rule says another day of moments after its first day only.
    till.ROWS["T9"] += [sale("s5", "2026-03-20T20:59:00+00:00"), sale("s6", "2026-03-21T23:30:00+00:00")]
    on(hand, "2026-03-22")
    sync(workshop, connection)
    assert proven(workshop) == [*before, ("2026-03-20", "10.00", True), ("2026-03-22", "10.00", True)]
    dates = sorted(str(row["TxnDate"]) for row in workshop.client(company).query_all("SalesReceipt"))
    assert dates == ["2026-03-05", "2026-03-06", "2026-03-08", "2026-03-08", "2026-03-20", "2026-03-22"]
    with workshop.database.read() as session:
        found = session.get_one(Connection, connection.id)
        noted = session.scalars(select(Event).where(Event.action == "connection.days_changed")).one()
        assert [rule.first for rule in days_of(found).rules] == [date.min, date(2026, 3, 21)]
    assert noted.body["before"]["cut_off"] == "17:00"
    # Another thought before the day has come replaces the rule instead of adding one.
    change_days(workshop, OWNER, connection.id, cut_off="04:00", first=date(2026, 4, 1))
    change_days(workshop, OWNER, connection.id, cut_off="05:00", first=date(2026, 4, 1))
    with workshop.database.read() as session:
        rules = days_of(session.get_one(Connection, connection.id)).rules
    assert [f"{rule.cut_off:%H:%M}" for rule in rules] == ["17:00", "00:00", "05:00"]


def test_zone_and_cut_off_change_for_all_days_while_nothing_is_posted_and_are_refused_afterwards(
    workshop: Workshop, company: Company, hand: FixedClock
) -> None:
    def said(zone: str, cut_off: str = "") -> NewConnection:
        return NewConnection(
            company_id=company.id, connector="till", values={"till": "T7"}, starts_on=date(2026, 3, 1),
            time_zone=zone, cut_off=cut_off,
        )  # fmt: skip

    def days() -> list[str]:
        with workshop.database.read() as session:
            wanted = select(SourceRecord.day).where(SourceRecord.state != "superseded").order_by(SourceRecord.day)
            return [str(each) for each in session.scalars(wanted)]

    till.ROWS.clear()
    # Half past midnight of the 6th in Paris, half past six in the evening of the 5th in Toronto.
    till.ROWS["T7"] = [sale("s1", "2026-03-05T23:30:00+00:00"), sale("s2", "2026-03-10T12:00:00+00:00")]
    connection = connect(workshop, OWNER, said("America/Toronto"))
    choose_usual(workshop, connection, company)
    finish(workshop, request(workshop, connection))
    assert days() == ["2026-03-05", "2026-03-10"]
    changed = change_days(workshop, OWNER, connection.id, time_zone="Europe/Paris", first=date(2026, 3, 1))
    assert changed == DayChange(date.min, "Europe/Paris", "00:00")
    with workshop.database.read() as session:
        assert [rule.zone.key for rule in days_of(session.get_one(Connection, connection.id)).rules] == ["Europe/Paris"]
        assert [each.state for each in session.scalars(select(Plan))] == [PlanState.STALE], "it had the old days"
    finish(workshop, request(workshop, connection))
    assert days() == ["2026-03-06", "2026-03-10"]
    # Connected again, what is said counts; what is not said stays.
    disconnect(workshop, OWNER, connection.id, without_export=True)
    again = connect(workshop, OWNER, said("", "17:00"))
    assert (again.id, again.time_zone, again.cut_off) == (connection.id, "Europe/Paris", "17:00")
    change_days(workshop, OWNER, connection.id, cut_off="00:00")
    sync(workshop, connection)
    dates = sorted(str(row["TxnDate"]) for row in workshop.client(company).query_all("SalesReceipt"))
    assert dates == ["2026-03-06", "2026-03-10"]
    disconnect(workshop, OWNER, connection.id, without_export=True)
    with pytest.raises(RaccordError, match=r"connection\.days_posted"):
        connect(workshop, OWNER, said("America/Toronto"))
    with workshop.database.read() as session:
        left = session.get_one(Connection, connection.id)
    assert (left.state, left.time_zone) == (ConnectionState.DISCONNECTED, "Europe/Paris")
    assert connect(workshop, OWNER, said("Europe/Paris")).state == ConnectionState.CONNECTED


def test_a_new_connection_has_the_zone_of_the_companys_country_or_of_its_connections(
    workshop: Workshop, company: Company
) -> None:
    with workshop.database.begin() as session:
        session.get_one(Company, company.id).country = "FR"

    def made(number: int, zone: str = "") -> str:
        new = NewConnection(company_id=company.id, connector="till", values={"till": f"Z{number}"}, time_zone=zone)
        connection = connect(workshop, OWNER, new)
        with workshop.database.read() as session:
            schedule = session.get_one(Schedule, connection.id)
            assert schedule.time_zone == connection.time_zone
        return connection.time_zone

    assert made(1) == "Europe/Paris"
    assert [made(2, "Indian/Reunion"), made(3, "Indian/Reunion")] == ["Indian/Reunion"] * 2
    assert made(4) == "Indian/Reunion", "that of most"


def test_a_pause_begins_on_the_sources_day(workshop: Workshop, company: Company, hand: FixedClock) -> None:
    new = NewConnection(company_id=company.id, connector="till", values={"till": "T8"}, cut_off="17:00")
    hand.set(datetime(2026, 3, 20, 21, 30, tzinfo=UTC))
    connection = connect(workshop, OWNER, new)
    assert connection.starts_on == date(2026, 3, 21), "half past five in Toronto is tomorrow's business"
    pause(workshop, OWNER, connection.id)
    with workshop.database.read() as session:
        gap = session.scalars(select(Gap).where(Gap.connection_id == connection.id, Gap.reason == "paused")).one()
    assert gap.first_day == date(2026, 3, 21)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"cut_off": "25:00"}, "cut_off"),
        *(({"time_zone": unknown}, "time_zone") for unknown in ("Mars/X", "America", "x" * 300)),
    ],
)
def test_an_hour_or_zone_that_is_none_is_refused(
    workshop: Workshop, connection: Connection, wrong: dict[str, str], code: str
) -> None:
    with pytest.raises(RaccordError, match=rf"connection\.{code}"):
        change_days(workshop, OWNER, connection.id, **wrong)
    with pytest.raises(NotAllowedError):
        change_days(workshop, Actor("Guy", RoleName.ACCOUNTANT), connection.id, cut_off="17:00")
