"""What a connector's twin offers the demonstration: ``<package>.sandbox.demo(folder, today) -> DemoSource``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Protocol

from raccord.plugin.texts import Text


@dataclass(frozen=True, slots=True)
class DemoSource:
    """A source made up by a twin: the settings that connect it, and what its books must come to.

    ``prefer`` names, by role, a word of the ledger object that a person would choose. ``unpaid`` tells what the
    clearing account holds for this source at the end of a day; ``last_day`` is the last day it has anything of. What is
    of ``left_from`` on is answered by nobody, so that there is something to review; ``owed`` are open invoices that a
    person entered in QuickBooks and that a line pays: customer, number, day and amount.
    """

    label: Text
    values: Mapping[str, object]
    starts_on: date
    last_day: date
    prefer: Mapping[str, str] = field(default_factory=dict)
    unpaid: Callable[[date], Decimal] | None = None
    left_from: date | None = None
    owed: Sequence[tuple[str, str, date, Decimal]] = ()
    accounts: Sequence[tuple[str, str]] = ()
    """Ledger accounts that a person makes in QuickBooks first: name and account type, in QuickBooks' words."""
    act: Callable[[], None] | None = None
    """What people do at the source, once, when it has the company's lists and before anything is brought in."""
    page: str = ""
    """Where people work at a source that answers calls: the address of its page, another one at each start."""
    close: Callable[[], None] | None = None
    """End what answers calls for the source."""


class Twin(Protocol):
    """The module ``sandbox`` of a connector."""

    def demo(self, folder: Path, today: date) -> DemoSource:
        """Make the source's files below ``folder``, the same ones each time, and tell how to connect it."""
        ...
