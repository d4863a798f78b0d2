"""How much of a look is shown, the same on the page and by the command."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from raccord.bench.documents import Posting
from raccord.bench.looking import Look, Made
from raccord.plugin.drafts import Draft
from raccord.plugin.records import Record
from raccord.plugin.testing.kit.subject import Turned
from raccord.plugin.testing.recording.leaves import indented
from raccord.sync.bodies import dump_draft

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


def draft_lines(draft: Draft) -> list[str]:
    """Return a draft as it is kept, to be read."""
    return indented(dump_draft(draft)).split("\n")


@dataclass(frozen=True, slots=True)
class Step:
    """A page that brought something, with its records that are shown now."""

    turn: Turned
    records: int
    rejects: int
    made: Sequence[Made]


def steps(found: Look, first: int, count: int) -> list[Step]:
    """Return the pages of ``count`` records from the ``first`` on, each record where it came last."""
    by_key = {one.record.key(): one for one in found.made}
    last: dict[str, int] = {}
    for place, turn in enumerate(found.turns):
        last.update({record.key(): place for record in (() if turn.page is None else turn.page.records)})
    shown: list[Step] = []
    passed = 0
    for place, turn in enumerate(found.turns):
        if turn.page is None or not (turn.page.records or turn.page.rejects):
            continue
        own = list(dict.fromkeys(each.key() for each in turn.page.records if last[each.key()] == place))
        now = [by_key[key] for number, key in enumerate(own, passed) if first <= number < first + count]
        if now or (turn.page.rejects and first <= passed < first + count):
            shown.append(Step(turn, len(turn.page.records), len(turn.page.rejects), now))
        passed += len(own)
    return shown
