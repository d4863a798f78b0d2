"""How a file lays out its transactions, learnt from the first ones, so that most of the others are one match.

A bank writes thousands of transactions with the same tags in the same order. A layout is that order as one pattern:
what it matches, whole, is read without looking at single tags; everything else goes the general way. Both ways give the
same line for the same text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from itertools import repeat
from operator import itemgetter
from typing import NamedTuple

from raccord_bankfeed.readers.amounts import Mark
from raccord_bankfeed.readers.contract import Account, Line
from raccord_bankfeed.readers.ofx.line import HOLD, Days
from raccord_bankfeed.readers.ofx.markup import ROW_END
from raccord_bankfeed.readers.ofx.values import AGGREGATES, PLAIN_AMOUNT, read_amount
from raccord_bankfeed.readers.runs import made
from raccord_bankfeed.readers.texts import unescape

LAYOUTS_MAX = 8
"""More are not learnt, so that a file in which no two transactions are alike costs no patterns."""

# Possessive (++, *+): nothing is tried twice, so a row of blanks costs no more than any other.
_OPEN_LEAF = re.compile(r"<([A-Z][A-Z0-9._]{0,31})>()")
_CLOSED_LEAF = re.compile(r"<([A-Z][A-Z0-9._]{0,31})>(?:[^<]*+|\s*+(<!\[CDATA\[)[^<\]]*+\]\]>\s*+)</\1>")
_AMOUNT = re.compile(r"<TRNAMT>([^<]*+)")
_START, _BLANKS, _END = r"\s*+<STMTTRN>\s*+", r"\s*+", r"()"
_ROW_END = ROW_END.decode()
_ANY_VALUE = r"([^<]*+)"
_CDATA_VALUE = r"\s*+<!\[CDATA\[([^<\]]*+)\]\]>\s*+"
_DAY_VALUE = r"\s*+([0-9]{8}[^<]*+)"
_AMOUNT_VALUE = rf"\s*+({PLAIN_AMOUNT.pattern})\s*+"
_PICKED = ("FITID", "DTPOSTED", "TRNAMT", "NAME", "MEMO", "TRNTYPE", "REFNUM", "CHECKNUM")
_STRIP = str.strip
_NEEDED = frozenset({"DTPOSTED", "TRNAMT"})
_NOT_PLAIN = AGGREGATES | {"EXTDNAME", "CORRECTFITID", "DTTRAN"}


class Rows(NamedTuple):
    """Transactions that were read together."""

    lines: list[Line]
    days: list[date]
    amounts: list[Decimal]
    booked: bool
    """Whether none of them is pending."""
    natives: Sequence[str]

    def unnamed(self) -> list[dict[str, str]]:
        """Return the fields of those that have no id."""
        return [line.fields for line in self.lines if not line.native] if "" in self.natives else []


@dataclass(frozen=True, slots=True)
class Layout:
    """One order of tags; ``pick`` takes from columns of values those that a line has, of empty ones for no tag."""

    row: re.Pattern[str]
    rows: re.Pattern[str]
    """The same after a closing tag, with its own."""
    marks: int
    """How many tags, and beginnings of CDATA, it has, its own closing one counted."""
    tags: tuple[str, ...]
    literal: frozenset[int]
    """Which values are CDATA, in which references are none."""
    amount_of: Callable[[str], Decimal]
    pick: Callable[[Sequence[tuple[str, ...]]], tuple[tuple[str, ...], ...]]

    def caught(self, text: str, rows: int) -> list[tuple[str, ...]]:
        """Return the values of so many transactions between closing tags; nothing where not all are laid out so."""
        if text.count("<") != rows * self.marks - 1:
            return []
        found: list[tuple[str, ...]] = self.rows.findall(f"{_ROW_END}{text}{_ROW_END}")
        return found if len(found) == rows else []

    def read(
        self,
        rows: Sequence[tuple[str, ...]],
        account: Account,
        currency: str,
        pending: bool,
        offsets: Sequence[int],
        days: Days,
        *,
        escaped: bool,
    ) -> Rows:
        """Turn what was caught into lines; raises ``RowFault`` where a day or an amount is impossible.

        Where nothing is ``escaped``, no value holds a reference to a character.
        """
        columns = list(zip(*rows, strict=True))
        values = [tuple(map(_STRIP, column)) for column in columns]
        for number, column in enumerate(values if escaped else ()):
            if number not in self.literal and "&" in "".join(column):
                values[number] = tuple(map(unescape, column))
        natives, posted, texts, names, memos, types, references, numbers = self.pick(values)
        types = tuple(map(str.upper, types))
        day_of = {text: days[text[:8]] for text in set(posted)}
        dated = list(map(day_of.__getitem__, posted))
        amounts = list(map(self.amount_of, texts))
        booked = not pending and HOLD not in types
        fields: tuple[Iterable[object], ...] = (
            repeat(account),
            natives,
            dated,
            amounts,
            repeat(currency),
            names,
            memos,
            types,
            references,
            [number if number.strip("0") else "" for number in numbers] if any(numbers) else numbers,
            repeat(pending) if booked or pending else map(HOLD.__eq__, types),
            repeat(None),
            repeat(self.tags),
            rows if values == columns else zip(*values, strict=True),
            offsets,
            repeat(False),
            repeat(False),
        )
        return Rows(list(made(fields)), dated, amounts, booked, natives)


def learn(known: list[Layout], body: str, mark: Mark | None = None) -> bool:
    """Tell whether a transaction is laid out in a way that is known, adding it to ``known`` where there is room."""
    closed = "</" in body
    leaves: list[tuple[str, str]] = (_CLOSED_LEAF if closed else _OPEN_LEAF).findall(body)
    tags = tuple(tag for tag, _ in leaves)
    literal = frozenset(tag for tag, cdata in leaves if cdata)
    plain = len(tags) * (2 if closed else 1) + len(literal) == body.count("<") and len(set(tags)) == len(tags)
    if not plain or not _NEEDED.issubset(tags) or not _NOT_PLAIN.isdisjoint(tags) or not _NEEDED.isdisjoint(literal):
        return False
    found = _AMOUNT.search(body)
    exact = mark is not Mark.COMMA and found is not None and PLAIN_AMOUNT.fullmatch(found[1].strip()) is not None
    values = {"DTPOSTED": _DAY_VALUE, "TRNAMT": _AMOUNT_VALUE if exact else _ANY_VALUE}
    values.update(dict.fromkeys(literal, _CDATA_VALUE))
    ends = (f"</{re.escape(tag)}>{_BLANKS}" if closed else "" for tag in tags)
    row = (f"<{re.escape(tag)}>{values.get(tag, _ANY_VALUE)}{end}" for tag, end in zip(tags, ends, strict=True))
    text = _START + "".join(row) + _END
    if any(layout.row.pattern == text for layout in known):
        return True
    if len(known) >= LAYOUTS_MAX:
        return False
    at = {tag: number for number, tag in enumerate(tags)}
    known.append(
        Layout(
            re.compile(text),
            re.compile(f"(?<={_ROW_END}){text}{_ROW_END}"),
            body.count("<") + 2,
            tags,
            frozenset(at[tag] for tag in literal),
            Decimal if exact else partial(read_amount, told=mark),
            itemgetter(*(at.get(tag, -1) for tag in _PICKED)),
        )
    )
    return True
