"""One of several accounts that files do not name, and what its files say of a further one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from raccord_bankfeed.readers.account import is_unnamed
from raccord_bankfeed.readers.table.forms import are_alike
from raccord_bankfeed.readers.told import ACCOUNT_WORDS
from raccord_bankfeed.seen_files import Nameless

SHARED_MIN = 2
"""So many lines in common tell that two files are of one account; a monthly fee alone may be any account's."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What the files of an account say of a further one."""

    shared: int = 0
    """Lines that both have."""
    contradicts: bool = False
    """Whether a day that two files cover whole has other amounts or sums, or a balance does not go on."""
    chained: bool = False
    balances: tuple[Decimal, Decimal] | None = None
    """What the account held at the end of the file before, and what this one begins with, where both are known."""
    other_form: bool = False
    """Whether none of them is written like it: of another bank, perhaps, whose files are laid out alike."""
    other_sums: bool = False
    """Whether they held other sums after a day that both have."""
    called_otherwise: bool = False
    """Whether each of them says another bank, kind of account or currency than it does, or another number."""
    called_so: bool = False
    """Whether each of them says the number that it says."""
    meanwhile: bool = False
    """Whether one of them has lines of the days from its first to its last."""


@dataclass(slots=True)
class Slot:
    """One of several accounts whose files name none and are laid out alike."""

    number: int
    key: str
    files: list[tuple[str, Nameless]] = field(default_factory=list)
    """Name and lines of each, in order of arrival."""

    @property
    def word(self) -> str:
        """The answer that chooses it."""
        return ACCOUNT_WORDS[self.number - 1]

    def compare(self, mine: Nameless) -> Compared:
        """Compare a file with those of the account."""
        shared = max((len(mine.ids & other.ids) for _, other in self.files), default=0)
        # What was read as one account by an earlier version may be of several.
        alike = [other for _, other in self.files if not _called_otherwise(mine, other)]
        conflict = any(_conflict(mine, other) for other in alike)
        other_sums = any(_held_otherwise(mine, other) for other in alike)
        follows, balances = self._balances(mine)
        contradicts = conflict or other_sums or follows is False
        of_number = not is_unnamed(mine.account.key) and mine.account.called
        known = (
            any(other.account.called == of_number and mine.ids & other.ids for other in alike) if of_number else False
        )
        chained = not contradicts and (shared >= SHARED_MIN or known or follows is True)
        forms = [each.account.form for _, each in self.files]
        other_form = bool(forms) and not any(are_alike(form, mine.account.form) for form in forms)
        called_otherwise = bool(self.files) and not alike
        if called_otherwise:
            contradicts, chained = True, False
        called = {each.account.called for _, each in self.files}
        called_so = not is_unnamed(mine.account.key) and called == {mine.account.called} != {""}
        meanwhile = any(each.first <= mine.last and mine.first <= each.last for _, each in self.files)
        return Compared(
            shared, contradicts, chained, balances, other_form, other_sums, called_otherwise, called_so, meanwhile
        )

    def _balances(self, mine: Nameless) -> tuple[bool | None, tuple[Decimal, Decimal] | None]:
        """Tell whether balances go on from the file before and to the one after; nothing where none tells."""
        before = max(
            (each for _, each in self.files if each.last <= mine.first), key=lambda each: each.last, default=None
        )
        after = min(
            (each for _, each in self.files if each.first >= mine.last), key=lambda each: each.first, default=None
        )
        told: list[bool] = []
        shown = None
        for one, other in ((before, mine), (mine, after)):
            if one is None or other is None or one.closing is None:
                continue
            if other.reckoned == one.closing.amount != 0:
                # The bank's own balances, of a statement that numbers no account. That another sum comes of them proves
                # less: some write what an account holds on the day of the download.
                told.append(True)
                continue
            if one.last == other.first or other.opening is None:
                # A day that stands in both files in part: the balances meet somewhere within it.
                continue
            ends, begins = one.closing.amount, other.opening.amount
            shown = shown or ((ends, begins) if one is before else None)
            if ends != begins or ends:
                told.append(ends == begins)
        return (all(told) if told else None), shown


def _called_otherwise(mine: Nameless, other: Nameless) -> bool:
    """Tell whether two statements say another bank, kind of account or currency, rows of tables another number; what
    one does not say is no other.
    """
    if not is_unnamed(mine.account.key):
        return "" != mine.account.called != other.account.called != ""
    if mine.account.kind is not other.account.kind:
        return True
    said = (
        (mine.account.called, other.account.called),
        (mine.account.type, other.account.type),
        (mine.currency, other.currency),
        (mine.institution, other.institution),
    )
    return any(one and another and one != another for one, another in said)


def _conflict(mine: Nameless, other: Nameless) -> bool:
    """Tell whether a day that both cover whole, neither's first nor last, has other amounts in one of them."""
    first, last = max(mine.first, other.first), min(mine.last, other.last)
    days = {day for day in (*mine.days, *other.days) if first < day < last}
    return any(mine.days.get(day) != other.days.get(day) for day in days)


def _held_otherwise(mine: Nameless, other: Nameless) -> bool:
    """Tell whether both say what the account held after a day that they have, and not the same."""
    day = min(mine.last, other.last)
    if mine.days.get(day) != other.days.get(day):
        # One of them may have that day in part.
        day -= timedelta(1)
    if day < max(mine.first, other.first):
        return False
    held, there = mine.held_after(day), other.held_after(day)
    return held is not None and there is not None and held != there
