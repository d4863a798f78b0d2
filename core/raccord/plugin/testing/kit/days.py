"""Rule on days: a moment belongs to the day that the connection's time zone and cut-off hour say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, time
from zoneinfo import ZoneInfo

from raccord.plugin.records import Reject
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
                yield f"{key[0]}/{key[1]} {zone} {cut_off:%H:%M}: {_found(key, days, read.rejects)} ≠ {wanted}"


def _found(key: tuple[str, str], days: Mapping[tuple[str, str], date], rejects: Sequence[Reject]) -> str:
    """Return the day that a record got, or why it became none."""
    if key in days:
        return str(days[key])
    of_stream, whole = [each for each in rejects if each.stream == key[0]], rf"(?<![\w-]){re.escape(key[1])}(?![\w-])"
    # Its place names it; where that is a line of a file, what it looked like does.
    for said in ("where", "raw"):
        for each in of_stream:
            if re.search(whole, getattr(each, said)):
                return f"rejected as {each.code}: {each.reason.en}"
    return "no record"
