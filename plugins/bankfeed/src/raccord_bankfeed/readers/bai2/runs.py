"""Runs of 16 records that are written on one line each, column by column."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import repeat

from raccord_bankfeed.readers.bai2.record import exponent_of
from raccord_bankfeed.readers.contract import Line
from raccord_bankfeed.readers.runs import RowLayout, Run, made, on_one_line
from raccord_bankfeed.readers.tally import Tally

OPENING = "16,"
TAGS = ("16", "type", "amount", "funds", "bank reference", "customer reference", "text")
CHEQUE = "475"
_OUTGOING = "400"
"""From this type on money goes out; a run has none above 699."""

_CODED = r"([1-6][0-9]{2}),([0-9]{1,15})"
"""A type that tells the direction, and an amount of which any number adds up exactly."""
_FUNDS = r"[Z012]?|V,[0-9]*+,[0-9]*+|S,[0-9]*+,[0-9]*+,[0-9]*+"
_REFERENCE = r"[^,/\n]*+"
_TEXT = r"[^/\n]*+(?:/(?!\s*(?:02|03|16|49|88|98|99),|[^\S\n]*+(?![^\n]))[^/\n]*+)*+"
_END = r"/?[^\S\n]*+"
READING = RowLayout(rf"{_CODED},({_FUNDS}),({_REFERENCE}),({_REFERENCE}),({_TEXT}){_END}()", f"\n{OPENING}")
_ADDING = re.compile(rf"\n{OPENING}{_CODED}(?=,|/?[^\S\n]*(?:\n|\Z))")
_SHARED = re.compile(r"/[^\S\n]*(?:02|03|16|49|88|98|99),")
"""A record that begins on the line of another."""


def columns_added(text: str) -> list[tuple[str, ...]] | None:
    """Return types and minor units of records; nothing where one is unusual, or is not alone on its line."""
    rows = text.count(f"\n{OPENING}")
    found = _ADDING.findall(text) if rows == text.count("\n") else ()
    if len(found) < rows or _SHARED.search(text) is not None:
        return None
    return list(zip(*found, strict=True))


def incoming(types: Sequence[str], units: Sequence[Decimal]) -> list[Decimal]:
    """Return those minor units that came in."""
    return [number for kind, number in zip(types, units, strict=True) if kind < _OUTGOING]


def amounts_of(types: Sequence[str], units: Sequence[Decimal], currency: str) -> list[Decimal]:
    """Return signed amounts of the currency for minor units."""
    signed = [number if kind < _OUTGOING else -number for kind, number in zip(types, units, strict=True)]
    return list(map(Decimal.scaleb, signed, repeat(exponent_of(currency))))


def lines_of(
    run: Run, columns: Sequence[Sequence[str]], amounts: Sequence[Decimal], tally: Tally, day: date, starts: list[int]
) -> Iterator[Line]:
    """Yield a line for each record of a run."""
    types, written, funds, banks, customers, texts, nothing = columns
    banks, customers = list(map(str.strip, banks)), list(map(str.strip, customers))
    texts = on_one_line(texts)
    cheques: Sequence[str] = nothing
    if CHEQUE in types:
        pairs = zip(types, customers, strict=True)
        cheques = [number if kind == CHEQUE and number.isascii() and number.isdigit() else "" for kind, number in pairs]
    fields = (
        repeat(tally.account),
        banks,
        repeat(day),
        amounts,
        repeat(tally.currency),
        nothing,
        texts,
        types,
        customers,
        cheques,
        repeat(False),
        repeat(None),
        repeat(TAGS),
        zip(run.rows, types, written, funds, banks, customers, texts, nothing, strict=True),
        starts,
        repeat(False),
        repeat(False),
    )
    return made(fields)
