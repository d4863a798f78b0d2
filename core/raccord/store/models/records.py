"""What the sources said: cursors, records, drafts, holds, problems and the company's choices."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, validates

from raccord.store.columns import Model, RowId, new_id

MEMO_MAX = 500
"""Letters of a memo that it is found by."""


class StreamCursor(Model):
    """Where a stream stands; committed together with the page it came with."""

    __tablename__ = "stream_cursor"

    connection_id: Mapped[str] = mapped_column(ForeignKey("connection.id"), primary_key=True)
    stream: Mapped[str] = mapped_column(primary_key=True)
    cursor: Mapped[str | None]
    updated_at: Mapped[datetime]


class ToldAs(Model):
    """A record that its source tells under one id and that is kept under another, which an earlier file told it under.

    Both are exchanged: what the source tells under the other one is kept under this one.
    """

    __tablename__ = "told_as"
    __table_args__ = (UniqueConstraint("connection_id", "stream", "kept_as"),)

    connection_id: Mapped[str] = mapped_column(ForeignKey("connection.id"), primary_key=True)
    stream: Mapped[str] = mapped_column(primary_key=True)
    source_id: Mapped[str] = mapped_column(primary_key=True)
    """As the source tells it."""
    kept_as: Mapped[str]
    content_hash: Mapped[str]
    """What it told when both were found to be one, which is no news."""


class RecordState(StrEnum):
    NEW = "new"
    MAPPED = "mapped"
    SKIPPED = "skipped"
    FAILED = "failed"
    SUPERSEDED = "superseded"
    """A later revision of the same record exists."""


class SourceRecord(Model):
    """What the source said, raw, one row a revision; never changed but for its state."""

    __tablename__ = "record"
    __table_args__ = (
        UniqueConstraint("connection_id", "stream", "source_id", "revision"),
        Index("ix_record_connection_state", "connection_id", "state"),
        Index("ix_record_connection_stream_day", "connection_id", "stream", "day"),
        # A search asks of each what its source calls it, so both lists hold that too.
        Index("ix_record_day", "connection_id", "day", "id", "state", "source_id"),
        Index("ix_record_run", "run_id"),
        # The list of all records is in the order of their days.
        Index("ix_record_by_day", "day", "id", "state", "source_id"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    connection_id: Mapped[str] = mapped_column(ForeignKey("connection.id"))
    stream: Mapped[str]
    source_id: Mapped[str]
    revision: Mapped[int]
    content_hash: Mapped[str]
    day: Mapped[date]
    amount: Mapped[Decimal | None]
    currency: Mapped[str | None]
    raw: Mapped[str]
    """JSON text, keys sorted."""
    state: Mapped[str] = mapped_column(default=RecordState.NEW)
    reason: Mapped[str] = mapped_column(default="")
    run_id: Mapped[str]
    fetched_at: Mapped[datetime]
    as_of: Mapped[datetime | None]
    """When the source says that it was so, where it says that."""
    delivery: Mapped[str] = mapped_column(default="", server_default="")
    """Of which of the run's deliveries it is (a file), where its connector says that."""


class DraftState(StrEnum):
    WAITING = "waiting"
    """To be planned by the next run."""
    HELD = "held"
    PLANNED = "planned"
    POSTED = "posted"
    SKIPPED = "skipped"
    FAILED = "failed"
    READY = "ready"
    """Failed, then marked ready for synchronisation by a person (CH-57)."""
    RESOLVED = "resolved"
    """Entered by hand in QuickBooks by a person; never sent (CH-58)."""
    WITHDRAWN = "withdrawn"
    """The record's newest revision no longer makes this draft."""


class DraftRow(Model):
    """A ledger document we would like to exist; one row a key, its revision raised when the body changes."""

    __tablename__ = "draft"
    __table_args__ = (
        UniqueConstraint("connection_id", "key"),
        Index("ix_draft_connection_state", "connection_id", "state", "record_id"),
        Index("ix_draft_record", "record_id", "state"),
        # Each undo looks for the refunds among all drafts, which are few or none.
        Index(
            "ix_draft_refund",
            "connection_id",
            sqlite_where=text("kind = 'RefundReceipt'"),
            postgresql_where=text("kind = 'RefundReceipt'"),
        ),
        Index("ix_draft_state_record", "state", "record_id"),
        # All that a search by words or by kind reads: the bodies are twenty times as long.
        Index("ix_draft_memo", "connection_id", "memo", "record_id"),
        Index("ix_draft_kind", "kind", "record_id", "state", "connection_id"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    connection_id: Mapped[str] = mapped_column(ForeignKey("connection.id"))
    record_id: Mapped[int | None] = mapped_column(ForeignKey("record.id"))
    key: Mapped[str]
    revision: Mapped[int]
    kind: Mapped[str]
    day: Mapped[date | None]
    body: Mapped[str]
    """The draft as JSON."""
    body_hash: Mapped[str]
    state: Mapped[str] = mapped_column(default=DraftState.WAITING)
    reason: Mapped[str] = mapped_column(default="")
    decisions: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """A person's answers for this draft alone: decision name to ledger id."""
    mapped_by: Mapped[str] = mapped_column(default="", server_default="")
    """Plugin and version that said this body: ``chase 0.1.0``."""
    mapped_under: Mapped[int] = mapped_column(default=0, server_default="0")
    """The connection's revision (settings, terms, choices) at that moment."""
    memo: Mapped[str] = mapped_column(default="", server_default="")
    """What the body's memo says, as :func:`sought_memo` keeps it for those who look for it."""

    @validates("body")
    def _keep_memo(self, _: str, body: str) -> str:
        self.memo = memo_of(body)
        return body


def memo_of(body: str) -> str:
    """Return the memo of a draft as JSON, as it is looked for."""
    return sought_memo(json.loads(body, parse_float=str).get("memo") or "") if '"memo":' in body else ""


def sought_memo(words: str) -> str:
    """Return words as they are kept and looked for: in small letters, the first 500 of them, which indexes have room
    for.
    """
    return words.lower()[:MEMO_MAX]


class Choice(Model):
    """What fills a role from a date on; the one with the latest ``valid_from`` up to the draft's day counts (K9)."""

    __tablename__ = "choice"
    __table_args__ = (UniqueConstraint("connection_id", "role", "of", "valid_from"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    connection_id: Mapped[str] = mapped_column(ForeignKey("connection.id"))
    role: Mapped[str]
    of: Mapped[str] = mapped_column(default="")
    valid_from: Mapped[date]
    """The beginning of time is 0001-01-01."""
    ledger_kind: Mapped[str]
    ledger_id: Mapped[str]
    ledger_name: Mapped[str]
    origin: Mapped[str]
    """``person``, ``default``, ``subtype`` or ``hook:<plugin>``."""
    chosen_by: Mapped[str]
    chosen_at: Mapped[datetime]
    held_as: Mapped[str] = mapped_column(default="", server_default="")
    """Of an account at a bank: ``bank``, ``cash`` or ``card``; empty for every other role."""


class TermOverride(Model):
    """The company's own answer for a word of the source, valid from a date."""

    __tablename__ = "term_override"

    connection_id: Mapped[str] = mapped_column(ForeignKey("connection.id"), primary_key=True)
    word: Mapped[str] = mapped_column(primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    ledger: Mapped[str]
    changed_by: Mapped[str]
    changed_at: Mapped[datetime]


class RepostState(StrEnum):
    OPEN = "open"
    """Its plan waits for a person."""
    APPROVED = "approved"
    CANCELLED = "cancelled"


class Repost(Model):
    """Posted documents of some days that are to say what the mapping says now; one open row a connection."""

    __tablename__ = "repost"
    __table_args__ = (
        Index(
            "uq_repost_open",
            "connection_id",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    connection_id: Mapped[str] = mapped_column(ForeignKey("connection.id"))
    first_day: Mapped[date]
    last_day: Mapped[date]
    state: Mapped[str] = mapped_column(default=RepostState.OPEN)
    drafts: Mapped[list[Any]] = mapped_column(default=list)
    """As they were, to be put back: ``{"draft", "revision", "body"}``, and the revision they are planned ``to``."""
    kept: Mapped[list[Any]] = mapped_column(default=list)
    """Documents that stay as they are: ``{"key", "kind", "document_id", "day", "code"}``."""
    asked_by: Mapped[str]
    asked_at: Mapped[datetime]
    ended_by: Mapped[str] = mapped_column(default="")
    ended_at: Mapped[datetime | None]


class ToldOutcome(Model):
    """What the source was told last of a draft, or of a record that made none."""

    __tablename__ = "told_outcome"

    connection_id: Mapped[str] = mapped_column(ForeignKey("connection.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    record_id: Mapped[int] = mapped_column(RowId)
    """The revision of the record that it was told of: the same told again by the source is a new one."""
    state: Mapped[str]
    document_id: Mapped[str]
    reason: Mapped[str]
    told_at: Mapped[datetime]


class Hold(Model):
    """A draft that waits for a person, with the question it waits on."""

    __tablename__ = "hold"
    __table_args__ = (
        Index(
            "uq_hold_open",
            "draft_id",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index("ix_hold_connection", "connection_id", "closed_at"),
        # What people answered last is looked at for each line that they review.
        Index(
            "ix_hold_answered",
            "connection_id",
            "closed_at",
            "id",
            "closed_by",
            sqlite_where=text("closed_at IS NOT NULL"),
            postgresql_where=text("closed_at IS NOT NULL"),
        ),
        # Each page counts for its menu what waits. This holds all that it asks, also what is the same in all of it:
        # where that is missing, SQLite reads the rows.
        Index(
            "ix_hold_waits",
            "connection_id",
            "line",
            "asked",
            "code",
            "id",
            "closed_at",
            "draft_id",
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    connection_id: Mapped[str] = mapped_column(ForeignKey("connection.id"))
    draft_id: Mapped[int] = mapped_column(ForeignKey("draft.id"))
    code: Mapped[str]
    params: Mapped[dict[str, Any]] = mapped_column(default=dict)
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str] = mapped_column(default="")
    answer: Mapped[dict[str, Any] | None]
    line: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    """Whether it asks for the category of a bank line."""
    asked: Mapped[str | None]
    """What it asks once for many drafts of its connection, a role or a closed month; nothing where it asks of one."""


class ProblemState(StrEnum):
    OPEN = "open"
    READY = "ready"
    RESOLVED = "resolved"
    GONE = "gone"
    """Closed by itself: its cause no longer stands."""


class Problem(Model):
    """A failure with a cause, a fix and somebody who can fix it; one open row for each cause and subject."""

    __tablename__ = "problem"
    __table_args__ = (
        Index(
            "uq_problem_open",
            "connection_id",
            "code",
            "subject",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
        Index("ix_problem_connection_state", "connection_id", "state"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    connection_id: Mapped[str] = mapped_column(ForeignKey("connection.id"))
    run_id: Mapped[str] = mapped_column(default="")
    stream: Mapped[str] = mapped_column(default="")
    code: Mapped[str]
    subject: Mapped[str]
    """What it is about: a draft key, ``file:line``, a stream or a role."""
    params: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Values for the sentence of ``code``; ``fr`` and ``en`` hold the connector's own sentence where it gave one."""
    state: Mapped[str] = mapped_column(default=ProblemState.OPEN)
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str] = mapped_column(default="")
