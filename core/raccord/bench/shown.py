"""How much of a look is shown, the same on the page and by the command."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from raccord.bench.documents import Posting
from raccord.plugin.records import Record

ROWS_MAX = 500
LINES_SHOWN = 120
LINE_SHOWN = 400


@dataclass(frozen=True, slots=True)
class Entry:
    """A posting as bookkeepers read it: one of the two sides."""

    account: str
    debit: Decimal | None
    credit: Decimal | None
    currency: str


def entries(postings: Sequence[Posting]) -> list[Entry]:
    """Return postings with their sides, debits first."""
    moved = [each for each in postings if each.amount]
    return [
        Entry(
            each.account,
            each.amount if each.amount > 0 else None,
            -each.amount if each.amount < 0 else None,
            each.currency,
        )
        for each in sorted(moved, key=lambda each: each.amount < 0)
    ]


def excerpt(lines: Sequence[str]) -> list[str]:
    """Return the beginning of a text; its last line says how much was left out."""
    shown = [line if len(line) <= LINE_SHOWN else f"{line[:LINE_SHOWN]}…" for line in lines[:LINES_SHOWN]]
    return [*shown, f"… (+{len(lines) - LINES_SHOWN})"] if len(lines) > LINES_SHOWN else shown


def raw_lines(record: Record) -> list[str]:
    """Return what the source said of a record, to be read."""
    return json.dumps(record.raw, indent=1, ensure_ascii=False, default=str).split("\n")
