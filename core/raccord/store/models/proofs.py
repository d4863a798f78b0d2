"""When months were proven, what others have on the accounts that are watched, and when each company's night is."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from raccord.store.columns import Model, RowId


class ProofMonth(Model):
    """How a connection's proof of one month came about; without it the month is read again."""

    __tablename__ = "proof_month"

    connection_id: Mapped[str] = mapped_column(ForeignKey("connection.id"), primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    """Its first day."""
    read_at: Mapped[datetime]
    """When its documents were last read from QuickBooks."""
    confirmed_at: Mapped[datetime]
    """When it was last known, from the list of changes alone, that nothing in it had changed since."""
    unequal: Mapped[int]
    fingerprint: Mapped[str]
    """Of our side: what the source said and what we posted."""
    accounts: Mapped[list[Any]] = mapped_column(default=list)
    """Ledger accounts that were watched when it was read."""
    touched: Mapped[bool] = mapped_column(default=False)
    """Whether QuickBooks has told of a change that this proof does not know."""


class OtherDocument(Model):
    """A document by somebody else that moves an account the proof watches, as it was last seen."""

    __tablename__ = "other_document"
    __table_args__ = (Index("ix_other_document_day", "company_id", "day"),)

    company_id: Mapped[str] = mapped_column(ForeignKey("company.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    document_id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(default="")
    day: Mapped[date]
    amount: Mapped[Decimal]
    """By how much it moves the account, money into it positive, in the account's currency."""


class OtherChange(Model):
    """That somebody entered, changed or removed a document on a watched account, found by a proof."""

    __tablename__ = "other_change"
    __table_args__ = (Index("ix_other_change_found", "company_id", "found_at"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    company_id: Mapped[str] = mapped_column(ForeignKey("company.id"))
    kind: Mapped[str]
    document_id: Mapped[str]
    account_id: Mapped[str]
    number: Mapped[str] = mapped_column(default="")
    day_before: Mapped[date | None]
    amount_before: Mapped[Decimal | None]
    """Both empty for a document that was not there before."""
    day_after: Mapped[date | None]
    amount_after: Mapped[Decimal | None]
    """Both empty for one that is gone, or no longer moves the account."""
    found_at: Mapped[datetime]


class Night(Model):
    """When a company's proof is made by itself."""

    __tablename__ = "night"

    company_id: Mapped[str] = mapped_column(ForeignKey("company.id"), primary_key=True)
    time_zone: Mapped[str]
    minute: Mapped[int]
    """Of the day, by the clocks of the time zone."""
    enabled: Mapped[bool] = mapped_column(default=True)
    next_at: Mapped[datetime] = mapped_column(index=True)
    last_at: Mapped[datetime | None]
    """When it last began."""
