"""How one file writes dates and amounts, decided from all of them or by a person's answer, else asked."""

from __future__ import annotations

from dataclasses import dataclass

from raccord_bankfeed.readers import questions
from raccord_bankfeed.readers.amounts import Mark, MarkEvidence
from raccord_bankfeed.readers.answers import Known
from raccord_bankfeed.readers.contract import Question
from raccord_bankfeed.readers.days import DayEvidence, Order


@dataclass(frozen=True, slots=True)
class Conventions:
    """The order of dates and the mark before decimals; ``asked`` is what has to be answered first."""

    order: Order
    mark: Mark
    asked: tuple[Question, ...] = ()


def decide(known: Known, key: str, days: DayEvidence, marks: MarkEvidence, row: int) -> Conventions:
    """Return how a file writes: what it tells wins, then what people said under ``key``; ``row`` is shown."""
    orders, fitting = days.orders(), marks.marks()
    order, mark = next(iter(orders)), next(iter(fitting))
    asked: list[Question] = []
    if len(orders) > 1 and days.example is not None:
        if told := known.says(key, *(each.value for each in orders)):
            order = Order(told)
        else:
            asked.append(questions.day_order(key, days.example, orders, row))
    if len(fitting) > 1:
        if told := known.says(key, *(each.value for each in fitting)):
            mark = Mark(told)
        else:
            asked.append(questions.decimal_mark(key, marks.example, row, None))
    return Conventions(order, mark, tuple(asked))
