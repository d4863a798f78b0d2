"""What one answer says of the other suggestions that stand open: those of an account are doubted until it holds again.

Lines come by the delivery and are answered one after the other. Which of them a change reaches no history tells before
the first of them is answered: a payee moved, or a bookkeeper calls a whole account otherwise from a day on. So one
answer against a suggestion puts off what else is suggested of that account, and the next answer that agrees with it
brings that back, but for the payees whose own newest answer was against it: then it was theirs alone. Where several
payees of one account are answered otherwise and none agrees in between, it is likely that more was called otherwise
that day: then what is suggested of the other accounts waits, too, each for one answer that agrees with it.

Chosen on the made years 1, 2, 801 to 804 and 1001 to 1030. To bring back after two or three answers instead of one
offered less in each set and made none more right.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import takewhile
from typing import NamedTuple

from raccord.suggesting.nearest import LETTERS_MIN
from raccord.suggesting.words import payee_of, words_in

TURNED = 2
"""So many payees of an account are answered otherwise, and none agrees in between, before the others are doubted."""
Payees = frozenset[str]


class Said(NamedTuple):
    """An answer to a line that an account was suggested for, be it doubted by then or not."""

    payees: Payees
    agreed: bool


def payees_behind(texts: Iterable[str]) -> Payees:
    """Return the payees of the lines that a suggestion rests on, by their texts."""
    return frozenset(payee_of(words_in(text)) for text in texts)


def holds_again(payees: Payees, said: Iterable[Said]) -> bool:
    """Tell whether a doubted suggestion stands again, by the answers to its account, the newest first.

    The newest of all is to agree, and the newest of its own payee, if there is any.
    """
    newest = True
    for each in said:
        if newest and not each.agreed:
            return False
        newest = False
        if alike(each.payees, payees):
            return each.agreed
    return not newest


def turns(said: Sequence[Said]) -> bool:
    """Tell whether the newest of the answers to an account, which are the newest first, is that by which it turns."""
    return _leavers(said) == TURNED and _leavers(said[1:]) == TURNED - 1


def _leavers(said: Iterable[Said]) -> int:
    """Return how many payees the newest answers are of, back to the first that agrees."""
    found: list[Payees] = []
    for each in takewhile(lambda one: not one.agreed, said):
        if not any(alike(each.payees, other) for other in found):
            found.append(each.payees)
    return len(found)


def alike(ones: Payees, others: Payees) -> bool:
    """Tell whether a payee is among both, be it with a city behind its name or cut off."""
    return any(
        one == other or (min(len(one), len(other)) >= LETTERS_MIN and (one.startswith(other) or other.startswith(one)))
        for one in ones
        for other in others
    )
