"""Rules on meaning: what an integrator counted by hand, record by record and account by account, is what comes out.

They are judged once all other rules are kept, so that each thing wrong is told where it is wrong first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal

from raccord.plugin.drafts import (
    BillPayment,
    Control,
    CustomerOf,
    Decision,
    Deposit,
    Draft,
    Expense,
    Invoice,
    JournalEntry,
    MoneyDraft,
    Payment,
    SalesReceipt,
    Side,
    StillDraft,
    Transfer,
    VendorCredit,
    money_effect,
)
from raccord.plugin.errors import BadRecord
from raccord.plugin.hooks import Mapped, Skipped
from raccord.plugin.records import Record
from raccord.plugin.testing.kit.applying import settled, standing
from raccord.plugin.testing.kit.asking import Asked
from raccord.plugin.testing.kit.rules import NotConcerned, check
from raccord.plugin.testing.kit.subject import NotJudgedError, Subject
from raccord.plugin.testing.trial import BAD, DRAFTS, TAKES_BACK, WAITS

_CREDITED = (SalesReceipt, Invoice, Deposit, VendorCredit)
"""Documents whose lines are credits."""
UNAPPLIED = " unapplied"
MEANING = ("record.expected", "map.expected", "draft.effects", "draft.open", "draft.counts", "draft.printed")
Sums = dict[tuple[str, str], Decimal]


@check("record.expected")
def _records(subject: Subject) -> Iterator[str]:
    after_all_others(subject)
    found = {(one.stream, one.source_id): one for one in subject.told.records if one.stream in _streams(subject)}
    wanted = {(one.stream, one.source_id): one for one in subject.trial.expected}
    if not wanted:
        yield "expected=[]"
        return
    for key in sorted(found.keys() | wanted.keys()):
        there, said = found.get(key), wanted.get(key)
        if said is None or there is None:
            yield f"{'/'.join(key)} {'+' if said is None else '-'}"
            continue
        day = said.day if key in subject.trial.moments else str(there.day)
        if (day, _amount(there)) != (said.day, None if said.amount == "" else Decimal(said.amount)):
            yield f"{'/'.join(key)}: {there.day} {_amount(there)} ≠ {said.day} {said.amount or None}"


@check("map.expected")
def _becomes(subject: Subject) -> Iterator[str]:
    after_all_others(subject)
    if not subject.trial.expected:
        raise NotJudgedError("record.expected")
    made = {(one.stream, one.source_id): becomes(answer) for one, answer in answers_of(subject)}
    for one in subject.trial.expected:
        found = made.get((one.stream, one.source_id), one.becomes)
        if found != one.becomes:
            yield f"{one.stream}/{one.source_id}: {found} ≠ {one.becomes}"
    then = {(one.stream, one.source_id): (one, becomes(answer)) for one, answer in subject.mapped_later}
    for one in subject.trial.later_expected:
        if (one.stream, one.source_id) not in then:
            yield f"later: {one.stream}/{one.source_id} -"
            continue
        record, became = then[one.stream, one.source_id]
        ours = (str(record.day), _amount(record), became)
        if ours != (one.day, None if one.amount == "" else Decimal(one.amount), one.becomes):
            yield f"later: {one.stream}/{one.source_id}: {' '.join(map(str, ours))} ≠ {one}"


@check("draft.effects")
def _effects(subject: Subject) -> Iterator[str]:
    after_all_others(subject)
    found, wanted = effects_of(mapped_drafts(answers_of(subject))), _counted(subject.trial.effects)
    if not wanted and not found:
        raise NotConcerned
    if not wanted:
        yield "effects={}"
        return
    yield from _apart(found, wanted)
    if subject.trial.later_effects:
        then = effects_of(standing(subject))
        yield from (f"later: {each}" for each in _apart(then, _counted(subject.trial.later_effects)))


def _counted(effects: Mapping[str, Mapping[str, str | Decimal]]) -> Sums:
    return {(stream, place): Decimal(str(amount)) for stream, sums in effects.items() for place, amount in sums.items()}


def _apart(found: Sums, wanted: Sums) -> Iterator[str]:
    for stream, place in sorted(found.keys() | wanted.keys()):
        ours, theirs = found.get((stream, place), Decimal(0)), wanted.get((stream, place), Decimal(0))
        if ours != theirs:
            yield f"{stream} {place}: {ours} ≠ {theirs}"


def effects_of(drafts: Iterable[Draft]) -> Sums:
    """Return what the documents of each stream do to each account."""
    found: Sums = defaultdict(Decimal)
    for draft in drafts:
        if not isinstance(draft, StillDraft):
            for place, amount in effects(draft):
                # A draft's key begins with its record's stream, by a rule of its own.
                found[draft.key.partition("/")[0], place] += amount
    return {where: amount for where, amount in found.items() if amount}


def becomes(answer: Asked[Mapped | Skipped | None]) -> str:
    """Return in one word what became of a record, as ``Expected.becomes`` says it."""
    if isinstance(answer.answer, Skipped):
        return TAKES_BACK * answer.answer.takes_back + answer.answer.code
    if isinstance(answer.answer, Mapped):
        return WAITS if any(_asks(draft) for draft in answer.answer.drafts) else DRAFTS
    return BAD if isinstance(answer.error, BadRecord) else answer.raised


def effects(draft: MoneyDraft) -> Iterator[tuple[str, Decimal]]:
    """Return what a document does to each account, debits positive, lines as they stand; its taxes by their rates."""
    if isinstance(draft, JournalEntry):
        yield from ((_named(each.account), each.amount if each.side is Side.DEBIT else -each.amount)
                    for each in draft.lines)  # fmt: skip
        return
    if isinstance(draft, Transfer):
        yield _named(draft.source), -draft.total
        yield _named(draft.target), draft.total
        return
    place, moved = money_effect(draft)
    yield _named(place), moved
    if isinstance(draft, Payment | BillPayment):
        control = (Control.RECEIVABLE if isinstance(draft, Payment) else Control.PAYABLE).value
        share = settled(draft) if moved >= 0 else -settled(draft)
        yield control, -share
        # What pays no document stays with the customer or vendor: an account alone would not tell it from what does.
        yield f"{control}{UNAPPLIED}", share - moved
        return
    credited = isinstance(draft, _CREDITED) or (isinstance(draft, Expense) and draft.credit)
    sign = -1 if credited else 1
    for line in draft.lines:
        at = getattr(line, "item", None) or getattr(line, "account", None) or getattr(line, "document", None)
        code = getattr(line, "tax_code", None)
        yield _named(at) + (f" @{_named(code)}" if code is not None else ""), sign * line.amount
    discount = getattr(draft, "discount", None)
    if discount is not None:
        yield _named(discount.account), -sign * discount.amount
    for tax in draft.taxes:
        yield f"tax {tax.percent.normalize():f} %", sign * tax.amount


def mapped_drafts(answers: Iterable[tuple[Record, Asked[Mapped | Skipped | None]]]) -> Iterator[Draft]:
    """Return the drafts of what mapping answered."""
    for _, answer in answers:
        if isinstance(answer.answer, Mapped):
            yield from answer.answer.drafts


def after_all_others(subject: Subject) -> None:
    """Leave a rule on meaning unjudged while another kind of rule is broken."""
    others = [each for each in subject.broken if each not in MEANING]
    if others:
        raise NotJudgedError(others[0])


def answers_of(subject: Subject) -> list[tuple[Record, Asked[Mapped | Skipped | None]]]:
    return subject.mapped_taxed if subject.trial.taxed else subject.mapped


def _streams(subject: Subject) -> set[str]:
    """Return the streams that are listed whole: those that move money, and those of which a record is listed."""
    return {*subject.trial.totals, *(one.stream for one in subject.trial.expected)}


def _amount(record: Record) -> Decimal | None:
    return None if record.amount is None else record.amount.amount


def _named(place: object) -> str:
    """Return the word for an account, an item or a document that a draft names."""
    if isinstance(place, Control):
        return place.value
    account = getattr(place, "account", None) or getattr(place, "otherwise", None) or place
    if isinstance(account, CustomerOf):
        account = account.document
    key = getattr(account, "key", None)
    name = f"={key.partition('/')[0]}" if isinstance(key, str) else getattr(account, "name", "")
    return str(name or getattr(account, "id", "") or account)


def _asks(value: object) -> bool:
    if isinstance(value, Decision):
        return True
    if isinstance(value, tuple):
        return any(_asks(each) for each in value)
    if is_dataclass(value) and not isinstance(value, type):
        return any(_asks(getattr(value, each.name)) for each in fields(value))
    return False
