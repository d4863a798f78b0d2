"""What the store raises, in words people can act on."""

from __future__ import annotations

from raccord.errors import RaccordError


class StoreError(RaccordError):
    """Raised when the database, the vault or the file store cannot do what was asked; nothing was changed."""


class UnknownSecretError(StoreError):
    """Raised when the vault holds nothing under a handle."""


class WrongKeyError(StoreError):
    """Raised when none of the keys opens a secret of the vault."""


class FileTooLargeError(StoreError):
    """Raised when a received file exceeds the limit; nothing of it is kept."""
