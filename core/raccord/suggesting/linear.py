"""A linear model that learns each example at once: a perceptron with a margin, half averaged, in whole numbers.

Whole numbers make the same history give the same answers on every machine, and nothing but dictionaries is imported.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

MARGIN = 6
"""By how much the right answer must be ahead, in units of one feature's weight, before nothing is learned any more."""


class Perceptron:
    """Weights by feature and answer, and their running average."""

    def __init__(self) -> None:
        self._weights: dict[str, dict[str, int]] = {}
        self._drawn: dict[str, dict[str, int]] = {}
        """Changes of the weights times the turn they were made at; what the average lacks of the weights."""
        self._turn = 1

    def scores(self, features: Sequence[str]) -> dict[str, int]:
        """Return how much the features speak for each answer, in thousandths of a weight.

        Half of it is the average over all turns, which is steady; half is what was learned last, which follows a payee
        that moves to another category.
        """
        totals: dict[str, int] = defaultdict(int)
        twice = 2 * self._turn
        for feature in features:
            if weights := self._weights.get(feature):
                drawn = self._drawn[feature]
                for answer, weight in weights.items():
                    totals[answer] += weight * twice - drawn[answer]
        return {answer: total * 500 // self._turn for answer, total in totals.items()}

    def learn(self, features: Sequence[str], right: str, weight: int) -> None:
        """Take one example in."""
        self._turn += 1
        totals: dict[str, int] = defaultdict(int)
        for weights in filter(None, map(self._weights.get, features)):
            for answer, score in weights.items():
                totals[answer] += score
        rival, best = "", 0
        for answer, total in totals.items():
            if answer != right and (total, answer) > (best, rival):
                rival, best = answer, total
        if totals.get(right, 0) - best >= MARGIN:
            return
        for feature in features:
            self._add(feature, right, weight)
            if rival:
                self._add(feature, rival, -weight)

    def _add(self, feature: str, answer: str, weight: int) -> None:
        weights = self._weights.setdefault(feature, {})
        drawn = self._drawn.setdefault(feature, {})
        weights[answer] = weights.get(answer, 0) + weight
        drawn[answer] = drawn.get(answer, 0) + weight * self._turn
