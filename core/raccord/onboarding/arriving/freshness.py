"""When a source's data is expected, and how late it is (rule K1); pure of tables, for every connector that declares it.

A day's data is expected by the end of the day that its connector's ``Delivery`` names, in the connection's time zone;
a day without delivery moves that to the end of the next delivery day. Then it is late; a day later, and never sooner
than 24 hours, it is missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from raccord.plugin.info import HOLIDAYS_MAX, Delivery
from raccord.plugin.texts import Text

_SEARCH_DAYS_MAX = 8 * HOLIDAYS_MAX
"""With one delivery day a week, and every holiday on it, a day is still found."""

_DAY = timedelta(days=1)


BY_FILES = Text(
    "Déposez les fichiers manquants à la page de la connexion, ou regardez pourquoi ils n'arrivent pas au dossier ou "
    "au serveur d'où ils viennent.",
    "Upload the missing files on the connection's page, or see why they do not come to the folder or server that they "
    "are taken from.",
)
"""What to do about late data that only files bring: connecting again would mend nothing."""


class Lateness(StrEnum):
    """How a day's data stands; ``late`` is amber, ``missing`` is red."""

    ARRIVED = "arrived"
    NOT_YET_EXPECTED = "not_yet_expected"
    LATE = "late"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class DayStatus:
    """What to tell a person about a day's data; support and the way to reconnect are shown only when it is missing."""

    state: Lateness
    day: date
    expected_by: datetime
    text: Text

    @property
    def alarming(self) -> bool:
        return self.state is Lateness.MISSING


def expected_by(day: date, delivery: Delivery, zone: ZoneInfo) -> datetime:
    """Return the moment by which the data of ``day`` is expected: a midnight of the connection's zone, aware."""
    due = day + delivery.lag_days * _DAY
    for _ in range(_SEARCH_DAYS_MAX):
        if due.isoweekday() in delivery.weekdays and due not in delivery.holidays:
            break
        due += _DAY
    return end_of(due, zone)


def missing_from(day: date, delivery: Delivery, zone: ZoneInfo) -> datetime:
    """Return when late data of ``day`` counts as missing: the end of the next day, at least 24 hours after it was due.

    The two differ by an hour where the clock changes between them; the later one holds, so nobody is sent to support
    too soon.
    """
    due = expected_by(day, delivery, zone)
    next_midnight = datetime.combine(due.date() + _DAY, time(), zone)
    # Aware moments of one zone are compared by their wall clocks, so both go through UTC.
    return max(next_midnight, plus_24_hours(due), key=_instant)


def status_of(
    day: date, *, arrived: bool, now: datetime, delivery: Delivery, zone: ZoneInfo, by_files: bool = False
) -> DayStatus:
    """Tell how the data of ``day`` stands at ``now`` (aware), with the sentence to show.

    ``by_files`` says that only files bring it, so that connecting again would mend nothing.
    """
    due = expected_by(day, delivery, zone)
    fr, en = f"la fin du {last_day(due)}", f"the end of {last_day(due)}"
    if arrived:
        return DayStatus(Lateness.ARRIVED, day, due, Text(f"Données du {day} reçues.", f"Data of {day} arrived."))
    if _instant(now) < _instant(due):
        text = Text(f"Données du {day} attendues d'ici {fr}.", f"Data of {day} expected by {en}.")
        return DayStatus(Lateness.NOT_YET_EXPECTED, day, due, text)
    missing = _instant(now) >= _instant(missing_from(day, delivery, zone))
    if by_files:
        text = Text(
            f"Aucun fichier ne couvre les jours depuis le {day} (attendus d'ici {fr}). Déposez les fichiers de la "
            "source depuis ce jour, ou vérifiez le dossier ou le serveur d'où ils viennent.",
            f"No file covers the days since {day} (expected by {en}). Upload the source's files from that day on, or "
            "check the folder or server that they come from.",
        )
        return DayStatus(Lateness.MISSING if missing else Lateness.LATE, day, due, text)
    if not missing:
        text = Text(
            f"Les données du {day} sont en retard (attendues d'ici {fr}). Vérifiez de nouveau dans 24 h.",
            f"The data of {day} is late (expected by {en}). Check again within 24 hours.",
        )
        return DayStatus(Lateness.LATE, day, due, text)
    text = Text(
        f"Les données du {day} manquent plus de 24 h après leur échéance ({fr}). Reliez de nouveau la source, "
        "puis appelez son soutien si elles ne viennent toujours pas.",
        f"The data of {day} is missing more than 24 hours after it was due ({en}). Connect the source again, "
        "then call its support if it still does not come.",
    )
    return DayStatus(Lateness.MISSING, day, due, text)


def watched_day(newest: date | None, not_before: date, delivery: Delivery) -> date:
    """Return the day whose data comes next: the first one with data after the newest that arrived.

    ``not_before`` is the day from which data is waited for at all: the connection's first one, that of the set-up, or
    the one on which a pause ended, whichever is last.
    """
    day = not_before if newest is None else max(not_before, newest + _DAY)
    while day.isoweekday() not in delivery.active_weekdays:
        day += _DAY
    return day


def first_data_expected(set_up: datetime) -> datetime:
    """Return when the first data is expected after the set-up (aware): 24 hours later, whatever the clock does."""
    return plus_24_hours(set_up)


def first_data_overdue(set_up: datetime, *, arrived: bool, now: datetime) -> bool:
    """Tell whether more than 24 hours have passed since the set-up without what is waited for, so that support is
    shown.
    """
    return not arrived and _instant(now) > _instant(first_data_expected(set_up))


def end_of(day: date, zone: ZoneInfo) -> datetime:
    """Return the midnight that ends ``day`` in ``zone``."""
    return datetime.combine(day + _DAY, time(), zone)


def last_day(midnight: datetime) -> date:
    """Return the day that a midnight ends."""
    return midnight.date() - _DAY


def plus_24_hours(moment: datetime) -> datetime:
    """Return the moment 24 hours later, in the same zone."""
    # Through UTC: adding to a local time would give 23 or 25 hours where the clock changes.
    return (moment.astimezone(UTC) + timedelta(hours=24)).astimezone(moment.tzinfo)


def _instant(moment: datetime) -> datetime:
    return moment.astimezone(UTC)
