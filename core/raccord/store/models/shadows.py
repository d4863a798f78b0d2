"""What a first plan is beside what the books were given meanwhile by whoever keeps them now."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from raccord.store.columns import Model, RowId


class ShadowOutcome(StrEnum):
    """How a document of the plan and one of the books stand to each other."""

    SAME = "same"
    DIFFERENT = "different"
    OURS = "ours"
    """Only the plan has it."""
    THEIRS = "theirs"
    """Only the books have it."""


class ShadowCause(StrEnum):
    """Why two documents are not the same, or one has no other; nothing is said of those that are the same."""

    SAME = ""
    PARTS = "parts"
    """Several of ours are one of theirs."""
    AMOUNT = "amount"
    TAX = "tax"
    CATEGORY = "category"
    ACCOUNT = "account"
    """The account that the money comes to, or what is owed."""
    KIND = "kind"
    DAY = "day"
    PARTY = "party"
    HELD = "held"
    """Ours waits for an answer."""
    BLOCKED = "blocked"
    RECENT = "recent"
    """Of the last days: theirs may be yet to come."""
    MISSING = "missing"
    LEFT_OUT = "left_out"
    """Its record is here, and left out or not understood."""
    TWICE = "twice"
    """Like one that has its own in the plan: posted once more."""
    UNKNOWN = "unknown"


class ShadowComparison(Model):
    """The newest comparison of a connection's waiting first plan with the books; nothing of it is ever posted."""

    __tablename__ = "shadow_comparison"

    connection_id: Mapped[str] = mapped_column(ForeignKey("connection.id"), primary_key=True)
    plan_id: Mapped[str] = mapped_column(ForeignKey("plan.id"))
    made_at: Mapped[datetime]
    first_day: Mapped[date]
    last_day: Mapped[date]
    cut: Mapped[bool]
    """Whether there was more than is compared at once."""
    counts: Mapped[list[Any]] = mapped_column(default=list)
    """``[outcome, cause, currency, how many, what ours come to, what theirs come to]``, sums as text."""


class ShadowRow(Model):
    """One document of a comparison: ours, theirs, or both."""

    __tablename__ = "shadow_row"
    __table_args__ = (Index("ix_shadow_row_group", "connection_id", "outcome", "cause", "id"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    connection_id: Mapped[str] = mapped_column(ForeignKey("connection.id"))
    outcome: Mapped[str]
    cause: Mapped[str] = mapped_column(default="")
    key: Mapped[str] = mapped_column(default="")
    """Of our draft; empty where only theirs is there."""
    kind: Mapped[str] = mapped_column(default="")
    reason: Mapped[str] = mapped_column(default="")
    """Why ours waits or is blocked, or why the record of theirs is left out."""
    day: Mapped[date | None]
    amount: Mapped[Decimal | None]
    """By how much ours moves the account, money into it positive."""
    currency: Mapped[str] = mapped_column(default="")
    document_kind: Mapped[str] = mapped_column(default="")
    document_id: Mapped[str] = mapped_column(default="")
    document_number: Mapped[str] = mapped_column(default="")
    document_party: Mapped[str] = mapped_column(default="")
    document_day: Mapped[date | None]
    document_amount: Mapped[Decimal | None]
    fields: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What differs, by cause: ours and theirs as lists of texts; accounts by their ids."""
