"""Which companies a person reaches, and as what: every page and every deed asks here first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from zoneinfo import ZoneInfo

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from raccord.onboarding.access.people import Actor, RoleName
from raccord.store.models import Membership
from raccord.store.models.people import EVERYWHERE
from raccord.sync.zones import zone_of, zones_of


@dataclass(frozen=True, slots=True)
class Reach:
    """What one person is to the installation and to each company; the closer word counts."""

    name: str
    everywhere: RoleName | None = None
    companies: Mapping[str, RoleName] = field(default_factory=dict)
    ended_on: date | None = None
    """The last day of what they were, where they are nothing any more because all of it ended by itself."""

    @property
    def within(self) -> frozenset[str] | None:
        """The companies that are seen; nothing stands for all of them."""
        return frozenset(self.companies) if self.everywhere is None else None

    def actor_in(self, company_id: str) -> Actor | None:
        """Return the person as this company knows them, or nothing where they are nobody there."""
        role = self.companies.get(company_id, self.everywhere)
        return None if role is None else Actor(self.name, role)

    @property
    def actor(self) -> Actor:
        """The person as the installation knows them; one who belongs to companies only may look and no more."""
        return Actor(self.name, self.everywhere or RoleName.ACCOUNTANT)

    @property
    def highest(self) -> RoleName:
        """What the person is at most, for the word beside their name."""
        held = {*self.companies.values(), *(() if self.everywhere is None else (self.everywhere,))}
        return next((role for role in RoleName if role in held), RoleName.ACCOUNTANT)


def reach_of(session: Session, person_id: str, email: str, now: datetime) -> Reach:
    """Return a person's reach as the memberships say at ``now``; a role whose last day is over counts for nothing."""
    roles: dict[str, RoleName] = {}
    ended: list[date] = []
    for company_id, role, ends_on in session.execute(_memberships(), {"person": person_id}).all():
        if ends_on is not None and is_over(session, company_id, ends_on, now):
            ended.append(ends_on)
        else:
            roles[company_id] = RoleName(role)
    last = max(ended) if ended and not roles else None
    return Reach(email, roles.pop(EVERYWHERE, None), roles, last)


def is_over(session: Session, company_id: str, last_day: date, now: datetime) -> bool:
    """Tell whether the last day of a role is over by the clocks of its company, or of the installation."""
    days = (last_day - now.astimezone(UTC).date()).days
    # Nowhere is the date further from that of UTC than a day: the zone is asked for only where it matters.
    return days < 0 if abs(days) > 1 else today_there(session, company_id, now) > last_day


def today_there(session: Session, company_id: str, now: datetime) -> date:
    """Return the date of ``now`` by the clocks of a company, or of the installation."""
    zone = zones_of(session).house if company_id == EVERYWHERE else zone_of(session, company_id)
    return now.astimezone(ZoneInfo(zone)).date()


@cache
def _memberships() -> Select[str, str, date | None]:
    """Return what each request asks; made once, for that takes longer than the answer."""
    held = Membership.company_id, Membership.role, Membership.ends_on
    return select(*held).where(Membership.person_id == bindparam("person"))


def reach_everywhere(actor: Actor) -> Reach:
    """Return the reach of one who was let in without an account and is the same to every company."""
    return Reach(actor.name, actor.role)
