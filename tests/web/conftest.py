"""The pages in front of the till's company, without a network: requests go straight to the application."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import till
from anyio.from_thread import start_blocking_portal
from browsing import TOKEN, browser_of
from chromium import chromium
from fastapi import FastAPI
from harness import OWNER, choose_usual, lab, sync
from moments import Moments
from review_lines import accounts
from sqlalchemy import select
from starlette.testclient import TestClient
from till_company import again, company, connection, sandbox, till_moments, till_sandbox
from till_company import workshop as till_workshop

from raccord.jobs.inline import HandOver
from raccord.store.canonical import canonical
from raccord.store.database import Database
from raccord.store.models import (
    BankRule,
    Certificate,
    Company,
    Connection,
    Drift,
    Hold,
    LinkRow,
    Plan,
    Problem,
    Run,
    SourceRecord,
)
from raccord.sync.workshop import Workshop
from raccord_sandbox.serving.server import SandboxServer
from raccord_web.app import create_app
from raccord_web.front.signing import Signer
from raccord_web.front.visitors import OBJECTS

__all__ = ["accounts", "chromium", "company", "connection", "sandbox", "till_moments", "till_sandbox", "till_workshop"]


@pytest.fixture(scope="session", autouse=True)
def loop() -> Iterator[None]:
    """One event loop for all requests that go straight to the application: to begin one for each takes 5 ms."""
    with pytest.MonkeyPatch.context() as patch, start_blocking_portal() as portal:
        patch.setattr(TestClient, "portal", portal)
        yield


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    """A SQLite database: the questions behind the pages are tried on both kinds elsewhere."""
    return sqlite_database


@pytest.fixture
def workshop(till_workshop: Workshop, till_moments: Moments) -> Workshop:
    """The till's workshop with the key of the pages' forms, so that all worlds begin the same, pages open or not."""

    # What the last test had the till say would make this another world.
    for kept in (till.ROWS, till.SHELF, till.TOLD, till.TROUBLE):
        kept.clear()

    def live() -> None:
        Signer.of(till_workshop.vault)

    again(till_moments, till_workshop, "signer", live)
    return till_workshop


@pytest.fixture
def app(workshop: Workshop) -> FastAPI:
    return create_app(workshop, HandOver(), OWNER)


@pytest.fixture
def browser(app: FastAPI) -> TestClient:
    """A browser of its own that follows no redirect and speaks English."""
    return browser_of(app)


@pytest.fixture
def send(browser: TestClient) -> Callable[..., object]:
    """Sends a form as a person does: reads its token from a page, then posts."""

    def post(page: str, action: str, **fields: str) -> object:
        found = TOKEN.search(browser.get(page).text)
        assert found, f"{page} has no form"
        return browser.post(action, data={"form_token": found[1], **fields})

    return post


@pytest.fixture
def rows(connection: Connection) -> list[dict[str, str]]:
    """What the till says: two sales and a refund, a bank line that waits, a row that failed, one with a script."""
    till.ROWS["T1"] = [
        {"stream": "sales", "id": "s1", "day": "2026-03-02", "amount": "1114.98"},
        {"stream": "sales", "id": "s2", "day": "2026-03-03", "amount": "0.03"},
        {"stream": "refunds", "id": "r1", "day": "2026-03-03", "amount": "-20.00"},
        {"stream": "bank", "id": "b1", "day": "2026-03-04", "amount": "-12.30", "memo": "<script>alert(1)</script>"},
        {"stream": "sales", "id": "s3", "day": "2026-03-04", "amount": "5.00", "kind": "wrong"},
    ]
    return till.ROWS["T1"]


@pytest.fixture
def synced(
    workshop: Workshop, connection: Connection, company: Company, rows: list[dict[str, str]], till_moments: Moments
) -> Connection:
    """The connection after its first run, plan approved."""

    def live() -> Connection:
        choose_usual(workshop, connection, company)
        sync(workshop, connection)
        return connection

    return again(till_moments, workshop, "synced", live)


def certificate_body(connection: Connection) -> str:
    """Return the text of a month's certificate, with a day that agrees and something that is open."""
    sums = {"source": "10.00", "left_out": "0.00", "posted": "10.00", "quickbooks": "10.00"}
    row = {"day": "2026-03-02", "stream": "sales", "currency": "CAD", "moved": "0.00", "equal": True, **sums}
    part = {
        "id": connection.id, "label": connection.label, "connector": "till", "plugin_version": "1.0.0",
        "documents": {"SalesReceipt": 1}, "proofs": [row], "totals": {"CAD": sums},
        "exceptions": [{"code": "waits", "key": "bank/b1", "state": "held"}, {"code": "unproven", "day": "2026-03-04"}],
    }  # fmt: skip
    return canonical({"company": {"name": "X", "home_currency": "CAD"}, "connections": [part]})


@pytest.fixture
def theirs(workshop: Workshop, synced: Connection, sandbox: SandboxServer, till_moments: Moments) -> dict[str, str]:
    """An object of each kind, all of the till's company."""
    till.ROWS["T1"].append({"stream": "sales", "id": "s9", "day": "2026-03-05", "amount": "7.00"})
    return again(till_moments, workshop, "theirs", lambda: an_object_of_each(workshop, synced, sandbox))


def an_object_of_each(workshop: Workshop, synced: Connection, sandbox: SandboxServer) -> dict[str, str]:
    with workshop.database.read() as session:
        sale = session.scalars(select(LinkRow).where(LinkRow.kind == "SalesReceipt").order_by(LinkRow.id)).first()
    assert sale is not None
    lab(sandbox, "delete", entity=sale.kind, id=sale.document_id)
    sync(workshop, synced)
    with workshop.database.begin() as session:
        outcome = {"kind": "exclude", "why": "x"}
        session.add(
            BankRule(
                company_id=synced.company_id, place=1, name="Rule", mode="propose", changed_by="x",
                changed_at=workshop.clock.now(),
                body={"conditions": [{"on": "text", "test": "contains", "value": "x"}], "outcome": outcome},
            )
        )  # fmt: skip
        session.add(
            Certificate(
                company_id=synced.company_id, month=sale.day, version=1, made_at=workshop.clock.now(), made_by="x",
                clean=False, body=certificate_body(synced), hash="0",
            )
        )  # fmt: skip
    models: dict[str, Any] = {
        "company_id": Company, "connection_id": Connection, "certificate_id": Certificate, "run_id": Run,
        "plan_id": Plan, "hold_id": Hold, "problem_id": Problem, "drift_id": Drift, "record_id": SourceRecord,
        "link_id": LinkRow, "rule_id": BankRule,
    }  # fmt: skip
    assert set(models) == set(OBJECTS)
    with workshop.database.read() as session:
        return {name: str(session.scalars(select(model.id).limit(1)).one()) for name, model in models.items()}
