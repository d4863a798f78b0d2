"""People who answer the lines of a delivery one after the other, by their days, as the pages have them do it.

What stands beside a line when it is answered is what counts as suggested: an answer before it may have put that off, or
brought it back (``raccord.sync.lines.overrides`` does it in the books, by the same ``raccord.suggesting.doubts``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from raccord.suggesting.doubts import Payees, Said, holds_again, payees_behind, turns
from raccord.suggesting.history import Example
from raccord.suggesting.learner import Learned, Suggestion


class Stood(NamedTuple):
    """A line that was answered, with what was suggested for it."""

    example: Example
    told: Suggestion | None
    """What stood beside it when it was answered."""
    at_first: Suggestion | None
    """What stood there when the delivery was asked about, and nothing of it was answered."""


class Desk:
    """Answers the lines of one delivery after the other."""

    def __init__(self) -> None:
        self._said: dict[str, list[Said]] = defaultdict(list)

    def answer(self, learned: Learned, delivery: Sequence[Example]) -> Iterator[Stood]:
        """Yield the lines of a delivery as they are answered; nothing is learned before its end."""
        at_first = [learned.suggest(each.line) for each in delivery]
        doubted: set[int] = set()
        for place, example in enumerate(delivery):
            told = at_first[place]
            yield Stood(example, None if place in doubted else told, told)
            if told is None:
                continue
            account, rests_on = told.answer.account, _behind(told)
            agreed = example.answer.account == account
            said = self._said[account]
            said.insert(0, Said(rests_on, agreed))
            all_of_them = turns(said)
            for other in range(place + 1, len(delivery)):
                open_ = at_first[other]
                if open_ is None or (open_.answer.account != account and not all_of_them):
                    continue
                if not agreed:
                    doubted.add(other)
                elif other in doubted and holds_again(_behind(open_), said):
                    doubted.discard(other)


def _behind(told: Suggestion) -> Payees:
    return payees_behind(each.line.text for each in told.examples)
