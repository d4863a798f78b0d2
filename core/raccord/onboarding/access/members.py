"""Letting people in and out: one-time links, what somebody is to a company, and taking that back."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from raccord.onboarding.access.accounts import (
    AccountError,
    give_role,
    hashed,
    new_person,
    proves,
    read_email,
    widen_role,
    wrong_password,
)
from raccord.onboarding.access.api_tokens import revoke_all
from raccord.onboarding.access.authority import authorised_by, require_told
from raccord.onboarding.access.people import Actor, NotAllowedError, Power, RoleName, require
from raccord.onboarding.access.reach import is_over, today_there
from raccord.onboarding.access.sessions import end_all
from raccord.plugin.texts import Text
from raccord.store import events
from raccord.store.models import Company, Invitation, Membership, Person
from raccord.store.models.people import EVERYWHERE
from raccord.sync.workshop import Workshop
from raccord.sync.zones import zones_of

INVITATION_LASTS = timedelta(days=7)
RESET_LASTS = timedelta(hours=24)
MEMBERS_MAX = 500
ENDS_WITHIN = timedelta(days=3 * 366)
"""How far ahead the end of a role may lie."""

_GRANTS = {
    RoleName.OWNER: frozenset(RoleName),
    RoleName.ADMIN: frozenset({RoleName.ADMIN, RoleName.BOOKKEEPER, RoleName.ACCOUNTANT}),
    RoleName.OPERATOR: frozenset({RoleName.OPERATOR}),
}
"""What each role may make of others: never more than it is itself."""


class MemberChangedError(AccountError):
    """Raised where a member became something else since they were seen by whoever changes them."""


@dataclass(frozen=True, slots=True)
class Member:
    """One person's place in a company, or everywhere."""

    person_id: str
    email: str
    name: str
    company_id: str
    company: str
    role: RoleName
    seen_at: datetime | None
    disabled: bool
    ends_on: date | None = None
    """The last day of the role, where it ends by itself."""
    days_left: int | None = None
    """Days until the end of that day, by the company's clocks; less than zero once it is over."""
    authorised: Sequence[str] = ()
    """The companies here for which they authorised QuickBooks."""


@dataclass(frozen=True, slots=True)
class Invited:
    """A link that was not used yet."""

    id: str
    email: str
    company_id: str
    company: str
    role: RoleName
    made_by: str
    ends_at: datetime
    role_ends_on: date | None = None


def grants(actor: Actor) -> frozenset[RoleName]:
    """Return the roles this person may give."""
    return _GRANTS.get(actor.role, frozenset())


def invite(
    workshop: Workshop,
    actor: Actor,
    email: str,
    role: RoleName,
    company_id: str = EVERYWHERE,
    *,
    ends_on: date | None = None,
) -> str:
    """Return the secret of a link that makes its holder a member; ``actor`` is what they are to that very company.

    ``ends_on`` is the last day of their role by the company's clocks; an owner's never ends by itself.
    """
    _may_give(actor, role, company_id)
    address, now = read_email(email), workshop.clock.now()
    with workshop.database.begin() as session:
        if company_id != EVERYWHERE:
            session.get_one(Company, company_id)
        _may_end(session, role, company_id, ends_on, now)
        secret = _link(session, address, role, company_id, actor.name, now, INVITATION_LASTS, ends_on)
        events.append(
            session,
            actor=actor.name,
            action="people.invited",
            subject=address,
            company_id=company_id,
            now=now,
            body={"role": str(role), **({} if ends_on is None else {"ends_on": ends_on.isoformat()})},
        )
        return secret


def reset_link(workshop: Workshop, by: str, email: str) -> str:
    """Return the secret of a link that gives a person a new password; for whoever runs the installation."""
    now = workshop.clock.now()
    with workshop.database.begin() as session:
        person = session.scalars(select(Person).where(Person.email == read_email(email))).one_or_none()
        if person is None:
            raise _unknown()
        events.append(session, actor=by, action="people.reset_link", subject=person.email, now=now)
        return _link(session, person.email, "", EVERYWHERE, by, now, RESET_LASTS)


def reset_of(workshop: Workshop, actor: Actor, person_id: str) -> str:
    """Return the secret of a new-password link for a person; an installation's owner alone may, for it opens all."""
    require(actor, Power.LINK)
    with workshop.database.read() as session:
        email = session.get_one(Person, person_id).email
    return reset_link(workshop, actor.name, email)


def find_invitation(session: Session, secret: str, now: datetime, *, lock: bool = False) -> Invitation:
    """Return what a link stands for; used, withdrawn and old ones are refused alike."""
    wanted = select(Invitation).where(Invitation.token_hash == _hash(secret))
    found = session.scalars(wanted.with_for_update() if lock else wanted).one_or_none()
    if (
        found is None or found.used_at is not None or found.withdrawn_at is not None or now >= found.ends_at
        or (found.role_ends_on is not None and is_over(session, found.company_id, found.role_ends_on, now))
    ):  # fmt: skip
        raise AccountError(
            "people.link_over",
            Text(
                "Ce lien ne sert plus : il a servi, il est trop vieux ou il a été retiré.",
                "This link no longer works: it was used, is too old or was withdrawn.",
            ),
            Text("Demandez-en un autre à qui vous l'a donné.", "Ask whoever gave it to you for another."),
        )
    return found


def accept(workshop: Workshop, secret: str, name: str, password: str) -> Person:
    """Use a link once: make its person or find them, and give the role.

    Whoever has an account already proves it with its password: the link came through somebody else's hands. Only a
    link made to set a new password does so.
    """
    now = workshop.clock.now()
    with workshop.database.read() as session:
        invitation = find_invitation(session, secret, now)
        known = session.scalars(select(Person).where(Person.email == invitation.email)).one_or_none()
    proven = known is not None and bool(invitation.role) and proves(workshop, known, password)
    with workshop.database.begin() as session:
        invitation = find_invitation(session, secret, now, lock=True)
        person = session.scalars(select(Person).where(Person.email == invitation.email)).one_or_none()
        if person is None:
            person = new_person(invitation.email, name, password, now, invitation.made_by)
            session.add(person)
            session.flush()
        elif not invitation.role:
            person.password_hash = hashed(password, person.email)
            end_all(session, person.id, now)
        elif person.disabled_at is not None or not proven:
            raise wrong_password()
        invitation.used_at = now
        if invitation.role:
            widen_role(session, person, invitation, now)
        else:
            events.append(session, actor=person.email, action="people.password_reset", subject=person.email, now=now)
        return person


def withdraw(workshop: Workshop, actor: Actor, invitation_id: str) -> None:
    """Make an unused link worthless."""
    now = workshop.clock.now()
    with workshop.database.begin() as session:
        found = session.get_one(Invitation, invitation_id)
        _may_give(actor, RoleName(found.role) if found.role else RoleName.OPERATOR, found.company_id)
        found.withdrawn_at = found.withdrawn_at or now
        events.append(
            session,
            actor=actor.name,
            action="people.invitation_withdrawn",
            subject=found.email,
            company_id=found.company_id,
            now=now,
        )


def change_role(
    workshop: Workshop,
    actor: Actor,
    person_id: str,
    company_id: str,
    role: RoleName,
    *,
    seen: str | None = None,
    ends_on: date | None = None,
    aware: bool = False,
) -> None:
    """Make a member something else, until the end of ``ends_on`` where that is said; they sign in again.

    Refused with ``people.role_changed`` where they are not what was ``seen`` of them, if that is told. Tokens of a role
    that had ended do not come back with it. ``people.authority_leaves`` where a company's authorisation of QuickBooks
    stays without whoever gave it, unless the actor is ``aware`` of that.
    """
    now = workshop.clock.now()
    with workshop.database.begin() as session:
        held = _held(session, actor, person_id, company_id, role, seen)
        _may_give(actor, role, company_id)
        _may_end(session, role, company_id, ends_on, now)
        if held.ends_on is not None and is_over(session, company_id, held.ends_on, now):
            revoke_all(session, person_id, now, company_id)
        person = session.get_one(Person, person_id)
        require_told(session, person, company_id, role, now, aware=aware)
        give_role(session, person, company_id, role, actor.name, now, ends_on)
        end_all(session, person_id, now)


def remove(
    workshop: Workshop, actor: Actor, person_id: str, company_id: str, *, seen: str | None = None, aware: bool = False
) -> None:
    """Take a member's place away; what they did stays in the audit chain under their name. Refused as a change is."""
    now = workshop.clock.now()
    with workshop.database.begin() as session:
        held = _held(session, actor, person_id, company_id, None, seen)
        person = session.get_one(Person, person_id)
        require_told(session, person, company_id, None, now, aware=aware)
        session.delete(held)
        end_all(session, person_id, now)
        events.append(
            session,
            actor=actor.name,
            action="people.removed",
            subject=person.email,
            company_id=company_id,
            now=now,
        )


def list_members(session: Session, within: frozenset[str] | None, now: datetime) -> list[Member]:
    """Return who is what to the companies given, or to all and everywhere."""
    rows = session.execute(
        select(Person, Membership, Company.name)
        .join(Membership, Membership.person_id == Person.id)
        .outerjoin(Company, Company.id == Membership.company_id)
        .where(*(() if within is None else (Membership.company_id.in_(within),)))
        .order_by(Person.name, Person.email, Membership.company_id)
        .limit(MEMBERS_MAX)
    ).all()
    ending = {held.company_id for _, held, _ in rows if held.ends_on is not None}
    today = _today_in(session, ending, now) if ending else {}
    gave = authorised_by(session, {person.email for person, *_ in rows})
    return [
        Member(
            person.id,
            person.email,
            person.name,
            held.company_id,
            company or "",
            RoleName(held.role),
            person.seen_at,
            person.disabled_at is not None,
            held.ends_on,
            None if held.ends_on is None else (held.ends_on - today[held.company_id]).days,
            [name for id_, name in gave.get(person.email, ()) if held.company_id in (EVERYWHERE, id_)],
        )
        for person, held, company in rows
    ]


def list_invitations(session: Session, within: frozenset[str] | None, now: datetime) -> list[Invited]:
    """Return the invitations that still wait, the newest first."""
    rows = session.execute(
        select(Invitation, Company.name)
        .outerjoin(Company, Company.id == Invitation.company_id)
        .where(
            Invitation.role != "",
            Invitation.used_at.is_(None),
            Invitation.withdrawn_at.is_(None),
            Invitation.ends_at > now,
            *(() if within is None else (Invitation.company_id.in_(within),)),
        )
        .order_by(Invitation.made_at.desc(), Invitation.id)
        .limit(MEMBERS_MAX)
    )
    return [
        Invited(
            each.id, each.email, each.company_id, company or "", RoleName(each.role), each.made_by, each.ends_at,
            each.role_ends_on,
        )
        for each, company in rows
    ]  # fmt: skip


def _today_in(session: Session, company_ids: set[str], now: datetime) -> dict[str, date]:
    """Return the date there of each company; one that has no connection yet, whose country tells it, is asked alone."""
    places = zones_of(session).places
    return {
        each: now.astimezone(ZoneInfo(places[each])).date() if each in places else today_there(session, each, now)
        for each in company_ids
    }


def _link(
    session: Session, email: str, role: str, company_id: str, by: str, now: datetime, lasts: timedelta,
    role_ends_on: date | None = None,
) -> str:  # fmt: skip
    secret = secrets.token_urlsafe(32)
    session.add(
        Invitation(
            token_hash=_hash(secret),
            email=email,
            company_id=company_id,
            role=role,
            made_by=by,
            made_at=now,
            ends_at=now + lasts,
            role_ends_on=role_ends_on,
        )
    )
    return secret


def _may_give(actor: Actor, role: RoleName, company_id: str) -> None:
    require(actor, Power.OPERATE if company_id == EVERYWHERE else Power.INVITE)
    if role not in grants(actor):
        raise NotAllowedError(
            "people.above_own_role",
            Text("On ne donne pas un rôle plus étendu que le sien.", "Nobody gives a role wider than their own."),
            Text("Demandez-le au propriétaire.", "Ask the owner for it."),
        )


def _may_end(session: Session, role: RoleName, company_id: str, ends_on: date | None, now: datetime) -> None:
    if ends_on is None:
        return
    if role is RoleName.OWNER:
        raise AccountError(
            "people.owner_ends",
            Text("Le rôle de propriétaire ne prend pas fin de lui-même.", "An owner's role does not end by itself."),
            Text("Laissez la date vide, ou choisissez un autre rôle.", "Leave the date empty, or choose another role."),
        )
    first = today_there(session, company_id, now)
    if not first <= ends_on <= first + ENDS_WITHIN:
        raise AccountError(
            "people.end_day",
            Text(
                f"Le dernier jour d'accès va du {first} au {first + ENDS_WITHIN} ; {ends_on} n'en est pas.",
                f"The last day of access lies from {first} to {first + ENDS_WITHIN}; {ends_on} does not.",
            ),
            Text("Corrigez la date ; rien n'est enregistré.", "Correct the date; nothing was saved."),
        )


def _held(
    session: Session, actor: Actor, person_id: str, company_id: str, becomes: RoleName | None, seen: str | None
) -> Membership:
    """Return a member's place that is to change or go, which nobody else changes before the transaction ends."""
    if company_id == EVERYWHERE:
        # Of two owners who take each other's place in the same moment, the second one is the last.
        owners = select(Membership).where(Membership.company_id == EVERYWHERE, Membership.role == RoleName.OWNER)
        session.scalars(owners.order_by(Membership.person_id).with_for_update()).all()
    held = session.get_one(Membership, (person_id, company_id), with_for_update=True)
    _may_give(actor, RoleName(held.role), company_id)
    if seen is not None and held.role != seen:
        email = session.get_one(Person, person_id).email
        raise MemberChangedError(
            "people.role_changed",
            Text(
                f"Le rôle de {email} a changé depuis que vous l'avez lu : rien n'est enregistré.",
                f"The role of {email} was changed since you read it: nothing is saved.",
            ),
            Text("Lisez ce qui vaut maintenant, puis recommencez.", "Read what stands now, then try again."),
        )
    _keep_an_owner(session, held, becomes)
    return held


def _keep_an_owner(session: Session, held: Membership, becomes: RoleName | None) -> None:
    if held.company_id != EVERYWHERE or held.role != RoleName.OWNER or becomes is RoleName.OWNER:
        return
    owners = session.scalar(
        select(func.count())
        .select_from(Membership)
        .join(Person, Person.id == Membership.person_id)
        .where(Membership.company_id == EVERYWHERE, Membership.role == RoleName.OWNER, Person.disabled_at.is_(None))
    )
    if (owners or 0) < 2:
        raise AccountError(
            "people.last_owner",
            Text("C'est le dernier propriétaire de l'installation.", "This is the installation's last owner."),
            Text("Nommez d'abord un autre propriétaire.", "Make somebody else an owner first."),
        )


def _unknown() -> AccountError:
    return AccountError(
        "people.unknown",
        Text("Personne n'a cette adresse.", "Nobody has this address."),
        Text("« raccord people » montre qui il y a.", "“raccord people” shows who there is."),
    )


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
