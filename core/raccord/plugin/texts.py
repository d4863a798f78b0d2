"""Sentences in the product's two languages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Language = Literal["fr", "en"]


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
