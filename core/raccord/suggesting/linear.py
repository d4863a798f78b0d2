"""A linear model that learns each example at once: a perceptron with a margin, half averaged, in whole numbers.

Whole numbers make the same history give the same answers on every machine. The weights of a feature for all answers
are one whole number, each answer in its own run of bits (a lane): so many features are added up as so many numbers.
Lanes are given in the order in which answers come, so that the frequent ones make short numbers. A lane is wide enough
for all that the longest history can add to it, and a negative one borrows of the next, which is paid back when it is
read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from itertools import repeat
from operator import or_
from struct import unpack

MARGIN = 6
"""By how much the right answer must be ahead, in units of one feature's weight, before nothing is learned any more."""
_WEIGHT_BITS, _DRAWN_BITS = 32, 64


class Perceptron:
    """Weights by feature and answer, and their running average."""

    def __init__(self) -> None:
        self._lanes: dict[str, int] = {}
        self._answers: list[str] = []
        """By lane."""
        self._weights: dict[str, int] = {}
        self._drawn: dict[str, int] = {}
        """Changes of the weights times the turn they were made at; what the average lacks of the weights."""
        self._there: dict[str, int] = {}
        """Of which answers a feature has a weight, if only nothing: a bit for each."""
        self._zero = 0
        """Half of every lane's reach, in every lane of the weights."""
        self._zero_drawn = 0
        self._turn = 1

    def scores(self, features: Sequence[str]) -> dict[str, int]:
        """Return how much the features speak for each answer, in thousandths of a weight.

        Half of it is the average over all turns, which is steady; half is what was learned last, which follows a payee
        that moves to another category.
        """
        weights, drawn = self._sums(features), self._sums_drawn(features)
        there, twice = self._there_of(features), 2 * self._turn
        return {
            answer: (weight * twice - less) * 500 // self._turn
            for place, (answer, weight, less) in enumerate(zip(self._answers, weights, drawn, strict=True))
            if there >> place & 1
        }

    def learn(self, features: Sequence[str], right: str, weight: int) -> None:
        """Take one example in."""
        self._turn += 1
        totals = self._sums(features)
        mine, lane = 0, self._lanes.get(right)
        if lane is not None:
            mine, totals[lane] = totals[lane], -1
        best = max(totals, default=0)
        if mine - max(best, 0) >= MARGIN:
            return
        rival = ""
        if best >= 0:
            # Of one that no feature has a weight for, nothing is to be taken.
            there = -1 if best else self._there_of(features)
            rivals = (place for place, total in enumerate(totals) if total == best and there >> place & 1)
            rival = max((self._answers[place] for place in rivals), default="")
        self._add(features, right, weight)
        if rival:
            self._add(features, rival, -weight)

    def _add(self, features: Iterable[str], answer: str, weight: int) -> None:
        lane = self._lanes.get(answer)
        if lane is None:
            lane = self._lanes[answer] = len(self._answers)
            self._answers.append(answer)
            self._zero |= 1 << (_WEIGHT_BITS * (lane + 1) - 1)
            self._zero_drawn |= 1 << (_DRAWN_BITS * (lane + 1) - 1)
        more, bit = weight << (_WEIGHT_BITS * lane), 1 << lane
        drawn = (weight * self._turn) << (_DRAWN_BITS * lane)
        for feature in features:
            self._weights[feature] = self._weights.get(feature, 0) + more
            self._drawn[feature] = self._drawn.get(feature, 0) + drawn
            self._there[feature] = self._there.get(feature, 0) | bit

    def _sums(self, features: Iterable[str]) -> list[int]:
        """Return by lane what the features' weights come to."""
        count = len(self._answers)
        whole = sum(map(self._weights.get, features, repeat(0)), self._zero)
        half = 1 << (_WEIGHT_BITS - 1)
        return [each - half for each in unpack(f"<{count}I", whole.to_bytes(count * _WEIGHT_BITS // 8, "little"))]

    def _sums_drawn(self, features: Iterable[str]) -> list[int]:
        count = len(self._answers)
        whole = sum(map(self._drawn.get, features, repeat(0)), self._zero_drawn)
        half = 1 << (_DRAWN_BITS - 1)
        return [each - half for each in unpack(f"<{count}Q", whole.to_bytes(count * _DRAWN_BITS // 8, "little"))]

    def _there_of(self, features: Iterable[str]) -> int:
        return reduce(or_, map(self._there.get, features, repeat(0)), 0)
