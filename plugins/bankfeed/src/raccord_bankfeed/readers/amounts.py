"""How a file writes amounts: which mark stands before the cents is decided once for the whole file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from raccord_bankfeed.readers.told import COMMA, POINT


class Mark(StrEnum):
    """The mark before the decimals; the values are the answers that a person gives."""

    POINT = POINT
    COMMA = COMMA


AMOUNT_CHARS_MAX = 60
_SPACES = re.compile(r"[\s\u00a0\u202f\u2009'’`]+")
_WRAPPED = re.compile(r"\((.*)\)")
_CODES = (
    "AED|ARS|AUD|BGN|BHD|BRL|CAD|CHF|CLP|CNY|COP|CZK|DEM|DKK|EUR|FRF|GBP|HKD|HRK|HUF|IDR|ILS|INR|ISK|JOD|JPY|KRW|KWD|MAD"
    "|MXN|MYR|NLG|NOK|NZD|OMR|PEN|PHP|PKR|PLN|QAR|RON|RSD|RUB|SAR|SEK|SGD|THB|TND|TRY|TWD|UAH|USD|VND|XAF|XOF|ZAR"
)
"""Other three letters beside digits are a reference, not a currency."""
_MONEY = re.compile(
    rf"(?P<front>CR|DR)?(?P<before>{_CODES}|[A-Z]{{0,3}}[$£€¥]|KR\.?|FR\.?|ZŁ|CHF)?(?P<sign>[+-]?)"
    rf"(?P<after>{_CODES}|[A-Z]{{0,2}}[$£€¥])?"
    r"(?P<inner>[+-]?)(?P<number>[0-9.,]*[0-9][0-9.,]*)(?P<late>[+-]?)"
    rf"(?P<unit>{_CODES}|[$£€¥]|KR\.?|ZŁ|KČ)?(?P<later>[+-]?)(?P<word>(?:CR|DR)\.?|C|D|H|S)?"
)
PLAIN = {
    Mark.POINT: r"[+-]?(?:[0-9]{1,24}|[1-9][0-9]{0,2}(?:,[0-9]{3}){1,7})(?:\.[0-9]{1,12})?",
    Mark.COMMA: r"[+-]?(?:[0-9]{1,24}|[1-9][0-9]{0,2}(?:\.[0-9]{3}){1,7})(?:,[0-9]{1,12})?",
}
"""What most amounts are written like, read at once."""
_PLAIN = {mark: re.compile(pattern) for mark, pattern in PLAIN.items()}
_ALL_PLAIN = {mark: re.compile(rf"(?:{pattern}\n)*+") for mark, pattern in PLAIN.items()}
_WHOLE = r"(?:[0-9]+|[1-9][0-9]{0,2}(?:,[0-9]{3})+(?=\.)|[1-9][0-9]{0,2}(?:\.[0-9]{3})+(?=,))"
TELLING = rf"[+-]?{_WHOLE}([.,])[0-9]{{1,2}}"
"""At most two digits after a mark, and before it only the other one, between thousands: it stands before decimals."""
_TELLING = re.compile(rf"([+-]?)({_WHOLE}([.,])[0-9]{{1,2}})")
_ALIKE = re.compile(rf"^([+-]?)(?:{_WHOLE}([.,])[0-9]{{1,2}}|[0-9]{{1,24}})$", re.MULTILINE)
_ALIKE_ZERO = re.compile(r"\n([+-]?)[0.,]+(?=\n)")
_MAY_BE_ZERO = ("\n0", "\n-0", "\n+0")


def _all_of(point: str, group: str, decimals: str, *, whole: str = "") -> re.Pattern[str]:
    """Return a pattern of amounts, each on a line, whose only mark but those of thousands stands before decimals."""
    units = rf"(?:[0-9]{{1,24}}|[1-9][0-9]{{0,2}}(?:{group}[0-9]{{3}}){{1,7}})"
    return re.compile(rf"\n(?:[+-]?(?:{units}{point}[0-9]{{{decimals}}}{whole})\n)*+")


_ALL_CENTS = {Mark.POINT: _all_of(r"\.", ",", "2"), Mark.COMMA: _all_of(",", r"\.", "2")}
"""Amounts with two decimals each."""
_OR_WHOLE = "|[0-9]{1,24}"
_ALL_TELLING = {
    Mark.POINT: _all_of(r"\.", ",", "1,2", whole=_OR_WHOLE),
    Mark.COMMA: _all_of(",", r"\.", "1,2", whole=_OR_WHOLE),
}
_NO_MARKS = str.maketrans("", "", ".,")
MINUS_SIGNS = "−–‐‑‒—―－﹣⁻"
"""What programs write in the place of a hyphen before an amount."""
_MINUSES = str.maketrans(dict.fromkeys(MINUS_SIGNS, "-") | dict.fromkeys("＋﹢", "+"))
_OUT = frozenset({"DR", "D", "S"})


class Written(NamedTuple):
    """An amount as it is written: its sign, its digits with marks, and what currency stands beside it."""

    negative: bool
    signed: bool
    """Whether a sign, brackets or a word stand beside the digits."""
    digits: str
    unit: str


def written(text: str) -> Written | None:
    """Take a cell apart; nothing where it holds no amount."""
    if len(text) <= AMOUNT_CHARS_MAX and (telling := _TELLING.fullmatch(text)) is not None:
        sign, digits, _ = telling.groups()
        return Written(sign == "-", sign != "", digits, "")
    plain = _SPACES.sub("", text.translate(_MINUSES)).upper()
    if not plain or len(plain) > AMOUNT_CHARS_MAX:
        return None
    wrapped = _WRAPPED.fullmatch(plain)
    found = _MONEY.fullmatch(wrapped[1] if wrapped else plain)
    if found is None:
        return None
    signs = [found[name] for name in ("sign", "inner", "late", "later") if found[name]]
    word = (found["word"] or "").rstrip(".") or found["front"] or ""
    if len(signs) + bool(found["word"]) + bool(found["front"]) + bool(wrapped) > 1:
        return None
    negative = bool(wrapped) or signs == ["-"] or word in _OUT
    unit = found["before"] or found["after"] or found["unit"] or ""
    return Written(negative, bool(signs or word or wrapped), found["number"], unit)


def unit_beside(text: str) -> str:
    """Return the currency that stands beside an amount, or nothing."""
    if text.isascii() and "$" not in text and text.upper() == text.lower():
        return ""
    parts = written(text)
    return "" if parts is None else parts.unit


def marks_of(digits: str) -> tuple[Mark, ...]:
    """Return the decimal marks with which digits make an amount: one, both, or none."""
    if digits.isdigit():
        return (Mark.POINT, Mark.COMMA)
    return tuple(mark for mark in Mark if _number(digits, mark) is not None)


def _number(digits: str, mark: Mark) -> Decimal | None:
    point, group = (".", ",") if mark is Mark.POINT else (",", ".")
    whole, dot, fraction = digits.partition(point)
    if group in fraction or point in fraction or len(fraction) > 12:
        return None
    if group in whole:
        groups = whole.split(group)
        # India parts what stands before the last three digits by two: 1,75,000.00.
        by_two = len(groups) > 2 and all(len(part) == 2 for part in groups[1:-1]) and len(groups[0]) < 3
        threes = groups[-1:] if by_two else groups[1:]
        if not 1 <= len(groups[0]) <= 3 or any(len(part) != 3 for part in threes) or groups[0].startswith("0"):
            return None
        whole = "".join(groups)
    if len(whole) > 24 or not (whole or fraction):
        return None
    return Decimal(f"{whole or '0'}.{fraction}" if dot and fraction else whole or "0")


def is_plain(text: str, mark: Mark) -> bool:
    """Tell whether an amount is nothing but a sign, digits, thousands and decimals."""
    return _PLAIN[mark].fullmatch(text) is not None


def are_plain(texts: Sequence[str], mark: Mark) -> bool:
    """Tell whether every one of some amounts is plain."""
    joined = "\n".join(("", *texts, ""))
    if joined.count("\n") != len(texts) + 1:
        return False
    # The usual amounts are told quicker alone; they are plain ones.
    return _ALL_CENTS[mark].fullmatch(joined) is not None or _ALL_PLAIN[mark].fullmatch(joined, 1) is not None


def plain_amount(text: str, mark: Mark) -> Decimal:
    """Return an amount that is plain."""
    return Decimal(text.replace(",", "") if mark is Mark.POINT else text.replace(".", "").replace(",", "."))


def plain_amounts(texts: Sequence[str], mark: Mark) -> list[Decimal]:
    """Return amounts that are plain."""
    joined = "\n".join(texts)
    group, point = (",", ".") if mark is Mark.POINT else (".", ",")
    if group in joined:
        joined = joined.replace(group, "")
    elif point == ".":
        return list(map(Decimal, texts))
    return list(map(Decimal, joined.replace(point, ".").split("\n"))) if texts else []


def read_amount(text: str, mark: Mark) -> Decimal | None:
    """Return the amount of a cell with its scale kept, or nothing where none is written so."""
    if is_plain(text, mark):
        return plain_amount(text, mark)
    parts = written(text)
    if parts is None:
        return None
    number = _number(parts.digits, mark)
    if number is None:
        return None
    return -number if parts.negative else number


class Signs(NamedTuple):
    """How many amounts have which sign, and what marks stand before their cents."""

    minus: int
    plus: int
    bare: int
    """Neither a sign nor a word."""
    minus_zero: int
    plus_zero: int
    bare_zero: int
    """So many of the others come to nothing."""
    points: int
    commas: int
    """So many have this mark before their cents."""
    cents: Mark | None = None
    """The mark before the cents, where each has two decimals."""


def signs_of(texts: Sequence[str]) -> Signs | None:
    """Take amounts apart that are nothing but a sign, digits, thousands and cents; nothing where one is more."""
    filled = list(filter(None, texts))
    joined = "\n".join(filled)
    if joined.count("\n") >= max(len(filled), 1):
        return None
    apart = f"\n{joined}\n" if filled else "\n"
    in_cents = _mark_of_all(apart, _ALL_CENTS)
    mark = in_cents or _mark_of_all(apart, _ALL_TELLING)
    if mark is not None:
        points, commas = (joined.count("."), 0) if mark is Mark.POINT else (0, joined.count(","))
    else:
        found = _ALIKE.findall(joined)
        if len(found) != len(filled):
            return None
        marks = [each for _, each in found]
        points, commas = marks.count("."), marks.count(",")
    minus, plus = apart.count("\n-"), apart.count("\n+")
    zeros: list[str] = _ALIKE_ZERO.findall(apart) if any(each in apart for each in _MAY_BE_ZERO) else []
    return Signs(
        *(minus, plus, len(filled) - minus - plus),
        *(zeros.count("-"), zeros.count("+"), zeros.count("")),
        points,
        commas,
        in_cents,
    )


def _mark_of_all(apart: str, patterns: Mapping[Mark, re.Pattern[str]]) -> Mark | None:
    return next((mark for mark, pattern in patterns.items() if pattern.fullmatch(apart) is not None), None)


def cents_of(texts: Sequence[str]) -> list[int]:
    """Return amounts with two decimals, each on its own, as whole numbers of cents."""
    return list(map(int, "\n".join(texts).translate(_NO_MARKS).split("\n")))


def of_cents(number: int) -> Decimal:
    """Return an amount of so many cents."""
    return Decimal(number).scaleb(-2)


@dataclass(slots=True)
class MarkEvidence:
    """What the amounts of a file tell of the mark before the decimals."""

    points: int = 0
    commas: int = 0
    example: str = ""
    """An amount that the marks read differently."""

    def add(self, text: str) -> Written | None:
        """Take one amount into account; return how it is written."""
        if (telling := _TELLING.fullmatch(text)) is not None:
            sign, digits, mark = telling.groups()
            self.points += mark == "."
            self.commas += mark == ","
            return Written(sign == "-", sign != "", digits, "")
        parts = written(text)
        if parts is None or parts.digits.isdigit():
            return parts
        marks = marks_of(parts.digits)
        if len(marks) == 2:
            self.example = self.example or text.strip()
        elif marks:
            self.points += marks[0] is Mark.POINT
            self.commas += marks[0] is Mark.COMMA
        return parts

    def add_marks(self, points: int, commas: int) -> None:
        """Take into account how often a mark stands before cents."""
        self.points += points
        self.commas += commas

    def add_telling(self, marks: Sequence[str]) -> None:
        """Take into account what ``TELLING`` caught of amounts."""
        self.points += marks.count(".")
        self.commas += marks.count(",")

    def marks(self) -> tuple[Mark, ...]:
        """Return the marks that fit; two only where the amounts read differently and nothing tells."""
        if self.points or self.commas:
            return (Mark.POINT,) if self.points >= self.commas else (Mark.COMMA,)
        return (Mark.POINT, Mark.COMMA) if self.example else (Mark.POINT,)
