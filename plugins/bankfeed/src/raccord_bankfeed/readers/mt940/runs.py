"""Runs of ``:61:`` with their ``:86:``, column by column."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import repeat
from operator import add
from typing import NamedTuple

from raccord_bankfeed.readers.contract import Line
from raccord_bankfeed.readers.faults import RowFault
from raccord_bankfeed.readers.mt940.line import NO_REFERENCE, booking_day, read_information
from raccord_bankfeed.readers.runs import RowLayout, made, on_one_line
from raccord_bankfeed.readers.tally import Tally

OPENING = ":61:"
TAGS = (OPENING, ":86:")

_MORE = r"\n(?![:\t {\-])[^\n]*+"
"""A further line, which begins no field and ends no message."""
_NEXT = r"\n:86:"
_MOVED = r"([0-9]{6}(?:[0-9]{4})?)(RC|RD|C|D)[A-Z]?([0-9]{1,15},[0-9]{0,6})"
_ADDING = re.compile(rf"\n{OPENING}{_MOVED}[NFS][A-Z0-9]{{3}}")
_ELSE = re.compile(r"\n(?:[\t {\-]|:(?!61:|86:))")
"""A line that is no part of a ``:61:`` or of its ``:86:``."""
READING = RowLayout(
    rf"({_MOVED}([NFS][A-Z0-9]{{3}})([^\n/]*+)(?://([^\n]*+))?(?:\n(?![:\t {{\-])([^\n]*+))?)"
    rf"(?:{_NEXT}([^\n]*+(?:{_MORE})*+))?()",
    f"\n{OPENING}",
)
_SIGNS = {"C": "", "RD": "", "D": "-", "RC": "-"}
_MARKS = "?~<>^/"
"""One of them stands before each subfield or word."""
_SUBFIELD = re.compile(r"\?([0-9]{2})")
_CHEQUE = "CHK"
_PURPOSE = "SVWZ+"
_HEAD_CHARS = 6
"""A text has subfields where so many begin it, on one line: a code of three, a mark, the number of the first."""


class Moves(NamedTuple):
    """When and how much."""

    days: list[date]
    amounts: list[Decimal]


def columns_added(text: str) -> list[tuple[str, ...]] | None:
    """Return days, directions and amounts of rows; nothing where one, or what stands between them, is unusual."""
    found = () if _ELSE.search(text) else _ADDING.findall(text)
    if len(found) < text.count(f"\n{OPENING}"):
        return None
    return list(zip(*found, strict=True))


def moves_of(columns: Sequence[Sequence[str]]) -> Moves | None:
    """Return what the first three columns of a run come to; nothing where a day is impossible."""
    dates, marks, numbers = columns
    try:
        day_of = {text: booking_day(text[:6], text[6:]) for text in set(dates)}
    except RowFault:
        return None
    signed = map(add, map(_SIGNS.__getitem__, marks), numbers)
    amounts = list(map(Decimal, map(str.replace, signed, repeat(","), repeat("."))))
    return Moves(list(map(day_of.__getitem__, dates)), amounts)


class Told(NamedTuple):
    """What the texts of a run say."""

    names: Sequence[str]
    memos: Sequence[str]
    references: Sequence[str]
    tags: Iterable[tuple[str, ...]]
    """For each text what its parts are called, those of the line before them."""
    values: Iterable[tuple[str, ...]]
    """The line, the text, its parts, and an empty value."""


def told_of(entries: Sequence[str], texts: Sequence[str], nothing: Sequence[str]) -> Told:
    """Return what each ``:86:`` says; those that are all written alike are read together."""
    joined = "".join(texts)
    if not any(mark in joined for mark in _MARKS):
        values = zip(entries, texts, nothing, strict=True)
        return Told(nothing, on_one_line(texts), nothing, repeat(TAGS), values)
    told = _german(entries, texts, nothing)
    if told is not None:
        return told
    each = [read_information(text) for text in texts]
    names, memos, references, fields = zip(*each, strict=True)
    found = zip(entries, texts, fields, strict=True)
    values_of_each = ((entry, text, *said.values(), "") for entry, text, said in found)
    return Told(names, memos, references, ((*TAGS, *said) for said in fields), values_of_each)


def _german(entries: Sequence[str], texts: Sequence[str], nothing: Sequence[str]) -> Told | None:
    """Read texts that have the same subfields, each once, and say what for in plain words or after one ``SVWZ+``."""
    numbers = _SUBFIELD.findall(texts[0].replace("\n", ""))
    plain = list(map(str.replace, texts, repeat("\n"), repeat("")))
    layout = re.compile("([0-9]{3})" + "".join(rf"\?{number}([^?]*+)" for number in numbers))
    found = [] if len(set(numbers)) < len(numbers) else list(iter(map(layout.fullmatch, plain).__next__, None))
    starts_late = max(map(str.find, texts, repeat("\n"), repeat(0), repeat(_HEAD_CHARS))) >= 0
    if len(found) < len(texts) or starts_late:
        return None
    columns = list(zip(*map(re.Match[str].groups, found), strict=True))
    by_number = dict(zip(numbers, columns[1:], strict=True))
    purpose = [column for number, column in by_number.items() if "20" <= number <= "29" or "60" <= number <= "63"]
    wholes = list(map("".join, zip(*purpose, strict=True))) if purpose else nothing
    named = "".join(wholes).count("+")
    if named == len(texts) and all(map(str.startswith, wholes, repeat(_PURPOSE))):
        memos = list(map(str.strip, map(str.removeprefix, wholes, repeat(_PURPOSE))))
    elif not named and purpose:
        memos = on_one_line(list(map(" ".join, zip(*purpose, strict=True))))
    else:
        return None
    if "" in memos:
        return None
    names = on_one_line(list(map(add, by_number.get("32", nothing), by_number.get("33", nothing))))
    tags = (*TAGS, "code", *(f"?{number}" for number in numbers))
    return Told(names, memos, nothing, repeat(tags), zip(entries, texts, *columns, nothing, strict=True))


def references_of(texts: Sequence[str]) -> list[str]:
    """Return references, nothing for the words that say there is none."""
    plain = on_one_line(texts)
    if NO_REFERENCE.isdisjoint(map(str.upper, plain)):
        return plain
    return ["" if text.upper() in NO_REFERENCE else text for text in plain]


def _either(texts: Sequence[str], others: Sequence[str]) -> Sequence[str]:
    """Return texts, for empty ones the others."""
    if "" not in texts:
        return texts
    return [text or other for text, other in zip(texts, others, strict=True)]


def lines_of(
    columns: Sequence[Sequence[str]], moves: Moves, tally: Tally, natives: Sequence[str], starts: Iterable[int]
) -> Iterator[Line]:
    """Yield a line for each entry of a run; ``natives`` is empty where the statement numbers none."""
    whole, _, _, _, types, customers, banks, details, texts, nothing = columns
    customers = references_of(customers)
    told = told_of(list(map(str.rstrip, whole)), list(map(str.rstrip, texts)), nothing)
    cheques = nothing
    if any(kind.endswith(_CHEQUE) for kind in set(types)):
        pairs = zip(types, customers, strict=True)
        cheques = tuple(number if kind[1:] == _CHEQUE and number.isdigit() else "" for kind, number in pairs)
    fields = (
        repeat(tally.account),
        natives or nothing,
        moves.days,
        moves.amounts,
        repeat(tally.currency),
        told.names,
        _either(told.memos, on_one_line(details)),
        types,
        _either(told.references, _either(references_of(banks), customers)),
        cheques,
        repeat(False),
        repeat(None),
        told.tags,
        told.values,
        starts,
        repeat(False),
        repeat(False),
    )
    return made(fields)
