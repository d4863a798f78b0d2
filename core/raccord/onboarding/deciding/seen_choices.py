"""Choices as somebody saw them: one that was made on something else than what stands is refused, saying what stands."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from sqlalchemy import or_, select, true
from sqlalchemy.orm import Session

from raccord.onboarding.access.people import Actor, Power, require
from raccord.onboarding.connecting.card_kinds import fill_with_kinds
from raccord.onboarding.deciding.decisions import DecisionError, choose_in, role_of
from raccord.onboarding.deciding.open_days import look_again, require_open_role
from raccord.onboarding.sources.source_accounts import info_of
from raccord.plugin.info import RoleInfo
from raccord.plugin.terms import TermTable
from raccord.plugin.texts import Text
from raccord.store.models import Choice, Connection, TermOverride
from raccord.sync.resolving.terms import meaning_named
from raccord.sync.workshop import Workshop

Place = tuple[str, str]
"""A role, and what of the source it is for (empty for all of it)."""
Value = tuple[str, str]
"""What an account at a bank is (empty for what is none), and the ledger id that fills the role (empty for none)."""
_DIGITS = 12


class ChoiceChangedError(DecisionError):
    """Raised where something else was chosen since it was seen by whoever chooses."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What fills a role, or what a word means, by its newest day; ``value`` is empty where nothing was chosen."""

    place: Text
    value: str
    name: Text
    by: str

    def require(self, was: str | None) -> None:
        """Refuse what was chosen on something else (``None`` is known to be something else)."""
        if self.value == was:
            return
        by = self.by or "–"
        raise ChoiceChangedError(
            "mapping.changed",
            Text(
                f"« {self.place.fr} » est maintenant « {self.name.fr} » ({by}), choisi depuis que vous l'avez "
                "lu : rien n'est enregistré.",
                f"“{self.place.en}” is “{self.name.en}” now ({by}), chosen since you read it: nothing is saved.",
            ),
            Text(
                "Lisez ce qui vaut maintenant, puis enregistrez de nouveau.",
                "Read what stands now, then save again.",
            ),
        )


def choice_standing(session: Session, connection_id: str, role: RoleInfo, of: str) -> Standing:
    """Return what fills a role, for one word or account of the source or for all."""
    choice = _newest(session, connection_id, role.name, of)
    place = Text(f"{role.label.fr} {of}".strip(), f"{role.label.en} {of}".strip())
    if choice is None:
        return Standing(place, "", Text("–", "–"), "")
    return Standing(place, choice.ledger_id, Text(choice.ledger_name, choice.ledger_name), choice.chosen_by)


def told_choices(session: Session, connection_id: str, of_accounts: Collection[str]) -> str:
    """Return what tells the choices that a form shows from any others: those for all of the source, and those for one
    account of it in the roles that are named.
    """
    return _told(_standing_digests(session, connection_id, of_accounts))


def told_again(
    session: Session, connection_id: str, of_accounts: Collection[str], told: str, said: Mapping[Place, Value]
) -> str:
    """Return what tells the choices of a form that is shown again: as they stand, but for those that it says otherwise,
    which it goes on saying of what it was told.
    """
    now, before = _standing_digests(session, connection_id, of_accounts), _read_told(told)
    for place, value in said.items():
        if now.get(_key(place), "") != _digest(value):
            now[_key(place)] = before.get(_key(place), "")
    return _told(now)


def sent_as_told(told: str | None, place: Place, value: Value) -> bool:
    """Tell whether a form says of a choice what it was told of it; never where it was told nothing."""
    return told is not None and _read_told(told).get(_key(place), "") == _digest(value)


def require_told(session: Session, connection_id: str, told: str, role: RoleInfo, of: str) -> None:
    """Refuse to choose where something else stands than the form was told."""
    choice = _newest(session, connection_id, role.name, of)
    if _read_told(told).get(_key((role.name, of)), "") != _digest(_value(choice)):
        choice_standing(session, connection_id, role, of).require(None)


def choices_standing(
    session: Session, connection_ids: Collection[str], roles: Collection[str], of: Collection[str] | None = None
) -> dict[tuple[str, str, str], str]:
    """Return the ledger id that fills each role by its newest day, by connection, role and what of the source it is.

    With ``of``, a page of them, only of those.
    """
    rows = session.execute(
        select(Choice.connection_id, Choice.role, Choice.of, Choice.ledger_id)
        .where(Choice.connection_id.in_(connection_ids), Choice.role.in_(roles))
        .where(true() if of is None else Choice.of.in_(of))
        .order_by(Choice.valid_from, Choice.id)
    )
    return {(row.connection_id, row.role, row.of): row.ledger_id for row in rows}


def term_standing(session: Session, connection_id: str, terms: TermTable, word: str) -> Standing:
    """Return what a word of the source means: the company's newest answer, or else what its connector takes it for."""
    said = session.scalars(
        select(TermOverride)
        .where(TermOverride.connection_id == connection_id, TermOverride.word == word)
        .order_by(TermOverride.valid_from.desc())
    ).first()
    term = terms.get(word)
    value = said.ledger if said is not None else "" if term is None else term.ledger
    by = "" if said is None else said.changed_by
    return Standing(Text(word, word), value, meaning_named(terms, value), by)


def choose_seen(
    workshop: Workshop,
    actor: Actor,
    connection_id: str,
    role: str,
    ledger_id: str,
    of: str = "",
    valid_from: date | None = None,
    *,
    seen: str | None,
    type_said: str = "",
    of_failed: bool = False,
) -> Choice:
    """Fill a role as ``choose`` does; refused where something else fills it than the ledger id that was ``seen``, and
    from a day on that lies in a closed or certified month, unless that is the day of documents that failed.

    An empty ``seen`` is that nothing was chosen; ``None`` is that nobody looked.
    """

    dated = valid_from if not of_failed else None
    if dated is not None:
        look_again(workshop, connection_id, [dated])

    def fill(session: Session) -> Choice:
        connection = session.get_one(Connection, connection_id, with_for_update=True)
        info = info_of(workshop, connection.connector)
        require(actor, Power.MANAGE, info, manage_granted=connection.manage_granted_at is not None)
        if dated is not None:
            require_open_role(session, connection, role, of, dated)
        stood = choice_standing(session, connection_id, role_of(info, role), of)
        made = choose_in(session, workshop, actor, connection_id, role, ledger_id, of, valid_from, type_said)
        if seen is not None:
            stood.require(seen)
        return made

    return fill_with_kinds(workshop, actor, connection_id, [(role, of, ledger_id)], fill)


def _newest(session: Session, connection_id: str, role: str, of: str) -> Choice | None:
    mine = Choice.connection_id == connection_id, Choice.role == role, Choice.of == of
    return session.scalars(select(Choice).where(*mine).order_by(Choice.valid_from.desc())).first()


def _standing_digests(session: Session, connection_id: str, of_accounts: Collection[str]) -> dict[str, str]:
    shown = Choice.connection_id == connection_id, or_(Choice.of == "", Choice.role.in_(of_accounts))
    rows = session.scalars(select(Choice).where(*shown).order_by(Choice.valid_from, Choice.id))
    return {_key((each.role, each.of)): _digest(_value(each)) for each in rows}


def _value(choice: Choice | None) -> Value:
    return ("", "") if choice is None else (choice.held_as, choice.ledger_id)


def _told(digests: Mapping[str, str]) -> str:
    # Something even where nothing is chosen: a form leaves out what is empty.
    return " ".join(["=", *(f"{key}={digest}" for key, digest in sorted(digests.items()) if digest)])


def _read_told(told: str) -> dict[str, str]:
    return {key: digest for key, _, digest in (each.partition("=") for each in told.split())}


def _key(place: Place) -> str:
    return sha256("\0".join(place).encode()).hexdigest()[:_DIGITS]


def _digest(value: Value) -> str:
    return sha256("\0".join(value).encode()).hexdigest()[:_DIGITS] if value[1] else ""
