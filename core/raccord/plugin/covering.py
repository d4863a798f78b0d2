"""Which days the files of a connection cover: what files declare or hold, as the records kept of them tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from raccord.plugin.records import JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class FileBalance:
    """What an account holds at the end of a day, as its bank says it; a card's debt is negative."""

    day: date
    amount: Decimal
    currency: str = ""
    """ISO 4217; empty where the file does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoveredDays:
    """Days, both ends included, of which a file says all that was; of one account where the source has several."""

    last: date
    first: date | None = None
    """Nothing where the file does not say: then the earliest day that was read together with it."""
    account: str = ""
    """The account's key; every account needs files of its own."""
    name: str = ""
    """What people call the account."""
    opening: FileBalance | None = None
    """What the account held before the first of these days, where the file says so."""
    closing: FileBalance | None = None
    """What it holds after the last, likewise; the month's proof shows both."""


Tell = Callable[[Mapping[str, object], date, Mapping[str, JSON]], CoveredDays | None]
"""Tells from a connection's settings without their secrets, a record's day and ``raw`` which days its file covers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDays:
    """How a source whose data comes by files tells which days these cover.

    Of other days core says that no file covers them, and never that nothing moved.
    """

    when: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Values of settings under which only files bring data; empty: they always do."""
    stream: str = ""
    """The stream whose records ``tell``, one for each file or part of it; empty: what one run read covers the days
    from its first record to its last.
    """
    tell: Tell | None = None

    def __post_init__(self) -> None:
        if bool(self.stream) != (self.tell is not None):
            raise ValueError("stream and tell go together")
