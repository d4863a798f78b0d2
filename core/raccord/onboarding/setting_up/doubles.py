"""What is at a source twice since a list was imported into it: pairs with why, and what people say of each.

Both may stay, the earlier one may be tied to the customer that the other was imported from, or the imported one goes.
An earlier entry is never deleted.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from raccord.onboarding.access.people import Actor, Power, require
from raccord.onboarding.setting_up.beside_each_other import NOTHING_COMPARED, Compared, DoubleReason, Pair
from raccord.onboarding.setting_up.known_names import INSTANCES_MAX, kept, own_entries, remembered, taken_entries
from raccord.onboarding.setting_up.lists import ListError, bench_for
from raccord.onboarding.setting_up.tending import (
    Earlier,
    Tended,
    note,
    own_before,
    pushed_of,
    tend,
    tended_list,
    told_of,
    used_by_documents,
)
from raccord.plugin.info import ListInfo
from raccord.plugin.ledger import ListDeed, ResolutionKind
from raccord.plugin.records import record_key
from raccord.plugin.texts import Text
from raccord.store import events
from raccord.store.models import Connection, DraftRow, LinkRow, LinkState, PushedEntry
from raccord.sync.resolving.conflicts import DECISION
from raccord.sync.telling.push import REMOVED
from raccord.sync.workshop import Workshop

KEPT = "kept_beside"
"""Under this name a draft's decisions keep the imported entries that people said are somebody else."""


@dataclass(frozen=True, slots=True)
class Beside:
    """An earlier entry, why it may be the imported one, and whether people tied it to that one's customer."""

    earlier: Earlier
    reasons: Sequence[DoubleReason]
    linked: bool


@dataclass(frozen=True, slots=True)
class Double:
    """An imported entry, and the earlier ones that it may be; what documents name already (``in_use``) stays."""

    object_id: str
    name: str
    source_id: str
    beside: Sequence[Beside]
    in_use: bool

    @property
    def earlier(self) -> Sequence[Earlier]:
        return [each.earlier for each in self.beside]


@dataclass(frozen=True, slots=True)
class Doubles:
    """What is at the source twice: those that were asked for, and how many there are."""

    rows: Sequence[Double]
    total: int


def imported_doubles(
    workshop: Workshop, connection_id: str, name: str, *, of: Collection[str] | None = None,
    limit: int = INSTANCES_MAX, offset: int = 0,
) -> Doubles:  # fmt: skip
    """Return the imported entries beside which the source has an earlier one of nearly the same name, or with the same
    e-mail address, phone or tax number.

    What people said is somebody else is left out. With ``of`` those of some ids of QuickBooks alone.
    """
    with workshop.database.read() as session:
        bench = bench_for(workshop, session, connection_id)
        info = tended_list(bench, name)
        said = _said(session, bench.connection, info)
        rows = []
        for pair in _pairs(workshop, session, bench.connection, info):
            if of is not None and pair.taken.object_id not in of:
                continue
            beside = pair.beside
            if said:
                beside = [each for each in beside if pair.taken.object_id not in said.get(each[0].id, _NOTHING).kept]
            if beside:
                rows.append((pair.taken, beside))
        shown = rows[offset : offset + limit]
        keys = [record_key(info.of_stream, taken.source_id) for taken, _ in shown]
        used = used_by_documents(session, bench.connection, keys)
    found = [
        Double(
            taken.object_id, taken.name, taken.source_id,
            [
                Beside(told_of(own, info), why, said.get(own.id, _NOTHING).linked == taken.object_id)
                for own, why in beside
            ],
            record_key(info.of_stream, taken.source_id) in used,
        )
        for taken, beside in shown
    ]  # fmt: skip
    return Doubles(found, len(rows))


def keep_both(workshop: Workshop, actor: Actor, connection_id: str, name: str, object_ids: Collection[str]) -> int:
    """Say of imported entries that they are somebody else than the earlier ones beside them; return of how many."""
    return _answer(workshop, actor, connection_id, name, dict.fromkeys(object_ids, ""))


def link_doubles(workshop: Workshop, actor: Actor, connection_id: str, name: str, pairs: Mapping[str, str]) -> int:
    """Tie earlier entries to the customers beside them, by QuickBooks' ids and theirs at the source; return how many.

    What is written for the earlier one from now on names that customer, instead of making another.
    """
    return _answer(workshop, actor, connection_id, name, pairs)


def delete_doubles(
    workshop: Workshop, actor: Actor, connection_id: str, name: str, object_ids: Collection[str]
) -> Tended:
    """Delete imported entries at the source that are there twice; they are never imported again."""
    require(actor, Power.MANAGE)
    asked = imported_doubles(workshop, connection_id, name, of=object_ids).rows
    found = {each.object_id: each for each in asked if not each.in_use}
    if not object_ids or not set(object_ids) <= set(found):
        raise ListError(
            "list.no_double",
            Text("Seul ce qui fut importé, est en double et ne sert à aucun document peut être supprimé.",
                 "Only what was imported, is there twice and is named by no document can be deleted."),
            Text("Choisissez-en dans la liste des doublons.", "Choose some from the list of duplicates."),
        )  # fmt: skip
    with workshop.database.read() as session:
        bench = bench_for(workshop, session, connection_id)
        info = tended_list(bench, name)
    wanted = [found[each].source_id for each in sorted(object_ids)]
    tended, gone = tend(bench, info, ListDeed.DELETE, wanted)
    with workshop.database.begin() as session:
        for row in session.scalars(pushed_of(bench.connection, info).where(PushedEntry.source_id.in_(gone))):
            row.source_id, row.told_hash = "", REMOVED
    note(workshop, actor, bench, "list.doubles_deleted", name, tended)
    return tended


def _answer(workshop: Workshop, actor: Actor, connection_id: str, name: str, wanted: Mapping[str, str]) -> int:
    """Keep what is said of imported entries: which earlier one each is, or that it is none of them."""
    require(actor, Power.MANAGE)
    found = {each.object_id: each for each in imported_doubles(workshop, connection_id, name, of=set(wanted)).rows}
    with workshop.database.begin() as session:
        bench = bench_for(workshop, session, connection_id)
        info = tended_list(bench, name)
        for object_id, earlier_id in wanted.items():
            beside = [each.id for each in found[object_id].earlier] if object_id in found else []
            if not beside or (earlier_id and earlier_id not in beside):
                raise _no_pair()
            for each in [earlier_id] if earlier_id else beside:
                draft = _draft(session, bench.connection, record_key(info.of_stream, each))
                if earlier_id:
                    _link(session, draft, object_id)
                else:
                    ids = {*map(str, draft.decisions.get(KEPT, ())), object_id}
                    draft.decisions = {**draft.decisions, KEPT: sorted(ids)}
            events.append(
                session, actor=actor.name, action="list.double_linked" if earlier_id else "list.double_kept",
                subject=found[object_id].name, company_id=bench.company.id, connection_id=connection_id,
                now=workshop.clock.now(), body={"list": name, "customer": object_id, "earlier": earlier_id},
            )  # fmt: skip
    return len(wanted)


def _link(session: Session, draft: DraftRow, object_id: str) -> None:
    same = LinkRow.connection_id == draft.connection_id, LinkRow.key == draft.key, LinkRow.state == LinkState.LIVE
    link = session.scalars(select(LinkRow).where(*same)).first()
    if link is not None and link.document_id != object_id:
        raise ListError(
            "list.double_elsewhere",
            Text("Des documents de l'ancienne entrée nomment déjà un autre client dans QuickBooks : elle y reste liée.",
                 "Documents of the earlier entry name another customer in QuickBooks already: it stays linked there."),
            Text("Fusionnez les deux clients dans QuickBooks, s'ils n'en sont qu'un.",
                 "Merge the two customers in QuickBooks, if they are one."),
        )  # fmt: skip
    draft.decisions = {
        **draft.decisions,
        DECISION: {"kind": str(ResolutionKind.LINK), "target": object_id, "params": {}},
    }


def _draft(session: Session, connection: Connection, key: str) -> DraftRow:
    found = session.scalars(
        select(DraftRow).where(DraftRow.connection_id == connection.id, DraftRow.key == key)
    ).first()
    if found is None:
        raise _no_pair()
    return found


def _no_pair() -> ListError:
    return ListError(
        "list.no_pair",
        Text("Ces deux entrées ne sont pas, ou plus, l'une à côté de l'autre parmi les doublons.",
             "These two entries do not, or no longer, stand beside each other among the duplicates."),
        Text("Rechargez la page, et choisissez-en dans la liste.", "Reload the page, and choose some from the list."),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Said:
    kept: frozenset[str] = frozenset()
    linked: str = ""


_NOTHING = _Said()


def _said(session: Session, connection: Connection, info: ListInfo) -> Mapping[str, _Said]:
    """Return what people said of earlier entries, by their ids at the source."""
    stream = f"{info.of_stream}/"
    linked = DraftRow.decisions[DECISION]["kind"].as_string() == ResolutionKind.LINK
    rows = session.execute(
        select(DraftRow.key, DraftRow.decisions).where(
            DraftRow.connection_id == connection.id,
            DraftRow.key.startswith(stream, autoescape=True),
            or_(DraftRow.decisions[KEPT].as_string().is_not(None), linked),
        )
    )
    return {
        key.removeprefix(stream): _Said(
            frozenset(map(str, decisions.get(KEPT, ()))), str(decisions.get(DECISION, {}).get("target", ""))
        )
        for key, decisions in rows
    }


def _pairs(workshop: Workshop, session: Session, connection: Connection, info: ListInfo) -> Sequence[Pair]:
    """Return what may be one, compared once while both lists stay as they are."""
    database = workshop.database
    own = own_entries(database, session, connection, info.of_stream)
    taken = taken_entries(database, session, connection, info.name)

    of = "pairs", connection.id, info.name

    def compare() -> Compared:
        before = own_before(workshop, session, connection, info)
        return Compared.of(own, before, taken, remembered(database, of, NOTHING_COMPARED)[0])

    # Of what changed since, only what it may be beside is compared again.
    return kept(database, of, (id(own), id(taken)), compare, (own, taken)).pairs
