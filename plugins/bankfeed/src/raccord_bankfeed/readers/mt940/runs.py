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
_MOVED = r"[0-9]{6}(?:[0-9]{4})?(?:RC|RD|C|D)[A-Z]?[0-9]{1,15},[0-9]{0,6}"
"""When, in which direction, in what kind of funds, and how much."""
_ADDING = re.compile(rf"\n{OPENING}({_MOVED})[NFS][A-Z0-9]{{3}}")
_ELSE = re.compile(r"\n(?:[\t {\-]|:(?!61:|86:))")
"""A line that is no part of a ``:61:`` or of its ``:86:``."""
READING = RowLayout(
    rf"(({_MOVED})([NFS][A-Z0-9]{{3}})([^\n]*+)(?:\n(?![:\t {{\-])([^\n]*+))?)"
    rf"(?:{_NEXT}([^\n]*+(?:{_MORE})*+))?",
    f"\n{OPENING}",
)
_SIGNS = {"C": "", "RD": "", "D": "-", "RC": "-"}
_LETTERS = str.maketrans("", "", "0123456789,")
"""Leaves of what is matched by ``_MOVED`` the direction and the kind of funds."""
_MARKS = "?~<>^/"
"""One of them stands before each subfield or word."""
_SUBFIELD = re.compile(r"\?([0-9]{2})")
_CHEQUE = "CHK"
_PURPOSE = "SVWZ+"
_LATE = re.compile(r"\0[^\n\0]{0,5}\n")
"""A text has subfields where a code of three, a mark and the number of the first begin it, on one line."""


class Moves(NamedTuple):
    """When and how much."""

    days: list[date]
    amounts: list[Decimal]


def moves_added(text: str) -> Moves | None:
    """Return what rows come to; nothing where one, or what stands between them, is unusual."""
    found = () if _ELSE.search(text) else _ADDING.findall(text)
    return None if len(found) < text.count(f"\n{OPENING}") else moves_of(found)


def moves_of(moved: Sequence[str]) -> Moves | None:
    """Return what some rows say of when and how much; nothing where a day is impossible."""
    joined = "\n".join(moved)
    # The longest first, for they hold the shorter ones.
    for letters in sorted(set(joined.translate(_LETTERS).split("\n")), key=len, reverse=True):
        mark = letters[:2] if letters[:2] in _SIGNS else letters[:1]
        joined = joined.replace(letters, f"\n{_SIGNS[mark]}")
    cells = joined.replace(",", ".").split("\n")
    dates = cells[::2]
    try:
        day_of = {text: booking_day(text[:6], text[6:]) for text in set(dates)}
    except RowFault:
        return None
    return Moves(list(map(day_of.__getitem__, dates)), list(map(Decimal, cells[1::2])))


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
    if not (numbers := _SUBFIELD.findall(texts[0].replace("\n", ""))):
        return None
    joined = "\0".join(("", *texts, ""))
    if len(set(numbers)) < len(numbers) or joined.count("\0") > len(texts) + 1 or _LATE.search(joined) is not None:
        return None
    # What would go on beyond its text takes the beginning of the next, and one is missing.
    *others, last = numbers
    subfields = "".join([rf"\?{number}([^?]*+)" for number in others]) + rf"\?{last}([^\0]*+)"
    found = re.findall(rf"\0([0-9]{{3}}){subfields}()", joined.replace("\n", ""))
    if len(found) < len(texts) or joined.count("?") > len(numbers) * len(texts):
        return None
    columns = list(zip(*found, strict=True))
    by_number = dict(zip(numbers, columns[1:], strict=False))
    purpose = [column for number, column in by_number.items() if "20" <= number <= "29" or "60" <= number <= "63"]
    wholes = list(map("".join, zip(*purpose, strict=True))) if len(purpose) > 1 else next(iter(purpose), nothing)
    named = "".join(wholes).count("+")
    if named == len(texts) and all(map(str.startswith, wholes, repeat(_PURPOSE))):
        memos = list(map(str.strip, map(str.removeprefix, wholes, repeat(_PURPOSE))))
    elif not named and purpose:
        memos = on_one_line(list(map(" ".join, zip(*purpose, strict=True))) if len(purpose) > 1 else wholes)
    else:
        return None
    if "" in memos:
        return None
    names, more = by_number.get("32", nothing), by_number.get("33", nothing)
    names = on_one_line(list(map(add, names, more)) if any(more) else names)
    tags = (*TAGS, "code", *(f"?{number}" for number in numbers))
    return Told(names, memos, nothing, repeat(tags), zip(entries, texts, *columns, strict=True))


def references_of(texts: Sequence[str]) -> Sequence[str]:
    """Return references, nothing for the words that say there is none."""
    plain = on_one_line(texts)
    joined = "\n".join(plain).upper()
    if not any(word in joined for word in NO_REFERENCE if word):
        return plain
    kept = {text: "" if text.upper() in NO_REFERENCE else text for text in set(plain)}
    return list(map(kept.__getitem__, plain))


def _sides(texts: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """Return the customer's reference and the bank's, which two slashes part."""
    cells = "\n".join(texts).replace("//", "\n").split("\n")
    if len(cells) == 2 * len(texts) and all(map(str.count, texts, repeat("//"))):
        return cells[::2], cells[1::2]
    parts = list(map(str.partition, texts, repeat("//")))
    return [part[0] for part in parts], [part[2] for part in parts]


def _either(texts: Sequence[str], others: Sequence[str]) -> Sequence[str]:
    """Return texts, for empty ones the others."""
    if "" not in texts:
        return texts
    if not any(texts):
        return others
    return [text or other for text, other in zip(texts, others, strict=True)]


def lines_of(
    columns: Sequence[Sequence[str]], moves: Moves, tally: Tally, natives: Sequence[str], starts: Iterable[int]
) -> Iterator[Line]:
    """Yield a line for each entry of a run; ``natives`` is empty where the statement numbers none."""
    whole, _, types, both, details, texts = columns
    nothing = ("",) * len(whole)
    customers, banks = map(references_of, _sides(both))
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
        _either(told.memos, on_one_line(details)) if "" in told.memos else told.memos,
        types,
        _either(told.references, _either(banks, customers)),
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
