"""What cannot be said to QuickBooks, refused before anything is sent."""

from __future__ import annotations

from raccord.plugin import Text


class EncodeError(ValueError):
    """Raised when a draft cannot be expressed as a QuickBooks object; nothing was sent.

    ``code`` is stable, ``field`` names the place in the draft (``lines[2].amount``), the sentences say what, why and
    what to do.
    """

    def __init__(self, code: str, fr: str, en: str, field: str) -> None:
        super().__init__(code, fr, en, field)
        self.code = code
        self.fr = fr
        self.en = en
        self.field = field

    @property
    def text(self) -> Text:
        return Text(self.fr, self.en)

    def __str__(self) -> str:
        return f"{self.code} at {self.field}: {self.en}"
