"""Bank lines that wait on a chequing and a savings account, for what is tried on the page *To review*."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
import till
from harness import OWNER, choose_usual, sync
from moments import Moments
from starlette.testclient import TestClient
from till_company import again

from raccord.onboarding.connecting.companies import refresh_company
from raccord.onboarding.connecting.connections import NewConnection, connect
from raccord.onboarding.deciding.decisions import choose
from raccord.overview.lines.bank_lines import WantedLines as Wanted
from raccord.overview.lines.bank_lines import open_lines
from raccord.store.models import Company, Connection
from raccord.sync.workshop import Workshop


def row(number: int, amount: str, text: str, day: str = "") -> dict[str, str]:
    found = day or f"2026-03-{number:02}"
    return {"stream": "bank", "id": f"b{number}", "day": found, "amount": amount, "memo": text}


@pytest.fixture
def accounts(workshop: Workshop, company: Company, connection: Connection, till_moments: Moments) -> dict[str, str]:
    """Accounts by name, with five lines on the chequing account and one on a savings account that wait."""
    till.ROWS["T1"] = [
        row(2, "-60.00", "COSTCO WHOLESALE"),
        row(3, "-500.00", "VIREMENT VERS EPARGNE"),
        row(4, "25.5", "RISTOURNE"),
        row(5, "-9.99", "JEU VIDEO"),
        row(6, "-4.00", "COSTCO CAFE"),
    ]
    till.ROWS["T2"] = [row(1, "500.00", "VIREMENT RECU", "2026-03-04")]

    def live() -> dict[str, str]:
        choose_usual(workshop, connection, company)
        client = workshop.client(company)
        client.create("Account", '{"Name":"Apports","AccountType":"Equity","AccountSubType":"OwnersEquity"}', "equity")
        client.create("Account", '{"Name":"Épargne","AccountType":"Bank","AccountSubType":"Savings"}', "savings")
        found = {str(each["Name"]): str(each["Id"]) for each in client.query_all("Account")}
        refresh_company(workshop, company.id)
        new = NewConnection(company_id=company.id, connector="till", values={"till": "T2"}, starts_on=date(2026, 3, 1))
        savings = connect(workshop, OWNER, new)
        choose(workshop, OWNER, savings.id, "bank", found["Épargne"])
        for each in (connection, savings):
            sync(workshop, each)
        return found

    return again(till_moments, workshop, "accounts", live)


def held(workshop: Workshop, **wanted: Any) -> dict[str, str]:
    """Return the holds of the lines that a filter finds, by their text, in the order of the list."""
    with workshop.database.read() as session:
        return {each.text: each.hold_id for each in open_lines(session, Wanted(**wanted)).rows}


def documents(workshop: Workshop, company: Company, kind: str) -> list[dict[str, Any]]:
    return [dict(each) for each in workshop.client(company).query_all(kind, "TxnDate >= '2026-03-01'")]


def shown(browser: TestClient, *holds: str) -> dict[str, str]:
    """Return the boxes of lines as the page shows them, ticked: each says what is proposed beside it."""
    found = re.findall(r'name="(hold_\w+)" value="(\w*)"', browser.get("/review").text)
    return {name: value for name, value in found if name.removeprefix("hold_") in holds}
