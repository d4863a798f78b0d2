"""What people changed in QuickBooks of what we wrote, and what was decided about it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from raccord.store.columns import Model, new_id


class Change(StrEnum):
    EDITED = "edited"
    VOIDED = "voided"
    DELETED = "deleted"


class DriftState(StrEnum):
    OPEN = "open"
    KEPT = "kept"
    """Theirs stands; nothing is written over it."""
    RESTORED = "restored"
    """Ours is written again by the next plan."""
    UNLINKED = "unlinked"
    """The document is no longer ours to look after."""
    GONE = "gone"
    """It is again as we wrote it."""


class Drift(Model):
    """A document that is no longer as we wrote it; one open row a link."""

    __tablename__ = "drift"
    __table_args__ = (
        Index(
            "uq_drift_open",
            "link_id",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
        Index("ix_drift_connection_state", "connection_id", "state"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    company_id: Mapped[str] = mapped_column(ForeignKey("company.id"))
    connection_id: Mapped[str] = mapped_column(ForeignKey("connection.id"))
    link_id: Mapped[int] = mapped_column(ForeignKey("link.id", ondelete="CASCADE"))
    change: Mapped[str]
    fields: Mapped[list[Any]] = mapped_column(default=list)
    """What differs: ``{"field", "before", "after"}``, values as text, empty for none."""
    sync_token: Mapped[str] = mapped_column(default="")
    """Of the document as it was seen; writing over it names this one."""
    found_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(default=DriftState.OPEN)
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str] = mapped_column(default="")
