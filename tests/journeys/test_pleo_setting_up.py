"""Setting Pleo up: the account first, then the connection, its choice and the categories, in that order."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from browsing import BASE, TOKEN, browser_of
from harness import NOW, OWNER, consent, enable, make_workshop, sync
from lent_databases import laid
from pleo_house import House, working
from starlette.testclient import TestClient

import raccord_pleo
from raccord.clock import FixedClock
from raccord.jobs.inline import HandOver
from raccord.onboarding.checking.connection import check_connection
from raccord.onboarding.checking.findings import Finding, Level
from raccord.onboarding.connecting.companies import refresh_company
from raccord.onboarding.connecting.connections import NewConnection, activate, connect
from raccord.onboarding.gates.gates import GateError, pass_gate
from raccord.store.models import Company, Connection
from raccord.sync.workshop import Workshop
from raccord_pleo.sandbox import PleoTwin, TwinCompany
from raccord_sandbox.clock import SandboxClock
from raccord_sandbox.config import SandboxConfig
from raccord_sandbox.serving.server import SandboxServer
from raccord_web.app import create_app


@dataclass
class Beginning:
    """A company in which nobody has done anything for Pleo yet."""

    workshop: Workshop
    company: Company
    twin: PleoTwin

    def connect(self, *passed: str) -> Connection:
        values = {"company_id": str(self.twin.company.id), "api_key": "twin-key", "address": self.twin.url}
        new = NewConnection(
            company_id=self.company.id, connector="pleo", values=values, starts_on=date(2026, 3, 1), draft=True,
            passed=frozenset(passed),
        )  # fmt: skip
        return connect(self.workshop, OWNER, new)

    def browser(self) -> TestClient:
        return browser_of(create_app(self.workshop, HandOver(), OWNER))

    def accounts(self, name: str) -> list[dict[str, Any]]:
        found = self.workshop.client(self.company).query_all("Account", f"Name = '{name}'")
        return [dict(each) for each in found]


@contextmanager
def beginning(folder: Path, template: str) -> Iterator[Beginning]:
    data = folder / template
    data.mkdir(mode=0o700)
    database = laid(data / "app.db")
    clock = FixedClock(NOW)
    with (
        SandboxServer(SandboxConfig(clock=SandboxClock(NOW), seeds=(template,))) as sandbox,
        PleoTwin(TwinCompany(clock.now)) as twin,
    ):
        workshop = make_workshop(database, data, sandbox.url, clock, raccord_pleo, web_url=BASE)
        company = consent(workshop, sandbox.store.of_template(template).realm)
        enable(workshop, company, "pleo")
        refresh_company(workshop, company.id)
        try:
            yield Beginning(workshop, company, twin)
        finally:
            workshop.close()


def closed(deed: Any) -> str:
    with pytest.raises(GateError) as caught:
        deed()
    assert caught.value.code == "gate.closed"
    return caught.value.text.en


@pytest.mark.requirement("PO-01", "PO-02", "PO-03", "PO-04", "PO-16")
@pytest.mark.parametrize("template", ["quebec", "france"])
def test_the_steps_open_in_order_and_the_account_is_added_on_the_way(tmp_path: Path, template: str) -> None:
    with beginning(tmp_path, template) as begun:
        workshop = begun.workshop
        assert "A bank account for Pleo alone." in closed(lambda: begun.connect())
        connection = begun.connect("account_first")
        place = f"/connections/{connection.id}/setup/accounts"
        assert "Pleo's account is chosen." in closed(lambda: activate(workshop, OWNER, connection.id))
        with pytest.raises(GateError, match="First: Pleo's account is chosen"):
            pass_gate(workshop, OWNER, connection.id, "categories")
        browser = begun.browser()
        page = browser.get(place).text
        assert 'value="Banque Pleo"' in page
        assert 'value="512 Banques"' in page
        assert ("journal_pleo_bank" in page) == (template == "france"), "asked only where the company has them"
        token = TOKEN.search(page)
        assert token is not None
        said = {"form_token": token[1], "new_pleo_bank": "Banque Pleo", "number_pleo_bank": "512 Banques",
                "kind_pleo_bank": "checking"}  # fmt: skip
        # What stands there beforehand is added by its own button alone.
        browser.post(place, data=said)
        assert begun.accounts("Banque Pleo") == []
        code = ""
        if template == "france":
            codes = workshop.client(begun.company).query("SELECT * FROM JournalCode")
            code = next(str(each["Id"]) for each in codes if each["Type"] == "Bank")
            said["journal_pleo_bank"] = code
        assert browser.post(place, data={**said, "add": "pleo_bank"}).status_code == 303
        [made] = begun.accounts("Banque Pleo")
        assert (made["AcctNum"], made["AccountType"]) == ("512 Banques", "Bank")
        assert made.get("JournalCodeRef", {}).get("value", "") == code
        refused = browser.post(
            place, data={**said, "new_pocket": "Pleo Pocket", "kind_pocket": "checking", "add": "pocket",
                         "number_pocket": "512 Banques"})  # fmt: skip
        assert "is taken" in refused.text
        assert "Pleo's categories are aligned." in closed(lambda: activate(workshop, OWNER, connection.id))
        pass_gate(workshop, OWNER, connection.id, "categories")
        activate(workshop, OWNER, connection.id)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with working(tmp_path) as made:
        yield made


def findings(house: House, code: str) -> list[Finding]:
    with house.workshop.database.read() as session:
        connection = session.get_one(Connection, house.connection.id)
    return [each for each in check_connection(house.workshop, connection) if each.code == code]


@pytest.mark.requirement("PO-05", "PO-06", "PO-14")
def test_the_checklist_shows_how_many_categories_are_mapped_and_names_stay(house: House) -> None:
    sync(house.workshop, house.connection)
    of = len([each for each in house.pleo.lists["accounts"] if not each["archived"]])
    [none] = findings(house, "doctor.source_task")
    assert (none.level, f"0 de {of}" in none.text.fr, f"0 of {of}" in none.text.en) == (Level.WARNING, True, True)
    supplies = house.accounts["Fournitures"]
    house.pleo.categories = {str(each["externalId"]): f"Pour vous : {each['name']}"
                             for each in house.pleo.lists["accounts"]}  # fmt: skip
    assert [each.level for each in findings(house, "doctor.source_task")] == [Level.OK]
    house.pleo.categories.pop(house.accounts["Repas"])
    [some] = findings(house, "doctor.source_task")
    assert f"{of - 1} of {of}" in some.text.en
    # A new name in QuickBooks is told, and the friendly one stays.
    client = house.workshop.client(house.company)
    token = next(client.query_all("Account", f"Id = '{supplies}'"))["SyncToken"]
    body = {"Id": supplies, "SyncToken": token, "sparse": True, "Name": "Papeterie"}
    client.update("Account", json.dumps(body), "rename")
    sync(house.workshop, house.connection)
    assert "Papeterie" in {each["name"] for each in house.pleo.lists["accounts"]}
    assert house.pleo.categories[supplies] == "Pour vous : Fournitures"


@pytest.mark.requirement("PO-01", "PO-12")
def test_an_account_that_serves_others_too_is_warned_of(house: House) -> None:
    house.file(1000)
    house.export()
    sync(house.workshop, house.connection)
    assert {each.level for each in findings(house, "doctor.account_alone")} == {Level.OK}
    client = house.workshop.client(house.company)
    source, target = ({"value": house.accounts[name]} for name in ("bank", "Banque Pleo"))
    move = {"FromAccountRef": source, "ToAccountRef": target, "Amount": 5, "TxnDate": "2026-03-10"}
    client.create("Transfer", json.dumps(move), "theirs")
    [shared] = findings(house, "doctor.account_shared")
    assert shared.level == Level.WARNING
    assert "« Banque Pleo » porte 1 écriture" in shared.text.fr
    assert "“Banque Pleo” has 1 transaction" in shared.text.en
