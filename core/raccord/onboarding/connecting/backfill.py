"""Bringing a hole's days over after all: only as a plan that its owner approves, existing documents recognised first.

The records of the days become new again, the source is read from its beginning once more, and the next plan waits for
approval whatever the connection usually does. In that plan every document is held against what the books have, not only
what moves bank accounts, since somebody may have entered those days by hand.

Until that plan is approved the owner may take the asking back: the holes and the first day are again what they were.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from raccord.errors import RaccordError
from raccord.onboarding.access.people import Actor, Power, require
from raccord.onboarding.closing.left_days import NO_FILE, left_days
from raccord.plugin.texts import Text
from raccord.store import events
from raccord.store.models import Connection, ConnectionState, Gap, RecordState, SourceRecord, StreamCursor
from raccord.sync.days import around
from raccord.sync.fetching.keep import LEFT_OUT
from raccord.sync.workshop import Workshop

BEFORE = "before_start"


class BackfillError(RaccordError):
    """Raised when days cannot be brought over; says why and what to do."""


@dataclass(frozen=True, slots=True)
class Backfill:
    """Days that the next plan takes up, and what is known already to lie in them."""

    first: date
    last: date
    reasons: tuple[str, ...]
    records: int
    totals: Mapping[str, Decimal]
    """By currency."""
    without_file: tuple[tuple[date, date], ...] = ()
    """Days among them that no file covers yet: they come once a file is handed in that holds them."""


def backfill(workshop: Workshop, actor: Actor, connection_id: str, first: date, last: date) -> Backfill:
    """Take days out of a connection's holes; its next run plans them and waits for approval."""
    now = workshop.clock.now()
    with workshop.database.begin() as session:
        connection = session.get_one(Connection, connection_id, with_for_update=True)
        admitted = workshop.scopes.catalog.get(connection.connector)
        require(actor, Power.LINK, None if admitted is None else admitted.info)
        if connection.state != ConnectionState.CONNECTED or connection.approved_at is None:
            raise BackfillError(
                "backfill.not_running",
                Text(
                    f"La connexion « {connection.label} » n'est pas en marche.",
                    f"The connection “{connection.label}” is not running.",
                ),
                Text(
                    "Reprenez-la ou approuvez d'abord son premier plan.", "Resume it, or approve its first plan first."
                ),
            )
        if first > last:
            raise BackfillError(
                "backfill.days",
                Text("Le premier jour vient après le dernier.", "The first day comes after the last one."),
                Text("Donnez-les dans l'ordre.", "Give them in order."),
            )
        began, cut = connection.starts_on, _cut(session, connection, first, last)
        reasons = {each["reason"] for each in cut}
        if not reasons:
            raise BackfillError(
                "backfill.no_gap",
                Text(
                    f"Aucun trou entre le {first} et le {last} : ces jours viennent déjà.",
                    f"No gap between {first} and {last}: these days come already.",
                ),
                Text("« raccord connect gaps » montre les trous.", "“raccord connect gaps” shows the gaps."),
            )
        taken = _renew(session, connection, first, last)
        # What the source was not asked for in those days is asked for now; what is known is recognised.
        session.execute(delete(StreamCursor).where(StreamCursor.connection_id == connection.id))
        connection.review_next = True
        connection.revision += 1
        session.flush()
        without = tuple(
            (max(each.first or first, first), min(each.last or last, last))
            for each in left_days(workshop, session, connection)
            if each.reason == NO_FILE and (each.first or first) <= last and (each.last or last) >= first
        )
        found = Backfill(first, last, tuple(sorted(reasons)), *taken, without)
        events.append(
            session,
            actor=actor.name,
            action="connection.backfill",
            subject=connection.label,
            company_id=connection.company_id,
            connection_id=connection.id,
            now=now,
            body={
                "first": first.isoformat(),
                "last": last.isoformat(),
                "reasons": list(found.reasons),
                "records": found.records,
                "totals": dict(found.totals),
                # What taking it back restores.
                "starts_on": began.isoformat(),
                "revision": connection.revision,
                "cut": cut,
            },
        )
        return found


def _cut(session: Session, connection: Connection, first: date, last: date) -> list[dict[str, str]]:
    """Take the days out of the closed holes that they touch, and return these parts; what is left of those stays."""
    cut: list[dict[str, str]] = []
    for gap in session.scalars(select(Gap).where(Gap.connection_id == connection.id)).all():
        if gap.last_day is None or gap.last_day < first or (gap.first_day or date.min) > last:
            continue
        cut.append(
            {
                "first": max(gap.first_day or first, first).isoformat(),
                "last": min(gap.last_day, last).isoformat(),
                "reason": gap.reason,
                "opened_at": gap.opened_at.isoformat(),
                "closed_at": gap.closed_at.isoformat() if gap.closed_at else "",
            }
        )
        before, after = around(first, last, 1)
        rests = [
            (gap.first_day, before, (gap.first_day or date.min) < first),
            (after, gap.last_day, gap.last_day > last),
        ]
        for start, end, there in rests:
            if there:
                session.add(
                    Gap(
                        connection_id=gap.connection_id,
                        first_day=start,
                        last_day=end,
                        reason=gap.reason,
                        opened_at=gap.opened_at,
                        closed_at=gap.closed_at,
                    )
                )
        session.delete(gap)
    if any(each["reason"] == BEFORE for each in cut):
        connection.starts_on = min(connection.starts_on, first)
    return cut


def _renew(session: Session, connection: Connection, first: date, last: date) -> tuple[int, dict[str, Decimal]]:
    """Make the records that were left out of these days new again; return how many, and their sums."""
    wanted = (
        SourceRecord.connection_id == connection.id,
        SourceRecord.state == RecordState.SKIPPED,
        SourceRecord.reason.in_(LEFT_OUT),
        SourceRecord.day >= first,
        SourceRecord.day <= last,
    )
    records, totals = 0, dict[str, Decimal]()
    rows = session.execute(
        select(SourceRecord.currency, SourceRecord.amount).where(*wanted).execution_options(yield_per=1000)
    )
    for currency, amount in rows:
        records += 1
        if amount is not None and currency:
            totals[currency] = totals.get(currency, Decimal(0)) + amount
    session.execute(update(SourceRecord).where(*wanted).values(state=RecordState.NEW, reason=""))
    return records, totals
