"""Every code with its sentences as the chapter of codes has them: of core, of QuickBooks, of each connector."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

from raccord.overview.explain import Explained, known_codes
from raccord.plugin.texts import Language
from raccord_web.pages.manual import written
from raccord_web.pages.rendering import said

ROOM, NAME = "reference", "errors"


@dataclass(frozen=True, slots=True)
class Part:
    """Codes that come from one place; ``title`` is what the chapter calls it."""

    title: str
    codes: tuple[Explained, ...]


@cache
def parts(language: Language) -> tuple[Part, ...]:
    """Return the codes as the chapter has them, part by part, in its order."""
    found: list[Part] = []
    title, rows = "", list[Explained]()
    tokens = MarkdownIt("commonmark", {"html": False}).enable("table").parse(written(ROOM, NAME, language))
    cells: list[str] = []
    for place, token in enumerate(tokens):
        if token.type == "heading_open" and token.tag == "h2":
            title, rows = _plain(tokens[place + 1]), []
        elif token.type == "tr_open":
            cells = []
        elif token.type == "td_open":
            cells.append(_plain(tokens[place + 1]))
        elif token.type == "tr_close" and cells:
            rows.append(_said(cells, language))
        elif token.type == "table_close":
            found.append(Part(title, tuple(rows)))
    return tuple(found)


def code_in(code: str, language: Language) -> tuple[int, Explained] | None:
    """Return the number of the part that has a code, from one, and the code; nothing where none has it."""
    for number, part in enumerate(parts(language), 1):
        for each in part.codes:
            if each.code == code:
                return number, each
    return None


def codes_with(wanted: str, language: Language) -> list[Explained]:
    """Return the codes that hold each of some words, in the chapter's order."""
    words = wanted.casefold().split()
    return [
        each
        for part in parts(language)
        for each in part.codes
        if all(word in f"{each.code} {each.what} {each.fix}".casefold() for word in words)
    ]


def _said(cells: list[str], language: Language) -> Explained:
    """Return a row; what pages say themselves names their buttons where the chapter names commands."""
    code, what, fix = (*cells, "")[:3]
    return said(code, {}, language) if code in known_codes() else Explained(code, what, fix, "")


def _plain(inline: Token) -> str:
    return "".join(each.content if each.type != "softbreak" else " " for each in inline.children or [])
