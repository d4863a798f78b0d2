"""A ledger object as a person names it: by id, number, name, or a part of the name that nothing else has."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Sequence

from raccord.errors import RaccordError
from raccord.overview.questions import Candidate
from raccord.plugin.texts import Text

NAMES_MAX = 8


class AnswerError(RaccordError):
    """Raised when an answer does not fit its question."""


def pick(fitting: Sequence[Candidate], wanted: str) -> Candidate:
    """Return the one that was named, of those that fit; the refusal names what is near."""
    key = plain(wanted)
    # An id comes first: a company may well have an account called "42".
    for found in (
        [each for each in fitting if each.id == wanted],
        [each for each in fitting if key and key in (plain(each.name), plain(each.number), plain(shown(each)))],
        [each for each in fitting if key and key in plain(shown(each))],
    ):
        if len(found) == 1:
            return found[0]
    near = difflib.get_close_matches(wanted, [each.name for each in fitting], n=NAMES_MAX)
    named = ", ".join(near or [each.name for each in fitting[:NAMES_MAX]])
    raise AnswerError(
        "choice.does_not_fit",
        Text(
            f"« {wanted} » n'existe pas, est inactif, n'est pas seul ou ne convient pas ici.",
            f"“{wanted}” does not exist, is inactive, is not the only one or does not fit here.",
        ),
        Text(f"Par exemple : {named}.", f"For example: {named}.")
        if named
        else Text(
            "QuickBooks n'a encore rien qui convienne ici : créez-le d'abord.",
            "QuickBooks has nothing yet that fits here: create it first.",
        ),
    )


def shown(candidate: Candidate) -> str:
    """Return what a list shows of an object: its number, if it has one, before its name."""
    return f"{candidate.number} {candidate.name}" if candidate.number else candidate.name


def plain(text: str) -> str:
    """Return a text without case and accents: people type names as quickly as they can."""
    parts = unicodedata.normalize("NFKD", " ".join(text.split()).casefold())
    return "".join(each for each in parts if not unicodedata.combining(each))
