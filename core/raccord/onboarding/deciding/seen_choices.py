"""Choices as somebody saw them: one that was made on something else than what stands is refused, saying what stands."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.onboarding.access.people import Actor, Power, require
from raccord.onboarding.connecting.card_kinds import fill_with_kinds
from raccord.onboarding.deciding.decisions import DecisionError, choose_in, role_of
from raccord.onboarding.sources.source_accounts import info_of
from raccord.plugin.info import RoleInfo
from raccord.plugin.terms import TermTable
from raccord.plugin.texts import Text
from raccord.store.models import Choice, Connection, TermOverride
from raccord.sync.resolving.terms import meaning_named
from raccord.sync.workshop import Workshop


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
    choice = session.scalars(
        select(Choice)
        .where(Choice.connection_id == connection_id, Choice.role == role.name, Choice.of == of)
        .order_by(Choice.valid_from.desc())
    ).first()
    place = Text(f"{role.label.fr} {of}".strip(), f"{role.label.en} {of}".strip())
    if choice is None:
        return Standing(place, "", Text("–", "–"), "")
    return Standing(place, choice.ledger_id, Text(choice.ledger_name, choice.ledger_name), choice.chosen_by)


def choices_standing(
    session: Session, connection_ids: Collection[str], roles: Collection[str]
) -> dict[tuple[str, str, str], str]:
    """Return the ledger id that fills each role by its newest day, by connection, role and what of the source it is."""
    rows = session.execute(
        select(Choice.connection_id, Choice.role, Choice.of, Choice.ledger_id)
        .where(Choice.connection_id.in_(connection_ids), Choice.role.in_(roles))
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
) -> Choice:
    """Fill a role as ``choose`` does; refused where something else fills it than the ledger id that was ``seen``.

    An empty ``seen`` is that nothing was chosen; ``None`` is that nobody looked.
    """

    def fill(session: Session) -> Choice:
        connection = session.get_one(Connection, connection_id, with_for_update=True)
        info = info_of(workshop, connection.connector)
        require(actor, Power.MANAGE, info, manage_granted=connection.manage_granted_at is not None)
        stood = choice_standing(session, connection_id, role_of(info, role), of)
        made = choose_in(session, workshop, actor, connection_id, role, ledger_id, of, valid_from, type_said)
        if seen is not None:
            stood.require(seen)
        return made

    return fill_with_kinds(workshop, actor, connection_id, [(role, of, ledger_id)], fill)
