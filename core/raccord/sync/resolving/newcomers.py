"""New names in the company's lists: one that is almost there already is asked about, and so are too many at once."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from raccord.plugin.drafts import Customer, Draft, Item, Vendor
from raccord.plugin.ledger import ResolutionKind
from raccord.quickbooks import QuickBooks
from raccord.store.models import Action, Connection, DraftRow, DraftState, LinkRow, LinkState, PlanLine
from raccord.sync.bodies import load_draft
from raccord.sync.books.lists import Entry, Lists
from raccord.sync.chunks import CHUNK
from raccord.sync.resolving.conflict_rules import ALIKE_NAME, MANY_NAMES
from raccord.sync.resolving.conflicts import DECISION, decision_of
from raccord.sync.resolving.settling import renamed

NAMED = ("Customer", "Vendor", "Item")
"""Lists whose entries bear names that sources bring; accounts are chosen by people."""
READ_FOR_NAMES = ("Customer", "Vendor")
"""Those of them that are too long to be read for every run: read when a run brings new names."""
NEW_NAMES_MAX = 50
"""New names that a run makes without being asked; the rest of them wait."""
LIST_MAX = 250_000
"""Entries of a list read to compare names; more are an error, for a name left out would be made a second time."""
FIRSTS = "alike"
"""Under this name a run's progress keeps the drafts whose names are almost that of an earlier draft of it."""

CASE = "case"
"""Under this name a question says which of the sentences of its code tells it."""

_FORMS = frozenset(
    {
        "inc", "incorporated", "ltd", "ltee", "limitee", "limited", "llc", "llp", "lp", "corp", "corporation", "co",
        "company", "cie", "compagnie", "senc", "sencrl", "enr", "sarl", "sas", "sasu", "sa", "eurl", "gmbh", "ag",
        "plc", "bv", "nv", "spa", "srl", "pty", "pte",
    }
)  # fmt: skip
"""What follows a company's name and tells its legal form, in the countries of the connectors."""
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "’": "'"})
_DROPPED = re.compile(r"['.]")
_BETWEEN = re.compile(r"[\W_]+")


def comparison_key(name: str) -> str:
    """Return what two names that a person takes for the same one have in common.

    Left out are accents, case, spaces, punctuation, the legal form at the end, and how "and" is written.
    """
    plain = unicodedata.normalize("NFKD", name.casefold().translate(_LIGATURES))
    plain = "".join(each for each in plain if not unicodedata.combining(each))
    plain = _DROPPED.sub("", plain.replace("&", " et "))
    words = ["et" if word == "and" else word for word in _BETWEEN.split(plain) if word]
    while len(words) > 1 and words[-1] in _FORMS:
        words.pop()
    return "".join(words) or name.casefold()


@dataclass(frozen=True, slots=True)
class NewName:
    """A draft of a list entry that nothing in QuickBooks is linked to."""

    key: str
    kind: str
    name: str

    @property
    def alike(self) -> tuple[str, str]:
        """What it has in common with the names that are almost its own."""
        return self.kind, comparison_key(self.name)


def waiting_names(session: Session, connection: Connection) -> list[NewName]:
    """Return the new names that a run's plan will look at, in its order."""
    return list(_waiting(session, connection))


def _waiting(session: Session, connection: Connection) -> Iterator[NewName]:
    linked = and_(
        LinkRow.company_id == connection.company_id,
        LinkRow.connection_id == connection.id,
        LinkRow.key == DraftRow.key,
        LinkRow.state != LinkState.RELEASED,
    )
    last = 0
    while True:
        rows = session.scalars(
            select(DraftRow)
            .outerjoin(LinkRow, linked)
            .where(
                DraftRow.connection_id == connection.id,
                DraftRow.state.in_((DraftState.WAITING, DraftState.READY, DraftState.HELD)),
                DraftRow.kind.in_(NAMED),
                DraftRow.id > last,
                LinkRow.id.is_(None),
            )
            .order_by(DraftRow.id)
            .limit(CHUNK)
        ).all()
        for row in rows:
            draft = renamed(row, load_draft(row.body))
            if isinstance(draft, Customer | Vendor | Item):
                yield NewName(row.key, draft.kind, draft.name)
        if len(rows) < CHUNK:
            return
        last = rows[-1].id


def read_alike(client: QuickBooks, names: Sequence[NewName]) -> list[Mapping[str, Any]]:
    """Read the lists that have new names, and return the entries whose names are almost one of them."""
    found: list[Mapping[str, Any]] = []
    for kind in READ_FOR_NAMES:
        wanted = {comparison_key(each.name) for each in names if each.kind == kind}
        if not wanted:
            continue
        found.extend(
            {"kind": kind, **row}
            for row in client.query_all(kind, "Active IN (true, false)", limit=LIST_MAX)
            if comparison_key(str(row["DisplayName"])) in wanted
        )
    return found


def firsts_of(names: Sequence[NewName]) -> dict[str, str]:
    """Return the keys of the drafts whose names are almost that of an earlier one, with the earlier one's name."""
    first: dict[tuple[str, str], NewName] = {}
    return {each.key: earlier.name for each in names if (earlier := first.setdefault(each.alike, each)) is not each}


@dataclass(slots=True)
class Newcomers:
    """Says what is to be asked about the new names of one slice of a plan."""

    lists: Lists
    firsts: Mapping[str, str]
    made: int
    """New names that the plan makes without a person having said so."""
    limit: int | None
    """How many it may; nothing where a person approves the whole plan before anything is written."""
    _alike: dict[tuple[str, str], list[Entry]] = field(default_factory=dict)

    @classmethod
    def of(
        cls, session: Session, connection: Connection, plan_id: str, lists: Lists, firsts: Mapping[str, str]
    ) -> Newcomers:
        reviewed = connection.approved_at is None or connection.review_each or connection.review_next
        decided = DraftRow.decisions[DECISION]["kind"].as_string()
        made = session.scalar(
            select(func.count())
            .select_from(PlanLine)
            .join(DraftRow, DraftRow.id == PlanLine.draft_id)
            .where(
                PlanLine.plan_id == plan_id,
                PlanLine.kind.in_(NAMED),
                PlanLine.action == Action.CREATE,
                or_(decided.is_(None), decided != ResolutionKind.CREATE),
            )
        )
        newcomers = cls(lists, firsts, int(made or 0), None if reviewed else NEW_NAMES_MAX)
        for (kind, _), entry in lists.by_id.items():
            if kind in NAMED and entry.type != "Category":
                newcomers._alike.setdefault((kind, comparison_key(_last(entry.name))), []).append(entry)
        return newcomers

    def alike(self, key: str, draft: Customer | Vendor | Item) -> dict[str, Any] | None:
        """Return what the question says about an entry, or an earlier draft, of almost the same name.

        The same name is no matter of this: QuickBooks keeps it unique, and says who bears it.
        """
        said: dict[str, Any] = {"name": draft.name, "kind": draft.kind}
        near = self._alike.get((draft.kind, comparison_key(draft.name)), [])
        if any(_last(entry.name).casefold() == draft.name.casefold() for entry in near):
            return None
        if near:
            entry = min(near, key=lambda each: (not each.active, len(each.id), each.id))
            case = "same" if _seen(_last(entry.name)) == _seen(draft.name) else ""
            said |= {"id": entry.id, "holder": entry.name, CASE: case}
            return {**said, "active": entry.active, "linkable": entry.active}
        if key in self.firsts:
            first = self.firsts[key]
            case = "same_planned" if _seen(first) == _seen(draft.name) else "planned"
            return {**said, "id": "", "holder": first, CASE: case, "linkable": False}
        return None

    def count(self, row: DraftRow) -> None:
        """Count a new name that the plan makes, unless a person said so of this one."""
        decided = decision_of(row)
        self.made += decided is None or decided.kind is not ResolutionKind.CREATE

    def too_many(self, draft: Customer | Vendor | Item, asked: str) -> dict[str, Any] | None:
        """Return what the question says once the plan makes as many new names as it may.

        Asked about once, a name waits for its answer; the runs of a day would otherwise make them all, some at a time.
        """
        if self.limit is None or (self.made < self.limit and asked != MANY_NAMES):
            return None
        return {"name": draft.name, "kind": draft.kind, "limit": self.limit}


def question_about(newcomers: Newcomers, key: str, draft: Draft, asked: str) -> tuple[str, dict[str, Any]] | None:
    """Return what a person is asked before this new name is made, if anything; ``asked`` is what waits already."""
    if not isinstance(draft, Customer | Vendor | Item):
        return None
    alike = newcomers.alike(key, draft)
    if alike is not None:
        return ALIKE_NAME, alike
    many = newcomers.too_many(draft, asked)
    return None if many is None else (MANY_NAMES, many)


def _seen(name: str) -> str:
    """Return a name as a reader sees it, and QuickBooks too: how its accents and spaces are stored is not seen."""
    return " ".join(unicodedata.normalize("NFC", name).split()).casefold()


def _last(name: str) -> str:
    """Return an entry's own name, without those of what it is filed under."""
    return name.rsplit(":", 1)[-1]
