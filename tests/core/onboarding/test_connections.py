"""A connection's life: one source account to one company, pauses that leave a hole, an end and a second beginning."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
import till
from harness import OWNER, choose_usual, consent, finish, request, sync
from moments import Moments
from set_up import on, till_of
from sqlalchemy import func, select
from till_company import again

from raccord.clock import FixedClock
from raccord.errors import RaccordError
from raccord.onboarding.closing.export import export_company
from raccord.onboarding.closing.exported import NotExportedError
from raccord.onboarding.closing.holes import holes_of
from raccord.onboarding.connecting.companies import disconnect_company
from raccord.onboarding.connecting.connections import connect, pause, reconnect, resume, update_settings
from raccord.onboarding.connecting.disconnecting import disconnect
from raccord.onboarding.connecting.switching import describe_switch, switch_company
from raccord.quickbooks import ReauthoriseError
from raccord.store.models import (
    Company,
    Connection,
    ConnectionState,
    Event,
    Gap,
    Proof,
    Run,
    RunState,
    Secret,
    SourceRecord,
)
from raccord.sync.workshop import Workshop


def sale(number: int, day: str, amount: str = "10.00", **more: str) -> dict[str, str]:
    return {"stream": "sales", "id": f"s{number}", "day": day, "amount": amount, **more}


def posted(workshop: Workshop, company: Company) -> list[str]:
    return sorted(row["TxnDate"] for row in workshop.client(company).query_all("SalesReceipt"))


def read(workshop: Workshop, connection: Connection) -> Connection:
    with workshop.database.read() as session:
        return session.get_one(Connection, connection.id)


def count(workshop: Workshop, table: type) -> int:
    with workshop.database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


@pytest.fixture
def running(workshop: Workshop, company: Company, connection: Connection, till_moments: Moments) -> Connection:
    """The till with its choices made and its first plan approved: two sales of the beginning of March are posted."""
    till.ROWS["T1"] = [sale(1, "2026-03-01"), sale(2, "2026-03-02")]

    def live() -> Connection:
        choose_usual(workshop, connection, company)
        assert sync(workshop, connection).state == RunState.DONE
        return connection

    return again(till_moments, workshop, "running", live)


@pytest.mark.requirement("CH-23")
def test_a_merchant_goes_to_one_company_and_a_second_is_told_the_first_ones_name(
    workshop: Workshop, company: Company, other_company: Company, connection: Connection
) -> None:
    with pytest.raises(RaccordError) as refused:
        connect(workshop, OWNER, till_of(other_company, "T1"))
    assert refused.value.code == "connection.source_taken"
    assert company.name in refused.value.text.fr
    assert company.name in refused.value.text.en


@pytest.mark.requirement("CH-24", "CH-51")
@pytest.mark.usefixtures("owner_only")
def test_a_second_merchant_of_a_connected_company_gets_an_error_and_an_account_without_connection(
    workshop: Workshop, company: Company, other_company: Company, connection: Connection
) -> None:
    secrets = count(workshop, Secret)
    with pytest.raises(RaccordError) as refused:
        connect(workshop, OWNER, till_of(company, "T2"))
    assert refused.value.code == "connection.company_taken"
    assert "T1" in refused.value.text.en
    with workshop.database.read() as session:
        second = session.scalars(select(Connection).where(Connection.source_identity == "T2")).one()
    assert second.state == ConnectionState.UNCONNECTED
    assert count(workshop, Secret) == secrets
    with pytest.raises(RaccordError):
        request(workshop, second)
    elsewhere = connect(workshop, OWNER, till_of(other_company, "T3"))
    told = describe_switch(workshop, elsewhere.id, company.id).refusal
    assert told is not None, "said before anything is typed"
    assert told.code == "connection.company_taken"
    for typed in ("", "ACCEPT"):
        with pytest.raises(RaccordError, match=r"connection\.company_taken"):
            switch_company(workshop, OWNER, elsewhere.id, company.id, typed, "en")


@pytest.mark.requirement("CH-52", "CH-53")
def test_pausing_one_of_two_connections_leaves_the_other_posting(
    workshop: Workshop, company: Company, running: Connection
) -> None:
    second = connect(workshop, OWNER, till_of(company, "T2"))
    choose_usual(workshop, second, company)
    till.ROWS["T2"] = [sale(7, "2026-03-05")]
    pause(workshop, OWNER, running.id)
    assert sync(workshop, second).state == RunState.DONE
    assert posted(workshop, company) == ["2026-03-01", "2026-03-02", "2026-03-05"]


@pytest.mark.requirement("CH-42", "CH-43", "CH-44", "CH-46", "CH-47", "CH-48", "CH-49", "CH-50", "K17")
def test_a_pause_writes_nothing_and_leaves_a_hole_that_is_counted_and_never_filled(
    workshop: Workshop, company: Company, running: Connection, hand: FixedClock
) -> None:
    on(hand, "2026-04-03")
    pause(workshop, OWNER, running.id)
    assert read(workshop, running).state == ConnectionState.PAUSED
    with pytest.raises(RaccordError) as refused:
        request(workshop, running)
    assert refused.value.code == "jobs.connection_not_ready"
    with pytest.raises(RaccordError) as refused:
        pause(workshop, OWNER, running.id)
    assert refused.value.code == "connection.not_connected"

    on(hand, "2026-04-07")
    resume(workshop, OWNER, running.id)
    assert read(workshop, running).state == ConnectionState.CONNECTED
    till.ROWS["T1"] += [sale(10 + day, f"2026-04-{day:02}", f"{day}.50") for day in range(2, 8)]
    assert sync(workshop, running).state == RunState.DONE

    assert posted(workshop, company) == ["2026-03-01", "2026-03-02", "2026-04-02", "2026-04-07"]
    with workshop.database.read() as session:
        [hole] = [
            hole
            for hole in holes_of(workshop, session, session.get_one(Connection, running.id))
            if hole.reason == "paused"
        ]
        assert (hole.first_day, hole.last_day, hole.records) == (date(2026, 4, 3), date(2026, 4, 6), 4)
        assert hole.totals == {"CAD": Decimal("20.00")}
        assert all(proof.equal for proof in session.scalars(select(Proof)))
        reasons = set(
            session.scalars(select(SourceRecord.reason).where(SourceRecord.day.between(hole.first_day, hole.last_day)))
        )
    assert reasons == {"scope.paused"}


@pytest.mark.requirement("K17", "CH-48")
def test_what_waited_when_the_pause_began_goes_out_after_it(
    workshop: Workshop, company: Company, running: Connection, hand: FixedClock
) -> None:
    till.ROWS["T1"] += [sale(3, "2026-03-19")]
    finish(workshop, request(workshop, running, stop_after="plan"))
    on(hand, "2026-03-21")
    pause(workshop, OWNER, running.id)
    on(hand, "2026-03-25")
    resume(workshop, OWNER, running.id)
    sync(workshop, running)
    assert "2026-03-19" in posted(workshop, company)


@pytest.mark.requirement("K17")
def test_what_was_posted_before_the_pause_is_still_brought_up_to_date_after_it(
    workshop: Workshop, company: Company, running: Connection, hand: FixedClock
) -> None:
    till.ROWS["T1"] += [sale(3, "2026-03-20")]
    sync(workshop, running)
    pause(workshop, OWNER, running.id)
    on(hand, "2026-03-25")
    resume(workshop, OWNER, running.id)
    till.ROWS["T1"][-1] = sale(3, "2026-03-20", "12.00")
    sync(workshop, running)
    totals = [row["TotalAmt"] for row in workshop.client(company).query_all("SalesReceipt", "TxnDate = '2026-03-20'")]
    assert totals == [Decimal(12)]
    with workshop.database.read() as session:
        assert all(proof.equal for proof in session.scalars(select(Proof)))


@pytest.mark.requirement("CH-48", "K17")
def test_a_pause_resumed_on_the_same_day_leaves_no_hole(
    workshop: Workshop, company: Company, running: Connection, hand: FixedClock
) -> None:
    on(hand, "2026-04-03", 8)
    pause(workshop, OWNER, running.id)
    on(hand, "2026-04-03", 22)
    resume(workshop, OWNER, running.id)
    till.ROWS["T1"].append(sale(3, "2026-04-03"))
    sync(workshop, running)
    assert "2026-04-03" in posted(workshop, company)
    with workshop.database.read() as session:
        assert session.scalars(select(Gap.reason).where(Gap.connection_id == running.id)).all() == ["before_start"]


@pytest.mark.requirement("CH-46")
def test_only_a_paused_connection_can_be_resumed(workshop: Workshop, connection: Connection) -> None:
    with pytest.raises(RaccordError) as refused:
        resume(workshop, OWNER, connection.id)
    assert refused.value.code == "connection.not_paused"
    disconnect(workshop, OWNER, connection.id, without_export=True)
    with pytest.raises(RaccordError) as refused:
        resume(workshop, OWNER, connection.id)
    assert refused.value.code == "connection.not_paused"


@pytest.mark.requirement("CH-45")
def test_a_pause_can_be_ended_for_one_year_and_then_asks_for_authorisation(
    workshop: Workshop, company: Company, running: Connection, hand: FixedClock
) -> None:
    on(hand, "2026-04-10", 23)
    pause(workshop, OWNER, running.id)
    on(hand, "2027-04-10", 23)
    resume(workshop, OWNER, running.id)
    pause(workshop, OWNER, running.id)
    on(hand, "2028-04-11", 0)
    with pytest.raises(RaccordError) as refused:
        resume(workshop, OWNER, running.id)
    assert refused.value.code == "connection.pause_too_long"
    assert read(workshop, running).state == ConnectionState.REAUTHORISE
    for deed in (request, lambda shop, each: resume(shop, OWNER, each.id)):
        with pytest.raises(RaccordError):
            deed(workshop, running)
    update_settings(workshop, OWNER, running.id, {"till": "T1", "code": "new"})
    assert read(workshop, running).state == ConnectionState.REAUTHORISE

    consent(workshop, company.realm)
    reconnect(workshop, OWNER, running.id, {"till": "T1", "code": "new"})
    till.ROWS["T1"] += [sale(3, "2027-05-01"), sale(4, "2028-04-11")]
    sync(workshop, running)
    assert posted(workshop, company) == ["2026-03-01", "2026-03-02", "2028-04-11"]


@pytest.mark.requirement("CH-37", "CH-61", "TD-46")
def test_a_disconnected_connection_writes_nothing_and_forgets_its_credentials(
    workshop: Workshop, company: Company, running: Connection
) -> None:
    secrets = count(workshop, Secret)
    till.ROWS["T1"].append(sale(3, "2026-03-03"))
    queued = request(workshop, running)
    disconnect(workshop, OWNER, running.id, without_export=True)
    assert finish(workshop, queued).state == RunState.CANCELLED
    with pytest.raises(RaccordError):
        request(workshop, running)
    assert posted(workshop, company) == ["2026-03-01", "2026-03-02"]
    assert count(workshop, Secret) == secrets - 1
    assert read(workshop, running).approved_at is None


def test_disconnecting_needs_a_second_word_that_names_what_no_finished_export_holds(
    workshop: Workshop, company: Company, running: Connection
) -> None:
    def refused() -> str:
        with pytest.raises(NotExportedError) as error:
            disconnect(workshop, OWNER, running.id)
        assert error.value.code == "connection.not_exported"
        assert read(workshop, running).state == ConnectionState.CONNECTED
        return error.value.text.en

    assert refused() == "Nothing has been exported yet. Missing are: records: 2, documents: 5, choices: 4."
    broken_off = export_company(workshop, OWNER, company.id)
    next(broken_off)
    broken_off.close()
    assert refused().startswith("The last export did not end. Missing are: records: 2")
    assert b"".join(export_company(workshop, OWNER, company.id))
    till.ROWS["T1"].append(sale(3, "2026-03-03"))
    sync(workshop, running)
    said = refused()
    assert "does not hold everything" in said
    assert said.endswith("Missing are: records: 1, documents: 1, choices: 0.")
    with pytest.raises(NotExportedError):
        disconnect_company_after(workshop, company, running)
    with workshop.database.read() as session:
        body = session.scalars(select(Event.body).where(Event.action == "connection.disconnected")).one()
    assert body == {"not_exported": {"records": 1, "documents": 1, "choices": 0}}
    assert b"".join(export_company(workshop, OWNER, company.id))
    disconnect_company(workshop, OWNER, company.id)


def disconnect_company_after(workshop: Workshop, company: Company, running: Connection) -> None:
    """End the last connection with the second word, then the company without it."""
    disconnect(workshop, OWNER, running.id, without_export=True)
    disconnect_company(workshop, OWNER, company.id)


@pytest.mark.requirement("TD-47", "CH-61", "K17")
def test_connecting_the_same_account_again_creates_nothing_twice(
    workshop: Workshop, company: Company, running: Connection, hand: FixedClock
) -> None:
    disconnect(workshop, OWNER, running.id, without_export=True)
    on(hand, "2026-03-24")
    again = connect(workshop, OWNER, till_of(company, "T1"))
    assert again.id == running.id
    before = count(workshop, Run)
    till.ROWS["T1"] += [sale(3, "2026-03-21"), sale(4, "2026-03-24")]
    run = finish(workshop, request(workshop, again))
    assert run.state == RunState.APPROVAL, "a second onboarding shows its first plan again"
    sync(workshop, again)
    assert posted(workshop, company) == ["2026-03-01", "2026-03-02", "2026-03-24"]
    assert sync(workshop, again).state == RunState.DONE
    assert posted(workshop, company) == ["2026-03-01", "2026-03-02", "2026-03-24"]
    assert count(workshop, Run) > before
    with workshop.database.read() as session:
        assert all(proof.equal for proof in session.scalars(select(Proof)))


@pytest.mark.requirement("CH-37", "CH-61")
def test_ending_the_companys_authorisation_revokes_it_and_connecting_it_again_finds_everything(
    workshop: Workshop, company: Company, running: Connection
) -> None:
    with pytest.raises(RaccordError) as refused:
        disconnect_company(workshop, OWNER, company.id)
    assert refused.value.code == "company.still_connected"
    disconnect(workshop, OWNER, running.id, without_export=True)
    held = workshop.stored_tokens(company).load()
    assert held is not None
    disconnect_company(workshop, OWNER, company.id, without_export=True)
    with pytest.raises(ReauthoriseError):
        workshop.oauth(company.environment).refresh(held)
    with pytest.raises(ReauthoriseError):
        workshop.client(company).company_info()

    assert consent(workshop, company.realm).id == company.id
    again = connect(workshop, OWNER, till_of(company, "T1"))
    sync(workshop, again)
    assert len(posted(workshop, company)) == 2


@pytest.mark.requirement("CH-72", "BF-24")
def test_new_credentials_keep_the_connection_and_import_nothing_again(
    workshop: Workshop, company: Company, running: Connection
) -> None:
    update_settings(workshop, OWNER, running.id, {"till": "T1", "code": "changed"})
    sync(workshop, running)
    assert len(posted(workshop, company)) == 2
    with pytest.raises(RaccordError) as refused:
        update_settings(workshop, OWNER, running.id, {"till": "T9", "code": "changed"})
    assert refused.value.code == "connection.identity_fixed"
