"""The wizard shows gates where they stand, keeps their order, and sends nobody past one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
import till
from gated import gated_info
from harness import NOW, OWNER, consent, enable, make_workshop
from httpx2 import Response
from sqlalchemy import select
from starlette.testclient import TestClient

from raccord.clock import FixedClock
from raccord.store.database import Database
from raccord.store.models import Company, Connection
from raccord.sync.workshop import Workshop
from raccord_sandbox.serving.server import SandboxServer


@pytest.fixture
def workshop(
    database: Database, data_dir: Path, sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Workshop]:
    monkeypatch.setattr(till, "INFO", gated_info())
    made = make_workshop(database, data_dir, sandbox.url, FixedClock(NOW), till)
    yield made
    made.close()


@pytest.fixture
def company(workshop: Workshop, sandbox: SandboxServer) -> Company:
    found = consent(workshop, sandbox.store.of_template("quebec").realm)
    enable(workshop, found, "till")
    return found


@pytest.mark.requirement("PL-02", "PL-07", "PL-17", "TD-28", "PO-16")
def test_gates_lead_from_step_to_step(
    workshop: Workshop, company: Company, browser: TestClient, send: Callable[..., Response]
) -> None:
    # Nothing opens before the way of starting is said, nor a company before what must come first.
    for step in ("ready", "company", f"source?company={company.id}"):
        assert browser.get(f"/connect/till/{step}").headers["location"].startswith("/connect/till")
        assert "mode=" not in browser.get(f"/connect/till/{step}").headers["location"]
    start = "/connect/till/ready?mode=first_time"
    assert browser.get("/connect/till/company?mode=first_time").headers["location"] == start
    page = browser.get(start).text
    assert all(each in page for each in ("Gate tax_groups.", "Else nothing agrees.", 'name="s_till"', 'name="first"'))
    assert "Gate pos_account." not in page
    assert "2 points are left" in browser.get(f"{start}&go=1").text
    assert "One point is left" in browser.get(f"{start}&go=1&gate_tax_groups=on&first=2026-03-01").text
    said = "gate_tax_groups=on&first=2026-03-01&s_till=T1"
    onwards = browser.get(f"{start}&go=1&{said}").headers["location"]
    assert onwards == "/connect/till/company?mode=first_time&first=2026-03-01&gate_tax_groups=on&s_till=T1"
    assert 'name="gate_tax_groups" value="on"' in browser.get(onwards).text

    # The service refuses what the page would not have sent; what was said goes along in the form.
    source = onwards.replace("/company?", f"/source?company={company.id}&")
    offered = browser.get(source).text
    assert re.search(r'name="s_till"[^>]* value="T1"', offered)
    assert "you agree that the records of Till are shared with your QuickBooks company" in offered
    form = {"mode": "first_time", "company": company.id, "s_till": "T1"}
    refused = send(source, "/connect/till/source", **form)
    assert (refused.status_code, "Not yet: Gate tax_groups." in refused.text) == (422, True)
    made = send(source, "/connect/till/source", **form, gate_tax_groups="on", first="2026-03-01")
    own = str(made.headers["location"]).rpartition("/setup/")[0]
    with workshop.database.read() as session:
        assert session.scalars(select(Connection)).one().starts_on.isoformat() == "2026-03-01"

    # Later gates are told where they stand, and passed one after the other.
    accounts = browser.get(f"{own}/setup/accounts").text
    assert "Gate pos_account." in accounts
    assert "Gate all_matched." not in accounts
    assert send(f"{own}/setup/accounts", f"{own}/setup/accounts", role_item="").status_code == 409
    assert send(own, f"{own}/gates", gate="looked_through", passed="on").status_code == 409
    passed = send(own, f"{own}/gates", gate="pos_account", passed="on", step="accounts")
    assert passed.headers["location"] == f"{own}/setup/accounts"
    accounts = browser.get(f"{own}/setup/accounts").text
    assert "Gate pos_account." not in accounts
    noted = browser.get("/audit?action=connection", headers={"accept-language": "fr"}).text
    assert ("Préalable pos_account." in noted, "Gate pos_account." in noted) == (True, False), "in the reader's words"
    lists = browser.get(f"{own}/lists").text
    assert "Gate all_matched." in lists
    assert not re.search(r'action="[^"]*/lists"', lists)
    chosen = {
        f"role_{role}": found[1]
        for role in ("bank", "item", "tax")
        if (found := re.search(rf'id="role_{role}".*?<option value="(\d+)"', accounts, re.DOTALL))
    }
    assert send(f"{own}/setup/accounts", f"{own}/setup/accounts", **chosen).headers["location"] == f"{own}/setup/scope"
    assert "Books closed up to" not in browser.get(f"{own}/setup/scope").text
    with workshop.database.begin() as session:
        session.get_one(Company, company.id).books_closed_on = date(2026, 3, 15)
    scope = browser.get(f"{own}/setup/scope").text.replace("\u00a0", " ")
    assert "Books closed up to 15 Mar 2026" in scope, "before the checks say so"
    with workshop.database.begin() as session:
        session.get_one(Company, company.id).books_closed_on = None
    assert "Gate all_matched." not in browser.get(f"{own}/lists").text
    checks = browser.get(f"{own}/setup/checks").text
    assert f"Said by {OWNER.name}." in checks
    assert "Seen: it is done." in checks
    assert send(f"{own}/setup/checks", f"{own}/setup/checks").status_code == 409
    send(own, f"{own}/gates", gate="looked_through", passed="on", step="checks")
    assert send(f"{own}/setup/checks", f"{own}/setup/checks").headers["location"] == f"{own}/setup/lists"

    # The first answer can still be another one.
    assert 'value="first_time" checked' in browser.get(f"{own}/setup/mode").text
    assert send(f"{own}/setup/mode", f"{own}/setup/mode", mode="already_running").status_code == 303
    assert 'value="already_running" checked' in browser.get(f"{own}/setup/mode").text
