"""What a provider does: let a person in, and bring answers as files, by windows of days or by changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol, runtime_checkable

from raccord.plugin import FetchContext, Reject, SignIn, SignInContext
from raccord_bankfeed.settings import BankFeedSettings

ANSWER_BYTES_MAX = 8 * 1024 * 1024
"""A longer answer is asked for again in halves, so that one never fills the memory."""


class TooMuch(Exception):  # noqa: N818 - says what the answer is
    """Raised by a provider whose answer to a window is too long, or which refuses so long a one."""


@dataclass(frozen=True, slots=True)
class Window:
    """Days to ask for, both of them included."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Look:
    """What a provider that tells changes is asked: those since ``mark``, on ``today`` for the first time or again."""

    mark: str
    today: date
    first_today: bool


class Provider(Protocol):
    """One way to a bank's lines over the network."""

    @property
    def requests_a_day(self) -> int:
        """How many windows, or looks, may be asked for in a day."""
        ...

    def history_days(self, settings: BankFeedSettings) -> int:
        """Return how many days back the source gives lines."""
        ...

    def consent_ends(self, settings: BankFeedSettings) -> date | None:
        """Return the last day on which what a person allowed holds; nothing where it has no end."""
        ...

    def sign_in(self, context: SignInContext, settings: BankFeedSettings, answers: Mapping[str, str]) -> SignIn:
        """Take one step of letting a person in."""
        ...


class HoldsAccess(Protocol):
    """A provider that holds an access to the bank until it is given back."""

    def close(self, context: SignInContext, settings: BankFeedSettings) -> None:
        """Give the access back; one that is gone already is done."""
        ...


@runtime_checkable
class ChangesProvider(Provider, Protocol):
    """A provider that tells what changed since the last look."""

    def bring_changes(
        self, context: FetchContext, settings: BankFeedSettings, look: Look
    ) -> tuple[str, Sequence[Reject]]:
        """Receive all changes as files; return the mark of the next look, and what the source told beside them."""
        ...


class WindowProvider(Provider, Protocol):
    """A provider that is asked for windows of days."""

    @property
    def window_days(self) -> int:
        """How many days one request may span at most."""
        ...

    @property
    def overlap_days(self) -> int:
        """How many days before the last look are looked at again, for lines that are booked late."""
        ...

    def bring_in(self, context: FetchContext, settings: BankFeedSettings, window: Window) -> Sequence[Reject]:
        """Receive the lines of a window as files; return what the source told beside them.

        Raises :class:`TooMuch`, or what a connector raises.
        """
        ...
