"""What the store raises, in words people can act on."""

from __future__ import annotations

from raccord.errors import RaccordError
from raccord.plugin.errors import SourceRefused
from raccord.plugin.texts import Text


class StoreError(RaccordError):
    """Raised when the database, the vault or the file store cannot do what was asked; nothing was changed."""


class UnknownSecretError(StoreError):
    """Raised when the vault holds nothing under a handle."""


class WrongKeyError(StoreError):
    """Raised when none of the keys opens a secret of the vault."""


class FilesRefusedError(SourceRefused):
    """Raised when files of a source cannot be received or read: somebody must mend a folder or hand in another file.

    It passes through a connector's hook as a refusal of its source; ``text`` says what to do as well.
    """

    def __init__(self, code: str, text: Text, fix: Text) -> None:
        super().__init__(Text(fr=f"{text.fr} {fix.fr}", en=f"{text.en} {fix.en}"))
        self.args = (code, text, fix)
        self.code = code
        self.what = text
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.code}: {self.text.en}"


class FileTooLargeError(FilesRefusedError):
    """Raised when a received file exceeds the limit; nothing of it is kept."""
