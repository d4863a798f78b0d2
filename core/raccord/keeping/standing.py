"""What somebody who runs the installation should see to: no backup target, backups that stopped, drills that failed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, literal, select
from sqlalchemy.orm import Session

from raccord.keeping.backups import MADE
from raccord.settings import Settings
from raccord.store.models import Company, CompanyState, Event, Installation
from raccord.sync.safekeeping import GUARDED, target_of

BACKUP_AFTER = timedelta(days=1)
"""A worker makes the next backup when the last one is so old."""
OVERDUE = timedelta(days=2)
GRAVE = timedelta(days=7)
DRILL_DAYS = 90
"""Days without a drill after which somebody is reminded."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing to see to, under the code of its sentences."""

    key: str
    code: str
    params: Mapping[str, object] = field(default_factory=dict)
    grave: bool = False


def troubles_of(session: Session, settings: Settings, now: datetime) -> list[Trouble]:
    """Return what is to be seen to at ``now``, with one statement where no drill was ever made or more."""
    one = select(literal(1).label("id")).subquery()
    real = Company.environment == GUARDED, Company.state != CompanyState.DISCONNECTED
    row, count, first = session.execute(
        select(
            Installation,
            select(func.count()).select_from(Company).where(*real).scalar_subquery(),
            select(func.min(Company.name)).where(*real).scalar_subquery(),
        )
        .select_from(one)
        .outerjoin(Installation, Installation.id == one.c.id)
    ).one()
    if target_of(settings, row) is None:
        more = f" (+{count - 1})" if count > 1 else ""
        params = {"companies": f"{first}{more}"}
        return [Trouble("backup", "alarm.backup_missing", params)] if count else []
    return [] if row is None else [*_of_backups(row, now), *_of_drills(session, row, now)]


def _of_backups(row: Installation, now: datetime) -> list[Trouble]:
    last = row.backed_up_at
    if last is None:
        # Nobody tried yet, or the first try did not end in one.
        failed = row.backup_tried_at is not None and now - row.backup_tried_at > timedelta(hours=1)
        return [Trouble("backup", "alarm.backup_overdue", {"day": "–"})] if failed else []
    if now - last <= OVERDUE:
        return []
    params = {"day": _day(last)}
    return [Trouble("backup", "alarm.backup_overdue", params, grave=now - last > GRAVE)]


def _of_drills(session: Session, row: Installation, now: datetime) -> list[Trouble]:
    if row.drilled_at is not None and not row.drill_passed:
        params = {"day": _day(row.drilled_at), "backup": row.drilled or "–"}
        return [Trouble("drill", "alarm.drill_failed", params, grave=True)]
    since = row.drilled_at
    if since is None and row.backed_up_at is not None:
        since = session.scalar(select(func.min(Event.at)).where(Event.company_id == "", Event.action == MADE))
    days = 0 if since is None else (now - since).days
    return [Trouble("drill", "alarm.drill_overdue", {"days": days})] if days > DRILL_DAYS else []


def _day(moment: datetime) -> str:
    return moment.date().isoformat()
