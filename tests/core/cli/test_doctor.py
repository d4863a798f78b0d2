"""What the doctor finds, each with its code, and what it leaves alone."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import till
from harness import catalog_of
from set_up import TORONTO

from raccord.cli.exits import Exit
from raccord.plugin import ConnectorInfo, Contact, Delivery, Text
from raccord.store.database import Database
from raccord.store.models import Connection, ConnectionState, Schedule
from raccord_sandbox.server import SandboxServer

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


def test_an_amount_in_a_foreign_currency_is_told_before_it_is_refused(told: Told, scheduled: str) -> None:
    till.ROWS["T1"] = [{"stream": "sales", "id": "s1", "day": "2026-03-02", "amount": "5.00", "currency": "USD"}]
    told("plan")
    assert "USD" in found(told("doctor")[1], "failed")["doctor.currency_foreign"]["text"]["en"]


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
