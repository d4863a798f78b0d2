"""Which companies a person reaches, and as what: every page and every deed asks here first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from raccord.onboarding.access.people import Actor, RoleName
from raccord.store.models import Membership
from raccord.store.models.people import EVERYWHERE


@dataclass(frozen=True, slots=True)
class Reach:
    """What one person is to the installation and to each company; the closer word counts."""

    name: str
    everywhere: RoleName | None = None
    companies: Mapping[str, RoleName] = field(default_factory=dict)

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


def reach_of(session: Session, person_id: str, email: str) -> Reach:
    """Return a person's reach as the memberships say now."""
    rows = session.execute(_memberships(), {"person": person_id})
    roles = {company_id: RoleName(role) for company_id, role in rows}
    return Reach(email, roles.pop(EVERYWHERE, None), roles)


@cache
def _memberships() -> Select[str, str]:
    """Return what each request asks; made once, for that takes longer than the answer."""
    return select(Membership.company_id, Membership.role).where(Membership.person_id == bindparam("person"))


def reach_everywhere(actor: Actor) -> Reach:
    """Return the reach of one who was let in without an account and is the same to every company."""
    return Reach(actor.name, actor.role)
