"""Refusals of core that a person reads: a stable code, what happened and what to do, in French and English."""

from __future__ import annotations

from raccord.plugin.texts import Text


class RaccordError(Exception):
    """Base of core's own refusals; ``text`` and ``fix`` are shown to people and hold no secret. Survives pickling."""

    def __init__(self, code: str, text: Text, fix: Text) -> None:
        super().__init__(code, text, fix)
        self.code = code
        self.text = text
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.code}: {self.text.en} {self.fix.en}"
