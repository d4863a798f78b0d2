"""What every reader of bank files yields, whatever the format: lines, statements and what could not be read."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import BinaryIO, NamedTuple, Protocol

from raccord.plugin import Text


class AccountKind(StrEnum):
    """What kind of account a statement is of; only ``bank`` and ``card`` have lines."""

    BANK = "bank"
    CARD = "card"
    INVESTMENT = "investment"
    LOAN = "loan"


class CorrectionAction(StrEnum):
    """What the bank says a line does to an earlier one."""

    REPLACE = "replace"
    DELETE = "delete"
    GONE = "gone"
    """The source no longer tells of the very line that bears this id; its day and amount are not told again."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account as the bank names it; ``key`` is stable between files and holds no full number."""

    key: str
    kind: AccountKind
    masked: str
    """The last characters of its number, for people."""
    type: str = ""
    number: str = field(default="", compare=False)
    """A digest of the number alone, by which other formats' files of the account are known; empty for cards."""
    signs: str = field(default="", compare=False)
    """Under which key a person says whether purchases have a minus, should it be a card: nothing in the file tells."""
    form: str = field(default="", compare=False)
    """How its rows are written where the file names neither it nor its columns."""
    called: str = field(default="", compare=False)
    """What the file says of whose it is where it names no account: its bank, or what a column of a table says."""
    turned: bool = field(default=False, compare=False)
    """Whether a person said that the file writes them without: its amounts are turned, the ids of its lines are not."""


@dataclass(frozen=True, slots=True)
class Correction:
    """The native id of the earlier line that this one replaces or withdraws."""

    native: str
    action: CorrectionAction


class Line(NamedTuple):
    """One transaction of an account.

    ``amount`` has the source's scale, money into the account positive; for a card a purchase is negative. ``currency``
    is empty where the file states none. ``day`` is the bank's booking day, never shifted by a time zone. A named tuple
    because a file may have a million of them and a frozen dataclass takes several times as long to make.
    """

    account: Account
    native: str
    day: date
    amount: Decimal
    currency: str
    name: str
    memo: str
    type: str
    reference: str
    check_number: str
    pending: bool
    correction: Correction | None
    tags: Sequence[str]
    values: Sequence[str]
    """What the source wrote, value by value, in the order of ``tags``; an empty value follows."""
    offset: int
    """Where it starts in the file: in bytes, or in characters where the format is read as text."""
    stable: bool = False
    """Whether the source promises that its id is this line's alone and stays with it whatever its day."""
    lasting: bool = False
    """Whether the source tells by this id what becomes of the line: another amount, another day, that it is gone."""
    net: Decimal | None = None
    """Of a payment whose fee is the next line, what both come to: earlier versions read them as one line of so much."""

    @property
    def fields(self) -> dict[str, str]:
        """What the source wrote, by tag."""
        return dict(zip(self.tags, self.values, strict=False))


@dataclass(frozen=True, slots=True)
class Balance:
    """What the bank says the account holds; ``day`` is nothing where the bank gives no usable date."""

    amount: Decimal
    day: date | None


@dataclass(frozen=True, slots=True)
class Note:
    """A row that is no transaction, or moves no money: where it stands, why, and an excerpt."""

    line: int
    reason: Text
    excerpt: str


@dataclass(frozen=True, slots=True)
class Numbered:
    """Where a statement stands among those of its account; ``None`` where it has no such number."""

    legal: int | None = None
    electronic: int | None = None
    page: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One account's part of a file, yielded after its lines; ``lines`` and ``total`` count those that were read."""

    account: Account
    currency: str
    institution: str
    starts: date | None
    ends: date | None
    ledger: Balance | None
    available: Balance | None
    lines: int
    pending: int
    unreadable: int
    left_out: int
    """Transactions of kinds of account that a bank feed does not read (investments, loans)."""
    total: Decimal
    last_day: date | None
    line: int
    opening: Balance | None = None
    numbered: Numbered | None = None
    """Of a statement of booked lines that is one of a series; nothing of any other."""
    notes: tuple[Note, ...] = ()
    """Rows that are no transactions, the first few of them: totals, balances, rows that move no money."""
    partial: bool = False
    """Whether its source said that it may not tell all of these days."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read what is asked about: the answer that chooses it, its name, and what each example becomes."""

    answer: str
    label: Text
    shown: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """What a person has to say before the lines that follow may be used, up to the next :class:`Statement`.

    The lines that follow are read in the first of the ways that ``reason`` shows. They are told so that a person can
    be shown them; whoever keeps lines leaves them out until ``key`` has one of ``answers``.
    """

    key: str
    code: str
    reason: Text
    answers: tuple[str, ...]
    line: int
    day: date | None = None
    cells: tuple[str, ...] = ()
    """A row of a table whose columns are asked for."""
    chosen: tuple[str, ...] = ()
    """What each of them is taken for, empty where only a person knows."""
    readings: tuple[Reading, ...] = ()
    """What may be answered, in words; ``answers`` are the same."""
    examples: tuple[str, ...] = ()
    """Rows of the file that each reading shows its own way."""
    layout: str = ""
    """The key of all files that are written like this one; an answer under it counts as well as one under ``key``."""
    account: str = ""
    """The key of the account that the file does not name, if it names none."""
    others: tuple[Question, ...] = ()
    """What else is asked about the same file."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A question that a person answered and that rests on other files than its own, told so that it can be changed."""

    question: Question


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row, or a file, that cannot be read: where it stands, why, and an excerpt without card numbers."""

    code: str
    reason: Text
    line: int
    offset: int
    excerpt: str = ""


Event = Line | Statement | Unreadable | Question | Answered
Events = Generator[Event, None, None]


class Reader(Protocol):
    """Reads one file, piece by piece; what it keeps does not grow with the file."""

    def events(self, stream: BinaryIO) -> Events:
        """Yield what follows the last event that was taken; close the iterator before asking again.

        The reader keeps no hold of the stream between two calls: the next call may hand it the same bytes opened anew.
        """
        ...
