"""Taking back that days of a hole be brought over, as long as nobody approved the plan that holds them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from raccord.onboarding.access.people import Actor, Power, require
from raccord.onboarding.closing.left_days import backfills_asked
from raccord.onboarding.connecting.backfill import BackfillError
from raccord.plugin.texts import Text
from raccord.store import events
from raccord.store.models import Connection, Event, Gap, Plan, Run, RunState
from raccord.sync.fetching.keep import REASONS
from raccord.sync.mapping.leaving import leave_days_out
from raccord.sync.phases import UNDO
from raccord.sync.planning.plans import set_aside
from raccord.sync.workshop import Workshop

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Asked:
    """Days that were asked for and whose plan nobody approved yet; ``began`` is the first day before that."""

    days: Sequence[tuple[date, date]]
    began: date
    records: int = 0
    """Left out again by taking it back."""


def asked_days(session: Session, connection: Connection) -> Asked | None:
    """Return what may be taken back, if anything."""
    bodies = _open(session, connection)
    return _asked(bodies) if bodies else None


def take_back(workshop: Workshop, actor: Actor, connection_id: str) -> Asked:
    """Leave the days out again that were asked for since the last approval; holes and first day are what they were.

    The next plan still waits for approval once: other reasons for that may have come meanwhile.
    """
    now = workshop.clock.now()
    with workshop.database.begin() as session:
        connection = session.get_one(Connection, connection_id, with_for_update=True)
        admitted = workshop.scopes.catalog.get(connection.connector)
        require(actor, Power.LINK, None if admitted is None else admitted.info)
        bodies = _open(session, connection)
        if not bodies:
            raise BackfillError(
                "backfill.not_asked",
                Text(
                    f"Aucun jour demandé pour « {connection.label} » n'attend d'approbation.",
                    f"No day that was asked for on “{connection.label}” waits for approval.",
                ),
                Text(
                    "Ce qui est déjà dans QuickBooks se défait par un plan, depuis sa synchro.",
                    "What is in QuickBooks already is undone by a plan, from its run.",
                ),
            )
        working = select(Run.id).where(
            Run.connection_id == connection.id, Run.state.in_((RunState.QUEUED, RunState.RUNNING, RunState.PAUSED))
        )
        if session.scalars(working).first() is not None:
            raise BackfillError(
                "backfill.run_open",
                Text(
                    f"Une synchro de « {connection.label} » lit ou planifie ces jours en ce moment.",
                    f"A run of “{connection.label}” is reading or planning these days.",
                ),
                Text("Attendez sa fin, ou abandonnez-la.", "Wait for its end, or cancel it."),
            )
        set_aside(session, connection.id, now)
        records = sum(_restore(session, connection, body, now) for body in bodies)
        _join(session, connection)
        asked = _asked(bodies)
        connection.starts_on = asked.began
        connection.revision += 1
        events.append(
            session,
            actor=actor.name,
            action="connection.backfill_back",
            subject=connection.label,
            company_id=connection.company_id,
            connection_id=connection.id,
            now=now,
            body={"days": [[first.isoformat(), last.isoformat()] for first, last in asked.days], "records": records},
        )
        return Asked(asked.days, asked.began, records)


def _open(session: Session, connection: Connection) -> list[dict[str, Any]]:
    """Return what each asking noted that no approval came after, the newest first."""
    asked = backfills_asked(session, connection)
    if not asked:
        return []
    approved = session.scalar(
        select(func.max(Event.seq))
        .join(Plan, Plan.id == Event.subject)
        .join(Run, Run.id == Plan.run_id)
        .where(
            Event.connection_id == connection.id,
            Event.action == "plan.approved",
            Run.trigger != UNDO,
        )
    )
    return [each.body for each in asked if each.seq > (approved or 0) and "cut" in each.body]


def _asked(bodies: Sequence[dict[str, Any]]) -> Asked:
    days = sorted((date.fromisoformat(body["first"]), date.fromisoformat(body["last"])) for body in bodies)
    return Asked(days, date.fromisoformat(bodies[-1]["starts_on"]))


def _restore(session: Session, connection: Connection, body: dict[str, Any], now: datetime) -> int:
    """Put the parts of holes back that were cut out, and what came of their days out of the way."""
    records = 0
    for part in body["cut"]:
        first, last = date.fromisoformat(part["first"]), date.fromisoformat(part["last"])
        session.add(
            Gap(
                connection_id=connection.id,
                first_day=first,
                last_day=last,
                reason=part["reason"],
                opened_at=datetime.fromisoformat(part["opened_at"]),
                closed_at=datetime.fromisoformat(part["closed_at"]) if part["closed_at"] else None,
            )
        )
        reason = REASONS[part["reason"]]
        records += leave_days_out(session, connection.id, first, last, reason, now, since=int(body["revision"]))
    return records


def _join(session: Session, connection: Connection) -> None:
    """Make one hole again of parts that follow each other and have the same reason and beginning."""
    session.flush()
    gaps = session.scalars(select(Gap).where(Gap.connection_id == connection.id)).all()
    before: Gap | None = None
    for gap in sorted(gaps, key=lambda each: each.first_day or date.min):
        same = before is not None and (before.reason, before.opened_at) == (gap.reason, gap.opened_at)
        if before is not None and same and before.last_day is not None and before.last_day + _DAY == gap.first_day:
            before.last_day, before.closed_at = gap.last_day, gap.closed_at
            session.delete(gap)
        else:
            before = gap
