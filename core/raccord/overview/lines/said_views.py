"""What a source's own program filed a line under, as it is told to programs and on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class SaidPartView:
    """A part of a line, with the account of the company that has its name; of none, the one that is called most like
    it.
    """

    name: str
    amount: Decimal | None
    memo: str
    transfer: bool
    """Whether the name is that of an account that money is on."""
    account: str = ""
    account_name: str = ""
    near: str = ""
    near_name: str = ""


@dataclass(frozen=True, slots=True)
class SaidView:
    """What a source says of a line: offered, never taken for an answer."""

    kind: str
    """What the line would be, as ``treat`` takes it; empty where the one name is no account of the company."""
    adds_up: bool
    """Whether the parts come to the line's amount."""
    parts: Sequence[SaidPartView]
