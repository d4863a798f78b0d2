"""Accounts that a person adds to the chart of accounts while saying what an account of a source is in the books."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from raccord.onboarding.decisions import DecisionError, choose, role_of
from raccord.onboarding.people import Actor, Power, require
from raccord.onboarding.source_accounts import info_of
from raccord.plugin.drafts import Accepts
from raccord.plugin.texts import Text
from raccord.quickbooks import Lane
from raccord.store import events
from raccord.store.models import Choice, Company, Connection
from raccord.sync.bodies import digest
from raccord.sync.books import TYPES, find_by_name, store_entry
from raccord.sync.workshop import Workshop

NAME_MAX = 100


class NewAccount(StrEnum):
    """What an account that is added holds."""

    CHECKING = "checking"
    SAVINGS = "savings"
    CASH = "cash"
    CARD = "card"


KINDS: Mapping[NewAccount, tuple[str, str]] = MappingProxyType(
    {
        NewAccount.CHECKING: ("Bank", "Checking"),
        NewAccount.SAVINGS: ("Bank", "Savings"),
        NewAccount.CASH: ("Bank", "CashOnHand"),
        NewAccount.CARD: ("Credit Card", "CreditCard"),
    }
)
"""QuickBooks' account type and detail type of each."""


def read_kind(text: str) -> NewAccount:
    """Return what a person said that a new account holds; refuses what is none of the kinds, or nothing."""
    if text not in set(NewAccount):
        raise _refused(Text("Le genre du compte n'est pas dit.", "The kind of the account is not said."))
    return NewAccount(text)


def kinds_for(accepts: Accepts) -> list[NewAccount]:
    """Return the kinds of accounts that can be added for a role which accepts these."""
    return [kind for kind, (type_, _) in KINDS.items() if type_ in TYPES.get(accepts, frozenset())]


def add_account(
    workshop: Workshop,
    actor: Actor,
    connection_id: str,
    role: str,
    name: str,
    kind: NewAccount,
    of: str = "",
    valid_from: date | None = None,
) -> Choice:
    """Add an account to the company's chart in QuickBooks and fill the role with it.

    A name that the chart has already is refused: such an account is in the list.
    """
    called = " ".join(name.split())
    with workshop.database.read() as session:
        connection = session.get_one(Connection, connection_id)
        company = session.get_one(Company, connection.company_id)
        info = info_of(workshop, connection.connector)
        require(actor, Power.MANAGE, info, manage_granted=connection.manage_granted_at is not None)
        accepts = role_of(info, role).accepts
    type_, subtype = KINDS[kind]
    if kind not in kinds_for(accepts):
        raise _refused(Text("Ce rôle ne prend pas un compte de ce genre.", "This role takes no account of that kind."))
    if not called or len(called) > NAME_MAX or ":" in called or '"' in called:
        raise _refused(
            Text(
                f"Un nom de compte a de 1 à {NAME_MAX} caractères, sans deux-points ni guillemet.",
                f"An account's name has 1 to {NAME_MAX} characters, without colon or quotation mark.",
            )
        )
    client = workshop.client(company).in_lane(Lane.INTERACTIVE)
    if find_by_name(client, "Account", called):
        raise _refused(Text(f"Le compte « {called} » existe déjà.", f"The account “{called}” exists already."))
    body = json.dumps({"Name": called, "AccountType": type_, "AccountSubType": subtype}, ensure_ascii=False)
    made = client.create("Account", body, f"raccord-a-{digest(connection_id, role, of, called, kind)[:30]}").value
    now = workshop.clock.now()
    with workshop.database.begin() as session:
        store_entry(session, company.id, "Account", made, now)
        events.append(
            session,
            actor=actor.name,
            action="account.added",
            subject=called,
            company_id=company.id,
            connection_id=connection_id,
            now=now,
            body={"id": str(made["Id"]), "type": type_, "subtype": subtype},
        )
    return choose(workshop, actor, connection_id, role, str(made["Id"]), of, valid_from)


def _refused(why: Text) -> DecisionError:
    return DecisionError(
        "account.not_added",
        why,
        Text("Choisissez-en un de la liste, ou donnez un autre nom.", "Choose one of the list, or give another name."),
    )
