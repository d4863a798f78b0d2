"""What a cause is, said to people: read from ``fault_texts.toml`` when first asked for."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from raccord.quickbooks.causes import Cause

Language = Literal["fr", "en"]


@dataclass(frozen=True, slots=True)
class Explanation:
    """One cause in one language: title, what happened, why, what to do, and who can do it."""

    title: str
    what: str
    why: str
    fix: str
    who: str


def explain(cause: Cause, language: Language) -> Explanation:
    """Return the texts of ``cause``; every cause has all of them in both languages."""
    return Explanation(**_texts()[cause.value][language])


@cache
def _texts() -> dict[str, dict[str, dict[str, str]]]:
    return tomllib.loads(files("raccord.quickbooks").joinpath("fault_texts.toml").read_text("utf-8"))
