"""Who gave a company's QuickBooks authorisation, whether they may still stand for it, and what it loses with them.

QuickBooks goes on for whoever consented there. Once that person may link the company no more, nobody here answers for
the authorisation: that is told before they go and until an owner authorises again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.onboarding.access.accounts import AccountError
from raccord.onboarding.access.people import Power, RoleName, may
from raccord.onboarding.access.reach import Reach, is_over
from raccord.plugin.texts import Text
from raccord.store.models import Company, CompanyState, Membership, Person
from raccord.store.models.people import EVERYWHERE

NAMED_MAX = 5
"""How many companies or people one sentence names."""


@dataclass(frozen=True, slots=True)
class Given:
    """What a company's row says of its authorisation: by whom, as whom at Intuit, and when."""

    company_id: str
    by: str
    intuit: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Authority:
    """Who authorised a company's QuickBooks the last time."""

    company_id: str
    by: str
    """Their name, or what the audit chain calls them where they have no account."""
    intuit: str
    """As whom they were signed in at Intuit; empty where Intuit did not tell."""
    at: datetime | None
    left: bool
    """Whether they may link the company no more: removed, suspended, or of a smaller role by now."""


class AuthorityLeavesError(AccountError):
    """Raised where a person would go who authorised QuickBooks, and whoever lets them go was not told."""


def given(company: Company) -> Given:
    """Return what a company's row says."""
    return Given(company.id, company.authorised_by, company.authorised_as, company.authorised_at)


def authorities_of(session: Session, companies: Iterable[Given], now: datetime) -> dict[str, Authority]:
    """Return who authorised each company, as far as that is known; asks once, however many companies they are."""
    known = [each for each in companies if each.by]
    people = _people(session, {each.by for each in known}, now) if known else {}
    return {
        each.company_id: Authority(
            each.company_id,
            people[each.by][0].name if each.by in people else each.by,
            each.intuit,
            each.at,
            each.by in people and _left(*people[each.by], each.company_id),
        )
        for each in known
    }


def authorised_by(session: Session, emails: Collection[str]) -> dict[str, list[tuple[str, str]]]:
    """Return the companies that people authorised, by e-mail: id and name of each that is not disconnected."""
    rows = session.execute(
        select(Company.authorised_by, Company.id, Company.name)
        .where(Company.authorised_by.in_(emails), Company.state != CompanyState.DISCONNECTED)
        .order_by(Company.name, Company.id)
    )
    found: dict[str, list[tuple[str, str]]] = {}
    for email, id_, name in rows:
        found.setdefault(email, []).append((id_, name))
    return found


def require_told(
    session: Session, person: Person, company_id: str, becomes: RoleName | None, now: datetime, *, aware: bool
) -> None:
    """Raise ``AuthorityLeavesError`` where a change of what somebody is leaves a company without its authority, unless
    whoever makes the change is ``aware`` of it.
    """
    before = _reaches(session, {person.id: person.email}, now)[person.id]
    after = _with(before, company_id, becomes)
    left = [
        (id_, name)
        for id_, name in authorised_by(session, [person.email]).get(person.email, ())
        if _links(before, id_) and not _links(after, id_)
    ]
    if not left or aware:
        return
    companies = _listed([name for _, name in left])
    others = _listed(_others(session, left[0][0], person.id, now))
    raise AuthorityLeavesError(
        "people.authority_leaves",
        Text(
            f"{person.name} a autorisé QuickBooks pour {companies} : après ce changement, plus personne n'en répond.",
            f"{person.name} authorised QuickBooks for {companies}: after this change nobody answers for it.",
        ),
        Text(
            f"Faites d'abord autoriser QuickBooks de nouveau par {others or 'un autre propriétaire, à nommer'}, ou "
            "confirmez que vous le savez : les synchros continuent tant qu'Intuit les accepte.",
            f"Have QuickBooks authorised again first by {others or 'another owner, to be made one'}, or confirm that "
            "you know: runs go on for as long as Intuit accepts them.",
        ),
    )


def _left(person: Person, reach: Reach, company_id: str) -> bool:
    """Tell whether who authorised a company may link it no more."""
    return person.disabled_at is not None or not _links(reach, company_id)


def _people(session: Session, emails: Collection[str], now: datetime) -> dict[str, tuple[Person, Reach]]:
    """Return those of people who have an account, by their e-mail, with how far each reaches."""
    rows = session.execute(
        select(Person, Membership)
        .outerjoin(Membership, Membership.person_id == Person.id)
        .where(Person.email.in_(emails))
    ).all()
    found: dict[str, tuple[Person, dict[str, RoleName]]] = {}
    for person, membership in rows:
        roles = found.setdefault(person.email, (person, {}))[1]
        held = cast("Membership | None", membership)
        if held is not None and (held.ends_on is None or not is_over(session, held.company_id, held.ends_on, now)):
            roles[held.company_id] = RoleName(held.role)
    return {
        email: (person, Reach(email, roles.pop(EVERYWHERE, None), roles)) for email, (person, roles) in found.items()
    }


def _links(reach: Reach, company_id: str) -> bool:
    actor = reach.actor_in(company_id)
    return actor is not None and may(actor, Power.LINK)


def _with(reach: Reach, company_id: str, becomes: RoleName | None) -> Reach:
    """Return a reach after a place changed, or was taken away."""
    if company_id == EVERYWHERE:
        return Reach(reach.name, becomes, reach.companies)
    rest = {id_: role for id_, role in reach.companies.items() if id_ != company_id}
    return Reach(reach.name, reach.everywhere, rest if becomes is None else {**rest, company_id: becomes})


def _reaches(session: Session, emails: Mapping[str, str], now: datetime) -> dict[str, Reach]:
    """Return the reach of several people, by their id, with one question."""
    if not emails:
        return {}
    rows = session.execute(
        select(Membership.person_id, Membership.company_id, Membership.role, Membership.ends_on).where(
            Membership.person_id.in_(emails)
        )
    ).all()
    found: dict[str, dict[str, RoleName]] = {id_: {} for id_ in emails}
    for person_id, company_id, role, ends_on in rows:
        if ends_on is None or not is_over(session, company_id, ends_on, now):
            found[person_id][company_id] = RoleName(role)
    return {id_: Reach(emails[id_], roles.pop(EVERYWHERE, None), roles) for id_, roles in found.items()}


def _others(session: Session, company_id: str, person_id: str, now: datetime) -> list[str]:
    """Return the names of the others who may link a company."""
    people = session.scalars(
        select(Person)
        .where(
            Person.disabled_at.is_(None),
            Person.id != person_id,
            Person.id.in_(
                select(Membership.person_id).where(
                    Membership.company_id.in_((company_id, EVERYWHERE)), Membership.role == RoleName.OWNER
                )
            ),
        )
        .order_by(Person.name, Person.email)
        .limit(NAMED_MAX + 1)
    ).all()
    reaches = _reaches(session, {each.id: each.email for each in people}, now)
    return [f"{each.name} ({each.email})" for each in people if _links(reaches[each.id], company_id)]


def _listed(names: list[str]) -> str:
    return ", ".join(names[:NAMED_MAX]) + (" …" if len(names) > NAMED_MAX else "")
