"""The tokens of one company and where they are kept."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from raccord.quickbooks.secret import Secret

EARLY = timedelta(minutes=5)
"""An access token with less than this left is refreshed before use."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """One grant: both tokens, when each ends (aware moments) and the company it is for."""

    realm: str
    access: Secret
    refresh: Secret
    access_ends: datetime
    refresh_ends: datetime

    def __post_init__(self) -> None:
        if self.access_ends.tzinfo is None or self.refresh_ends.tzinfo is None:
            raise ValueError("token expiry times must know their time zone")

    def fresh(self, now: datetime) -> bool:
        """Return whether the access token may be used without refreshing it first."""
        return self.access_ends - now >= EARLY

    def usable(self, now: datetime) -> bool:
        """Return whether the access token has not ended yet."""
        return now < self.access_ends

    def to_vault(self) -> str:
        """Return everything, secrets in clear, as text for an encrypting store and nothing else."""
        return json.dumps(
            {
                "realm": self.realm,
                "access": self.access.reveal(),
                "refresh": self.refresh.reveal(),
                "access_ends": self.access_ends.isoformat(),
                "refresh_ends": self.refresh_ends.isoformat(),
            }
        )

    @classmethod
    def from_vault(cls, text: str) -> Tokens:
        """Return the tokens that ``to_vault`` wrote."""
        held = json.loads(text)
        return cls(
            realm=held["realm"],
            access=Secret(held["access"]),
            refresh=Secret(held["refresh"]),
            access_ends=datetime.fromisoformat(held["access_ends"]),
            refresh_ends=datetime.fromisoformat(held["refresh_ends"]),
        )


class TokenStore(Protocol):
    """Keeps the tokens of one company, encrypted and durable."""

    def load(self) -> Tokens | None:
        """Return the tokens as last saved by any process, or None when the company is not connected."""
        ...

    def save(self, tokens: Tokens) -> None:
        """Keep ``tokens`` durably before returning; they are used only after that."""
        ...

    def exclusive(self) -> AbstractContextManager[object]:
        """Return a context that one holder at a time is in, over all processes that share the store.

        ``load`` and ``save`` are called inside it; it must not deadlock with them.
        """
        ...
