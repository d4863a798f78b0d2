"""Which open invoices or bills a movement of money pays: proposals with scores and reasons; pure.

Blocks come first: by amount, then by what the bank's text says. Names are compared only within a block. One open
document is proposed as certain or likely to one movement alone, and a movement has one such proposal at most.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from itertools import combinations

from rapidfuzz.distance import OSA

EARLY = timedelta(days=5)
"""How long before a document's date it may have been paid."""
SHOWN = 4
"""Proposals for one movement."""
TOGETHER = 6
"""Documents that one movement pays at most, of the ``OLDEST`` that its payer has open."""
OLDEST = 12
BLOCK_MAX = 40
"""Documents of one amount that are looked at without a word in common."""
MARGIN = 15
"""By how much a certain proposal is ahead of the next one."""
CLEAR = 8
"""By how much a likely one is."""

_WORD = re.compile(r"[A-Z0-9]+")
_DIGITS = re.compile(r"\d{3,}")
_YEAR = re.compile(r"(19|20)\d\d")
_EMPTY_WORDS = frozenset(
    {
        "INC", "LTEE", "LTD", "LIMITEE", "CORP", "CO", "CIE", "ENR", "SA", "SAS", "SARL", "SENC", "SENCRL", "LLC",
        "GMBH", "THE", "AND", "LES", "DES", "DU", "DE", "LA", "LE", "ET", "SERVICES", "SERVICE", "GROUPE", "GROUP",
        "COMPANY", "COMPAGNIE",
    }
)  # fmt: skip
"""Words of names that tell nobody from anybody."""
_NAMED, _ALIKE = 90, 60


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
    found = {each.id: shelf.proposals(each) for each in sorted(movements, key=lambda each: (each.day, each.id))}
    return {id_: each[:SHOWN] for id_, each in _Choosing(found).answer().items()}


def words_of(text: str) -> tuple[str, ...]:
    """Return the words of a name or a bank's text, in capitals and without accents."""
    plain = text.upper()
    if not plain.isascii():
        plain = "".join(each for each in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(each))
    return tuple(_WORD.findall(plain.replace("'", " ")))


def naming(name: Sequence[str], text: Sequence[str]) -> int:
    """Return how much of a name, in percent of its letters, a text holds; banks cut words short and mistype them."""
    wanted = _telling(tuple(name))
    letters = sum(map(len, wanted))
    return 100 * sum([len(word) for word in wanted if _holds(text, word)]) // letters if letters else 0


@lru_cache(maxsize=16_384)
def _telling(name: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words of a name that tell it from others; all where none does."""
    return tuple([word for word in name if word not in _EMPTY_WORDS and len(word) > 1]) or name


def _holds(text: Sequence[str], word: str) -> bool:
    if word in text:
        return True
    if len(word) < 5:
        return False
    # The last word of a text may be cut short; elsewhere two letters swapped, or one wrong, are a mistake in typing.
    if text and len(text[-1]) >= 3 and word.startswith(text[-1]):
        return True
    lengths = range(len(word) - 1, len(word) + 2)
    return any(OSA.distance(word, each, score_cutoff=1) <= 1 for each in text if len(each) in lengths)


def _numbers_in(words: Sequence[str]) -> set[str]:
    """Return the digits in a text by which documents are known; nothing but zeros is none."""
    return {digits.lstrip("0") for word in words for digits in _DIGITS.findall(word)} - {""}


def _number_of(item: OpenItem) -> str:
    """Return the digits by which a document is known in a bank's text; a year or three digits alone tell nothing."""
    found = max(_DIGITS.findall(item.number), key=len, default="").lstrip("0")
    return "" if len(found) < 4 or _YEAR.fullmatch(found) else found


class Shelf:
    """Open documents by amount, number and the words of their parties."""

    def __init__(self, items: Iterable[OpenItem]) -> None:
        self._by_amount: dict[Decimal, list[OpenItem]] = defaultdict(list)
        self._by_number: dict[str, list[OpenItem]] = defaultdict(list)
        self._by_party: dict[str, list[OpenItem]] = defaultdict(list)
        self._owed: dict[str, Decimal] = defaultdict(Decimal)
        self._by_both: dict[tuple[str, Decimal], list[OpenItem]] = defaultdict(list)
        self._names: dict[str, tuple[str, ...]] = {}
        self._numbers: dict[tuple[str, str], str] = {}
        self._parties: dict[tuple[str, ...], set[str]] = defaultdict(set)
        """By the beginnings of two words of their names, or of the only one."""
        for item in sorted(items, key=lambda each: (each.day, each.id)):
            self._by_amount[item.amount].append(item)
            self._by_party[item.party_id].append(item)
            self._owed[item.party_id] += item.amount
            self._by_both[item.party_id, item.amount].append(item)
            number = self._numbers[item.kind, item.id] = _number_of(item)
            if number:
                self._by_number[number].append(item)
            if item.party_id not in self._names:
                self._names[item.party_id] = names = words_of(item.party)
                starts = sorted({_start(word) for word in names})
                for pair in combinations(starts, 2) if len(names) > 1 else [tuple(starts)]:
                    self._parties[pair].add(item.party_id)

    def proposals(self, movement: Movement) -> list[Proposal]:
        """Return what one movement may pay, regardless of the others."""
        words = words_of(movement.text)
        numbers = _numbers_in(words)
        block = self._near(self._by_amount.get(movement.amount, ()), words, numbers)
        near = [each for each in block if each.day - movement.day <= EARLY]
        single = [self._judged((each,), words, numbers, alone=len(near) == 1) for each in near]
        best = max((each.score for each in single), default=0)
        several = [] if best >= _LIKELY_FROM else list(self._sums(movement, words, numbers))
        return sorted([*single, *several], key=lambda each: (-each.score, each.items[0].day, each.items[0].id))

    def told_of(self, movement: Movement) -> list[tuple[OpenItem, tuple[Reason, ...]]]:
        """Return the documents whose number a movement's text holds, or whose party's whole name, the oldest first."""
        words = words_of(movement.text)
        numbers = _numbers_in(words)
        found = {(item.kind, item.id): item for number in numbers for item in self._by_number.get(number, ())}
        named = {party for party in self._told(words) if naming(self._names[party], words) >= _NAMED}
        for party in sorted(named):
            found |= {(item.kind, item.id): item for item in self._by_party[party][:OLDEST]}
        told = []
        for item in sorted(found.values(), key=lambda each: (each.day, each.id)):
            by_number = self._numbers[item.kind, item.id] in numbers
            reasons = [Reason.NUMBER] if by_number else []
            reasons += [Reason.NAME] if item.party_id in named else []
            if item.day - movement.day <= EARLY:
                told.append((item, tuple(reasons)))
        return told

    def _near(self, block: Sequence[OpenItem], words: Sequence[str], numbers: set[str]) -> Sequence[OpenItem]:
        """Return a whole block, or of a large one the oldest and those that have a word or number in common."""
        if len(block) <= BLOCK_MAX:
            return block
        amount, near = block[0].amount, list(block[:SHOWN])
        for party in self._told(words):
            near += self._by_both.get((party, amount), ())
        for number in numbers:
            near += [item for item in self._by_number.get(number, ()) if item.amount == amount]
        return list(dict.fromkeys(near))

    def _told(self, words: Sequence[str]) -> set[str]:
        """Return the parties whose names share the beginnings of two words with a text, or have one word that does."""
        starts = sorted({_start(word) for word in words if word not in _EMPTY_WORDS})
        found: set[str] = set()
        for pair in (*combinations(starts, 2), *((start,) for start in starts)):
            found |= self._parties.get(pair, set())
        return found

    def _judged(self, items: tuple[OpenItem, ...], words: Sequence[str], numbers: set[str], *, alone: bool) -> Proposal:
        names = self._names[items[0].party_id]
        name = naming(names, words)
        reasons = [Reason.AMOUNT if len(items) == 1 else Reason.SUM]
        score = 40 if len(items) == 1 else 25
        if numbers and all(self._numbers[each.kind, each.id] in numbers for each in items):
            score += 45
            reasons.append(Reason.NUMBER)
        if name >= _ALIKE:
            # Of two names that the text holds, the longer one is meant: "Garage Roy" against "Garage Roy inc.".
            score += name * 3 // 8 + (min(len(names), 4) if set(names) <= set(words) else 0)
            reasons.append(Reason.NAME if name >= _NAMED else Reason.ALIKE)
        if alone:
            score += 12
            reasons.append(Reason.ONLY)
        return Proposal(items, min(score, 100), Sure.POSSIBLE, tuple(reasons))

    def _sums(self, movement: Movement, words: Sequence[str], numbers: set[str]) -> Iterator[Proposal]:
        """Yield the documents of a party that the text names whose sum is the movement's amount."""
        named = {item.party_id for number in numbers for item in self._by_number.get(number, ())}
        # Names are looked at last: most parties have not enough open.
        able = (each for each in self._told(words) if len(self._by_party[each]) > 1)
        able = (each for each in able if self._owed[each] >= movement.amount)
        named |= {party for party in able if naming(self._names[party], words) >= _NAMED}
        for party in sorted(named):
            there = [each for each in self._by_party[party] if each.day - movement.day <= EARLY]
            told = tuple(each for each in there if self._numbers[each.kind, each.id] in numbers)
            if len(told) > 1 and sum(each.amount for each in told) == movement.amount:
                yield self._judged(told, words, numbers, alone=False)
                continue
            sums = list(_adding_up(there[:OLDEST], movement.amount))
            for items in sums[:SHOWN]:
                yield self._judged(items, words, numbers, alone=len(sums) == 1)


_LIKELY_FROM = 65
_CERTAIN_FROM = 76


def _start(word: str) -> str:
    return word[:4]


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

    def __init__(self, found: dict[str, list[Proposal]]) -> None:
        self._found = found = {id_: proposals for id_, proposals in found.items() if proposals}
        self._order = {id_: place for place, id_ in enumerate(found)}
        self._wanting: dict[Place, dict[str, int]] = defaultdict(dict)
        """By document the movements that may pay it, each with the score of its best proposal that holds it."""
        self._chosen: dict[str, Proposal] = {}
        self._taken: set[Place] = set()
        for id_, proposals in found.items():
            for each in proposals:
                # What is further behind contests nothing.
                for place in each.places if each.score > _LIKELY_FROM - MARGIN else ():
                    self._wanting[place].setdefault(id_, each.score)

    def answer(self) -> dict[str, list[Proposal]]:
        """Return all proposals, those of each movement that is clear first, with how sure that is."""
        self._settle(MARGIN)
        self._settle(CLEAR)
        answer = {}
        for id_, proposals in self._found.items():
            best = self._chosen.get(id_)
            others = [each for each in proposals if each is not best]
            if best is not None:
                others = [replace(best, sure=self._sure(id_, best)), *others]
            if others:
                answer[id_] = others
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

    def _clear(self, id_: str, margin: int) -> Proposal | None:
        free = self._free(id_)
        if not free or free[0].score < _LIKELY_FROM:
            return None
        best, second = free[0], free[1].score if len(free) > 1 else 0
        if best.score - second < margin:
            return None
        return None if any(self._contested(place, id_, best, margin) for place in best.places) else best

    def _contested(self, place: Place, id_: str, best: Proposal, margin: int) -> bool:
        """Tell whether another movement needs a document as much, and has nothing else to pay."""
        for other, score in self._wanting[place].items():
            if other == id_ or other in self._chosen or score <= best.score - margin:
                continue
            elsewhere = (each.score for each in self._free(other) if not set(each.places) & set(best.places))
            if max(elsewhere, default=0) < score:
                return True
        return False

    def _free(self, id_: str) -> list[Proposal]:
        if not self._taken:
            return self._found[id_]
        return [each for each in self._found[id_] if self._taken.isdisjoint(each.places)]

    def _sure(self, id_: str, best: Proposal) -> Sure:
        """Return certain where nothing comes near, also of what others pay."""
        ahead = max((each.score for each in self._found[id_] if each is not best), default=0) + MARGIN <= best.score
        rivals = (score for place in best.places for other, score in self._wanting[place].items() if other != id_)
        alone = max(rivals, default=0) <= best.score - MARGIN
        return Sure.CERTAIN if ahead and alone and best.score >= _CERTAIN_FROM else Sure.LIKELY
