"""What a source writes of a line's days beside the one that it is dated by: of its purchase, posting or value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from re import compile as pattern

from raccord_bankfeed.readers.contract import Line
from raccord_bankfeed.readers.days import parts_of
from raccord_bankfeed.readers.table.words import Part, part_of

_OF_FORMATS = pattern(r"DTUSER|DTPOSTED|(?:BookgDt|ValDt)/Dt(?:Tm)?|(?:booking|value|transaction|authorized)_date|"
                      r"date|posted|transacted_at")  # fmt: skip
_DIGITS = pattern(r"(?:19|20)[0-9]{6}(?![0-9]{2}(?![0-9]))")
_SECONDS = pattern(r"[0-9]{9,11}")


def second_days(line: Line) -> tuple[str, ...]:
    """Return what the source wrote of the days of a line, each text once; nothing where that is one day alone."""
    places = _dated(tuple(line.tags))
    if len(places) < 2:
        return ()
    some = {line.values[place] for place in places if place < len(line.values)} - {""}
    return tuple(sorted(some)) if len(some) > 1 else ()


def days_in(texts: Sequence[str]) -> set[date]:
    """Return the days that texts may mean; of one whose order of day and month is not sure, both."""
    return {day for text in texts for day in _days(text.strip())}


@lru_cache(maxsize=512)
def _dated(tags: tuple[str, ...]) -> tuple[int, ...]:
    return tuple(place for place, tag in enumerate(tags) if _OF_FORMATS.fullmatch(tag) or _names_a_day(tag))


def _names_a_day(tag: str) -> bool:
    found = part_of(tag)
    return found is not None and found[0] in (Part.DATE, Part.VALUE_DATE)


def _days(text: str) -> Iterator[date]:
    if _SECONDS.fullmatch(text):
        # In whose time zone is not told.
        day = datetime.fromtimestamp(int(text), UTC).date()
        yield from (day, day - timedelta(1))
    elif _DIGITS.match(text) or (text[:10].count("-") == 2 and text[:4].isdigit()):
        bare = text[:8] if text[:8].isdigit() else text[:10]
        try:
            yield date.fromisoformat(bare)
        except ValueError:
            return
    elif (parts := parts_of(text)) is not None:
        yield from parts.days.values()
