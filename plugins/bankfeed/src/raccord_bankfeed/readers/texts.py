"""Texts of files as people are shown them: entities read, one line, short, card numbers hidden."""

from __future__ import annotations

import re
from html.entities import html5

EXCERPT_CHARS_MAX = 200
_ENTITY = re.compile(r"&(#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_ENTITY_PASSES = 3
_CARD_NUMBER = re.compile(r"(?<![0-9])(?:[0-9][ -]?){8,15}([0-9]{4})(?![0-9])")


def is_number(text: str, digits_max: int = 18) -> bool:
    """Tell whether a text is a whole number: of the ten digits alone, for ``str.isdigit`` takes ² and ١ for digits."""
    return text.isascii() and text.isdigit() and len(text) <= digits_max


def unescape(text: str) -> str:
    """Replace character references, also those escaped twice or thrice; unknown ones and bare ampersands stay."""
    for _ in range(_ENTITY_PASSES):
        if "&" not in text:
            break
        plain = _ENTITY.sub(_character, text)
        if plain == text:
            break
        text = plain
    return text


def one_line(text: str) -> str:
    """Collapse runs of blanks and line ends to one blank."""
    return " ".join(text.split())


def excerpt(text: str) -> str:
    """Return the beginning of a row on one line, with all but the last four digits of card numbers hidden."""
    hidden = _CARD_NUMBER.sub(r"…\1", one_line(text[: 4 * EXCERPT_CHARS_MAX]))
    return hidden[:EXCERPT_CHARS_MAX]


def _character(match: re.Match[str]) -> str:
    name = match[1]
    if not name.startswith("#"):
        return html5.get(f"{name};", match[0])
    point = int(name[2:], 16) if name[1] in "xX" else int(name[1:])
    usable = (point in (9, 10, 13) or 32 <= point < 0xD800 or 0xE000 <= point <= 0x10FFFF) and point != 127
    return chr(point) if usable else match[0]
