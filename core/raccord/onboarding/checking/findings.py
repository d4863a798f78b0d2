"""What a check found: a stable code, how grave, and in both languages what it is and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from raccord.errors import RaccordError
from raccord.plugin.texts import Text


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"
    """Works, but somebody should know."""
    FAILED = "failed"
    """Something does not work, or will not, until a person mends it."""


NOTHING_TO_DO = Text("Rien à faire.", "Nothing to do.")


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's result; ``subject`` is the company or connection it is about, empty for the installation."""

    code: str
    level: Level
    text: Text
    fix: Text = NOTHING_TO_DO
    subject: str = ""
    link: str = ""
    """Where in QuickBooks it is mended, if there."""


def well(code: str, fr: str, en: str, subject: str = "") -> Finding:
    return Finding(code, Level.OK, Text(fr, en), subject=subject)


def refused(error: RaccordError, subject: str = "", level: Level = Level.FAILED) -> Finding:
    """Return a refusal of core's as a finding under its own code."""
    return Finding(error.code, level, error.text, error.fix, subject)


SHOWN = 10
"""Names that one finding tells."""


def named(names: Sequence[str]) -> str:
    """Return the first names of a list, and how many more there are."""
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f", … (+{more})" if more > 0 else "")
