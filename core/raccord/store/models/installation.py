"""What was said of the installation as a whole: where its backups go, its time zone, its last backup and drill."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Mapped, mapped_column

from raccord.store.columns import Model

THE_ONE = 1
"""The id of the one row."""


class Installation(Model):
    """One row, made when something of it is first said; without it all is as its defaults."""

    __tablename__ = "installation"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=THE_ONE)
    backup_dir: Mapped[str] = mapped_column(default="", server_default="")
    """The folder backups go to, where ``RACCORD_BACKUP_DIR`` names none; empty for none."""
    exempt_before: Mapped[datetime | None]
    """Companies connected before are posted to without a backup target: they were there before one was asked for."""
    time_zone: Mapped[str] = mapped_column(default="", server_default="")
    """Of what belongs to no company; empty for that of most connections."""
    key_kept_at: Mapped[datetime | None]
    """When somebody said that a copy of the key is kept apart."""
    key_kept_by: Mapped[str] = mapped_column(default="", server_default="")
    backup_tried_at: Mapped[datetime | None]
    """When a worker last began a backup by itself."""
    backed_up_at: Mapped[datetime | None]
    backup: Mapped[str] = mapped_column(default="", server_default="")
    """The name of the last backup."""
    drill_asked_by: Mapped[str] = mapped_column(default="", server_default="")
    """Who asked for a drill that no worker has begun yet; empty where nobody waits for one."""
    drilled_at: Mapped[datetime | None]
    drilled: Mapped[str] = mapped_column(default="", server_default="")
    """The name of the backup of the last drill."""
    drill_passed: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    drill_said: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    """What the last drill found, line by line: ``{"ok", "fr", "en"}``."""
    messages_days: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    """For how many days messages are kept after what they tell of is over; 0 for good."""
    devices_days: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    """The same of devices that are signed out and of invitations that serve no more."""
    purged_at: Mapped[datetime | None]
    """When a worker last removed what is over."""
