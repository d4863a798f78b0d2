"""Rules on records: exact, complete, of a day, and without what must stay secret."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from raccord.plugin.testing.kit.rules import check
from raccord.plugin.testing.kit.subject import Subject
from raccord.plugin.texts import Text

_CODE = re.compile(r"[a-z][a-z0-9_-]*(\.[a-z0-9_-]+)*")
_RAW_CHARACTERS_MAX = 1000


@check("record.json")
def _json(subject: Subject) -> Iterator[str]:
    for record in subject.told.records:
        for path, kind in _odd(record.raw, "raw"):
            yield f"{record.key()}: {path}: {kind}"


def _odd(value: object, path: str) -> Iterator[tuple[str, str]]:
    match value:
        case None | bool() | int() | str():
            return
        case dict():
            for name, inner in value.items():
                if not isinstance(name, str):
                    yield f"{path}.{name}", type(name).__name__
                yield from _odd(inner, f"{path}.{name}")
        case list() | tuple():
            for place, inner in enumerate(value):
                yield from _odd(inner, f"{path}[{place}]")
        case _:
            yield path, type(value).__name__


@check("record.kept_whole")
def _kept_whole(subject: Subject) -> Iterator[str]:
    yield from (record.key() for record in subject.told.records if not record.raw)


@check("record.day")
def _day(subject: Subject) -> Iterator[str]:
    for record in subject.told.records:
        if isinstance(record.day, datetime):
            yield f"{record.key()}: {record.day}"


@check("record.as_of")
def _as_of(subject: Subject) -> Iterator[str]:
    for record in subject.told.records:
        if record.as_of is not None and record.as_of.tzinfo is None:
            yield f"{record.key()}: {record.as_of}"


@check("record.totals")
def _totals(subject: Subject) -> Iterator[str]:
    if not subject.trial.totals:
        yield "totals={}"
        return
    found: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for record in subject.told.records:
        if record.amount is not None:
            found[record.stream, record.amount.currency] += record.amount.amount
    wanted = {
        (stream, currency): Decimal(str(amount))
        for stream, sums in subject.trial.totals.items()
        for currency, amount in sums.items()
    }
    for stream, currency in sorted(found.keys() | wanted.keys()):
        ours, theirs = found.get((stream, currency), Decimal(0)), wanted.get((stream, currency), Decimal(0))
        if ours != theirs:
            yield f"{stream} {currency}: {ours} ≠ {theirs}"


@check("reject.reason")
def _reject(subject: Subject) -> Iterator[str]:
    for reject in subject.told.rejects:
        if not reject.where or _CODE.fullmatch(reject.code) is None or not isinstance(reject.reason, Text):
            yield f"{reject.stream}: {reject.where or '?'} {reject.code!r}"
        elif len(reject.raw) > _RAW_CHARACTERS_MAX:
            yield f"{reject.stream}: {reject.where}: {len(reject.raw)}"
