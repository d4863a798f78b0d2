"""Mapping kept records to drafts: pure in the connector, checked and stored here."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.guard import PluginFault
from raccord.plugin.drafts import Account, Customer, Draft, Item, Vendor, money_effect
from raccord.plugin.errors import BadRecord
from raccord.plugin.hooks import Mapped, Skipped
from raccord.plugin.money import Money
from raccord.plugin.records import Record
from raccord.plugin.texts import Text
from raccord.quickbooks.codec import entity_of
from raccord.scope import Scope
from raccord.store.models import Connection, DraftRow, DraftState, RecordState, SourceRecord
from raccord.sync.bodies import digest, dump_draft
from raccord.sync.problems import close_problems, open_problem, troubled
from raccord.sync.views import MapView

UNKNOWN_KIND = "mapping.unknown_kind"
AMOUNT_DIFFERS = "mapping.amount_differs"
DRAFT_VANISHED = "mapping.draft_vanished"

LISTS = (Account, Customer, Vendor, Item)
FINAL = (DraftState.RESOLVED, DraftState.SKIPPED)
"""States a person chose; a changed record does not take them back."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a record made no drafts."""

    code: str
    fr: str
    en: str


def map_slice(
    session: Session,
    connection: Connection,
    scope: Scope,
    view_on: Callable[[date], MapView],
    run_id: str,
    limit: int,
    now: datetime,
) -> tuple[int, int]:
    """Map up to ``limit`` new records; return how many were taken and how many were faults of the plugin."""
    rows = session.scalars(
        select(SourceRecord)
        .where(SourceRecord.connection_id == connection.id, SourceRecord.state == RecordState.NEW)
        .order_by(SourceRecord.id)
        .limit(limit)
    ).all()
    known = _known_drafts(session, connection.id, [row.id for row in rows])
    marked = troubled(session, connection.id, (f"{row.stream}/{row.source_id}" for row in rows))
    faults = 0
    for row in rows:
        answer = _ask(scope, view_on(row.day), row)
        if isinstance(answer, PluginFault):
            faults += 1
            answer = Failure(answer.code, answer.text.fr, answer.text.en)
        if (subject := f"{row.stream}/{row.source_id}") in marked:
            close_problems(session, connection.id, subject, now)
        _store(session, connection, row, answer, known, run_id, now)
    return len(rows), faults


def record_of(row: SourceRecord) -> Record:
    """Return the record as the connector gave it."""
    amount = None if row.amount is None or row.currency is None else Money(row.amount, row.currency)
    return Record(
        stream=row.stream,
        source_id=row.source_id,
        day=row.day,
        raw=json.loads(row.raw, parse_float=Decimal),
        amount=amount,
    )


def _ask(scope: Scope, view: MapView, row: SourceRecord) -> Mapped | Skipped | Failure | PluginFault:
    record = record_of(row)
    try:
        answer = scope.map(view, record)
    except BadRecord as error:
        return Failure(error.code, f"{error.field} : {error.reason.fr}", f"{error.field}: {error.reason.en}")
    except PluginFault as fault:
        return fault
    if answer is None:
        return Skipped(
            UNKNOWN_KIND,
            Text(
                f"Le connecteur ne connaît pas ce type d'enregistrement ({row.stream}).",
                f"The connector does not know this kind of record ({row.stream}).",
            ),
            report=True,
        )
    if isinstance(answer, Mapped) and record.amount is not None:
        moved = sum((money_effect(draft)[1] for draft in answer.drafts if not isinstance(draft, LISTS)), Decimal(0))
        if moved != record.amount.amount:
            return Failure(
                AMOUNT_DIFFERS,
                f"L'enregistrement vaut {record.amount}, ses écritures {moved} ; rien n'est envoyé.",
                f"The record is worth {record.amount}, its drafts {moved}; nothing is sent.",
            )
    return answer


def _store(
    session: Session,
    connection: Connection,
    row: SourceRecord,
    answer: Mapped | Skipped | Failure,
    known: dict[str, DraftRow],
    run_id: str,
    now: datetime,
) -> None:
    subject = f"{row.stream}/{row.source_id}"
    drafts: tuple[Draft, ...] = ()
    match answer:
        case Mapped():
            drafts = tuple(answer.drafts)
            row.state, row.reason = RecordState.MAPPED, ""
        case Skipped():
            row.state, row.reason = RecordState.SKIPPED, answer.code
            if answer.report:
                _problem(
                    session, connection, row, run_id, Failure(answer.code, answer.reason.fr, answer.reason.en), now
                )
        case Failure():
            row.state, row.reason = RecordState.FAILED, answer.code
            _problem(session, connection, row, run_id, answer, now)
            return
    for draft in drafts:
        _store_draft(session, connection, row, draft, known)
    if row.revision == 1:
        return
    kept = {draft.key for draft in drafts}
    for old in [old for old in known.values() if old.key.split("#")[0] == subject and old.key not in kept]:
        _withdraw(session, connection, row, old, run_id, now)


def _problem(
    session: Session, connection: Connection, row: SourceRecord, run_id: str, why: Failure, now: datetime
) -> None:
    open_problem(
        session,
        connection_id=connection.id,
        run_id=run_id,
        stream=row.stream,
        code=why.code,
        subject=f"{row.stream}/{row.source_id}",
        params={
            "fr": why.fr,
            "en": why.en,
            "day": row.day.isoformat(),
            "amount": None if row.amount is None else str(row.amount),
        },
        now=now,
    )


def _store_draft(
    session: Session, connection: Connection, row: SourceRecord, draft: Draft, known: dict[str, DraftRow]
) -> None:
    body = dump_draft(draft)
    body_hash = digest(body)
    found = known.get(draft.key)
    day = None if isinstance(draft, LISTS) else draft.day
    if found is None:
        fresh = DraftRow(
            connection_id=connection.id,
            record_id=row.id,
            key=draft.key,
            revision=1,
            kind=entity_of(draft),
            day=day,
            body=body,
            body_hash=body_hash,
            state=DraftState.WAITING,
            reason="",
            decisions={},
        )
        session.add(fresh)
        known[draft.key] = fresh
        return
    found.record_id = row.id
    if found.body_hash == body_hash and found.state != DraftState.WITHDRAWN:
        return
    if found.body_hash != body_hash:
        found.revision += 1
        found.body, found.body_hash, found.kind, found.day = body, body_hash, entity_of(draft), day
    if found.state not in FINAL:
        found.state, found.reason = DraftState.WAITING, ""


def _withdraw(
    session: Session, connection: Connection, row: SourceRecord, old: DraftRow, run_id: str, now: datetime
) -> None:
    """The source took a draft back: what is not posted is dropped, what is posted is shown to a person."""
    if old.state == DraftState.POSTED:
        open_problem(
            session,
            connection_id=connection.id,
            run_id=run_id,
            stream=row.stream,
            code=DRAFT_VANISHED,
            subject=old.key,
            params={},
            now=now,
        )
    elif old.state not in FINAL:
        old.state, old.reason = DraftState.WITHDRAWN, "mapping.withdrawn"


def _known_drafts(session: Session, connection_id: str, ids: list[int]) -> dict[str, DraftRow]:
    """Return the drafts that earlier revisions of these records made, by key."""
    if not ids:
        return {}
    current = (
        select(SourceRecord.stream, SourceRecord.source_id)
        .where(SourceRecord.id.in_(ids), SourceRecord.revision > 1)
        .subquery()
    )
    earlier = (
        select(DraftRow)
        .join(SourceRecord, SourceRecord.id == DraftRow.record_id)
        .join(current, (current.c.stream == SourceRecord.stream) & (current.c.source_id == SourceRecord.source_id))
        .where(DraftRow.connection_id == connection_id)
    )
    return {draft.key: draft for draft in session.scalars(earlier)}
