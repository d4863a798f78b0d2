"""Rules on the trial itself: a kit that looks at nothing finds nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from raccord.plugin.testing.kit.rules import check, rules
from raccord.plugin.testing.kit.subject import Subject
from raccord.plugin.testing.trial import Again


@check("trial.records")
def _records(subject: Subject) -> Iterator[str]:
    there = {record.stream for _, page in subject.first.pages for record in page.records}
    yield from (each.name for each in subject.info.streams if each.name not in there)


@check("trial.retold")
def _retold(subject: Subject) -> Iterator[str]:
    for again in Again:
        if again not in subject.trial.again and f"identity.{again.value}" not in subject.trial.exempt:
            yield again.value


@check("trial.negative_day")
def _negative_day(subject: Subject) -> Iterator[str]:
    sums: dict[tuple[str, date], Decimal] = defaultdict(Decimal)
    for record in subject.told.records:
        if record.amount is not None:
            sums[record.stream, record.day] += record.amount.amount
    if sums and min(sums.values()) >= 0:
        yield min(sums.values()).to_eng_string()


@check("trial.exemptions")
def _exemptions(subject: Subject) -> Iterator[str]:
    yield from (name for name in subject.trial.exempt if name not in rules())
