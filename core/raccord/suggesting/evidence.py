"""What speaks for each account that the nearest examples of a line have, in whole numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from raccord.suggesting.history import Example, Line
from raccord.suggesting.linear import MARGIN

LATEST = 3
"""So many of a payee's newest answers count twice."""
SIZE, PLACE, STREAK, MANY = 1600, 1500, 185, 270
"""What the answers of a like amount and of the same bank account weigh, each answer of the streak, and each doubling of
the examples: the more there are, the longer the streak is to be.

They were fitted (a logistic regression beside the vote and the linear model, rounded) on made years with the seeds 1 to
6 and on no others; so was the next.
"""
SETTLED, TOP = 1380, 10_000
"""Vote and model from which on there is nothing to add, and where such scores begin: five examples of the very same
payee or more, all of one mind, and the model as sure as it gets. What is accepted by itself comes from these.
"""
STEADY, UNSTEADY = 1200, 3600
"""Steadiness below which settled evidence is judged among the other, and where it stands there (the same seeds)."""


@dataclass(slots=True)
class Evidence:
    """The nearest examples of a line, the newest last, and how they voted."""

    line: Line
    near: Sequence[Example]
    nearness: int
    votes: Mapping[str, int] = field(init=False)
    _alike: Sequence[str] = field(init=False)
    """The answers of a like amount, and below those on the same bank account."""
    _beside: Sequence[str] = field(init=False)

    def __post_init__(self) -> None:
        votes: dict[str, int] = defaultdict(int)
        for place, each in enumerate(self.near):
            votes[each.answer.account] += each.weight * (2 if place >= len(self.near) - LATEST else 1)
        self.votes = votes
        self._alike = [each.answer.account for each in self.near if _like(each.line, self.line)]
        self._beside = [each.answer.account for each in self.near if each.line.account == self.line.account]

    def score(self, account: str, scores: Mapping[str, int]) -> int:
        """Return how much speaks for an account; it means nothing by itself."""
        said = self.votes[account] * 10 * self.nearness // (sum(self.votes.values()) + 2)
        others = max((score for other, score in scores.items() if other != account), default=0)
        ahead = (scores.get(account, 0) - others) // (2 * MARGIN)
        base = said + max(-500, min(500, ahead))
        if base >= SETTLED:
            return TOP + base
        streak = STREAK * self._streak(account) - MANY * len(self.near).bit_length()
        return base + streak + _share(SIZE, account, self._alike) + _share(PLACE, account, self._beside)

    def _streak(self, account: str) -> int:
        """Return how many of the newest answers have an account, back to the first that has not."""
        newest = (place for place, each in enumerate(reversed(self.near)) if each.answer.account != account)
        return next(newest, len(self.near))


def steadied(score: int, steadiness: int) -> int:
    """Return a score with how steady its payee and its account are; where both are, settled evidence stays apart."""
    if score < TOP:
        return score + steadiness
    return score if steadiness >= STEADY else score - TOP + UNSTEADY + steadiness


def _share(weight: int, account: str, answers: Sequence[str]) -> int:
    """Return the part of a weight that the answers give an account; half of it where there are none."""
    return weight * (2 * answers.count(account) + 1) // (2 * len(answers) + 2)


def _like(one: Line, other: Line) -> bool:
    """Tell whether the larger of two amounts is at most half as much again as the smaller."""
    small, large = sorted((abs(one.amount), abs(other.amount)))
    return large * 2 <= small * 3
