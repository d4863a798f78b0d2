"""From a score to how often such a score was right, and from where on enough of them were; in whole numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isqrt

from raccord.suggesting.curve import MILLION, Curve, eighths_of, fitted, floor_of

SCALE = 4
"""What scores and confidences mean; to be raised with every change of how a guess is scored or a score judged.

A calibration that was kept under another one says nothing of today's guesses.
"""
LEVEL, SURE, LEAST = 975, 920, 40
"""Of 1 000 suggestions that are shown so many are to agree with the answers, of the least sure of them so many, and by
how many judged ones that is known.

Of the answers, that is, that anything could tell: where people contradict themselves nothing agrees with more. Chosen
on made years with the seeds 2001 to 2030.
"""
LEVEL_MIN, SHOWN_MIN = 930, 900
"""The least that those that are shown are to reach together, and each of them, whatever people answer."""

JUDGED_MIN = 300
"""Judged suggestions of the company's own history at least that accepting by itself rests on."""
RIGHT = 998
"""Of 1 000 of them so many were right, with room for chance: then 995 of 1 000 are in the year after, too."""


@dataclass(frozen=True, slots=True)
class Step:
    """Judged guesses of neighbouring scores: from which score on, how many, how many of them were right, and of how
    many of 1 000 such the company's curve says so.
    """

    score: int
    count: int
    right: int
    confidence: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """Steps with rising scores, never falling in how often they are right."""

    steps: tuple[Step, ...] = ()
    shown_from: int | None = None
    """The least confidence that is shown; nothing where no threshold has proven itself."""

    def confidence(self, score: int) -> int:
        """Return how many of 1 000 guesses with such a score are right."""
        return max((each.confidence for each in self.steps if each.score <= score), default=0)

    def above(self, confidence: int) -> tuple[int, int]:
        """Return how many judged guesses were at least so sure, and how many of these were right."""
        sure = [each for each in self.steps if each.confidence >= confidence]
        return sum(each.count for each in sure), sum(each.right for each in sure)


def calibrated(judged: Iterable[tuple[int, bool]]) -> Calibration:
    """Learn from guesses, each made before its answer was known, how sure a score is."""
    there: dict[int, list[bool]] = defaultdict(list)
    for score, right in judged:
        there[floor_of(score)].append(right)
    bins = [(floor, len(each), sum(each)) for floor, each in sorted(there.items())]
    curve = fitted(bins)
    steps = [Step(*each, curve.right(eighths_of(each[0])) * 1000 // MILLION) for each in bins]
    return Calibration(tuple(steps), _shown_from(steps, curve))


def _shown_from(steps: Sequence[Step], curve: Curve) -> int | None:
    """Return the least confidence from which on as many are claimed to be right as are wanted, and were."""
    told = MILLION - curve.noise
    wanted, least = max(LEVEL_MIN, LEVEL * told // MILLION), max(SHOWN_MIN, SURE * told // MILLION)
    count = right = claimed = 0
    found = None
    for each in reversed(steps):
        if each.confidence < least:
            break
        count, right, claimed = count + each.count, right + each.right, claimed + each.confidence * each.count
        if count >= LEAST and min(claimed, right * 1000) >= wanted * count:
            found = each.confidence
    return found


@dataclass(frozen=True, slots=True)
class Support:
    """What a company's past says of suggestions from a confidence on."""

    confidence: int
    judged: int
    right: int

    @property
    def enough(self) -> bool:
        """Tell whether the past supports that they are accepted by themselves."""
        return self.judged >= JUDGED_MIN and proves(self.judged, self.right, RIGHT)


def support(calibration: Calibration, confidence: int) -> Support:
    """Return what the past says of suggestions from a confidence on."""
    return Support(confidence, *calibration.above(confidence))


def supported(calibration: Calibration) -> Support | None:
    """Return the least confidence from which the past supports accepting; nothing where none does."""
    found = (support(calibration, each.confidence) for each in calibration.steps)
    return next((each for each in found if each.enough), None)


def proves(count: int, right: int, wanted: int) -> bool:
    """Tell whether a share of right guesses is reached with some room for chance; ``wanted`` is of 1 000."""
    allowed = count * (1000 - wanted)
    return (count - right) * 1000 <= max(0, allowed - isqrt(allowed * 1000) // 2)
