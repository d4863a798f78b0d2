"""How much sense a text makes in the charsets of East Asia, whose letters are of two bytes."""

from __future__ import annotations

from collections.abc import Callable

_HIGH = 0xA1
"""From here on go both bytes of the first sets of China and Korea."""
_NARROW = 25
"""What a Japanese letter of one byte counts, in twentieths, beside another letter; alone it is rather a sign: £, À."""
_NARROW_SIGNS = range(0xA1, 0xA6)
"""The Japanese full stop, brackets, comma and point of one byte."""
_SAMPLE_BYTES = 64 * 1024


def _japanese(lead: int, trail: int) -> int:
    if lead in (0x82, 0x83) or 0x88 <= lead <= 0x97:
        return 2
    return 0 if lead == 0x81 else -2


def _korean(lead: int, trail: int) -> int:
    if trail < _HIGH:
        return -2
    return 2 if 0xB0 <= lead <= 0xC8 else 0 if 0xA1 <= lead <= 0xA3 else -2


def _chinese(lead: int, trail: int) -> int:
    if trail < _HIGH:
        return -2
    return 2 if 0xB0 <= lead <= 0xD7 else 0 if 0xA1 <= lead <= 0xA3 or lead >= 0xD8 else -2


def _taiwanese(lead: int, trail: int) -> int:
    return 2 if 0xA4 <= lead <= 0xC6 else 0 if 0xA1 <= lead <= 0xA3 else -1


def _unix_japanese(lead: int, trail: int) -> int:
    if trail < _HIGH:
        return -2
    return (
        2 if lead in (0xA4, 0xA5) or 0xB0 <= lead <= 0xCF else 0 if lead in (0x8E, 0xA1, 0xA3) or lead >= 0xD0 else -2
    )


WIDE: dict[str, Callable[[int, int], int]] = {
    "cp932": _japanese,
    "cp949": _korean,
    "gb18030": _chinese,
    "big5": _taiwanese,
    "euc_jp": _unix_japanese,
}
"""The likeliest first; by charset what a letter of two bytes counts: two where it is one of the usual ones."""


def wide_sense(sample: bytes, charset: str) -> int:
    """Return what letters count in a charset of two bytes each, in twentieths; less than 0 where they are none."""
    cut = sample[:_SAMPLE_BYTES]
    cut = cut[: cut.rfind(b"\n") + 1] or cut
    try:
        cut.decode(charset)
    except UnicodeDecodeError:
        return -20
    count, score, at, latin, last = WIDE[charset], 0, 0, False, 0
    while at < len(cut) - 1:
        lead = cut[at]
        narrow = lead < 0x80 or (charset == "cp932" and 0xA1 <= lead <= 0xDF)
        if lead >= 0x80:
            # No word is of plain letters and of such ones.
            latin = latin or (narrow and chr(cut[at + 1]).isascii() and chr(cut[at + 1]).isalpha())
            alone = lead in _NARROW_SIGNS or (last < 0x80 and cut[at + 1] < 0x80)
            score += -40 if latin else (0 if alone else _NARROW) if narrow else 20 * count(lead, cut[at + 1])
        latin = lead < 0x80 and chr(lead).isalpha()
        at, last = at + (1 if narrow else 2), lead
    return score
