"""Figures for the chart of posted money: where bars, lines and words stand; widths are percentages, heights pixels.

Whatever is said in words beside it stands in the chart's title and its table; the drawing alone tells nothing more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, Decimal

from raccord.overview.posted import Posted

LEFT = 750
"""Where the first day begins, in hundredths of a percent; left of it stand the words of the scale."""
WHOLE = 10_000
BASE, HIGH = 1860, 1560
"""The line of zero, and how high the scale reaches above it, in tenths of a pixel."""
LEAST = 10
"""So that the smallest amount is still seen."""
STEPS_MAX = 4
WORDS_MAX = 5
"""Days that are named below the chart."""


@dataclass(frozen=True, slots=True)
class Block:
    """What one source moved on one day; ``place`` is the source's among the series, from 1."""

    place: int
    y: str
    height: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One day; ``named`` tells whether its date is written below, ``highest`` whether its amount is written above."""

    day: date
    amount: Decimal
    x: str
    middle: str
    width: str
    blocks: Sequence[Block]
    top: str
    named: bool
    highest: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the scale."""

    amount: Decimal
    y: str
    word_y: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart as it is drawn."""

    bars: Sequence[Bar]
    lines: Sequence[Line]
    highest: Bar


def chart_of(posted: Posted) -> Chart:
    """Return the drawing of what was posted; something was, on one day at least."""
    amounts = [posted.of_day(place) for place in range(len(posted.days))]
    step = _step(max(amounts))
    scale = step * (max(amounts) / step).to_integral_value(ROUND_CEILING)
    highest = amounts.index(max(amounts))
    every = -(-len(amounts) // WORDS_MAX)
    slot = (WHOLE - LEFT) // len(amounts)
    bars = []
    for place, day in enumerate(posted.days):
        blocks, top = _blocks([each.amounts[place] for each in posted.series], scale)
        at = LEFT + slot * place
        bars.append(
            Bar(
                day,
                amounts[place],
                _percent(at + slot // 8),
                _percent(at + slot // 2),
                _percent(slot * 3 // 4),
                blocks,
                _pixels(top - 80),
                # Counted from the newest, so that it is always named.
                (len(amounts) - 1 - place) % every == every // 2,
                place == highest,
            )
        )
    count = int(scale / step)
    lines = [
        Line(step * number, _pixels(y), _pixels(y + 40))
        for number in range(count + 1)
        for y in (BASE - HIGH * number // count,)
    ]
    return Chart(bars, lines, bars[highest])


def _blocks(amounts: Sequence[Decimal], scale: Decimal) -> tuple[list[Block], int]:
    """Return the blocks of a day from below, and where they end."""
    found, y = [], BASE
    for place, amount in enumerate(amounts, 1):
        if amount:
            height = max(LEAST, int(amount * HIGH / scale))
            y -= height
            # One pixel of paper between two sources.
            found.append(Block(place, _pixels(y), _pixels(max(LEAST, height - 10))))
    return found, y


def _step(most: Decimal) -> Decimal:
    """Return the distance of the scale's lines: 1, 2, 2.5 or 5 times a power of ten."""
    power = Decimal(1).scaleb(most.adjusted() - 1)
    steps = (power * each for each in (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5), 10, 20, 25, 50))
    return next(each for each in steps if most <= each * STEPS_MAX)


def _percent(hundredths: int) -> str:
    return f"{hundredths // 100}.{hundredths % 100:02d}%"


def _pixels(tenths: int) -> str:
    return f"{tenths // 10}.{tenths % 10}"
