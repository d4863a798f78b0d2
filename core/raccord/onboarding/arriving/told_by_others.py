"""Which lines of a file the others tell too, under ids of their own that count only once the file is gone; pure.

Files of one account in two formats share no ids: each line counts as the one that was told first, and the other file's
counts nothing. Without the first file it would count by itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date

from raccord.plugin.money import Money
from raccord.sync.fetching.told_as import Place

DAYS_APART = 5
"""So many days formats may date one line apart."""


def told_by_others(
    gone: Collection[Place],
    whole: Mapping[Place, tuple[date, Money]],
    rest: Mapping[Place, tuple[date, Money]],
    in_books: Collection[Place] = (),
) -> dict[Place, Place]:
    """Return which records that go are told by other files, each with what tells it.

    They are paired one to one by amount, what is in the books before all else and then those of nearest days. What
    tells one counts nothing yet and is itself not in the books. ``whole`` is what all files count, ``rest`` what they
    count without the one that goes, each with its day.
    """
    free: dict[tuple[str, Money], list[tuple[date, Place]]] = defaultdict(list)
    for place, (day, money) in rest.items():
        if place not in whole and place not in in_books:
            free[place[0], money].append((day, place))
    goes: dict[tuple[str, Money], list[tuple[date, Place]]] = defaultdict(list)
    for place in gone:
        if place in whole and (key := (place[0], whole[place][1])) in free:
            goes[key].append((whole[place][0], place))
    found: dict[Place, Place] = {}
    for key, some in goes.items():
        pairs = sorted(
            (place not in in_books, abs((day - other_day).days), place, other)
            for day, place in some
            for other_day, other in free[key]
            if abs((day - other_day).days) <= DAYS_APART
        )
        taken: set[Place] = set()
        for *_, place, other in pairs:
            if place not in found and other not in taken:
                found[place] = other
                taken.add(other)
    return found
