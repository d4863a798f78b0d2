"""Who is connected to what: companies, connectors switched on, connections, their files and secrets."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from raccord.store.columns import Model, new_id


class CompanyState(StrEnum):
    CONNECTED = "connected"
    REAUTHORISE = "reauthorise"
    BLOCKED = "blocked"
    """Authorised, but QuickBooks refuses what is asked of it (``Company.blocked_by``)."""
    DISCONNECTED = "disconnected"


class Company(Model):
    """One QuickBooks Online company (realm); its tokens are in the vault under ``company:<id>:tokens``."""

    __tablename__ = "company"
    __table_args__ = (UniqueConstraint("environment", "realm"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    realm: Mapped[str]
    environment: Mapped[str]
    """``production``, ``sandbox`` (Intuit's) or the base URL of a local one."""
    name: Mapped[str]
    legal_name: Mapped[str] = mapped_column(default="", server_default="")
    plan: Mapped[str] = mapped_column(default="", server_default="")
    """QuickBooks' own name of what is subscribed to, as it told it last."""
    features: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    """What QuickBooks said is switched on there, and what is not: ``{"classes": true}``."""
    country: Mapped[str] = mapped_column(default="")
    home_currency: Mapped[str] = mapped_column(default="")
    taxed: Mapped[bool] = mapped_column(default=False)
    """Whether sales lines need a tax code (every company outside the United States)."""
    books_closed_on: Mapped[date | None]
    language: Mapped[str] = mapped_column(default="fr")
    state: Mapped[str] = mapped_column(default=CompanyState.CONNECTED)
    known_until: Mapped[datetime | None]
    """By QuickBooks' clock: every document made before it that bears a mark of ours stands in our tables."""
    changes_seen: Mapped[datetime | None]
    """By QuickBooks' clock: up to when changes of our documents were looked for."""
    blocked_by: Mapped[str] = mapped_column(default="", server_default="")
    """``subscription``, ``rights`` or ``quota`` while QuickBooks refuses the company as a whole, else empty."""
    blocked_at: Mapped[datetime | None]
    blocked_said: Mapped[str] = mapped_column(default="", server_default="")
    """What QuickBooks said of it last."""
    blocked_tries: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    authorised_by: Mapped[str] = mapped_column(default="", server_default="")
    """Who went through QuickBooks' consent the last time, as the audit chain calls them."""
    authorised_as: Mapped[str] = mapped_column(default="", server_default="")
    """As whom they were signed in at Intuit, where Intuit told."""
    authorised_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class Secret(Model):
    """One encrypted value of the vault; the clear text exists only in memory."""

    __tablename__ = "secret"

    handle: Mapped[str] = mapped_column(primary_key=True)
    ciphertext: Mapped[bytes] = mapped_column(LargeBinary)
    updated_at: Mapped[datetime]


class ConnectorSwitch(Model):
    """Whether a connector is allowed for the installation (``company_id`` empty) or enabled for one company."""

    __tablename__ = "connector_switch"

    connector: Mapped[str] = mapped_column(primary_key=True)
    company_id: Mapped[str] = mapped_column(primary_key=True, default="")
    enabled: Mapped[bool]
    changed_by: Mapped[str]
    changed_at: Mapped[datetime]


class ConnectionState(StrEnum):
    DRAFT = "draft"
    CONNECTED = "connected"
    PAUSED = "paused"
    REAUTHORISE = "reauthorise"
    FAULTY = "faulty"
    """Paused by core after repeated faults of its plugin."""
    DISCONNECTED = "disconnected"
    UNCONNECTED = "unconnected"
    """Created but refused a connection: its source account or company is taken (CH-24)."""


class Connection(Model):
    """One source account joined to one company."""

    __tablename__ = "connection"
    __table_args__ = (
        Index(
            "uq_connection_source",
            "connector",
            "source_identity",
            unique=True,
            sqlite_where=text("source_identity != '' AND state NOT IN ('disconnected', 'unconnected')"),
            postgresql_where=text("source_identity != '' AND state NOT IN ('disconnected', 'unconnected')"),
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    company_id: Mapped[str] = mapped_column(ForeignKey("company.id"), index=True)
    connector: Mapped[str]
    label: Mapped[str]
    source_identity: Mapped[str] = mapped_column(default="")
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """The settings without their secrets; those are in the vault under ``connection:<id>:settings``."""
    state: Mapped[str] = mapped_column(default=ConnectionState.CONNECTED)
    mode: Mapped[str] = mapped_column(default="first_time")
    time_zone: Mapped[str] = mapped_column(default="America/Toronto")
    """The source's, by which its moments become days."""
    cut_off: Mapped[str] = mapped_column(default="00:00", server_default="00:00")
    """The hour there at which a day ends."""
    days_from: Mapped[date | None]
    """The first day that time zone and cut-off count for; empty: all."""
    earlier_days: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    """What counted before, the oldest first: ``{"from", "time_zone", "cut_off"}``."""
    starts_on: Mapped[date]
    review_each: Mapped[bool] = mapped_column(default=False)
    """Whether every plan waits for approval, not only the first."""
    review_next: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    """Whether the next plan waits for its owner's approval: it brings over days that were left out."""
    closed_policy: Mapped[str] = mapped_column(default="blocked", server_default="blocked")
    """What is done with documents of a closed period: ``blocked``, ``next_open_day`` or ``ask``."""
    approved_at: Mapped[datetime | None]
    """When the first plan was approved; until then nothing is written."""
    gates_passed: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    """Which gates of the set-up somebody said are passed: ``{name: {"by", "at"}}``."""
    plugin_version: Mapped[str] = mapped_column(default="")
    plugin_terms: Mapped[str] = mapped_column(default="", server_default="")
    """Fingerprint of the connector's terms that go with it; empty before the first look."""
    fault_count: Mapped[int] = mapped_column(default=0)
    revision: Mapped[int] = mapped_column(default=1)
    """Raised by every change that a running scope must not see half of."""
    set_up_at: Mapped[datetime]
    paused_at: Mapped[datetime | None]
    manage_granted_at: Mapped[datetime | None]
    """When the owner let administrators manage it too, where its connector leaves that to the owner (K5)."""
    created_by: Mapped[str]


class ClosedMonth(Model):
    """What a person answered for a connection's documents of one closed month, where the connection asks, or of one
    that is certified.
    """

    __tablename__ = "closed_month"

    connection_id: Mapped[str] = mapped_column(ForeignKey("connection.id"), primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    """Its first day."""
    answer: Mapped[str]
    """``next_open_day``, ``leave_out``, ``wait`` or ``write``, which counts until the month is certified again."""
    reason: Mapped[str] = mapped_column(default="", server_default="")
    """Why something is written into a certified month, in the person's words."""
    answered_by: Mapped[str]
    answered_at: Mapped[datetime]


class Gap(Model):
    """A stretch of days that was not brought over, its reason and size; ``last_day`` empty while it is open."""

    __tablename__ = "gap"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    connection_id: Mapped[str] = mapped_column(ForeignKey("connection.id"), index=True)
    first_day: Mapped[date | None]
    last_day: Mapped[date | None]
    reason: Mapped[str]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class SourceFile(Model):
    """A file as it arrived; its bytes lie in the data directory under ``files/<connection>/<sha256>``."""

    __tablename__ = "source_file"
    __table_args__ = (UniqueConstraint("connection_id", "sha256"),)

    connection_id: Mapped[str] = mapped_column(ForeignKey("connection.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    size: Mapped[int]
    sha256: Mapped[str]
    origin: Mapped[str]
    received_at: Mapped[datetime]
    changed_at: Mapped[datetime | None]
    """For a file of a watched folder: its last change there, so that it is read again only after another."""
    taken_back_at: Mapped[datetime | None]
    """Since when nothing reads it and nothing counts it, because it was handed in wrongly."""
    taken_back_by: Mapped[str] = mapped_column(default="", server_default="")


class Schedule(Model):
    """When a connection runs by itself: a cron line in a time zone."""

    __tablename__ = "schedule"

    connection_id: Mapped[str] = mapped_column(ForeignKey("connection.id"), primary_key=True)
    cron: Mapped[str]
    time_zone: Mapped[str]
    enabled: Mapped[bool] = mapped_column(default=True)
    next_at: Mapped[datetime | None] = mapped_column(index=True)
