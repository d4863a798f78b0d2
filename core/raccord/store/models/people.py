"""Who signs in: people, what they are to which company, their sessions, and the links that let new ones in."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from raccord.store.columns import Model, new_id

EVERYWHERE = ""
"""The ``company_id`` of a membership or invitation that holds for the whole installation and each of its companies."""


class Person(Model):
    """One who may sign in; ``email`` is in lower case and is what the audit chain calls them."""

    __tablename__ = "person"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password_hash: Mapped[str] = mapped_column(default="")
    """Argon2id; empty for one who only comes through the sign-in provider."""
    identity: Mapped[str | None] = mapped_column(unique=True)
    """Issuer and subject of the sign-in provider, once it vouched for this person."""
    language: Mapped[str | None]
    """In which messages are written to them; empty for their company's."""
    told_at: Mapped[str] = mapped_column(default="", server_default="")
    """Another address that messages to them go to; empty for ``email``."""
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    seen_at: Mapped[datetime | None]


class Membership(Model):
    """What a person is to a company, or to all of them (``company_id`` empty)."""

    __tablename__ = "membership"

    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), primary_key=True)
    company_id: Mapped[str] = mapped_column(primary_key=True, default=EVERYWHERE)
    role: Mapped[str]
    given_by: Mapped[str]
    given_at: Mapped[datetime]
    ends_on: Mapped[date | None]
    """The last day on which it counts, by the company's clocks; empty for good."""


class WebSession(Model):
    """One browser that is signed in; the token itself is only in the browser."""

    __tablename__ = "web_session"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    agent: Mapped[str]
    address: Mapped[str]
    opened_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Invitation(Model):
    """A link that serves once: it makes a person, or gives one who is here already a new password."""

    __tablename__ = "invitation"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    token_hash: Mapped[str] = mapped_column(unique=True)
    email: Mapped[str]
    company_id: Mapped[str] = mapped_column(default=EVERYWHERE)
    role: Mapped[str]
    """Empty for a link that only sets a new password."""
    role_ends_on: Mapped[date | None]
    """The last day of the role that it gives; empty for good."""
    made_by: Mapped[str]
    made_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]


class SignInFailure(Model):
    """How often signing in went wrong of late for one address or one network address, kept for all processes."""

    __tablename__ = "sign_in_failure"

    key: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int]
    since: Mapped[datetime]
