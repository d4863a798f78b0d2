"""What owners are told of, once each, by mail and in the log; and that they are told when it is over."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from threading import Barrier, Thread

import pytest
import till
from harness import catalog_of, choose_usual, consent, finish, lab, make_workshop, request, sync
from post_box import Post
from sqlalchemy import delete, func, select

from raccord.alarms import watch
from raccord.alarms.conditions import conditions_of, step_of
from raccord.clock import FixedClock
from raccord.jobs.inline import HandOver
from raccord.jobs.nights import start_nights
from raccord.jobs.tuning import Tuning
from raccord.overview.status import status
from raccord.plugin import Delivery
from raccord.scope import Scopes
from raccord.store.models import (
    ApiUse,
    Company,
    CompanyState,
    Connection,
    ConnectionState,
    Incident,
    Notice,
    Proof,
    Run,
    RunState,
)
from raccord.sync.books.meter import Budget, use_of_month
from raccord.sync.workshop import Workshop
from raccord_sandbox.serving.server import SandboxServer

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
OLIVE, ADELE = "olive@house.test", "adele@house.test"


def sale(number: int, day: str = "2026-03-19") -> dict[str, str]:
    return {"stream": "sales", "id": f"s{number}", "day": day, "amount": "10.00"}


def open_codes(workshop: Workshop) -> list[str]:
    with workshop.database.read() as session:
        rows = session.scalars(select(Incident).where(Incident.closed_at.is_(None)).order_by(Incident.code))
        return [row.code for row in rows]


def wind(workshop: Workshop, span: timedelta) -> None:
    clock = workshop.clock
    assert isinstance(clock, FixedClock)
    clock.advance(span)


def test_pain_5_t1_two_workers_with_an_expired_token_refresh_it_once(
    workshop: Workshop, company: Company, sandbox: SandboxServer, data_dir: Path
) -> None:
    other = make_workshop(workshop.database, data_dir, sandbox.url, workshop.clock, till)
    wind(workshop, timedelta(hours=2))
    sandbox.config.clock.advance(timedelta(hours=2))
    clients = [each.client(company) for each in (workshop, other)]
    sandbox.app.state.log.clear()
    together = Barrier(len(clients) * 2)

    def ask(number: int) -> None:
        together.wait(20)
        clients[number % 2].company_info()

    threads = [Thread(target=ask, args=(number,)) for number in range(together.parties)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    seen = sandbox.app.state.log.latest()
    assert sum(each.path.endswith("/tokens/bearer") for each in seen) == 1
    assert sum(each.path.endswith(f"/companyinfo/{company.realm}") for each in seen) == 4
    other.close()


@pytest.mark.usefixtures("people")
def test_pain_5_t2_a_dead_authorisation_is_told_to_owner_and_admins_once_and_its_recovery_too(
    workshop: Workshop, connection: Connection, company: Company, sandbox: SandboxServer, post: Post,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    caplog.set_level(logging.INFO)
    tokens = workshop.stored_tokens(company).load()
    assert tokens is not None
    choose_usual(workshop, connection, company)
    watch(workshop)
    assert (post.taken(), open_codes(workshop)) == ([], [])
    workshop.oauth(company.environment).revoke(tokens)
    workshop.forget_client(company.id)
    wind(workshop, timedelta(hours=2))
    sandbox.config.clock.advance(timedelta(hours=2))
    assert finish(workshop, request(workshop, connection)).error_code == "quickbooks.reauthorise"
    with workshop.database.read() as session:
        assert session.get_one(Company, company.id).state == CompanyState.REAUTHORISE
    wind(workshop, MINUTE)
    for _ in range(3):
        watch(workshop)
        wind(workshop, MINUTE)
    told = post.taken()
    reauthorise = [each for each in told if "[quickbooks.reauthorise]" in each[2]]
    assert sorted({address for address, *_ in told}) == [ADELE, OLIVE]
    assert len(reauthorise) == len(told)
    by_key = {(address, subject) for address, subject, _ in told}
    assert len(by_key) == len(told), "each is told once"
    assert all("What to do: " in text for address, _, text in told if address == OLIVE)
    assert all("À faire : " in text for address, _, text in told if address == ADELE)
    lines = [each.getMessage() for each in caplog.records if each.getMessage().startswith("incident ")]
    assert {json.loads(line.removeprefix("incident "))["code"] for line in lines} == {"quickbooks.reauthorise"}
    for secret in (tokens.access.reveal(), tokens.refresh.reveal(), "raccord-sandbox-secret"):
        assert secret not in caplog.text
        assert not any(secret in text for _, _, text in told)
    consent(workshop, company.realm)
    workshop.forget_client(company.id)
    assert sync(workshop, connection).state == RunState.DONE
    watch(workshop)
    over = post.taken()
    assert len(over) == len(told)
    assert {subject.split(":")[0] for address, subject, _ in over if address == OLIVE} == {"[Raccord] Over"}
    assert all(subject.startswith("[Raccord] Réglé : ") for address, subject, _ in over if address == ADELE)
    assert open_codes(workshop) == []


@pytest.fixture
def timed(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The till as a source that delivers every day, with credentials that end on the 1st of May 2026."""
    info = replace(till.INFO, delivery=lambda _: Delivery(), credentials_end=lambda _: date(2026, 5, 1))
    monkeypatch.setattr(till, "INFO", info)
    workshop.scopes = Scopes(catalog_of(till))


@pytest.mark.requirement("K1", "CH-60", "CH-63")
@pytest.mark.usefixtures("people", "timed")
def test_pain_5_t3_a_source_that_is_silent_past_its_time_is_told_though_nothing_failed(
    workshop: Workshop, connection: Connection, company: Company, post: Post
) -> None:
    choose_usual(workshop, connection, company)
    watch(workshop)
    assert post.taken() == []
    # Set up on Friday the 20th at 11 in Toronto: that day's data is expected by the end of Saturday.
    wind(workshop, 2 * DAY)
    watch(workshop)
    late = post.taken()
    assert sorted(address for address, *_ in late) == [ADELE, OLIVE]
    [text] = [text for address, _, text in late if address == OLIVE]
    assert "The data of 2026-03-20 is late (expected by the end of 2026-03-21)" in text
    assert "What to do: Look at the source" in text
    watch(workshop)
    assert post.taken() == [], "once, not every minute"
    wind(workshop, DAY)
    watch(workshop)
    missing = {address: (subject, text) for address, subject, text in post.taken()}
    assert missing[OLIVE][0].startswith("[Raccord] Worse: ")
    assert missing[ADELE][0].startswith("[Raccord] Plus grave : ")
    assert "Sign in at the source again from the connection's page" in missing[OLIVE][1]
    # A pause is no arrival: nobody is told that all is well.
    with workshop.database.begin() as session:
        session.get_one(Connection, connection.id).state = "reauthorise"
    watch(workshop)
    assert [code for code in open_codes(workshop) if code.startswith("freshness")] == ["freshness.missing"]
    with workshop.database.begin() as session:
        session.get_one(Connection, connection.id).state = "connected"
    watch(workshop)
    post.taken()
    till.ROWS["T1"] = [sale(1, "2026-03-22")]
    sync(workshop, connection)
    watch(workshop)
    assert {subject.split(":")[0].strip() for _, subject, _ in post.taken()} == {"[Raccord] Over", "[Raccord] Réglé"}
    assert open_codes(workshop) == []


@pytest.mark.usefixtures("people", "timed")
def test_the_countdown_of_authorisation_and_credentials_is_told_at_30_14_7_and_1_days(
    workshop: Workshop, connection: Connection, company: Company, post: Post
) -> None:
    assert [step_of(days) for days in (31, 30, 15, 14, 8, 7, 2, 1, 0, -3)] == [0, 1, 1, 2, 2, 3, 3, 4, 4, 4]
    with workshop.database.begin() as session:
        session.get_one(Connection, connection.id).label = "Shop"
    tokens = workshop.stored_tokens(company).load()
    assert tokens is not None
    told: list[tuple[int, str]] = []
    ends = (tokens.refresh_ends.date() - workshop.clock.now().date()).days
    for day in range(ends + 1):
        watch(workshop)
        for address, _, text in post.taken():
            if address == OLIVE and "access" in text:
                told.append((day, "QuickBooks" if "access to QuickBooks" in text else "source"))
        wind(workshop, DAY)
    credentials = (date(2026, 5, 1) - date(2026, 3, 20)).days
    expected = [(credentials - days, "source") for days in (30, 14, 7, 1)]
    expected += [(ends - days, "QuickBooks") for days in (30, 14, 7, 1)]
    assert sorted(told) == sorted(expected)


@pytest.mark.usefixtures("people")
def test_pain_20_t1_at_80_percent_owners_are_told_and_at_95_only_posting_goes_on(
    workshop: Workshop, connection: Connection, company: Company, post: Post, sandbox: SandboxServer
) -> None:
    workshop.settings = workshop.settings.model_copy(update={"quickbooks_reads_per_month": 10_000})
    choose_usual(workshop, connection, company)
    till.ROWS["T1"] = [sale(1)]
    sync(workshop, connection)
    watch(workshop)
    assert (status(workshop).use.state, post.taken()) == (Budget.WELL, [])
    spend(workshop, company, 8_000)
    watch(workshop)
    assert {text.count("[alarm.readings_low]") for *_, text in post.taken()} == {1}
    spend(workshop, company, 1_500)
    watch(workshop)
    assert {text.count("[alarm.readings_tight]") for *_, text in post.taken()} == {1}
    till.ROWS["T1"] = [sale(1), sale(2)]
    sandbox.app.state.log.clear()
    run = sync(workshop, connection)
    assert (run.state, run.progress["put_off"]) == (RunState.DONE, True)
    assert workshop.client(company).count("SalesReceipt") == 2, "postings never starve"
    lab(sandbox, "edit", entity="SalesReceipt", id=receipt(workshop), changes={"TxnDate": "2026-03-18"})
    night = night_of(workshop)
    assert (night.state, night.progress.get("put_off")) == (RunState.DONE, True)
    with workshop.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Proof).where(Proof.equal.is_(False))) == 0
    # Next month there are readings again, and what happened meanwhile is found.
    wind(workshop, 13 * DAY)
    sandbox.config.clock.advance(14 * DAY)
    watch(workshop)
    assert {subject.split(":")[0].strip() for _, subject, _ in post.taken()} == {"[Raccord] Over"}
    assert "put_off" not in night_of(workshop).progress
    with workshop.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Proof).where(Proof.equal.is_(False))) == 2
    watch(workshop)
    assert open_codes(workshop) == ["alarm.proof_unequal"]


def test_what_is_asked_is_counted_by_purpose_and_forecast_from_the_last_days(
    workshop: Workshop, connection: Connection, company: Company, sandbox: SandboxServer
) -> None:
    choose_usual(workshop, connection, company)
    workshop.keep_counts()
    with workshop.database.begin() as session:
        session.execute(delete(ApiUse))
    till.ROWS["T1"] = [sale(number) for number in range(5)]
    sandbox.app.state.log.clear()
    sync(workshop, connection)
    asked = sandbox.app.state.log.latest(company.realm)
    queries = sum(seen.body.count(b'"Query"') if seen.path.endswith("/batch") else 0 for seen in asked)
    alone = sum(seen.method == "GET" or seen.path.endswith("/query") for seen in asked)
    found = status(workshop)
    [shown] = found.companies.rows
    assert sum(shown.reads.values()) == alone + queries == found.use.reads
    assert set(shown.reads) >= {"books", "prove"}
    assert shown.writes == len(asked) - alone - sum(b'"Query"' in seen.body for seen in asked)
    with workshop.database.begin() as session:
        session.execute(delete(ApiUse))
        for day in range(10, 20):
            session.add(ApiUse(company_id=company.id, day=date(2026, 3, day), purpose="books", reads=100, writes=0))
    with workshop.database.read() as session:
        use = use_of_month(session, 5000, workshop.clock.now())
    # Ten days of a hundred so far; today and eleven more at the same rate.
    assert (use.reads, use.forecast, use.state) == (1000, 1000 + 12 * 100, Budget.WELL)


@pytest.mark.usefixtures("people")
def test_a_message_is_kept_until_the_server_takes_it_and_goes_out_once(
    workshop: Workshop, connection: Connection, company: Company, post: Post
) -> None:
    with workshop.database.begin() as session:
        session.get_one(Company, company.id).state = CompanyState.REAUTHORISE
    port = post.port
    workshop.settings = workshop.settings.model_copy(update={"smtp_port": 9})
    watch(workshop)
    assert troubles(workshop) == ["ConnectionRefusedError"] * 2
    workshop.settings = workshop.settings.model_copy(update={"smtp_port": port})
    watch(workshop)
    assert post.taken() == [], "the next try is a minute later"
    post.refuses = True
    wind(workshop, MINUTE)
    watch(workshop)
    assert troubles(workshop) == ["SMTPDataError"] * 2
    post.refuses = False
    wind(workshop, 2 * MINUTE)
    watch(workshop)
    assert len(post.taken()) == 2
    wind(workshop, DAY)
    watch(workshop)
    assert post.taken() == []
    with workshop.database.read() as session:
        assert session.scalar(select(func.count()).where(Notice.sent_at.is_(None))) == 0


@pytest.mark.usefixtures("people")
def test_nothing_is_sent_in_clear_where_encryption_is_asked_for(
    workshop: Workshop, connection: Connection, company: Company, post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    given = {"smtp_security": "starttls", "smtp_user": "raccord", "smtp_password": type(workshop.settings.key)("hush")}
    workshop.settings = workshop.settings.model_copy(update=given)
    with workshop.database.begin() as session:
        session.get_one(Company, company.id).state = CompanyState.REAUTHORISE
    watch(workshop)
    assert (post.taken(), troubles(workshop)) == ([], ["SMTPNotSupportedError"] * 2)
    assert "hush" not in caplog.text


def troubles(workshop: Workshop) -> list[str]:
    with workshop.database.read() as session:
        return list(session.scalars(select(Notice.trouble).where(Notice.sent_at.is_(None))))


def spend(workshop: Workshop, company: Company, reads: int) -> None:
    workshop.keep_counts()
    with workshop.database.begin() as session:
        day = workshop.clock.now().date()
        row = session.get(ApiUse, (company.id, day, "other"))
        if row is None:
            row = ApiUse(company_id=company.id, day=day, purpose="other", reads=0, writes=0)
            session.add(row)
        row.reads += reads


def receipt(workshop: Workshop) -> str:
    with workshop.database.read() as session:
        [company] = session.scalars(select(Company))
    return str(next(workshop.client(company).query_all("SalesReceipt"))["Id"])


def night_of(workshop: Workshop) -> Run:
    """Let the next night come, unless one is due already, and return its run."""
    begun = start_nights(workshop.database, HandOver(), workshop.clock, Tuning())
    if not begun:
        wind(workshop, DAY)
        begun = start_nights(workshop.database, HandOver(), workshop.clock, Tuning())
    [run_id] = begun
    return finish(workshop, run_id)


@pytest.mark.requirement("CH-45")
def test_a_pause_that_lasts_is_told_again_before_it_may_be_resumed_no_more(
    workshop: Workshop, connection: Connection
) -> None:
    with workshop.database.begin() as session:
        held = session.get_one(Connection, connection.id)
        held.state, held.paused_at = ConnectionState.PAUSED, workshop.clock.now()

    def told(days: int) -> tuple[int, bool, str] | None:
        now = workshop.clock.now() + timedelta(days=days)
        own = [each for each in conditions_of(workshop, now).conditions if each.code == "alarm.paused_long"]
        return (own[0].step, own[0].grave, own[0].fix.en) if own else None

    steps = {days: found[:2] if (found := told(days)) else None for days in (6, 7, 29, 30, 180, 334, 335)}
    assert steps == {
        6: None, 7: (1, False), 29: (1, False), 30: (2, False), 180: (3, False), 334: (3, False), 335: (4, True)
    }  # fmt: skip
    last = told(335)
    assert last is not None
    assert "2027" in last[2], last
