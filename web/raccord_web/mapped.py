"""What a connection's roles and words mean: the company's choice, else what core takes, and where it comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.plugin.drafts import Accepts
from raccord.plugin.info import ConnectorInfo, RoleInfo
from raccord.plugin.terms import Term
from raccord.store.models import Choice, Company, Connection, TermOverride


@dataclass(frozen=True, slots=True)
class RoleView:
    """A role (for one word or account of the source, or for all), with its choices by day; the last one counts now."""

    info: RoleInfo
    of: str
    choices: Sequence[Choice]
    taxed: bool
    """Whether the company's sales are taxed: then a tax code is never optional."""

    @property
    def now(self) -> Choice | None:
        return self.choices[-1] if self.choices else None

    @property
    def missing(self) -> bool:
        """Whether drafts wait until somebody chooses."""
        info = self.info
        needed = info.required or (info.accepts is Accepts.TAX_CODE and self.taxed)
        return not self.choices and needed and not info.same_as and not info.subtype and info.default is None


@dataclass(frozen=True, slots=True)
class TermView:
    """A word of the source with the company's own answers by day; the last one counts now."""

    term: Term
    overrides: Sequence[TermOverride]


def roles_of(session: Session, connection: Connection, info: ConnectorInfo) -> list[RoleView]:
    """Return every role, those chosen for one word or account after the role they are of."""
    made: dict[tuple[str, str], list[Choice]] = {}
    rows = select(Choice).where(Choice.connection_id == connection.id).order_by(Choice.valid_from)
    for choice in session.scalars(rows):
        made.setdefault((choice.role, choice.of), []).append(choice)
    taxed = session.get_one(Company, connection.company_id).taxed
    found: list[RoleView] = []
    for role in info.roles:
        found.append(RoleView(role, "", made.get((role.name, ""), []), taxed))
        found += [
            RoleView(role, of, choices, taxed) for (name, of), choices in made.items() if name == role.name and of
        ]
    return found


def terms_of(session: Session, connection: Connection, info: ConnectorInfo) -> list[TermView]:
    made: dict[str, list[TermOverride]] = {}
    rows = select(TermOverride).where(TermOverride.connection_id == connection.id).order_by(TermOverride.valid_from)
    for each in session.scalars(rows):
        made.setdefault(each.word, []).append(each)
    return [TermView(term, made.get(term.word, [])) for term in info.terms]
