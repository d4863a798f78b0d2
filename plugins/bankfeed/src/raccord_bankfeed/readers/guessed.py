"""Which charset of one byte a letter a text is in: under it, most of its words are words."""

from __future__ import annotations

import re
from collections import Counter
from itertools import islice

SAMPLE_BYTES = 256 * 1024
_WORDS_MAX = 4000
_WORD = re.compile(rb"[A-Za-z\x80-\xff]*[\x80-\xff][A-Za-z\x80-\xff]*")
_WEST = "àâäáãåæçèéêëìíîïñòóôõöøùúûüýÿœßðþ"
_MIDDLE = "áâăäąćčçďđéęëěíîĺľłńňóôőöŕřśšşťţúůűüýžźżß"
_EAST = "абвгдежзийклмнопрстуфхцчшщъыьэюяёєіїґ"
_LETTERS = {
    "cp1252": _WEST + "šž",
    "cp1250": _MIDDLE,
    "iso8859-2": _MIDDLE,
    "cp1251": _EAST,
    "cp850": _WEST,
    "cp852": _MIDDLE,
    "mac_roman": _WEST,
}
"""The likeliest first: of charsets under which as much of a text makes sense the first is taken."""
_BESIDE = frozenset("’‘“”„«»–—…·•º°ª²³®™\u00a0")
"""What stands beside letters in texts of Windows, and is a letter in those of DOS."""


def guessed_charset(sample: bytes) -> str:
    """Return the charset under which most letters beyond ASCII stand where such letters do; Windows-1252 if none."""
    words = Counter(islice((found[0] for found in _WORD.finditer(sample)), _WORDS_MAX))
    scores = {charset: sum(_sense(word, charset) * times for word, times in words.items()) for charset in _LETTERS}
    return max(scores, key=scores.__getitem__)


def _sense(raw: bytes, charset: str) -> int:
    """Return how many letters of a word make sense, less those that do not."""
    word, letters = raw.decode(charset, "replace"), _LETTERS[charset]
    east, score = letters is _EAST, 0
    for at, letter in enumerate(word):
        before, after = word[at - 1 : at], word[at + 1 : at + 2]
        if letter.isascii():
            continue
        if letter.lower() not in letters:
            beside = before.isalpha() or after.isalpha()
            score += beside * (1 if charset.startswith("cp125") and letter in _BESIDE else -1)
        elif any(each.isalpha() and each.isascii() is not east for each in (before, after)):
            # Within a word no capital follows a small letter, and after two capitals stands no small one.
            small = letter.islower()
            mixed = after.isupper() if small else before.islower() or (before.isupper() and after.islower())
            mixed = mixed or (small and before.isupper() and at > 1 and word[at - 2].isupper())
            score += -1 if mixed else 1
    return score
