"""Which imported entries of a list may be ones that its source had before: compared once, and of changes only these."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from raccord.onboarding.setting_up.known_names import Own, Taken

BESIDE_MAX = 5
"""Earlier entries that are shown beside an imported one."""
SHARED_MAX = 20
"""An address or number that more entries share than this tells nobody from another."""


class DoubleReason(StrEnum):
    """Why two entries may be one."""

    SAME_NAME = "same_name"
    NAME = "name"
    EMAIL = "email"
    PHONE = "phone"
    TAX_ID = "tax_id"


@dataclass(frozen=True, slots=True)
class Pair:
    """An imported entry and those that it may be, the likeliest first."""

    taken: Taken
    beside: Sequence[tuple[Own, Sequence[DoubleReason]]]


@dataclass(frozen=True, slots=True)
class Compared:
    """Pairs, and what they were made of: of the next lists only what differs from these is compared."""

    pairs: Sequence[Pair]
    found: Mapping[str, Pair] = field(default_factory=dict)
    """Each pair by its imported entry."""
    imported: Mapping[str, tuple[Taken, Own | None]] = field(default_factory=dict)
    """Every imported entry, and what the source says of it, by QuickBooks' id."""
    before: Mapping[int, Own] = field(default_factory=dict)
    """What the source had before, by record."""

    @classmethod
    def of(cls, own: Sequence[Own], before: Sequence[Own], taken: Sequence[Taken], then: Compared) -> Compared:
        """Compare what differs from ``then``, whose objects are these where nothing changed."""
        there = {each.id: each for each in own}
        now = {each.at: each for each in before}
        apart = [each for at, each in now.items() if then.before.get(at) is not each]
        apart += [each for at, each in then.before.items() if now.get(at) is not each]
        names, ways = {each.alike for each in apart}, {way for each in apart for way in each.reach}
        imported = {each.object_id: (each, there.get(each.source_id)) for each in taken}
        anew = [id_ for id_, both in imported.items() if _changed(both, then.imported.get(id_), names, ways)]
        found = {id_: pair for id_, pair in then.found.items() if id_ in imported}
        by_name, by_reach = _alike([imported[id_] for id_ in anew], before)
        for id_ in anew:
            found.pop(id_, None)
            beside = _beside(*imported[id_], by_name, by_reach)
            if beside:
                found[id_] = Pair(imported[id_][0], beside)
        return cls([found[id_] for id_ in imported if id_ in found], found, imported, now)


NOTHING_COMPARED = Compared(())


def _changed(
    both: tuple[Taken, Own | None],
    then: tuple[Taken, Own | None] | None,
    names: Collection[str],
    ways: Collection[tuple[str, str]],
) -> bool:
    """Tell whether an imported entry is another one than it was, or what it may be beside is."""
    taken, imported = both
    if then is None or then[0] is not taken or then[1] is not imported or taken.alike in names:
        return True
    return bool(ways) and imported is not None and not imported.reach.isdisjoint(ways)


def _alike(
    imported: Iterable[tuple[Taken, Own | None]], before: Sequence[Own]
) -> tuple[Mapping[str, Sequence[Own]], Mapping[tuple[str, str], Sequence[Own]]]:
    """Return what the source had before by what these entries are compared by, nothing else."""
    by_name: dict[str, list[Own]] = {}
    by_reach: dict[tuple[str, str], list[Own]] = {}
    for taken, own in imported:
        by_name[taken.alike] = []
        by_reach.update({way: [] for way in own.reach} if own is not None else {})
    for each in before if by_name else ():
        if each.alike in by_name:
            by_name[each.alike].append(each)
        for way in each.reach:
            if way in by_reach:
                by_reach[way].append(each)
    return by_name, by_reach


def _beside(
    taken: Taken,
    imported: Own | None,
    by_name: Mapping[str, Sequence[Own]],
    by_reach: Mapping[tuple[str, str], Sequence[Own]],
) -> Sequence[tuple[Own, Sequence[DoubleReason]]]:
    found: dict[str, tuple[Own, list[DoubleReason]]] = {}
    for own in by_name.get(taken.alike, ()):
        same = own.name.casefold() == taken.name.casefold()
        found[own.id] = own, [DoubleReason.SAME_NAME if same else DoubleReason.NAME]
    for way in sorted(imported.reach) if imported is not None else ():
        others = by_reach.get(way, ())
        for own in others if len(others) <= SHARED_MAX else ():
            reasons = found.setdefault(own.id, (own, []))[1]
            if DoubleReason(way[0]) not in reasons:
                reasons.append(DoubleReason(way[0]))
    return sorted(found.values(), key=lambda each: (-len(each[1]), each[0].name, each[0].id))[:BESIDE_MAX]
