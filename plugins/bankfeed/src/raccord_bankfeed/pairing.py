"""Which line of one file is which of those of another, by amount, day and text; pure.

Two roads may date one line differently, by the transaction and by its posting. Lines that can be nothing else tell by
how many days: where they agree, all are compared with that shift. Where none tells, equal lines of every day could be
paired in two ways, and what is left over on both sides is asked about.

Where the days of two files end and begin, a line may stand in both, dated on either side: what is alike there is asked
about, unless the roads date all that both had alike, or the other days that a line tells are those of another one.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import NamedTuple

from raccord_bankfeed.identity import normalised
from raccord_bankfeed.second_days import days_in

DAYS_APART = 3
SEAM_DAYS = 5
"""How far the two dates of one line may lie apart that two files have, of which one ends where the other begins."""
SHIFTED = 3
"""So many lines, each of an amount and a text of its own, tell that all are dated otherwise."""

_WORD = re.compile(r"[^\W_]{4,}")
_NAME = re.compile(r"[^\W\d_]{2,}")
_NO_LETTER = re.compile(r"[\W_]+")
CUT_CHARS_MIN = 8
"""What is shorter, letters and digits alone, is no cut text: banks leave more."""


class Twin(NamedTuple):
    """The id of the same line by another road, and whether that is certain."""

    id: str
    certain: bool


@dataclass(slots=True)
class Entry:
    """What is compared of a line."""

    number: int
    """Which of the file's lines it is."""
    id: str
    tokens: frozenset[str]
    """What its account is known by."""
    day: date
    amount: str
    currency: str
    name: str
    memo: str
    more: tuple[str, ...]
    """What else it says, of which words are compared too."""
    native: str = ""
    """The bank's own id."""
    alike: str = ""
    """The id by which several roads of one source know it; empty where none tells any."""
    dated: tuple[str, ...] = ()
    """What else its source wrote of its days."""
    type: str = ""
    """What its source says that its account is."""
    _texts: tuple[str, str, str] | None = field(default=None, init=False)
    _told: tuple[frozenset[str], bool] | None = field(default=None, init=False)
    """Of few lines of a file anybody asks for the words."""

    @property
    def words(self) -> frozenset[str]:
        """The words of its text that are compared."""
        return self._read()[0]

    @property
    def payee(self) -> str:
        """The words of its name, numbers apart."""
        return payee_in(self.name, self.memo)

    def contradicts(self, other: Entry) -> bool:
        """Tell whether both texts say something, and nothing in common."""
        (words, wordy), (others, other_wordy) = self._read(), other._read()
        return wordy and other_wordy and words.isdisjoint(others) and not self.is_cut(other)

    def likeness(self, other: Entry) -> int:
        """Return how many words both texts have, and one more where one of them is the beginning of the other."""
        return len(self.words & other.words) + self.is_cut(other)

    def is_cut(self, other: Entry) -> bool:
        """Tell whether both say the same, one of them perhaps less: banks cut texts, and break them within words."""
        (whole, *parts), (whole_of, *parts_of) = self._compact(), other._compact()
        some = ((whole, whole_of), *((part, whole_of) for part in parts), *((whole, part) for part in parts_of))
        return any(_begins(*each) for each in some)

    def days(self) -> tuple[date, date]:
        """Return the first and the last of the days that its source tells of it."""
        some = [self.day, *days_in(self.dated)] if self.dated else [self.day]
        return min(some), max(some)

    def _compact(self) -> tuple[str, str, str]:
        """Return all its text, its name and its memo, of each but the letters and digits."""
        if self._texts is None:
            name, memo = (_NO_LETTER.sub("", normalised(text)) for text in (self.name, self.memo))
            self._texts = (name + memo, name, memo)
        return self._texts

    def _read(self) -> tuple[frozenset[str], bool]:
        if self._told is None:
            self._told = words_in(" ".join((self.name, self.memo, *self.more)))
        return self._told


def _begins(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return len(short) >= CUT_CHARS_MIN and long.startswith(short)


def words_in(text: str) -> tuple[frozenset[str], bool]:
    """Return the words of a text that are compared, and whether any of them is no number."""
    words = frozenset(_WORD.findall(normalised(text)))
    return words, not all(word.isdigit() for word in words)


def payee_in(name: str, memo: str) -> str:
    """Return the words of a line's name, else of its memo, without numbers; empty where neither has a word."""
    return " ".join(_NAME.findall(normalised(name)) or _NAME.findall(normalised(memo)))


def around(day: date, apart: int) -> list[date]:
    """Return a day and those so many days before and after it, as far as the calendar goes."""
    first, last = max(day.toordinal() - apart, 1), min(day.toordinal() + apart, date.max.toordinal())
    return [date.fromordinal(each) for each in range(first, last + 1)]


@dataclass(slots=True)
class Days:
    """Which days a file has of each account, and whether it lists all there is of them."""

    whole: bool = True
    spans: dict[str, tuple[date, date]] = field(default_factory=dict)
    stated: dict[str, list[tuple[date, date]]] = field(default_factory=dict)
    """Which days the file says that it lists, where it does."""

    def take(self, entry: Entry) -> None:
        """Take in a line of the file."""
        day = entry.day
        for token in entry.tokens:
            first, last = self.spans.get(token, (date.max, date.min))
            if not first <= day <= last:
                self.spans[token] = (min(first, day), max(last, day))

    def cover(self, entry: Entry) -> bool:
        """Tell whether the file lists all of an entry's day: it is neither the first nor the last that it has."""
        return self.whole and any(first < entry.day < last for first, last in self._of(entry.tokens))

    def reach(self, tokens: frozenset[str], day: date, margin: int = 0) -> bool:
        """Tell whether a day lies between the first and the last that the file has of an account, or near them."""
        # Counted, as the calendar ends.
        return any((first - day).days <= margin >= (day - last).days for first, last in self._of(tokens))

    def state(self, entry: Entry) -> bool:
        """Tell whether the file says that it lists all of an entry's day."""
        told = (span for token in entry.tokens for span in self.stated.get(token, ()))
        return self.whole and any(first <= entry.day <= last for first, last in told)

    def all_spans(self) -> Iterator[tuple[date, date]]:
        """Yield the first and last day of every stretch of the file."""
        yield from self.spans.values()
        for some in self.stated.values():
            yield from some

    def _of(self, tokens: frozenset[str]) -> Iterator[tuple[date, date]]:
        return (self.spans[token] for token in tokens if token in self.spans)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A line of the file that is read, and one of another road that it may be."""

    entry: Entry
    other: Entry
    road: str
    """The other one's."""
    days: Days
    """Those of the other one's file."""

    @property
    def apart(self) -> int:
        """How many days later the line is."""
        return (self.entry.day - self.other.day).days

    @property
    def shared(self) -> int:
        """How much both texts have in common."""
        return self.entry.likeness(self.other)

    def meet(self) -> bool:
        """Tell whether both may be dated by one day: not where the days of one lie all before those of the other,
        unless each tells of one day alone.
        """
        (first, last), (first_of, last_of) = self.entry.days(), self.other.days()
        return (first == last and first_of == last_of) or (first <= last_of and first_of <= last)

    def unlike(self) -> bool:
        """Tell whether both texts say something, and nothing in common."""
        return bool(self.entry.words and self.other.words and not self.shared)


Others = Callable[[Entry, int | None], Iterable[Candidate]]
"""Returns the lines of other roads of one amount and account, so many days apart at most, or near the file's days."""


def twins_among(
    entries: Sequence[Entry], others: Others, mine: Days, apart: Mapping[str, Counter[int]] = MappingProxyType({})
) -> dict[int, Twin]:
    """Return by line of a file its twin, each once; ``mine`` is the file, and ``apart`` tells by road how many days
    later lines that both roads had were dated before, and how often.
    """
    near = [each for entry in entries for each in others(entry, DAYS_APART)]
    shifts, taken = _shifts(near, mine), _Taken(apart)
    ranked = sorted(_ranked(near, shifts, mine), key=lambda one: (one[0], one[2].entry.number, one[2].other.id))
    for _, certain, each in ranked:
        taken.pair(each, certain=certain)
    without = [entry for entry in entries if entry.number not in taken.twins]
    offered = (each for entry in without for each in others(entry, None))
    left = [each for each in offered if taken.free(each) and _left_over(each, mine, shifts)]
    for each in sorted(left, key=_by_nearness):
        taken.pair(each, certain=False)
    beyond = (each for entry in entries if entry.number not in taken.twins for each in others(entry, SEAM_DAYS))
    seam = [each for each in beyond if _across_a_seam(each, mine) and not taken.dated_alike(each.road)]
    for each in sorted(seam, key=_by_nearness):
        taken.pair(each, certain=False)
    return taken.twins


def _by_nearness(each: Candidate) -> tuple[int, int, int, str]:
    return (abs(each.apart), -each.shared, each.entry.number, each.other.id)


class _Taken:
    """The pairs so far; each line is in one at most."""

    def __init__(self, apart: Mapping[str, Counter[int]]) -> None:
        self.twins: dict[int, Twin] = {}
        self._others: set[str] = set()
        self._apart: dict[str, Counter[int]] = defaultdict(Counter)
        for road, counted in apart.items():
            self._apart[road].update(counted)

    def free(self, each: Candidate) -> bool:
        return each.entry.number not in self.twins and each.other.id not in self._others

    def pair(self, each: Candidate, *, certain: bool) -> None:
        if self.free(each):
            self.twins[each.entry.number] = Twin(each.other.id, certain)
            self._others.add(each.other.id)
            if certain:
                self._apart[each.road][each.apart] += 1

    def dated_alike(self, road: str) -> bool:
        """Tell whether all that both roads had bears one day in both, and that was enough to tell."""
        counted = self._apart[road]
        return counted[0] >= SHIFTED and counted[0] == counted.total()


def _shifts(near: Sequence[Candidate], mine: Days) -> dict[str, int | None]:
    """Return by road how many days later the file dates its lines; nothing where that does not show.

    Those lines tell that are like one other alone, which is like no other line, on days that both files have.
    """
    like = [each for each in near if each.shared and _overlap(each, mine)]
    of_mine = Counter(each.entry.number for each in like)
    of_other = Counter(each.other.id for each in like)
    votes: dict[str, Counter[int]] = defaultdict(Counter)
    for each in like:
        if of_mine[each.entry.number] == 1 == of_other[each.other.id]:
            votes[each.road][each.apart] += 1
    shifts: dict[str, int | None] = {}
    for road in {each.road for each in near}:
        [(apart, count), (_, second)] = [*votes[road].most_common(2), (0, 0), (0, 0)][:2]
        told = count and (votes[road][0] == count or (count >= SHIFTED and not second))
        shifts[road] = (0 if votes[road][0] == count else apart) if told else None
    return shifts


def _ranked(
    near: Sequence[Candidate], shifts: dict[str, int | None], mine: Days
) -> Iterator[tuple[tuple[int, int, int], bool, Candidate]]:
    """Yield what may be pairs, with how far they are from being one (0: not at all), and whether they surely are."""
    best: Counter[str | int] = Counter()
    for each in near:
        best[each.entry.number] = max(best[each.entry.number], each.shared)
        best[each.other.id] = max(best[each.other.id], each.shared)
    for each in near:
        entry, other, shift = each.entry, each.other, shifts[each.road] or 0
        off = abs(each.apart - shift)
        like = each.shared and each.shared >= max(best[entry.number], best[other.id])
        if not off and like:
            yield (0, 0, 0), True, each
        elif each.shared and _overlap(each, mine):
            # Of two files of different times, one after the other, see below.
            yield (1, off, -each.shared), False, each
        elif not off:
            covered = mine.cover(entry) and each.days.cover(entry) and not shift
            yield (2, int(entry.contradicts(other)), 0), covered and not entry.contradicts(other), each


def _overlap(each: Candidate, mine: Days) -> bool:
    same = not each.apart
    return same or mine.reach(each.entry.tokens, each.other.day) or each.days.reach(each.other.tokens, each.entry.day)


def _across_a_seam(each: Candidate, mine: Days) -> bool:
    """Tell whether two lines are alike of which each lies where the other's file has ended, or not begun."""
    return not (_overlap(each, mine) or each.unlike()) and each.meet()


def _left_over(each: Candidate, mine: Days, shifts: dict[str, int | None]) -> bool:
    """Tell whether two lines that nothing else is lie where both files should have the same ones."""
    entry, other = each.entry, each.other
    if not (each.shared or (abs(each.apart) <= DAYS_APART)) or _disjoint(each, mine):
        return False
    margin = DAYS_APART if shifts.get(each.road, 0) is None else 0
    return all(
        days.reach(tokens, day, margin)
        for days, tokens in ((mine, entry.tokens), (each.days, other.tokens))
        for day in (entry.day, other.day)
    )


def _disjoint(each: Candidate, mine: Days) -> bool:
    """Tell whether the two files have no day of the account in common."""
    return not any(
        first <= last_of and first_of <= last
        for token in each.entry.tokens & each.other.tokens
        for first, last in (mine.spans[token],)
        for first_of, last_of in (each.days.spans[token],)
    )
