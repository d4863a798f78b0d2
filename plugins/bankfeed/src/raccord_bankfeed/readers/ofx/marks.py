"""Which mark stands before the cents in an OFX file, where an amount such as ``1,230`` or ``1.230`` leaves it open.

The file's other amounts tell, else the decimals that its currency has; where neither does, a person is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, NamedTuple

from raccord.plugin.money import exponent
from raccord_bankfeed.readers import questions
from raccord_bankfeed.readers.amounts import Mark, MarkEvidence, marks_of
from raccord_bankfeed.readers.contract import Question
from raccord_bankfeed.readers.told import Known

_CHUNK_BYTES = 256 * 1024
_TAG_CHARS_MAX = 120
_SHOWN = 3
_THREE = 3
"""Decimals of a currency whose amounts are written like thousands."""
_OPEN = re.compile(rb"AMT>\s*(?:<!\[CDATA\[)?[^<.,]{0,40}[.,][0-9]{3}(?![0-9.,])", re.IGNORECASE)
_DIGITS = tuple((mark, re.compile(re.escape(mark) + rb"[0-9]{3}(?![0-9.,\[])")) for mark in (b".", b","))
"""Three digits after a mark; a day with a zone, which has such too, goes on with a bracket."""
_AMOUNT = re.compile(rb"<(?:[a-z0-9._-]+:)?(?:TRN|BAL)AMT>\s*(?:<!\[CDATA\[)?([^<\]]{1,60})", re.IGNORECASE)
_CURRENCY = re.compile(rb"<(?:[a-z0-9._-]+:)?CURDEF>\s*([a-z]{3})\s*[<\r\n]", re.IGNORECASE)
_BANK = re.compile(rb"<(?:[a-z0-9._-]+:)?(?:ORG|FID|BANKID)>\s*([^<\r\n]{1,60})", re.IGNORECASE)


class Marks(NamedTuple):
    """The mark before the decimals, and what is asked where nothing tells it; nothing where none has to be told."""

    mark: Mark | None = None
    asked: Question | None = None


@dataclass(slots=True)
class _Found:
    """What the amounts of a file, its currencies and its bank tell."""

    marks: MarkEvidence = field(default_factory=MarkEvidence)
    open: list[str] = field(default_factory=list)
    """The first amounts that are open, each but once."""
    between: set[str] = field(default_factory=set)
    """The marks in those that are."""
    currencies: set[str] = field(default_factory=set)
    banks: list[str] = field(default_factory=list)

    def take(self, piece: bytes) -> None:
        """Take a piece of the file into account."""
        for value in _AMOUNT.findall(piece):
            text = value.decode("ascii", "replace").strip()
            parts = self.marks.add(text)
            if parts is not None and not parts.digits.isdigit() and len(marks_of(parts.digits)) > 1:
                self.between.update(set(parts.digits) & {".", ","})
                if len(self.open) < _SHOWN and text not in self.open:
                    self.open.append(text)
        self.currencies.update(each.decode("ascii").upper() for each in _CURRENCY.findall(piece))
        if len(self.banks) < _SHOWN:
            self.banks += [each.decode("utf-8", "replace").strip() for each in _BANK.findall(piece)]

    def by_currency(self) -> Mark | None:
        """Return the mark that the currency tells: three decimals of some make it one, none of others the other."""
        decimals = {exponent(each) for each in self.currencies}
        if len(decimals) != 1 or len(self.between) != 1 or not decimals <= {0, _THREE}:
            return None
        seen, other = (Mark.POINT, Mark.COMMA) if self.between == {"."} else (Mark.COMMA, Mark.POINT)
        return seen if decimals == {_THREE} else other


def marks_in(stream: BinaryIO, known: Known) -> Marks:
    """Return the mark that a file's amounts tell of, its currency, or a person; else the question."""
    if not any(_is_open(piece) for piece in pieces(stream)):
        return Marks()
    found, first = _Found(), b""
    for piece in pieces(stream):
        first = first or piece
        found.take(piece)
    marks = found.marks.marks()
    if len(marks) == 1:
        return Marks(marks[0])
    if (told := found.by_currency()) is not None:
        return Marks(told)
    layout = f"ofx-{questions.digest(*found.banks[:_SHOWN])}"
    key = f"{layout}-{questions.digest(first.decode('latin-1'))}"
    if said := known.says_of(key, layout, *Mark):
        return Marks(Mark(said))
    return Marks(Mark.POINT, questions.decimal_mark(key, layout, [(each, each) for each in found.open], 1))


def _is_open(piece: bytes) -> bool:
    # Most files hold no such digits at all, which is found out many times faster.
    if not any(mark in piece and digits.search(piece) for mark, digits in _DIGITS):
        return False
    return _OPEN.search(piece) is not None


def pieces(stream: BinaryIO) -> Iterator[bytes]:
    """Yield a file in pieces that each end where a tag begins."""
    stream.seek(0)
    left = b""
    while chunk := stream.read(_CHUNK_BYTES):
        ends = chunk.rfind(b"<")
        yield left + chunk[: max(ends, 0)]
        left = chunk[ends:] if ends >= 0 else left[-_TAG_CHARS_MAX:] + chunk[-_TAG_CHARS_MAX:]
    yield left
