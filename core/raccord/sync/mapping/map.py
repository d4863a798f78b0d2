"""Mapping kept records to drafts: pure in the connector, checked and stored here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import cast

from pydantic_core import PydanticSerializationError
from sqlalchemy import Select, exists, select
from sqlalchemy.orm import Session

from raccord.guard import PluginFault
from raccord.plugin.drafts import CreditMemo, Draft, Invoice, Payment, StillDraft, money_effect
from raccord.plugin.emptied import emptied, is_empty
from raccord.plugin.errors import BadRecord
from raccord.plugin.hooks import Mapped, Skipped
from raccord.plugin.money import Money
from raccord.plugin.records import JSON, Record
from raccord.plugin.texts import Language, Text
from raccord.quickbooks.codec import entity_of
from raccord.scope import Scope
from raccord.store.canonical import exact
from raccord.store.made_once import made_once
from raccord.store.models import Connection, DraftRow, DraftState, LinkRow, LinkState, RecordState, SourceRecord
from raccord.sync.bodies import digest, dump_draft, load_draft
from raccord.sync.life import Step, core_takes
from raccord.sync.lines.attached import made_by_hand
from raccord.sync.lines.line_answers import ask_other_side, forget_outdated
from raccord.sync.lines.treatments import as_treated
from raccord.sync.mapping.known_drafts import KnownDrafts
from raccord.sync.mapping.matched_otherwise import ask_if_otherwise, asked_of_match
from raccord.sync.mapping.taken_back import (
    FOLLOWS,
    KINDS_AFTER,
    PAYMENT_TAKEN_BACK,
    VOIDED_THERE,
    is_taken_back,
    look_again,
    payment_of,
    posted_keys,
    settle_again,
)
from raccord.sync.mapping.unused import left_for_now, settle_unused, was_taken_back
from raccord.sync.mapping.vanished import MATCH_VANISHED, ask_about_matched, ask_about_posted, is_matched
from raccord.sync.problems import (
    CAUSE,
    COMPUTED_OTHERWISE,
    cause_within,
    close_problems,
    offered,
    open_problem,
    troubled,
    wrong_field_named,
)
from raccord.sync.resolving.holds import become, close_hold
from raccord.sync.resolving.views import MapView
from raccord.sync.storable import cleaned, fits_key, storable

UNKNOWN_KIND = "mapping.unknown_kind"
AMOUNT_DIFFERS = "mapping.amount_differs"
CURRENCY_DIFFERS = "mapping.currency_differs"
DAY_DIFFERS = "mapping.day_differs"
UNSTORABLE = "mapping.unstorable"
KEY_TAKEN = "mapping.key_taken"
WITHDRAWN = "mapping.withdrawn"
FAILED_SINCE = "mapping.failed_since"

JUDGED_FROM = 50
FAULTY_SHARE = 5
"""Of at least so many records of a run, the share (one in …) that may be faults of the plugin."""

FINAL = (DraftState.RESOLVED, DraftState.SKIPPED)
"""States a person chose; a changed record does not take them back."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a record made no drafts."""

    code: str
    fr: str
    en: str
    cause: str = ""
    """Which of the causes of the code."""
    answers: Mapping[str, object] = field(default_factory=dict)
    """What a person may answer, where that mends it."""


@dataclass(frozen=True, slots=True)
class Made:
    """The drafts of a record with their texts."""

    drafts: tuple[Draft, ...]
    bodies: tuple[str, ...]


Answer = Made | Skipped | Failure


@dataclass(slots=True)
class Slice:
    """What mapping knows while it stores one slice of records."""

    session: Session
    connection: Connection
    run_id: str
    now: datetime
    known: KnownDrafts
    marked: set[str]
    """Subjects with an open problem."""
    plugin: str
    """Name and version of the connector that maps."""
    language: Language
    turned: set[str] = field(default_factory=set)
    """Keys of payments that the source took back, or gave again, since they were mapped last."""
    filled: set[str] = field(default_factory=set)
    """Keys of invoices and credits that say something again after they were emptied."""


@made_once
def _new(connection_id: str, limit: int) -> Select[SourceRecord]:
    of = select(SourceRecord).where(SourceRecord.connection_id == connection_id, SourceRecord.state == RecordState.NEW)
    return of.order_by(SourceRecord.id).limit(limit)


def map_slice(
    session: Session,
    connection: Connection,
    scope: Scope,
    view_on: Callable[[date], MapView],
    run_id: str,
    limit: int,
    now: datetime,
) -> tuple[int, int, bool]:
    """Map up to ``limit`` new records; return how many were taken, how many were faults of the plugin, and whether
    others are to be mapped again because of these.
    """
    rows = session.scalars(*_new(connection.id, limit)).all()
    faults = 0
    answers: list[Answer] = []
    for row in rows:
        answer = answer_of(scope, view_on(row.day), row)
        if isinstance(answer, PluginFault):
            faults += 1
            answer = Failure(answer.code, answer.text.fr, answer.text.en)
        answers.append(answer)
    keys = [draft.key for answer in answers if isinstance(answer, Made) for draft in answer.drafts]
    known = KnownDrafts.of(session, connection.id, rows, keys)
    subjects = [subject for row in rows for subject in (_subject(row), _clashing(row))]
    marked = troubled(session, connection.id, [*subjects, *known.by_key])
    plugin, language = f"{scope.info.name} {scope.info.version}", view_on(connection.starts_on).language
    slice_ = Slice(session, connection, run_id, now, known, marked, plugin, language)
    for row, answer in zip(rows, answers, strict=True):
        _store(slice_, row, answer)
    made = [draft for answer in answers if isinstance(answer, Made) for draft in answer.drafts]
    stored = [(known.by_key[draft.key], draft) for draft in made if draft.key in known.by_key]
    settle_unused(session, connection.id, stored)
    if slice_.filled:
        settle_again(session, connection.id, slice_.filled)
    again = look_again(session, connection.id, slice_.turned) if slice_.turned else 0
    return len(rows), faults, bool(again)


def record_of(row: SourceRecord) -> Record:
    """Return the record as the connector gave it."""
    amount = None if row.amount is None or row.currency is None else Money(row.amount, row.currency)
    raw = cast("Mapping[str, JSON]", exact(row.raw))
    return Record(stream=row.stream, source_id=row.source_id, day=row.day, raw=raw, amount=amount)


def _subject(row: SourceRecord) -> str:
    return f"{row.stream}/{row.source_id}"


def _clashing(row: SourceRecord) -> str:
    """Return the subject of a record whose own subject is the key of another record's draft."""
    return f"record {_subject(row)}"


def answer_of(scope: Scope, view: MapView, row: SourceRecord) -> Answer | PluginFault:
    """Return what the connector makes of a record, its errors included."""
    if row.state == RecordState.SKIPPED and row.reason == PAYMENT_TAKEN_BACK:
        # Whatever is mapped of it, it went with its payment.
        return FOLLOWS
    record = record_of(row)
    try:
        answer = scope.map(view, record)
    except BadRecord as error:
        cause = cause_within(error.code, error.field, error.reason.en)
        named = wrong_field_named(scope.info, error.field)
        said = f"{named.fr} : {error.reason.fr}", f"{named.en}: {error.reason.en}"
        return Failure(error.code, *said, cause, offered(error.answers))
    except PluginFault as fault:
        return fault
    match answer:
        case None:
            return Skipped(
                UNKNOWN_KIND,
                Text(
                    f"Le connecteur ne connaît pas ce genre d'opération ({row.stream}).",
                    f"The connector does not know this kind of record ({row.stream}).",
                ),
                report=True,
            )
        case Skipped():
            return answer
        case Mapped():
            return _checked(record, tuple(answer.drafts))


def _checked(record: Record, drafts: tuple[Draft, ...]) -> Made | Failure:
    """Return the drafts if they are worth what the record is, on its day, in its currency, and can be kept."""
    money = [draft for draft in drafts if not isinstance(draft, StillDraft)]
    moved = sum((money_effect(draft)[1] for draft in money), Decimal(0))
    if moved != (Decimal(0) if record.amount is None else record.amount.amount):
        worth = record.amount or 0
        return Failure(
            AMOUNT_DIFFERS,
            f"L'opération vaut {worth}, ses écritures {moved} ; rien n'est envoyé.",
            f"The record is worth {worth}, its drafts {moved}; nothing is sent.",
        )
    # Choices, terms and the proof go by the record's day; a document of another one would be proven on neither.
    days = sorted({draft.day for draft in money} - {record.day})
    if days:
        return Failure(
            DAY_DIFFERS,
            f"L'opération est du {record.day}, une de ses écritures du {days[0]} ; rien n'est envoyé.",
            f"The record is of {record.day}, one of its drafts of {days[0]}; nothing is sent.",
        )
    if record.amount is not None:
        foreign = sorted({cleaned(draft.currency) for draft in money} - {record.amount.currency})
        if foreign:
            return Failure(
                CURRENCY_DIFFERS,
                f"L'opération est en {record.amount.currency}, ses écritures en {', '.join(foreign)[:60]}.",
                f"The record is in {record.amount.currency}, its drafts in {', '.join(foreign)[:60]}.",
            )
    try:
        bodies = tuple(dump_draft(draft) for draft in drafts)
    except (UnicodeError, PydanticSerializationError):
        bodies = ()
    kept = all(fits_key(draft.key) for draft in drafts) and all(storable(body) for body in bodies)
    if not bodies or not kept or not all(storable(draft.currency) for draft in money):
        return Failure(
            UNSTORABLE,
            "Une écriture contient des caractères qu'aucune base de données ne garde.",
            "A draft holds characters that no database keeps.",
        )
    return Made(drafts, bodies)


def _store(slice_: Slice, row: SourceRecord, answer: Answer) -> None:
    subject = _subject(row)
    if isinstance(answer, Made) and (taken := slice_.known.taken(row, answer.drafts)):
        answer = Failure(
            KEY_TAKEN,
            f"L'écriture « {taken} » appartient déjà à une autre opération.",
            f"The draft “{taken}” belongs to another record already.",
        )
    earlier = []
    for old in slice_.known.of_record(row):
        if made_by_hand(old):
            # No mapping says it, so none takes it back: it goes by its line.
            old.record_id = row.id
        else:
            earlier.append(old)
    if _goes_with_its_payment(slice_, answer, earlier):
        answer = FOLLOWS
    kept: set[str] = set()
    match answer:
        case Made():
            row.state, row.reason = RecordState.MAPPED, ""
            if any(draft.key not in slice_.known.by_key for draft in answer.drafts) and _was_undone(slice_, earlier):
                # Under another key it would come back by itself: the next plan waits for a person.
                slice_.connection.review_next = True
            for draft, body in zip(answer.drafts, answer.bodies, strict=True):
                kept.add(draft.key)
                changed = _store_draft(slice_, row, draft, body)
                if draft.key in slice_.marked:
                    _close_old(slice_, draft.key, changed)
            if any(was_taken_back(draft) for draft in answer.drafts):
                # Its fee and the like go with a payment.
                gone = [old for old in earlier if old.key not in kept]
                kept |= _emptied(slice_, row, gone, VOIDED_THERE.get(slice_.language))
        case Skipped():
            row.state, row.reason = RecordState.SKIPPED, answer.code
        case Failure():
            row.state, row.reason = RecordState.FAILED, answer.code
    for told in {subject, _clashing(row)} & slice_.marked - kept:
        # Mapped again, what a source took back is still taken back.
        still = (MATCH_VANISHED,) if isinstance(answer, Skipped) and row.amount is None else ()
        close_problems(slice_.session, slice_.connection.id, told, slice_.now, but=still)
    if isinstance(answer, Failure):
        _problem(slice_, row, answer)
        for old in earlier:
            _withdraw(slice_, row, old, FAILED_SINCE)
        return
    if isinstance(answer, Skipped) and answer.report:
        _problem(slice_, row, Failure(answer.code, answer.reason.fr, answer.reason.en))
    if isinstance(answer, Skipped) and answer.takes_back:
        kept |= _emptied(slice_, row, earlier, answer.reason.get(slice_.language))
    for old in (each for each in earlier if each.key not in kept):
        _withdraw(slice_, row, old, WITHDRAWN)


def _goes_with_its_payment(slice_: Slice, answer: Answer, earlier: Sequence[DraftRow]) -> bool:
    """Tell whether what a record says came after a payment that the source took back; what is posted of one that says
    nothing goes with it too.
    """
    if isinstance(answer, Made):
        drafts: Sequence[Draft] = answer.drafts
    elif isinstance(answer, Skipped) and not answer.takes_back:
        drafts = [load_draft(old.body) for old in earlier if old.kind in KINDS_AFTER]
    else:
        drafts = ()
    keys = {key for draft in drafts if (key := payment_of(draft))}
    if not keys:
        return False
    slice_.session.flush()
    return any(is_taken_back(slice_.session, slice_.connection.id, key) for key in keys)


def _emptied(slice_: Slice, row: SourceRecord, earlier: Sequence[DraftRow], reason: str) -> set[str]:
    """Empty what is posted of a record that the source took back; return the keys of it."""
    done: set[str] = set()
    for old in earlier:
        if old.key not in posted_keys(slice_.session, slice_.connection.id, [old.key]) or old.state in FINAL:
            continue
        draft = emptied(load_draft(old.body), reason)
        if draft is not None:
            close_hold(slice_.session, old, slice_.now)
            _store_draft(slice_, row, draft, dump_draft(draft))
            done.add(old.key)
    return done


def _was_undone(slice_: Slice, drafts: Sequence[DraftRow]) -> bool:
    """Tell whether a person had a document of these drafts taken out, and has not let it go again since."""
    undone = (LinkRow.connection_id == slice_.connection.id, LinkRow.state == LinkState.UNDONE)
    keys = [draft.key for draft in drafts]
    return bool(keys) and bool(slice_.session.scalar(select(exists().where(*undone, LinkRow.key.in_(keys)))))


def _close_old(slice_: Slice, key: str, changed: bool) -> None:
    """Close what an earlier revision's mapping told; what was told of an unchanged draft still stands."""
    draft = slice_.known.by_key[key]
    standing = () if changed else (draft.reason, COMPUTED_OTHERWISE)
    close_problems(slice_.session, slice_.connection.id, key, slice_.now, but=[code for code in standing if code])


def _problem(slice_: Slice, row: SourceRecord, why: Failure) -> None:
    open_problem(
        slice_.session,
        connection_id=slice_.connection.id,
        run_id=slice_.run_id,
        stream=row.stream,
        code=why.code,
        subject=_clashing(row) if why.code == KEY_TAKEN else _subject(row),
        params={
            "fr": cleaned(why.fr),
            "en": cleaned(why.en),
            "day": row.day.isoformat(),
            "amount": None if row.amount is None else str(row.amount),
            **({CAUSE: why.cause} if why.cause else {}),
            **why.answers,
        },
        now=slice_.now,
    )


def _store_draft(slice_: Slice, row: SourceRecord, draft: Draft, body: str) -> bool:
    """Store a draft; return whether it says something else than before."""
    body_hash = digest(body)
    found = slice_.known.by_key.get(draft.key)
    if isinstance(draft, Payment) and _turns(found, draft):
        slice_.turned.add(draft.key)
    fills = isinstance(draft, Invoice | CreditMemo) and not is_empty(draft)
    if fills and found is not None and is_empty(load_draft(found.body)):
        slice_.filled.add(draft.key)
    day = None if isinstance(draft, StillDraft) else draft.day
    if found is None:
        fresh = DraftRow(
            connection_id=slice_.connection.id, record_id=row.id, key=draft.key, revision=1, kind=entity_of(draft),
            day=day, body=body, body_hash=body_hash, state=DraftState.WAITING, reason="", decisions={},
            mapped_by=slice_.plugin, mapped_under=slice_.connection.revision,
        )  # fmt: skip
        slice_.session.add(fresh)
        slice_.known.add(row, fresh)
        return True
    found.record_id = row.id
    if found.body_hash == body_hash and found.state != DraftState.WITHDRAWN:
        return False
    before = load_draft(found.body)
    if found.body_hash != body_hash:
        forget_outdated(slice_.session, found, draft)
        found.revision += 1
        found.body, found.body_hash, found.day = body, body_hash, day
        become(slice_.session, found, entity_of(as_treated(found.decisions, draft)))
        found.mapped_by, found.mapped_under = slice_.plugin, slice_.connection.revision
    if asked_of_match(found) or (found.state == DraftState.SKIPPED and not left_for_now(found)):
        ask_if_otherwise(slice_.session, found, before, draft, slice_.now)
    elif found.state not in FINAL or left_for_now(found):
        found.state, found.reason = DraftState.WAITING, ""
    return True


def _turns(found: DraftRow | None, draft: Draft) -> bool:
    """Tell whether a payment was taken back, or given again, since it was mapped last."""
    return was_taken_back(draft) != (found is not None and was_taken_back(load_draft(found.body)))


def _withdraw(slice_: Slice, row: SourceRecord, old: DraftRow, reason: str) -> None:
    """The source says this no more: what is not posted is dropped, what is posted is shown to a person."""
    posted = old.state == DraftState.POSTED
    if posted or old.key in posted_keys(slice_.session, slice_.connection.id, [old.key]):
        if reason == WITHDRAWN and not is_empty(load_draft(old.body)):
            ask_about_posted(slice_.session, row, old, slice_.run_id, slice_.now)
        if posted:
            return
    taken_back = reason == WITHDRAWN and is_matched(old, (DraftState.SKIPPED,))
    if taken_back and ask_about_matched(slice_.session, row, old, slice_.run_id, slice_.now):
        slice_.marked.discard(old.key)
    elif old.state in FINAL:
        return
    ask_other_side(slice_.session, old)
    old.state, old.reason = DraftState.WITHDRAWN, reason
    close_hold(slice_.session, old, slice_.now)
    if old.key in slice_.marked and old.key != _subject(row):
        close_problems(slice_.session, slice_.connection.id, old.key, slice_.now)


def judge(connection: Connection, mapped: int, faults: int) -> None:
    """Pause a connection whose plugin fails on more than one record in five: its answers cannot be trusted."""
    if mapped >= JUDGED_FROM and faults * FAULTY_SHARE > mapped and core_takes(connection, Step.FAULT):
        connection.revision += 1
