"""How well the names of an institution answer what a person typed: by words, without accents, mistakes allowed.

Words that many institutions bear (bank, caisse, credit union, the) say little, and alone find those that bear all of
them. Another word that is not theirs (a town, "business account") hides none.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache

_COMMON = frozenset(
    {
        *("a", "b", "c", "d", "e", "l", "n", "s", "v", "the", "of", "and", "et", "und", "en", "de", "du", "des", "di"),
        *("la", "le", "les", "der", "die", "das", "van", "my", "ma", "mon", "compte", "account", "business", "online"),
        *("bank", "bancorp", "banque", "banques", "banca", "banco", "bankas", "caisse", "caisses", "caja", "cassa"),
        *("populaire", "populaires", "credit", "union", "unions", "savings", "trust", "financial", "finance", "group"),
        *("groupe", "mutuel", "federal", "building", "society", "cooperative", "ag", "sa", "plc", "inc", "ltd", "nv"),
        *("gmbh", "eg", "na", "llc", "canada", "france", "uk", "us", "usa", "america", "deutschland", "schweiz"),
        *("suisse", "belgique", "belgie", "nederland", "national", "nationale", "regional", "regionale"),
    }
)
_LINKS = frozenset({"the", "of", "and", "et", "und", "de", "du", "des", "la", "le", "les"})
_COMMON_WEIGHT = Fraction(1, 10)
_WORDS_MAX = 20
_PART_CHARS_MIN, _MISTAKE_CHARS_MIN = 3, 5
_WHOLE, _BEGUN, _HELD, _MISTAKEN = Fraction(1), Fraction(9, 10), Fraction(1, 2), Fraction(6, 10)
_WORTH_SHOWING = Fraction(1, 2)
"""Of what answers best, this much is shown too."""


def plain_words(text: str) -> tuple[str, ...]:
    """Return the words of a text in small letters without accents; letters that stand alone beside one another are one
    word: ``T.D.``.
    """
    spread = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(
        each if each.isalnum() else "" if each in "'’" else " " for each in spread if not unicodedata.combining(each)
    )
    words: list[str] = []
    alone = False
    for word in letters.split():
        if len(word) == 1 and alone:
            words[-1] += word
        else:
            words.append(word)
            alone = len(word) == 1
    return tuple(words)


def ranked(typed: str, named: Sequence[tuple[str, ...]]) -> list[tuple[int, tuple[Fraction, Fraction]]]:
    """Return which of some institutions, each by its names, answer what was typed, the best first, with how well."""
    words = plain_words(typed)[:_WORDS_MAX]
    found = []
    for number, names in enumerate(named):
        score = _score(words, tuple(map(plain_words, names)))
        if score is not None:
            found.append((number, score))
    best = max((score for _, (score, _) in found), default=Fraction(0))
    found = [each for each in found if each[1][0] >= best * _WORTH_SHOWING]
    return sorted(found, key=lambda each: each[1], reverse=True)


def _score(words: tuple[str, ...], names: tuple[tuple[str, ...], ...]) -> tuple[Fraction, Fraction] | None:
    """Return how much of what was typed the names bear, and how much of one of them was typed; nothing for none."""
    if not words:
        return None
    borne = {word for name in names for word in name}
    met = [_met(word, borne) for word in words]
    told = sum((_weight(word) * each for word, each in zip(words, met, strict=True)), Fraction(0))
    joined, compact = _joined(words), {_joined(name) for name in names if _tells(name)}
    if len(joined) >= _MISTAKE_CHARS_MIN and any(each in joined or joined in each for each in compact if len(each) > 4):
        told = max(told, _WHOLE)
    elif not any(each for word, each in zip(words, met, strict=True) if word not in _COMMON) and not all(met):
        return None
    covered = max(Fraction(sum(_met(word, set(words)) >= _BEGUN for word in name), len(name)) for name in names if name)
    return told, covered


def _tells(name: tuple[str, ...]) -> bool:
    """Tell whether a name is one institution's as a whole: not a word that many bear alone."""
    return not _COMMON.issuperset(name) or len({*name} - _LINKS) > 1


def _joined(words: tuple[str, ...]) -> str:
    return "".join(word for word in words if word not in _LINKS)


def _weight(word: str) -> Fraction:
    return _COMMON_WEIGHT if word in _COMMON else _WHOLE


def _met(word: str, borne: set[str]) -> Fraction:
    """Return how surely a word is one of some."""
    if word in borne:
        return _WHOLE
    if len(word) < _PART_CHARS_MIN:
        return Fraction(0)
    if any(each.startswith(word) for each in borne):
        return _BEGUN
    if word in _COMMON:
        return Fraction(0)
    long = [each for each in borne if len(each) >= _MISTAKE_CHARS_MIN and each not in _COMMON]
    if len(word) >= _MISTAKE_CHARS_MIN and any(_differ_by_one(word, each) for each in long):
        return _MISTAKEN
    held = any(word in each for each in borne if len(word) > _PART_CHARS_MIN) or any(each in word for each in long)
    return _HELD if held else Fraction(0)


@lru_cache(maxsize=4096)
def _differ_by_one(one: str, other: str) -> bool:
    """Tell whether one letter is missing, too many or another one, or two have changed places."""
    if abs(len(one) - len(other)) > 1:
        return False
    short, long = sorted((one, other), key=len)
    at = next((number for number, pair in enumerate(zip(short, long, strict=False)) if pair[0] != pair[1]), len(short))
    if len(short) < len(long):
        return short[at:] == long[at + 1 :]
    return short[at + 1 :] == long[at + 1 :] or (
        short[at : at + 2] == long[at : at + 2][::-1] and short[at + 2 :] == long[at + 2 :]
    )
