"""Tokens by which programs act for a person in one company: never further than that person, nor than their scope."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session

from raccord.errors import RaccordError
from raccord.onboarding.access.people import Actor, Power, RoleName, may
from raccord.onboarding.access.reach import Reach, reach_of
from raccord.plugin.texts import Text
from raccord.store import events
from raccord.store.models import ApiToken, Company, Person
from raccord.store.models.people import EVERYWHERE
from raccord.sync.workshop import Workshop

PREFIX = "raccord_"
"""What every token begins with, so that one that leaked is found by a search."""
NAME_MAX = 80
DAYS_USUAL = 90
DAYS_MAX = 365
TOKENS_MAX = 25
"""Tokens of one person that work at a time."""
LISTED_MAX = 500
NOTED_EVERY = timedelta(minutes=5)


class Scope(StrEnum):
    """What a token may be used for; each reaches as far as those before it and further."""

    READ = "read"
    WRITE = "write"
    """Answer questions, say what bank lines are, close problems, settle drifts, start and stop runs."""
    APPROVE = "approve"
    """Approve plans, ask for plans that undo, certify months."""
    MANAGE = "manage"
    """Pause, resume, change the mapping and the settings."""
    OWN = "own"
    """Disconnect, bring days over, approve a first plan."""


_AS = {
    Scope.READ: RoleName.ACCOUNTANT,
    Scope.WRITE: RoleName.BOOKKEEPER,
    Scope.APPROVE: RoleName.BOOKKEEPER,
    Scope.MANAGE: RoleName.ADMIN,
    Scope.OWN: RoleName.OWNER,
}
"""As what a token acts at most."""
_LADDER = (RoleName.OWNER, RoleName.ADMIN, RoleName.BOOKKEEPER, RoleName.ACCOUNTANT)


class TokenError(RaccordError):
    """Raised when a token cannot be made or used as asked."""


@dataclass(frozen=True, slots=True)
class Program:
    """Who a token speaks for, and how far."""

    token_id: str
    person_id: str
    email: str
    token: str
    company_id: str
    scope: Scope
    ends_at: datetime
    reach: Reach
    house: Actor
    """As what it acts on what is the installation's own: the most that its person is everywhere and its scope allow."""

    def reaches(self, scope: Scope) -> bool:
        """Tell whether the token was made for ``scope`` or more."""
        ladder = list(Scope)
        return ladder.index(self.scope) >= ladder.index(scope)


@dataclass(frozen=True, slots=True)
class TokenView:
    """A token as people see it: never the token itself."""

    id: str
    name: str
    email: str
    company_id: str
    company: str
    scope: Scope
    made_at: datetime
    ends_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None
    works: bool


def narrowed(role: RoleName, scope: Scope) -> RoleName:
    """Return as what somebody of ``role`` acts through a token: the most that both allow."""
    asked, held = Actor("", _AS[scope]), Actor("", role)
    for each in _LADDER:
        if all(may(asked, power) and may(held, power) for power in Power if may(Actor("", each), power)):
            return each
    return RoleName.ACCOUNTANT


def scopes_of(role: RoleName) -> list[Scope]:
    """Return the scopes that somebody of ``role`` may give to a token."""
    return [scope for scope in Scope if narrowed(role, scope) is _AS[scope]]


def make_token(
    workshop: Workshop, person_id: str, company_id: str, name: str, scope: Scope, days: int = DAYS_USUAL
) -> tuple[TokenView, str]:
    """Return a new token and its secret, which is kept nowhere and said this once."""
    called = name.strip()
    if not 0 < len(called) <= NAME_MAX or not called.isprintable() or not 1 <= days <= DAYS_MAX:
        raise _badly_asked()
    secret, now = PREFIX + secrets.token_urlsafe(32), workshop.clock.now()
    with workshop.database.begin() as session:
        person = session.get_one(Person, person_id, with_for_update=True)
        company = session.get(Company, company_id)
        actor = reach_of(session, person.id, person.email, now).actor_in(company_id)
        if company is None or actor is None or person.disabled_at is not None or scope not in scopes_of(actor.role):
            raise _too_far()
        working = select(func.count()).where(
            ApiToken.person_id == person_id, ApiToken.revoked_at.is_(None), ApiToken.ends_at > now
        )
        if (session.scalar(working) or 0) >= TOKENS_MAX:
            raise _too_many()
        row = ApiToken(
            person_id=person_id,
            company_id=company_id,
            name=called,
            scope=scope,
            token_hash=_hash(secret),
            made_at=now,
            ends_at=now + timedelta(days=days),
        )
        session.add(row)
        session.flush()
        events.append(
            session, actor=person.email, action="people.token_made", subject=called, company_id=company_id, now=now,
            body=_said(row),
        )  # fmt: skip
        return _view(row, person.email, company.name, now), secret


def program_of(workshop: Workshop, secret: str) -> Program | None:
    """Return who a token speaks for now, or nothing; its use is noted every few minutes."""
    if not secret.startswith(PREFIX) or len(secret) > 2 * NAME_MAX:
        return None
    now = workshop.clock.now()
    with workshop.database.read() as session:
        row = session.execute(
            select(ApiToken, Person)
            .join(Person, Person.id == ApiToken.person_id)
            .where(ApiToken.token_hash == _hash(secret))
        ).one_or_none()
        if row is None:
            return None
        held, person = row[0], row[1]
        if held.revoked_at is not None or now >= held.ends_at or person.disabled_at is not None:
            return None
        theirs = reach_of(session, person.id, person.email, now)
        actor = theirs.actor_in(held.company_id)
        if actor is None:
            return None
        scope = Scope(held.scope)
        # The name says in the audit chain that no hand did it.
        named = f"{person.email} ({held.name})"
        reach = Reach(named, None, {held.company_id: narrowed(actor.role, scope)})
        house = Actor(named, narrowed(theirs.actor.role, scope))
        stale = held.used_at is None or now - held.used_at >= NOTED_EVERY
    if stale:
        with workshop.database.begin() as session:
            session.execute(update(ApiToken).where(ApiToken.id == held.id).values(used_at=now))
    return Program(held.id, person.id, person.email, held.name, held.company_id, scope, held.ends_at, reach, house)


def tokens_of(session: Session, person_id: str | None, now: datetime) -> list[TokenView]:
    """Return a person's tokens, or everybody's, the newest first."""
    wanted = _tokens() if person_id is None else _tokens().where(ApiToken.person_id == person_id)
    rows = session.execute(wanted.order_by(ApiToken.made_at.desc(), ApiToken.id.desc()).limit(LISTED_MAX))
    return [_view(token, email, company or "", now) for token, email, company in rows]


def revoke_token(workshop: Workshop, by: str, token_id: str, person_id: str | None = None) -> None:
    """End a token for good; with ``person_id`` one of that person's own only, all others are as good as unknown."""
    now = workshop.clock.now()
    with workshop.database.begin() as session:
        row = session.get(ApiToken, token_id, with_for_update=True)
        if row is None or person_id not in (None, row.person_id):
            raise TokenError(
                "people.token_unknown",
                Text("Ce jeton n'existe pas.", "There is no such token."),
                Text("« raccord tokens » les montre.", "“raccord tokens” shows them."),
            )
        if row.revoked_at is None:
            row.revoked_at = now
            events.append(
                session, actor=by, action="people.token_revoked", subject=row.name, company_id=row.company_id, now=now,
                body=_said(row),
            )  # fmt: skip


def revoke_all(session: Session, person_id: str, now: datetime, company_id: str = EVERYWHERE) -> None:
    """End a person's tokens in the caller's transaction, those of one company where it is named."""
    mine = ApiToken.person_id == person_id, ApiToken.revoked_at.is_(None)
    there = () if company_id == EVERYWHERE else (ApiToken.company_id == company_id,)
    session.execute(update(ApiToken).where(*mine, *there).values(revoked_at=now))


def _tokens() -> Select[ApiToken, str, str]:
    return (
        select(ApiToken, Person.email, Company.name)
        .join(Person, Person.id == ApiToken.person_id)
        .join(Company, Company.id == ApiToken.company_id, isouter=True)
    )


def _view(row: ApiToken, email: str, company: str, now: datetime) -> TokenView:
    return TokenView(
        id=row.id,
        name=row.name,
        email=email,
        company_id=row.company_id,
        company=company,
        scope=Scope(row.scope),
        made_at=row.made_at,
        ends_at=row.ends_at,
        used_at=row.used_at,
        revoked_at=row.revoked_at,
        works=row.revoked_at is None and now < row.ends_at,
    )


def _said(row: ApiToken) -> dict[str, object]:
    """Return what the audit chain tells of a token."""
    return {"token": row.id, "scope": row.scope, "ends_at": row.ends_at.isoformat()}


def _hash(secret: str) -> str:
    # A token is 256 random bits: nobody guesses one, and a slow hash would only slow every call.
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _badly_asked() -> TokenError:
    return TokenError(
        "people.token_asked",
        Text("Ce nom ou cette durée ne convient pas.", "This name or duration cannot be used."),
        Text(
            f"Un nom de 1 à {NAME_MAX} caractères, et de 1 à {DAYS_MAX} jours.",
            f"A name of 1 to {NAME_MAX} characters, and 1 to {DAYS_MAX} days.",
        ),
    )


def _too_far() -> TokenError:
    return TokenError(
        "people.token_too_far",
        Text(
            "Un jeton ne va jamais plus loin que la personne pour qui il parle.",
            "A token never reaches further than the person it speaks for.",
        ),
        Text(
            "Choisissez une société et une portée de cette personne.", "Choose a company and a scope of that person's."
        ),
    )


def _too_many() -> TokenError:
    return TokenError(
        "people.token_too_many",
        Text(f"Cette personne a déjà {TOKENS_MAX} jetons.", f"This person has {TOKENS_MAX} tokens already."),
        Text("Révoquez-en un qui ne sert plus.", "Revoke one that is no longer used."),
    )
