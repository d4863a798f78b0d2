"""Figures for bars that the server draws: where each part begins and how wide it is, in hundredths of a percent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from raccord.overview.coverage import COVERED, Interval

WHOLE = 10_000
BEFORE = 400
"""The part of a bar for all days before the first known one, which have no length."""
LEAST = 60
"""So that a single day among hundreds is still seen."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a coverage bar; ``x`` and ``width`` are percentages as text."""

    reason: str
    first: date | None
    last: date
    x: str
    width: str

    @property
    def covered(self) -> bool:
        return self.reason == COVERED


def coverage_bar(intervals: Sequence[Interval]) -> list[Part]:
    """Return the parts of a bar that is as wide as what it shows, in the order of days."""
    weights = [max(1, (each.last - each.first).days + 1) if each.first else 0 for each in intervals]
    room = WHOLE - BEFORE * weights.count(0)
    total = sum(weights) or 1
    widths = [max(LEAST, room * weight // total) if weight else BEFORE for weight in weights]
    scale = sum(widths)
    parts, at = [], 0
    for each, width in zip(intervals, widths, strict=True):
        parts.append(Part(each.reason, each.first, each.last, _percent(at, scale), _percent(width, scale)))
        at += width
    return parts


def _percent(part: int, whole: int) -> str:
    hundredths = part * WHOLE // whole
    return f"{hundredths // 100}.{hundredths % 100:02d}%"
