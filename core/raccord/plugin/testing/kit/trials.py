"""Rules on the trial itself: a kit that looks at nothing finds nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from raccord.plugin.testing.kit.rules import NotConcerned, check, rules
from raccord.plugin.testing.kit.subject import Subject, facts
from raccord.plugin.testing.trial import Again, Telling


@check("trial.records")
def _records(subject: Subject) -> Iterator[str]:
    there = {record.stream for _, page in subject.first.pages for record in page.records}
    yield from (each.name for each in subject.info.streams if each.name not in there)


@check("trial.retold")
def _retold(subject: Subject) -> Iterator[str]:
    for again in Again:
        if again not in subject.trial.again and f"identity.{again.value}" not in subject.trial.exempt:
            yield again.value


@check("trial.news")
def _news(subject: Subject) -> Iterator[str]:
    later, told = subject.trial.later, subject.trial.told
    if later is None:
        raise NotConcerned
    whole = subject.read(Telling(files=[*told.files, *later.files], http=later.http or told.http))
    before, then = facts(subject.told.records), facts(whole.records)
    if not any(key in then and then[key] != said for key, said in before.items()):
        yield f"later: {len(then.keys() - before.keys())} new, 0 changed"


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
