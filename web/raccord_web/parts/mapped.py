"""What a connection's roles and words mean: the company's choice, else what core takes, and where it comes from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.onboarding.deciding.decisions import BEGINNING
from raccord.onboarding.deciding.remapping import Change, RoleChange
from raccord.onboarding.sources.required_roles import must_be_chosen
from raccord.overview.weighing.volumes import Place
from raccord.plugin.info import ConnectorInfo, RoleInfo
from raccord.plugin.terms import Term
from raccord.plugin.texts import Language
from raccord.store.models import Choice, Company, Connection, TermOverride
from raccord.sync.resolving.terms import DatedTerm, meanings


def language_of_books(session: Session, connection: Connection) -> Language:
    """Return the language in which a company's own accounts and articles are made."""
    return "en" if session.get_one(Company, connection.company_id).language == "en" else "fr"


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
    def field(self) -> str:
        """The name of its field in the form of a page."""
        return f"role:{self.info.name}:{self.of}"

    @property
    def held(self) -> str:
        """What its field holds while nothing is changed."""
        return self.now.ledger_id if self.now is not None else ""

    @property
    def missing(self) -> bool:
        """Whether drafts wait until somebody chooses."""
        return not self.choices and must_be_chosen(self.info, taxed=self.taxed)


@dataclass(frozen=True, slots=True)
class TermView:
    """A word of the source with the company's own answers by day; the last one counts now."""

    term: Term
    overrides: Sequence[TermOverride]
    allowed: Sequence[str]
    """What it may become."""

    @property
    def field(self) -> str:
        """The name of its field in the form of a page."""
        return f"word:{self.term.word}"

    @property
    def options(self) -> Sequence[str]:
        """What is offered: what it may become, and what it is now where that is no longer allowed."""
        return tuple(dict.fromkeys((*self.allowed, self.held)))

    @property
    def held(self) -> str:
        """What its field holds while nothing is changed."""
        return self.overrides[-1].ledger if self.overrides else self.term.ledger


def changes_in(
    fields: Mapping[str, str], roles: Sequence[RoleView], terms: Sequence[TermView], first: date | None, today: date
) -> list[Change]:
    """Return what a form changes of the mapping, from ``first`` or else today on.

    What was never chosen counts for every day. A form of one role, or one word, alone says its own day. A field that
    is sent as it was shown changes nothing, whatever somebody chose meanwhile.
    """
    found: list[Change] = []
    fields = {name: value for name, value in fields.items() if not sent_as_shown(fields, name)}
    for each in roles:
        value = fields.get(each.field, "")
        if value and value != each.held:
            day = (first or today) if each.choices else BEGINNING
            found.append(RoleChange(each.info.name, value, day, each.of))
    for line in terms:
        value = fields.get(line.field, "")
        if value and value != line.held:
            found.append(DatedTerm(line.term.word, value, first or today))
    if fields.get("role"):
        role, of = fields["role"], fields.get("of", "")
        chosen = any(each.choices for each in roles if (each.info.name, each.of) == (role, of))
        found.append(RoleChange(role, fields.get("ledger", ""), first or (today if chosen else BEGINNING), of))
    if fields.get("word"):
        found.append(DatedTerm(fields["word"], fields.get("ledger", ""), first or today))
    return found


def shown_as(views: Sequence[RoleView | TermView]) -> str:
    """Return what tells what each field of a form held when it was shown."""
    return " ".join(_shown(each.field, each.held) for each in views)


def sent_as_shown(fields: Mapping[str, str], name: str) -> bool:
    """Tell whether a field of a form was sent as it was shown."""
    return _shown(name, fields[name]) in fields.get("seen", "").split()


def seen_by(
    fields: Mapping[str, str], changes: Sequence[Change], roles: Sequence[RoleView], terms: Sequence[TermView]
) -> dict[Change, str | None]:
    """Return on what changes of a form were made: what stands, or nothing where the form showed something else."""
    views: dict[tuple[str, ...], RoleView | TermView] = {(each.info.name, each.of): each for each in roles}
    views |= {(each.term.word,): each for each in terms}
    shown = set(fields.get("seen", "").split())
    found: dict[Change, str | None] = {}
    for change in changes:
        view = views.get((change.role, change.of) if isinstance(change, RoleChange) else (change.word,))
        held = "" if view is None else view.held
        found[change] = None if shown and view is not None and _shown(view.field, held) not in shown else held
    return found


def _shown(field: str, held: str) -> str:
    return sha256(f"{field}\0{held}".encode()).hexdigest()[:12]


def volumes_of(views: Sequence[RoleView], volumes: Mapping[frozenset[Place], int]) -> dict[str, int]:
    """Return how many drafts each line of the mapping places, by its field: its own, and those of lines that follow it
    for want of a choice of their own.
    """
    by_name = {(each.info.name, each.of): each for each in views}
    counts = dict.fromkeys((each.field for each in views), 0)
    for places, count in volumes.items():
        for field in {view.field for name, of in places for view in _lines_of(by_name, name, of, date.max)}:
            counts[field] += count
    return counts


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


def leaving_defaults(views: Sequence[RoleView], wanted: Mapping[str, str]) -> list[RoleView]:
    """Return the roles that would leave a default worth keeping for the first time: who wants that is asked once."""
    return [
        each
        for each in views
        if each.info.keep_default is not None and not each.of and not each.choices and wanted.get(each.info.name)
    ]


def terms_of(session: Session, connection: Connection, info: ConnectorInfo) -> list[TermView]:
    made: dict[str, list[TermOverride]] = {}
    rows = select(TermOverride).where(TermOverride.connection_id == connection.id).order_by(TermOverride.valid_from)
    for each in session.scalars(rows):
        made.setdefault(each.word, []).append(each)
    known = [TermView(term, made.get(term.word, []), meanings(info, term.word)) for term in info.terms]
    latest = {word: answers[-1].ledger for word, answers in made.items() if info.terms.get(word) is None}
    # Words that the company added; one whose model the connector gave up means nothing any more.
    added = info.terms.with_overrides(latest)
    new = [(word, term) for word in latest if (term := added.get(word)) is not None]
    return [*known, *(TermView(term, made[word], meanings(info, word)) for word, term in new)]


def placed_by(views: Sequence[RoleView], body: str, day: date) -> list[RoleView]:
    """Return the lines of the mapping that say where a draft of a day goes, each once, in the draft's order."""
    by_name = {(each.info.name, each.of): each for each in views}
    found: list[RoleView] = []
    for name, of in _roles_in(json.loads(body)):
        view = _line_of(by_name, name, of, day)
        if view is not None and view not in found:
            found.append(view)
    return found


def _line_of(by_name: dict[tuple[str, str], RoleView], name: str, of: str, day: date) -> RoleView | None:
    """Return the line that counts for a role: its own if chosen by that day, else that of the role it follows."""
    return next(reversed(_lines_of(by_name, name, of, day)), None)


def _lines_of(by_name: dict[tuple[str, str], RoleView], name: str, of: str, day: date) -> list[RoleView]:
    """Return the lines that a role goes through until one is chosen by that day, which counts."""
    found: list[RoleView] = []
    seen: set[str] = set()
    while True:
        for view in (by_name.get((name, of)), by_name.get((name, ""))):
            if view is not None and view not in found:
                found.append(view)
            if view is not None and any(choice.valid_from <= day for choice in view.choices):
                return found
        plain = by_name.get((name, ""))
        if plain is None or not plain.info.same_as or name in seen:
            return found
        seen.add(name)
        name = plain.info.same_as


def _roles_in(said: Any) -> Iterator[tuple[str, str]]:
    if isinstance(said, dict):
        if said.get("ref") == "role":
            yield str(said["name"]), str(said.get("of", ""))
        for each in said.values():
            yield from _roles_in(each)
    elif isinstance(said, list):
        for each in said:
            yield from _roles_in(each)
