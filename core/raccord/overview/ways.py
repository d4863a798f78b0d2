"""What a sentence that names a command says in a browser: the page where the same is done.

Core's refusals say what to do once, with the command. In pages ``« raccord people » montre …`` reads
``La page « Personnes et rôles » montre …``, and ``(raccord connect resume)`` reads ``(à la page de la connexion)``.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files

from raccord.plugin.texts import Language

_QUOTED = re.compile(r"(?:«[ \u00a0\u202f]?|“|`)raccord ([^»”`]+?)(?:[ \u00a0\u202f]?»|”|`)")
_BARE = re.compile(r"\braccord ([a-z][^.,;()«»“”]*)")
_NOUN, _PLACE = "noun", "place"
_AT = {"fr": "à ", "en": "on "}
_PREPOSITIONS = frozenset({"avec", "de", "par", "with", "of", "by"})


def on_page(text: str, language: Language) -> str:
    """Return a sentence with the pages in the place of commands; one that no page replaces stays."""
    text = _QUOTED.sub(lambda found: _said(found, text, language, _NOUN), text)
    return _BARE.sub(lambda found: _said(found, text, language, _PLACE), text)


def way_of(command: str) -> str:
    """Return the row that says where a command's deed is done, of the longest beginning that has one; else nothing."""
    words = command.split()
    for count in (2, 1):
        if (name := " ".join(words[:count])) in _table():
            return name
    return ""


def _said(found: re.Match[str], text: str, language: Language, form: str) -> str:
    name = way_of(found[1])
    if not name:
        return found[0]
    said = _table()[name][language]
    before = text[: found.start()].rstrip()
    # A command that is called for is where the deed is done; one that tells something is what tells it.
    after = text[found.end() :].lstrip()[:1]
    called_for = before.endswith(":") or (before != "" and after in ("", ".", ",", ")", ";"))
    if (form == _PLACE or called_for) and before.rpartition(" ")[2] not in _PREPOSITIONS:
        said = _AT[language] + said
    first = not before or before.endswith((".", "?", "!"))
    return said[:1].upper() + said[1:] if first else said


@cache
def _table() -> dict[str, dict[str, str]]:
    return tomllib.loads(files("raccord.overview").joinpath("ways.toml").read_text("utf-8"))
