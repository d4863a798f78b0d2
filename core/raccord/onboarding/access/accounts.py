"""People's accounts: the first one, passwords, and signing in with a limit to guessing."""

from __future__ import annotations

import hashlib
import threading
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from raccord.errors import RaccordError
from raccord.onboarding.access.people import RoleName, reaches_as_far
from raccord.onboarding.access.reach import reach_of
from raccord.plugin.texts import Language, Text
from raccord.store import events
from raccord.store.models import Invitation, Membership, Person, SignInFailure
from raccord.store.models.people import EVERYWHERE
from raccord.sync.workshop import Workshop

PASSWORD_MIN = 12
PASSWORD_MAX = 200
EMAIL_MAX = 254
NAME_MAX = 100
WINDOW = timedelta(minutes=15)
TRIES_FOR_EMAIL = 10
TRIES_FROM_ADDRESS = 50
"""More than for one person: a whole office may come from one network address."""

_HASHER = PasswordHasher()
_HASHING = threading.BoundedSemaphore(4)
"""A hash takes 64 MiB while it is made, and anybody may ask for one."""
_TRYING = threading.Lock()
# Compared with when nobody has the address, so that the answer takes as long either way.
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$8FjjyzI/aprcACSzZ1KweQ$0uUXZtEx0oj82sA831WdDBOgKB5oaH94edjMTnlBQjY"


class AccountError(RaccordError):
    """Raised when an account cannot be made, changed or entered; says why and what to do."""


def anybody(session: Session) -> bool:
    """Tell whether the installation has an account at all."""
    return session.scalar(select(func.count()).select_from(Person)) != 0


def set_up_first(workshop: Workshop, email: str, name: str, password: str) -> Person:
    """Make the installation's first account, its owner; refused once there is one."""
    made = new_person(email, name, password, workshop.clock.now(), "first start")
    with workshop.database.begin() as session:
        if anybody(session):
            raise AccountError(
                "people.already_set_up",
                Text("Cette installation a déjà un propriétaire.", "This installation has an owner already."),
                Text("Connectez-vous, ou demandez une invitation.", "Sign in, or ask for an invitation."),
            )
        session.add(made)
        session.flush()
        give_role(session, made, EVERYWHERE, RoleName.OWNER, made.email, workshop.clock.now())
        return made


def renew_owner(workshop: Workshop, email: str, name: str, password: str, by: str) -> Person:
    """Make an owner's account, or give the one of that address a new password; for whoever runs the installation."""
    now = workshop.clock.now()
    with workshop.database.begin() as session:
        person = session.scalars(select(Person).where(Person.email == read_email(email))).one_or_none()
        if person is None:
            person = new_person(email, name, password, now, by)
            session.add(person)
            session.flush()
            give_role(session, person, EVERYWHERE, RoleName.OWNER, by, now)
        else:
            person.password_hash, person.disabled_at = hashed(password, person.email), None
        return person


def new_person(email: str, name: str, password: str, now: datetime, by: str) -> Person:
    """Return a person who is not stored yet; an empty password leaves the sign-in provider as the only way in."""
    address = read_email(email)
    called = " ".join(name.split())[:NAME_MAX] or address.partition("@")[0]
    return Person(
        email=address,
        name=called,
        password_hash=hashed(password, address) if password else "",
        created_at=now,
        created_by=by,
    )


def give_role(
    session: Session, person: Person, company_id: str, role: RoleName, by: str, now: datetime,
    ends_on: date | None = None,
) -> None:  # fmt: skip
    """Say what a person is to a company, or to all, in the caller's transaction; noted in the audit chain."""
    held = session.get(Membership, (person.id, company_id))
    if held is None:
        held = Membership(person_id=person.id, company_id=company_id)
        session.add(held)
    held.role, held.given_by, held.given_at, held.ends_on = role, by, now, ends_on
    events.append(
        session,
        actor=by,
        action="people.role_given",
        subject=person.email,
        company_id=company_id,
        now=now,
        body={"role": str(role), **({} if ends_on is None else {"ends_on": ends_on.isoformat()})},
    )


def widen_role(session: Session, person: Person, invitation: Invitation, now: datetime) -> None:
    """Give the role that an invitation names, unless it would take something away from what the person may there
    already: whoever takes it up did not ask for less, and only a change of role says so.
    """
    company_id, role, ends_on = invitation.company_id, RoleName(invitation.role), invitation.role_ends_on
    reach = reach_of(session, person.id, person.email, now)
    held = reach.companies.get(company_id, reach.everywhere)
    row = session.get(Membership, (person.id, company_id))
    kept = date.max if row is None or row.ends_on is None else row.ends_on
    shorter = held is role and ends_on is not None and ends_on < kept
    if held is None or (reaches_as_far(role, held) and not shorter):
        give_role(session, person, company_id, role, invitation.made_by, now, ends_on)


def require_not_ended(session: Session, person: Person, now: datetime) -> None:
    """Raise ``AccountError`` where all that a person was here ended by itself: they come in no more."""
    ended = reach_of(session, person.id, person.email, now).ended_on
    if ended is not None:
        raise AccountError(
            "people.access_ended",
            Text(f"Votre accès a pris fin le {ended}.", f"Your access ended on {ended}."),
            Text(
                "Demandez une nouvelle invitation à qui vous avait invité.",
                "Ask whoever invited you for a new invitation.",
            ),
        )


def speak(workshop: Workshop, email: str, language: Language | None) -> Person:
    """Say in which language messages are written to a person; nothing for that of the company they are about."""
    with workshop.database.begin() as session:
        person = person_of(session, email)
        person.language = language
        return person


def person_of(session: Session, email: str) -> Person:
    """Return who has this address; raises ``AccountError`` where nobody does."""
    person = session.scalars(select(Person).where(Person.email == read_email(email))).one_or_none()
    if person is None:
        raise AccountError(
            "people.unknown",
            Text("Personne n'a cette adresse.", "Nobody has that address."),
            Text("« raccord people » montre celles qui existent.", "“raccord people” shows those there are."),
        )
    return person


def sign_in(workshop: Workshop, email: str, password: str, address: str) -> Person:
    """Return who gave these; ``AccountError`` without saying which of the two is wrong, and after too many tries."""
    given = unicodedata.normalize("NFKC", email).strip().lower()[:EMAIL_MAX]
    limits = {_key("email", given): TRIES_FOR_EMAIL, _key("address", address): TRIES_FROM_ADDRESS}
    _take_tries(workshop, limits)
    with workshop.database.read() as session:
        person = session.scalars(select(Person).where(Person.email == given)).one_or_none()
    known = person is not None and person.disabled_at is None and person.password_hash
    right = verified(person.password_hash if person is not None and known else _NOBODY, password)
    if person is None or not known or not right:
        raise wrong_password()
    now = workshop.clock.now()
    with workshop.database.begin() as session:
        session.execute(delete(SignInFailure).where(SignInFailure.key == _key("email", given)))
        _give_back(session, _key("address", address))
    with workshop.database.begin() as session:
        held = session.get_one(Person, person.id)
        require_not_ended(session, held, now)
        if _HASHER.check_needs_rehash(held.password_hash):
            held.password_hash = hashed(password, given)
        return held


def change_password(workshop: Workshop, person_id: str, current: str, new: str) -> None:
    """Change one's own password; whoever forgot it needs a link instead."""
    now = workshop.clock.now()
    with workshop.database.read() as session:
        known = session.get_one(Person, person_id)
    if not proves(workshop, known, current):
        raise AccountError(
            "people.wrong_current_password",
            Text("Le mot de passe actuel est inexact.", "The current password is wrong."),
            Text("Recommencez ; rien n'a été changé.", "Try again; nothing was changed."),
        )
    with workshop.database.begin() as session:
        person = session.get_one(Person, person_id)
        person.password_hash = hashed(new, person.email)
        events.append(session, actor=person.email, action="people.password_changed", subject=person.email, now=now)


def proves(workshop: Workshop, person: Person, password: str) -> bool:
    """Tell whether a password is the person's, wherever it is asked for: guesses count like those of signing in.

    Raises ``AccountError`` after too many. Not to be asked inside a transaction, for a guess is counted in its own.
    """
    key = _key("email", person.email)
    _take_tries(workshop, {key: TRIES_FOR_EMAIL})
    if not person.password_hash or not verified(person.password_hash, password):
        return False
    with workshop.database.begin() as session:
        _give_back(session, key)
    return True


def hashed(password: str, email: str) -> str:
    """Return a password's Argon2id hash; too short, too long or the address itself is refused."""
    plain = unicodedata.normalize("NFKC", password)
    if not PASSWORD_MIN <= len(plain) <= PASSWORD_MAX or plain.lower() == email or len(set(plain)) < 5:
        raise AccountError(
            "people.weak_password",
            Text(
                f"Ce mot de passe ne convient pas : il faut {PASSWORD_MIN} à {PASSWORD_MAX} caractères variés.",
                f"This password cannot be used: it needs {PASSWORD_MIN} to {PASSWORD_MAX} varied characters.",
            ),
            Text("Quelques mots sans lien font un bon mot de passe.", "A few unrelated words make a good one."),
        )
    return _HASHER.hash(plain)


def verified(password_hash: str, password: str) -> bool:
    """Tell whether a password is the one of the hash."""
    try:
        with _HASHING:
            return _HASHER.verify(password_hash, unicodedata.normalize("NFKC", password[:PASSWORD_MAX]))
    except (VerificationError, InvalidHashError):
        return False


def read_email(text: str) -> str:
    """Return an e-mail address in the form it is kept in; refuses what cannot be one."""
    address = unicodedata.normalize("NFKC", text).strip().lower()
    local, _, domain = address.rpartition("@")
    plain = address.isprintable() and " " not in address and len(address) <= EMAIL_MAX
    if not (local and "." in domain.strip(".") and plain and "@" not in local):
        raise AccountError(
            "people.email",
            Text("Ce n'est pas une adresse courriel.", "This is not an e-mail address."),
            Text("Écrivez-la comme nom@exemple.ca.", "Write it like name@example.com."),
        )
    return address


def _take_tries(workshop: Workshop, limits: Mapping[str, int]) -> None:
    """Count a try before it is weighed, so that many at once are no more than one after another; raises after too many.

    A window that has passed begins anew; a try that was right is given back.
    """
    now = workshop.clock.now()
    with _TRYING, workshop.database.begin() as session:
        for key, most in limits.items():
            row = session.get(SignInFailure, key, with_for_update=True)
            if row is None:
                session.add(SignInFailure(key=key, count=1, since=now))
            elif now - row.since >= WINDOW:
                row.count, row.since = 1, now
            elif row.count >= most:
                raise too_many()
            else:
                row.count += 1
        session.execute(delete(SignInFailure).where(SignInFailure.since < now - WINDOW))


def _give_back(session: Session, key: str) -> None:
    session.execute(
        update(SignInFailure)
        .where(SignInFailure.key == key, SignInFailure.count > 0)
        .values(count=SignInFailure.count - 1)
    )


def wrong_password() -> AccountError:
    """Return the refusal that says nothing of what is right."""
    return AccountError(
        "people.wrong_password",
        Text("L'adresse ou le mot de passe est inexact.", "The address or the password is wrong."),
        Text(
            "Recommencez, ou demandez un nouveau lien à la personne qui vous a invité.",
            "Try again, or ask the person who invited you for a new link.",
        ),
    )


def too_many() -> AccountError:
    """Return the refusal of one who tried too often."""
    return AccountError(
        "people.too_many_attempts",
        Text("Trop d'essais manqués.", "Too many failed tries."),
        Text("Attendez un quart d'heure, puis recommencez.", "Wait a quarter of an hour, then try again."),
    )


def _key(kind: str, value: str) -> str:
    # Addresses that were mistyped may be passwords; only their hash is kept.
    return f"{kind}:{hashlib.sha256(value.encode()).hexdigest()}"
