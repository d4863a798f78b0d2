"""What a person has still to count of a trial, as the connector makes it: Python text to be compared and then kept."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from raccord.plugin.hooks import Mapped, Skipped
from raccord.plugin.records import Record
from raccord.plugin.testing.kit.applying import standing
from raccord.plugin.testing.kit.asking import Asked
from raccord.plugin.testing.kit.expected import MEANING, answers_of, becomes, effects_of, mapped_drafts
from raccord.plugin.testing.kit.owing import counted, lacking, owed
from raccord.plugin.testing.kit.subject import Subject
from raccord.plugin.testing.trial import Expected

_RULES = {
    "totals": "record.totals",
    "expected": "record.expected",
    "effects": "draft.effects",
    "open": "draft.open",
    "counts": "draft.counts",
    "printed": "draft.printed",
}
_WIDTH = 118
_INDENT = 4
Answers = Iterable[tuple[Record, Asked[Mapped | Skipped | None]]]


@dataclass(frozen=True, slots=True)
class Proposal:
    """The value that a field of a trial would have, were the connector right; ``text`` is Python."""

    trial: str
    name: str
    text: str


def proposals(subject: Subject) -> list[Proposal]:
    """Return what is to be counted and was not; nothing while anything else is wrong, which would be counted too."""
    trial = subject.trial
    uncounted = {"record.totals"} if not trial.totals else set[str]()
    if set(subject.broken) - {*MEANING, *uncounted} or subject.first.error is not None or not subject.first.records:
        return []
    wanted = {name: value for name, value in _asked_for(subject) if value}
    if wanted and trial.later is not None:
        wanted |= _later(subject)
    return [
        Proposal(trial.name, name, as_python(value))
        for name, value in wanted.items()
        if value and _RULES.get(name) not in trial.exempt
    ]


def _asked_for(subject: Subject) -> Iterator[tuple[str, object]]:
    """Return what the rules ask for and the trial has not."""
    trial, drafts = subject.trial, list(mapped_drafts(answers_of(subject)))
    if not trial.totals:
        yield "totals", _totals(subject.told.records)
    if not trial.expected:
        yield "expected", _expected(subject, answers_of(subject))
    if not trial.effects:
        yield "effects", _by_stream(effects_of(drafts))
    if not trial.open:
        yield "open", _texts(owed(drafts))
    if not trial.counts:
        yield "counts", dict(sorted(counted(drafts).items()))
    if found := lacking(subject, drafts):
        yield "printed", {**{key: list(lines) for key, lines in trial.printed.items()}, **found}


def _later(subject: Subject) -> dict[str, object]:
    """Return what a later day brings, as far as the trial does not say it: what is new then and what became another."""
    before = {repr(each) for each in _expected(subject, answers_of(subject))}
    found: dict[str, object] = {}
    if not subject.trial.later_expected:
        found["later_expected"] = [
            each for each in _expected(subject, subject.mapped_later) if repr(each) not in before
        ]
    if not subject.trial.later_effects:
        found["later_effects"] = _by_stream(effects_of(standing(subject)))
    if not subject.trial.later_open:
        found["later_open"] = _texts(owed(standing(subject)))
    return found


def _totals(records: Iterable[Record]) -> dict[str, dict[str, str]]:
    sums: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for one in records:
        if one.amount is not None:
            sums[one.stream][one.amount.currency] += one.amount.amount
    return {stream: {currency: str(amount) for currency, amount in each.items()} for stream, each in sums.items()}


def _expected(subject: Subject, answers: Answers) -> list[Expected]:
    """Return the records of the streams that move money as ``Trial.expected`` lists them."""
    moving = {*subject.trial.totals, *_totals(subject.told.records)}
    return [
        Expected(
            one.stream,
            one.source_id,
            str(one.day),
            "" if one.amount is None else str(one.amount.amount),
            becomes(answer),
        )
        for one, answer in answers
        if one.stream in moving
    ]


def _by_stream(sums: Mapping[tuple[str, str], Decimal]) -> dict[str, dict[str, str]]:
    streams = sorted({stream for stream, _ in sums})
    return {
        stream: {place: str(amount) for (of, place), amount in sorted(sums.items()) if of == stream and amount}
        for stream in streams
    }


def _texts(sums: Mapping[str, Decimal]) -> dict[str, str]:
    return {key: str(amount) for key, amount in sorted(sums.items())}


def as_python(value: object, depth: int = 0, taken: int = 0) -> str:
    """Return a value as Python, formatted as the files of a connector are; ``taken`` is what stands on its line."""
    inner = " " * _INDENT * (depth + 1)
    match value:
        case Mapping():
            pairs = [(f"{as_python(key)}: ", each) for key, each in value.items()]
            opening, closing = "{", "}"
        case list() | tuple():
            pairs = [("", each) for each in value]
            opening, closing = "[", "]"
        case str():
            return json.dumps(value, ensure_ascii=False)
        case _:
            return repr(value)
    short = f"{opening}{', '.join(f'{key}{as_python(each)}' for key, each in pairs)}{closing}"
    if depth and len(short) + taken + len(inner) <= _WIDTH and not _has_lists(value):
        return short
    rows = [f"{inner}{key}{as_python(each, depth + 1, len(key))},\n" for key, each in pairs]
    return "".join([opening, "\n", *rows, inner[_INDENT:], closing])


def _has_lists(value: Mapping[object, object] | Sequence[object]) -> bool:
    """Tell whether lines are read in it, each of which keeps a line of its own."""
    return isinstance(value, list | tuple) and len(value) > 1
