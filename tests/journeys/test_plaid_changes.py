"""A bank over Plaid, through the whole pipeline: what it changes or takes back, and what the books hold then."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from harness import NOW, OWNER, consent, enable, make_workshop, sync
from sqlalchemy import select

import raccord_bankfeed
from raccord.clock import FixedClock
from raccord.onboarding.connecting.connections import NewConnection, connect
from raccord.onboarding.connecting.disconnecting import disconnect
from raccord.onboarding.connecting.leaving import AGAIN_AFTER, LATER, NOT_CLOSED, close_sources, still_held
from raccord.onboarding.connecting.signing_in import sign_in
from raccord.onboarding.deciding.decisions import answer_hold, choose
from raccord.store.database import Database
from raccord.store.models import Company, Connection, ConnectionState, Hold, Problem, RunState, Secret
from raccord.sync.workshop import Workshop
from raccord_bankfeed.providers.chosen import read_choices
from raccord_bankfeed.twins.http import TwinServer
from raccord_bankfeed.twins.plaid import CLIENT_ID, SECRET, PlaidTwin, account, gone, line
from raccord_sandbox.clock import SandboxClock
from raccord_sandbox.config import SandboxConfig
from raccord_sandbox.serving.server import SandboxServer

DAY = date(2026, 3, 4)
CATEGORY = "resolve.decision_missing"


@pytest.fixture
def plaid() -> PlaidTwin:
    changes = [
        ("added", line("KEPT", DAY, "4.50")), ("added", line("GONE", DAY, "8.00", "PHARMACY")),
        ("added", line("PEND", DAY, "20.00", "RESTO", pending=True)),
    ]  # fmt: skip
    return PlaidTwin([account("ACC-1", "Chequing")], changes=changes)


@pytest.fixture
def connected(database: Database, tmp_path: Path, plaid: PlaidTwin) -> Iterator[tuple[Workshop, Company, Connection]]:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    config = SandboxConfig(clock=SandboxClock(NOW), seeds=("quebec",))
    with SandboxServer(config) as sandbox, TwinServer(plaid) as server:
        workshop = make_workshop(database, data, sandbox.url, FixedClock(NOW), raccord_bankfeed)
        company = consent(workshop, sandbox.store.of_template("quebec").realm)
        enable(workshop, company, "bankfeed")
        values = {
            "input_kind": "plaid", "plaid_server": server.url, "plaid_client_id": CLIENT_ID, "plaid_secret": SECRET,
        }  # fmt: skip
        new = NewConnection(
            company_id=company.id, connector="bankfeed", values=values, label="Bank", starts_on=date(2026, 1, 1)
        )
        made = connect(workshop, OWNER, new)
        sign_in(workshop, OWNER, made.id, {})
        assert plaid.type_at_the_bank("4711")
        sign_in(workshop, OWNER, made.id, {"answered": "yes"})
        assert sign_in(workshop, OWNER, made.id, {"take:ACC-1": "on"}).done
        yield workshop, company, made
        workshop.close()


@pytest.mark.requirement("BF-02", "BF-20")
def test_what_the_bank_takes_back_stays_in_the_books_until_a_person_says(
    plaid: PlaidTwin, connected: tuple[Workshop, Company, Connection]
) -> None:
    workshop, company, connection = connected
    client = workshop.client(company)
    ledger = client.query("SELECT * FROM Account WHERE AccountType = 'Bank'")[0]["Id"]
    category = client.query("SELECT * FROM Account WHERE AccountType = 'Expense'")[0]["Id"]
    with workshop.database.read() as session:
        chosen = str(session.get_one(Connection, connection.id).settings["chosen"])
    choose(workshop, OWNER, connection.id, "ledger_account", ledger, of=read_choices(chosen)[0].key)

    def run() -> list[str]:
        """Synchronise, answer what waits for a category, synchronise; return the books' expenses of the day."""
        for _ in range(2):
            assert sync(workshop, connection).state == RunState.DONE
            with workshop.database.read() as session:
                holds = session.scalars(select(Hold).where(Hold.closed_at.is_(None))).all()
            for hold in holds:
                if hold.code == CATEGORY:
                    answer_hold(workshop, OWNER, hold.id, category)
        rows = client.query(f"SELECT * FROM Purchase WHERE TxnDate = '{DAY.isoformat()}'")  # noqa: S608
        return sorted(f"{row['TotalAmt']:.2f}" for row in rows)

    before = run()
    assert before.count("4.50") == before.count("8.00") == 1
    assert "20.00" not in before
    # The restaurant is booked with its tip, the coffee costs more than was said, the pharmacy is taken back.
    plaid.changes += [
        ("removed", gone("PEND")), ("added", line("DONE", DAY, "24.00", "RESTO", pending_transaction_id="PEND")),
        ("modified", line("KEPT", DAY, "4.75")), ("removed", gone("GONE")),
    ]  # fmt: skip
    after = run()
    assert after.count("24.00") == after.count("4.75") == 1
    assert "4.50" not in after
    assert after.count("8.00") == 1, "nothing is deleted by itself"
    with workshop.database.read() as session:
        told = session.scalars(select(Problem).where(Problem.closed_at.is_(None))).all()
    assert [each.code for each in told] == ["mapping.draft_vanished"]
    assert "GONE" in told[0].subject
    assert run() == after


def left(workshop: Workshop, connection: Connection) -> tuple[list[str], int]:
    """Return the open problems of a connection, and how many of its secrets are kept."""
    with workshop.database.read() as session:
        problems = select(Problem.code).where(Problem.connection_id == connection.id, Problem.closed_at.is_(None))
        secrets = select(Secret.handle).where(Secret.handle.like(f"connection:{connection.id}:%"))
        return list(session.scalars(problems)), len(session.scalars(secrets).all())


@pytest.mark.requirement("CH-37", "K20")
def test_the_access_to_the_bank_is_given_back_when_the_connection_ends_and_asked_again_where_plaid_is_away(
    plaid: PlaidTwin, connected: tuple[Workshop, Company, Connection]
) -> None:
    workshop, _, connection = connected
    clock = workshop.clock
    assert isinstance(clock, FixedClock)
    access, plaid.away = plaid.access, 500
    assert disconnect(workshop, OWNER, connection.id, without_export=True).state == ConnectionState.DISCONNECTED, (
        "nothing holds it up"
    )
    assert (plaid.removed, left(workshop, connection)) == ([], ([LATER], 1))
    said = still_held(workshop, connection.id)
    assert said is not None
    assert said.fr.startswith("La source n'a pas encore rendu son accès")
    assert close_sources(workshop) == [], "not before its time"
    clock.advance(AGAIN_AFTER[0])
    assert close_sources(workshop) == [connection.id]
    plaid.away = 0
    clock.advance(AGAIN_AFTER[1] - timedelta(seconds=1))
    assert close_sources(workshop) == []
    clock.advance(timedelta(seconds=1))
    close_sources(workshop)
    assert (plaid.removed, left(workshop, connection)) == ([access], ([], 0)), "given back, and its keys erased"
    clock.advance(timedelta(9))
    assert close_sources(workshop) == []


def test_an_access_that_is_never_given_back_is_said_and_its_keys_are_erased_all_the_same(
    plaid: PlaidTwin, connected: tuple[Workshop, Company, Connection]
) -> None:
    workshop, _, connection = connected
    clock = workshop.clock
    assert isinstance(clock, FixedClock)
    plaid.away = 400
    disconnect(workshop, OWNER, connection.id, without_export=True)
    for after in AGAIN_AFTER:
        assert left(workshop, connection) == ([LATER], 1)
        clock.advance(after)
        close_sources(workshop)
    assert (plaid.removed, left(workshop, connection)) == ([], ([NOT_CLOSED], 0))
    clock.advance(timedelta(30))
    assert close_sources(workshop) == []
    assert len([each for each in plaid.log if each.path == "/item/remove"]) == 1 + len(AGAIN_AFTER)
