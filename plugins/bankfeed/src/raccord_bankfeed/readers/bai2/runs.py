"""Runs of 16 records that are written on one line each, column by column."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import repeat
from operator import add

from raccord_bankfeed.readers.bai2.record import exponent_of
from raccord_bankfeed.readers.contract import Line
from raccord_bankfeed.readers.runs import RowLayout, Run, made, on_one_line
from raccord_bankfeed.readers.tally import Tally

OPENING = "16,"
TAGS = ("16", "type", "amount", "funds", "bank reference", "customer reference", "text")
CHEQUE = "475"
OUTGOING = "400"
"""From this type on money goes out; a run has none above 699."""

_KIND, _UNITS = r"[1-6][0-9]{2}", r"[0-9]{1,15}+"
"""A type that tells the direction, and an amount of which any number adds up exactly."""
_FUNDS = r"V,[0-9]*+,[0-9]*+|S,[0-9]*+,[0-9]*+,[0-9]*+|[Z012]?"
_REFERENCE = r"[^,/\n]*+"
READING = RowLayout(
    rf"({_KIND}),({_UNITS}),({_FUNDS}),({_REFERENCE}),({_REFERENCE}),([^\n]*+)", f"\n{OPENING}", lines=1
)
_ADDING = re.compile(rf"\n{OPENING}({_KIND},{_UNITS})(?=,|/?[^\S\n]*(?:\n|\Z))")
_SHARED = re.compile(r"/[^\S\n]*(?:02|03|16|49|88|98|99),")
"""A record that begins on the line of another."""


def are_alone(text: str) -> bool:
    """Tell whether none of some records shares its line with another."""
    return _SHARED.search(text) is None


def columns_added(text: str) -> tuple[Sequence[str], list[int]] | None:
    """Return types and minor units of records; nothing where one is unusual, or is not alone on its line."""
    found: list[str] = _ADDING.findall(text)
    if len(found) < text.count("\n") or not are_alone(text):
        return None
    cells = ",".join(found).split(",")
    return cells[::2], list(map(int, cells[1::2]))


def incoming(types: Sequence[str], units: Sequence[int]) -> list[int]:
    """Return those minor units that came in."""
    if min(types) >= OUTGOING:
        return []
    return [number for kind, number in zip(types, units, strict=True) if kind < OUTGOING]


def amounts_of(types: Sequence[str], units: Sequence[str], currency: str) -> list[Decimal]:
    """Return signed amounts of the currency for minor units as they are written."""
    sign_of = {kind: "" if kind < OUTGOING else "-" for kind in set(types)}
    power = f"E{exponent_of(currency)}"
    signed = f"{power}\n".join(map(add, map(sign_of.__getitem__, types), units))
    amounts = list(map(Decimal, f"{signed}{power}".split("\n")))
    return amounts if all(amounts) else [amount or abs(amount) for amount in amounts]


def lines_of(
    run: Run,
    columns: Sequence[Sequence[str]],
    amounts: Sequence[Decimal],
    tally: Tally,
    day: date,
    starts: Iterable[int],
) -> Iterator[Line]:
    """Yield a line for each record of a run."""
    types, written, funds, banks, customers, texts = columns
    nothing = ("",) * len(run)
    banks, customers = list(map(str.strip, banks)), list(map(str.strip, customers))
    texts = on_one_line(list(map(str.removesuffix, map(str.rstrip, texts), repeat("/"))))
    cheques: Sequence[str] = nothing
    if CHEQUE in types and any(customers):
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
