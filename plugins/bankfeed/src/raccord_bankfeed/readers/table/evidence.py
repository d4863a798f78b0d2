"""What a whole table tells before its first row is used: how it writes, how it signs, whether its balances follow."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from raccord_bankfeed.readers.amounts import MarkEvidence
from raccord_bankfeed.readers.days import DayEvidence
from raccord_bankfeed.readers.table.layout import Layout
from raccord_bankfeed.readers.table.rows import Row
from raccord_bankfeed.readers.table.words import IN, OUT, Part, plain

_TEXTS_MAX = 4000


@dataclass(slots=True)
class Evidence:
    """Counted over all rows that have a date."""

    days: DayEvidence = field(default_factory=DayEvidence)
    marks: MarkEvidence = field(default_factory=MarkEvidence)
    rows: int = 0
    first_line: int = 0
    signed: int = 0
    """Amounts that are negative."""
    plus: int = 0
    """Amounts with a mark that says money comes in: a plus, or CR."""
    bare: int = 0
    """Amounts without any sign."""
    debits_negative: int = 0
    debits_positive: int = 0
    credits_negative: int = 0
    credits_positive: int = 0
    directions: int = 0
    """Rows whose kind of transaction is a word for a direction."""
    contradictions: int = 0
    """Of those, the rows whose amount has the other sign than the word says."""
    outward: int = 0
    """Of those, the rows whose word says that money goes out."""
    continuations: int = 0
    """Rows with nothing but text that follow a transaction."""


def weigh(rows: Iterable[Row], layout: Layout) -> Evidence:
    """Look at every row once."""
    found = Evidence()
    dated, amount, debit, credit, kind = (
        layout.at(part) for part in (Part.DATE, Part.AMOUNT, Part.DEBIT, Part.CREDIT, Part.TYPE)
    )
    money, balance, balances = layout.money, layout.at(Part.BALANCE), MarkEvidence()
    if dated is None:
        return found
    texts = frozenset((*layout.names, *layout.texts))
    again: dict[str, int] = {}
    for row in rows:
        cells = row.cells
        width = len(cells)
        text = cells[dated] if dated < width else ""
        if text in again:
            again[text] += 1
        elif dated < width and (parts := found.days.add(text)) is not None and parts.days:
            if len(again) < _TEXTS_MAX:
                again[text] = 0
        else:
            if found.rows:
                filled = {number for number, cell in enumerate(cells) if cell.strip()}
                found.continuations += bool(filled) and filled <= texts
            continue
        found.rows += 1
        found.first_line = found.first_line or row.line
        negative = False
        for number in money:
            if number < width and (cell := cells[number]) and (known := found.marks.add(cell)) is not None:
                moves = known.digits.strip("0.,") != ""
                if number == debit:
                    found.debits_negative += moves and known.negative
                    found.debits_positive += moves and not known.negative
                elif number == credit:
                    found.credits_negative += moves and known.negative
                    found.credits_positive += moves and not known.negative
                elif number == amount or number in layout.units:
                    found.signed += known.negative
                    found.plus += moves and known.signed and not known.negative
                    found.bare += moves and not known.signed
                    negative = known.negative
        if balance is not None and balance < width and cells[balance]:
            balances.add(cells[balance])
        if kind is not None and kind < width:
            word = plain(cells[kind])
            if word in OUT or word in IN:
                found.directions += 1
                found.outward += word in OUT
                found.contradictions += negative is not (word in OUT)
    for text, times in again.items():
        if times:
            found.days.add(text, times)
    if not (found.marks.points or found.marks.commas):
        # Some banks write the balance with another mark than the amounts, so it tells only what those leave open.
        found.marks.points, found.marks.commas = balances.points, balances.commas
    return found


def marks_incoming(found: Evidence) -> bool:
    """Tell whether only money that comes in has a sign, as on statements of cards."""
    return found.plus > 0 and found.bare > 0 and not found.signed


def are_inverted(found: Evidence) -> bool:
    """Tell whether every row's word contradicts its sign, both ways: a card's file, whose purchases are positive."""
    return 0 < found.outward < found.directions == found.rows == found.contradictions and found.signed > 0


def are_credits_negative(found: Evidence) -> bool:
    """Tell whether money in has a minus in a column of its own, as Citi's cards write it."""
    return found.credits_negative > 0 == found.credits_positive and not found.debits_negative
