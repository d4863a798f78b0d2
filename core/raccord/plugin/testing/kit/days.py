"""Rule on days: a moment belongs to the day that the connection's time zone and cut-off hour say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time
from zoneinfo import ZoneInfo

from raccord.plugin.testing.kit.rules import check
from raccord.plugin.testing.kit.subject import Subject, Where

_PLACES = (
    ("Pacific/Kiritimati", time(0)),
    ("Pacific/Pago_Pago", time(0)),
    ("America/Toronto", time(17)),
    ("America/Toronto", time(4)),
)


@check("day.zone")
def _zone(subject: Subject) -> Iterator[str]:
    moments, _ = subject.trial.moments, subject.told
    if not moments:
        yield "moments={}"
        return
    for zone, cut_off in _PLACES:
        read = subject.read(subject.trial.told, Where(time_zone=ZoneInfo(zone), cut_off=cut_off))
        if read.error is not None:
            yield f"{zone} {cut_off}: {read.error.asked.raised}"
            continue
        days = {(one.stream, one.source_id): one.day for one in read.records}
        for key, moment in moments.items():
            wanted = read.context.days.day_of(moment)
            if days.get(key) != wanted:
                yield f"{key[0]}/{key[1]} {zone} {cut_off:%H:%M}: {days.get(key)} ≠ {wanted}"
