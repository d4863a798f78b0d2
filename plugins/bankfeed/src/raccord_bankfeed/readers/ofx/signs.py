"""Whether the kinds of an OFX file's transactions contradict the signs of its amounts, all of them.

The standard's amounts are negative where money goes out. Some banks leave the sign to the kind (``DEBIT`` beside
``50.00``), some write a card's purchases without a minus and its payments with one. Where every kind that says a
direction is against its amount, a person tells which of the two counts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import BinaryIO, NamedTuple

from raccord_bankfeed.readers import questions, text_faults
from raccord_bankfeed.readers.account import ACCOUNT_TAGS, account_of
from raccord_bankfeed.readers.amounts import Mark
from raccord_bankfeed.readers.contract import AccountKind, Line, Question
from raccord_bankfeed.readers.faults import RowFault
from raccord_bankfeed.readers.ofx.marks import pieces
from raccord_bankfeed.readers.ofx.values import read_amount
from raccord_bankfeed.readers.texts import unescape
from raccord_bankfeed.readers.told import ACCEPT, REVERSED, Known

_SHOWN = 3
_OUT = frozenset({"DEBIT", "DIRECTDEBIT", "CHECK", "FEE", "SRVCHG", "POS", "CASH"})
_IN = frozenset({"CREDIT", "DEP", "DIRECTDEP"})
_PAID, _EARNED = frozenset({"ATM", "PAYMENT", "REPEATPMT"}), frozenset({"INT", "DIV"})
"""Kinds that may be either, and are this where no amount has a sign."""
_ROW = re.compile(
    rb"<TRNTYPE>\s*([A-Z]{2,12})[^A-Z].{0,300}?<TRNAMT>\s*([^<\r\n]{1,40})(?:.{0,300}?<(?:NAME|MEMO)>([^<\r\n]{1,60}))?",
    re.DOTALL | re.IGNORECASE,
)


_CARD = re.compile(rb"<(?:[A-Z0-9]+:)?CCSTMTRS\s*>", re.IGNORECASE)
_IDS = re.compile(rf"<(?:[A-Z0-9]+:)?({'|'.join(ACCOUNT_TAGS)})>\s*([^<\r\n]{{1,60}})".encode(), re.IGNORECASE)


class Turn(StrEnum):
    """Which amounts have the other sign than they are written with."""

    NONE = ""
    ALL = "all"
    OUT = "out"
    """Those whose kind says that money goes out."""


class Signs(NamedTuple):
    """What is turned, and what is asked first."""

    turn: Turn = Turn.NONE
    asked: Question | None = None

    def turned(self, lines: Sequence[Line]) -> list[Line]:
        """Return lines with the sign that a person said they have; raises ``RowFault`` where a kind tells none."""
        if self.turn is Turn.NONE:
            return list(lines)
        return [line._replace(amount=-line.amount) if self._goes_out(line) else line for line in lines]

    def _goes_out(self, line: Line) -> bool:
        if self.turn is Turn.ALL or line.type in _OUT or line.type in _PAID:
            return True
        if line.type in _IN or line.type in _EARNED or not line.amount:
            return False
        raise RowFault(text_faults.direction_unknown("TRNTYPE", line.type))


@dataclass(slots=True)
class _Found:
    """Counts rows by what their kind says and what sign their amount has."""

    out: int = 0
    """Money out by its kind, in by its amount."""
    into: int = 0
    """Money in by its kind, out by its amount."""
    bare_in: int = 0
    """Money in by both."""
    negative: int = 0
    """Amounts with a minus whose kind says nothing."""
    agree: bool = False
    """Whether an amount with a minus is of a kind that says so."""
    shown: list[tuple[str, str]] = field(default_factory=list)

    def take(self, piece: bytes) -> bool:
        """Take a piece of a file; false once something agrees."""
        for row in _ROW.finditer(piece):
            kind, written, name = row.groups(b"")
            text = written.decode("utf-8", "replace").strip()
            self._row(kind.decode().upper(), text, unescape(name.decode("utf-8", "replace")).strip())
            if self.agree:
                return False
        return True

    def _row(self, kind: str, text: str, name: str) -> None:
        negative = "-" in text or text.startswith("(")
        if not text.strip("-+0.,() "):
            return
        if kind in _OUT:
            self.agree = self.agree or negative
            self.out += not negative
            if not negative and len(self.shown) < _SHOWN:
                self.shown.append((f"{kind} {text} {name}".strip(), text))
        elif kind in _IN:
            self.into += negative
            self.bare_in += not negative
        else:
            self.negative += negative

    @property
    def turn(self) -> Turn:
        """Return what the other reading turns; nothing where the file does not contradict itself throughout."""
        if self.agree or not self.out:
            return Turn.NONE
        if self.bare_in == 0 and (self.into or self.negative):
            return Turn.ALL
        return Turn.OUT if not (self.into or self.negative) else Turn.NONE


def signs_in(stream: BinaryIO, known: Known, mark: Mark | None) -> Signs:
    """Return which amounts of a file a person said have the other sign, or the question where nobody did."""
    found = _Found()
    for piece in pieces(stream):
        if not found.take(piece):
            return Signs()
    if found.turn is Turn.NONE:
        return Signs()
    # Under this key a person also says it of one line of the account.
    layout = f"sign-{_first_account(stream)}"
    key = f"{layout}-{questions.digest(str(found.out), *(row for row, _ in found.shown))}"
    match known.says_of(key, layout, ACCEPT, REVERSED):
        case "":
            shown = [(row, _read(text, mark)) for row, text in found.shown]
            return Signs(asked=questions.kinds_contradict(key, layout, found.out, shown))
        case said:
            return Signs(found.turn if said == REVERSED else Turn.NONE)


def _first_account(stream: BinaryIO) -> str:
    first = next(pieces(stream), b"")
    kind = AccountKind.CARD if _CARD.search(first) else AccountKind.BANK
    ids: dict[str, str] = {}
    for name, value in _IDS.findall(first):
        ids.setdefault(name.decode().upper(), unescape(value.decode("utf-8", "replace")).strip())
    return account_of(kind, ids).key


def _read(text: str, mark: Mark | None) -> Decimal | None:
    try:
        return read_amount(text, mark)
    except RowFault:
        return None
