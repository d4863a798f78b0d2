"""Connecting a QuickBooks company: consent, tokens into the vault, the company's row; another company is refused."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.errors import RaccordError
from raccord.onboarding.access.people import Actor, Power, require
from raccord.onboarding.closing.exported import missing_of, require_exported
from raccord.plugin.texts import Text
from raccord.quickbooks import Lane, Tokens, new_state
from raccord.store import events
from raccord.store.models import Company, CompanyState, Connection, ConnectionState
from raccord.store.tokens import tokens_handle
from raccord.sync.blocking import clear, unblock
from raccord.sync.books.company import chosen, lists_of, read_books, store_books
from raccord.sync.lines.payees import named_payees
from raccord.sync.workshop import Workshop


def begin_authorisation(workshop: Workshop, actor: Actor, environment: str) -> tuple[str, str]:
    """Return the address of QuickBooks' consent page and the state to keep until the person comes back."""
    require(actor, Power.LINK)
    state = new_state()
    return workshop.oauth(environment).authorization_url(state), state


def finish_authorisation(
    workshop: Workshop, actor: Actor, environment: str, callback_url: str, state: str, expected_realm: str | None = None
) -> Company:
    """Turn the address the person came back to into a connected company; its facts and lists are read at once.

    With ``expected_realm`` another company is refused before anything is stored (``WrongCompanyError``).
    """
    require(actor, Power.LINK)
    oauth = workshop.oauth(environment)
    tokens = oauth.exchange(callback_url, state, expected_realm)
    return keep_tokens(workshop, actor, environment, tokens, oauth.person_of(tokens))


def keep_tokens(workshop: Workshop, actor: Actor, environment: str, tokens: Tokens, intuit: str) -> Company:
    """Connect the company that tokens are for, and read its facts and lists; ``intuit`` is who consented there."""
    require(actor, Power.LINK)
    now = workshop.clock.now()
    with workshop.database.begin() as session:
        company = _company(session, environment, tokens.realm, now)
        workshop.vault.within(session).put(tokens_handle(company.id), tokens.to_vault())
        # Who authorises again may have more rights: what it was blocked by is seen anew.
        unblock(session, company, now)
        company.state = CompanyState.CONNECTED
        company.authorised_by, company.authorised_as, company.authorised_at = actor.name, intuit, now
        events.append(
            session, actor=actor.name, action="company.connected", subject=tokens.realm, company_id=company.id, now=now,
            body={"intuit": intuit} if intuit else {},
        )  # fmt: skip
    workshop.forget_client(company.id)
    return refresh_company(workshop, company.id)


def disconnect_company(workshop: Workshop, actor: Actor, company_id: str, *, without_export: bool = False) -> Company:
    """End our authorisation at QuickBooks and forget its tokens; what is in QuickBooks stays as it is.

    Refused while a connection of the company is alive, and with ``NotExportedError`` while something that is kept
    about it stands in no finished export, unless ``without_export`` confirms that. When Intuit cannot be asked,
    nothing is changed (``UnavailableError``).
    """
    require(actor, Power.LINK)
    with workshop.database.read() as session:
        company = session.get_one(Company, company_id)
        alive = _alive(session, company_id)
        connections = session.scalars(select(Connection.id).where(Connection.company_id == company_id)).all()
        missing = missing_of(session, company_id, connections)
    if alive:
        raise RaccordError(
            "company.still_connected",
            Text(f"Des connexions l'utilisent encore : {alive}.", f"Connections still use it: {alive}."),
            Text("Déconnectez-les d'abord.", "Disconnect them first."),
        )
    require_exported(missing, confirmed=without_export)
    store = workshop.stored_tokens(company)
    with store.exclusive():
        held = store.load()
        if held is not None:
            workshop.oauth(company.environment).revoke(held)
            store.forget()
    workshop.forget_client(company.id)
    with workshop.database.begin() as session:
        company = session.get_one(Company, company_id)
        company.state = CompanyState.DISCONNECTED
        clear(company)
        now = workshop.clock.now()
        events.append(
            session,
            actor=actor.name,
            action="company.disconnected",
            subject=company.realm,
            company_id=company.id,
            now=now,
            body={} if missing is None else {"not_exported": missing.counts()},
        )
        return company


def refresh_company(workshop: Workshop, company_id: str) -> Company:
    """Read the company's facts and lists from QuickBooks and keep them."""
    with workshop.database.read() as session:
        company = session.get_one(Company, company_id)
        choices = [*chosen(session, company_id), *named_payees(session, company_id)]
        connectors = session.scalars(select(Connection.connector).where(Connection.company_id == company_id).distinct())
        admitted = [workshop.scopes.catalog.get(name) for name in connectors]
    client = workshop.client(company).in_lane(Lane.INTERACTIVE)
    kinds = lists_of(each.info for each in admitted if each is not None)
    facts, rows = read_books(client, choices, kinds=kinds)
    with workshop.database.begin() as session:
        company = session.get_one(Company, company_id)
        store_books(session, company, facts, rows, workshop.clock.now())
        return company


def the_company(session: Session, name: str = "") -> Company:
    """Return the company of that id, realm or name; without a name the only one there is."""
    companies = session.scalars(select(Company).order_by(Company.created_at)).all()
    found = [each for each in companies if name in ("", each.id, each.realm, each.name)]
    if len(found) == 1:
        return found[0]
    known = ", ".join(f"{each.name} ({each.realm})" for each in companies[:10]) or "–"
    raise RaccordError(
        "company.which",
        Text(f"Quelle société ? Connues : {known}.", f"Which company? Known ones: {known}."),
        Text("Nommez-la avec --company.", "Name it with --company."),
    )


def realm_in(callback_url: str) -> str:
    """Return the company id that QuickBooks handed over, or nothing."""
    return parse_qs(urlsplit(callback_url).query).get("realmId", [""])[0]


def _alive(session: Session, company_id: str) -> str:
    labels = session.scalars(
        select(Connection.label).where(
            Connection.company_id == company_id,
            Connection.state.not_in((ConnectionState.DISCONNECTED, ConnectionState.UNCONNECTED)),
        )
    )
    return ", ".join(labels)


def _company(session: Session, environment: str, realm: str, now: datetime) -> Company:
    found = session.scalars(
        select(Company).where(Company.environment == environment, Company.realm == realm)
    ).one_or_none()
    if found is None:
        found = Company(environment=environment, realm=realm, name=realm, created_at=now)
        session.add(found)
        session.flush()
    return found
