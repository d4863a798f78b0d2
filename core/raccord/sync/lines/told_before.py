"""What a connection's own source told before: by another account of its that is the same in the books, by another file
that names the account otherwise, or under ids that the bank gives anew.

A file of a bank may name an account that another file does not name, or names by another number. No id is shared then,
and the connector cannot know; but people say which account of the books each is, and that tells. What a person keeps
out of the books, or took out of them, is told again likewise.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, Select, and_, func, literal, select
from sqlalchemy.orm import Session, aliased

from raccord.plugin.drafts import Draft, Role, StillDraft, money_effect
from raccord.store.models import (
    Choice,
    Connection,
    DraftRow,
    Match,
    PlanLine,
    RecordState,
    Run,
    RunCount,
    SourceRecord,
)
from raccord.sync.bodies import load_draft
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.days import around
from raccord.sync.fetching.keep import FILE_TAKEN_BACK, UNSAID
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
from raccord.sync.fetching.told_as import known_as
from raccord.sync.lines.pairing import Found, Line, Named, Telling
from raccord.sync.lines.spoken_for import refused_in
from raccord.sync.resolving.conflict_rules import ALREADY_EXISTS
from raccord.sync.resolving.left_elsewhere import LEFT_ELSEWHERE, LeftElsewhere, left_elsewhere
from raccord.sync.resolving.newcomers import CASE
from raccord.sync.resolving.resolve import DECISION_MISSING
from raccord.sync.resolving.set_aside import ID_DAYS_APART, set_aside


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
    telling: Telling | None = None
    """How it was told, where a line waits that may be it."""
    refused: frozenset[str] = frozenset()
    """The keys of those that a person said it is not."""

    @property
    def number(self) -> int:
        """The number of its record, where a line waits that may be it."""
        return 0 if self.telling is None else self.telling.record


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


def told(
    session: Session, connection: Connection, keys: Sequence[str], *, cards: bool, how: bool = False
) -> dict[str, Told]:
    """Return by draft key what the source told of it; of which card only where ``cards`` are wanted, and in what
    delivery only where that is (``how``).
    """
    found: dict[str, Told] = {}
    newest = aliased(SourceRecord)
    for some in chunks(sorted(keys), CHUNK):
        rows = session.execute(
            _TOLD.add_columns(
                DraftRow.key,
                DraftRow.decisions,
                # A posted draft stays with the revision that it was made of.
                and_(newest.state == RecordState.SKIPPED, newest.amount.is_(None)).label("gone"),
                (SourceRecord.raw if cards or how else literal("{}")).label("raw"),
            )
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
        ).all()
        tellings = _tellings(session, rows if how else ())
        for row in rows:
            draft, card = load_draft(row.body), card_in(_said(row.raw)) if cards else NO_CARD
            found[row.key] = Told(
                brought_by(row.run_id, row.delivery), account_told(draft), text_told(draft), row.source_id, card,
                gone=bool(row.gone), telling=tellings.get(row.id), refused=_keys_of(refused_in(row.decisions)),
            )  # fmt: skip
    return found


def _keys_of(names: Iterable[Named]) -> frozenset[str]:
    return frozenset(key for _, key in names)


def asked_of_own(found: Found) -> dict[str, str]:
    """Return what a question says more of a document that the same source told of."""
    if found.aside and not found.told_in:
        by, on, why = found.left_out
        return {CASE: found.aside, "text": found.text, "by": by, "on": on, "why": why}
    if not found.told_in:
        return {}
    account = next(iter(sorted(found.told_as)), "")
    case_ = found.aside or (COMING if found.line else "own")
    return {CASE: case_, "text": found.text or account, "account": account}


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
            SourceRecord.day.between(*around(min(days), max(days), ID_DAYS_APART)),
            SourceRecord.raw.contains(f'"{TWIN}"'),
        )
    )
    for id_, run_id, delivery, raw in rows:
        said = json.loads(raw, parse_float=Decimal)
        if twin := twin_in(said):
            found.setdefault(twin, set()).add((account_in(said), id_, brought_by(run_id, delivery)))
    for (_, twin), kept in known_as(session, [connection.id], found).items() if found else ():
        found.setdefault(kept, set()).update(found.pop(twin))
    return found


@dataclass(slots=True)
class Matched:
    """What a connection matched of some documents, by kind, id and account."""

    whole: set[tuple[str, str, str]] = field(default_factory=set)
    parts: dict[tuple[str, str, str], Decimal] = field(default_factory=dict)
    tellers: dict[tuple[str, str, str], set[tuple[str, str, str]]] = field(default_factory=dict)
    """The records (account, id and by what they were brought) that are such a document."""


def matched_of(session: Session, connection: Connection, ids: Sequence[str]) -> Matched:
    """Return what a connection matched of the documents of some ids."""
    found = Matched()
    for some in chunks(ids, CHUNK):
        rows = session.execute(
            select(Match, DraftRow.body, SourceRecord.source_id, SourceRecord.run_id, SourceRecord.delivery)
            .join(DraftRow, DraftRow.id == Match.draft_id)
            .outerjoin(SourceRecord, SourceRecord.id == DraftRow.record_id)
            .where(Match.connection_id == connection.id, Match.document_id.in_(some))
        )
        for match, body, told_id, run_id, delivery in rows:
            place = (match.kind, match.document_id, match.money_account)
            by = brought_by(run_id or "", delivery or "")
            found.tellers.setdefault(place, set()).add((account_told(load_draft(body)), told_id or "", by))
            if match.part:
                found.parts[place] = found.parts.get(place, Decimal(0)) + match.amount
            else:
                found.whole.add(place)
    return found


def records_of(
    session: Session, connection: Connection, lines: Sequence[PlanLine], *, cards: bool
) -> dict[int, Recorded]:
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
    others = {each.apart for each in found.values() if each.apart}
    names = known_as(session, [connection.id], others) if others else {}
    return {
        id_: replace(each, apart=names[connection.id, each.apart]) if (connection.id, each.apart) in names else each
        for id_, each in found.items()
    }


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
    records: Mapping[int, Recorded],
    left_out: LeftOut,
    told: Mapping[int, Telling],
    refused: Mapping[int, Collection[Named]],
    *,
    in_one: Collection[str],
) -> dict[int, Found]:
    """Return what lines of a plan will bring into the books, or wait to, that another one may tell of: as another
    account of the source (``in_one``), or under an id that the bank gave anew.
    """
    found = {}
    for id_, each in sought.items():
        record = records.get(id_)
        if record is None or not each.key:
            continue
        tellers = {(each.told_as, record.id, record.by), *left_out.get(record.id, ())}
        told_as, told_ids, told_by = (frozenset(some) for some in zip(*tellers, strict=True))
        found[id_] = Found(
            each.kind, "", each.number, each.day, each.amount, each.account, each.code, each.party,
            owner=connection.label, owner_key=each.key, told_in=record.by, told_as=told_as, told_ids=told_ids,
            told_by=told_by, told_beside=frozenset((as_, by) for as_, _, by in tellers), told_first=each.told_as,
            text=each.text, card=each.card, line=id_, record=record.number, telling=told.get(id_),
            refused=_keys_of(refused.get(id_, ())), goes=each.told is None,
            in_one=bool(each.told_as) and each.account in in_one,
        )  # fmt: skip
    return found


def asides_of(session: Session, connection: Connection, sought: Collection[Line], left_out: LeftOut) -> list[Found]:
    """Return what is set aside as what a line may be that its source tells anew, of the accounts of those that wait;
    and what was left out as another connection told of it.
    """
    telling = [each for each in sought if each.told is not None]
    accounts = {each.told.account: each.account for each in telling if each.told is not None}
    going = {each.key for each in sought}
    found = []
    for each in set_aside(session, connection, {line.day for line in telling}):
        draft = load_draft(each.body)
        account, by = account_told(draft), brought_by(each.run_id, each.delivery)
        if account not in accounts or each.key in going:
            continue
        tellers = {(account, each.source_id, by), *left_out.get(each.source_id, ())}
        told_as, told_ids, told_by = (frozenset(some) for some in zip(*tellers, strict=True))
        found.append(
            Found(
                each.kind, "", "", each.day, each.amount, accounts[account], "", owner=connection.label,
                owner_key=each.key, told_in=by, told_as=told_as, told_ids=told_ids, told_by=told_by,
                text=text_told(draft), record=each.number, aside=each.why,
            )
        )  # fmt: skip
    elsewhere = left_elsewhere(session, connection, {line.day for line in telling})
    return [*found, *map(_as_found, elsewhere)]


def _as_found(one: LeftElsewhere) -> Found:
    return Found(
        one.kind, "", "", one.day, one.amount, one.account, "", owner=one.label, owner_key=one.key,
        text=text_told(load_draft(one.body)), aside=LEFT_ELSEWHERE,
        left_out=(one.by, one.at.date().isoformat(), one.why),
    )  # fmt: skip


_TOLD = select(
    DraftRow.id,
    DraftRow.body,
    SourceRecord.id.label("number"),
    SourceRecord.source_id,
    SourceRecord.run_id,
    SourceRecord.stream,
    SourceRecord.delivery,
).join(SourceRecord, SourceRecord.id == DraftRow.record_id)


def tellings(session: Session, lines: Sequence[PlanLine]) -> dict[int, Telling]:
    """Return by plan line how its source told of it."""
    ids = {line.draft_id: line.id for line in lines if line.draft_id}
    found: dict[int, Telling] = {}
    for some in chunks(sorted(ids), CHUNK):
        rows = session.execute(_TOLD.add_columns(SourceRecord.raw).where(DraftRow.id.in_(some))).all()
        found.update((ids[id_], telling) for id_, telling in _tellings(session, rows).items())
    return found


def waiting(session: Session, lines: Sequence[PlanLine], told: Mapping[int, Telling]) -> dict[int, Telling]:
    """Return how those lines were told that wait for a person anyway, and those that came again after their file was
    taken back: what was answered of them before knew nothing of what others told meanwhile.

    Whether one of them is told for the second time is another question to the same person, and holds nothing up; no
    rule and no suggestion answers it before that.
    """
    answered = [line.draft_id for line in lines if line.draft_id and line.reason != DECISION_MISSING]
    again = _came_again(session, answered)
    return {
        line.id: told[line.id]
        for line in lines
        if line.id in told and (line.reason == DECISION_MISSING or line.draft_id in again)
    }


def _came_again(session: Session, drafts: Sequence[int]) -> set[int]:
    found: set[int] = set()
    older = aliased(SourceRecord)
    for some in chunks(sorted(drafts), CHUNK):
        found.update(
            session.scalars(
                select(DraftRow.id)
                .join(SourceRecord, SourceRecord.id == DraftRow.record_id)
                .join(
                    older,
                    and_(
                        older.connection_id == SourceRecord.connection_id,
                        older.stream == SourceRecord.stream,
                        older.source_id == SourceRecord.source_id,
                        older.state == RecordState.SUPERSEDED,
                        older.reason == FILE_TAKEN_BACK,
                    ),
                )
                .where(DraftRow.id.in_(some))
            )
        )
    return found


def _tellings(session: Session, rows: Sequence[Row[Any]]) -> dict[int, Telling]:
    """Return by draft how it was told."""
    found: dict[int, Telling] = {}
    brought: dict[tuple[str, str, str], tuple[Delivery | None, bool]] = {}
    ids = sorted({row.run_id for row in rows})
    runs = {run.id: run for some in chunks(ids, CHUNK) for run in session.scalars(_runs(some))}
    older = sorted({row.run_id for row in rows if not row.delivery})
    counts = {
        (count.run_id, count.stream): count for some in chunks(older, CHUNK) for count in session.scalars(_counts(some))
    }
    for row in rows:
        place = (row.run_id, row.stream, row.delivery)
        if place not in brought:
            count = counts.get((row.run_id, row.stream))
            brought[place] = _delivered(runs.get(row.run_id), count, row.stream, row.delivery)
        delivery, nothing = brought[place]
        if delivery is not None:
            nothing = not delivery.accounts.get(account_in(_said(row.raw)))
        draft, by = load_draft(row.body), brought_by(row.run_id, row.delivery)
        found[row.id] = Telling(
            by, account_told(draft), text_told(draft), nothing, delivery, row.number, row.source_id
        )  # fmt: skip
    return found


def _runs(ids: Sequence[str]) -> Select[Run]:
    return select(Run).where(Run.id.in_(ids))


def _counts(run_ids: Sequence[str]) -> Select[RunCount]:
    return select(RunCount).where(RunCount.run_id.in_(run_ids))


def _delivered(run: Run | None, count: RunCount | None, stream: str, delivery: str) -> tuple[Delivery | None, bool]:
    """Return what a run brought of a stream, or one of its deliveries, and whether nothing of it was known; of older
    runs that alone. Of a delivery that is kept no more, as its run brought too many, nothing counts as known.
    """
    brought = None if run is None else delivery_of(run, stream, delivery)
    return brought, True if delivery else count is not None and count.unchanged == 0
