"""The documentation as pages of the application: the Markdown files of ``docs/`` in both languages, each read once."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from raccord.overview.naming import plain
from raccord.plugin.texts import Language

ROOMS = ("tutorial", "how-to", "explanation", "reference", "project")
"""In the order in which they are shown; ``project`` holds what stands in no room of its own."""
FOUND_MAX = 20
_PLACES = (Path(__file__).parents[1] / "docs", Path(__file__).parents[3] / "docs")
"""In a wheel it lies in the package, in a checkout at the top."""
_FILE = re.compile(r"(?P<name>.+?)(?:\.(?P<language>en|fr))?\.md")
_OUTSIDE = re.compile(r"[a-z][a-z0-9+.-]*:")


@dataclass(frozen=True, slots=True)
class Heading:
    """A part of a chapter and the anchor that leads to it."""

    anchor: str
    text: str


@dataclass(frozen=True, slots=True)
class Chapter:
    """A page of the documentation; ``language`` is that in which it is written, which may not be the one asked for."""

    room: str
    name: str
    language: Language
    title: str
    html: Markup
    headings: tuple[Heading, ...]
    words: str
    """Its plain text in small letters, for the search."""

    @property
    def path(self) -> str:
        return f"/help/docs/{self.room}/{self.name}"


def chapters(language: Language) -> list[Chapter]:
    """Return every chapter by room, and by title but in the tutorial; in the other language where it has only that."""
    found = [found for room, name in _known() if (found := chapter(room, name, language)) is not None]
    return sorted(
        found, key=lambda each: (ROOMS.index(each.room), "" if each.room == "tutorial" else plain(each.title))
    )


def chapter(room: str, name: str, language: Language) -> Chapter | None:
    """Return a chapter by its room and name; nothing where there is none."""
    languages = _known().get((room, name))
    if not languages:
        return None
    written = language if language in languages else next(iter(sorted(languages)))
    return _read(room, name, written, languages[written])


def written(room: str, name: str, language: Language) -> str:
    """Return the Markdown of a chapter that is written in both languages; empty where there is none."""
    path = _known().get((room, name), {}).get(language)
    return "" if path is None else path.read_text(encoding="utf-8")


def search(wanted: str, language: Language) -> list[Chapter]:
    """Return the first chapters that hold every word, those with a word in their title first."""
    words = wanted.casefold().split()
    if not words:
        return []
    found = [each for each in chapters(language) if all(word in each.words for word in words)]
    found.sort(key=lambda each: not any(word in each.title.casefold() for word in words))
    return found[:FOUND_MAX]


@cache
def _known() -> dict[tuple[str, str], dict[Language, Path]]:
    root = next((place for place in _PLACES if place.is_dir()), None)
    found: dict[tuple[str, str], dict[Language, Path]] = {}
    if root is None:
        return found
    for path in sorted(root.rglob("*.md")):
        where = path.relative_to(root)
        room = "project" if len(where.parts) == 1 else where.parts[0]
        named = _FILE.fullmatch(where.name)
        if named is None or room not in ROOMS or len(where.parts) > 2 or where.name.startswith("index."):
            continue
        language: Language = "fr" if named["language"] == "fr" else "en"
        found.setdefault((room, named["name"]), {})[language] = path
    return dict(sorted(found.items(), key=lambda each: ROOMS.index(each[0][0])))


@cache
def _read(room: str, name: str, language: Language, path: Path) -> Chapter:
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse(path.read_text(encoding="utf-8"))
    title, headings = "", list[Heading]()
    kept = list[Token]()
    for place, token in enumerate(tokens):
        if token.type == "inline":
            token.children = _relinked(token.children or [], room)
        if token.type == "heading_open":
            text = _plain(tokens[place + 1])
            token.attrSet("id", anchor_of(text))
            if token.tag == "h1":
                title = text
            elif token.tag == "h2":
                headings.append(Heading(anchor_of(text), text))
        elif token.type == "table_open":
            token.attrSet("class", "table")
        kept.append(token)
    body = _without_head(kept, {posixpath.basename(str(each)) for each in _known()[room, name].values()})
    # The text is our own, and HTML in it is shown as text.
    html = Markup(markdown.renderer.render(body, markdown.options, {}))  # noqa: S704
    words = " ".join(_plain(token) if token.type == "inline" else token.content for token in tokens).casefold()
    return Chapter(room, name, language, title, html, tuple(headings), words)


def anchor_of(heading: str) -> str:
    """Return the anchor of a heading, as Markdown hosts make it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def _plain(inline: Token) -> str:
    return "".join(each.content if each.type != "softbreak" else " " for each in inline.children or [])


def _without_head(tokens: list[Token], own: set[str]) -> list[Token]:
    """Leave out the title, which the page shows itself, and the line that leads to the other language."""
    body = list[Token]()
    place = 0
    while place < len(tokens):
        token = tokens[place]
        if token.type == "heading_open" and token.tag == "h1":
            place += 3
            continue
        if token.type == "paragraph_open" and _leads_to(tokens[place + 1]) & own:
            place += 3
            continue
        body.append(token)
        place += 1
    return body


def _leads_to(inline: Token) -> set[str]:
    """Return the files to which a paragraph of nothing but links leads."""
    children = inline.children or []
    marked = [each for each in children if each.type not in ("em_open", "em_close") and each.content.strip() != ""]
    links = {str(each.meta["written"]) for each in children if each.type == "link_open" and "written" in each.meta}
    return links if len(marked) == len(links) else set()


def _relinked(children: Iterable[Token], room: str) -> list[Token]:
    """Lead from chapter to chapter; where a link leaves the documentation for the repository, only its text stays."""
    kept, opened = list[Token](), list[bool]()
    for token in children:
        if token.type == "link_open":
            href = str(token.attrGet("href") or "")
            place = _place_of(href, room)
            opened.append(place is not None)
            token.meta["written"] = posixpath.basename(href.partition("#")[0])
            if place is None:
                continue
            token.attrSet("href", place)
            token.attrSet("class", "link")
            if _OUTSIDE.match(place):
                token.attrSet("rel", "noreferrer")
        elif token.type == "link_close" and not opened.pop():
            continue
        kept.append(token)
    return kept


def _place_of(href: str, room: str) -> str | None:
    path, mark, anchor = href.partition("#")
    if _OUTSIDE.match(href) or not path:
        return href
    folder = "" if room == "project" else room
    where = posixpath.normpath(posixpath.join(folder, path))
    other, _, file = where.rpartition("/")
    named = _FILE.fullmatch(file)
    if named is None or (key := (other or "project", named["name"])) not in _known():
        return None
    return f"/help/docs/{key[0]}/{key[1]}{mark}{anchor}"
