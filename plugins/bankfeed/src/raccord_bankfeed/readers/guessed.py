"""Which charset a text is in that is no UTF-8: under it, most of its words are words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from raccord_bankfeed.readers.wide import WIDE, wide_sense

SAMPLE_BYTES = 256 * 1024
_WORDS_MAX = 4000
_WORD = re.compile(rb"[A-Za-z\x80-\xff]*[\x80-\xff][A-Za-z\x80-\xff]*")
_LEAD = re.compile(rb"^[A-Z](?=[\x80-\xff])", re.MULTILINE)
"""What a line of QIF begins with, which is no part of its first word."""
_WEST = "àâäáãåæçèéêëìíîïñòóôõöøùúûüÿœß"
_MIDDLE = "áâăäąćčçďđéęëěíîĺľłńňóôőöŕřśšşťţúůűüýžźżß"
_EAST = "абвгдежзийклмнопрстуфхцчшщъыьэюяёєіїґ"
_HEBREW = "אבגדהוזחטיךכלםמןנסעףפץצקרשת"
_ARABIC = "ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىي"
_THAI = "".join(map(chr, (*range(0x0E01, 0x0E3B), *range(0x0E40, 0x0E4F))))


class _Script(NamedTuple):
    """A charset, the letters of a language in it, and which of them are every other one of a text, where all are such.

    ``weight`` is what a letter counts, in twentieths: less where the letters are those of several languages.
    """

    charset: str
    letters: frozenset[str]
    frequent: frozenset[str] = frozenset()
    weight: int = 20


_RUSSIAN = "оеаинтсрвл"


def _scripts() -> Iterator[_Script]:
    for charset, western in (("cp1252", 20), ("cp850", 18), ("mac_roman", 18)):
        for letters in ("àâæçéèêëîïôœùûüÿ", "áéíóúüñç", "áâãàçéêíóôõú", "äöüßéà", "àèéìòùí", "æøåäöé", "áéíóúýþæöð"):
            yield _Script(charset, frozenset(letters), weight=western)
        yield _Script(charset, frozenset(f"{_WEST}šž"), weight=western - 2)
    for charset, eastern in (("cp1250", 20), ("iso8859-2", 20), ("cp852", 18)):
        for letters in ("áčďéěíňóřšťúůýž", "ąćęłńóśźż", "áéíóöőúüű", "áäčďéíĺľňóôŕšťúýž", "čćđšž", "ăâîşţ", "äöüß"):
            yield _Script(charset, frozenset(letters), weight=eastern)
        yield _Script(charset, frozenset(_MIDDLE), weight=eastern - 4)
    yield _Script("cp1254", frozenset("çğıöşüâîûi"))
    for letters in ("ąčęėįšųūž", "āčēģīķļņšūž", "õäöüšž"):
        yield _Script("cp1257", frozenset(letters))
    for charset in ("cp1251", "koi8-r", "cp866", "iso8859-5"):
        yield _Script(charset, frozenset(_EAST), frozenset(_RUSSIAN))
    yield _Script("cp1253", frozenset("αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώϊϋ"), frozenset("ατοιεσνηυρς"))
    yield _Script("cp1255", frozenset(_HEBREW), frozenset("יוהלאתרבמש"))
    yield _Script("cp1256", frozenset(_ARABIC), frozenset("اليمنوتربهة"))
    yield _Script("cp874", frozenset(_THAI), frozenset("านรอกเงมยลวดทสตะปบคี่้"))


_SCRIPTS = tuple(_scripts())
"""The likeliest first: of charsets under which as much of a text makes sense the first is taken."""
_BESIDE, _AFTER = frozenset("€£’‘“”„«»–—…·•\u00a0"), frozenset("º°ª²³®™")
"""What stands beside letters in texts of Windows, and is a letter in those of DOS."""
_ENDING = frozenset("ςךםןףץ")
"""Letters that end a word."""
_OLD = frozenset({"cp850", "cp852", "cp866", "mac_roman"})
"""Charsets of DOS and of old Macs."""
_SURE = 10
"""So much more sense makes a text in another charset than the one it declares, where that one is wrong."""


def guessed_charset(sample: bytes) -> str:
    """Return the charset under which most letters beyond ASCII stand where such letters do; Windows-1252 if none."""
    senses = _senses(sample)
    best = max(senses, key=senses.__getitem__)
    return best if senses[best] > 0 else "cp1252"


def corrected_charset(sample: bytes) -> str:
    """Return Windows-1252, which programs declare of themselves, or the charset of which the letters are far rather."""
    senses = {charset: sense for charset, sense in _senses(sample).items() if charset not in _OLD}
    best = max(senses, key=senses.__getitem__)
    return best if senses[best] - max(senses["cp1252"], 0) >= _SURE else "cp1252"


def _senses(sample: bytes) -> dict[str, int]:
    """Return how much sense a text makes in each charset, the likeliest charset first."""
    sample = _without_leads(sample)
    words = _words(sample)
    senses: dict[str, int] = {}
    for script in _SCRIPTS:
        sense = sum(_sense(word, script) * times for word, times in words.items())
        senses[script.charset] = max(sense, senses.get(script.charset, sense))
    return senses | {charset: wide_sense(sample, charset) for charset in WIDE}


def _without_leads(sample: bytes) -> bytes:
    return _LEAD.sub(b"", sample) if b"\n^" in sample else sample


def _words(sample: bytes) -> Counter[bytes]:
    """Return the words that are not of plain letters alone."""
    found = (each[0] for each in _WORD.finditer(sample))
    return Counter(islice(found, _WORDS_MAX))


def _sense(raw: bytes, script: _Script) -> int:
    """Return how many letters of a word make sense, in twentieths, less those that do not; frequent ones count more."""
    word, (charset, letters, frequent, weight) = raw.decode(script.charset, "replace"), script
    alone, score = bool(frequent), 0
    for at, letter in enumerate(word):
        before, after = word[at - 1 : at], word[at + 1 : at + 2]
        if letter.isascii():
            continue
        if letter.lower()[:1] not in letters:
            beside = before.isalpha() or after.isalpha()
            known = letter in _BESIDE or (letter in _AFTER and not after.isalpha())
            score += beside * (20 if charset.startswith("cp125") and known else -20)
        elif alone and any(each.isalpha() and each.isascii() for each in (before, after)):
            score -= 20  # no word is of both
        elif letter in _ENDING and after.isalpha():
            score -= 20
        elif any(each.isalpha() and each.isascii() is not alone for each in (before, after)):
            # Within a word no capital follows a small letter, and after two capitals stands no small one.
            small = letter.islower()
            mixed = after.isupper() if small else before.islower() or (before.isupper() and after.islower())
            mixed = mixed or (small and before.isupper() and at > 1 and word[at - 2].isupper())
            score += -20 if mixed else 30 if letter.lower() in frequent else weight
    return score
