"""What speaks for each account that the nearest examples of a line have, in whole numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from raccord.suggesting.history import Example, Line
from raccord.suggesting.linear import MARGIN
from raccord.suggesting.shifts import doublings

LATEST = 3
"""So many of a payee's newest answers count twice."""
AHEAD_MAX = 3000
"""More by which the linear model is ahead tells no more."""
SAID, AHEAD, STREAK, LIKE, PLACE, AGAINST, FOR = 840, 86, 67_000, 1_070, 800, 22_700, -38_300
"""What counts, in hundredths: each thousandth of the vote and of the linear model, each answer of the streak, each
thousandth of the answers of a like amount and of the same bank account, and each eighth of a doubling of the answers
against an account and of those for it. The more there are for it, the longer the streak is to be, so these weigh
against it.

They were fitted (a logistic regression, rounded) on made years with the seeds 1 to 6 and on no others.
"""
SETTLED, TOP = 1430, 100_000
"""Vote and model from which on there is nothing to add, and where such scores begin: as many examples of the very same
payee as are looked at, all of one mind, and the model as sure as it gets. What is accepted by itself comes from these.
"""
STEADY = 1200
"""Steadiness below which settled evidence is judged among the other (the same seeds)."""


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
        agree = sum(each.answer.account == account for each in self.near)
        return (
            SAID * self._said(account)
            + AHEAD * max(-AHEAD_MAX, min(AHEAD_MAX, _ahead(account, scores)))
            + STREAK * self._streak(account)
            + LIKE * _share(account, self._alike)
            + PLACE * _share(account, self._beside)
            + AGAINST * doublings(1 + len(self.near) - agree)
            + FOR * doublings(1 + agree)
        ) // 100

    def steadied(self, account: str, scores: Mapping[str, int], steadiness: int) -> int:
        """Return a score with how steady payee and account are; where both are, settled evidence stays apart."""
        settled = self._said(account) + max(-500, min(500, _ahead(account, scores)))
        if settled >= SETTLED and steadiness >= STEADY:
            return TOP + settled
        return self.score(account, scores) + steadiness

    def _said(self, account: str) -> int:
        """Return the account's part of the votes, in thousandths, less where there are few or they are not near."""
        return self.votes[account] * 10 * self.nearness // (sum(self.votes.values()) + 2)

    def _streak(self, account: str) -> int:
        """Return how many of the newest answers have an account, back to the first that has not."""
        newest = (place for place, each in enumerate(reversed(self.near)) if each.answer.account != account)
        return next(newest, len(self.near))


def _ahead(account: str, scores: Mapping[str, int]) -> int:
    """Return by how much the linear model is surer of an account than of any other."""
    others = max((score for other, score in scores.items() if other != account), default=0)
    return (scores.get(account, 0) - others) // (2 * MARGIN)


def _share(account: str, answers: Sequence[str]) -> int:
    """Return which part of the answers has an account, in thousandths; half of them where there are none."""
    return 1000 * (2 * answers.count(account) + 1) // (2 * len(answers) + 2)


def _like(one: Line, other: Line) -> bool:
    """Tell whether the larger of two amounts is at most half as much again as the smaller."""
    small, large = sorted((abs(one.amount), abs(other.amount)))
    return large * 2 <= small * 3
