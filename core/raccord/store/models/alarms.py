"""What somebody must be told of, and the messages that told them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from raccord.store.columns import Model, new_id


class Incident(Model):
    """Something that stands and that people were told of once; one open row a key."""

    __tablename__ = "incident"
    __table_args__ = (
        Index(
            "uq_incident_open",
            "key",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    key: Mapped[str]
    """What it is about: the same thing getting worse keeps it."""
    company_id: Mapped[str] = mapped_column(default="")
    connection_id: Mapped[str] = mapped_column(default="")
    code: Mapped[str]
    step: Mapped[int] = mapped_column(default=0)
    """How far it has come; people are told again when it rises."""
    grave: Mapped[bool]
    text_fr: Mapped[str]
    text_en: Mapped[str]
    fix_fr: Mapped[str]
    fix_en: Mapped[str]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class Notice(Model):
    """One message about an incident to one person."""

    __tablename__ = "notice"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    incident_id: Mapped[str] = mapped_column(ForeignKey("incident.id"))
    news: Mapped[str]
    """``began``, ``worse`` or ``over``."""
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    language: Mapped[str]
    subject: Mapped[str]
    body: Mapped[str]
    made_at: Mapped[datetime]
    try_at: Mapped[datetime | None] = mapped_column(index=True)
    """When it is sent, or sent again; empty once it was sent or given up."""
    tries: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None]
    trouble: Mapped[str] = mapped_column(default="")
    """Why the last try failed: a kind of error, never a server's words."""
