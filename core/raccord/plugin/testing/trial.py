"""A made-up source on which a connector is checked: ``<package>.sandbox.trials() -> Sequence[Trial]``."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

from raccord.plugin.contexts import Http
from raccord.plugin.ledger import LedgerObject
from raccord.plugin.texts import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """One way in which a source tells its facts: files as they arrive one after the other, or an HTTP of its own.

    ``http`` opens the source as it is before anybody asked; the kit opens it anew for each reading.
    """

    files: Sequence[tuple[str, bytes]] = ()
    http: Callable[[], AbstractContextManager[Http]] | None = None
    sealed: bool = False
    """Whether nothing else can arrive: folders that the settings name are not looked at."""


class Again(StrEnum):
    """How the same facts are told another time; the records must have the same ids, days and amounts."""

    REORDERED = "reordered"
    """In another order."""
    OVERLAPPING = "overlapping"
    """Part of them twice, in deliveries that overlap."""
    REISSUED = "reissued"
    """Every delivery made anew, under other names and at another time."""


DRAFTS, WAITS, BAD = "drafts", "waits", "bad"
"""What may become of a record, beside the code of a skip: documents, a question to a person, a bad record."""
TAKES_BACK = "takes back "
"""What stands before the code of a skip with ``takes_back``: what is posted of the record is emptied."""


@dataclass(frozen=True, slots=True)
class Expected:
    """A record as a person reads it off the source: its day, and its amount, empty where it moves no money.

    ``becomes`` is ``drafts``, ``waits`` (a person decides), ``bad`` (a problem of this record) or the code of a skip,
    with ``takes back `` before it where the source took back what it had said.
    """

    stream: str
    source_id: str
    day: str
    amount: str
    becomes: str = DRAFTS

    def __repr__(self) -> str:
        said = (self.stream, self.source_id, self.day, self.amount, *([self.becomes] * (self.becomes != DRAFTS)))
        return f"Expected({', '.join(json.dumps(each, ensure_ascii=False) for each in said)})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A made-up source, all it tells, and what is known of it beforehand.

    ``totals`` says what the records of a stream add up to, in one currency, counted without the connector's help.
    ``moments`` gives the moment of records by stream and id where the source tells moments. ``extended`` is the source
    with one field more, holding ``marker``. ``exempt`` names rules that cannot apply to this source, each with why.
    """

    name: str
    values: Mapping[str, object]
    told: Telling
    again: Mapping[Again, Telling] = field(default_factory=dict)
    extended: Telling | None = None
    marker: str = ""
    totals: Mapping[str, Mapping[str, str | Decimal]] = field(default_factory=dict)
    moments: Mapping[tuple[str, str], datetime] = field(default_factory=dict)
    later: Telling | None = None
    """The source a day on: files that arrive then, an HTTP that tells all it told and more, late things among it."""
    expected: Sequence[Expected] = ()
    """Every record of the streams in ``totals``, read off the source by hand, not taken from the connector."""
    later_expected: Sequence[Expected] = ()
    """Records as a person reads them off ``later``: those that matter, such as a void told then; none has to be."""
    later_open: Mapping[str, str | Decimal] = field(default_factory=dict)
    """What is owed after ``later``, as ``open`` says it; not judged where it is empty."""
    later_effects: Mapping[str, Mapping[str, str | Decimal]] = field(default_factory=dict)
    """What all documents do to each account after ``later``, as ``effects`` says it; not judged where it is empty."""
    effects: Mapping[str, Mapping[str, str | Decimal]] = field(default_factory=dict)
    """By stream what its documents do to each account, counted by hand, debits positive: ``{"sales": {"bank": "9"}}``.

    Accounts are named by role, with the tax code of a line behind it (``income @tax``); taxes by rate (``tax 5 %``).
    What of a payment settles no document stands apart: ``receivable unapplied``, ``payable unapplied``.
    """
    open: Mapping[str, str | Decimal] = field(default_factory=dict)
    """What is owed at the end of the samples, counted by hand, by the customer positive: by key each document that is
    not settled whole (``{"invoices/7": "12.00"}``; a credit and what of a payment settles nothing below zero; of a bill
    it is below zero), and each customer or vendor in all (``{"customers/3": "12.00"}``). What payments take of a
    document of before the samples stands below zero too, by its kind and id (``{"Invoice 77": "-4.00"}``).
    """
    counts: Mapping[str, int] = field(default_factory=dict)
    """How many documents and list entries of each kind the samples become (``{"Invoice": 4}``)."""
    printed: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """By key some documents as a person reads them, line by line, at least one of each kind: number, name, memo, who it
    is for, each line. The check proposes them.
    """
    held: Callable[[Http], Sequence[str]] | None = None
    """Asks the made-up source what it still holds for the connection; nothing once ``close_source`` was called."""
    taxed: bool = False
    """Whether the company of ``expected``, ``effects``, ``open``, ``counts`` and ``printed`` has sales tax."""
    pushed: Mapping[str, Sequence[LedgerObject]] = field(default_factory=dict)
    """Entries of the ledger to bring to the source, by the name of the list."""
    starts_on: date = date(2000, 1, 1)
    now: datetime = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
    time_zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("America/Toronto"))
    home_currency: str = "CAD"
    exempt: Mapping[str, Text] = field(default_factory=dict)
