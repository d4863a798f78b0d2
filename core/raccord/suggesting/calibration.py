"""From a score to how often such a score was right, and from where on enough of them were; in whole numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isqrt

SCALE = 3
"""What scores and confidences mean; to be raised with every change of how a guess is scored or a score judged.

A calibration that was kept under another one says nothing of today's guesses.
"""
BINS = 60
LEVELS = ((975, 40), (960, 150), (940, 250))
"""Of 1 000 suggestions that are shown so many are to agree with the answers, and by how many judged ones that is known.

Where people's answers contradict each other no learner agrees with 98 of 100; then a later level counts.
"""
MORE = 3
"""By how many times as many a later level that is known as well has to show, to count before an earlier one.

Of a short history a few lines of payees with a long one are known to be right 975 times of 1 000, and most of the rest
960 times. 2 showed as much as 3 on years of 361 lines with the seeds 2001 to 2040.
"""
SHOWN_MIN = 900
"""The least confidence that is ever shown, however sure the others are."""

JUDGED_MIN = 300
"""Judged suggestions of the company's own history at least that accepting by itself rests on."""
RIGHT = 998
"""Of 1 000 of them so many were right, with room for chance: then 995 of 1 000 are in the year after, too."""


@dataclass(frozen=True, slots=True)
class Step:
    """Judged guesses of neighbouring scores: from which score on, how many, and how many of them were right."""

    score: int
    count: int
    right: int

    @property
    def confidence(self) -> int:
        """How many of 1 000 such guesses are right, with room for chance: a few say less than many.

        It is three quarters of a standard deviation below the mean of the Beta distribution that the judged ones leave.
        """
        right, wrong, count = self.right + 1, self.count - self.right + 1, self.count + 2
        return (right * 1000 - isqrt(right * wrong * 562_500 // (count + 1))) // count


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
    found = Calibration(_rising(_binned(sorted(judged))))
    shown = 0
    for wanted, least in LEVELS:
        for step in found.steps:
            count, right = found.above(step.confidence)
            if step.confidence >= SHOWN_MIN and count >= least and proves(count, right, wanted):
                if count >= MORE * shown:
                    found, shown = Calibration(found.steps, step.confidence), count
                break
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


def _binned(judged: Sequence[tuple[int, bool]]) -> list[Step]:
    size = max(5, len(judged) // BINS)
    bins: list[Step] = []
    place = 0
    while place < len(judged):
        end = min(len(judged), place + size)
        # Equal scores stay together, and so does a rest that is too small to say anything.
        while end < len(judged) and (judged[end][0] == judged[end - 1][0] or len(judged) - end < size):
            end += 1
        some = judged[place:end]
        bins.append(Step(some[0][0], len(some), sum(right for _, right in some)))
        place = end
    return bins


def _rising(bins: Iterable[Step]) -> tuple[Step, ...]:
    """Join neighbours until no higher score is right less often than a lower one, or is known to be from fewer."""
    steps: list[Step] = []
    for each in bins:
        step = each
        while steps and (
            steps[-1].right * step.count >= step.right * steps[-1].count or steps[-1].confidence >= step.confidence
        ):
            before = steps.pop()
            step = Step(before.score, before.count + step.count, before.right + step.right)
        steps.append(step)
    return tuple(steps)
