"""What the pages give out and want back unchanged: signed values for cookies and forms."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

from raccord.store.vault import Vault

HANDLE = "web:signing"
"""Where the key lies in the vault, so that all web processes have the same one and restarts keep forms valid."""


class Signer:
    """Signs values for one purpose each; a value signed for one is worth nothing for another."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    @classmethod
    def of(cls, vault: Vault) -> Signer:
        """Return the installation's signer; its key is made at the first start."""
        if vault.get(HANDLE, missing_ok=True) is None:
            vault.put(HANDLE, secrets.token_urlsafe(32))
        # Read again: of two processes that start at once, both take the key that stayed.
        return cls(str(vault.get(HANDLE)).encode())

    def mark(self, purpose: str, value: str) -> str:
        """Return the signature of a value."""
        return hmac.new(self._key, f"{purpose}\x1f{value}".encode(), hashlib.sha256).hexdigest()

    def holds(self, purpose: str, value: str, mark: str) -> bool:
        """Tell whether ``mark`` is the signature of a value."""
        return hmac.compare_digest(self.mark(purpose, value).encode(), mark.encode())

    def seal(self, purpose: str, values: Mapping[str, str], now: datetime, lasts: timedelta) -> str:
        """Return values as text that :meth:`open` reads until ``lasts`` has passed; signed, not encrypted."""
        ends = int((now + lasts).timestamp())
        body = base64.urlsafe_b64encode(json.dumps([ends, dict(values)]).encode()).decode().rstrip("=")
        return f"{body}.{self.mark(purpose, body)}"

    def open(self, purpose: str, text: str, now: datetime) -> dict[str, str] | None:
        """Return the sealed values, or nothing if the seal is broken, of another purpose or too old."""
        body, _, mark = text.partition(".")
        if not body or not self.holds(purpose, body, mark):
            return None
        ends, values = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        return dict(values) if now.timestamp() < ends else None

    def __repr__(self) -> str:
        return "Signer()"
