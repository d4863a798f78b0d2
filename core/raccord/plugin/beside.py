"""What other connections of the company told: one account at a source may be connected twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from raccord.plugin.records import JSON, Record

BESIDE_MAX, OTHERS_MAX = 2000, 20
"""So many records of each other connection at most, those of the last days, and of so many connections."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What another connection of the company to the same kind of source told of some days, as far as it moves money."""

    label: str
    pair: str
    """Tells the two connections from any others; it is the same seen from either."""
    first: bool
    """Whether the other one was connected first."""
    settings: Mapping[str, JSON]
    """The other one's settings without their secrets."""
    records: Sequence[Record]
    in_books: frozenset[str] = frozenset()
    """The ids of those of which QuickBooks has a document."""
    connected: bool = True
    """Whether it still brings anything; of one that was disconnected only what QuickBooks has is told."""
