"""A tax practice's TaxDome connected to a sandbox company: what it says comes as tables or as signed messages."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from boreale import NOW
from harness import OWNER, consent, enable, make_workshop, sync
from sqlalchemy import select

import raccord_taxdome
from raccord.clock import FixedClock
from raccord.onboarding.arriving.receiving import receive_files
from raccord.onboarding.connecting.connections import NewConnection, connect, update_settings
from raccord.onboarding.deciding.decisions import choose
from raccord.plugin.contract.writing import write_table
from raccord.store.database import Database
from raccord.store.models import Company, Connection, DraftRow, Proof, Run
from raccord.sync.workshop import Workshop
from raccord_sandbox.serving.server import SandboxServer
from raccord_taxdome.contract import CONTRACT
from raccord_taxdome.sandbox import Practice

FIRST = date(2026, 3, 2)
ROLES = {
    "tax_taxable": ("TaxCode", lambda row: "TVQ" in row["Name"]),
    "tax_exempt": ("TaxCode", lambda row: row["Name"].startswith(("Exon", "Exem"))),
    "default_item": ("Item", lambda row: row["Type"] == "Service"),
    "payout_bank": ("Account", lambda row: row["AccountType"] == "Bank"),
}


@dataclass
class Cabinet:
    """The practice, its connection, and what is in the books."""

    workshop: Workshop
    company: Company
    connection: Connection
    practice: Practice = field(default_factory=Practice)
    values: dict[str, str] = field(default_factory=lambda: {"firm": "laurier", "accounts": "used"})
    chosen: dict[str, str] = field(default_factory=dict)

    def hand_in(self) -> None:
        """Hand the practice's tables in."""
        for info in CONTRACT.objects:
            if values := self.practice.all(info.name):
                table = io.BytesIO(write_table(CONTRACT, info.name, values).encode())
                receive_files(self.workshop, OWNER, self.connection.id, [(f"{info.path}.csv", table)])

    def sync(self) -> Run:
        """Hand the practice's tables in and let a run go to its end, its plan approved."""
        self.hand_in()
        return sync(self.workshop, self.connection)

    def set(self, **values: str) -> None:
        self.values |= values
        update_settings(self.workshop, OWNER, self.connection.id, self.values)

    def connection_now(self) -> Connection:
        with self.workshop.database.read() as session:
            return session.get_one(Connection, self.connection.id)

    def ours(self, kind: str) -> list[dict[str, Any]]:
        """Return the documents of a kind that bear our mark."""
        rows = self.workshop.client(self.company).query_all(kind)
        return [each for each in rows if "[raccord " in str(each.get("PrivateNote", ""))]

    def named(self, kind: str, name: str) -> list[dict[str, Any]]:
        """Return the entries of a list that bear a name."""
        key = "Name" if kind in ("Item", "Account") else "DisplayName"
        return [each for each in self.workshop.client(self.company).query_all(kind) if each.get(key) == name]

    def states(self) -> dict[str, tuple[str, str]]:
        with self.workshop.database.read() as session:
            of = select(DraftRow).where(DraftRow.connection_id == self.connection.id)
            return {row.key: (row.state, row.reason) for row in session.scalars(of)}

    def all_equal(self, stream: str = "") -> bool:
        """Tell whether every day of a stream, of all of them unless one is named, is proven to the cent."""
        with self.workshop.database.read() as session:
            proofs = list(session.scalars(select(Proof).where(Proof.connection_id == self.connection.id)))
            proofs = [proof for proof in proofs if proof.stream == stream or not stream]
            return bool(proofs) and all(proof.equal for proof in proofs)


@contextmanager
def cabinet(
    database: Database,
    data_dir: Path,
    sandbox: SandboxServer,
    template: str = "quebec",
    answered: Collection[str] = tuple(ROLES),
) -> Iterator[Cabinet]:
    """Connect the practice to a company, its choices made (the taxes in Quebec alone); its first plan waits."""
    workshop = make_workshop(database, data_dir, sandbox.url, FixedClock(NOW), raccord_taxdome)
    try:
        company = consent(workshop, sandbox.store.of_template(template).realm)
        enable(workshop, company, "taxdome")
        new = NewConnection(
            company_id=company.id, connector="taxdome", values={"firm": "laurier", "accounts": "used"}, starts_on=FIRST
        )
        made = Cabinet(workshop, company, connect(workshop, OWNER, new))
        for role, (kind, fits) in ROLES.items():
            if role not in answered or (kind == "TaxCode" and template != "quebec"):
                continue
            row = next(each for each in workshop.client(company).query_all(kind) if fits(each))
            made.chosen[role] = row["Id"]
            choose(workshop, OWNER, made.connection.id, role, row["Id"])
        yield made
    finally:
        workshop.close()
