"""A consent that came back and is confirmed before anything of it is kept: the company's name is read once more.

Until then the tokens lie in the vault under a name that only the address of the page knows. Somebody who consented for
the wrong company says so there, and nothing was connected.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from raccord.errors import RaccordError
from raccord.onboarding.access.people import Actor, Power, require
from raccord.onboarding.connecting.companies import keep_tokens
from raccord.plugin.texts import Text
from raccord.quickbooks import (
    LOCAL,
    PUBLISHED,
    Cause,
    Governor,
    QuickBooks,
    RefusedError,
    TokenKeeper,
    Tokens,
)
from raccord.store.models import Company, CompanyState, Secret
from raccord.sync.books.company import Facts, read_facts
from raccord.sync.environments import environment_of
from raccord.sync.workshop import Workshop

LASTS = timedelta(minutes=30)
"""How long a consent waits to be confirmed; after that one consents again."""
_PREFIX = "consent:"


class ConsentOverError(RaccordError):
    """Raised when a consent that should be confirmed is not there: confirmed already, refused or too old."""


class NotReadableError(RaccordError):
    """Raised when somebody consented whom QuickBooks does not let read that company: no administrator of it."""


@dataclass(frozen=True, slots=True)
class Consent:
    """What a consent is for, as QuickBooks says it."""

    secret: str
    environment: str
    realm: str
    name: str
    legal_name: str
    country: str
    home_currency: str
    closed_on: date | None
    plan: str
    features: Mapping[str, bool]
    intuit: str
    """As whom somebody was signed in at Intuit; empty where Intuit does not tell."""
    company_id: str
    """The company's id where it was connected before, else empty."""


def take_consent(
    workshop: Workshop, actor: Actor, environment: str, callback_url: str, state: str, expected_realm: str | None = None
) -> str:
    """Return the secret of a consent that waits to be confirmed; refused like ``finish_authorisation``."""
    require(actor, Power.LINK)
    oauth = workshop.oauth(environment)
    tokens = oauth.exchange(callback_url, state, expected_realm)
    kept = _Kept(tokens)
    here = environment_of(environment)
    limits = PUBLISHED if environment in ("production", "sandbox") else LOCAL
    keeper = TokenKeeper(tokens.realm, kept, oauth, workshop.clock)
    with QuickBooks(here, tokens.realm, keeper, Governor(limits, clock=workshop.clock), clock=workshop.clock) as client:
        facts = _facts(client)
    secret, now = secrets.token_urlsafe(32), workshop.clock.now()
    with workshop.database.begin() as session:
        session.execute(delete(Secret).where(Secret.handle.startswith(_PREFIX), Secret.updated_at < now - LASTS))
        workshop.vault.within(session).put(
            _PREFIX + secret,
            {
                "tokens": kept.tokens.to_vault(),
                "environment": environment,
                "realm": tokens.realm,
                "name": facts.name,
                "legal_name": facts.profile.legal_name,
                "plan": facts.profile.plan,
                "features": " ".join(f"{name}:{int(on)}" for name, on in facts.profile.features.items()),
                "country": facts.encoding.country,
                "currency": facts.encoding.home_currency,
                "closed_on": "" if facts.closed_on is None else facts.closed_on.isoformat(),
                "intuit": oauth.person_of(kept.tokens),
                "by": actor.name,
                "at": now.isoformat(),
            },
        )
    return secret


def consent_of(workshop: Workshop, session: Session, name: str, secret: str) -> Consent:
    """Return what a consent is for; only to who gave it, by name, and while it waits (``ConsentOverError``)."""
    held = _held(workshop, session, name, secret)
    known = session.scalars(
        select(Company.id).where(Company.environment == held["environment"], Company.realm == held["realm"])
    ).one_or_none()
    return Consent(
        secret=secret,
        environment=held["environment"],
        realm=held["realm"],
        name=held["name"],
        # One that waited while this version came in does not say these.
        legal_name=held.get("legal_name", ""),
        country=held["country"],
        home_currency=held["currency"],
        closed_on=date.fromisoformat(held["closed_on"]) if held["closed_on"] else None,
        plan=held.get("plan", ""),
        features={each.partition(":")[0]: each.endswith(":1") for each in held.get("features", "").split()},
        intuit=held["intuit"],
        company_id=known or "",
    )


def confirm_consent(workshop: Workshop, actor: Actor, secret: str) -> Company:
    """Keep a consent: its company is connected, or authorised again; it serves once."""
    held = _taken(workshop, actor, secret)
    return keep_tokens(workshop, actor, held["environment"], Tokens.from_vault(held["tokens"]), held["intuit"])


def refuse_consent(workshop: Workshop, actor: Actor, secret: str) -> None:
    """Let a consent go: nothing of it is kept, and Intuit forgets it too.

    But for a company that is connected here: Intuit ends all of a company's authorisations at once.
    """
    held = _taken(workshop, actor, secret)
    with workshop.database.read() as session:
        connected = session.scalar(
            select(Company.id).where(
                Company.environment == held["environment"],
                Company.realm == held["realm"],
                Company.state.in_((CompanyState.CONNECTED, CompanyState.BLOCKED)),
            )
        )
    if connected is None:
        workshop.oauth(held["environment"]).revoke(Tokens.from_vault(held["tokens"]))


def _facts(client: QuickBooks) -> Facts:
    """Read the company of a consent; what QuickBooks does not show this person is no company of theirs to connect."""
    try:
        return read_facts(client)
    except RefusedError as error:
        if error.cause is not Cause.ACCESS_DENIED:
            raise
        raise NotReadableError(
            "company.not_administrator",
            Text(
                "QuickBooks ne laisse pas cette personne relier cette société.",
                "QuickBooks does not let this person connect this company.",
            ),
            Text(
                "Demandez à un administrateur de la société (principal ou de la société) de donner l'autorisation, "
                "puis recommencez ; rien n'a été gardé.",
                "Ask an administrator of the company (primary or company administrator) to authorise it, then start "
                "again; nothing was kept.",
            ),
        ) from None


def _taken(workshop: Workshop, actor: Actor, secret: str) -> dict[str, str]:
    """Take a consent out of the vault: of two who confirm at once, one finds it."""
    require(actor, Power.LINK)
    with workshop.database.begin() as session:
        held = _held(workshop, session, actor.name, secret)
        gone = session.connection().execute(delete(Secret).where(Secret.handle == _PREFIX + secret))
        if not gone.rowcount:
            raise _over()
        return held


def _held(workshop: Workshop, session: Session, name: str, secret: str) -> dict[str, str]:
    found = workshop.vault.within(session).get_mapping(_PREFIX + secret, missing_ok=True)
    held = {key: str(value) for key, value in found.items()}
    if held.get("by") != name or workshop.clock.now() - datetime.fromisoformat(held["at"]) >= LASTS:
        raise _over()
    return held


def _over() -> ConsentOverError:
    return ConsentOverError(
        "company.consent_over",
        Text(
            "Cette autorisation n'attend plus : elle a été confirmée, refusée, ou elle est trop ancienne.",
            "This authorisation no longer waits: it was confirmed, refused, or is too old.",
        ),
        Text(
            "Voyez la page « QuickBooks » ; s'il le faut, autorisez de nouveau.",
            "See the page “QuickBooks”; authorise again if need be.",
        ),
    )


class _Kept:
    """The tokens of a consent in memory, while its company is read."""

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens

    def load(self) -> Tokens:
        return self.tokens

    def save(self, tokens: Tokens) -> None:
        self.tokens = tokens

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        yield
