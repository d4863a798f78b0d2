"""Telling what the accounts at a bank are: kept with the choices, and among the settings where reading needs it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from raccord.onboarding.access.people import Actor
from raccord.onboarding.deciding.decisions import BEGINNING, choose
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
