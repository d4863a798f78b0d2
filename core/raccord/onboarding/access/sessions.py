"""Browsers that are signed in: opened, found again by their token, listed and ended."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import Select, bindparam, select, update
from sqlalchemy.orm import Session

from raccord.onboarding.access.reach import Reach, reach_of
from raccord.store.models import Person, WebSession
from raccord.sync.workshop import Workshop

USUAL = timedelta(hours=12)
LASTING = timedelta(days=30)
"""For who asked to stay signed in."""
IDLE = timedelta(days=7)
"""A session that nobody used for so long is over, whatever was asked."""
NOTED_EVERY = timedelta(minutes=5)
AGENT_MAX = 200


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who a browser is signed in as, and how far that reaches."""

    session_id: str
    person_id: str
    email: str
    name: str
    reach: Reach


@dataclass(frozen=True, slots=True)
class SessionView:
    """One signed-in browser as its person sees it."""

    id: str
    agent: str
    address: str
    opened_at: datetime
    seen_at: datetime
    current: bool


def open_session(workshop: Workshop, person: Person, agent: str, address: str, *, lasting: bool = False) -> str:
    """Sign a browser in and return its token, which is kept nowhere else."""
    now, token = workshop.clock.now(), secrets.token_urlsafe(32)
    with workshop.database.begin() as session:
        session.add(
            WebSession(
                person_id=person.id,
                token_hash=_hash(token),
                agent=agent[:AGENT_MAX],
                address=address,
                opened_at=now,
                seen_at=now,
                ends_at=now + (LASTING if lasting else USUAL),
            )
        )
        session.execute(update(Person).where(Person.id == person.id).values(seen_at=now))
    return token


def renew_session(workshop: Workshop, session_id: str) -> tuple[str, timedelta | None]:
    """Give an open session another token and return it; the one it had is worth nothing from then on.

    Beside it stands how long the browser may keep it, nothing where that is until it closes: a session ends when it
    would have, whatever its token.
    """
    token = secrets.token_urlsafe(32)
    with workshop.database.begin() as session:
        held = session.get_one(WebSession, session_id)
        held.token_hash = _hash(token)
        lasting = held.ends_at - held.opened_at > USUAL
        return token, held.ends_at - workshop.clock.now() if lasting else None


def signed_in(workshop: Workshop, token: str) -> SignedIn | None:
    """Return who the token's browser is signed in as, or nothing; its use is noted every few minutes."""
    if not token:
        return None
    now = workshop.clock.now()
    with workshop.database.read() as session:
        row = session.execute(_held(), {"token": _hash(token)}).one_or_none()
        if row is None:
            return None
        held, person = row[0], row[1]
        over = held.ended_at is not None or now >= held.ends_at or now - held.seen_at >= IDLE
        if over or person.disabled_at is not None:
            return None
        reach = reach_of(session, person.id, person.email, now)
        found = SignedIn(held.id, person.id, person.email, person.name, reach)
        stale = now - held.seen_at >= NOTED_EVERY
    if reach.ended_on is not None:
        # All that they were here has ended: from now on they are a stranger, and so are their other browsers.
        with workshop.database.begin() as session:
            end_all(session, person.id, now)
        return None
    if stale:
        with workshop.database.begin() as session:
            session.execute(update(WebSession).where(WebSession.id == found.session_id).values(seen_at=now))
            session.execute(update(Person).where(Person.id == found.person_id).values(seen_at=now))
    return found


@cache
def _held() -> Select[WebSession, Person]:
    """Return what each request of a browser asks; made once, for that takes longer than the answer."""
    of = Person.id == WebSession.person_id
    return select(WebSession, Person).join(Person, of).where(WebSession.token_hash == bindparam("token"))


def sessions_of(session: Session, person_id: str, current: str, now: datetime) -> list[SessionView]:
    """Return a person's open sessions, the one in use first."""
    rows = session.scalars(
        select(WebSession)
        .where(
            WebSession.person_id == person_id,
            WebSession.ended_at.is_(None),
            WebSession.ends_at > now,
            WebSession.seen_at > now - IDLE,
        )
        .order_by(WebSession.seen_at.desc(), WebSession.id)
        .limit(100)
    )
    views = [SessionView(row.id, row.agent, row.address, row.opened_at, row.seen_at, row.id == current) for row in rows]
    return sorted(views, key=lambda view: not view.current)


def end_session(workshop: Workshop, person_id: str, session_id: str) -> None:
    """End one of a person's own sessions; anybody else's is left alone."""
    with workshop.database.begin() as session:
        session.execute(
            update(WebSession)
            .where(WebSession.id == session_id, WebSession.person_id == person_id, WebSession.ended_at.is_(None))
            .values(ended_at=workshop.clock.now())
        )


def end_all(session: Session, person_id: str, now: datetime, *, but: str = "") -> None:
    """End a person's sessions in the caller's transaction, because what they may do has changed."""
    session.execute(
        update(WebSession)
        .where(WebSession.person_id == person_id, WebSession.id != but, WebSession.ended_at.is_(None))
        .values(ended_at=now)
    )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
