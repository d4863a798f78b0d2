"""Rows of Chase's help page that need a merchant, a company and several days."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from harness import BROWSER, OWNER, consent
from shop import Shop, open_shop
from sqlalchemy import func, select

from raccord.clock import FixedClock
from raccord.onboarding.connecting.companies import begin_authorisation
from raccord.onboarding.deciding.decisions import choose
from raccord.quickbooks import quoted
from raccord.store.models import Choice, Company, CompanyState, Event, Hold, LinkRow, Proof, RunState
from raccord_chase.sandbox import Merchant
from raccord_sandbox.clock import SandboxClock

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with open_shop(tmp_path / "shop", Merchant(days=21, sales_per_day=2)) as opened:
        yield opened


@pytest.fixture
def reports(shop: Shop, tmp_path: Path) -> list[Path]:
    """The merchant's report files, in order of delivery."""
    folder = tmp_path / "written"
    folder.mkdir()
    return shop.merchant.write_files(folder)


def documents(shop: Shop, kind: str) -> list[dict[str, Any]]:
    return list(shop.workshop.client(shop.company).query_all(kind))


def accounts(shop: Shop, kind: str) -> list[dict[str, Any]]:
    return list(shop.workshop.client(shop.company).query_all("Account", f"AccountType = {quoted(kind)}"))


def writes(shop: Shop) -> int:
    return len(shop.sandbox.store.of_template("quebec").writes)


@pytest.mark.requirement("CH-05", "CH-25")
def test_each_delivery_is_in_the_chosen_accounts_after_its_run(shop: Shop, reports: list[Path]) -> None:
    bank = accounts(shop, "Bank")[0]["Id"]
    for number, report in enumerate(reports[:3], start=1):
        shop.deliver(report)
        assert shop.sync().state == RunState.DONE
        deposits = documents(shop, "Deposit")
        assert len(deposits) >= number
        assert {deposit["DepositToAccountRef"]["value"] for deposit in deposits} == {bank}
        items = {
            row["Id"]: row["IncomeAccountRef"].get("name")
            for row in documents(shop, "Item")
            if row["Type"] == "Service"
        }
        placed = {
            items[line["SalesItemLineDetail"]["ItemRef"]["value"]]
            for receipt in documents(shop, "SalesReceipt")
            for line in receipt["Line"]
            if "SalesItemLineDetail" in line
        }
        assert placed == {"Revenu Chase"}
        with shop.workshop.database.read() as session:
            assert all(proof.equal for proof in session.scalars(select(Proof)))


@pytest.mark.requirement("CH-54", "CH-55", "K9", "K12")
def test_each_of_the_five_mappings_changes_from_its_day_on(shop: Shop, reports: list[Path]) -> None:
    change = shop.merchant.start + timedelta(days=9)
    shop.sync()
    income, banks = accounts(shop, "Income"), accounts(shop, "Bank")
    chosen = {
        "income_sales": income[0],
        "income_refunds": income[1],
        "income_chargebacks": income[0],
        "fees": accounts(shop, "Expense")[0],
        "deposit_bank": banks[1],
    }
    for role, account in chosen.items():
        choose(shop.workshop, OWNER, shop.connection.id, role, account["Id"], valid_from=change)
    shop.deliver(*reports)
    assert shop.sync().state == RunState.DONE
    items = {
        row["Id"]: row["IncomeAccountRef"]["value"] for row in documents(shop, "Item") if "IncomeAccountRef" in row
    }
    with shop.workshop.database.read() as session:
        streams = {(link.kind, link.document_id): link.stream for link in session.scalars(select(LinkRow))}
    roles = {"sales": "income_sales", "refunds": "income_refunds", "chargebacks": "income_chargebacks"}
    seen = set()
    for kind in ("SalesReceipt", "RefundReceipt"):
        for receipt in documents(shop, kind):
            role = roles[streams[kind, receipt["Id"]]]
            account = items[receipt["Line"][0]["SalesItemLineDetail"]["ItemRef"]["value"]]
            after = receipt["TxnDate"] >= change.isoformat()
            assert (account == chosen[role]["Id"]) is after, (role, receipt["TxnDate"])
            seen.add((role, after))
    assert {("income_sales", False), ("income_sales", True), ("income_refunds", True)} <= seen
    for deposit in documents(shop, "Deposit"):
        after = deposit["TxnDate"] >= change.isoformat()
        assert deposit["DepositToAccountRef"]["value"] == banks[after]["Id"]
        for line in deposit["Line"]:
            if "DepositLineDetail" in line:
                assert (line["DepositLineDetail"]["AccountRef"]["value"] == chosen["fees"]["Id"]) is after
    with shop.workshop.database.read() as session:
        assert all(proof.equal for proof in session.scalars(select(Proof)))


@pytest.mark.requirement("CH-64", "CH-44")
def test_after_a_new_authorisation_what_waited_is_sent_once_with_the_same_mapping(
    shop: Shop, reports: list[Path]
) -> None:
    shop.deliver(*reports[:2])
    shop.sync()
    with shop.workshop.database.read() as session:
        choices = {choice.role: choice.ledger_id for choice in session.scalars(select(Choice))}
    shop.sandbox.store.grants.disconnect(shop.company.realm)
    shop.deliver(*reports[2:4])
    run = shop.sync()
    assert (run.state, run.error_code) == (RunState.FAILED, "quickbooks.reauthorise")
    with shop.workshop.database.read() as session:
        assert session.get_one(Company, shop.company.id).state == CompanyState.REAUTHORISE
    before = len(documents_in_sandbox(shop, "Deposit"))
    consent(shop.workshop, shop.company.realm)
    assert shop.sync().state == RunState.DONE
    assert len(documents(shop, "Deposit")) > before
    with shop.workshop.database.read() as session:
        assert {choice.role: choice.ledger_id for choice in session.scalars(select(Choice))} == choices
        assert all(proof.equal for proof in session.scalars(select(Proof)))
        links = list(session.scalars(select(LinkRow.document_id).where(LinkRow.kind == "SalesReceipt")))
    assert len(links) == len(set(links)) == len(documents(shop, "SalesReceipt"))


@pytest.mark.requirement("CH-71")
def test_a_changed_quickbooks_password_stops_no_run_and_asks_for_no_new_authorisation(
    shop: Shop, reports: list[Path]
) -> None:
    lab_headers = {"Authorization": f"Bearer {shop.sandbox.lab_token}"}

    def change_password(to: str) -> None:
        answer = BROWSER.post(f"{shop.sandbox.url}/sandbox/person/password", json={"password": to}, headers=lab_headers)
        assert answer.json() == {"asked": True}

    def authorisations() -> int:
        with shop.workshop.database.read() as session:
            found = session.scalar(select(func.count()).where(Event.action == "company.connected"))
        return int(found or 0)

    change_password("old-password")
    consent(shop.workshop, shop.company.realm, "old-password")
    shop.deliver(reports[0])
    assert shop.sync().state == RunState.DONE
    given, before = authorisations(), len(documents(shop, "Deposit"))

    change_password("new-password")
    url, _ = begin_authorisation(shop.workshop, OWNER, shop.workshop.settings.quickbooks_environment)
    signed_in = {
        password: BROWSER.get(f"{url}&auto=1&realm={shop.company.realm}&password={password}").status_code
        for password in ("old-password", "new-password")
    }
    assert signed_in == {"old-password": 400, "new-password": 302}
    # The tokens at hand are too old by now, so that the next run renews them after the change.
    for clock in (shop.workshop.clock, shop.sandbox.config.clock):
        assert isinstance(clock, FixedClock | SandboxClock)
        clock.advance(timedelta(hours=2))
    shop.deliver(*reports[1:4])
    run = shop.sync()

    assert (run.state, run.error_code) == (RunState.DONE, "")
    assert len(documents(shop, "Deposit")) > before
    assert authorisations() == given
    with shop.workshop.database.read() as session:
        assert session.get_one(Company, shop.company.id).state == CompanyState.CONNECTED
        assert all(proof.equal for proof in session.scalars(select(Proof)))


@pytest.mark.requirement("CH-69")
def test_after_the_merchant_account_is_closed_nothing_is_written_and_nothing_disappears(
    shop: Shop, reports: list[Path]
) -> None:
    shop.deliver(*reports[:3])
    shop.sync()
    before = writes(shop)
    for _ in range(2):
        assert shop.sync().state == RunState.DONE
    assert writes(shop) == before


@pytest.mark.requirement("CH-70", "CH-56")
def test_a_renamed_account_is_followed_and_an_inactive_one_named(shop: Shop, reports: list[Path]) -> None:
    shop.deliver(*reports[:2])
    shop.sync()
    client = shop.workshop.client(shop.company)
    fees = next(row for row in accounts(shop, "Expense") if row["Name"] == "Dépense Chase")
    renamed = {"Id": fees["Id"], "SyncToken": fees["SyncToken"], "sparse": True, "Name": "Frais de carte"}
    client.update("Account", json.dumps(renamed), "rename")
    shop.deliver(*reports[2:4])
    assert shop.sync().state == RunState.DONE
    lines = [line for deposit in documents(shop, "Deposit") for line in deposit["Line"] if "DepositLineDetail" in line]
    assert {line["DepositLineDetail"]["AccountRef"]["value"] for line in lines} == {fees["Id"]}
    assert "Dépense Chase" not in {row["Name"] for row in accounts(shop, "Expense")}
    fees = next(row for row in accounts(shop, "Expense") if row["Id"] == fees["Id"])
    client.update("Account", json.dumps({**renamed, "SyncToken": fees["SyncToken"], "Active": False}), "off")
    shop.deliver(*reports[4:6])
    shop.sync()
    with shop.workshop.database.read() as session:
        holds = session.scalars(select(Hold).where(Hold.closed_at.is_(None))).all()
    assert {hold.code for hold in holds} == {"posting.inactive_reference"}
    assert all("Frais de carte" in str(hold.params["name"]) for hold in holds)


def documents_in_sandbox(shop: Shop, kind: str) -> list[object]:
    return list(shop.sandbox.store.of_template("quebec").table(kind))
