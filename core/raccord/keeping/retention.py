"""How long messages and devices are kept, and what never goes: what the books, their proofs and no double rest on.

What a source said, in every revision, is never removed: it tells a line that comes again from a new one, and a plan can
be made anew from it. So are received files, postings, links, plans, proofs, certificates, answers and the audit chain.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from raccord.keeping.errors import RetentionError
from raccord.onboarding.access.people import Actor, Power, require
from raccord.plugin.texts import Text
from raccord.store import events
from raccord.store.models import Incident, Installation, Invitation, Notice, WebSession
from raccord.store.models.installation import THE_ONE
from raccord.sync.safekeeping import installation_of, the_installation
from raccord.sync.workshop import Workshop

MESSAGES_MIN = 90
"""A first week's daily messages, and the reminders of what ends within 30 days, are told apart by those before them."""
DEVICES_MIN = 30
"""A sign-in may last 30 days."""
DAYS_MAX = 3650
EVERY = timedelta(days=1)
BATCH, BATCHES = 500, 40
"""Rows of one transaction, and transactions of one purge: what is left beyond goes the day after."""


@dataclass(frozen=True, slots=True)
class Retention:
    """Days for which each is kept after it is over; 0 keeps it for good, as everything is until somebody says so."""

    messages: int = 0
    devices: int = 0


@dataclass(frozen=True, slots=True)
class Purged:
    """How many rows a purge removed."""

    messages: int = 0
    devices: int = 0


def retention_of(session: Session) -> Retention:
    """Return what is said of it; without a word everything is kept."""
    row = installation_of(session)
    return Retention() if row is None else Retention(row.messages_days, row.devices_days)


def choose_retention(workshop: Workshop, actor: Actor, wanted: Retention) -> Retention:
    """Say for how long messages and devices are kept; ``RetentionError`` for fewer days than what rests on them."""
    require(actor, Power.OPERATE)
    for days, least, of in (
        (wanted.messages, MESSAGES_MIN, Text("messages", "messages")),
        (wanted.devices, DEVICES_MIN, Text("appareils", "devices")),
    ):
        if days and not least <= days <= DAYS_MAX:
            raise RetentionError(
                "retention.days",
                Text(
                    f"{of.fr.capitalize()} : de {least} à {DAYS_MAX} jours, ou 0 pour tout garder.",
                    f"{of.en.capitalize()}: {least} to {DAYS_MAX} days, or 0 to keep all.",
                ),
                Text(
                    "Donnez un nombre de jours entre ces deux-là, ou 0.",
                    "Give a number of days between these two, or 0.",
                ),
            )
    with workshop.database.begin() as session:
        row = the_installation(session)
        before = Retention(row.messages_days, row.devices_days)
        if wanted != before:
            row.messages_days, row.devices_days = wanted.messages, wanted.devices
            row.purged_at = None
            events.append(
                session, actor=actor.name, action="retention.changed", subject="", now=workshop.clock.now(),
                body={"messages": wanted.messages, "devices": wanted.devices,
                      "before": {"messages": before.messages, "devices": before.devices}},
            )  # fmt: skip
    return wanted


def purge_due(workshop: Workshop, by: str) -> Purged | None:
    """Purge once a day where a retention is chosen; of several workers one does it."""
    now = workshop.clock.now()
    with workshop.database.read() as session:
        row = installation_of(session)
        if row is None or not (row.messages_days or row.devices_days):
            return None
        if row.purged_at is not None and now - row.purged_at < EVERY:
            return None
    with workshop.database.begin() as session:
        claim = (
            update(Installation)
            .where(
                Installation.id == THE_ONE,
                or_(Installation.purged_at.is_(None), Installation.purged_at <= now - EVERY),
            )
            .values(purged_at=now)
        )
        if not session.connection().execute(claim).rowcount:
            return None
    return purge(workshop, by)


def purge(workshop: Workshop, by: str) -> Purged:
    """Remove what is over for longer than it is kept, in small transactions; what was removed goes into the chain."""
    now = workshop.clock.now()
    with workshop.database.read() as session:
        kept = retention_of(session)
    messages = _messages(workshop, now - timedelta(days=kept.messages)) if kept.messages else 0
    devices = _devices(workshop, now - timedelta(days=kept.devices)) if kept.devices else 0
    if messages or devices:
        with workshop.database.begin() as session:
            events.append(
                session, actor=by, action="retention.purged", subject="", now=now,
                body={"messages": messages, "devices": devices, "kept": {"messages": kept.messages,
                                                                         "devices": kept.devices}},
            )  # fmt: skip
    return Purged(messages, devices)


def _messages(workshop: Workshop, before: datetime) -> int:
    """Remove incidents that are over, with what people were told of them; what still waits to be sent stays."""
    to_send = select(Notice.incident_id).where(Notice.try_at.is_not(None))
    over = Incident.closed_at < before, Incident.id.not_in(to_send)
    removed = 0
    for _ in range(BATCHES):
        with workshop.database.begin() as session:
            ids = session.scalars(select(Incident.id).where(*over).order_by(Incident.closed_at).limit(BATCH)).all()
            if not ids:
                break
            of_them = delete(Notice).where(Notice.incident_id.in_(ids))
            removed += session.connection().execute(of_them).rowcount
            removed += session.connection().execute(delete(Incident).where(Incident.id.in_(ids))).rowcount
    return removed


def _devices(workshop: Workshop, before: datetime) -> int:
    """Remove signed-in devices that are signed out, and invitations that serve no more."""
    signed_out = or_(WebSession.ended_at < before, WebSession.ends_at < before)
    served = or_(Invitation.used_at < before, Invitation.withdrawn_at < before, Invitation.ends_at < before)
    return _removed(workshop, WebSession, WebSession.id, signed_out) + _removed(
        workshop, Invitation, Invitation.id, served
    )


def _removed(
    workshop: Workshop,
    of: type[WebSession] | type[Invitation],
    key: InstrumentedAttribute[str],
    which: ColumnElement[bool],
) -> int:
    removed = 0
    for _ in range(BATCHES):
        with workshop.database.begin() as session:
            ids = session.scalars(select(key).where(which).limit(BATCH)).all()
            if not ids:
                break
            removed += session.connection().execute(delete(of).where(key.in_(ids))).rowcount
    return removed
