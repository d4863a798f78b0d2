"""A field-service firm's Plannit connected to a sandbox company: what it says comes as signed messages or as tables."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from harness import OWNER, consent, enable, make_workshop, sync
from sqlalchemy import select
from standardwebhooks import Webhook

import raccord_plannit
from raccord.clock import FixedClock
from raccord.onboarding.arriving.webhooks import open_endpoint, receive
from raccord.onboarding.connecting.connections import NewConnection, connect
from raccord.onboarding.deciding.decisions import choose
from raccord.plugin import JSON
from raccord.plugin.info import Mode
from raccord.store.database import Database
from raccord.store.models import Company, Connection, DraftRow, Hold, Run
from raccord.sync.workshop import Workshop
from raccord_plannit.sandbox import Firm
from raccord_sandbox.serving.server import SandboxServer

NOW = datetime(2026, 3, 20, 15, 0, tzinfo=UTC)
GATES = frozenset({"tax_groups", "catalogue_created", "catalogue_validated"})
FIRST = date(2026, 3, 1)


@dataclass
class Boreale:
    """The firm, its connection, and what is in the books."""

    firm: Firm
    workshop: Workshop
    company: Company
    connection: Connection
    clock: FixedClock
    address: str = ""
    hook: Webhook | None = None
    sent: int = 0
    names: dict[str, str] = field(default_factory=dict)

    def listen(self) -> None:
        """Open the connection's address for messages."""
        path, secret = open_endpoint(self.workshop, OWNER, self.connection.id)
        self.address, self.hook = path.rsplit("/", 1)[1], Webhook(secret)

    def send(self, kind: str, value: dict[str, JSON], message: str = "") -> bool:
        """Send an object as the source would, signed; ``False`` where that message came before."""
        assert self.hook is not None
        self.sent += 1
        message = message or f"msg_{self.sent}"
        body = json.dumps({"type": f"{kind}.updated", "data": value})
        now = self.clock.now()
        headers = {
            "webhook-id": message,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self.hook.sign(message, now, body),
        }
        return receive(self.workshop, self.address, headers, body.encode())

    def send_all(self, changes: list[tuple[str, dict[str, JSON]]]) -> None:
        for kind, value in changes:
            self.send(kind, value)

    def sync(self) -> Run:
        return sync(self.workshop, self.connection)

    def documents(self, kind: str) -> list[dict[str, Any]]:
        return list(self.workshop.client(self.company).query_all(kind))

    def ours(self, kind: str) -> list[dict[str, Any]]:
        """Return the documents of a kind that bear our mark."""
        return [each for each in self.documents(kind) if "[raccord " in str(each.get("PrivateNote", ""))]

    def states(self) -> dict[str, tuple[str, str]]:
        with self.workshop.database.read() as session:
            of = select(DraftRow).where(DraftRow.connection_id == self.connection.id)
            return {row.key: (row.state, row.reason) for row in session.scalars(of)}

    def hold_of(self, key: str) -> str:
        """Return the id of a draft's open question."""
        with self.workshop.database.read() as session:
            of = select(Hold.id).join(DraftRow, DraftRow.id == Hold.draft_id)
            return session.scalars(of.where(DraftRow.key == key, Hold.closed_at.is_(None))).one()

    def held(self, key: str) -> dict[str, Any]:
        with self.workshop.database.read() as session:
            of = select(Hold).join(DraftRow, DraftRow.id == Hold.draft_id)
            return dict(session.scalars(of.where(DraftRow.key == key, Hold.closed_at.is_(None))).one().params)


@contextmanager
def boreale(
    database: Database, data_dir: Path, sandbox: SandboxServer, mode: Mode = Mode.FIRST_TIME, **values: object
) -> Iterator[Boreale]:
    """Connect the firm to the Quebec company, its four choices made; its first plan waits for approval."""
    clock = FixedClock(NOW)
    workshop = make_workshop(database, data_dir, sandbox.url, clock, raccord_plannit)
    try:
        company = consent(workshop, sandbox.store.of_template("quebec").realm)
        enable(workshop, company, "plannit")
        new = NewConnection(
            company_id=company.id,
            connector="plannit",
            values={"account": "boreale", **values},
            mode=mode,
            starts_on=FIRST,
            passed=GATES,
        )
        connection = connect(workshop, OWNER, new)
        made = Boreale(Firm(), workshop, company, connection, clock)
        choose_four(made)
        yield made
    finally:
        workshop.close()


def choose_four(made: Boreale) -> None:
    """Choose both taxes, the default item and the bank, as the configuration page asks for."""
    codes = {row["Name"]: row["Id"] for row in made.documents("TaxCode")}
    taxable = next(id_ for name, id_ in codes.items() if "TVQ" in name)
    exempt = next(id_ for name, id_ in codes.items() if name.startswith(("Exon", "Exem")))
    item = next(row for row in made.documents("Item") if row["Type"] == "Service")
    bank = next(row for row in made.documents("Account") if row["AccountType"] == "Bank")
    made.names = {"taxable": taxable, "exempt": exempt, "item": item["Id"], "bank": bank["Id"]}
    roles = ("tax_taxable", "tax_exempt", "default_item", "deposit_bank")
    for role, id_ in zip(roles, made.names.values(), strict=True):
        choose(made.workshop, OWNER, made.connection.id, role, id_)
