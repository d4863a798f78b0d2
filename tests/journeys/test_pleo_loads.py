"""Money loaded into Pleo stands in two sources, Pleo's export and the bank's statement: it is one transfer."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from harness import OWNER, catalog_of, enable, sync
from pleo_house import House, working
from sqlalchemy import select

import raccord_bankfeed
import raccord_pleo
from raccord.onboarding.connecting.connections import NewConnection, connect
from raccord.onboarding.deciding.decisions import choose
from raccord.scope import Scopes
from raccord.store.models import Connection, DraftRow, DraftState, Hold, Proof
from raccord_bankfeed.twins.bank import MadeAccount, MadeLine, Read, statement_file

CHEQUING = MadeAccount(number="0123456789")
LOADED = MadeLine(day=date(2026, 3, 19), amount=Decimal("-500.00"), name="VIREMENT PLEO", native="L1")
OTHER = MadeLine(day=date(2026, 3, 19), amount=Decimal("-12.00"), name="CAFE", native="L2")


@dataclass
class Both:
    house: House
    bank: Connection
    folder: Path

    def statement(self, *lines: MadeLine) -> None:
        path = self.folder / f"{lines[0].native}.ofx"
        path.write_bytes(statement_file(CHEQUING, lines))
        os.utime(path, (0, 0))
        assert sync(self.house.workshop, self.bank).state == "done"

    def load(self) -> str:
        entry = self.house.file(50000, kind="wallet_topup", category=None)
        job = self.house.export(entry)
        assert sync(self.house.workshop, self.house.connection).state == "done"
        return self.house.results(job)[entry][0]

    def waiting(self) -> list[Hold]:
        with self.house.workshop.database.read() as session:
            return list(session.scalars(select(Hold).where(Hold.closed_at.is_(None)).order_by(Hold.id)))

    def moves(self) -> Counter[str]:
        client = self.house.workshop.client(self.house.company)
        return Counter(kind for kind in ("Transfer", "Purchase", "Deposit") for _ in client.query_all(kind, ""))


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Both]:
    """A company with Pleo and the account that feeds it, whose statement comes as a file."""
    folder = tmp_path / "bank"
    folder.mkdir()
    with working(tmp_path) as house:
        workshop = house.workshop
        workshop.scopes = Scopes(catalog_of(raccord_pleo, raccord_bankfeed))
        enable(workshop, house.company, "bankfeed")
        values = {"input_kind": "folder", "folder": str(folder)}
        new = NewConnection(
            company_id=house.company.id, connector="bankfeed", values=values, label="bank", starts_on=date(2026, 1, 1)
        )
        bank = connect(workshop, OWNER, new)
        known = Read(statement_file(CHEQUING, [OTHER])).lines[0].account
        choose(workshop, OWNER, bank.id, "ledger_account", house.accounts["bank"], of=known.key)
        yield Both(house, bank, folder)


@pytest.mark.requirement("PO-04")
@pytest.mark.parametrize("first", ["pleo", "bank"])
def test_a_load_is_one_transfer_whichever_source_tells_first(both: Both, first: str) -> None:
    if first == "pleo":
        assert both.load() == "successful"
        both.statement(LOADED, OTHER)
    else:
        both.statement(LOADED, OTHER)
        assert both.load() == "successful"
        assert sync(both.house.workshop, both.bank).state == "done"
    [waits] = both.waiting()
    assert waits.code == "resolve.decision_missing", "the coffee waits for a person; the line of the load does not"
    assert both.moves() == {"Transfer": 1}
    [transfer] = both.house.workshop.client(both.house.company).query_all("Transfer", "")
    assert (transfer["FromAccountRef"]["value"], transfer["ToAccountRef"]["value"], transfer["Amount"]) == (
        both.house.accounts["bank"], both.house.accounts["Banque Pleo"], Decimal("500.00"),
    )  # fmt: skip
    with both.house.workshop.database.read() as session:
        assert waits.draft_id == session.scalar(select(DraftRow.id).where(DraftRow.state == DraftState.HELD))
        assert all(proof.equal for proof in session.scalars(select(Proof)))
