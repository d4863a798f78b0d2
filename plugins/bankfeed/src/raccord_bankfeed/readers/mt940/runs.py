"""Runs of ``:61:`` with their ``:86:``, column by column."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import repeat
from operator import add
from typing import NamedTuple

from raccord_bankfeed.readers.amounts import of_cents
from raccord_bankfeed.readers.contract import Line
from raccord_bankfeed.readers.faults import RowFault
from raccord_bankfeed.readers.mt940.line import NO_REFERENCE, booking_day, read_information
from raccord_bankfeed.readers.runs import RowLayout, Run, made, on_one_line
from raccord_bankfeed.readers.tally import Tally

OPENING = ":61:"
TAGS = (OPENING, ":86:")

_LINE = r"(?![:\t {\-])[^\n]*+"
"""A further line, which begins no field and ends no message."""
# What is repeated here is not repeated possessively as a whole: up to Python 3.11.4, a part that fails within such a
# repetition leaves the search behind what it looked at ahead.
_ON_LINES = r"([^?\n]*+(?:\n(?![:\t {\-])[^?\n]*+)*)"
"""A subfield, which may go on on further lines."""
_WHEN, _WHERE = r"[0-9]{6,10}+", r"R?[CD][A-Z]?"
"""The value day, perhaps with the entry day, and in which direction, in what kind of funds."""
_MOVED = rf"{_WHEN}{_WHERE}[0-9]{{1,15}}+,[0-9]{{0,6}}+"
_KIND = r"[NFS][A-Z0-9]{3}"
_ADDING = re.compile(rf"\n{OPENING}({_MOVED}){_KIND}")
_ADDING_CENTS = re.compile(rf"\n{OPENING}({_WHEN}{_WHERE}[0-9]{{1,15}}+,[0-9]{{2}}){_KIND}")
_ELSE = re.compile(r"\n(?:[\t {\-]|:(?!61:|86:))")
"""A line that is no part of a ``:61:`` or of its ``:86:``."""
READING = RowLayout(
    rf"(({_MOVED})({_KIND})([^\n]*+)(?:\n({_LINE}))?)(?:\n:86:([^\n]*+(?:\n{_LINE})*))?",
    f"\n{OPENING}",
)
_SIGNS = {"C": "", "RD": "", "D": "-", "RC": "-"}
_LETTERS = str.maketrans("", "", "0123456789,")
"""Leaves of what is matched by ``_MOVED`` the direction and the kind of funds."""
_WHEN_CHARS = (6, 10)
_MARKS = "?~<>^/"
"""One of them stands before each subfield or word."""
_SUBFIELD = re.compile(r"\?([0-9]{2})")
_SUBFIELDS_MAX = 40
_SUBFIELDS = re.compile(r"[0-9]{3}(?:\?[0-9]{2}[^?]*+)+")
_CHEQUE = "CHK"
_PURPOSE = "SVWZ+"


class SubfieldLayout(RowLayout):
    """How rows are written whose texts have the same subfields of a question mark, each once.

    A code of three, a mark and the number of the first begin the text, on one line; later ones a line end may break.
    """

    def __init__(self, numbers: tuple[str, ...]) -> None:
        self.numbers = numbers
        super().__init__(
            self._written(_ON_LINES),
            f"\n{OPENING}",
            quick=self._written("([^?]*+)"),
            unless=_ELSE,
        )

    def _written(self, value: str) -> str:
        first, *others = self.numbers
        marks = [rf"\?{first}", *(rf"\?\n?{number[0]}\n?{number[1]}" for number in others)]
        told = f"([0-9]{{3}}){value.join(marks)}{_ON_LINES}"
        return rf"(({_MOVED})({_KIND})([^/\n]*+)(?://([^\n]*+))?(?:\n({_LINE}))?)\n:86:({told})"


def layout_of(text: str) -> SubfieldLayout | None:
    """Return how rows with such a text are written; nothing where it has no subfields, or one of them twice."""
    plain = text.replace("\n", "")
    numbers = tuple(_SUBFIELD.findall(plain))
    if _SUBFIELDS.fullmatch(plain) is None or len(set(numbers)) < len(numbers) or len(numbers) > _SUBFIELDS_MAX:
        return None
    return SubfieldLayout(numbers)


class Moves(NamedTuple):
    """When and how much."""

    days: list[date]
    amounts: list[Decimal]


class Added(NamedTuple):
    """What rows come to: how many, what came in, what went out, their days in order where not the same day again."""

    lines: int
    incoming: Decimal | None
    """Nothing where all went out."""
    outgoing: Decimal
    days: Sequence[date]


def moves_added(text: str) -> Added | None:
    """Return what rows come to; nothing where one, or what stands between them, is unusual."""
    if _ELSE.search(text):
        return None
    rows = text.count(f"\n{OPENING}")
    if len(found := _ADDING_CENTS.findall(text)) == rows:
        return _cents_added(found)
    moves = moves_of(found) if len(found := _ADDING.findall(text)) == rows else None
    if moves is None:
        return None
    out = [amount for amount in moves.amounts if amount < 0]
    came_in = [amount for amount in moves.amounts if amount >= 0]
    return Added(rows, sum(came_in, Decimal(0)) if came_in else None, -sum(out, Decimal(0)), moves.days)


def _cents_added(moved: Sequence[str]) -> Added | None:
    """Add up amounts with two decimals, which whole numbers do in a fraction of the time."""
    cells = _cells(moved, "")
    days = _days(cells[::2])
    if days is None:
        return None
    cents = list(map(int, cells[1::2]))
    out = [number for number in cents if number < 0]
    outgoing = -sum(out)
    incoming = of_cents(sum(cents) + outgoing) if len(out) < len(cents) else None
    return Added(len(cents), incoming, of_cents(outgoing) if out else Decimal(0), days)


def _cells(moved: Sequence[str], mark: str) -> list[str]:
    """Return day and amount of one row after the other, with a mark before the cents."""
    joined = "\n".join(moved)
    # The longest first, for they hold the shorter ones.
    for letters in sorted(set(joined.translate(_LETTERS).split("\n")), key=len, reverse=True):
        sign = letters[:2] if letters[:2] in _SIGNS else letters[:1]
        joined = joined.replace(letters, f"\n{_SIGNS[sign]}")
    return joined.replace(",", mark).split("\n")


def _days(texts: Sequence[str]) -> list[date] | None:
    """Return the days of some rows; nothing where one is impossible."""
    try:
        day_of = {text: booking_day(text[:6], text[6:]) for text in set(texts) if len(text) in _WHEN_CHARS}
        return list(map(day_of.__getitem__, texts))
    except (RowFault, KeyError):
        return None


def moves_of(moved: Sequence[str]) -> Moves | None:
    """Return what some rows say of when and how much; nothing where a day is impossible."""
    cells = _cells(moved, ".")
    days = _days(cells[::2])
    return None if days is None else Moves(days, list(map(Decimal, cells[1::2])))


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


def _subfields_told(
    numbers: Sequence[str], columns: Sequence[Sequence[str]], entries: Sequence[str], texts: Sequence[str]
) -> Told | None:
    """Return what texts say whose code and subfields are ``columns``: what for in plain words or after one ``SVWZ+``;
    nothing where a text says it otherwise.
    """
    nothing = ("",) * len(texts)
    # Nothing of a text is told of the blanks at its end.
    code, *values = map(_unbroken, (*columns[:-1], list(map(str.rstrip, columns[-1]))))
    by_number = dict(zip(numbers, values, strict=True))
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
    return Told(names, memos, nothing, repeat(tags), zip(entries, texts, code, *values, nothing, strict=True))


def _unbroken(texts: Sequence[str]) -> Sequence[str]:
    """Return texts without the line ends in them."""
    joined = "\0".join(texts)
    if "\n" not in joined:
        return texts
    parts = joined.replace("\n", "").split("\0")
    return parts if len(parts) == len(texts) else [text.replace("\n", "") for text in texts]


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
    if isinstance(run.layout, SubfieldLayout):
        whole, _, types, customers, banks, details, texts, *parts = columns
        entries, texts = list(map(str.rstrip, whole)), list(map(str.rstrip, texts))
        told = _subfields_told(run.layout.numbers, parts, entries, texts)
    else:
        whole, _, types, both, details, texts = columns
        customers, banks = _sides(both)
        entries, texts = list(map(str.rstrip, whole)), list(map(str.rstrip, texts))
    told = told or told_of(entries, texts, nothing)
    customers, banks = references_of(customers), references_of(banks)
    cheques: Sequence[str] = nothing
    if any(kind.endswith(_CHEQUE) for kind in set(types)):
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
