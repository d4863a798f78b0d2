"""The two languages of the command line; imports nothing heavy, so that help is quick."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

Language = Literal["fr", "en"]


class Phrase(NamedTuple):
    """A sentence in French and in English (``raccord.plugin.Text`` without its imports)."""

    fr: str
    en: str

    def get(self, language: Language) -> str:
        return self.fr if language == "fr" else self.en


def counted(n: int, one: tuple[str, str], other: tuple[str, str]) -> Phrase:
    """Return what is said of a number, in French and in English; ``{n}`` stands for it.

    As in the catalogue of the pages French says none as it says one, English as it says many.
    """
    french, english = one[0] if abs(n) < 2 else other[0], one[1] if n == 1 else other[1]
    return Phrase(french.replace("{n}", str(n)), english.replace("{n}", str(n)))


def spoken(arguments: Sequence[str], environ: Mapping[str, str]) -> Language:
    """Return the language to speak: ``--lang`` wherever it stands, else ``RACCORD_LANG``, else the locale's.

    French unless something says otherwise; a locale of a third language gets English.
    """
    for place, argument in enumerate(arguments):
        if argument == "--":
            break
        if argument == "--lang" and place + 1 < len(arguments):
            return _language(arguments[place + 1])
        if argument.startswith("--lang="):
            return _language(argument.removeprefix("--lang="))
    for variable in ("RACCORD_LANG", "RACCORD_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = environ.get(variable, "")
        if value.partition(".")[0] in ("", "C", "POSIX"):
            continue
        return _language(value)
    return "fr"


def _language(text: str) -> Language:
    return "fr" if text.lower().startswith("fr") else "en"
