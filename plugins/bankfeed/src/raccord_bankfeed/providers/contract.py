"""What a provider does: let a person in, and bring the answers of one window of days as files of the connection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

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


class Provider(Protocol):
    """One way to a bank's lines over the network."""

    @property
    def window_days(self) -> int:
        """How many days one request may span at most."""
        ...

    @property
    def requests_a_day(self) -> int:
        """How many windows may be asked for in a day."""
        ...

    @property
    def overlap_days(self) -> int:
        """How many days before the last look are looked at again, for lines that are booked late."""
        ...

    def history_days(self, settings: BankFeedSettings) -> int:
        """Return how many days back the source gives lines."""
        ...

    def sign_in(self, context: SignInContext, settings: BankFeedSettings, answers: Mapping[str, str]) -> SignIn:
        """Take one step of letting a person in."""
        ...

    def bring_in(self, context: FetchContext, settings: BankFeedSettings, window: Window) -> Sequence[Reject]:
        """Receive the lines of a window as files; return what the source told beside them.

        Raises :class:`TooMuch`, or what a connector raises.
        """
        ...
