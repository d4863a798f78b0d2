"""Runs, what they counted, the workers that execute them, and the audit chain."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from raccord.store.columns import Model, RowId, new_id


class RunState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    APPROVAL = "approval"
    """Fetched and planned; its plan waits for a person. Approving it queues it again."""
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN_RUN = "state IN ('queued', 'running', 'paused')"


class Control(StrEnum):
    GO = "go"
    PAUSE = "pause"
    CANCEL = "cancel"


class Run(Model):
    """One execution of the pipeline for one connection; resumable at every commit."""

    __tablename__ = "run"
    __table_args__ = (
        Index(
            "uq_run_open", "connection_id", unique=True, sqlite_where=text(OPEN_RUN), postgresql_where=text(OPEN_RUN)
        ),
        Index("ix_run_company_created", "company_id", "created_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    connection_id: Mapped[str] = mapped_column(ForeignKey("connection.id"), index=True)
    company_id: Mapped[str] = mapped_column(ForeignKey("company.id"))
    trigger: Mapped[str]
    """``person``, ``schedule`` or ``webhook``; ``undo`` where it takes documents out, for a person."""
    started_by: Mapped[str]
    state: Mapped[str] = mapped_column(default=RunState.QUEUED)
    control: Mapped[str] = mapped_column(default=Control.GO)
    phase: Mapped[str] = mapped_column(default="fetch")
    """``fetch``, ``plan``, ``post``, ``prove`` or ``done``."""
    stop_after: Mapped[str] = mapped_column(default="")
    """``plan`` for a dry run that only shows its plan."""
    epoch: Mapped[int] = mapped_column(default=0)
    fence: Mapped[int] = mapped_column(default=0)
    restarts: Mapped[int] = mapped_column(default=0)
    """Executions begun since a step last came to its end; a run that keeps killing its process is stopped by it."""
    plan_id: Mapped[str] = mapped_column(default="")
    progress: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Where each phase stands, for a person and for resuming: streams done, last draft planned, counts."""
    error_code: Mapped[str] = mapped_column(default="")
    error_params: Mapped[dict[str, Any]] = mapped_column(default=dict)
    slot: Mapped[str | None] = mapped_column(unique=True)
    """``<connection>:<local date and time>`` for scheduled runs, so that a repeated hour starts one run."""
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class RunCount(Model):
    """What a run counted on the way, per stream; recounted from the tables at its end."""

    __tablename__ = "run_count"

    run_id: Mapped[str] = mapped_column(ForeignKey("run.id"), primary_key=True)
    stream: Mapped[str] = mapped_column(primary_key=True)
    fetched: Mapped[int] = mapped_column(default=0)
    posted: Mapped[int] = mapped_column(default=0)
    unchanged: Mapped[int] = mapped_column(default=0)
    skipped: Mapped[int] = mapped_column(default=0)
    held: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)


class Worker(Model):
    """A process that executes runs; silent for longer than its lease means dead."""

    __tablename__ = "worker"

    executor_id: Mapped[str] = mapped_column(primary_key=True)
    beat_at: Mapped[datetime]


class ApiUse(Model):
    """What was asked of QuickBooks for one company on one day (UTC), by purpose."""

    __tablename__ = "api_use"

    company_id: Mapped[str] = mapped_column(ForeignKey("company.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    purpose: Mapped[str] = mapped_column(primary_key=True)
    """The phase of a run, or ``person`` for what somebody asked at a screen."""
    reads: Mapped[int]
    """Metered readings; each query of a batch counts."""
    writes: Mapped[int]


class RateBucket(Model):
    """How much of a company's QuickBooks quota is used, shared by all processes (one row a limit)."""

    __tablename__ = "rate_bucket"

    company_id: Mapped[str] = mapped_column(ForeignKey("company.id"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    free_at_us: Mapped[int] = mapped_column(BigInteger, default=0)
    """Microseconds since 1970 at which the bucket is empty again."""


class Event(Model):
    """One entry of the audit chain; each hash covers the one before, so a change anywhere shows."""

    __tablename__ = "event"
    __table_args__ = (Index("ix_event_company", "company_id", "seq"),)

    seq: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    at: Mapped[datetime]
    company_id: Mapped[str] = mapped_column(default="")
    connection_id: Mapped[str] = mapped_column(default="")
    actor: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str] = mapped_column(default="")
    body: Mapped[dict[str, Any]] = mapped_column(default=dict)
    address: Mapped[str] = mapped_column(default="", server_default="")
    """The network address that it was asked from, where one is known; so of device and token."""
    device: Mapped[str] = mapped_column(default="", server_default="")
    token_name: Mapped[str] = mapped_column(default="", server_default="")
    previous_hash: Mapped[str]
    hash: Mapped[str]


class EventHead(Model):
    """Where the audit chain ends, so that cutting off its end shows too; one row, written with each entry."""

    __tablename__ = "event_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(RowId)
    hash: Mapped[str]
