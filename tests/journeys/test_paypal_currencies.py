"""PayPal with balances in two currencies: each an account of its own, and a conversion is neither income nor cost."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from harness import OWNER, consent, enable, lab, make_workshop, sync
from lent_databases import laid
from sqlalchemy import select

import raccord_bankfeed
from raccord.clock import FixedClock
from raccord.errors import RaccordError
from raccord.onboarding.arriving.untold_accounts import AccountTold, name_account
from raccord.onboarding.connecting.companies import refresh_company
from raccord.onboarding.connecting.connections import NewConnection, connect, update_settings
from raccord.onboarding.deciding.decisions import answer_hold, choose
from raccord.store.files import StoredFileBox
from raccord.store.models import Connection, Hold, RunState, SourceRecord
from raccord.sync.workshop import Workshop
from raccord_sandbox.clock import SandboxClock
from raccord_sandbox.config import SandboxConfig
from raccord_sandbox.serving.server import SandboxServer

NOW = datetime(2026, 4, 1, 15, 0, tzinfo=UTC)
LIST = b"""Date,Time,Name,Type,Status,Currency,Gross,Fee,Net,Transaction ID,Reference Txn ID,Balance Impact
03/14/2026,10:00:00,Ann,Website Payment,Completed,CAD,40.00,0.00,40.00,P1,,Credit
03/15/2026,10:00:00,Bob,Website Payment,Completed,USD,100.00,0.00,100.00,P2,,Credit
03/16/2026,10:00:00,,General Currency Conversion,Completed,USD,-60.00,0.00,-60.00,C1,X,Debit
03/16/2026,10:00:00,,General Currency Conversion,Completed,CAD,82.45,0.00,82.45,C2,X,Credit
"""


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(SandboxConfig(clock=SandboxClock(NOW), seeds=("quebec",))) as running:
        yield running


@pytest.fixture
def workshop(tmp_path: Path, sandbox: SandboxServer) -> Iterator[Workshop]:
    made = make_workshop(laid(tmp_path / "app.db"), tmp_path, sandbox.url, FixedClock(NOW), raccord_bankfeed)
    try:
        yield made
    finally:
        made.close()


def waits(workshop: Workshop) -> dict[str, tuple[str, str]]:
    """Return what waits, by its place and code: what it is about, or the id of its question."""
    with workshop.database.read() as session:
        holds = session.scalars(select(Hold).where(Hold.closed_at.is_(None))).all()
        failed = session.scalars(select(SourceRecord).where(SourceRecord.reason == "bankfeed.conversion")).all()
    found = {f"{hold.code} {hold.params.get('of', '')}".strip(): (hold.id, str(hold.params)) for hold in holds}
    return found | {f"bankfeed.conversion {row.currency}": ("", str(row.state)) for row in failed}


@pytest.mark.requirement("BF-01", "BF-02", "BF-22")
def test_each_balance_of_paypal_is_an_account_and_a_conversion_is_held(
    workshop: Workshop, sandbox: SandboxServer
) -> None:
    company = consent(workshop, sandbox.store.of_template("quebec").realm)
    enable(workshop, company, "bankfeed")
    new = NewConnection(company_id=company.id, connector="bankfeed", values={}, starts_on=date(2026, 3, 1))
    connection, client = connect(workshop, OWNER, new), workshop.client(company)
    box = StoredFileBox(workshop.vault, workshop.settings.data_dir, connection.id, workshop.clock)
    assert box.receive("paypal.csv", io.BytesIO(LIST), origin="upload")
    home, *_ = [each["Id"] for each in client.query("SELECT * FROM Account WHERE AccountType = 'Bank'")]
    choose(workshop, OWNER, connection.id, "ledger_account", home, of="paypal-cad")

    def waiting() -> dict[str, tuple[str, str]]:
        assert sync(workshop, connection).state == RunState.DONE
        return waits(workshop)

    conversions = {"bankfeed.conversion CAD", "bankfeed.conversion USD"}
    asked = waiting()
    assert set(asked) == {"resolve.decision_missing", "encoding.currency_foreign", *conversions}
    income = client.query("SELECT * FROM Account WHERE AccountType = 'Income'")[0]["Id"]
    answer_hold(workshop, OWNER, asked["resolve.decision_missing"][0], income)
    assert set(waiting()) == {"encoding.currency_foreign", *conversions}, "what is at home is kept"

    lab(sandbox, "edit", entity="Preferences", id="1", changes={"CurrencyPrefs": {"MultiCurrencyEnabled": True}})
    client.create("CompanyCurrency", '{"Code":"USD"}', "usd")
    dollars = '{"Name":"PayPal US$","AccountType":"Bank","CurrencyRef":{"value":"USD"}}'
    foreign = str(client.create("Account", dollars, "bank").value["Id"])
    refresh_company(workshop, company.id)
    assert set(waiting()) == {"resolve.choice_missing paypal-usd", *conversions}
    with pytest.raises(RaccordError, match="USD") as refused:
        name_account(workshop, OWNER, connection.id, "paypal-usd", AccountTold(ledger_id=home))
    assert refused.value.code == "files.account_currency"
    choose(workshop, OWNER, connection.id, "ledger_account", home, of="paypal-usd", valid_from=date(2026, 3, 1))
    assert set(waiting()) == {"resolve.currency_differs", *conversions}
    choose(workshop, OWNER, connection.id, "ledger_account", foreign, of="paypal-usd", valid_from=date(2026, 3, 1))
    answer_hold(workshop, OWNER, waiting()["resolve.decision_missing"][0], income)
    assert set(waiting()) == conversions
    deposits = client.query_all("Deposit")
    assert sorted((str(each["TotalAmt"]), each["CurrencyRef"]["value"], each["DepositToAccountRef"]["value"])
                  for each in deposits) == [("100.00", "USD", foreign), ("40.00", "CAD", home)]  # fmt: skip

    with workshop.database.read() as session:
        values = dict(session.get_one(Connection, connection.id).settings)
    update_settings(workshop, OWNER, connection.id, values | {"answers": "conversion-paypal-cad = accept"})
    assert set(waiting()) == {"resolve.decision_missing", "bankfeed.conversion USD"}, "of that balance alone"
