"""Which invoices of several customers a line pays together; pure.

Looked at last, of lines that nothing open fits alone, and taken only where there is one way to come to the amount and
few other sums come near it: of many invoices some always add up to something. ``bench/several_payers.py`` measures
what the limits let through.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from itertools import combinations

from raccord.sync.lines.in_parts import REACH, REACH_WHOLE, TOGETHER_MAX
from raccord.sync.lines.matching import EARLY, Movement, OpenItem, Proposal, Reason, Shelf, Sure

BACK = timedelta(days=120)
"""How long before a line its invoices are dated, where its text does not name them."""
OPEN_MAX = 20
"""Invoices of these days that are added up; among more of them, some always come to the amount."""
NAMED_MAX = 20
"""Invoices that a line's text may name."""
OTHERS = 6
"""How many other sums may come near an amount; none where it has no cents."""
_NAMED, _SUMMED = 80, 66
_UNIT = 1000


def with_lump_sums(
    movements: Iterable[Movement], items: Sequence[OpenItem], found: Mapping[str, Sequence[Proposal]]
) -> dict[str, list[Proposal]]:
    """Return what movements may pay, with invoices of several customers for those that nothing else was found for."""
    shelf, lumps = Shelf(items), dict[str, Proposal]()
    for each in movements:
        if not found.get(each.id) and (lump := _lump_sum(each, items, shelf)) is not None:
            lumps[each.id] = lump
    wanted = Counter(place for lump in lumps.values() for place in lump.places)
    wanted.update({place for some in found.values() for each in some for place in each.places})
    # What another movement may pay as well is not clear.
    clear = {id_: [lump] for id_, lump in lumps.items() if all(wanted[place] == 1 for place in lump.places)}
    return {**{id_: list(some) for id_, some in found.items()}, **clear}


def _lump_sum(movement: Movement, items: Iterable[OpenItem], shelf: Shelf) -> Proposal | None:
    told = tuple(item for item, reasons in shelf.told_of(movement) if Reason.NUMBER in reasons)
    if len(told) <= NAMED_MAX and _total(told) == movement.amount and _are_several(told):
        return Proposal(told, _NAMED, Sure.LIKELY, (Reason.SUM, Reason.NUMBER, Reason.PAYERS))
    near = [
        each
        for each in items
        if each.amount < movement.amount and movement.day - BACK <= each.day <= movement.day + EARLY
    ]
    some = _only_way(near, movement.amount) if len(near) <= OPEN_MAX else ()
    if not _are_several(some):
        return None
    return Proposal(some, _SUMMED, Sure.LIKELY, (Reason.SUM, Reason.ONLY, Reason.PAYERS))


def _only_way(near: Sequence[OpenItem], amount: Decimal) -> tuple[OpenItem, ...]:
    """Return the invoices that alone come to an amount; none where others do too, or it may be an accident."""
    # Whole numbers, as thousands of sums are made.
    moved, worth = _mills(amount), {each: _mills(each.amount) for each in near}
    whole = not moved % _UNIT
    reach = _mills(REACH_WHOLE if whole else REACH)
    hit: tuple[OpenItem, ...] = ()
    beside = 0
    for count in range(2, TOGETHER_MAX + 1):
        for some in combinations(worth, count):
            apart = sum(map(worth.__getitem__, some)) - moved
            if not apart:
                if hit:
                    return ()
                hit = some
            elif -reach <= apart <= reach and not (whole and apart % _UNIT):
                beside += 1
    return hit if beside <= (0 if whole else OTHERS) else ()


def _mills(amount: Decimal) -> int:
    return int(amount * _UNIT)


def _are_several(items: Sequence[OpenItem]) -> bool:
    return len({each.party_id for each in items}) > 1


def _total(items: Iterable[OpenItem]) -> Decimal:
    return sum((each.amount for each in items), Decimal(0))
