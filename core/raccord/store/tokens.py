"""A company's tokens in the vault, with one writer at a time over all processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Generic, TypeVar

from raccord.store.locks import Held, exclusive
from raccord.store.vault import Vault

T = TypeVar("T")


def tokens_handle(company_id: str) -> str:
    """Return where a company's tokens lie in the vault."""
    return f"company:{company_id}:tokens"


class StoredTokens(Generic[T]):
    """Loads and saves the tokens of one company; ``write`` and ``read`` turn them into secret text and back.

    This package knows nothing of what the tokens are: the caller joins it with the QuickBooks package's type, whose
    ``TokenStore`` protocol it satisfies.
    """

    def __init__(
        self,
        vault: Vault,
        data_dir: Path,
        company_id: str,
        write: Callable[[T], str],
        read: Callable[[str], T],
    ) -> None:
        self._vault = vault
        self._data_dir = data_dir
        self._company_id = company_id
        self._write = write
        self._read = read
        self._held: Held | None = None

    def load(self) -> T | None:
        """Return the tokens as any process saved them last, or nothing when the company is not connected."""
        held = self._vault.get(tokens_handle(self._company_id), missing_ok=True)
        return None if held is None else self._read(held)

    def save(self, tokens: T) -> None:
        """Keep ``tokens``; they are durable when this returns.

        Raises ``LockLostError`` inside ``exclusive`` where others may have saved newer ones meanwhile.
        """
        if self._held is not None:
            self._held.check()
        self._vault.put(tokens_handle(self._company_id), self._write(tokens))

    def forget(self) -> None:
        """Remove the tokens: the company is disconnected."""
        self._vault.delete(tokens_handle(self._company_id))

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Be the one holder over all threads and processes; ``load`` and ``save`` work inside it."""
        with exclusive(self._vault.database, self._data_dir, tokens_handle(self._company_id)) as held:
            self._held = held
            try:
                yield
            finally:
                self._held = None

    def __repr__(self) -> str:
        return f"StoredTokens({self._company_id!r})"
