"""How one file writes dates and amounts, decided from all of them or by a person's answer, else asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from raccord_bankfeed.readers import questions
from raccord_bankfeed.readers.amounts import Mark, MarkEvidence, marks_of, written
from raccord_bankfeed.readers.contract import Question
from raccord_bankfeed.readers.days import DayEvidence, Order, Parts, parts_of
from raccord_bankfeed.readers.told import Known

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Conventions:
    """The order of dates and the mark before decimals; ``asked`` is what has to be answered first."""

    order: Order
    mark: Mark
    asked: tuple[Question, ...] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """A row of a file, its day and its amounts as they are written there."""

    row: str
    day: str
    amounts: Sequence[str]


@dataclass(frozen=True, slots=True)
class Place:
    """Which file it is about: its key, the key of all that are written like it, a row, and the first of its rows."""

    key: str
    layout: str
    row: int
    first: Callable[[], Iterable[Told]]
    before: str = ""
    """The key under which earlier versions kept what was said of all that are written like it."""


def decide(
    known: Known,
    place: Place,
    days: DayEvidence,
    marks: MarkEvidence,
    beside: Callable[[], DayEvidence] = DayEvidence,
) -> Conventions:
    """Return how a file writes: what it tells wins, then what people said of it or of all that are written like it.

    Before they are asked about the order of days, those ``beside`` them in its rows are looked at.
    """
    orders, fitting = days.orders(), marks.marks()
    order, mark = next(iter(orders)), next(iter(fitting))
    asked: list[Question] = []

    def said(*words: str) -> str:
        return known.says_of(place.key, place.layout, *words) or known.says(place.before, *words)

    if len(orders) > 1 and days.example is not None:
        if told := said(*(each.value for each in orders)):
            order = Order(told)
        elif (found := beside().among(orders)) is not None:
            order = found
        else:
            asked.append(questions.day_order(place.key, place.layout, _days(place, days.example), orders, place.row))
    if len(fitting) > 1:
        if told := said(*(each.value for each in fitting)):
            mark = Mark(told)
        else:
            asked.append(questions.decimal_mark(place.key, place.layout, _amounts(place, marks.example), place.row))
    return Conventions(order, mark, tuple(asked))


def _days(place: Place, example: Parts) -> list[tuple[str, Parts]]:
    """Return rows whose days can be read in several ways, a few of unlike days."""
    found: dict[str, tuple[str, Parts]] = {}
    for told in place.first():
        parts = parts_of(told.day)
        if parts is not None and len(set(parts.days.values())) > 1:
            found.setdefault(parts.text, (told.row, parts))
    return list(found.values())[:_SHOWN] or [(example.text, example)]


def _amounts(place: Place, example: str) -> list[tuple[str, str]]:
    """Return rows whose amounts can be read in two ways, a few of unlike amounts."""
    found: dict[str, tuple[str, str]] = {}
    for told in place.first():
        for text in told.amounts:
            parts = written(text)
            if parts is not None and not parts.digits.isdigit() and len(marks_of(parts.digits)) > 1:
                found.setdefault(text.strip(), (told.row, text.strip()))
    return list(found.values())[:_SHOWN] or [(example, example)]
