"""Sentences in the product's two languages."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from importlib.resources import files
from typing import Literal

Language = Literal["fr", "en"]
NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence in French and in English; neither may be empty."""

    fr: str
    en: str

    def __post_init__(self) -> None:
        if not self.fr.strip() or not self.en.strip():
            raise ValueError("a text needs its French and its English sentence")

    def get(self, language: Language) -> str:
        return self.fr if language == "fr" else self.en


def figures_of(amount: Decimal, language: Language) -> str:
    """Return an amount within a sentence: ``1,700.50``, or ``1 700,50`` in French."""
    if not amount.is_finite():
        return str(amount)
    whole, _, places = format(amount, ",f").partition(".")
    # Two places, and those beyond that some currencies have.
    places = places.rstrip("0").ljust(2, "0")
    return f"{whole.replace(',', NO_BREAK_SPACE)},{places}" if language == "fr" else f"{whole}.{places}"


def figures(amount: Decimal) -> Text:
    """Return an amount within a sentence of either language."""
    return Text(figures_of(amount, "fr"), figures_of(amount, "en"))


def texts_of(package: str) -> Mapping[str, Text]:
    """Return the sentences of a package's ``texts.toml`` by name: a table for each, with ``fr`` and ``en``."""
    said = tomllib.loads((files(package) / "texts.toml").read_text(encoding="utf-8"))
    return {name: Text(row["fr"], row["en"]) for name, row in said.items()}
