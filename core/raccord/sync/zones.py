"""Which time zone people read a moment in: one for each company, and one for what belongs to no company."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.store.models import Company, Connection, ConnectionState, Installation
from raccord.store.models.installation import THE_ONE

DEFAULT_ZONE = "America/Toronto"
_BY_COUNTRY = {
    "BE": "Europe/Brussels", "CH": "Europe/Zurich", "DE": "Europe/Berlin", "ES": "Europe/Madrid", "FR": "Europe/Paris",
    "GB": "Europe/London", "HK": "Asia/Hong_Kong", "IE": "Europe/Dublin", "IN": "Asia/Kolkata", "IT": "Europe/Rome",
    "LU": "Europe/Luxembourg", "NL": "Europe/Amsterdam", "SG": "Asia/Singapore", "UK": "Europe/London",
    "ZA": "Africa/Johannesburg",
}  # fmt: skip
"""Where nearly all of a country lives in one zone; one of several zones says nothing."""
_COMMON = (
    "America/Toronto", "America/Halifax", "America/Winnipeg", "America/Edmonton", "America/Vancouver",
    "America/St_Johns", "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles", "Europe/Paris",
    "Europe/Brussels", "Europe/Zurich", "Europe/London",
)  # fmt: skip
"""Where most books that these sources belong to are kept."""
FEW_ZONES = 4
"""Of a country of which none is common so many are likely."""
PROVEN_STATES = (
    ConnectionState.CONNECTED, ConnectionState.PAUSED, ConnectionState.REAUTHORISE, ConnectionState.FAULTY,
)  # fmt: skip
"""A connection that waits for its credentials still has documents to prove."""


_SAID = select(Installation.time_zone).where(Installation.id == THE_ONE)


@dataclass(frozen=True, slots=True)
class Zones:
    """The time zone of each place, a company's id or one of its connections', and of the installation."""

    house: str = DEFAULT_ZONE
    places: Mapping[str, str] = field(default_factory=dict)

    def of(self, place: str) -> str:
        """Return the zone of a company or connection; the installation's for no place, or one without a zone."""
        return self.places.get(place, self.house)


@dataclass(frozen=True, slots=True)
class ZoneGroup:
    """Time zones that stand together in a choice; those that are likely are of no region."""

    region: str
    names: Sequence[str]


def zone_groups(country: str, *known: str) -> list[ZoneGroup]:
    """Return the time zones to choose from: the likely ones first, then each region's.

    Likely are those that are ``known`` to be somebody's here, this machine's own, and the commonest of a country, or
    of all where it is not known. Each stands in one group.
    """
    by_country = _zones_by_country()
    own, every = by_country.get(country.upper(), ()), {name for names in by_country.values() for name in names}
    common = [each for each in _COMMON if each in own] or own[:FEW_ZONES] or _COMMON
    # A name of old that somebody chose is offered to them, though nobody else.
    likely = list(dict.fromkeys(each for each in (*known, *common, _zone_of_machine(every)) if each))
    regions: dict[str, list[str]] = {}
    for name in sorted(every.difference(likely)):
        regions.setdefault(name.partition("/")[0], []).append(name)
    return [ZoneGroup("", likely), *(ZoneGroup(region, names) for region, names in regions.items())]


def _zone_of_machine(every: Collection[str]) -> str:
    """Return the zone that this machine keeps, or nothing where it has no name that people know."""
    said = os.environ.get("TZ", "").lstrip(":") or os.path.realpath("/etc/localtime").partition("/zoneinfo/")[2]
    return said if said in every else ""


@cache
def _zones_by_country() -> Mapping[str, tuple[str, ...]]:
    """Return the zones in which people live, by the two letters of the country, as the time zone database has them."""
    found: dict[str, list[str]] = {}
    for line in resources.files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            country, _, name, *_ = line.split("\t")
            found.setdefault(country, []).append(name)
    return {country: tuple(names) for country, names in found.items()}


def zones_of(session: Session) -> Zones:
    """Return all time zones, with one question: a company's is that of most of its connections, the longest there;
    the installation's is what was said, else that of most of all.
    """
    rows = session.execute(
        select(
            Connection.id,
            Connection.company_id,
            Connection.time_zone,
            Connection.state,
            _SAID.scalar_subquery().label("said"),
        ).order_by(Connection.set_up_at, Connection.id)
    ).all()
    found: dict[str, list[tuple[str, str]]] = {}
    for _, company, zone, state, _ in rows:
        found.setdefault(company, []).append((zone, state))
    companies = {company: _most(each) for company, each in found.items()}
    places = {**companies, **{id_: companies[company] for id_, company, *_ in rows}}
    said = rows[0].said if rows else session.scalar(_SAID)
    return Zones(said or _most([(zone, state) for _, _, zone, state, _ in rows]), places)


def zone_of(session: Session, company_id: str) -> str:
    """Return a company's time zone: that of most of its connections; before it has any, that of its country."""
    rows = session.execute(
        select(Connection.time_zone, Connection.state)
        .where(Connection.company_id == company_id)
        .order_by(Connection.set_up_at, Connection.id)
    ).all()
    if not rows:
        country = session.scalar(select(Company.country).where(Company.id == company_id)) or ""
        return _BY_COUNTRY.get(country.upper()) or session.scalar(_SAID) or DEFAULT_ZONE
    return _most([(zone, state) for zone, state in rows])


def _most(found: list[tuple[str, str]]) -> str:
    """Return the commonest zone among connections that work, else among all."""
    working = [zone for zone, state in found if state in PROVEN_STATES]
    counted = Counter(working or [zone for zone, _ in found])
    return next((zone for zone, _ in counted.most_common(1)), DEFAULT_ZONE)
