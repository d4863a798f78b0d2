"""What a source's own program filed a line of money under: categories, or another account that the money moved to."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidPart:
    """A part of a line; of a line with one category that is the whole of it."""

    name: str
    """The category, or the account that the money moved to or came from, as the source writes it."""
    amount: Decimal | None = None
    """In the line's own direction, so that parts come to the line's amount; nothing where the source says none."""
    memo: str = ""
    transfer: bool = False
    """Whether the name is that of an account which is the company's own."""
    keys: tuple[str, ...] = ()
    """Of such an account: the keys that records of its own may have it under."""
