"""A source that was running before: what its old tool puts into QuickBooks, beside the first plan of the same days."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import till
from harness import OWNER, choose_usual, finish, request
from moments import Moments
from open_documents import by_hand
from till_company import again

from raccord.onboarding.connecting.connections import NewConnection, connect
from raccord.onboarding.deciding.decisions import choose
from raccord.plugin.info import Mode
from raccord.store.models import Company, Connection, RunState
from raccord.sync.workshop import Workshop

DAY = date(2026, 3, 4)
LAST = DAY + timedelta(12)


class Old:
    """Whatever posts the till's sales into QuickBooks until Raccord does."""

    def __init__(self, workshop: Workshop, company: Company) -> None:
        self.client = client = workshop.client(company)
        self.item = next(row for row in client.query("SELECT * FROM Item") if row.get("IncomeAccountRef"))
        self.code = next(row for row in client.query("SELECT * FROM TaxCode") if "TVQ" in row["Name"])["Id"]
        self.bank = client.query("SELECT * FROM Account WHERE AccountType = 'Bank'")[0]["Id"]

    def another_item(self) -> str:
        """Return an item whose income goes to an account of its own."""
        made = self.client.create("Account", '{"Name":"Old Income","AccountType":"Income"}', "old income").value["Id"]
        body = f'{{"Name":"Old","Type":"Service","IncomeAccountRef":{{"value":"{made}"}}}}'
        return str(self.client.create("Item", body, "old item").value["Id"])

    def sells(self, gross: str, day: date = DAY, number: str = "", **more: Any) -> str:
        """Enter a sales receipt of an amount that holds Quebec's taxes."""
        item, taxed = more.get("item", self.item["Id"]), more.get("taxed", True)
        net = (Decimal(gross) / Decimal("1.14975")).quantize(Decimal("0.01")) if taxed else Decimal(gross)
        detail = f'"ItemRef":{{"value":"{item}"}}'
        detail += f',"TaxCodeRef":{{"value":"{self.code}"}},"TaxInclusiveAmt":{gross}' if taxed else ""
        place = f',"DepositToAccountRef":{{"value":"{more["place"]}"}}' if "place" in more else ""
        line = f'"Amount":{net},"DetailType":"SalesItemLineDetail","SalesItemLineDetail":{{{detail}}}'
        held = "TaxInclusive" if taxed else "NotApplicable"
        body = (
            f'{{"TxnDate":"{day}","DocNumber":"{number}","GlobalTaxCalculation":"{held}"{place},"Line":[{{{line}}}]}}'
        )
        return str(self.client.create("SalesReceipt", body, f"old {gross} {day} {number} {more}").value["Id"])


def sale(number: int, amount: str, day: date = DAY, **more: str) -> dict[str, str]:
    return {"stream": "sales", "id": f"s{number}", "day": day.isoformat(), "amount": amount, **more}


def story(workshop: Workshop, company: Company) -> Connection:
    """Let the old tool post some days in its way, and make the first plan of the same days."""
    new = NewConnection(
        company_id=company.id, connector="till", values={"till": "T1", "code": "x"}, starts_on=date(2026, 3, 1),
        mode=Mode.ALREADY_RUNNING,
    )  # fmt: skip
    connection, old = connect(workshop, OWNER, new), Old(workshop, company)
    choose_usual(workshop, connection, company)
    choose(workshop, OWNER, connection.id, "income", old.item["IncomeAccountRef"]["value"])
    old.sells("11.50", number="s1")
    old.sells("11.50")
    old.sells("23.00", number="s2")
    old.sells("33.00", number="s3", taxed=False)
    old.sells("34.00", number="s4", item=old.another_item())
    old.sells("35.00", DAY + timedelta(2), number="s5")
    old.sells("36.00", number="s6", place=old.bank)
    old.sells("39.00")
    old.sells("40.00", DAY + timedelta(9), number="s10")
    old.sells("77.00", DAY + timedelta(1))
    old.sells("5.00", date(2026, 2, 1))
    by_hand(workshop, company, "Purchase", "12.30", DAY)
    return connection


ROWS = [
    sale(1, "11.50"), sale(2, "22.00"), sale(3, "33.00"), sale(4, "34.00"), sale(5, "35.00"), sale(6, "36.00"),
    sale(7, "37.00"), sale(8, "38.00", LAST), sale(9, "39.00", kind="training"), sale(10, "40.00"),
    {"stream": "bank", "id": "b1", "day": DAY.isoformat(), "amount": "-12.30", "text": "CAFE"},
    {"stream": "bank", "id": "b2", "day": DAY.isoformat(), "amount": "-7.77", "text": "TAXI"},
]  # fmt: skip


def shadow_days(workshop: Workshop, company: Company, till_moments: Moments) -> Connection:
    """Return the connection whose first plan of these days waits."""
    till.ROWS["T1"] = [dict(row) for row in ROWS]

    def live() -> Connection:
        connection = story(workshop, company)
        assert finish(workshop, request(workshop, connection)).state == RunState.APPROVAL
        return connection

    return again(till_moments, workshop, "shadow days", live)
