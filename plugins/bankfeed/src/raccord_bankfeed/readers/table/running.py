"""Whether the balances beside the lines of an account follow from its amounts, in whatever order the rows stand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import accumulate
from typing import TypeVar

from raccord_bankfeed.readers.amounts import of_cents

_OPEN_MAX = 2000
N = TypeVar("N", int, Decimal)


@dataclass(slots=True)
class RunningBalance:
    """Every balance before a line is the balance after another, but for the first: one path through all lines.

    Only balances that have no partner yet are kept: two of them where the rows stand in the bank's order.
    """

    unmatched: dict[Decimal, int] = field(default_factory=dict)
    """By balance: how often more as one after a line than as one before."""
    rows: int = 0
    given_up: bool = False

    def add(self, amount: Decimal, balance: Decimal) -> None:
        """Take one line and the balance after it."""
        if self.given_up:
            return
        self.rows += 1
        self._change(balance, 1)
        self._change(balance - amount, -1)
        self.given_up = len(self.unmatched) > _OPEN_MAX

    def add_run(self, amounts: Sequence[Decimal], balances: Sequence[Decimal]) -> None:
        """Take lines that follow one another, at least one, and the balance after each."""
        self._add_run(amounts, balances, Decimal)

    def add_cents(self, amounts: Sequence[int], balances: Sequence[int]) -> None:
        """Do what :meth:`add_run` does of whole numbers of cents, which takes a fraction of the time."""
        self._add_run(amounts, balances, of_cents)

    def _add_run(self, amounts: Sequence[N], balances: Sequence[N], as_amount: Callable[[N], Decimal]) -> None:
        known = list(balances)
        if known == list(accumulate(amounts[1:], initial=known[0])):
            last, first = known[-1], known[0] - amounts[0]
        elif known[::-1] == list(accumulate(amounts[-2::-1], initial=known[-1])):
            last, first = known[0], known[-1] - amounts[-1]
        else:
            for amount, balance in zip(amounts, balances, strict=True):
                self.add(as_amount(amount), as_amount(balance))
            return
        self.add(as_amount(last - first), as_amount(last))
        if not self.given_up:
            self.rows += len(amounts) - 1

    def _change(self, balance: Decimal, by: int) -> None:
        count = self.unmatched.get(balance, 0) + by
        if count:
            self.unmatched[balance] = count
        else:
            self.unmatched.pop(balance, None)

    @property
    def breaks(self) -> int:
        """Return in how many places the path breaks off; 0 where the balances follow."""
        if self.given_up:
            return _OPEN_MAX
        return max(0, sum(count for count in self.unmatched.values() if count > 0) - 1)

    def ends(self) -> tuple[Decimal, Decimal] | None:
        """Return the balances before the first and after the last line, where the path tells them."""
        if self.breaks or self.given_up or len(self.unmatched) != 2:
            return None
        (one, count), (other, _) = self.unmatched.items()
        return (other, one) if count > 0 else (one, other)
