"""The balances of a table, followed in the first look at it: the usual table needs no look for them alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import eq, neg

from raccord_bankfeed.readers.amounts import Mark, Signs, cents_of
from raccord_bankfeed.readers.table.layout import Layout
from raccord_bankfeed.readers.table.rows import is_one
from raccord_bankfeed.readers.table.running import RunningBalance
from raccord_bankfeed.readers.table.words import Part, may_be_balance


@dataclass(slots=True)
class Followed:
    """What was followed before anybody knew how the file is to be read.

    It holds where the file turns out to write ``mark`` before its cents, and to sign amounts as they move money.
    """

    cells: Sequence[str]
    """The first row; the others are of its account."""
    mark: Mark
    running: RunningBalance = field(default_factory=RunningBalance)


class Following:
    """Takes the rows of a table as long as each has a plain amount and a plain balance, in cents."""

    def __init__(self, layout: Layout) -> None:
        parts = layout.columns
        self._layout = layout
        self._told = layout.told
        self._amount = parts.get(Part.AMOUNT)
        self._sides = parts.get(Part.DEBIT, 0), parts.get(Part.CREDIT, 0)
        self._balance = parts.get(Part.BALANCE, 0)
        self.open = layout.is_plain and Part.BALANCE in parts
        """Whether all rows so far could be followed."""
        self.found: Followed | None = None

    def give_up(self) -> None:
        """Take a row that may be one of a transaction and cannot be followed."""
        self.open, self.found = False, None

    def take(self, columns: Sequence[Sequence[str]], signs: Mapping[int, Signs], balances: Signs) -> None:
        """Take rows that follow one another, at least one, and what was found in their columns of money."""
        if not self.open or self._took(columns, signs, balances):
            return
        self.give_up()

    def _took(self, columns: Sequence[Sequence[str]], signs: Mapping[int, Signs], balances: Signs) -> bool:
        mark = balances.cents
        if mark is None or balances.minus_zero or len(columns) != len(self._layout.titles):
            return False
        written = columns[self._balance]
        if any(may_be_balance(columns[number]) for number in self._told) or not all(written):
            return False
        amounts = self._amounts(columns, signs, mark)
        if amounts is None or not all(map(is_one, map(columns.__getitem__, self._layout.telling))):
            return False
        found = self.found = self.found or Followed([column[0] for column in columns], mark)
        if mark is not found.mark or any(found.cells[n] != columns[n][0] for n in self._layout.telling):
            return False
        found.running.add_cents(amounts, cents_of(written))
        return True

    def _amounts(
        self, columns: Sequence[Sequence[str]], signs: Mapping[int, Signs], mark: Mark
    ) -> Sequence[int] | None:
        """Return in cents what rows move; nothing where one moves nothing that is plain."""
        if self._amount is not None:
            said, texts = signs[self._amount], columns[self._amount]
            return cents_of(texts) if said.cents is mark and not said.minus_zero and all(texts) else None
        out, into = (columns[number] for number in self._sides)
        told = [signs[number] for number in self._sides]
        if any(each.minus or each.plus_zero or each.bare_zero for each in told):
            return None
        sides = list(map(bool, out))
        if any(each.cents is not mark for each in told if each.bare or each.plus):
            return None
        if any(map(eq, sides, map(bool, into))):
            return None
        cents = cents_of([one or other for one, other in zip(out, into, strict=True)])
        return [neg(amount) if went_out else amount for amount, went_out in zip(cents, sides, strict=True)]
