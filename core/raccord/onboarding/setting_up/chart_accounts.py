"""Accounts that a person adds to the chart of accounts while saying what an account of a source is in the books."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from raccord.onboarding.access.people import Actor, Power, require
from raccord.onboarding.deciding.decisions import DecisionError, role_of
from raccord.onboarding.deciding.seen_choices import choices_standing, choose_seen
from raccord.onboarding.sources.source_accounts import info_of
from raccord.plugin.drafts import Accepts
from raccord.plugin.texts import Text
from raccord.quickbooks import Lane, quoted
from raccord.store import events
from raccord.store.models import Choice, Company, Connection
from raccord.sync.bodies import digest
from raccord.sync.books.company import TYPES, find_by_name, store_entry
from raccord.sync.workshop import Workshop

NAME_MAX = 100
_NUMBER_MAX, _SHORT_NUMBER = 20, 7
_SHORT_NUMBERS = frozenset({"US", "GB", "UK", "IN"})


class NewAccount(StrEnum):
    """What an account that is added holds."""

    CHECKING = "checking"
    SAVINGS = "savings"
    CASH = "cash"
    CARD = "card"
    OWNER = "owner"
    """What the owner draws and puts in."""


KINDS: Mapping[NewAccount, tuple[str, str]] = MappingProxyType(
    {
        NewAccount.CHECKING: ("Bank", "Checking"),
        NewAccount.SAVINGS: ("Bank", "Savings"),
        NewAccount.CASH: ("Bank", "CashOnHand"),
        NewAccount.CARD: ("Credit Card", "CreditCard"),
        NewAccount.OWNER: ("Equity", "OwnersEquity"),
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


def number_max(country: str) -> int:
    """Return how many characters QuickBooks takes of an account's number in a country."""
    return _SHORT_NUMBER if country in _SHORT_NUMBERS else _NUMBER_MAX


def journals_of(workshop: Workshop, company: Company) -> list[tuple[str, str]]:
    """Return a company's journal codes, each with its name; nothing where QuickBooks keeps none (only France does)."""
    if company.country != "FR":
        return []
    found = workshop.client(company).in_lane(Lane.INTERACTIVE).query("SELECT * FROM JournalCode WHERE Active = true")
    return [(str(each["Id"]), str(each["Name"])) for each in found]


def add_account(
    workshop: Workshop,
    actor: Actor,
    connection_id: str,
    role: str,
    name: str,
    kind: NewAccount,
    of: str = "",
    valid_from: date | None = None,
    *,
    number: str = "",
    journal: str = "",
) -> Choice:
    """Add an account to the company's chart in QuickBooks and fill the role with it.

    Refuses what ``add_to_chart`` refuses, and to fill a role that somebody filled while QuickBooks was asked.
    """
    with workshop.database.read() as session:
        seen = choices_standing(session, [connection_id], [role]).get((connection_id, role, of), "")
    made = add_to_chart(workshop, actor, connection_id, role, name, kind, of, number=number, journal=journal)
    return choose_seen(workshop, actor, connection_id, role, made, of, valid_from, seen=seen)


def add_to_chart(
    workshop: Workshop,
    actor: Actor,
    connection_id: str,
    role: str,
    name: str,
    kind: NewAccount,
    of: str = "",
    *,
    number: str = "",
    journal: str = "",
) -> str:
    """Add an account that a role may take to the company's chart in QuickBooks and return its id; nothing is chosen.

    A name or number that the chart has already is refused: such an account is in the list. ``journal`` is the id of a
    journal code, where the company keeps journals.
    """
    with workshop.database.read() as session:
        connection = session.get_one(Connection, connection_id)
        company = session.get_one(Company, connection.company_id)
        info = info_of(workshop, connection.connector)
        require(actor, Power.MANAGE, info, manage_granted=connection.manage_granted_at is not None)
        accepts = role_of(info, role).accepts
    if kind not in kinds_for(accepts):
        raise _refused(Text("Ce rôle ne prend pas un compte de ce genre.", "This role takes no account of that kind."))
    return put_in_chart(
        workshop, actor, connection, company, name, KINDS[kind], (role, of, kind), number=number, journal=journal
    )


def put_in_chart(
    workshop: Workshop,
    actor: Actor,
    connection: Connection,
    company: Company,
    name: str,
    types: tuple[str, str],
    purpose: tuple[str, ...],
    *,
    number: str = "",
    journal: str = "",
) -> str:
    """Add an account of a type and detail type to a company's chart and return its id; whether one may is asked before.

    The same for one purpose twice is one account: an answer that was lost makes no second one.
    """
    called, number = " ".join(name.split()), " ".join(number.split())
    type_, subtype = types
    if not called or len(called) > NAME_MAX or ":" in called or '"' in called:
        raise _refused(
            Text(
                f"Un nom de compte a de 1 à {NAME_MAX} caractères, sans deux-points ni guillemet.",
                f"An account's name has 1 to {NAME_MAX} characters, without colon or quotation mark.",
            )
        )
    _must_be_number(number, number_max(company.country))
    client = workshop.client(company).in_lane(Lane.INTERACTIVE)
    if find_by_name(client, "Account", called):
        raise _refused(Text(f"Le compte « {called} » existe déjà.", f"The account “{called}” exists already."))
    taken = f"AcctNum = {quoted(number)} AND Active IN (true, false)"
    if number and list(client.query_all("Account", taken)):
        raise _refused(Text(f"Le numéro « {number} » est pris.", f"The number “{number}” is taken."))
    said = {
        "Name": called, "AccountType": type_, "AccountSubType": subtype,
        **({"AcctNum": number} if number else {}),
        **({"JournalCodeRef": {"value": journal}} if journal else {}),
    }  # fmt: skip
    body = json.dumps(said, ensure_ascii=False)
    seed = digest(connection.id, *purpose[:2], called, *purpose[2:], number, journal)[:30]
    made = client.create("Account", body, f"raccord-a-{seed}").value
    now = workshop.clock.now()
    with workshop.database.begin() as session:
        store_entry(session, company.id, "Account", made, now)
        events.append(
            session,
            actor=actor.name,
            action="account.added",
            subject=called,
            company_id=company.id,
            connection_id=connection.id,
            now=now,
            body={"id": str(made["Id"]), "type": type_, "subtype": subtype},
        )
    return str(made["Id"])


def _must_be_number(number: str, most: int) -> None:
    if len(number) > most or ":" in number:
        raise _refused(
            Text(
                f"Un numéro de compte a {most} caractères au plus, sans deux-points.",
                f"An account's number has {most} characters at most, without colon.",
            )
        )


def _refused(why: Text) -> DecisionError:
    return DecisionError(
        "account.not_added",
        why,
        Text("Choisissez-en un de la liste, ou donnez un autre nom.", "Choose one of the list, or give another name."),
    )
