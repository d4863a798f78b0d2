"""A company that works with Pleo: its QuickBooks, its twin at Pleo, and the connection between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from fast_clock import FastClock, SandboxOn
from harness import NOW, OWNER, consent, enable, make_workshop, sync
from lent_databases import laid
from sqlalchemy import select

import raccord_pleo
from raccord.clock import FixedClock
from raccord.onboarding.connecting.companies import refresh_company
from raccord.onboarding.connecting.connections import NewConnection, connect
from raccord.onboarding.deciding.decisions import choose
from raccord.onboarding.gates.gates import pass_gate
from raccord.store.models import Company, Connection, Problem
from raccord.sync.workshop import Workshop
from raccord_pleo.mapping import BANK, FUNDING, POCKET
from raccord_pleo.sandbox import Filed, PleoTwin, TwinCompany
from raccord_sandbox.clock import SandboxClock
from raccord_sandbox.config import Limits, SandboxConfig
from raccord_sandbox.serving.server import SandboxServer

DAY = "2026-03-18T14:00:00Z"
SPACE = UUID(int=7)


@dataclass
class House:
    workshop: Workshop
    company: Company
    connection: Connection
    pleo: TwinCompany
    accounts: Mapping[str, str]
    clock: FixedClock
    sandbox: SandboxServer
    twin: PleoTwin

    def file(self, minor: int, **more: Any) -> UUID:
        more.setdefault("category", self.category("Fournitures"))
        return self.pleo.file(Filed(minor=minor, currency="CAD", settled=DAY, **more))

    def category(self, name: str) -> dict[str, str]:
        return {"id": str(uuid5(SPACE, name)), "name": name, "identifier": self.accounts[name]}

    def export(self, *entries: UUID) -> UUID:
        return self.pleo.export(entries)

    def results(self, job: UUID) -> dict[UUID, tuple[str, str]]:
        return {
            entry: (str(each["status"]), str(each.get("failureReasonType") or each.get("externalId") or ""))
            for entry, each in self.pleo.exports[job].results.items()
        }

    def documents(self, kind: str) -> list[dict[str, Any]]:
        return [dict(each) for each in self.workshop.client(self.company).query_all(kind, "TxnDate = '2026-03-18'")]

    def codes(self) -> list[str]:
        with self.workshop.database.read() as session:
            return sorted(session.scalars(select(Problem.code).where(Problem.state == "open")))


def keep_published_limits(workshop: Workshop) -> None:
    """Have a local QuickBooks asked as Intuit's own is."""
    workshop.settings = workshop.settings.model_copy(update={"quickbooks_limits": "published"})


@contextmanager
def working(folder: Path, web_url: str = "", running: FastClock | None = None, **access: str) -> Iterator[House]:
    """Set everything up in a folder: both accounts chosen, first day the first of March; opened by a key, if by nothing
    else. With a clock that runs, QuickBooks enforces the limits that it publishes, and they are kept.
    """
    data = folder / "data"
    data.mkdir(mode=0o700)
    database = laid(data / "app.db")
    clock = FixedClock(NOW)
    pleo = TwinCompany((running or clock).now)
    config = SandboxConfig(clock=SandboxClock(NOW), seeds=("quebec",))
    if running is not None:
        config = replace(config, clock=SandboxOn(running), limits=Limits.documented())
    with SandboxServer(config) as sandbox, PleoTwin(pleo) as twin:
        workshop = make_workshop(database, data, sandbox.url, running or clock, raccord_pleo, web_url=web_url)
        if running is not None:
            keep_published_limits(workshop)
        company = consent(workshop, sandbox.store.of_template("quebec").realm)
        enable(workshop, company, "pleo")
        client = workshop.client(company)
        made = {"Banque Pleo": "Bank", "Pocket": "Bank", "Fournitures": "Expense", "Repas": "Expense"}
        accounts = {
            name: str(client.create("Account", f'{{"Name":"{name}","AccountType":"{type_}"}}', name).value["Id"])
            for name, type_ in made.items()
        }
        refresh_company(workshop, company.id)
        connection = connect(
            workshop,
            OWNER,
            NewConnection(
                company_id=company.id,
                connector="pleo",
                values={"company_id": str(pleo.id), "address": twin.url, **(access or {"api_key": "twin-key"})},
                starts_on=date(2026, 3, 1),
                passed=frozenset({"account_first"}),
            ),
        )
        bank = next(client.query_all("Account", "AccountType = 'Bank'"))["Id"]
        chosen = {BANK: accounts["Banque Pleo"], POCKET: accounts["Pocket"], FUNDING: bank}
        for role, account in chosen.items():
            choose(workshop, OWNER, connection.id, role, account)
        pass_gate(workshop, OWNER, connection.id, "categories")
        yield House(workshop, company, connection, pleo, {**accounts, "bank": bank}, clock, sandbox, twin)
        workshop.close()


@contextmanager
def running_by_itself(folder: Path, running: FastClock | None = None) -> Iterator[House]:
    """Set everything up in a folder, made where it is not there, with a first plan that was approved: whatever is
    exported from here on goes by itself, and the month holds one expense of 1.00.
    """
    folder.mkdir(exist_ok=True)
    with working(folder, running=running) as made:
        made.file(100)
        made.export()
        done = sync(made.workshop, made.connection)
        if done.state != "done":
            raise AssertionError(f"the first export ended as {done.state}")
        yield made
