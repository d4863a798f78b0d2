"""Whoever says which account of the books an account at a bank is says too whether it is a card."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from harness import OWNER, catalog_of
from sqlalchemy import select

import raccord_bankfeed
from raccord.cli.terminal.exits import Exit
from raccord.cli.terminal.house import opened_workshop
from raccord.onboarding.deciding.decisions import BEGINNING
from raccord.onboarding.deciding.remapping import RoleChange, save_changes
from raccord.settings import load
from raccord.store.models import Choice, Connection, LedgerEntry

Told = Callable[..., tuple[int, Any]]
ROLE, CARD, BANK = "ledger_account", "csv-card", "csv-bank"


def test_the_command_the_mapping_and_an_added_account_keep_which_accounts_are_cards(
    told: Told, company: str, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("raccord.catalog.load_catalog", lambda: catalog_of(raccord_bankfeed))
    made = ["connect", "source", "bankfeed", "--enable", "--label", "Bank", "--starts-on", "2026-01-01"]
    assert told(*made, "--set", "input_kind=upload")[0] == Exit.OK
    settings = load(data_dir=shop)
    with opened_workshop(settings) as workshop, workshop.database.read() as session:
        connection = session.scalars(select(Connection.id)).one()
        wanted = select(LedgerEntry.name, LedgerEntry.object_id).where(LedgerEntry.kind == "Account")
        cards = session.execute(wanted.where(LedgerEntry.type == "Credit Card")).all()
        bank, bank_id = session.execute(wanted.where(LedgerEntry.type == "Bank")).all()[0]

    def kinds() -> str:
        with opened_workshop(settings) as workshop, workshop.database.read() as session:
            return str(session.get_one(Connection, connection).settings.get("kinds", ""))

    if not cards:
        assert told("connect", "choose", "Bank", ROLE, "Visa 9", "--add", "card", "--of", CARD)[0] == Exit.OK
    else:
        assert told("connect", "choose", "Bank", ROLE, cards[0].name, "--of", CARD)[0] == Exit.OK
    assert kinds().splitlines() == [f"{CARD} = card"]
    assert told("connect", "choose", "Bank", ROLE, bank, "--of", BANK, "--preview")[0] == Exit.OK
    assert kinds().splitlines() == [f"{CARD} = card"], "a preview keeps nothing"
    assert told("connect", "choose", "Bank", ROLE, bank, "--of", BANK)[0] == Exit.OK
    assert set(kinds().splitlines()) == {f"{CARD} = card", f"{BANK} = bank"}
    assert told("connect", "choose", "Bank", ROLE, "Mastercard 9", "--add", "card", "--of", BANK)[0] == Exit.OK
    assert set(kinds().splitlines()) == {f"{CARD} = card", f"{BANK} = card"}
    with opened_workshop(settings) as workshop:
        save_changes(workshop, OWNER, connection, [RoleChange(ROLE, bank_id, BEGINNING, CARD)])
    assert set(kinds().splitlines()) == {f"{CARD} = bank", f"{BANK} = card"}
    status, refused = told("connect", "choose", "Bank", "no_role", bank, "--of", BANK)
    assert (status == Exit.OK, "error" in refused) == (False, True)
    with opened_workshop(settings) as workshop, workshop.database.read() as session:
        held = {each.of: each.held_as for each in session.scalars(select(Choice).order_by(Choice.id))}
    assert held == {CARD: "bank", BANK: "card"}
