"""Renewing the secrets of a connection while it works: one process at a time, kept before they are used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

from raccord.store.database import Database
from raccord.store.locks import Held, exclusive
from raccord.store.vault import Vault

Ask = Callable[[Mapping[str, str]], Mapping[str, str]]


def alone_with_secrets(database: Database, data_dir: Path, handle: str) -> AbstractContextManager[Held]:
    """Be the only one who reads, changes and writes a connection's secrets."""
    return exclusive(database, data_dir, f"secrets-{handle}")


def renew_secrets(
    database: Database, vault: Vault, data_dir: Path, handle: str, stale: str, ask: Ask
) -> Mapping[str, str]:
    """Return the secrets of a connection once ``stale`` is none of them; ``ask`` gets those kept, and gives new ones.

    Sources that give a new refresh token take the old one back: two processes that asked at once would lose both.
    """
    with alone_with_secrets(database, data_dir, handle):
        kept = {name: str(value) for name, value in vault.get_mapping(handle, missing_ok=True).items()}
        if stale not in kept.values():
            return kept
        renewed = {**kept, **ask(kept)}
        vault.put(handle, renewed)
        return renewed
