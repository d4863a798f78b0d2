"""Accounts of which nothing is suggested for the moment: people said something else than was sure of them, of late.

What changes is often a whole account: a bookkeeper calls it otherwise from a day on, and its payees that were not
answered since still look as sure as ever. One override tells; as long as it is among the newest answers to what was
sure of that account, nothing is suggested of it. Which confidence counts as sure is the calibration's to say.

``HELD`` and ``WATCHED`` were chosen on made years with the seeds 801 to 808 and 821 to 828, each kind of change and
steady ones. Raising the threshold for all accounts while the company's newest suggestions were right less often than
they claimed was tried on them too: it cost lines and made none of the sets more right.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from raccord.suggesting.calibration import Calibration

HELD = 4
"""So many answers in a row agree with what was sure of an account before more of it is suggested."""
WATCHED = 400
"""Examples that are looked at for overrides, the newest; what lies further back is forgotten."""


class Watched(NamedTuple):
    """A guess that was made before its answer was known."""

    account: str
    score: int
    right: bool


def overridden(guesses: Iterable[Watched], calibration: Calibration) -> frozenset[str]:
    """Return the accounts of which one of the newest sure guesses was answered otherwise; the oldest guess is first."""
    if calibration.shown_from is None:
        return frozenset()
    sure: dict[str, list[bool]] = defaultdict(list)
    for each in guesses:
        if each.account and calibration.confidence(each.score) >= calibration.shown_from:
            sure[each.account].append(each.right)
    return frozenset(account for account, right in sure.items() if not all(right[-HELD:]))
