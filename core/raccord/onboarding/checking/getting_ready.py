"""What is said of an installation at its first start, and later: the key's copy, the time zone, where messages go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from raccord.onboarding.access.accounts import read_email
from raccord.onboarding.access.people import Actor, Power, require
from raccord.onboarding.sources.day_rules import read_zone
from raccord.settings import Settings
from raccord.store import events
from raccord.store.models import Installation, Person
from raccord.sync.safekeeping import the_installation
from raccord.sync.workshop import Workshop


@dataclass(frozen=True, slots=True)
class KeyState:
    """Where the key ring is, and whether somebody said to have a copy of it as it is now."""

    place: str
    """The file, or ``RACCORD_KEY``."""
    there: bool
    """False before the first secret is kept."""
    kept_at: datetime | None
    kept_by: str

    @property
    def kept(self) -> bool:
        return self.kept_at is not None


def key_state(settings: Settings, row: Installation | None) -> KeyState:
    """Return how the key ring stands; a copy from before the last change of the key counts for none."""
    kept_at, kept_by = (None, "") if row is None else (row.key_kept_at, row.key_kept_by)
    if settings.key.get_secret_value().strip():
        return KeyState("RACCORD_KEY", True, kept_at, kept_by)
    there = settings.key_file.exists()
    if there and kept_at is not None:
        changed = datetime.fromtimestamp(settings.key_file.stat().st_mtime, UTC)
        kept_at, kept_by = (None, "") if changed > kept_at else (kept_at, kept_by)
    return KeyState(str(settings.key_file), there, kept_at, kept_by)


def say_key_kept(workshop: Workshop, actor: Actor) -> None:
    """Say that a copy of the key, as it is now, is kept apart from the database."""
    require(actor, Power.OPERATE)
    now = workshop.clock.now()
    with workshop.database.begin() as session:
        row = the_installation(session)
        row.key_kept_at, row.key_kept_by = now, actor.name
        events.append(session, actor=actor.name, action="installation.changed", subject="key_kept", now=now)


def say_time_zone(workshop: Workshop, actor: Actor, name: str) -> None:
    """Say the time zone of what belongs to no company; empty for that of most connections."""
    require(actor, Power.OPERATE)
    zone = read_zone(name).key if name else ""
    with workshop.database.begin() as session:
        row = the_installation(session)
        if row.time_zone == zone:
            return
        body = {"before": row.time_zone, "after": zone}
        row.time_zone = zone
        events.append(
            session,
            actor=actor.name,
            action="installation.changed",
            subject="time_zone",
            now=workshop.clock.now(),
            body=body,
        )


def tell_at(workshop: Workshop, person_id: str, address: str, language: str) -> Person:
    """Say to which address, and in which language, messages to a person go; the own address counts for none."""
    with workshop.database.begin() as session:
        person = session.get_one(Person, person_id)
        said = read_email(address) if address.strip() else ""
        person.told_at = "" if said == person.email else said
        person.language = language if language in ("fr", "en") else None
        return person
