"""How likely it is that what was true of a payee still is: since when nobody said so, and how often such moved of late.

Answers are not exchangeable where a company changes: a payee moves, a bookkeeper calls a whole account otherwise from a
day on. So of two guesses with the same evidence the one is surer whose payee was answered lately, and whose account
kept its payees in the newest answers.
"""

from __future__ import annotations

from collections import defaultdict

DOUBLING = 200
"""What each doubling of the days without an answer weighs against a guess."""
KEPT = 300
"""What each halving of the part of payees that an account lost weighs for it.

Both were fitted as the evidence's weights were, on the seeds 1 to 6 of made years with each kind of change and of
steady ones, and rounded.
"""
_UNIT = 1000
_FORGET = 10
"""With each answer a tenth of the earlier ones is forgotten."""
_FIRST_LOST, _FIRST = _UNIT // 10, 2 * _UNIT
"""What an account without answers is taken to have lost, of how many."""


class Shifts:
    """Counts, by account, which of the answers of payees that were settled stayed and which moved."""

    def __init__(self) -> None:
        self._newest: dict[tuple[str, bool], tuple[str, str]] = {}
        """The newest two answers of a payee, the newest last."""
        self._lost: dict[str, int] = defaultdict(int)
        self._answers: dict[str, int] = defaultdict(int)

    def learn(self, payee: str, account: str, *, money_in: bool) -> None:
        """Take an answer in: a payee whose newest two answers agreed stays with their account, or has moved."""
        before, newest = self._newest.get((payee, money_in), ("", ""))
        if newest and before == newest:
            moved = account != newest
            self._lost[newest] += moved * _UNIT - self._lost[newest] // _FORGET
            self._answers[newest] += _UNIT - self._answers[newest] // _FORGET
        self._newest[payee, money_in] = (newest, account)

    def steadiness(self, account: str, days: int) -> int:
        """Return how much more, or less, a guess of an account is worth, its payee unanswered for so many days."""
        kept = 16 * (self._answers.get(account, 0) + _FIRST) // (self._lost.get(account, 0) + _FIRST_LOST)
        return doublings(kept) * KEPT // 8 - doublings(1 + max(0, days)) * DOUBLING // 8


def doublings(number: int) -> int:
    """Return how often one is to be doubled to reach a number, in eighths."""
    return int(number**8).bit_length()
