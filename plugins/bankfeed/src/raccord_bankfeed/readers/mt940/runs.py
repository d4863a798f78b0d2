"""Runs of ``:61:`` with their ``:86:``, column by column."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import repeat
from operator import add
from typing import NamedTuple, TypeVar

from raccord_bankfeed.readers.amounts import of_cents
from raccord_bankfeed.readers.contract import Line
from raccord_bankfeed.readers.faults import RowFault
from raccord_bankfeed.readers.mt940.layouts import KIND, MOVED, OPENING, WHEN, WHERE, SubfieldRun
from raccord_bankfeed.readers.mt940.line import NO_REFERENCE, day_written, read_information, reference
from raccord_bankfeed.readers.runs import Run, are_alike, made, on_one_line
from raccord_bankfeed.readers.tally import Tally

TAGS = (OPENING, ":86:")

_ADDING = re.compile(rf"\n{OPENING}({MOVED}){KIND}")
_ADDING_CENTS = re.compile(rf"\n(?:{OPENING}({WHEN}{WHERE}[0-9]{{1,15}}+,[0-9]{{2}}){KIND}|[\t {{\-:](?!86:))")
"""The same with two decimals each, catching nothing of what else may be no part of a ``:61:`` or of its ``:86:``."""
_ELSE = re.compile(r"\n[\t {\-:](?!61:|86:)")
"""A line that is no part of a ``:61:`` or of its ``:86:``, or perhaps none."""
_SIGNS = {"C": "", "RD": "", "D": "-", "RC": "-"}
_LETTERS = str.maketrans("", "", "0123456789,.")
"""Leaves of what is matched by ``MOVED`` the direction and the kind of funds."""
_WHEN_CHARS = frozenset({6, 10})
_MARKS = "?~<>^/"
"""One of them stands before each subfield or word."""
_CHEQUE = "CHK"
_FEW = 32
"""Where half of so many references come again, each is read once."""
_Number = TypeVar("_Number", int, Decimal)
_PURPOSE = "SVWZ+"


class Moves(NamedTuple):
    """When and how much."""

    days: list[date]
    amounts: list[Decimal]
    seen: Collection[date]
    """The days, each once."""


class Added(NamedTuple):
    """What rows come to: how many, what came in, what went out, on which days, and the day of the last."""

    lines: int
    incoming: Decimal | None
    """Nothing where all went out."""
    outgoing: Decimal
    days: Collection[date]
    last: date


def moves_added(text: str) -> Added | None:
    """Return what rows come to; nothing where one, or what stands between them, is unusual."""
    if "" not in (found := _ADDING_CENTS.findall(text)):
        return _cents_added(found)
    if _ELSE.search(text):
        return None
    rows = text.count(f"\n{OPENING}")
    moves = _moves(*_cells(found, ".", Decimal)) if len(found := _ADDING.findall(text)) == rows else None
    if moves is None:
        return None
    out = [amount for amount in moves.amounts if amount < 0]
    came_in = [amount for amount in moves.amounts if amount >= 0]
    incoming = sum(came_in, Decimal(0)) if came_in else None
    return Added(rows, incoming, -sum(out, Decimal(0)), moves.seen, moves.days[-1])


def _cents_added(moved: Sequence[str]) -> Added | None:
    """Add up amounts with two decimals, which whole numbers do in a fraction of the time."""
    days, cents = _cells(moved, "", int)
    day_of = _day_of(days)
    if day_of is None:
        return None
    out = [number for number in cents if number < 0]
    outgoing = -sum(out)
    incoming = of_cents(sum(cents) + outgoing) if len(out) < len(cents) else None
    spent = of_cents(outgoing) if out else Decimal(0)
    return Added(len(cents), incoming, spent, day_of.values(), day_of[days[-1]])


def _cells(moved: Sequence[str], mark: str, read: Callable[[str], _Number]) -> tuple[Sequence[str], list[_Number]]:
    """Return for what ``MOVED`` matched the days as they are written, and the amounts as read with a decimal mark."""
    joined = "\n".join(moved).replace(",", mark)
    if "R" not in joined:
        cells = joined.replace("D", "\n-").replace("C", "\n").split("\n")
        with suppress(ValueError, InvalidOperation):  # another letter tells the kind of funds
            if len(cells) == 2 * len(moved):
                return cells[::2], list(map(read, cells[1::2]))
    cells = _signed(joined, "\n").split("\n")
    return cells[::2], list(map(read, cells[1::2]))


def _signed(joined: str, before: str) -> str:
    """Return what ``MOVED`` or ``HOW_MUCH`` matched with a sign, and what stands before it, for each direction."""
    # The longest first, for they hold the shorter ones.
    for letters in sorted(set(joined.translate(_LETTERS).split("\n")), key=len, reverse=True):
        sign = letters[:2] if letters[:2] in _SIGNS else letters[:1]
        joined = joined.replace(letters, before + _SIGNS[sign])
    return joined


def _amounts(written: Sequence[str]) -> list[Decimal]:
    """Return the amounts that ``HOW_MUCH`` matched."""
    joined = "\n".join(written).replace(",", ".")
    if "R" not in joined and joined.count("C") + joined.count("D") == len(written):
        with suppress(InvalidOperation):  # another letter tells the kind of funds
            return list(map(Decimal, joined.replace("D", "-").replace("C", "").split("\n")))
    return list(map(Decimal, _signed(joined, "").split("\n")))


def _day_of(texts: Sequence[str]) -> dict[str, date] | None:
    """Return the days of some rows by what is written; nothing where one is impossible."""
    written = set(texts)
    if not set(map(len, written)) <= _WHEN_CHARS:
        return None
    try:
        return {text: day_written(text) for text in written}
    except RowFault:
        return None


def moves_of(days: Sequence[str], amounts: Sequence[str]) -> Moves | None:
    """Return what some rows say of when and how much; nothing where a day is impossible."""
    return _moves(days, _amounts(amounts))


def _moves(days: Sequence[str], amounts: list[Decimal]) -> Moves | None:
    day_of = _day_of(days)
    return None if day_of is None else Moves(list(map(day_of.__getitem__, days)), amounts, day_of.values())


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
    """Return what each ``:86:`` says, one by one where one of them has a mark."""
    joined = "".join(texts)
    if not any(mark in joined for mark in _MARKS):
        values = zip(entries, texts, nothing, strict=True)
        return Told(nothing, on_one_line(texts), nothing, repeat(TAGS), values)
    each = [read_information(text) for text in texts]
    names, memos, references, fields = zip(*each, strict=True)
    found = zip(entries, texts, fields, strict=True)
    values_of_each = ((entry, text, *said.values(), "") for entry, text, said in found)
    return Told(names, memos, references, ((*TAGS, *said) for said in fields), values_of_each)


def _subfields_told(run: SubfieldRun, entries: Sequence[str], texts: Sequence[str]) -> Told | None:
    """Return what texts with subfields say: what for in plain words or after one ``SVWZ+``; nothing where a text says
    it otherwise.
    """
    nothing = ("",) * len(texts)
    run.take_apart()
    code, *values = run.subfields
    if any(values[-1]):
        # Nothing of a text is told of the blanks at its end.
        values[-1] = list(map(str.rstrip, values[-1]))
    by_number = dict(zip(run.numbers, values, strict=True))
    purpose = [column for number, column in by_number.items() if "20" <= number <= "29" or "60" <= number <= "63"]
    wholes: Sequence[str] = next(iter(purpose), nothing)
    if len(purpose) > 1:
        wholes = list(map("".join, zip(*purpose, strict=True)))
    joined = "".join(wholes)
    memos: Sequence[str]
    if "+" in joined:
        memos = list(map(str.removeprefix, wholes, repeat(_PURPOSE)))
        plain = "".join(memos)
        if "+" in plain or len(plain) + len(_PURPOSE) * len(memos) != len(joined):
            return None  # some have a plus elsewhere, or no word
        memos = list(map(str.strip, memos))
    elif purpose:
        memos = on_one_line(list(map(" ".join, zip(*purpose, strict=True))) if len(purpose) > 1 else wholes)
    else:
        return None
    if "" in memos:
        return None
    names, more = by_number.get("32", nothing), by_number.get("33", nothing)
    names = on_one_line(list(map(add, names, more)) if any(more) else names)
    tags = (*TAGS, "code", *(f"?{number}" for number in run.numbers))
    return Told(names, memos, nothing, repeat(tags), zip(entries, texts, code, *values, nothing, strict=True))


def references_of(texts: Sequence[str]) -> Sequence[str]:
    """Return references, nothing for the words that say there is none."""
    if are_alike(texts):
        return (reference(texts[0]),) * len(texts)
    if 2 * len(set(texts[:_FEW])) < len(texts[:_FEW]):
        kept = {text: reference(text) for text in set(texts)}
        return list(map(kept.__getitem__, texts))
    plain = on_one_line(texts)
    joined = "".join(texts)
    if "R" not in joined and "r" not in joined:
        return plain  # each word for no reference has one
    return ["" if text.upper() in NO_REFERENCE else text for text in plain]


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
    run: Run,
    columns: Sequence[Sequence[str]],
    moves: Moves,
    tally: Tally,
    natives: Sequence[str],
    starts: Iterable[int],
) -> Iterator[Line]:
    """Yield a line for each entry of a run; ``natives`` is empty where the statement numbers none."""
    nothing = ("",) * len(run)
    told: Told | None = None
    if isinstance(run, SubfieldRun):
        whole, _, _, types, customers, banks, details, texts, *_ = columns
        entries, texts = list(map(str.rstrip, whole)), list(map(str.rstrip, texts))
        told = _subfields_told(run, entries, texts)
    else:
        whole, _, _, types, both, details, texts = columns
        customers, banks = _sides(both)
        entries, texts = list(map(str.rstrip, whole)), list(map(str.rstrip, texts))
    told = told or told_of(entries, texts, nothing)
    customers, banks = references_of(customers), references_of(banks)
    cheques: Sequence[str] = nothing
    if types[0].endswith(_CHEQUE) or not are_alike(types):
        pairs = zip(types, customers, strict=True)
        cheques = [number if kind[1:] == _CHEQUE and number.isdigit() else "" for kind, number in pairs]
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
