"""How often lines that are said to be one document of the books, or documents said to be one line, really are.

Made months with fixed seeds: an account with groups that belong together, their parts on one day or some days apart,
among lines and documents that belong to nothing; amounts as people spend, a third of them without cents. A proposal is
right where it names exactly those that were made together.

    python bench/together.py [--months 150]
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from raccord.sync.lines.in_parts import in_parts, of_several
from raccord.sync.lines.pairing import Found, Line

FIRST = date(2026, 3, 1)
GROUPS = 5
PARTS = (2, 2, 2, 3, 4)
BESIDE = ((10, 5), (30, 20), (80, 20))
"""Lines and documents that belong to nothing."""
APART = (0, 1, 3)
"""Days over which the parts of one are spread."""

Answers = Iterator[tuple[str, frozenset[str]]]


@dataclass(slots=True)
class Month:
    """Wholes and parts; ``true`` names the parts of a whole."""

    wholes: list[tuple[Decimal, date]] = field(default_factory=list)
    parts: list[tuple[Decimal, date]] = field(default_factory=list)
    true: dict[str, frozenset[str]] = field(default_factory=dict)


def made(seed: int, parts: int, wholes: int, apart: int) -> Month:
    """Make a month, always the same."""
    dice, month = random.Random(seed), Month()
    for number in range(GROUPS):
        day, first = FIRST + timedelta(dice.randrange(30)), len(month.parts)
        for _ in range(dice.choice(PARTS)):
            month.parts.append((_amount(dice), day + timedelta(dice.randint(0, apart))))
        total = sum((amount for amount, _ in month.parts[first:]), Decimal(0))
        month.wholes.append((total, day + timedelta(dice.randint(-2, 2))))
        month.true[str(number)] = frozenset(map(str, range(first, len(month.parts))))
    for _ in range(parts):
        month.parts.append((_amount(dice), FIRST + timedelta(dice.randrange(30))))
    for _ in range(wholes):
        total = sum((_amount(dice) for _ in range(dice.choice((1, 1, 1, 2)))), Decimal(0))
        month.wholes.append((total, FIRST + timedelta(dice.randrange(30))))
    return month


def _amount(dice: random.Random) -> Decimal:
    amount = Decimal(round(dice.lognormvariate(4.2, 1.2) * 100)).scaleb(-2)
    return -(amount.quantize(Decimal(1)) or Decimal(5) if dice.random() < 0.35 else amount)


def _line(number: int, amount: Decimal, day: date) -> Line:
    return Line(number, f"own {number}", "1", amount, day, "Purchase")


def _found(number: int, amount: Decimal, day: date) -> Found:
    return Found("Purchase", str(number), "", day, amount, "1", "", summed=True)


def lines_of_one_document(month: Month) -> Answers:
    lines = [_line(number, *part) for number, part in enumerate(month.parts)]
    documents = [_found(number, *whole) for number, whole in enumerate(month.wholes)]
    for group in in_parts(lines, documents):
        yield group.found.id, frozenset(str(line.id) for line in group.lines)


def documents_of_one_line(month: Month) -> Answers:
    lines = [_line(number, *whole) for number, whole in enumerate(month.wholes)]
    documents = [_found(number, *part) for number, part in enumerate(month.parts)]
    for several in of_several(lines, documents):
        yield str(several.line.id), frozenset(each.id for each in several.found)


WAYS: dict[str, Callable[[Month], Answers]] = {
    "lines that are one document": lines_of_one_document,
    "documents that are one line": documents_of_one_line,
}


def main() -> None:
    """Print how many proposals are right, and how many of those there are were found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--months", type=int, default=150)
    months = parser.parse_args().months
    print(f"{'':28} {'days apart':>10} {'parts':>6} {'wholes':>6} {'proposed':>9} {'right':>7} {'found':>7}")
    for name, way in WAYS.items():
        for apart in APART:
            for parts, wholes in BESIDE:
                right = proposed = 0
                for seed in range(months):
                    month = made(seed, parts, wholes, apart)
                    told = list(way(month))
                    proposed += len(told)
                    right += sum(month.true.get(whole) == of for whole, of in told)
                share = right / proposed if proposed else 1.0
                print(
                    f"{name:28} {apart:>10} {parts:>6} {wholes:>6} {proposed:>9} {share:>7.4f} "
                    f"{right / (GROUPS * months):>7.3f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
