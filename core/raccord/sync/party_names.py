"""Which parties a bank's text names, of any number of them; pure.

A word of a text is compared with words of names that are like it alone, and a name is found by its words: the work of a
text does not grow with the names that it does not hold.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import combinations
from operator import itemgetter

from rapidfuzz.distance import OSA

NAMED = 90
"""From how many percent of its telling letters on a text holds a whole name."""

_WORD = re.compile(r"[A-Z0-9]+")
_EMPTY_WORDS = frozenset(
    {
        "INC", "LTEE", "LTD", "LIMITEE", "CORP", "CO", "CIE", "ENR", "SA", "SAS", "SARL", "SENC", "SENCRL", "LLC",
        "GMBH", "THE", "AND", "LES", "DES", "DU", "DE", "LA", "LE", "ET", "SERVICES", "SERVICE", "GROUPE", "GROUP",
        "COMPANY", "COMPAGNIE",
    }
)  # fmt: skip
"""Words of names that tell nobody from anybody."""
_MISTYPED_FROM, _CUT_FROM = 5, 3
"""Letters from which on a word may be mistyped or cut, and those that must be left of one that is cut."""


def words_of(text: str) -> tuple[str, ...]:
    """Return the words of a name or a bank's text, in capitals and without accents."""
    plain = text.upper()
    if not plain.isascii():
        plain = "".join(each for each in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(each))
    return tuple(_WORD.findall(plain.replace("'", " ")))


def naming(name: Sequence[str], text: Sequence[str]) -> int:
    """Return how much of a name, in percent of its letters, a text holds; banks cut words short and mistype them."""
    wanted = _telling(tuple(name))
    letters = sum(map(len, wanted))
    return 100 * sum([len(word) for word in wanted if _holds(text, word)]) // letters if letters else 0


@lru_cache(maxsize=16_384)
def _telling(name: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words of a name that tell it from others; all where none does."""
    return tuple([word for word in name if word not in _EMPTY_WORDS and len(word) > 1]) or name


def _holds(text: Sequence[str], word: str) -> bool:
    if word in text:
        return True
    if len(word) < _MISTYPED_FROM:
        return False
    # The last word of a text may be cut short; elsewhere two letters swapped, or one wrong, are a mistake in typing.
    if text and len(text[-1]) >= _CUT_FROM and word.startswith(text[-1]):
        return True
    lengths = range(len(word) - 1, len(word) + 2)
    return any(OSA.distance(word, each, score_cutoff=1) <= 1 for each in text if len(each) in lengths)


@dataclass(frozen=True, slots=True)
class Heard:
    """What of the names a text holds."""

    words: tuple[str, ...]
    places: tuple[tuple[str, ...], ...]
    """By word of the text the names' words that it may be, itself first."""
    held: frozenset[str]
    """All of them."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How well a name and a text fit, to tell names apart that a text holds as much of."""

    told: frozenset[int]
    """The places of the text's words that are the name's."""
    missing: int
    """Letters of the name that are not in the text."""

    def outdoes(self, other: Fit) -> bool:
        """Tell whether a text that may mean both means this one: it holds a word of this name alone, none of the other.

        "Morin ltée" is said by MORIN LTEE, not "Morin inc."; MORIN may be any of the two.
        """
        return other.told < self.told and self.missing <= other.missing


@dataclass(slots=True)
class _Node:
    """Names that have some words, and by a further word, in the order of the alphabet, those that have it too."""

    further: dict[str, _Node] = field(default_factory=dict)
    parties: list[str] = field(default_factory=list)


class Names:
    """The names of parties, by their words."""

    def __init__(self, parties: Iterable[tuple[str, str]]) -> None:
        """Take the id and the name of each party; the first name of an id counts."""
        self._names: dict[str, tuple[str, ...]] = {}
        self._telling: dict[str, tuple[list[tuple[str, int]], int]] = {}
        """Their words that tell them from others, with the letters of each, and of all."""
        self._root = _Node()
        for party, name in parties:
            if party not in self._names:
                self._names[party] = words = words_of(name)
                lengths = [(word, len(word)) for word in _telling(words)]
                self._telling[party] = lengths, sum(length for _, length in lengths)
                if words:
                    self._file(party)
        self._words = frozenset(word for name in self._names.values() for word in name)
        self._sorted = sorted(word for word in self._words if len(word) >= _MISTYPED_FROM)
        self._shortened: dict[str, list[str]] = defaultdict(list)
        """Words by what is left of them without one letter, and by themselves."""
        for word in self._sorted:
            for each in _shortened(word):
                self._shortened[each].append(word)
        self._like: dict[str, tuple[str, ...]] = {}

    def words(self, party: str) -> tuple[str, ...]:
        """Return the words of a party's name."""
        return self._names[party]

    def heard(self, words: tuple[str, ...]) -> Heard:
        """Return what of the names a text of these words holds."""
        places = [self._meant(word) for word in words]
        if words and len(words[-1]) >= _CUT_FROM:
            places[-1] = tuple(dict.fromkeys([*places[-1], *self._begun(words[-1])]))
        return Heard(words, tuple(places), frozenset([word for place in places for word in place]))

    def naming(self, party: str, heard: Heard) -> int:
        """Return what the function ``naming`` does, of a text that was heard."""
        wanted, letters = self._telling[party]
        held = heard.held
        return 100 * sum([length for word, length in wanted if word in held]) // letters if letters else 0

    def named(self, heard: Heard) -> list[str]:
        """Return the parties whose whole name, of two words or its only one, a text holds."""
        found, left = list[str](), [(self._root, sorted(heard.held), 0)]
        while left:
            node, held, start = left.pop()
            found += node.parties
            for place in range(start, len(held)) if node.further else ():
                further = node.further.get(held[place])
                if further is not None:
                    left.append((further, held, place + 1))
        return sorted(each for each in found if self.meant(each, heard) and self.naming(each, heard) >= NAMED)

    def meant(self, party: str, heard: Heard) -> bool:
        """Tell whether a text holds two words of a party's name that tell something, or all of a name that has one."""
        name = self._names[party]
        telling = {word for word in name if word not in _EMPTY_WORDS}
        return len(telling & heard.held) > 1 or (len(telling) == 1 and heard.held.issuperset(name))

    def parts(self, party: str) -> Iterator[tuple[tuple[str, str], int]]:
        """Yield two words each by which a party is found whose name a text holds in part, with how much they are."""
        telling, letters = self._telling[party]
        words = sorted({word for word, _ in telling if word not in _EMPTY_WORDS})
        for one, other in combinations(words, 2):
            percent = 100 * (len(one) + len(other)) // letters
            if percent < NAMED:
                yield (one, other), percent

    def parts_in(self, heard: Heard) -> set[tuple[str, str]]:
        """Return the two words each that a text holds in two places."""
        found = set[tuple[str, str]]()
        for some, others in combinations([place for place in heard.places if place], 2):
            found |= {(min(one, other), max(one, other)) for one in some for other in others}
        return found

    def fit(self, party: str, heard: Heard) -> Fit:
        """Return how well a party's name and a text fit: each word of the text is one of the name at most."""
        told, missing = set[int](), 0
        for word in sorted(self._names[party], key=lambda each: each not in heard.words):
            able = [place for place, may in enumerate(heard.places) if word in may and place not in told]
            if able:
                told.add(min(able, key=lambda place: (heard.words[place] != word, place)))
            else:
                missing += len(word)
        return Fit(frozenset(told), missing)

    def _file(self, party: str) -> None:
        telling, letters = self._telling[party]
        # Without one of these it is not the whole name; a name of ten short words is filed by the longest.
        needed = {word for word, length in telling if 100 * (letters - length) // letters < NAMED}
        node = self._root
        for word in sorted(needed or {max(telling, key=itemgetter(1))[0]}):
            node = node.further.setdefault(word, _Node())
        node.parties.append(party)

    def _meant(self, word: str) -> tuple[str, ...]:
        """Return the words of names that a word may be: itself, or mistyped in one place."""
        known = self._like.get(word)
        if known is None:
            found = dict.fromkeys([word] if word in self._words else [])
            if len(word) >= _MISTYPED_FROM - 1:
                alike = {each for key in _shortened(word) for each in self._shortened.get(key, ())}
                found |= dict.fromkeys(each for each in sorted(alike) if OSA.distance(word, each, score_cutoff=1) <= 1)
            known = self._like[word] = tuple(found)
        return known

    def _begun(self, start: str) -> Iterator[str]:
        for place in range(bisect_left(self._sorted, start), len(self._sorted)):
            if not self._sorted[place].startswith(start):
                break
            yield self._sorted[place]


def _shortened(word: str) -> set[str]:
    return {word, *(word[:place] + word[place + 1 :] for place in range(len(word)))}
