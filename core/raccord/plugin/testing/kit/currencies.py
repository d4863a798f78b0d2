"""Rule on currencies: an amount is in the one that the source states for it, also in one that no sample has."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import partial

from raccord.plugin.contexts import Answer
from raccord.plugin.records import Record
from raccord.plugin.testing.kit.rules import NotConcerned, check
from raccord.plugin.testing.kit.subject import Subject, Where
from raccord.plugin.testing.twin_http import TwinAnswer

_NAMES = ("currency", "currency_code", "devise")
_CODE = re.compile("[A-Z]{3}")
_OTHERS = ("USD", "CAD")


@check("record.currency")
def _currency(subject: Subject) -> Iterator[str]:
    told = subject.told
    stated = {_stated(one) for one in told.records if one.amount is not None} - {""}
    if not stated:
        raise NotConcerned
    yield from _apart(told.records)
    if told.requests:
        # Samples are of one currency as a rule: the same source, telling another one, shows whether it is looked at.
        home = subject.trial.home_currency
        other = next(each for each in _OTHERS if each != home)
        changed = partial(_in_another, home, other)
        yield from _apart(subject.read(subject.trial.told, Where(changed=lambda _, answer: changed(answer))).records)


def _apart(records: Iterable[Record]) -> Iterator[str]:
    for one in records:
        if one.amount is not None and _stated(one) not in ("", one.amount.currency):
            yield f"{one.key()}: {one.amount.currency} ≠ {_stated(one)}"


def _stated(record: Record) -> str:
    """Return the currency that a record's own fields name, if they name one."""
    values = (record.raw.get(name) for name in _NAMES)
    return next((each for each in values if isinstance(each, str) and _CODE.fullmatch(each)), "")


def _in_another(home: str, other: str, answer: Answer) -> Answer:
    try:
        said = json.loads(answer.content, parse_float=str)
    except ValueError:
        return answer
    return TwinAnswer.of(_replaced(said, home, other), answer.status)


def _replaced(value: object, home: str, other: str) -> object:
    if isinstance(value, dict):
        return {
            name: other if name in _NAMES and inner == home else _replaced(inner, home, other)
            for name, inner in value.items()
        }
    return [_replaced(each, home, other) for each in value] if isinstance(value, list) else value
