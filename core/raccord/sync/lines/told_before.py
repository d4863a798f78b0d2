"""What a connection's own source told before: by another account of its that is the same in the books, by another file
that names the account otherwise, or under ids that the bank gives anew.

A file of a bank may name an account that another file does not name, or names by another number. No id is shared then,
and the connector cannot know; but people say which account of the books each is, and that tells.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, func, literal, select
from sqlalchemy.orm import Session, aliased

from raccord.plugin.drafts import Draft, Role, StillDraft, money_effect
from raccord.store.models import Choice, Connection, DraftRow, PlanLine, RecordState, Run, RunCount, SourceRecord
from raccord.sync.bodies import load_draft
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.days import around
from raccord.sync.fetching.keep import UNSAID
from raccord.sync.fetching.repeated import (
    NO_CARD,
    TWIN,
    Card,
    Delivery,
    account_in,
    brought_by,
    card_in,
    delivery_of,
    twin_in,
)
from raccord.sync.lines.pairing import DAYS_APART, Found, Line, Telling
from raccord.sync.resolving.conflict_rules import ALREADY_EXISTS
from raccord.sync.resolving.newcomers import CASE
from raccord.sync.resolving.resolve import DECISION_MISSING


@dataclass(frozen=True, slots=True)
class Told:
    """How a source told of a document of its connection: in what, of which account, in what words, as what id."""

    by: str
    """The run that brought it, or the one of its deliveries (``brought_by``)."""
    account: str
    text: str
    id: str = ""
    card: Card = NO_CARD
    gone: bool = False
    """Whether the source says since that there is no such line."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the record of a line says that its draft does not."""

    id: str = ""
    apart: str = ""
    """The id of the record that a person said it is not, asked by the connector."""
    card: Card = NO_CARD
    by: str = ""
    """The run that brought it, or the one of its deliveries."""
    number: int = 0
    """A later record has a greater one."""


COMING = "coming"
"""The case of a question about a line of the same plan, which is not in the books yet."""
NOT_TOLD = Told("", "", "")
"""Of what this connection did not post, or another account of it told."""


def account_told(draft: Draft | None) -> str:
    """Return which of the source's accounts a draft moves, as the source names it; empty where it names none."""
    if draft is None or isinstance(draft, StillDraft):
        return ""
    place, _ = money_effect(draft)
    return place.of if isinstance(place, Role) else ""


def text_told(draft: Draft | None) -> str:
    """Return what the source wrote of a movement."""
    return getattr(draft, "memo", "") or ""


def told(session: Session, connection: Connection, keys: Sequence[str], *, cards: bool) -> dict[str, Told]:
    """Return by draft key how the source told of it; of which card only where ``cards`` are wanted."""
    found: dict[str, Told] = {}
    newest = aliased(SourceRecord)
    for some in chunks(sorted(keys), CHUNK):
        rows = session.execute(
            select(
                DraftRow.key,
                DraftRow.body,
                SourceRecord.run_id,
                SourceRecord.delivery,
                SourceRecord.source_id,
                # A posted draft stays with the revision that it was made of.
                and_(newest.state == RecordState.SKIPPED, newest.amount.is_(None)).label("gone"),
                (SourceRecord.raw if cards else literal("{}")).label("raw"),
            )
            .join(SourceRecord, SourceRecord.id == DraftRow.record_id)
            .outerjoin(
                newest,
                and_(
                    SourceRecord.state == RecordState.SUPERSEDED,
                    newest.connection_id == SourceRecord.connection_id,
                    newest.stream == SourceRecord.stream,
                    newest.source_id == SourceRecord.source_id,
                    newest.state != RecordState.SUPERSEDED,
                ),
            )
            .where(DraftRow.connection_id == connection.id, DraftRow.key.in_(some))
        )
        for row in rows:
            draft = load_draft(row.body)
            by, card = brought_by(row.run_id, row.delivery), card_in(_said(row.raw))
            gone = bool(row.gone)
            found[row.key] = Told(by, account_told(draft), text_told(draft), row.source_id, card, gone=gone)
    return found


def asked_of_own(found: Found) -> dict[str, str]:
    """Return what a question says more of a document that the same source told of."""
    if not found.told_in:
        return {}
    account = next(iter(sorted(found.told_as)), "")
    return {CASE: COMING if found.line else "own", "text": found.text or account, "account": account}


LeftOut = Mapping[str, set[tuple[str, str, str]]]
"""By record id the records (account, id and by what they were brought) that a connector left out as the same."""


def left_out_as(session: Session, connection: Connection, days: Sequence[date]) -> LeftOut:
    """Return what a connector left out as the same around some days."""
    found: dict[str, set[tuple[str, str, str]]] = {}
    if not days:
        return found
    rows = session.execute(
        select(SourceRecord.source_id, SourceRecord.run_id, SourceRecord.delivery, SourceRecord.raw).where(
            SourceRecord.connection_id == connection.id,
            SourceRecord.state == RecordState.SKIPPED,
            SourceRecord.reason.not_in(UNSAID),
            SourceRecord.day.between(*around(min(days), max(days), DAYS_APART)),
            SourceRecord.raw.contains(f'"{TWIN}"'),
        )
    )
    for id_, run_id, delivery, raw in rows:
        said = json.loads(raw, parse_float=Decimal)
        if twin := twin_in(said):
            found.setdefault(twin, set()).add((account_in(said), id_, brought_by(run_id, delivery)))
    return found


def records_of(session: Session, lines: Sequence[PlanLine], *, cards: bool) -> dict[int, Recorded]:
    """Return by plan line what its record says; of which card only where ``cards`` are wanted."""
    ids = {line.draft_id: line.id for line in lines if line.draft_id}
    found: dict[int, Recorded] = {}
    for some in chunks(sorted(ids), CHUNK):
        rows = session.execute(
            select(
                DraftRow.id,
                SourceRecord.id.label("number"),
                SourceRecord.source_id,
                SourceRecord.raw,
                SourceRecord.run_id,
                SourceRecord.delivery,
            )
            .join(SourceRecord, SourceRecord.id == DraftRow.record_id)
            .where(DraftRow.id.in_(some))
        )
        for id_, number, source_id, raw, run_id, delivery in rows:
            said = _said(raw) if cards or f'"{TWIN}"' in raw else {}
            by = brought_by(run_id, delivery)
            found[ids[id_]] = Recorded(source_id, twin_in(said), card_in(said), by, number)
    return found


def _said(raw: str) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(raw, parse_float=Decimal)
    return said


def in_one(session: Session, connection: Connection) -> frozenset[str]:
    """Return the accounts of the books that several of the source's accounts are, by their ids."""
    several = (
        select(Choice.ledger_id)
        .where(Choice.connection_id == connection.id, Choice.of != "", Choice.ledger_kind == "Account")
        .group_by(Choice.ledger_id)
        .having(func.count(Choice.of.distinct()) > 1)
    )
    return frozenset(session.scalars(several))


def held_by(session: Session, lines: Sequence[PlanLine]) -> frozenset[str]:
    """Return the keys of the lines of a plan that another of its lines was asked about already, in another month."""
    asked = select(PlanLine.params).where(
        PlanLine.plan_id.in_({line.plan_id for line in lines}), PlanLine.reason == ALREADY_EXISTS
    )
    return frozenset(str(said["owner_key"]) for said in session.scalars(asked) if said.get(CASE) == COMING)


def coming(
    connection: Connection,
    sought: Mapping[int, Line],
    keys: Mapping[int, str],
    records: Mapping[int, Recorded],
    left_out: LeftOut,
    *,
    in_one: Collection[str],
    held: Collection[str],
) -> list[Found]:
    """Return what lines of a plan will bring into the books, or wait to, that a later one may tell of: as another
    account of the source (``in_one``), or under an id that the bank gave anew.
    """
    found = []
    for id_, each in sought.items():
        record = records.get(id_)
        if record is None or id_ not in keys or keys[id_] in held:
            continue
        tellers = {(each.told_as, record.id, record.by), *left_out.get(record.id, ())}
        told_as, told_ids, told_by = (frozenset(some) for some in zip(*tellers, strict=True))
        found.append(
            Found(
                each.kind, "", each.number, each.day, each.amount, each.account, each.code, each.party,
                owner=connection.label, owner_key=keys[id_], told_in=record.by, told_as=told_as, told_ids=told_ids,
                told_by=told_by, text=each.text, card=each.card, line=id_, record=record.number,
                in_one=bool(each.told_as) and each.account in in_one,
            )
        )  # fmt: skip
    return found


def tellings(session: Session, lines: Sequence[PlanLine]) -> dict[int, Telling]:
    """Return by plan line how its source told of it.

    Only lines that wait for a person anyway: whether one of them is told for the second time is another question to the
    same person, and holds nothing up; no rule and no suggestion answers it before that.
    """
    waiting = {line.draft_id: line.id for line in lines if line.draft_id and line.reason == DECISION_MISSING}
    brought: dict[tuple[str, str, str], tuple[Delivery | None, bool]] = {}
    found: dict[int, Telling] = {}
    for some in chunks(sorted(waiting), CHUNK):
        rows = session.execute(
            select(
                DraftRow.id,
                DraftRow.body,
                SourceRecord.id.label("number"),
                SourceRecord.source_id,
                SourceRecord.run_id,
                SourceRecord.stream,
                SourceRecord.delivery,
                SourceRecord.raw,
            )
            .join(SourceRecord, SourceRecord.id == DraftRow.record_id)
            .where(DraftRow.id.in_(some))
        ).all()
        for row in rows:
            place, draft = (row.run_id, row.stream, row.delivery), load_draft(row.body)
            if place not in brought:
                brought[place] = _delivered(session, *place)
            delivery, nothing = brought[place]
            if delivery is not None:
                nothing = not delivery.accounts.get(account_in(json.loads(row.raw, parse_float=Decimal)))
            by, account = brought_by(row.run_id, row.delivery), account_told(draft)
            telling = Telling(by, account, text_told(draft), nothing, delivery, row.number, row.source_id)
            found[waiting[row.id]] = telling
    return found


def _delivered(session: Session, run_id: str, stream: str, delivery: str) -> tuple[Delivery | None, bool]:
    """Return what a run brought of a stream, or one of its deliveries, and whether nothing of it was known; of older
    runs that alone. Of a delivery that is kept no more, as its run brought too many, nothing counts as known.
    """
    run = session.get(Run, run_id)
    if delivery:
        return None if run is None else delivery_of(run, stream, delivery), True
    count = session.get(RunCount, (run_id, stream))
    return None if run is None else delivery_of(run, stream), count is not None and count.unchanged == 0
