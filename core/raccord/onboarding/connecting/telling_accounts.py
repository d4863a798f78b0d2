"""Telling what the accounts at a bank are: kept with the choices, and among the settings where reading needs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel

from raccord.onboarding.access.people import Actor
from raccord.onboarding.connecting.connections import update_settings
from raccord.onboarding.deciding.decisions import BEGINNING, choose
from raccord.onboarding.gates.each_account import roles_of_accounts
from raccord.onboarding.sources.account_types import HeldAs
from raccord.onboarding.sources.source_accounts import info_of
from raccord.plugin.info import ConnectorInfo
from raccord.store.models import Company, Connection
from raccord.sync.workshop import Workshop


@dataclass(frozen=True, slots=True)
class AccountSaid:
    """What a person says of one account: its type, and the id of its account in the books."""

    role: str
    key: str
    held_as: str
    ledger_id: str


def tell_accounts(workshop: Workshop, actor: Actor, connection_id: str, said: Sequence[AccountSaid]) -> None:
    """Keep what each account is, from the beginning; the source is told which are cards where its reading needs it."""
    for each in said:
        choose(
            workshop, actor, connection_id, each.role, each.ledger_id, each.key, BEGINNING, type_said=each.held_as
        )  # fmt: skip
    keep_cards(workshop, actor, connection_id, {each.key: each.held_as == HeldAs.CARD for each in said})


def keep_cards(workshop: Workshop, actor: Actor, connection_id: str, cards: Mapping[str, bool]) -> None:
    """Keep among the settings which accounts are cards, where that changes them."""
    with workshop.database.read() as session:
        connection = session.get_one(Connection, connection_id)
        info = info_of(workshop, connection.connector)
        bench = workshop.bench_of(session, session.get_one(Company, connection.company_id), connection)
    if card_settings(info, bench.view.settings, cards):
        update_settings(workshop, actor, connection_id, lambda standing: card_settings(info, standing, cards))


def card_settings(info: ConnectorInfo, held: BaseModel, cards: Mapping[str, bool]) -> dict[str, object]:
    """Return what of a connection's settings changes where some accounts are cards and others are none."""
    return {
        name: value
        for role in roles_of_accounts(info)
        if role.keep_cards is not None
        for name, value in role.keep_cards(held, cards).items()
        if getattr(held, name) != value
    }
