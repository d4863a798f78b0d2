"""A connector of four streams that a stranger could write: Lutèce in a French company, from its API to the books."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import raccord_lutece
from harness import NOW, OWNER, consent, enable, make_workshop, sync
from raccord_lutece.sandbox import ROWS, TWIN
from sqlalchemy import select

from raccord.clock import FixedClock
from raccord.onboarding.connecting.connections import NewConnection, connect
from raccord.onboarding.deciding.decisions import choose
from raccord.plugin.testing import served_twin
from raccord.store.database import Database
from raccord.store.models import Company, Connection, Hold, LinkRow, RunState
from raccord.sync.workshop import Workshop
from raccord_sandbox.clock import SandboxClock
from raccord_sandbox.config import SandboxConfig
from raccord_sandbox.serving.server import SandboxServer

ROWS_OF = {"Account": "SELECT * FROM Account", "TaxCode": "SELECT * FROM TaxCode"}
CHOICES = {
    "bank": ("Account", "512 Banques"),
    "fees": ("Account", "627"),
    "income": ("Account", "707"),
    "tax_reduced": ("TaxCode", "TVA 5,5 %"),
    "tax_standard": ("TaxCode", "TVA 20 %"),
    "tax_export": ("TaxCode", "TVA 0 %"),
}


def connected(workshop: Workshop, company: Company, address: str) -> Connection:
    enable(workshop, company, "lutece")
    values = {"address": address, "account": "1", "api_token": TWIN.token}
    new = NewConnection(
        company_id=company.id,
        connector="lutece",
        values=values,
        starts_on=date(2026, 3, 1),
        time_zone="Europe/Paris",
    )
    made = connect(workshop, OWNER, new)
    client = workshop.client(company)
    for role, (kind, name) in CHOICES.items():
        rows = client.query(ROWS_OF[kind])
        choose(workshop, OWNER, made.id, role, next(row["Id"] for row in rows if row["Name"].startswith(name)))
    return made


def test_payments_and_refunds_go_to_the_customer_of_their_invoice(database: Database, data_dir: Path) -> None:
    # P2 and P3 are told before their invoice F5: whom they are of is known once that came.
    twins = [replace(TWIN, rows={**ROWS, "factures": [each for each in ROWS["factures"] if each["id"] != "F5"]})]
    with (
        SandboxServer(SandboxConfig(clock=SandboxClock(NOW), seeds=("france",))) as sandbox,
        served_twin(lambda request: twins[-1].answer(request)) as address,
        closing(make_workshop(database, data_dir, sandbox.url, FixedClock(NOW), raccord_lutece)) as workshop,
    ):
        company = consent(workshop, sandbox.store.of_template("france").realm)
        connection = connected(workshop, company, address)
        assert sync(workshop, connection).state == RunState.DONE
        assert {"payments/P1", "refunds/R1", "refunds/R2"} <= set(links(workshop))
        assert not {"payments/P2", "payments/P3", "invoices/F4", "payments/P5"} & set(links(workshop))
        with workshop.database.read() as session:
            waits = [row.params["keys"] for row in session.scalars(select(Hold)) if "keys" in row.params]
        assert waits == [["invoices/F5"], ["invoices/F5"]]

        twins.append(replace(TWIN, rows={**ROWS, "factures": [late(each) for each in ROWS["factures"]]}))
        assert sync(workshop, connection).state == RunState.DONE
        made, client = links(workshop), workshop.client(company)
        payments = {row["Id"]: row for row in client.query("SELECT * FROM Payment")}
        invoices = {row["Id"]: row for row in client.query("SELECT * FROM Invoice")}
        refunds = {row["Id"]: row for row in client.query("SELECT * FROM RefundReceipt")}
        whose = {name: payments[made[f"payments/{name}"]]["CustomerRef"]["value"] for name in ("P1", "P2", "P3")}
        assert whose == {name: made[f"customers/{of}"] for name, of in (("P1", "C1"), ("P2", "C2"), ("P3", "C2"))}
        assert refunds[made["refunds/R1"]]["CustomerRef"]["value"] == made["customers/C1"]
        owed = {name: Decimal(str(invoices[made[f"invoices/{name}"]]["Balance"])) for name in ("F1", "F2", "F5")}
        assert owed == {"F1": 0, "F2": Decimal("10.65"), "F5": 0}
        assert Decimal(str(payments[made["payments/P3"]]["UnappliedAmt"])) == 5
        again = sync(workshop, connection)
        assert (again.state, links(workshop)) == (RunState.DONE, made)


def late(row: dict[str, object]) -> dict[str, object]:
    """Return an invoice as the address tells it once it knows F5."""
    return {**row, "modifie_le": "2026-03-12T09:00:00+01:00"} if row["id"] == "F5" else row


def links(workshop: Workshop) -> dict[str, str]:
    with workshop.database.read() as session:
        return {row.key: row.document_id for row in session.scalars(select(LinkRow))}
