"""The pages' words in French and English, read from ``texts/``; every key stands in both files."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from raccord.plugin.texts import Language

_BEFORE = re.compile(r" (?=[;:!?»%])")
_STRAIGHT = re.compile(r"(?<=\w)'(?=\w)")
_AFTER = re.compile(r"(?<=«) ")
_BEFORE_VOWEL = re.compile(r"\bde (?=[aeiouyàâéèêëîïôûAEIOUYÀÂÉÈÊËÎÏÔÛ])")
"""Where « de » loses its vowel before a name that is filled in; an h is left alone, for it may be aspirated."""
_TWO_STOPS = re.compile(r"(?<=\w)\.\.(?=\s|$)")
"""Where a sentence ends with a name that ends with a full stop, such as « inc. »; not the dots within a file's name."""
NBSP = "\u00a0"


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of one language; called with a key and the values that its sentence names."""

    language: Language
    texts: Mapping[str, str]

    def __call__(self, key: str, /, **values: object) -> str:
        """Return the sentence of ``key``; with ``n`` the form for that number. Raises KeyError for an unknown key."""
        count = values.get("n")
        if isinstance(count, int) and f"{key}.other" in self.texts:
            key = f"{key}.{'one' if self._is_one(count) else 'other'}"
        said = _TWO_STOPS.sub(".", self.texts[key].format(**values))
        return _BEFORE_VOWEL.sub("d’", said) if self.language == "fr" and "de {" in self.texts[key] else said

    def has(self, key: str) -> bool:
        return key in self.texts

    def _is_one(self, count: int) -> bool:
        return count in (0, 1) if self.language == "fr" else count == 1


@cache
def wording(language: Language) -> Wording:
    """Return the words of a language."""
    read = tomllib.loads(files("raccord_web").joinpath("texts", f"{language}.toml").read_text("utf-8"))
    texts = dict(_flat(read))
    return Wording(language, {key: typeset(text, language) for key, text in texts.items()})


def typeset(text: str, language: Language) -> str:
    """Put French spaces that must not break where the text has plain ones, and curly apostrophes for straight ones."""
    return _AFTER.sub(NBSP, _BEFORE.sub(NBSP, _STRAIGHT.sub("’", text))) if language == "fr" else text


def _flat(table: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, value in table.items():
        if isinstance(value, dict):
            found += _flat(value, f"{prefix}{name}.")
        else:
            found.append((prefix + name, str(value)))
    return found
