"""What a source said, page by page, and the rows of it that could not be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from raccord.plugin.money import Money
from raccord.plugin.texts import Text

JSON = str | int | bool | None | Sequence["JSON"] | Mapping[str, "JSON"]
"""A JSON value without floats: decimals travel as text, exactly as the source wrote them."""

PAGE_RECORDS_MAX = 1000
CURSOR_BYTES_MAX = 4096


@dataclass(frozen=True, slots=True)
class Record:
    """One thing the source said, kept raw for ever.

    ``source_id`` is stable: the same thing read again, in another order or another file, has the same id. Equal things
    that are told apart by counting alone end in ``~2``, ``~3`` …: of two ids that differ in that alone, none is asked
    about as the other one told anew. ``day`` is
    the date the ledger documents made from it bear, in the source's time zone. ``amount`` is what the record moves,
    with money into the company's account positive (``None``: the record moves no money); the money effects of the
    drafts mapped from it must add up to it. That of an invoice is its total, of a bill its total below zero, though no
    money moves yet: what customers owe, or vendors are owed, is what they move. ``as_of`` is when the source says
    that it was so: an older word than the one kept changes nothing, in whatever order they come. ``begins_on`` is
    the day that tells whether the record is in scope, where that is not ``day`` (an invoice dated back).
    """

    stream: str
    source_id: str
    day: date
    raw: Mapping[str, JSON]
    amount: Money | None = None
    as_of: datetime | None = None
    begins_on: date | None = None

    def key(self, purpose: str = "") -> str:
        """Return the key of the draft made from this record for ``purpose`` (for instance ``fee``)."""
        return record_key(self.stream, self.source_id, purpose)


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that could not become a record: where it stands, why, and what it looked like.

    ``where`` names file and line and is the row's identity, so the same bad row read twice is one problem; for a
    record that is known but cannot be made yet it is ``record_key``, and the problem closes when that record arrives.
    ``raw`` is an excerpt of at most a few hundred characters, masked by the connector where it may hold card numbers.
    """

    stream: str
    where: str
    code: str
    reason: Text
    raw: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of ``fetch_records``: committed together with its cursor, in one transaction.

    ``cursor`` is opaque to core (at most 4 KiB) and is handed back for the next page, also in the next run: the last
    cursor is the watermark. ``more`` says whether another page can be had now. ``delivery`` names what the page is a
    piece of, where one run may bring several that tell of the same (a file): equal records of one delivery are as many
    as it says, and those of two may be one that the source gave another id. It changes no record and no hash.
    """

    records: Sequence[Record]
    cursor: str | None
    more: bool
    rejects: Sequence[Reject] = field(default=())
    delivery: str = ""


def record_key(stream: str, source_id: str, purpose: str = "") -> str:
    """Return the draft key of a record known only by stream and id, for links to it."""
    plain = f"{stream}/{source_id}"
    return f"{plain}#{purpose}" if purpose else plain


def revised(number: int) -> datetime:
    """Return an ``as_of`` for sources that count the revisions of a thing and tell no time of theirs.

    Later numbers are later moments; the moments mean nothing else.
    """
    return datetime(2000, 1, 1, tzinfo=UTC) + timedelta(seconds=number)
