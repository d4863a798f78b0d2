"""What an undo is about: the documents of a run, or some of a connection, and the names that were made for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, func, literal, select
from sqlalchemy.orm import Session

from raccord.plugin.drafts import RefundReceipt
from raccord.store.canonical import exact
from raccord.store.models import (
    Action,
    Connection,
    DraftRow,
    LinkRow,
    LinkState,
    Plan,
    PlanLine,
    Posting,
    PostingState,
    Run,
)
from raccord.sync.bodies import load_draft
from raccord.sync.books.readback import DOCUMENTS, LISTS
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.lines.lump_sums import deposited_with
from raccord.sync.lines.paying import REFUNDED, refunded_key
from raccord.sync.phases import UNDO

FILE = "Attachable"
_PAYING_BACK = frozenset(each.entity for each in REFUNDED.values())
_AFTER = '"after":{'
"""How a draft's text says that it comes after another."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person asked to be undone."""

    run_id: str = ""
    """Everything that this run created; or, where empty, the documents of ``keys``."""
    keys: Sequence[str] = ()
    names: bool = False
    """Also the names that were made along with the documents and that nothing else uses."""
    void: bool = False
    """Void what QuickBooks can void, instead of deleting it."""
    certified: str = ""
    """Why documents of a certified month go too, in the person's words."""

    def kept(self) -> dict[str, Any]:
        """Return it as a run's progress keeps it."""
        return {
            "run": self.run_id, "keys": list(self.keys), "names": self.names, "void": self.void,
            "certified": self.certified,
        }  # fmt: skip

    @classmethod
    def of(cls, run: Run) -> Asked:
        said = run.progress[UNDO]
        return cls(said["run"], tuple(said["keys"]), said["names"], said["void"], said["certified"])


@dataclass(slots=True)
class Selection:
    """The links that an undo is about, by key; ``only_updated`` of them its run did not create, and those of
    ``follows`` go because what they came after does, which is named.
    """

    links: dict[str, LinkRow] = field(default_factory=dict)
    only_updated: set[str] = field(default_factory=set)
    follows: dict[str, str] = field(default_factory=dict)

    @property
    def documents(self) -> list[LinkRow]:
        return [link for link in self.links.values() if link.kind in DOCUMENTS]

    @property
    def files(self) -> list[LinkRow]:
        return [link for link in self.links.values() if link.kind == FILE]

    @property
    def names(self) -> list[LinkRow]:
        return [link for link in self.links.values() if link.kind in LISTS]


def select_links(session: Session, connection: Connection, asked: Asked) -> Selection:
    """Return what is asked for, and what follows it: the refunds of a payment, and what uses a credit up for a line
    that pays it back, or payments that a line took to the bank; of a run without names only its documents.
    """
    found = _asked_for(session, connection, asked)
    follows = following(session, connection, [link.key for link in found.documents])
    follows |= {refunded_key(link.key): link.key for link in found.documents if link.kind in _PAYING_BACK}
    follows |= deposited_with(session, connection.id, [link.key for link in found.documents if link.kind == "Deposit"])
    for link in links_of(session, connection, follows):
        if link.state == LinkState.LIVE and link.key not in found.links:
            found.links[link.key], found.follows[link.key] = link, follows[link.key]
    return found


def written_since(session: Session, connection: Connection, most: int) -> tuple[str, ...]:
    """Return the keys of the documents that a connection created from its first day on, ``most`` of them at most."""
    return tuple(session.scalars(_written_since(connection).order_by(LinkRow.id).limit(most)))


def count_since(session: Session, connection: Connection, most: int) -> int:
    """Return how many documents a connection created from its first day on, counted up to ``most``."""
    some = _written_since(connection).limit(most).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def _written_since(connection: Connection) -> Select[str]:
    true_day = func.coalesce(LinkRow.record_day, LinkRow.day)
    return select(LinkRow.key).where(
        LinkRow.company_id == connection.company_id,
        LinkRow.connection_id == connection.id,
        LinkRow.kind.in_(DOCUMENTS),
        LinkRow.origin == "created",
        LinkRow.state == LinkState.LIVE,
        true_day >= connection.starts_on,
    )


def following(session: Session, connection: Connection, keys: Iterable[str]) -> dict[str, str]:
    """Return the drafts that come after others, by key, with the one that each comes after: refunds of payments."""
    first = set(keys)
    if not first:
        return {}
    # Refunds are few, and what comes after another says so. PostgreSQL would look for that in every draft. The index
    # that has them alone is used where the kind stands in the question itself.
    bodies = session.scalars(
        select(DraftRow.body).where(
            DraftRow.connection_id == connection.id, DraftRow.kind == literal("RefundReceipt", literal_execute=True)
        )
    )
    drafts = [draft for body in bodies if _AFTER in body and isinstance(draft := load_draft(body), RefundReceipt)]
    return {each.key: each.after.key for each in drafts if each.after is not None and each.after.key in first}


def _asked_for(session: Session, connection: Connection, asked: Asked) -> Selection:
    found = Selection()
    if not asked.run_id:
        found.links.update({link.key: link for link in links_of(session, connection, asked.keys)})
        return found
    written = _written(session, connection.id, asked.run_id)
    for link in links_of(session, connection, written):
        document_id, created = written[link.key]
        # Undone before and posted again by another run, it is that run's document now.
        if link.document_id != document_id or (link.kind in LISTS and not asked.names):
            continue
        found.links[link.key] = link
        if not created:
            found.only_updated.add(link.key)
    return found


def names_used(session: Session, connection: Connection, documents: Iterable[Mapping[str, Any]]) -> Iterator[LinkRow]:
    """Yield the names that the connection made and that these documents use."""
    used = {value for document in documents for _, value in references(document)}
    made = select(LinkRow).where(
        LinkRow.company_id == connection.company_id,
        LinkRow.connection_id == connection.id,
        LinkRow.kind.in_(LISTS),
        LinkRow.origin == "created",
        LinkRow.state == LinkState.LIVE,
    )
    for link in session.scalars(made.order_by(LinkRow.id)):
        if link.document_id in used:
            yield link


def files_on(session: Session, connection: Connection, documents: Iterable[LinkRow]) -> Iterator[LinkRow]:
    """Yield the files that the connection attached to these documents."""
    places = {(link.kind, link.document_id) for link in documents}
    rows = session.execute(
        select(LinkRow, Posting.body)
        .join(Posting, (Posting.connection_id == LinkRow.connection_id) & (Posting.key == LinkRow.key))
        .where(
            LinkRow.company_id == connection.company_id,
            LinkRow.connection_id == connection.id,
            LinkRow.kind == FILE,
            LinkRow.state == LinkState.LIVE,
            Posting.document_id == LinkRow.document_id,
            Posting.state == PostingState.DONE,
            Posting.body != "",
        )
        .order_by(LinkRow.id)
    )
    for link, body in rows:
        if places.intersection(attached_to(exact(body))):
            yield link


def attached_to(file: Any) -> list[tuple[str, str]]:
    """Return kind and id of what a file is attached to."""
    refs = [each.get("EntityRef", {}) for each in file.get("AttachableRef", ())]
    return [(str(ref.get("type", "")), str(ref.get("value", ""))) for ref in refs]


def links_of(session: Session, connection: Connection, keys: Iterable[str]) -> list[LinkRow]:
    """Return the links of a connection's drafts, in the order in which they were made."""
    found: list[LinkRow] = []
    for some in chunks(sorted(set(keys)), CHUNK):
        found += session.scalars(
            select(LinkRow).where(
                LinkRow.company_id == connection.company_id,
                LinkRow.connection_id == connection.id,
                LinkRow.key.in_(some),
            )
        )
    return sorted(found, key=lambda link: link.id)


def references(value: object, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield each reference in a QuickBooks object: the name it stands under, and the id."""
    if isinstance(value, Mapping):
        if name and isinstance(value.get("value"), str):
            yield name, str(value["value"])
        for inner, each in value.items():
            yield from references(each, str(inner))
    elif isinstance(value, list | tuple):
        for each in value:
            yield from references(each, name)


def _written(session: Session, connection_id: str, run_id: str) -> dict[str, tuple[str, bool]]:
    """Return the keys that a run wrote, each with its document and whether the run created that, not changed it."""
    rows = session.execute(
        select(Posting.key, Posting.document_id, Posting.operation)
        .join(PlanLine, PlanLine.id == Posting.plan_line_id)
        .join(Plan, Plan.id == PlanLine.plan_id)
        .where(
            Plan.run_id == run_id,
            # Two companies may number alike, two connections name alike.
            Plan.connection_id == connection_id,
            Posting.state == PostingState.DONE,
            Posting.operation.in_((Action.CREATE, Action.UPDATE, Action.LINK)),
        )
        .order_by(Posting.id)
    )
    written: dict[str, tuple[str, bool]] = {}
    for key, document_id, operation in rows:
        created = operation != Action.UPDATE or written.get(key, ("", False))[1]
        written[key] = (document_id, created)
    return written
