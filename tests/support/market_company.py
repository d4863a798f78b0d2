"""A market connected to a sandbox company that checks no numbers and may ignore request ids."""

from __future__ import annotations

from datetime import date

import market
from harness import OWNER, consent, enable

from raccord.onboarding.connecting.connections import NewConnection, connect
from raccord.onboarding.deciding.decisions import choose
from raccord.store.models import Company, Connection
from raccord.sync.workshop import Workshop
from raccord_sandbox.keeping.company import Work
from raccord_sandbox.keeping.store import Store

NAME = "M1"


def open_market(workshop: Workshop, store: Store) -> tuple[Company, Connection]:
    """Connect the market to the Quebec company, with every role chosen; its first plan waits for approval."""
    company = consent(workshop, store.of_template("quebec").realm)
    enable(workshop, company, "market")
    new = NewConnection(company_id=company.id, connector="market", values={"market": NAME}, starts_on=date(2026, 3, 1))
    connection = connect(workshop, OWNER, new)
    client = workshop.client(company)
    banks = client.query("SELECT * FROM Account WHERE AccountType = 'Bank'")
    code = next(row for row in client.query("SELECT * FROM TaxCode") if "TVQ" in row["Name"])
    for role, chosen in (("bank", banks[0]), ("till", banks[1]), ("tax", code)):
        choose(workshop, OWNER, connection.id, role, chosen["Id"])
    return company, connection


def say(rows: list[dict[str, str]]) -> None:
    """Let the market say these rows and no others from now on."""
    market.ROWS.clear()
    market.ROWS[NAME] = rows


def let_numbers_repeat(store: Store, *, honour_requestid: bool = False) -> None:
    """Take away what keeps a careless program from doubling documents: number checks, and request ids if so asked."""
    company = store.of_template("quebec")
    with company.lock:
        company.settings["ignore_requestid"] = not honour_requestid
        work = Work(company)
        preferences = work.touch("Preferences", "1")
        preferences["SalesFormsPrefs"]["CustomTxnNumbers"] = False
        for each in preferences["OtherPrefs"]["NameValue"]:
            if each["Name"].startswith("WarnDuplicate"):
                each["Value"] = "false"
        work.commit()
        company.save_settings()
        company.flush()
