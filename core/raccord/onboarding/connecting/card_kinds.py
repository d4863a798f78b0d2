"""Which accounts at a bank are cards, kept among the settings with every choice that says so, whoever makes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from pydantic import BaseModel
from sqlalchemy.orm import Session

from raccord.onboarding.access.people import Actor
from raccord.onboarding.connecting.connections import update_settings
from raccord.onboarding.gates.each_account import roles_of_accounts
from raccord.onboarding.sources.account_types import HeldAs, type_of
from raccord.onboarding.sources.source_accounts import info_of
from raccord.plugin.info import ConnectorInfo
from raccord.store.models import Company, Connection, LedgerEntry
from raccord.sync.workshop import Workshop

Made = TypeVar("Made")

Chosen = tuple[str, str, str]
"""A role, the account of the source that it is of, and the id of its account in the books."""


def fill_with_kinds(
    workshop: Workshop, actor: Actor, connection_id: str, chosen: Sequence[Chosen], fill: Callable[[Session], Made]
) -> Made:
    """Return what fills roles, done in a transaction that keeps too which of their accounts at a bank are cards.

    ``fill`` refuses what does not fit; then nothing is kept.
    """
    with workshop.database.read() as session:
        connection = session.get_one(Connection, connection_id)
        info = info_of(workshop, connection.connector)
        cards = _cards(session, connection, info, chosen)
        changes = bool(cards) and bool(card_settings(info, _standing(workshop, session, connection), cards))
    if not changes:
        with workshop.database.begin() as session:
            connection = session.get_one(Connection, connection_id, with_for_update=True)
            # Somebody else may have said the other of bank and card since it was looked at.
            if not (cards and card_settings(info, _standing(workshop, session, connection), cards)):
                return fill(session)
    made: list[Made] = []
    update_settings(
        workshop, actor, connection_id, lambda standing: card_settings(info, standing, cards),
        lambda session: made.append(fill(session)),
    )  # fmt: skip
    return made[0]


def card_settings(info: ConnectorInfo, held: BaseModel, cards: Mapping[str, bool]) -> dict[str, object]:
    """Return what of a connection's settings changes where some accounts are cards and others are none."""
    return {
        name: value
        for role in roles_of_accounts(info)
        if role.keep_cards is not None
        for name, value in role.keep_cards(held, cards).items()
        if getattr(held, name) != value
    }


def _cards(session: Session, connection: Connection, info: ConnectorInfo, chosen: Sequence[Chosen]) -> dict[str, bool]:
    """Return by account of the source whether its account in the books is a card's."""
    roles = {each.name for each in roles_of_accounts(info) if each.keep_cards is not None}
    entries = {
        of: session.get(LedgerEntry, (connection.company_id, "Account", ledger_id))
        for role, of, ledger_id in chosen
        if role in roles and of
    }
    return {of: type_of(entry) is HeldAs.CARD for of, entry in entries.items() if entry is not None}


def _standing(workshop: Workshop, session: Session, connection: Connection) -> BaseModel:
    return workshop.bench_of(session, session.get_one(Company, connection.company_id), connection).view.settings
