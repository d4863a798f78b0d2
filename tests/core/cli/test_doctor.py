"""What the doctor finds, each with its code, and what it leaves alone."""

from __future__ import annotations

import copy
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import till
from harness import BROWSER, catalog_of, lab
from set_up import TORONTO
from sqlalchemy import delete, select

from raccord.catalog import Catalog
from raccord.cli.terminal.exits import Exit
from raccord.onboarding.sources.feeds import EXCLUDE, MATCH, fed_accounts
from raccord.plugin import ConnectorInfo, Contact, Delivery, Text
from raccord.plugin.drafts import Customer
from raccord.store.database import Database
from raccord.store.models import (
    Choice,
    Connection,
    ConnectionState,
    DraftRow,
    LinkRow,
    RecordState,
    Schedule,
    SourceRecord,
)
from raccord.sync.bodies import dump_draft
from raccord_sandbox.serving.server import SandboxServer

Told = Callable[..., tuple[int, Any]]


def found(answer: dict[str, Any], *levels: str) -> dict[str, dict[str, Any]]:
    return {each["code"]: each for each in answer["findings"] if each["level"] in (levels or ("warning", "failed"))}


@pytest.fixture
def scheduled(database: Database, chosen: str) -> str:
    """The connected till with its next run tomorrow, as after a worker's first look."""
    with database.begin() as session:
        session.get_one(Schedule, chosen).next_at = datetime.now(UTC) + timedelta(days=1)
    return chosen


def test_a_sound_installation_passes_and_only_what_is_worth_knowing_is_said(told: Told, scheduled: str) -> None:
    status, answer = told("doctor")
    assert status == Exit.OK, answer
    assert set(found(answer)) == {"doctor.workers_none"}
    assert set(found(answer, "ok")) >= {
        "doctor.data_dir", "doctor.disk", "doctor.schema", "doctor.key", "doctor.audit", "doctor.plugins",
        "doctor.quickbooks", "doctor.closing", "doctor.numbers", "doctor.credits", "doctor.currency", "doctor.taxes",
        "doctor.clearing", "doctor.choices", "doctor.schedule",
    }  # fmt: skip
    for each in answer["findings"]:
        assert all(each[part][language].strip() for part in ("text", "fix") for language in ("fr", "en"))


def test_the_house_is_examined_without_any_company(told: Told, shop: Path) -> None:
    shop.chmod(0o755)
    (shop / "vault.key").write_text("not a key")
    (shop / "vault.key").chmod(0o644)
    with sqlite3.connect(shop / "app.db") as connection:
        connection.execute("INSERT INTO secret VALUES ('company:1:tokens', x'00', '2026-03-01T00:00:00.000000+00:00')")
    connection.close()
    status, answer = told("doctor")
    assert (status, set(found(answer))) == (Exit.FAILED, {"doctor.data_dir_open", "vault.key_file_open"})
    (shop / "vault.key").chmod(0o600)
    assert "vault.key_unreadable" in found(told("doctor")[1])
    (shop / "vault.key").unlink()
    assert "doctor.key_missing" in found(told("doctor")[1])
    assert not (shop / "vault.key").exists(), "a new key would open none of the secrets"


def test_an_old_schema_and_a_broken_audit_chain_are_found(told: Told, chosen: str, shop: Path) -> None:
    with sqlite3.connect(shop / "app.db") as connection:
        connection.execute("UPDATE event SET actor = 'nobody' WHERE seq = 1")
    connection.close()
    assert found(told("doctor", "--offline")[1], "failed").keys() == {"audit.chain_broken"}
    with sqlite3.connect(shop / "app.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
    connection.close()
    status, answer = told("doctor")
    assert (status, set(found(answer, "failed"))) == (Exit.FAILED, {"store.schema_old"})


@pytest.mark.requirement("CH-56")
def test_an_inactive_object_that_was_chosen_is_named(
    told: Told, scheduled: str, sandbox: SandboxServer, realm: str
) -> None:
    _, roles = told("connect", "roles", "Shop")
    bank = next(role["choices"][0] for role in roles["roles"] if role["role"] == "bank")
    row_of(sandbox, realm, "Account", bank["ledger"])["Active"] = False
    status, answer = told("doctor")
    finding = found(answer, "failed")["posting.inactive_reference"]
    assert status == Exit.FAILED
    assert bank["name"] in finding["text"]["fr"]
    assert "bank" in finding["fix"]["en"]
    assert finding["subject"] == "Shop"


def test_what_nobody_chose_is_named_the_tax_of_a_taxed_company_too(told: Told, connected: str) -> None:
    _, answer = told("doctor")
    missing = [each for each in answer["findings"] if each["code"] == "resolve.choice_missing"]
    assert [each["text"]["en"] for each in missing] == ["Nobody has chosen: Bank.", "Nobody has chosen: Tax."]


def test_a_default_whose_name_is_taken_is_found_before_anything_is_posted(
    told: Told, scheduled: str, sandbox: SandboxServer, realm: str
) -> None:
    accounts = rows_of(sandbox, realm, "Account")
    expense = next(doc for doc in accounts if doc["AccountType"] == "Expense")
    expense["Name"] = expense["FullyQualifiedName"] = "Revenu Caisse"
    _, answer = told("doctor")
    assert "Account Expense" in found(answer, "failed")["resolve.name_taken"]["text"]["en"]


def test_pain_2_t3_bank_accounts_that_are_fed_are_listed_with_how_to_exclude_or_match_their_lines(
    told: Told, said: Callable[..., tuple[int, str]], scheduled: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, roles = told("connect", "roles", "Shop")
    bank = next(role["choices"][0] for role in roles["roles"] if role["role"] == "bank")
    [feed] = roles["feeds"]
    assert (feed["account"], feed["name"], feed["what"]) == (bank["ledger"], bank["name"], "match")
    assert "/app/banking?deeplinkcompanyid=" in feed["link"]
    shown = said("connect", "roles", "Shop", "--lang", "fr")[1]
    assert f"{bank['name']} : {feed['advice']['fr']}" in shown

    finding = found(told("doctor")[1], "ok")["doctor.bank_feed"]
    assert (finding["subject"], finding["fix"]) == ("Shop", feed["advice"])
    assert bank["name"] in finding["text"]["en"]

    # A connector that brings the account's own lines leaves nothing of the bank's to match.
    monkeypatch.setattr("till.INFO", replace(till.INFO, validates_each=True))
    [lines] = told("connect", "roles", "Shop")[1]["feeds"]
    assert (lines["what"], "“Exclude”" in lines["advice"]["en"]) == ("exclude", True)


def test_all_connections_of_an_account_say_the_same_of_the_banks_own_feed(database: Database, scheduled: str) -> None:
    class Two:
        def get(self, name: str) -> SimpleNamespace:
            return SimpleNamespace(info=replace(till.INFO, validates_each=name == "lines"))

    with database.begin() as session:
        first = session.get_one(Connection, scheduled)
        told = {"company_id": first.company_id, "starts_on": first.starts_on, "set_up_at": first.set_up_at}
        other = Connection(connector="lines", label="Bank", created_by="x", **told)
        session.add(other)
        session.flush()
        choice = session.scalars(
            select(Choice).where(Choice.connection_id == first.id, Choice.role == "bank", Choice.of == "")
        ).one()
        kept = {each.name: getattr(choice, each.name) for each in Choice.__table__.columns if each.name != "id"}
        session.add(Choice(**{**kept, "connection_id": other.id}))
        session.flush()
        advice = [fed_accounts(session, each, cast("Catalog", Two()), date.max)[0].advice for each in (first, other)]
        assert advice == [EXCLUDE, EXCLUDE], "the account's own lines come anyway"
        # They are another account's from this day on.
        elsewhere = {"ledger_id": "999", "ledger_name": "Elsewhere", "valid_from": date(2026, 3, 9)}
        session.add(Choice(**{**kept, "connection_id": other.id, **elsewhere}))
        session.flush()
        day_before, since = (
            fed_accounts(session, first, cast("Catalog", Two()), date(2026, 3, day))[0].advice for day in (8, 9)
        )
        assert (day_before, since) == (EXCLUDE, MATCH), "lines that nobody brings any more are not to be excluded"
        session.execute(delete(Choice).where(Choice.connection_id == other.id, Choice.ledger_id == "999"))
        other.state = ConnectionState.DISCONNECTED
        session.flush()
        assert fed_accounts(session, first, cast("Catalog", Two()), date.max)[0].advice == MATCH
        session.rollback()


def test_the_companys_settings_are_told(told: Told, scheduled: str, sandbox: SandboxServer, realm: str) -> None:
    [preferences] = rows_of(sandbox, realm, "Preferences")
    preferences["SalesFormsPrefs"] |= {"CustomTxnNumbers": False, "AutoApplyCredit": True}
    preferences["AccountingInfoPrefs"]["BookCloseDate"] = "2026-03-31"
    for doc in rows_of(sandbox, realm, "Account"):
        if doc["AccountSubType"] == "UndepositedFunds":
            doc["Active"] = False
    _, answer = told("doctor")
    assert set(found(answer)) == {
        "doctor.workers_none", "doctor.numbers_automatic", "doctor.credits_automatic", "posting.period_closed",
        "doctor.clearing_missing",
    }  # fmt: skip
    assert "Shop" in found(answer)["posting.period_closed"]["text"]["en"]


@dataclass(frozen=True)
class Planted:
    """A fault in the company, what brings it about, and the finding that names it; ``named`` stands in its text."""

    code: str
    level: str
    plant: Callable[[Books], None]
    named: str
    page: str
    uses: tuple[str, str] = ("", "")
    """Kind and id of what the connection chooses besides."""


class Books:
    """A company's objects in the sandbox, to be spoilt and put right again."""

    def __init__(self, sandbox: SandboxServer, realm: str) -> None:
        self.company = sandbox.store.get(realm)
        self.kept = {(row.kind, row.id): copy.deepcopy(row.doc) for row in self.rows()}

    def rows(self) -> list[Any]:
        assert self.company is not None
        return list(self.company.rows())

    def docs(self, kind: str) -> list[dict[str, Any]]:
        return [row.doc for row in self.rows() if row.kind == kind]

    def one(self, kind: str, **wanted: object) -> dict[str, Any]:
        return next(doc for doc in self.docs(kind) if all(doc.get(name) == value for name, value in wanted.items()))

    def put_right(self) -> None:
        for row in self.rows():
            row.doc.clear()
            row.doc.update(copy.deepcopy(self.kept[row.kind, row.id]))


def _plan(name: str) -> Callable[[Books], None]:
    def plant(books: Books) -> None:
        pairs = books.one("CompanyInfo")["NameValue"]
        next(pair for pair in pairs if pair["Name"] == "OfferingSku")["Value"] = name

    return plant


def _preference(section: str, **values: object) -> Callable[[Books], None]:
    return lambda books: books.one("Preferences")[section].update(values)


def _no_projects(books: Books) -> None:
    books.one("Preferences")["OtherPrefs"]["NameValue"].append({"Name": "ProjectsEnabled", "Value": "false"})
    books.one("Customer", DisplayName="Chantier")["IsProject"] = True


def _automated(books: Books) -> None:
    books.one("CompanyInfo")["Country"] = "US"
    books.one("Preferences")["TaxPrefs"]["PartnerTaxEnabled"] = True


def _no_rate(books: Books) -> None:
    code = next(doc for doc in books.docs("TaxCode") if "TVQ" in doc["Name"])
    code["SalesTaxRateList"]["TaxRateDetail"] = []


def _no_tax_at_all(books: Books) -> None:
    for rate in books.docs("TaxRate"):
        rate["RateValue"] = 0


def _unsold(books: Books) -> None:
    item = books.one("Item", Name="Heure")
    del item["IncomeAccountRef"]


def _closed_account(books: Books) -> None:
    item = books.one("Item", Name="Heure")
    books.one("Account", Id=item["IncomeAccountRef"]["value"])["Active"] = False


def _same_name(books: Books) -> None:
    books.one("Item", Name="Jour").update(Type="Category", Name="heure", FullyQualifiedName="heure")


ADVANCED = "settings?p=advanced"
NO_CLASSES = _preference("AccountingInfoPrefs", ClassTrackingPerTxn=False, ClassTrackingPerTxnLine=False)
NO_LOCATIONS = _preference("AccountingInfoPrefs", TrackDepartments=False)
CLOSED = _preference("AccountingInfoPrefs", BookCloseDate="2026-03-31")
CREDITS = _preference("SalesFormsPrefs", AutoApplyCredit=True)
NUMBERS = _preference("SalesFormsPrefs", CustomTxnNumbers=False)
PLANTED = (
    Planted("posting.period_closed", "warning", CLOSED, "2026-03-31", ADVANCED),
    Planted("doctor.credits_automatic", "warning", CREDITS, "credits", ADVANCED),
    Planted("doctor.numbers_automatic", "warning", NUMBERS, "numbers", "settings?p=sales"),
    Planted("doctor.classes_off", "failed", NO_CLASSES, "classes", ADVANCED, ("Class", "1")),
    Planted("doctor.locations_off", "failed", NO_LOCATIONS, "locations", ADVANCED, ("Department", "1")),
    Planted("doctor.projects_off", "failed", _no_projects, "Chantier", ADVANCED, ("Customer", "Chantier")),
    Planted("doctor.plan_lacks", "failed", _plan("Essentials"), "Essentials", "settings?p=billing", ("Class", "1")),
    Planted("doctor.item_without_income", "warning", _unsold, "", "items"),
    Planted("doctor.item_account_inactive", "failed", _closed_account, "", "chartofaccounts", ("Item", "Heure")),
    Planted("doctor.category_named_as_item", "warning", _same_name, "", "items"),
    Planted("doctor.tax_off", "failed", _preference("TaxPrefs", UsingSalesTax=False), "CA", "salestax"),
    Planted("doctor.tax_rate_missing", "failed", _no_rate, "TVQ", "salestax"),
    Planted("posting.missing_tax_code", "failed", _no_tax_at_all, "CA", "salestax"),
    Planted("doctor.tax_automated", "warning", _automated, "sales tax", "salestax"),
)
"""What hurts a company, each by itself; what needs records or several objects stands in tests of its own."""


@pytest.mark.requirement("PL-04", "PL-05", "PL-07")
def test_every_planted_fault_is_found_with_its_fix_and_a_link_and_none_in_a_healthy_company(
    told: Told, scheduled: str, sandbox: SandboxServer, realm: str, database: Database
) -> None:
    income = Books(sandbox, realm).one("Account", AccountType="Income")["Id"]
    for name in ("Heure", "Jour"):
        item = {"Name": name, "Type": "Service", "IncomeAccountRef": {"value": income}}
        lab(sandbox, "create", realm, entity="Item", changes=item)
    lab(sandbox, "create", realm, entity="Customer", changes={"DisplayName": "Chantier"})
    books = Books(sandbox, realm)
    for planted in PLANTED:
        kind, object_id = planted.uses
        with database.begin() as session:
            if kind:
                field = "Name" if kind == "Item" else "DisplayName"
                named = object_id if object_id.isdecimal() else books.one(kind, **{field: object_id})["Id"]
                session.add(chosen_besides(scheduled, kind, named))
        planted.plant(books)
        findings = found(told("doctor")[1])
        assert set(findings) - {"doctor.workers_none", "posting.inactive_reference"} == {planted.code}, planted.code
        finding = findings[planted.code]
        assert finding["level"] == planted.level
        assert planted.named in finding["text"]["en"]
        assert finding["link"].startswith(f"{sandbox.url}/app/{planted.page}")
        assert finding["link"].endswith(f"deeplinkcompanyid={realm}")
        assert all(finding[part][language].strip() for part in ("text", "fix") for language in ("fr", "en"))
        books.put_right()
        with database.begin() as session:
            session.execute(delete(Choice).where(Choice.role == "besides"))
    assert set(found(told("doctor")[1])) == {"doctor.workers_none"}
    assert BROWSER.get(finding["link"]).headers["location"] == f"/company/{realm}"


def chosen_besides(connection: str, kind: str, object_id: str) -> Choice:
    return Choice(
        connection_id=connection, role="besides", of="", valid_from=date(1, 1, 1), ledger_kind=kind,
        ledger_id=object_id, ledger_name=f"{kind} {object_id}", origin="person", chosen_by="test",
        chosen_at=datetime.now(UTC),
    )  # fmt: skip


def test_people_that_drafts_bring_collide_by_name_and_linked_entries_that_are_inactive_are_named(
    told: Told, scheduled: str, sandbox: SandboxServer, realm: str, database: Database
) -> None:
    till.ROWS["T1"] = [{"stream": "sales", "id": "s1", "day": "2026-03-02", "amount": "5.00"}]
    _, plan = told("plan")
    told("apply", "--hash", plan["hash"], "--yes")
    draft = Customer(key="people/1", name="Norton Lumber")
    lab(sandbox, "create", realm, entity="Vendor", changes={"DisplayName": "norton lumber"})
    with database.begin() as session:
        body = dump_draft(draft)
        row = DraftRow(connection_id=scheduled, key=draft.key, revision=1, kind="customer", body=body, body_hash="")
        session.add(row)
        link = session.scalars(select(LinkRow).where(LinkRow.kind == "Customer")).one()
    row_of(sandbox, realm, "Customer", link.document_id)["Active"] = False
    findings = found(told("doctor")[1], "failed")
    assert "Norton Lumber" in findings["doctor.name_collision"]["text"]["en"]
    assert findings["doctor.name_collision"]["link"].startswith(f"{sandbox.url}/app/vendors?")
    assert "Client Caisse" in findings["doctor.linked_inactive"]["text"]["fr"]


def test_an_amount_in_a_foreign_currency_is_told_before_it_is_refused_unless_it_is_left_out(
    told: Told, scheduled: str, database: Database
) -> None:
    till.ROWS["T1"] = [{"stream": "sales", "id": "s1", "day": "2026-03-02", "amount": "5.00", "currency": "USD"}]
    told("plan")
    assert "USD" in found(told("doctor")[1], "failed")["doctor.currency_foreign"]["text"]["en"]
    with database.begin() as session:
        session.scalars(select(SourceRecord)).one().state = RecordState.SKIPPED
    assert "doctor.currency_foreign" not in found(told("doctor")[1], "failed")


def test_a_quickbooks_that_is_away_or_no_longer_ours_is_told(
    told: Told, scheduled: str, shop: Path, database: Database, sandbox: SandboxServer
) -> None:
    with database.begin() as session:
        session.get_one(Connection, scheduled).state = ConnectionState.REAUTHORISE
    with sqlite3.connect(shop / "app.db") as connection:
        connection.execute("DELETE FROM secret WHERE handle LIKE 'company:%'")
    connection.close()
    status, answer = told("doctor")
    assert status == Exit.FAILED
    assert set(found(answer, "failed")) == {"quickbooks.reauthorise", "connection.reauthorise"}


def test_a_schedule_that_nothing_executes_and_a_connector_switched_off_are_told(
    told: Told, scheduled: str, database: Database
) -> None:
    with database.begin() as session:
        session.get_one(Schedule, scheduled).next_at = datetime.now(UTC) - timedelta(hours=1)
    assert "doctor.schedule_overdue" in found(told("doctor")[1])
    told("plugins", "forbid", "till")
    assert "connector.not_allowed" in found(told("doctor")[1], "failed")


@pytest.fixture
def timed(monkeypatch: pytest.MonkeyPatch) -> ConnectorInfo:
    """The till as a source that delivers every day and has a support phone."""
    info = replace(
        till.INFO,
        delivery=lambda settings: Delivery(deposit_stream="deposits"),
        contacts=(Contact(Text("Soutien", "Support"), phone="1-800-555-0100"),),
    )
    monkeypatch.setattr(till, "INFO", info)
    monkeypatch.setattr("raccord.catalog.load_catalog", lambda: catalog_of(till))
    return info


@pytest.mark.requirement("CH-22", "CH-60", "CH-63", "CH-74", "CH-75", "CH-17", "K1")
def test_late_data_is_amber_and_missing_data_red_with_the_support_contact(
    told: Told, scheduled: str, timed: ConnectorInfo, database: Database
) -> None:
    _, listed = told("connect", "list")
    assert listed["connections"][0]["freshness"]["state"] == "not_yet_expected"
    assert found(told("doctor")[1]).keys() == {"doctor.workers_none"}

    for days, level, code in ((2, "warning", "freshness.late"), (3, "failed", "freshness.missing")):
        set_up_ago(database, scheduled, days)
        _, answer = told("doctor")
        assert code in found(answer, level)
        assert "1-800-555-0100" in found(answer)["freshness.no_deposit"]["fix"]["en"]
    assert "1-800-555-0100" in found(answer)["freshness.missing"]["fix"]["fr"]
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date()
    till.ROWS["T1"] = [
        {"stream": "sales", "id": "s1", "day": yesterday.isoformat(), "amount": "10.00"},
        {"stream": "deposits", "id": "d1", "day": yesterday.isoformat(), "amount": "10.00", "of": "sales/s1=10.00"},
    ]
    told("plan")
    assert not {"freshness.late", "freshness.missing", "freshness.no_deposit"} & found(told("doctor")[1]).keys()


def test_a_delivery_that_cannot_be_told_is_a_fault_of_its_connector(
    told: Told, scheduled: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def impossible(_settings: object) -> Delivery:
        raise ValueError("card 4111111111111111")

    monkeypatch.setattr(till, "INFO", replace(till.INFO, delivery=impossible))
    monkeypatch.setattr("raccord.catalog.load_catalog", lambda: catalog_of(till))
    _, answer = told("doctor")
    assert "4111" not in str(answer)
    assert "plugin.failed" in found(answer, "failed")
    assert told("connect", "list")[1]["connections"][0]["freshness_error"] == "plugin.failed"


def rows_of(sandbox: SandboxServer, realm: str, kind: str) -> list[dict[str, Any]]:
    company = sandbox.store.get(realm)
    assert company is not None
    return [row.doc for row in company.rows() if row.kind == kind]


def row_of(sandbox: SandboxServer, realm: str, kind: str, id_: str) -> dict[str, Any]:
    return next(doc for doc in rows_of(sandbox, realm, kind) if doc["Id"] == id_)


def set_up_ago(database: Database, connection_id: str, days: int) -> None:
    """Move the set-up to noon in Toronto, so many days ago."""
    noon = datetime.now(TORONTO).replace(hour=12) - timedelta(days=days)
    with database.begin() as session:
        session.get_one(Connection, connection_id).set_up_at = noon
