"""What a sandbox is started with."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from raccord_sandbox.clock import SandboxClock
from raccord_sandbox.switches import Setting


@dataclass(frozen=True, slots=True)
class Limits:
    """Requests allowed of a company; None switches a limit off."""

    per_minute: int | None = None
    per_second: int | None = None
    """Of one application."""
    concurrent: int | None = None
    """Of one application."""
    batches_per_minute: int | None = None
    """Of one application."""
    batches_of_all_per_minute: int | None = None
    reports_per_minute: int | None = None
    mails_per_day: int | None = None
    report_cells: int | None = None
    """How many cells a report may have before it is refused with 10100."""

    @classmethod
    def documented(cls) -> Limits:
        """Return the limits that QuickBooks Online documents; those of reports are from earlier documentation."""
        return cls(
            per_minute=500,
            per_second=10,
            concurrent=10,
            batches_per_minute=40,
            batches_of_all_per_minute=120,
            reports_per_minute=200,
            mails_per_day=40,
            report_cells=400_000,
        )


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long codes and tokens live, and when a refresh token changes its value."""

    code: timedelta = timedelta(minutes=5)
    access_token: timedelta = timedelta(hours=1)
    refresh_token: timedelta = timedelta(days=101)
    rotation: timedelta = timedelta(hours=24)
    rotation_grace: timedelta = timedelta(seconds=60)
    grant: timedelta = timedelta(days=5 * 365)


@dataclass(frozen=True, slots=True)
class SandboxConfig:
    """The settings of one sandbox; `data` is a folder, None keeps everything in memory."""

    clock: SandboxClock = field(default_factory=SandboxClock)
    limits: Limits = field(default_factory=Limits)
    lifetimes: Lifetimes = field(default_factory=Lifetimes)
    switches: Mapping[str, Setting] = field(default_factory=dict)
    """What new companies start with where it is not the default; see switches.toml."""
    data: Path | None = None
    seeds: tuple[str, ...] = ("quebec", "us")
    client_id: str = "raccord-sandbox"
    client_secret: str = field(default="raccord-sandbox-secret", repr=False)
    redirect_uris: tuple[str, ...] = ()
    """Allowed exactly; empty allows any http(s) address on the loopback."""
    automatic_consent: bool = True
    """Whether `auto=1` on the authorize page answers without a person."""
    lab_token: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    remote_lab: bool = False
    """Whether other machines may use the control API, with its token."""
    random_seed: int = 20260101
    max_body: int = 10_000_000
    max_companies: int = 100
    max_snapshots: int = 20
    """Of one company."""
