"""What comes to us from outside: addresses that sources call, what they delivered, and tokens of programs."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from raccord.store.columns import Model, RowId, new_id


class WebhookEndpoint(Model):
    """The address of one connection that its source calls; its secrets are in the vault."""

    __tablename__ = "webhook_endpoint"

    connection_id: Mapped[str] = mapped_column(ForeignKey("connection.id"), primary_key=True)
    address: Mapped[str] = mapped_column(unique=True)
    """The last part of its path, not to be guessed."""
    made_at: Mapped[datetime]
    made_by: Mapped[str]
    good_at: Mapped[datetime | None]
    refused: Mapped[int] = mapped_column(default=0)
    """Deliveries in a row that were refused since the last good one."""
    refused_at: Mapped[datetime | None]
    refused_why: Mapped[str] = mapped_column(default="")


class WebhookDelivery(Model):
    """One message that a source delivered; its bytes are a file of the connection where its records are kept."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        UniqueConstraint("connection_id", "message_id"),
        Index("ix_webhook_delivery_run", "run_id", "connection_id"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    connection_id: Mapped[str] = mapped_column(ForeignKey("connection.id"))
    message_id: Mapped[str]
    size: Mapped[int]
    """In bytes."""
    received_at: Mapped[datetime]
    run_id: Mapped[str | None]
    """The run that was started for it; nothing yet while another one is going on."""


class ApiToken(Model):
    """What a program of one person shows; the token itself is kept nowhere."""

    __tablename__ = "api_token"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    company_id: Mapped[str]
    """Whose objects it reaches; empty for all that its person reaches."""
    name: Mapped[str]
    scope: Mapped[str]
    token_hash: Mapped[str] = mapped_column(unique=True)
    made_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class ApiAnswer(Model):
    """What a program's call under a key was answered, to be answered again for a day."""

    __tablename__ = "api_answer"

    token_id: Mapped[str] = mapped_column(ForeignKey("api_token.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    asked: Mapped[str]
    """The digest of address and body: another call under the key is refused."""
    status: Mapped[int | None]
    """Empty while the call is under way."""
    body: Mapped[str] = mapped_column(default="")
    made_at: Mapped[datetime]
