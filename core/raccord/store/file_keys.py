"""The keys that seal a connection's files: secrets of the vault, so that a change of its key takes them along."""

from __future__ import annotations

import os

from sqlalchemy import select

from raccord.store.models import Secret
from raccord.store.sealed import KEY_BYTES
from raccord.store.vault import Vault

KEYS_MAX = 1_000
"""Once a connection has so many, a change of the vault's key adds no more."""

_PREFIX, _SUFFIX = "connection:", ":files"


class FileKeys:
    """One connection's file keys, oldest first: the last one seals, all open. No key is ever removed."""

    def __init__(self, vault: Vault, connection_id: str) -> None:
        self._vault = vault
        self._handle = f"{_PREFIX}{connection_id}{_SUFFIX}"

    def all(self) -> list[bytes]:
        """Return the keys, none when there are none yet; ``WrongKeyError`` when the vault does not open."""
        return _read(self._vault.get(self._handle, missing_ok=True))

    def ensured(self) -> list[bytes]:
        """Return the keys; the first caller of all processes makes one."""
        return self.all() or _read(self._vault.update(self._handle, lambda held: held or _more(None)))

    def __repr__(self) -> str:
        return f"FileKeys({self._handle!r})"


def renew_file_keys(vault: Vault) -> None:
    """Give each connection that has file keys one more: who knew the old ones does not open the files to come."""
    with vault.database.read() as session:
        handles = session.scalars(select(Secret.handle).where(Secret.handle.like(f"{_PREFIX}%{_SUFFIX}"))).all()
    for handle in handles:
        vault.update(handle, _more)


def _more(held: str | None) -> str:
    lines = (held or "").split()
    if len(lines) < KEYS_MAX:
        lines.append(os.urandom(KEY_BYTES).hex())
    return "\n".join(lines)


def _read(held: str | None) -> list[bytes]:
    return [bytes.fromhex(line) for line in (held or "").split()]
