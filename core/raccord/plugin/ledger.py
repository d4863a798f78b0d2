"""What a connector may see of the ledger: objects to choose from, documents, conflicts and outcomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from raccord.plugin.drafts import Accepts, Draft
from raccord.plugin.money import Money
from raccord.plugin.records import JSON
from raccord.plugin.texts import Text


@dataclass(frozen=True, slots=True)
class LedgerObject:
    """An entry of one of the company's lists; ``kind`` is QuickBooks' entity name (``Account``, ``Customer``).

    ``details`` is filled for ``push_records`` alone, values as text: ``email``, ``phone``, ``company``, ``street``,
    ``city``, ``region``, ``postal_code``, ``country`` of customers and vendors; ``description``, ``price``, ``sku``,
    ``taxable`` of items; ``description`` and ``classification`` of accounts; ``sales_percent`` and
    ``purchase_percent`` of tax codes. What QuickBooks leaves empty is left out.
    """

    kind: str
    id: str
    name: str
    active: bool = True
    type: str = ""
    subtype: str = ""
    number: str = ""
    currency: str = ""
    details: Mapping[str, str] = field(default_factory=dict, hash=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Document:
    """What exists in QuickBooks."""

    kind: str
    id: str
    number: str = ""
    day: date | None = None
    total: Money | None = None
    url: str = ""


@dataclass(frozen=True, slots=True)
class AccountNeed:
    """A role without a saved choice, for a draft of ``day``; ``candidates`` are the objects that could fill it."""

    role: str
    of: str
    accepts: Accepts
    day: date
    draft_key: str
    candidates: Sequence[LedgerObject]


@dataclass(frozen=True, slots=True)
class AccountChoice:
    """An answer to an :class:`AccountNeed`: the id of one of its candidates, with the reason shown to people."""

    id: str
    reason: Text


class ConflictKind(StrEnum):
    DUPLICATE_NAME = "duplicate_name"
    ALIKE_NAME = "alike_name"
    """An entry whose name differs only in accents, case, spaces, punctuation or what follows a company's name."""
    MANY_NAMES = "many_names"
    """A run brings more new names than it may make without being asked."""
    DUPLICATE_NUMBER = "duplicate_number"
    STALE = "stale"
    ALREADY_EXISTS = "already_exists"
    AMOUNT_DIFFERS = "amount_differs"
    LINKED_ELSEWHERE = "linked_elsewhere"
    DELETED = "deleted"
    VOIDED = "voided"
    INACTIVE_REFERENCE = "inactive_reference"
    PERIOD_CLOSED = "period_closed"
    DEPOSITED = "deposited"
    CAPABILITY_MISSING = "capability_missing"


class ResolutionKind(StrEnum):
    HOLD = "hold"
    CREATE = "create"
    """What exists is something else: the draft is posted beside it."""
    LINK = "link"
    SKIP = "skip"
    KEEP_THEIRS = "keep_theirs"
    RESTORE_OURS = "restore_ours"
    UNLINK = "unlink"
    RENAME = "rename"
    """The entry is made under another name, which ``target`` gives."""
    REPLACE = "replace"
    """Another entry of the list, whose id ``target`` gives, stands in for the inactive one in this document."""
    REACTIVATE = "reactivate"
    """The inactive entry is made active again, as a line of the plan."""
    WITHOUT = "without"
    """The document goes without what the company's QuickBooks cannot hold."""
    RETRY = "retry"
    """What stood in the way was mended in QuickBooks: the document is sent again."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Something in QuickBooks that stands in a draft's way; an answer must be one of ``allowed``.

    ``proposals`` are names that would be free, where a name is taken.
    """

    kind: ConflictKind
    draft: Draft
    allowed: frozenset[ResolutionKind]
    existing: LedgerObject | Document | None = None
    detail: str = ""
    proposals: Sequence[str] = ()


TARGETED = frozenset({ResolutionKind.LINK, ResolutionKind.RENAME, ResolutionKind.REPLACE})
"""Answers that are none without a ``target``."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """What to do about a conflict; ``target`` is the id to link to or to take instead, or the name to use."""

    kind: ResolutionKind
    target: str = ""
    reason: Text | None = None


class OutcomeState(StrEnum):
    POSTED = "posted"
    UNCHANGED = "unchanged"
    SKIPPED = "skipped"
    HELD = "held"
    FAILED = "failed"
    UNDER_WAY = "under_way"
    """Being posted: told now and then of one draft, so that a source that waits does not take the run for dead."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one draft, told back to the source by ``report_outcome``.

    A record that made no draft, because it was left out or not understood, has an empty ``draft_key``. ``code`` says
    why a draft is held, failed or left out. ``raw`` is what the source said last of the record, as in ``Record.raw``.
    """

    stream: str
    source_id: str
    draft_key: str
    state: OutcomeState
    document: Document | None = None
    code: str = ""
    reason: Text | None = None
    raw: Mapping[str, JSON] = field(default_factory=dict, hash=False, repr=False, kw_only=True)


class ListDeed(StrEnum):
    """What ``tend_list`` does to entries at the source."""

    TAG = "tag"
    """Give them the list's tag."""
    DELETE = "delete"
    """Delete them; only what was imported, and what nothing at the source hangs on."""


@dataclass(frozen=True, slots=True)
class SourceTask:
    """Something that people do at the source, as far as it is: ``done`` of ``of``."""

    name: str
    text: Text
    done: int
    of: int
    fix: Text


@dataclass(frozen=True, slots=True)
class PushResult:
    """What ``push_records`` did with each document: (ledger id, id at the source), and (ledger id, why refused)."""

    pushed: Sequence[tuple[str, str]]
    refused: Sequence[tuple[str, Text]] = ()
    found: Sequence[str] = ()
    """Those of ``pushed``, by ledger id, that the source had already and did not make: people are told so."""
