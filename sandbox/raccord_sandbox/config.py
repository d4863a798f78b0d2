"""What a sandbox is started with."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from raccord_sandbox.clock import SandboxClock


@dataclass(frozen=True, slots=True)
class Limits:
    """Requests allowed per company; None switches a limit off."""

    per_minute: int | None = None
    per_second: int | None = None
    concurrent: int | None = None
    batches_per_minute: int | None = None

    @classmethod
    def documented(cls) -> Limits:
        """Return the limits that QuickBooks Online documents."""
        return cls(per_minute=500, per_second=10, concurrent=10, batches_per_minute=40)


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
class Behaviour:
    """Points that Intuit leaves undocumented, each with the value this sandbox starts with."""

    ignore_requestid: bool = False
    replay_faulted_answers: bool = False
    store_deposit_number: bool = False
    closed_books_password: bool = False
    cap_max_results: bool = False
    cdc_limit_per_entity: bool = False
    tax_tolerance: Decimal = Decimal("0.05")


@dataclass(frozen=True, slots=True)
class SandboxConfig:
    """The settings of one sandbox; `data` is a folder, None keeps everything in memory."""

    clock: SandboxClock = field(default_factory=SandboxClock)
    limits: Limits = field(default_factory=Limits)
    lifetimes: Lifetimes = field(default_factory=Lifetimes)
    behaviour: Behaviour = field(default_factory=Behaviour)
    data: Path | None = None
    seeds: tuple[str, ...] = ("quebec", "us")
    client_id: str = "raccord-sandbox"
    client_secret: str = field(default="raccord-sandbox-secret", repr=False)
    redirect_uris: tuple[str, ...] = ()
    """Allowed exactly; empty allows any http(s) address on the loopback."""
    automatic_consent: bool = True
    """Whether `auto=1` on the authorize page answers without a person."""
    lab_token: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    random_seed: int = 20260101
    max_body: int = 10_000_000
