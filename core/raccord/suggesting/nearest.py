"""The accepted lines of the same payee, however its name was cut, mistyped or followed by a city."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from itertools import islice

from rapidfuzz import fuzz, process

from raccord.suggesting.history import Example

NEAREST = 12
"""Examples that a line is compared with, the newest."""
FEW = 3
"""So many examples of the very same text are enough without those of similar ones."""
SAME, BEGINS, ALIKE = 100, 95, 86
"""How near two payees are, in percent: the same words, one begins with the other, a few letters differ."""
LETTERS_MIN = 8
"""Of a name that is cut, to be recognised by its beginning."""
SIMILAR_MAX = 4


class Nearest:
    """Examples by payee."""

    def __init__(self) -> None:
        self._examples: dict[str, tuple[list[Example], list[Example]]] = {}
        """By payee those of money out and those of money in."""
        self._payees: list[str] = []
        """Sorted, so that those with one beginning stand together."""

    def add(self, payee: str, example: Example) -> None:
        """Take an example in; the newest comes last."""
        if payee not in self._examples:
            insort(self._payees, payee)
            self._examples[payee] = ([], [])
        self._examples[payee][example.line.amount > 0].append(example)

    def of(self, payee: str, *, money_in: bool) -> tuple[int, list[Example]]:
        """Return how near the nearest examples are, in percent, and these, the newest last; nothing of a new payee."""
        nearness = 0
        found: list[Example] = []
        for how, other in self._similar(payee):
            there = self._examples[other][money_in]
            if there:
                nearness = max(nearness, how)
                found += there[-NEAREST:]
            if len(found) >= FEW and how == SAME:
                break
        found.sort(key=lambda each: (each.line.day, each.line.id))
        return nearness, found[-NEAREST:]

    def _similar(self, payee: str) -> Iterator[tuple[int, str]]:
        if not payee:
            return
        if payee in self._examples:
            yield SAME, payee
        near = 0
        for other in islice(self._beginning(payee), SIMILAR_MAX):
            near += 1
            yield BEGINS, other
        if near or payee in self._examples:
            return
        for other, score, _ in process.extract(
            payee, self._payees, scorer=fuzz.ratio, score_cutoff=ALIKE, limit=SIMILAR_MAX
        ):
            yield int(score), other

    def _beginning(self, payee: str) -> Iterator[str]:
        """Yield the payees whose name begins with this one, or this one's with theirs: the longest first."""
        words = payee.split()
        for count in range(len(words) - 1, 0, -1):
            begin = " ".join(words[:count])
            if begin in self._examples and (count > 1 or len(begin) >= LETTERS_MIN):
                yield begin
        if len(payee) >= LETTERS_MIN:
            for place in range(bisect_left(self._payees, payee), len(self._payees)):
                other = self._payees[place]
                if not other.startswith(payee):
                    return
                if other != payee:
                    yield other
