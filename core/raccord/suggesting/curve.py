"""How often a guess with a score is right: a curve of known shape, whose place and height the company's past says.

Of a short history each score was judged a few times, which says little of it: ten of ten right may be 85 of 100. What
two hundred judged guesses do tell is by how much all of them are right more or less often than where the score was
fitted, and how many answers nothing could have told, because people answered otherwise than they had, or wrongly. So
these two are all that is learned, the shift and the noise that make likeliest what was judged; a shift is the less
likely the larger it is. A score is a logistic regression's: with each of its units what speaks for it is *e* times as
much as what speaks against it.

In whole numbers, parts of a million, so that the same history says the same on every machine.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from math import exp, log

from raccord.suggesting.evidence import TOP

MILLION = 1_000_000
EVEN, QUARTER = 14_100, 550
"""The score that is right one time of two, and by how much it rises for a quarter of a unit (made years, the
seeds 2001 to 2040).
"""
LOWEST, HIGHEST = -8, 24
"""At how many quarters from even scores are told apart; settled evidence stands highest."""
SHIFTS = range(-20, 17, 2)
"""In eighths."""
NOISES = (2_000, 5_000, 10_000, 20_000, 30_000, 40_000, 50_000, 60_000, 80_000, 100_000, 120_000, 150_000)
UNLIKELY = 21_701
"""What a shift by an eighth costs, in millionths of a unit of likelihood: six tenths of a unit are its standard
deviation.
"""


@dataclass(frozen=True, slots=True)
class Curve:
    """By how many eighths scores are surer than where they were fitted, and of a million answers the untold ones."""

    shift: int = 0
    noise: int = NOISES[0]

    def right(self, eighths: int) -> int:
        """Return how many of a million guesses are right, at so many eighths from even."""
        return (MILLION - self.noise) * _logistic(eighths + self.shift) // MILLION


def floor_of(score: int) -> int:
    """Return the least score that is judged together with a score."""
    return TOP if score >= TOP else EVEN + QUARTER * max(LOWEST, min(HIGHEST, (score - EVEN) // QUARTER))


def eighths_of(floor: int) -> int:
    """Return at how many eighths from even the least of the scores stands that are judged together."""
    return 2 * (HIGHEST if floor >= TOP else (floor - EVEN) // QUARTER)


def fitted(judged: Iterable[tuple[int, int, int]]) -> Curve:
    """Return the curve that is likeliest by what was judged: the least score, how many, and how many of them right."""
    there = [(eighths_of(floor) + 1, count, right) for floor, count, right in judged]
    curves = (Curve(shift, noise) for shift in SHIFTS for noise in NOISES)
    return max(curves, key=lambda curve: (_likelihood(curve, there), -abs(curve.shift), curve.noise, curve.shift))


def _likelihood(curve: Curve, judged: Iterable[tuple[int, int, int]]) -> int:
    found = -UNLIKELY * curve.shift * curve.shift
    for eighths, count, right in judged:
        likely = curve.right(eighths)
        found += right * _log(likely) + (count - right) * _log(MILLION - likely)
    return found


@lru_cache(maxsize=256)
def _logistic(eighths: int) -> int:
    return round(MILLION / (1 + exp(-eighths / 8)))


@lru_cache(maxsize=4096)
def _log(part: int) -> int:
    return round(log(part / MILLION) * MILLION)
