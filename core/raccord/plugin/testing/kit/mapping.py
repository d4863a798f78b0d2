"""Rules on mapping: pure, complete, worth what the record is, and under keys that nothing but identity makes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from decimal import Decimal

from raccord.plugin.drafts import Draft, MoneyDraft, StillDraft, money_effect
from raccord.plugin.errors import BadRecord
from raccord.plugin.hooks import Mapped, Skipped
from raccord.plugin.records import Record
from raccord.plugin.terms import TermTable
from raccord.plugin.testing.kit.asking import Asked
from raccord.plugin.testing.kit.rules import NotConcerned, check
from raccord.plugin.testing.kit.subject import Subject, secrets_of, stored
from raccord.plugin.texts import Text

_CODE = re.compile(r"[a-z][a-z0-9_-]*(\.[a-z0-9_-]+)*")
_DRAFTS_MAX = 1000
_WORDS_MIN = 2
_SAID_CHARS_MAX = 160


def mapped(subject: Subject) -> Iterator[tuple[Record, Mapped]]:
    """Return the records of a trial that become drafts."""
    for record, answer in subject.mapped:
        if isinstance(answer.answer, Mapped):
            yield record, answer.answer


def drafts(subject: Subject) -> Iterator[Draft]:
    """Return all drafts of a trial, for a company with tax codes on its lines and for one without."""
    for _, found in _both_ways(subject):
        yield from found.drafts


def money_drafts(subject: Subject) -> Iterator[tuple[Record, MoneyDraft]]:
    for record, found in _both_ways(subject):
        for draft in found.drafts:
            if not isinstance(draft, StillDraft):
                yield record, draft


def _both_ways(subject: Subject) -> Iterator[tuple[Record, Mapped]]:
    """Return what becomes drafts, with tax and without, and as it stands a day later."""
    for _, record, answer in ways(subject):
        if isinstance(answer.answer, Mapped):
            yield record, answer.answer
    for record, answer in subject.mapped_later:
        if isinstance(answer.answer, Mapped):
            yield record, answer.answer


def ways(subject: Subject) -> Iterator[tuple[bool, Record, Asked[Mapped | Skipped | None]]]:
    """Return each record and what becomes of it in a company without taxes and in one with them.

    A connector may go no further than to refuse a taxed record in the one, and do anything in the other.
    """
    for taxed, answers in ((False, subject.mapped), (True, subject.mapped_taxed)):
        yield from ((taxed, record, answer) for record, answer in answers)


@check("map.answers")
def _answers(subject: Subject) -> Iterator[str]:
    for _, record, answer in ways(subject):
        found = answer.answer
        if answer.error is not None:
            continue
        if not isinstance(found, Mapped | Skipped):
            yield f"{record.key()}: {type(found).__name__}"
        elif isinstance(found, Mapped) and not 1 <= len(found.drafts) <= _DRAFTS_MAX:
            yield f"{record.key()}: {len(found.drafts)}"


@check("map.raises")
def _raises(subject: Subject) -> Iterator[str]:
    for _, record, answer in ways(subject):
        if answer.error is not None and not isinstance(answer.error, BadRecord):
            yield f"{record.key()}: {answer.raised}{_said(subject, answer.error)}"


def _said(subject: Subject, error: BaseException) -> str:
    """Return the first line of what an error says, without the secrets of the settings."""
    text = str(error)
    for secret in filter(None, secrets_of(subject.settings).values()):
        text = text.replace(secret, "…")
    line = " ".join(text.splitlines()[:1])[:_SAID_CHARS_MAX]
    return f": {line}" if line else ""


@check("map.same_twice")
def _same_twice(subject: Subject) -> Iterator[str]:
    for taxed, record, answer in reversed(list(ways(subject))):
        again = subject.map(record, taxed=taxed)
        if again.answer != answer.answer:
            yield record.key()


@check("map.clock")
def _clock(subject: Subject) -> Iterator[str]:
    yield from sorted({each for _, _, answer in ways(subject) for each in (*answer.deeds.clock, *answer.deeds.chance)})


@check("map.network")
def _network(subject: Subject) -> Iterator[str]:
    yield from (record.key() for _, record, answer in ways(subject) if answer.deeds.network)


@check("map.keeps_record")
def _keeps_record(subject: Subject) -> Iterator[str]:
    for record in map(stored, subject.told.records):
        before = deepcopy(record.raw)
        for taxed in (False, True):
            subject.map(record, taxed=taxed)
        if record.raw != before:
            yield record.key()


@check("map.from_store")
def _from_store(subject: Subject) -> Iterator[str]:
    taxed = subject.trial.taxed
    for record, (_, answer) in zip(
        subject.told.records, subject.mapped_taxed if taxed else subject.mapped, strict=True
    ):
        if subject.map(record, taxed=taxed).answer != answer.answer:
            yield record.key()


@check("map.own_keys")
def _own_keys(subject: Subject) -> Iterator[str]:
    for record, found in _both_ways(subject):
        plain = record.key()
        yield from (each.key for each in found.drafts if each.key != plain and not each.key.startswith(f"{plain}#"))


@check("map.keys_once")
def _keys_once(subject: Subject) -> Iterator[str]:
    for answers in (subject.mapped, subject.mapped_taxed):
        seen: set[str] = set()
        found = (answer.answer for _, answer in answers if isinstance(answer.answer, Mapped))
        for draft in (draft for each in found for draft in each.drafts):
            if draft.key in seen:
                yield draft.key
            seen.add(draft.key)


@check("map.keys_fixed")
def _keys_fixed(subject: Subject) -> Iterator[str]:
    terms = TermTable(
        {word: replace(term, label=Text("Autre", "Other")) for word, term in subject.info.terms.terms.items()}
    )
    for taxed, record, answer_ in ways(subject):
        if not isinstance(answer_.answer, Mapped):
            continue
        keys = [each.key for each in answer_.answer.drafts]
        for again in (
            subject.map(record, language="fr", taxed=taxed),
            subject.map(record, taxed=not taxed),
            subject.map(record, taxed=taxed, terms=terms),
        ):
            answer = again.answer
            if isinstance(answer, Mapped) and [each.key for each in answer.drafts] != keys:
                yield record.key()
                break


@check("map.amount")
def _amount(subject: Subject) -> Iterator[str]:
    for record, found in _both_ways(subject):
        moved = sum(
            (money_effect(each)[1] for each in found.drafts if not isinstance(each, StillDraft)), start=Decimal(0)
        )
        worth = Decimal(0) if record.amount is None else record.amount.amount
        if moved != worth:
            yield f"{record.key()}: {moved} ≠ {worth}"


@check("map.currency")
def _currency(subject: Subject) -> Iterator[str]:
    for record, draft in money_drafts(subject):
        if record.amount is not None and draft.currency != record.amount.currency:
            yield f"{draft.key}: {draft.currency} ≠ {record.amount.currency}"


@check("map.day")
def _day(subject: Subject) -> Iterator[str]:
    for record, draft in money_drafts(subject):
        if draft.day != record.day:
            yield f"{draft.key}: {draft.day} ≠ {record.day}"


@check("skip.reason")
def _skip(subject: Subject) -> Iterator[str]:
    skipped = [(record, answer.answer) for _, record, answer in ways(subject) if isinstance(answer.answer, Skipped)]
    if not skipped:
        raise NotConcerned
    for record, found in skipped:
        reason: object = found.reason
        said = isinstance(reason, Text) and len(reason.en.split()) >= _WORDS_MIN
        if not said or _CODE.fullmatch(found.code) is None:
            yield f"{record.key()}: {found.code!r}"
