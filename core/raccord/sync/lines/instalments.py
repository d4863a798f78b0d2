"""Movements that pay a part of one open invoice or bill each: alone, or together with others the whole of it; pure.

Looked at last, among movements that nothing fits whole. Only a text that names the document or its party counts: of
many lines some always add up to something. A part is never certain.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations

from raccord.sync.lines.matching import SHOWN, Movement, OpenItem, Place, Proposal, Reason, Shelf, Sure

LINES = 12
"""Movements, the oldest, that are put together for one document."""
TOGETHER_MAX = 4
"""Of them, those that settle it together at most."""

_NUMBER, _NAME, _ONLY = 45, 33, 12


@dataclass(frozen=True, slots=True)
class WithParts:
    """Proposals by movement, parts among them; ``limited`` are movements of which only some were put together."""

    proposals: Mapping[str, list[Proposal]]
    limited: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Told:
    """A movement whose text tells of a document that is open for more."""

    movement: Movement
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class _Group:
    """Movements that settle a document together."""

    item: OpenItem
    told: tuple[_Told, ...]
    only: bool
    """Whether no others among those looked at do."""


def with_parts(
    movements: Iterable[Movement], items: Iterable[OpenItem], whole: Mapping[str, list[Proposal]]
) -> WithParts:
    """Return what movements may pay whole, and of what they may pay a part; the order of both plays no part."""
    clear = {id_: each[0] for id_, each in whole.items() if each[0].sure is not Sure.POSSIBLE}
    taken = {place for each in clear.values() for place in each.places}
    shelf = Shelf(each for each in items if (each.kind, each.id) not in taken)
    told: dict[Place, list[_Told]] = defaultdict(list)
    there: dict[Place, OpenItem] = {}
    alone: dict[str, int] = {}
    for movement in sorted(movements, key=lambda each: (each.day, each.id)):
        if movement.id in clear:
            continue
        found = [(item, reasons) for item, reasons in shelf.told_of(movement) if item.amount > movement.amount]
        alone[movement.id] = len(found)
        for item, reasons in found:
            there[item.kind, item.id] = item
            told[item.kind, item.id].append(_Told(movement, reasons))
    groups = [group for place, lines in told.items() for group in _together(there[place], lines)]
    limited = {each.movement.id for lines in told.values() if len(lines) > LINES for each in lines}
    found_parts = _grouped(groups)
    sure = {id_ for id_, each in found_parts.items() if each[0].sure is Sure.LIKELY}
    for place, lines in told.items():
        _single(there[place], [each for each in lines if each.movement.id not in sure], alone, found_parts)
    merged = {id_: _merged(whole.get(id_, []), found_parts.get(id_, [])) for id_ in {**whole, **found_parts}}
    return WithParts(merged, frozenset(limited))


def _together(item: OpenItem, lines: Sequence[_Told]) -> Iterator[_Group]:
    """Yield the two to ``TOGETHER_MAX`` movements that come to what is open, fewest first."""
    sums = [
        some
        for count in range(2, TOGETHER_MAX + 1)
        for some in combinations(lines[:LINES], count)
        if sum((each.movement.amount for each in some), Decimal(0)) == item.amount
    ]
    for some in sums[:SHOWN]:
        yield _Group(item, some, only=len(sums) == 1)


def _grouped(groups: Sequence[_Group]) -> dict[str, list[Proposal]]:
    """Return by movement the groups it is of: likely where neither it, the others nor the document are of another."""
    ordered = sorted(groups, key=lambda each: (each.item.day, each.item.id, [one.movement.id for one in each.told]))
    of_lines = Counter(one.movement.id for each in ordered for one in each.told)
    found: dict[str, list[Proposal]] = defaultdict(list)
    for group in ordered:
        clear = group.only and all(of_lines[one.movement.id] == 1 for one in group.told)
        shared = frozenset.intersection(*(frozenset(one.reasons) for one in group.told))
        score = 25 + _said(shared) + (_ONLY if clear else 0)
        reasons = (Reason.INSTALMENTS, *(each for each in (Reason.NUMBER, Reason.NAME) if each in shared))
        for one in group.told:
            others = tuple(each.movement.id for each in group.told if each is not one)
            found[one.movement.id].append(
                Proposal(
                    (group.item,), min(score, 99), Sure.LIKELY if clear else Sure.POSSIBLE,
                    (*reasons, Reason.ONLY) if clear else reasons, one.movement.amount, others,
                )
            )  # fmt: skip
    return found


def _single(item: OpenItem, lines: Sequence[_Told], alone: Mapping[str, int], found: dict[str, list[Proposal]]) -> None:
    """Add a part of a document for each movement that names it: likely by number and name, while all fit into it."""
    numbered = [each for each in lines if Reason.NUMBER in each.reasons]
    fit = sum((each.movement.amount for each in numbered), Decimal(0)) <= item.amount
    for one in lines:
        named, by_number = Reason.NAME in one.reasons, Reason.NUMBER in one.reasons
        if not by_number and alone[one.movement.id] > 1:
            # A payer's name says nothing of which of several it is.
            continue
        likely = by_number and named and fit
        score = 10 + _said(frozenset(one.reasons)) + (_ONLY if alone[one.movement.id] == 1 else 0)
        proposal = Proposal(
            (item,), min(score, 99), Sure.LIKELY if likely else Sure.POSSIBLE, (Reason.PART, *one.reasons),
            one.movement.amount,
        )  # fmt: skip
        found.setdefault(one.movement.id, []).append(proposal)


def _merged(whole: Sequence[Proposal], parts: Sequence[Proposal]) -> list[Proposal]:
    """Return the best first; a movement is likely of one thing alone."""
    likely = [each for each in parts if each.sure is Sure.LIKELY]
    if len(likely) > 1:
        parts = [each if each.sure is not Sure.LIKELY else _possible(each) for each in parts]
    order = (Sure.CERTAIN, Sure.LIKELY, Sure.POSSIBLE)
    ranked = sorted([*whole, *parts], key=lambda each: (order.index(each.sure), -each.score))
    seen: set[tuple[Place, ...]] = set()
    found: list[Proposal] = []
    for each in ranked:
        # Of one document a person is shown one part: the group's before the same alone.
        if each.places not in seen:
            seen.add(each.places)
            found.append(each)
    return found[:SHOWN]


def _possible(proposal: Proposal) -> Proposal:
    return Proposal(proposal.items, proposal.score, Sure.POSSIBLE, proposal.reasons, proposal.part, proposal.together)


def _said(reasons: frozenset[Reason]) -> int:
    return (_NUMBER if Reason.NUMBER in reasons else 0) + (_NAME if Reason.NAME in reasons else 0)
