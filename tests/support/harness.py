"""Everything a test needs to run the real pipeline against the sandbox, without an engine or a browser."""

from __future__ import annotations

import atexit
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import httpx
from pydantic import SecretStr

from raccord.admission import examine_hooks
from raccord.catalog import Admitted, Catalog, Extension
from raccord.clock import Clock
from raccord.enablement import Switchboard
from raccord.jobs.inline import HandOver
from raccord.jobs.requests import request_run
from raccord.onboarding.access.people import Actor, RoleName
from raccord.onboarding.connecting.companies import begin_authorisation, finish_authorisation
from raccord.onboarding.deciding.decisions import approve_plan, choose
from raccord.scope import Scopes
from raccord.settings import Settings
from raccord.store import events
from raccord.store.database import Database
from raccord.store.keyring import Keyring
from raccord.store.models import Company, Connection, Plan, Run, RunState
from raccord.store.vault import Vault
from raccord.sync.run import Pipeline, Progress
from raccord.sync.workshop import Workshop

if TYPE_CHECKING:
    # Programs that tests start have no sandbox of their own, and importing it takes half a second.
    from raccord_sandbox.serving.server import SandboxServer

NOW = datetime(2026, 3, 20, 15, 0, tzinfo=UTC)
OWNER = Actor("Odile", RoleName.OWNER)

BROWSER = httpx.Client(verify=False)  # noqa: S501 - plain HTTP alone, and reading certificates takes longer than asking
atexit.register(BROWSER.close)


def catalog_of(*modules: ModuleType, extensions: Mapping[str, ModuleType] | None = None) -> Catalog:
    """Return a catalog that admits modules, and ``extensions`` by their names, as if they were installed."""
    admitted = {}
    for module in modules:
        info = module.describe()
        admitted[info.name] = Admitted(
            info.name, f"raccord-{info.name}", info.version, examine_hooks(info.name, module), info
        )
    rules = {
        name: Extension(name, f"raccord-{name}", "2.1", examine_hooks(name, module))
        for name, module in sorted((extensions or {}).items())
    }
    return Catalog(admitted, rules, ())


def make_workshop(
    database: Database, data_dir: Path, sandbox_url: str, clock: Clock, *modules: ModuleType, web_url: str = ""
) -> Workshop:
    """Return a workshop whose connectors are ``modules`` and whose QuickBooks is the sandbox at ``sandbox_url``."""
    settings = Settings(
        data_dir=data_dir,
        database_url=SecretStr(database.url.render_as_string(hide_password=False)),
        quickbooks_environment=sandbox_url,
        quickbooks_client_id="raccord-sandbox",
        quickbooks_client_secret=SecretStr("raccord-sandbox-secret"),
        web_url=web_url,
        private_hosts="127.0.0.1",
    )
    vault = Vault(database, Keyring.open(settings.key_file), clock)
    return Workshop(settings, database, Scopes(catalog_of(*modules)), vault, clock)


def consent(workshop: Workshop, realm: str, password: str = "") -> Company:
    """Connect a sandbox company the way a person would, without the browser."""
    environment = workshop.settings.quickbooks_environment
    url, state = begin_authorisation(workshop, OWNER, environment)
    answer = BROWSER.get(f"{url}&auto=1&realm={realm}&password={password}")
    return finish_authorisation(workshop, OWNER, environment, answer.headers["location"], state)


def enable(workshop: Workshop, company: Company, *connectors: str) -> None:
    """Allow connectors for the installation and enable them for the company."""
    with workshop.database.begin() as session:
        board = Switchboard(session, events.append, actor=OWNER.name, now=workshop.clock.now())
        for connector in connectors:
            board.allow(connector)
            board.enable(connector, company.id)


def choose_usual(workshop: Workshop, connection: Connection, company: Company, bank: str = "bank") -> None:
    """Choose the first bank account and Quebec's two taxes, as the set-up page would ask for."""
    client = workshop.client(company)
    choose(
        workshop, OWNER, connection.id, bank, client.query("SELECT * FROM Account WHERE AccountType = 'Bank'")[0]["Id"]
    )
    code = next(row for row in client.query("SELECT * FROM TaxCode") if "TVQ" in row["Name"])
    choose(workshop, OWNER, connection.id, "tax", code["Id"])


def request(workshop: Workshop, connection: Connection, stop_after: str = "") -> str:
    """Queue a run, as a person pressing a button does."""
    return request_run(
        workshop.database,
        HandOver(),
        connection.id,
        trigger="person",
        by=OWNER.name,
        clock=workshop.clock,
        stop_after=stop_after,
    )


def finish(workshop: Workshop, run_id: str) -> Run:
    """Advance a run until it ends or waits."""
    pipeline = Pipeline(workshop)
    while pipeline.advance(run_id) is Progress.MORE:
        pass
    with workshop.database.read() as session:
        return session.get_one(Run, run_id)


def sync(workshop: Workshop, connection: Connection) -> Run:
    """Run a connection to its end, approving whatever plan waits."""
    run = finish(workshop, request(workshop, connection))
    if run.state == RunState.APPROVAL:
        with workshop.database.read() as session:
            plan = session.get_one(Plan, run.plan_id)
        approve_plan(workshop, OWNER, plan.id, plan.hash)
        run = finish(workshop, run.id)
    return run


def lab(sandbox: SandboxServer, deed: str, realm: str = "", **body: object) -> dict[str, Any]:
    """Do something with a company (the first of Quebec unless named), as a person in QuickBooks would; returns what
    came of it.
    """
    answer = BROWSER.post(
        f"{sandbox.url}/sandbox/companies/{realm or sandbox.store.of_template('quebec').realm}/person/{deed}",
        json=body,
        headers={"Authorization": f"Bearer {sandbox.lab_token}"},
    )
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found
