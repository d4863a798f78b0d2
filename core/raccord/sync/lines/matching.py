"""Which open invoices or bills a movement of money pays: proposals with scores and reasons; pure.

Blocks come first: by amount, then by what the bank's text says. Names are compared only within a block. One open
document is proposed as certain or likely to one movement alone, and a movement has one such proposal at most.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import combinations, takewhile

from raccord.sync.party_names import NAMED, Fit, Heard, Names, words_of

EARLY = timedelta(days=5)
"""How long before a document's date it may have been paid."""
SHOWN = 4
"""Proposals for one movement."""
TOGETHER = 6
"""Documents that one movement pays at most, of the ``OLDEST`` that its payer has open."""
OLDEST = 12
BLOCK_MAX = 40
"""Documents of one amount that are looked at without a word in common."""
KEPT = 24
"""Documents of a larger block that are looked at for two words of a name, or of one party: the newest of then."""
MARGIN = 15
"""By how much a certain proposal is ahead of the next one."""
CLEAR = 8
"""By how much a likely one is."""

_DIGITS = re.compile(r"\d{3,}")
_YEAR = re.compile(r"(19|20)\d\d")
_ALIKE = 60
_ONE, _SEVERAL = 40, 25
"""Scores of the amount alone, of one document and of several."""
_NAME_MOST = _ONE + 100 * 3 // 8 + 4
"""The highest score of an amount and a name."""


class Sure(StrEnum):
    """How sure a proposal is."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


class Reason(StrEnum):
    """What speaks for a proposal."""

    AMOUNT = "amount"
    """One document is open for exactly this amount."""
    SUM = "sum"
    """Several documents together are."""
    NUMBER = "number"
    """The bank's text holds the documents' numbers."""
    NAME = "name"
    """It holds the whole name."""
    ALIKE = "alike"
    """It holds most of the name."""
    ONLY = "only"
    """Nothing else is open for the amount."""
    PART = "part"
    """One document is open for more."""
    INSTALMENTS = "instalments"
    """The movement and others together are what one document is open for."""
    WAITING = "waiting"
    """Payments that wait in Undeposited Funds come to exactly this amount."""
    ONE_WAY = "one_way"
    """No other payments that wait do, nor is another movement made of these."""
    PAYERS = "payers"
    """Documents of several parties together are open for exactly this amount."""


Place = tuple[str, str]
"""Kind and id of a document."""


@dataclass(frozen=True, slots=True)
class Movement:
    """Money that came in or went out; ``amount`` is positive."""

    id: str
    amount: Decimal
    day: date
    text: str


@dataclass(frozen=True, slots=True)
class OpenItem:
    """An invoice or bill that is not settled; ``amount`` is what is still open of it."""

    kind: str
    id: str
    number: str
    party_id: str
    party: str
    amount: Decimal
    day: date
    total: Decimal | None = None
    """What it is for, paid or not; ``None`` where that is what is open."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a movement may pay: documents, whole, of one party or of several; or a ``part`` of one document."""

    items: tuple[OpenItem, ...]
    score: int
    sure: Sure
    reasons: tuple[Reason, ...]
    part: Decimal | None = None
    """What the movement pays of its one document; ``None`` where it pays all that is open of each."""
    together: tuple[str, ...] = ()
    """The other movements that pay the rest."""

    @property
    def places(self) -> tuple[Place, ...]:
        """Kind and id of each document."""
        if len(self.items) == 1:
            item = self.items[0]
            return ((item.kind, item.id),)
        return tuple((each.kind, each.id) for each in self.items)


def propose(movements: Iterable[Movement], items: Iterable[OpenItem]) -> dict[str, list[Proposal]]:
    """Return by movement what it may pay, the best first; movements that nothing open fits are left out."""
    shelf = Shelf(items)
    found = {each.id: shelf.may_pay(each) for each in sorted(movements, key=lambda each: (each.day, each.id))}
    return {id_: each[:SHOWN] for id_, each in _Choosing(found).answer().items()}


def _numbers_in(words: Sequence[str]) -> set[str]:
    """Return the digits in a text by which documents are known; nothing but zeros is none."""
    return {digits.lstrip("0") for word in words for digits in _DIGITS.findall(word)} - {""}


def _number_of(item: OpenItem) -> str:
    """Return the digits by which a document is known in a bank's text; a year or three digits alone tell nothing."""
    found = max(_DIGITS.findall(item.number), key=len, default="").lstrip("0")
    return "" if len(found) < 4 or _YEAR.fullmatch(found) else found


@dataclass(frozen=True, slots=True, eq=False)
class _May:
    """What a movement may pay, with what tells it from the movement's others."""

    proposal: Proposal
    places: tuple[Place, ...]
    score: int
    fit: Fit | None
    """How well the party's name and the text fit, where the name of another party comes near."""

    def outdoes(self, other: _May) -> bool:
        """Tell whether the movement's text means this one's party, where it may mean the other's as well."""
        return self.fit is not None and other.fit is not None and self.fit.outdoes(other.fit)


@dataclass(frozen=True, slots=True)
class _Judged:
    """What one movement may pay, the best first, and the highest score of what was not looked at."""

    may: list[_May]
    limit: int


class _Large:
    """Many documents of one amount, by their parties and by two words of the parties' names, the oldest first."""

    def __init__(self, block: Sequence[OpenItem], names: Names) -> None:
        self._of_party: dict[str, list[OpenItem]] = defaultdict(list)
        self._of_words: dict[tuple[str, str], list[OpenItem]] = defaultdict(list)
        self._most: dict[tuple[str, str], int] = defaultdict(int)
        for item in block:
            self._of_party[item.party_id].append(item)
            for key, percent in names.parts(item.party_id):
                self._of_words[key].append(item)
                self._most[key] = max(self._most[key], _ONE + percent * 3 // 8)

    def alike(self, heard: Heard, names: Names) -> Iterator[tuple[Sequence[OpenItem], int]]:
        """Yield documents whose party's name a text holds, or two words of it, with the highest score among them."""
        for party in names.named(heard):
            if party in self._of_party:
                yield self._of_party[party], _NAME_MOST
        for key in names.parts_in(heard):
            if key in self._of_words:
                yield self._of_words[key], self._most[key]


class Shelf:
    """Open documents by amount, number and the words of their parties."""

    def __init__(self, items: Iterable[OpenItem]) -> None:
        self._by_amount: dict[Decimal, list[OpenItem]] = defaultdict(list)
        self._by_number: dict[str, list[OpenItem]] = defaultdict(list)
        self._by_party: dict[str, list[OpenItem]] = defaultdict(list)
        self._owed: dict[str, Decimal] = defaultdict(Decimal)
        self._large: dict[Decimal, _Large] = {}
        """Large blocks that were looked at, by their amount."""
        self._numbers: dict[tuple[str, str], str] = {}
        ordered = sorted(items, key=lambda each: (each.day, each.id))
        self._names = Names((item.party_id, item.party) for item in ordered)
        for item in ordered:
            self._by_amount[item.amount].append(item)
            self._by_party[item.party_id].append(item)
            self._owed[item.party_id] += item.amount
            number = self._numbers[item.kind, item.id] = _number_of(item)
            if number:
                self._by_number[number].append(item)

    def may_pay(self, movement: Movement) -> _Judged:
        """Return what one movement may pay, regardless of the others."""
        heard = self._names.heard(words_of(movement.text))
        numbers = _numbers_in(heard.words)
        block, limit = self._near(movement, heard, numbers)
        near = [each for each in block if each.day - movement.day <= EARLY]
        found = [self._judged((each,), heard, numbers, alone=len(near) == 1) for each in near]
        if max((each.score for each in found), default=0) < _LIKELY_FROM:
            found += self._sums(movement, heard, numbers)
        found.sort(key=lambda each: (-each.score, each.items[0].day, each.items[0].id))
        if len(found) > BLOCK_MAX:
            limit = max(limit, found[BLOCK_MAX].score)
            del found[BLOCK_MAX:]
        fits = self._fits(found, heard)
        return _Judged([_May(each, each.places, each.score, fits.get(each.items[0].party_id)) for each in found], limit)

    def _fits(self, found: Sequence[Proposal], heard: Heard) -> dict[str, Fit]:
        """Return how well text and name fit, by party, where more than one comes near the best."""
        near = {each.items[0].party_id for each in found if each.score > found[0].score - MARGIN}
        return {party: self._names.fit(party, heard) for party in near} if len(near) > 1 else {}

    def told_of(self, movement: Movement) -> list[tuple[OpenItem, tuple[Reason, ...]]]:
        """Return the documents whose number a movement's text holds, or whose party's whole name, the oldest first."""
        heard = self._names.heard(words_of(movement.text))
        numbers = _numbers_in(heard.words)
        found = {(item.kind, item.id): item for number in numbers for item in self._by_number.get(number, ())}
        named = self._names.named(heard)
        for party in named:
            found |= {(item.kind, item.id): item for item in self._by_party[party][:OLDEST]}
        told = []
        for item in sorted(found.values(), key=lambda each: (each.day, each.id)):
            by_number = self._numbers[item.kind, item.id] in numbers
            reasons = [Reason.NUMBER] if by_number else []
            reasons += [Reason.NAME] if item.party_id in named else []
            if item.day - movement.day <= EARLY:
                told.append((item, tuple(reasons)))
        return told

    def _near(self, movement: Movement, heard: Heard, numbers: set[str]) -> tuple[Sequence[OpenItem], int]:
        """Return a whole block, or of a large one the oldest and those that have two words or a number in common.

        Beside it stands the highest score that one of those may have that were left out, as too many have as much.
        """
        amount, limit = movement.amount, 0
        block = self._by_amount.get(amount, ())
        if len(block) <= BLOCK_MAX:
            return block, limit
        if amount not in self._large:
            self._large[amount] = _Large(block, self._names)
        large, last = self._large[amount], movement.day + EARLY
        near = {(item.kind, item.id): item for item in block[:SHOWN]}
        for some, most in large.alike(heard, self._names):
            end = bisect_right(some, last, key=_day_of)
            near |= {(item.kind, item.id): item for item in some[max(0, end - KEPT) : end]}
            limit = max(limit, most if end > KEPT else 0)
        for number in numbers:
            near |= {(item.kind, item.id): item for item in self._by_number.get(number, ()) if item.amount == amount}
        return list(near.values()), limit

    def _judged(self, items: tuple[OpenItem, ...], heard: Heard, numbers: set[str], *, alone: bool) -> Proposal:
        names = self._names.words(items[0].party_id)
        name = self._names.naming(items[0].party_id, heard)
        reasons = [Reason.AMOUNT if len(items) == 1 else Reason.SUM]
        score = _ONE if len(items) == 1 else _SEVERAL
        if numbers and all(self._numbers[each.kind, each.id] in numbers for each in items):
            score += 45
            reasons.append(Reason.NUMBER)
        if name >= _ALIKE:
            # Of two names that the text holds, the longer one is meant: "Garage Roy" against "Garage Roy inc.".
            score += name * 3 // 8 + (min(len(names), 4) if set(names) <= set(heard.words) else 0)
            reasons.append(Reason.NAME if name >= NAMED else Reason.ALIKE)
        if alone:
            score += 12
            reasons.append(Reason.ONLY)
        return Proposal(items, min(score, 100), Sure.POSSIBLE, tuple(reasons))

    def _sums(self, movement: Movement, heard: Heard, numbers: set[str]) -> Iterator[Proposal]:
        """Yield the documents of a party that the text names whose sum is the movement's amount."""
        named = {item.party_id for number in numbers for item in self._by_number.get(number, ())}
        for party in sorted(named.union(self._names.named(heard))):
            if len(self._by_party[party]) < 2 or self._owed[party] < movement.amount:
                continue
            there = [each for each in self._by_party[party] if each.day - movement.day <= EARLY]
            told = tuple(each for each in there if self._numbers[each.kind, each.id] in numbers)
            if len(told) > 1 and sum(each.amount for each in told) == movement.amount:
                yield self._judged(told, heard, numbers, alone=False)
                continue
            sums = list(_adding_up(there[:OLDEST], movement.amount))
            for items in sums[:SHOWN]:
                yield self._judged(items, heard, numbers, alone=len(sums) == 1)


_LIKELY_FROM = 65
_CERTAIN_FROM = 76


def _day_of(item: OpenItem) -> date:
    return item.day


def _adding_up(items: Sequence[OpenItem], amount: Decimal) -> Iterator[tuple[OpenItem, ...]]:
    """Yield the two to ``TOGETHER`` documents that come to an amount, fewest first."""
    fitting = [each for each in items if each.amount < amount]
    each_amount = [each.amount for each in fitting]
    if sum(each_amount) < amount:
        return
    for count in range(2, min(TOGETHER, len(fitting)) + 1):
        for some, amounts in zip(combinations(fitting, count), combinations(each_amount, count), strict=True):
            if sum(amounts) == amount:
                yield some


class _Choosing:
    """Gives each document to one movement at most, the clearest pairs first.

    What is clear takes its documents away from the others, and that may make the next one clear. Two invoices of one
    amount to one payer stay open questions, unless the days or other payments leave only one of them.
    """

    def __init__(self, judged: dict[str, _Judged]) -> None:
        self._found = found = {id_: each.may for id_, each in judged.items() if each.may}
        self._limit = {id_: each.limit for id_, each in judged.items()}
        self._order = {id_: place for place, id_ in enumerate(found)}
        self._wanting: dict[Place, dict[str, _May]] = defaultdict(dict)
        """By document the movements that may pay it, each with its best proposal that holds it."""
        self._chosen: dict[str, _May] = {}
        self._taken: set[Place] = set()
        for id_, some in found.items():
            for each in some:
                # What is further behind contests nothing.
                for place in each.places if each.score > _LIKELY_FROM - MARGIN else ():
                    self._wanting[place].setdefault(id_, each)

    def answer(self) -> dict[str, list[Proposal]]:
        """Return all proposals, those of each movement that is clear first, with how sure that is."""
        self._settle(MARGIN)
        self._settle(CLEAR)
        answer = {}
        for id_, some in self._found.items():
            best = self._chosen.get(id_)
            others = [each.proposal for each in some if each is not best]
            answer[id_] = others if best is None else [replace(best.proposal, sure=self._sure(id_, best)), *others]
        return answer

    def _settle(self, margin: int) -> None:
        """Choose whatever is clear by a margin, and then what that makes clear."""
        waiting = deque(sorted(self._found, key=lambda id_: (-self._found[id_][0].score, self._order[id_])))
        queued = set(waiting)
        while waiting:
            id_ = waiting.popleft()
            queued.discard(id_)
            best = None if id_ in self._chosen else self._clear(id_, margin)
            if best is None:
                continue
            self._chosen[id_] = best
            self._taken.update(best.places)
            again = {other for place in best.places for other in self._wanting[place]}
            for other in sorted(again - queued, key=self._order.__getitem__):
                if other not in self._chosen:
                    waiting.append(other)
                    queued.add(other)

    def _clear(self, id_: str, margin: int) -> _May | None:
        free = self._free(id_)
        first = next(free, None)
        if first is None or first.score < _LIKELY_FROM:
            return None
        near = [first, *takewhile(lambda each: first.score - each.score < margin, free)]
        best = next((each for each in near if all(other is each or each.outdoes(other) for other in near)), None)
        if best is None or best.score < _LIKELY_FROM or best.score - self._limit[id_] < margin:
            return None
        return None if any(self._contested(place, id_, best, margin) for place in best.places) else best

    def _contested(self, place: Place, id_: str, best: _May, margin: int) -> bool:
        """Tell whether another movement needs a document as much, and has nothing else to pay."""
        return any(
            other != id_
            and other not in self._chosen
            and wanted.score > best.score - margin
            and not self._has_else(other, wanted, best)
            for other, wanted in self._wanting[place].items()
        )

    def _has_else(self, other: str, wanted: _May, best: _May) -> bool:
        """Tell whether a movement may pay something else than the documents of another's as well, or better."""
        return any(
            (each.score >= wanted.score or each.outdoes(wanted)) and set(each.places).isdisjoint(best.places)
            for each in self._free(other)
        )

    def _free(self, id_: str) -> Iterator[_May]:
        return (each for each in self._found[id_] if self._taken.isdisjoint(each.places))

    def _sure(self, id_: str, best: _May) -> Sure:
        """Return certain where nothing comes near, also of what others pay."""
        ahead = self._limit[id_] + MARGIN <= best.score
        ahead &= all(each is best or each.score + MARGIN <= best.score for each in self._found[id_][:2])
        rivals = (each.score for place in best.places for other, each in self._wanting[place].items() if other != id_)
        alone = all(score <= best.score - MARGIN for score in rivals)
        return Sure.CERTAIN if ahead and alone and best.score >= _CERTAIN_FROM else Sure.LIKELY
