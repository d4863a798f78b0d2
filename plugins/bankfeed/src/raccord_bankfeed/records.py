"""From what a reader yields to records and rejects; their raw form is the same for every format of bank file."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from hashlib import blake2b

from raccord.plugin import JSON, Money, Record, Reject, SourceFile, Text
from raccord_bankfeed.corrections import Corrected, Corrections, Corrects
from raccord_bankfeed.crossing import answer_key as twin_key
from raccord_bankfeed.identity import Identities
from raccord_bankfeed.pairing import Entry, Twin
from raccord_bankfeed.readers.contract import (
    Answered,
    Balance,
    CorrectionAction,
    Event,
    Line,
    Question,
    Statement,
    Unreadable,
)
from raccord_bankfeed.readers.questions import WAITS, digest
from raccord_bankfeed.readers.told import NOTHING_KNOWN, Known
from raccord_bankfeed.replacing import NOTHING_REPLACED, Replaced, Replacing
from raccord_bankfeed.said_to_be import CORRECTS, REPLACES, TWIN, Earlier, goes_on_as, was_said_to_be
from raccord_bankfeed.series import Series

LINES = "lines"
STATEMENTS = "statements"

FILE_QUESTIONS = "bankfeed.file_questions"
"""Several questions about one file."""
QUESTION = "question"
COLUMN_PARTS = ("date", "text", "amount", "debit", "credit", "balance", "reference", "account")
"""What a person may say that a column is; everything else of a table is left alone."""
"""What the record of a question has in ``raw`` beside its texts: its key."""

SIGNS = "signs"
"""What a card's line has in ``raw`` where its file does not tell whether purchases have a minus: the answer's key."""
TURNED = "turned"
"""Says of such a line that its amount has the other sign than in the file."""
ALONE, TOLD_THERE, IN_PLACE, ASKED = "alone", "told", "in_place", "asked"
"""A line of its own, for none is known that it corrects; one that says that it is told under the id of that one; what
is told there; one of which a person says what it is.
"""
CORRECTED = "corrected"
"""What the ``raw`` of a line has that its bank replaced or withdrew, and that no other line goes on as."""

Make = Callable[[Event], Record | Reject | None]


@dataclass(slots=True)
class FileState:
    """What has to be known of a file's lines so far to make the next record of it."""

    twins: Mapping[int, Twin] = field(default_factory=dict)
    """Lines that came before by another road, by their number."""
    replacing: Replacing = NOTHING_REPLACED
    """Lines that may be earlier ones of the same road, with another amount."""
    corrections: Corrections = field(default_factory=Corrections)
    """What lines correct, and what became of those that are corrected."""
    corrected: dict[str, Record] = field(default_factory=dict)
    """What is told at the end of the file of the lines that it corrects, by their ids."""
    identities: Identities = field(default_factory=Identities)
    as_net: Identities = field(default_factory=Identities)
    """Gives the ids that payments had when one line was a payment and its fee."""
    with_fee: bool = False
    """Whether the next line is a fee that is in the line before it."""
    lines: int = 0
    asked: set[str] = field(default_factory=set)
    """The keys of all questions so far."""
    series: Series = field(default_factory=Series)
    """The numbers of its statements."""
    unproven: set[str] = field(default_factory=set)
    """Keys of accounts whose files do not tell the signs of a card's purchases."""
    unsure: set[str] = field(default_factory=set)
    """The ids of lines that may have come before by another road."""
    may_be_gone: bool = False
    """Whether a source of the connection takes lines back."""
    known: Known = NOTHING_KNOWN
    """What people said."""
    held: bool = False
    """Whether the lines that come now, to the end of their statement, wait for a person."""


def maker(
    source: SourceFile, stream: str, state: FileState, home_currency: str, starts_on: date, earlier: Earlier
) -> Make:
    """Return what turns the events of a file, in order, into what ``stream`` has to say of them.

    Lines that a question is about become no records before it is answered; they are counted all the same, so that
    equal lines get the ids that they would get without the question.
    """

    def line(event: Event) -> Record | Reject | None:
        match event:
            case Line():
                source_id = state.identities.of(event)
                twin, old = state.twins.get(state.lines), state.replacing.lines.get(state.lines)
                corrects = state.corrections.lines.get(state.lines)
                state.lines += 1
                if twin is not None and state.may_be_gone and not _stands(earlier(twin.id), source_id):
                    twin = None
                if event.correction is not None and event.correction.action is CorrectionAction.GONE:
                    return _gone_record(event, source_id, earlier(source_id))
                if state.with_fee:
                    state.with_fee = False
                    return None
                net_id = "" if event.net is None else state.as_net.of(event._replace(amount=event.net))
                if state.held or (source_id in state.replacing.over and old is None):
                    return None
                if (over := state.corrections.over.get(source_id)) is not None and not (over.goes_on and twin):
                    # Left out as one of another road it is told so, and the line that corrects it asks.
                    return None if over.goes_on else _corrected_record(event, source_id, home_currency, over, old)
                if corrects is not None:
                    return _correcting_record(state, event, source_id, home_currency, twin, corrects, earlier)
                if twin is not None and not twin.certain:
                    state.unsure.add(source_id)
                if event.net is not None and earlier(net_id) is not None:
                    # Brought over by a version that made one line of both, and perhaps posted: it stays that line.
                    state.with_fee = True
                    return _line_record(event._replace(amount=event.net), net_id, home_currency, twin, asked=source_id)
                if twin is not None and twin.certain and old is not None and _is_twin(earlier(old.id)):
                    # Both are another road's, and nothing of the earlier one is in the books as its own.
                    old = None
                if old is not None and old.same:
                    return _going_on(state, event, source_id, home_currency, old, twin, earlier)
                return _line_record(event, source_id, home_currency, twin, old)
            case Statement():
                _statement_ended(state, event)
                state.identities.statement_ended()
                state.as_net.statement_ended()
            case Question():
                _hold(state, event)
            case Unreadable():
                return _reject(source, event)
        return None

    def statement(event: Event) -> Record | Reject | None:
        match event:
            case Statement():
                waits = state.held
                _statement_ended(state, event)
                state.series.add(event)
                return None if waits else _statement_record(source, event)
            case Question():
                told = event.key in state.asked
                _hold(state, event)
                return None if told else _question_record(source, event, starts_on)
            case Answered():
                return _question_record(source, event.question, starts_on)
            case _:
                return None

    return line if stream == LINES else statement


def _statement_ended(state: FileState, statement: Statement) -> None:
    state.held = False
    if statement.account.signs:
        state.unproven.add(statement.account.key)


def _hold(state: FileState, question: Question) -> None:
    state.asked.add(question.key)
    state.held = True


def _question_record(source: SourceFile, question: Question, starts_on: date) -> Record:
    """A question is never out of scope, so its day is at least the first that is."""
    asked = (question, *question.others)
    raw: dict[str, JSON] = {
        QUESTION: question.key,
        "code": question.code if len(asked) == 1 else FILE_QUESTIONS,
        "fr": " ".join([*(each.reason.fr for each in asked), WAITS.fr]),
        "en": " ".join([*(each.reason.en for each in asked), WAITS.en]),
        "answers": list(question.answers),
        "file": source.name[:120],
        "asks": [_asked(each) | ({"key": each.key} if each.key != question.key else {}) for each in asked],
    }
    if question.layout:
        raw["layout"] = question.layout
    if question.account:
        raw["unnamed"] = question.account
    return Record(STATEMENTS, f"question/{question.key}", max(question.day or starts_on, starts_on), raw)


def _asked(question: Question) -> dict[str, JSON]:
    """Return one question of a file, as the contract of ``ConnectorInfo.questions`` writes it."""
    raw: dict[str, JSON] = {
        "code": question.code,
        "fr": question.reason.fr,
        "en": question.reason.en,
        "answers": list(question.answers),
    }
    if question.readings:
        raw["examples"] = list(question.examples)
        raw["readings"] = [
            {
                "answer": each.answer,
                "fr": each.label.fr,
                "en": each.label.en,
                "shown": [{"fr": text.fr, "en": text.en} for text in each.shown],
            }
            for each in question.readings
        ]
    if question.cells:
        raw |= {"cells": list(question.cells), "parts": list(COLUMN_PARTS), "signs": True}
        known = [part if part in COLUMN_PARTS else "" for part in question.chosen]
        raw |= {"chosen": list(known)} if any(known) else {}
    return raw


def _line_record(
    line: Line, source_id: str, home_currency: str, twin: Twin | None, old: Replaced | None = None, asked: str = ""
) -> Record:
    """Lines that move no money (pending, withdrawn, known by another road) have their amount in ``raw`` alone.

    A person says under ``asked`` whether it is its twin, where its own id is another.
    """
    (
        account, native, day, number, currency, name, memo, type_, reference, check_number, pending, correction, *_
    ) = line  # fmt: skip
    raw: dict[str, JSON] = {
        "account": account.key,
        "account_kind": str(account.kind),
        "account_number": account.masked,
        "currency": currency,
        "amount": _text(number),
        "type": type_,
        "name": name,
        "memo": memo,
        "reference": reference,
        "check_number": check_number,
        "native": native,
        "pending": pending,
        "correction": None if correction is None else {"native": correction.native, "action": correction.action.value},
        "fields": line.fields,
    }
    if account.signs:
        raw |= {SIGNS: account.signs, TURNED: account.turned}
    if twin is not None:
        raw[TWIN] = {"id": twin.id, "certain": twin.certain, "answer": twin_key(asked or source_id)}
    if old is not None:
        raw[REPLACES] = {"id": old.id, "day": old.day, "amount": old.amount, "answer": old.answer}
    withdrawn = correction is not None and correction.action is CorrectionAction.DELETE
    moves = not (pending or withdrawn or (twin is not None and twin.certain))
    amount = Money(number, currency or home_currency) if moves else None
    return Record(LINES, source_id, day, raw, amount)


def _going_on(
    state: FileState,
    line: Line,
    source_id: str,
    home_currency: str,
    old: Replaced,
    twin: Twin | None,
    earlier: Earlier,
) -> Record:
    """A line that a person said to be an earlier one, told under the id of that; where that one was left out as one of
    another road, which may be in the books, it is asked whether this one is it too.

    One that another road tells itself (``twin``) is that road's line: of the earlier one nothing is told any more. But
    where that line was said to be the earlier one itself, this one goes on as that.
    """
    if twin is not None and was_said_to_be(twin.id, old.id, state.known, earlier):
        return _line_record(line, old.id, home_currency, None)
    if twin is None:
        other = (earlier(old.id) or {}).get(TWIN)
        twin = Twin(str(other.get("id", "")), certain=False) if isinstance(other, Mapping) else None
    if twin is not None and not twin.certain:
        state.unsure.add(source_id)
    return _line_record(line, old.id, home_currency, twin, asked=source_id)


def _correcting_record(
    state: FileState,
    line: Line,
    source_id: str,
    home_currency: str,
    twin: Twin | None,
    corrects: Corrects,
    earlier: Earlier,
) -> Record:
    """A line by which its bank corrects an earlier one; what that one is by now is told at the end of the file."""
    deletes = line.correction is not None and line.correction.action is CorrectionAction.DELETE
    corrects = corrects._replace(id=goes_on_as(corrects.id, state.known, earlier))
    was: dict[str, JSON] = {"id": corrects.id, "day": corrects.day, "amount": corrects.amount}
    kept = earlier(corrects.id) if corrects.id else None
    if twin is not None and was_said_to_be(twin.id, corrects.id, state.known, earlier):
        twin = None
    before = (kept or {}).get(CORRECTS)
    # What was put in its place has the twin of the line that this one is.
    in_place = isinstance(before, Mapping) and before.get("how") == IN_PLACE
    other = None if kept is None or in_place else kept.get(TWIN)
    if isinstance(other, Mapping):
        was["id"] = other.get("id")
    if isinstance(other, Mapping) or not corrects.sure:
        said: dict[str, JSON] = {"how": ASKED, **was, "answer": f"corrects-{digest(source_id)}"}
        return _also(_line_record(line, source_id, home_currency, None), CORRECTS, said)
    if not corrects.id:
        if twin is not None and not twin.certain:
            state.unsure.add(source_id)
        return _also(_line_record(line, source_id, home_currency, twin), CORRECTS, {"how": ALONE})
    if corrects.last and deletes and kept is not None:
        over: JSON = {"native": line.native, "action": CorrectionAction.DELETE.value}
        raw = {name: said for name, said in kept.items() if name != CORRECTS}
        day = date.fromisoformat(corrects.day)
        state.corrected[corrects.id] = Record(LINES, corrects.id, day, {**raw, CORRECTED: over})
    elif corrects.last and not deletes:
        if twin is not None and not twin.certain:
            state.unsure.add(source_id)
        now = _line_record(line, corrects.id, home_currency, twin, asked=source_id)
        state.corrected[corrects.id] = _also(now, CORRECTS, {"how": IN_PLACE, **was})
    told = _also(_line_record(line, source_id, home_currency, None), CORRECTS, {"how": TOLD_THERE, **was})
    return replace(told, amount=None)


def _corrected_record(line: Line, source_id: str, home_currency: str, over: Corrected, old: Replaced | None) -> Record:
    """A line that its bank replaced or withdrew by another one; it moves no money unless a person says so."""
    told = _line_record(line, source_id, home_currency, None, old)
    said: dict[str, JSON] = {"native": over.native, "action": over.action.value}
    if over.sure:
        return replace(_also(told, CORRECTED, said), amount=None)
    return _also(told, CORRECTED, {**said, "answer": f"corrected-{digest(source_id)}"})


def _also(record: Record, name: str, said: JSON) -> Record:
    return replace(record, raw={**record.raw, name: said})


def _gone_record(line: Line, source_id: str, earlier: Mapping[str, JSON] | None) -> Record:
    """A line that its source takes back keeps what it said and its day, so that a person sees which one it was."""
    raw = dict(earlier) if earlier else dict(_line_record(line, source_id, line.currency, None).raw)
    raw["correction"] = {"native": line.native, "action": CorrectionAction.GONE.value}
    fields = raw.get("fields")
    told = fields.get("date") if isinstance(fields, Mapping) else None
    try:
        day = date.fromisoformat(str(told))
    except ValueError:
        day = line.day
    return Record(LINES, source_id, day, raw)


def _is_twin(earlier: Mapping[str, JSON] | None) -> bool:
    """Tell whether a line was left out, as it was told last, as one of another road."""
    twin = None if earlier is None else earlier.get(TWIN)
    return isinstance(twin, Mapping) and bool(twin.get("certain"))


def _stands(other: Mapping[str, JSON] | None, source_id: str) -> bool:
    """Tell whether a line's other one, as it was told last, was not taken back, nor left out for this very line."""
    correction, twin = ({} if other is None else other.get(name) for name in ("correction", TWIN))
    gone = isinstance(correction, Mapping) and correction.get("action") == CorrectionAction.GONE.value
    return not gone and not (isinstance(twin, Mapping) and twin.get("id") == source_id)


def freed_record(
    entry: Entry, earlier: Mapping[str, JSON], twin: Twin | None, gone: Collection[str], home_currency: str
) -> Record | None:
    """A line that was taken for one that its source takes back, told as one of its own, or as the one that it is now;
    nothing where it was not told so.
    """
    was = earlier.get(TWIN)
    if not isinstance(was, Mapping) or was.get("id") not in gone:
        return None
    raw = {name: said for name, said in earlier.items() if name != TWIN}
    if twin is not None:
        raw[TWIN] = {"id": twin.id, "certain": twin.certain, "answer": twin_key(entry.id)}
    correction = raw.get("correction")
    withdrawn = isinstance(correction, Mapping) and correction.get("action") == CorrectionAction.DELETE.value
    moves = not (withdrawn or (twin is not None and twin.certain))
    number, currency = Decimal(str(raw["amount"])), str(raw["currency"] or home_currency)
    return Record(LINES, entry.id, entry.day, raw, Money(number, currency) if moves else None)


def vanished_record(entry: Entry, earlier: Mapping[str, JSON]) -> Record | None:
    """A line that its source tells no more, likewise; nothing where that was said before."""
    correction: dict[str, JSON] = {"native": entry.native, "action": CorrectionAction.GONE.value}
    if earlier.get("correction") == correction:
        return None
    return Record(LINES, entry.id, entry.day, {**earlier, "correction": correction})


def _statement_record(source: SourceFile, statement: Statement) -> Record | Reject:
    account = statement.account
    raw: dict[str, JSON] = {
        "account": account.key,
        "account_kind": account.kind.value,
        "account_number": account.masked,
        "account_type": account.type,
        "institution": statement.institution,
        "currency": statement.currency,
        "starts": _day(statement.starts),
        "ends": _day(statement.ends),
        "ledger_balance": _balance(statement.ledger),
        "available_balance": _balance(statement.available),
        "opening_balance": _balance(statement.opening),
        "lines": statement.lines,
        "pending": statement.pending,
        "unreadable": statement.unreadable,
        "left_out": statement.left_out,
        "total": _text(statement.total),
        "no_transactions": [
            {"line": note.line, "fr": note.reason.fr, "en": note.reason.en, "text": note.excerpt}
            for note in statement.notes
        ],
    }
    day = (statement.ledger and statement.ledger.day) or statement.ends or statement.last_day or statement.starts
    if day is None:
        return Reject(
            STATEMENTS,
            _where(source, statement.line),
            "bankfeed.statement_undated",
            Text(
                "Ce relevé n’a ni période, ni date de solde, ni ligne : il ne dit rien que l’on puisse garder. "
                "Demandez un nouveau fichier à la banque si vous attendiez des lignes.",
                "This statement has no period, no date of a balance and no line: it says nothing that can be kept. "
                "Ask the bank for a new file if you expected lines.",
            ),
        )
    content = blake2b(repr(sorted(raw.items())).encode(), digest_size=8).hexdigest()
    return Record(STATEMENTS, f"{account.key}/{day.isoformat()}-{content}", day, raw)


def _reject(source: SourceFile, row: Unreadable) -> Reject:
    return Reject(LINES, f"{_where(source, row.line)}, {row.offset}", row.code, row.reason, row.excerpt)


def _where(source: SourceFile, line: int) -> str:
    """Name file and line; the digest tells apart files of one name, which banks send every month."""
    return f"{source.name[:120]} [{source.sha256[:8]}] {line}"


def _text(amount: Decimal) -> str:
    text = str(amount)
    return format(amount, "f") if "E" in text else text


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _balance(balance: Balance | None) -> JSON:
    return None if balance is None else {"amount": _text(balance.amount), "day": _day(balance.day)}
