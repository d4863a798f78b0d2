"""What taking a file back means, and what was taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from raccord.onboarding.arriving.answering import FileQuestion
from raccord.sync.lines.titles import Title


@dataclass(frozen=True, slots=True)
class StaysInBooks:
    """A document of QuickBooks that stays there although the file that told of it goes."""

    record_id: int
    kind: str
    document_id: str
    number: str
    title: Title | None
    matched: bool
    """Whether it was in QuickBooks before, and the line was said to be it."""


@dataclass(frozen=True, slots=True)
class FileWeight:
    """What taking a file back means."""

    number: int
    name: str
    size: int
    received_at: datetime
    rows: int
    """Records that the file says, of money where any is; of an archive, those of its files."""
    moved: Mapping[str, tuple[Decimal, Decimal]]
    """What came in and what went out, by currency."""
    goes: int = 0
    """Records that nothing else says and of which nothing is in QuickBooks."""
    answered: int = 0
    """Of these, those of which something was answered already."""
    first: date | None = None
    last: date | None = None
    """Their days."""
    elsewhere: int = 0
    """Records that another file says too."""
    goes_on: int = 0
    """Of these, those in QuickBooks that go on as what another file tells under an id of its own."""
    unread: int = 0
    """Records that nothing was made of yet."""
    documents: Sequence[StaysInBooks] = ()
    """What stays in QuickBooks and nothing says any more, a hundred of them at most."""
    in_books: int = 0
    """How many records have such documents."""
    asked: bool = False
    """Whether something was asked or answered about the file, which goes with it."""
    asks: Sequence[FileQuestion] = ()
    """What the other files ask only without this one: to be said first, for it decides which of their lines go on."""
    months: Sequence[date] = ()
    """First days of certified months that look different then, for which a reason is needed."""
    seen: str = ""
    """A digest of all of it, by which it is known that what was shown is what is done."""


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What was taken back; of a file that was already, nothing but its name."""

    name: str
    left_out: int = 0
    elsewhere: int = 0
    goes_on: int = 0
    in_books: int = 0
    already: bool = False
