"""What goes to QuickBooks and what is there: plans, postings, links, the known lists and the proof."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from raccord.store.columns import Model, RowId, new_id


class PlanState(StrEnum):
    BUILDING = "building"
    WAITING = "waiting"
    """Waits for a person's approval."""
    APPROVED = "approved"
    APPLIED = "applied"
    STALE = "stale"
    """The books or the drafts changed after it was made; never applied."""


class Plan(Model):
    """What a run will do, line by line, before it does it."""

    __tablename__ = "plan"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    connection_id: Mapped[str] = mapped_column(ForeignKey("connection.id"), index=True)
    run_id: Mapped[str] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(default=PlanState.BUILDING)
    hash: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    approved_at: Mapped[datetime | None]
    approved_by: Mapped[str] = mapped_column(default="")
    """A person's name, or ``standing`` where the connection runs by itself."""
    books_closed_on: Mapped[date | None]
    """The company's closing date that it was made with."""
    figures: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    """What its lines come to, counted when it was sealed; empty until then, and of plans older than this column."""


class Action(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    LINK = "link"
    DELETE = "delete"
    VOID = "void"
    DEACTIVATE = "deactivate"
    """An entry of a list, which QuickBooks does not delete."""
    SKIP = "skip"
    HOLD = "hold"
    BLOCKED = "blocked"


REMOVALS = (Action.DELETE, Action.VOID, Action.DEACTIVATE)
"""Actions that take something of ours out of the books."""


class LineState(StrEnum):
    PENDING = "pending"
    SENDING = "sending"
    DONE = "done"
    REFUSED = "refused"
    LEFT = "left"
    """Nothing to send (skip, hold, blocked), or not sent because something it needs failed."""


class PlanLine(Model):
    """One line of a plan; ``payload`` is the text that is sent, with ``{link:KEY}`` where an id does not exist yet."""

    __tablename__ = "plan_line"
    __table_args__ = (
        UniqueConstraint("plan_id", "key"),
        Index("ix_plan_line_todo", "plan_id", "state", "rank", "id"),
        # Says also on which account the newest line of a draft moves money.
        Index("ix_plan_line_draft", "draft_id", "id", "money_account"),
        Index("ix_plan_line_order", "plan_id", "rank", "day", "id"),
        # Few lines have a reason, and each page of a plan tells them.
        Index(
            "ix_plan_line_reason",
            "plan_id",
            "reason",
            sqlite_where=text("reason > ''"),
            postgresql_where=text("reason > ''"),
        ),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    plan_id: Mapped[str] = mapped_column(ForeignKey("plan.id"))
    rank: Mapped[int]
    """Dependency level: lines of a lower rank are finished first."""
    action: Mapped[str]
    draft_id: Mapped[int | None] = mapped_column(ForeignKey("draft.id"))
    """Empty for objects that core itself wants (a default account, the item of an income account)."""
    key: Mapped[str]
    revision: Mapped[int]
    kind: Mapped[str]
    """QuickBooks' entity name."""
    day: Mapped[date | None]
    """The date that the document bears."""
    record_day: Mapped[date | None]
    """The true date, where the document bears another because that one lies in a closed period."""
    document_id: Mapped[str] = mapped_column(default="")
    """For update and link: the document that exists."""
    payload: Mapped[str] = mapped_column(default="")
    payload_hash: Mapped[str] = mapped_column(default="")
    needs: Mapped[list[Any]] = mapped_column(default=list)
    """Keys whose documents must exist first; of a removal those whose documents must be gone first."""
    reason: Mapped[str] = mapped_column(default="")
    params: Mapped[dict[str, Any]] = mapped_column(default=dict)
    effect: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Ledger account id to the amount its balance moves by (debit positive), decimals as text."""
    amount: Mapped[Decimal | None]
    """The money effect the proof counts; money in is positive."""
    currency: Mapped[str] = mapped_column(default="")
    money_account: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default=LineState.PENDING)
    mapped_by: Mapped[str] = mapped_column(default="", server_default="")
    """Plugin and version that made the draft as it is sent, and the connection's revision then."""
    mapped_under: Mapped[int] = mapped_column(default=0, server_default="0")
    answered_by: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    """Which plugins, in which versions, gave accounts to its roles or settled its conflicts, and what they said."""


class PostingState(StrEnum):
    INTENT = "intent"
    """Committed before the call; after a crash the outcome is unknown until read back."""
    DONE = "done"
    REFUSED = "refused"
    LOST = "lost"
    """Read back by a later run and not found; its draft is planned again under the same request id."""


class Posting(Model):
    """One intent to write to QuickBooks, committed before the call, and its answer."""

    __tablename__ = "posting"
    __table_args__ = (
        Index(
            "uq_posting_request",
            "company_id",
            "request_id",
            unique=True,
            sqlite_where=text("state != 'lost'"),
            postgresql_where=text("state != 'lost'"),
        ),
        Index("ix_posting_open", "connection_id", "state"),
        Index("ix_posting_key", "connection_id", "key"),
        Index("ix_posting_line", "plan_line_id"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    plan_line_id: Mapped[int] = mapped_column(ForeignKey("plan_line.id"))
    company_id: Mapped[str] = mapped_column(ForeignKey("company.id"))
    connection_id: Mapped[str] = mapped_column(ForeignKey("connection.id"))
    key: Mapped[str]
    revision: Mapped[int]
    kind: Mapped[str]
    operation: Mapped[str]
    request_id: Mapped[str]
    marker: Mapped[str]
    body: Mapped[str]
    body_hash: Mapped[str]
    batch_id: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default=PostingState.INTENT)
    attempts: Mapped[int] = mapped_column(default=0)
    document_id: Mapped[str] = mapped_column(default="")
    fault_code: Mapped[str] = mapped_column(default="")
    fault_detail: Mapped[str] = mapped_column(default="")
    tid: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    quiet_at: Mapped[datetime | None]
    """Until then QuickBooks may still execute it, so that "not there" means nothing; empty while nobody knows."""
    finished_at: Mapped[datetime | None]


class LinkState(StrEnum):
    LIVE = "live"
    DELETED = "deleted"
    VOIDED = "voided"
    UNLINKED = "unlinked"
    UNDONE = "undone"
    """We took the document out again; its draft is not posted before a person says so."""
    RELEASED = "released"
    """Undone, and a person said to post it again: the next plan makes it anew."""


class LinkRow(Model):
    """The lasting tie between a draft's key and a document's id, kept for every company for ever."""

    __tablename__ = "link"
    __table_args__ = (
        UniqueConstraint("company_id", "connection_id", "key"),
        Index("ix_link_document", "company_id", "kind", "document_id"),
        # What moved on some days is added up from it alone.
        Index("ix_link_day", "connection_id", "day", "currency", "money_account", "amount", "state"),
        # Drafts find their documents by it, without naming the company.
        Index("ix_link_key", "connection_id", "key"),
        # Holds all that sums of what was moved read, so that they read no rows.
        Index("ix_link_moved", "connection_id", "state", "money_account", "currency", "amount"),
        # What people type of a document to find its record.
        Index("ix_link_document_number", "document_number"),
        Index("ix_link_document_id", "document_id"),
        Index("ix_link_marker", "marker"),
        # Few documents are fees, and each page of a proof tells them.
        Index(
            "ix_link_fee",
            "connection_id",
            "state",
            "stream",
            "currency",
            "amount",
            sqlite_where=text("substr(key, length(key) - 3) = '#fee'"),
            postgresql_where=text("substr(key, length(key) - 3) = '#fee'"),
        ),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    company_id: Mapped[str] = mapped_column(ForeignKey("company.id"))
    connection_id: Mapped[str] = mapped_column(ForeignKey("connection.id"))
    key: Mapped[str]
    kind: Mapped[str]
    document_id: Mapped[str]
    document_number: Mapped[str] = mapped_column(default="")
    sync_token: Mapped[str]
    revision: Mapped[int]
    marker: Mapped[str]
    payload_hash: Mapped[str]
    stream: Mapped[str] = mapped_column(default="")
    day: Mapped[date | None]
    """The date that the document bears."""
    record_day: Mapped[date | None]
    """The true date, where the document bears another because that one lay in a closed period."""
    amount: Mapped[Decimal | None]
    currency: Mapped[str] = mapped_column(default="")
    money_account: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default=LinkState.LIVE)
    origin: Mapped[str] = mapped_column(default="created")
    """``created`` by us or ``linked`` to what was there."""
    generation: Mapped[int] = mapped_column(default=0, server_default="0")
    """How many documents of this draft were undone; each later one bears a number of its own."""
    linked_at: Mapped[datetime]


class MarkedDocument(Model):
    """A document in QuickBooks that bears a mark of ours and that no link knows: a life of ours made it that a restored
    backup has forgotten. It is linked as soon as its draft is to be created.
    """

    __tablename__ = "marked_document"

    company_id: Mapped[str] = mapped_column(ForeignKey("company.id"), primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    """The mark without its revision."""
    revision: Mapped[int]
    kind: Mapped[str]
    document_id: Mapped[str]
    found_at: Mapped[datetime]


class Match(Model):
    """A draft that tells of a movement which a document holds already, so that only that document posts it."""

    __tablename__ = "match"
    __table_args__ = (
        UniqueConstraint("connection_id", "kind", "document_id", "money_account", "part"),
        UniqueConstraint("draft_id", "kind", "document_id", "money_account"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    company_id: Mapped[str] = mapped_column(ForeignKey("company.id"))
    connection_id: Mapped[str] = mapped_column(ForeignKey("connection.id"))
    draft_id: Mapped[int] = mapped_column(ForeignKey("draft.id"))
    """A draft that is several documents together has a match with each."""
    kind: Mapped[str]
    document_id: Mapped[str]
    money_account: Mapped[str]
    part: Mapped[int] = mapped_column(default=0, server_default="0")
    """0 for the whole document; of several lines that it holds together, each has a part, counted from 1."""
    whole: Mapped[Decimal | None]
    """What the document moves the account by, for parts alone."""
    amount: Mapped[Decimal]
    """What the draft moves it by: of the whole document, or its part."""
    currency: Mapped[str]
    day: Mapped[date]
    """The document's; at most ``doubles.DAYS_APART`` from the draft's."""
    matched_at: Mapped[datetime]


class PaidDocument(Model):
    """An open invoice or bill that a draft pays, as a person said: no other may pay it, or the same part of it."""

    __tablename__ = "paid_document"
    __table_args__ = (UniqueConstraint("company_id", "kind", "document_id", "part"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    company_id: Mapped[str] = mapped_column(ForeignKey("company.id"))
    draft_id: Mapped[int] = mapped_column(ForeignKey("draft.id"), index=True)
    kind: Mapped[str]
    document_id: Mapped[str]
    part: Mapped[int] = mapped_column(default=0, server_default="0")
    """0 for all of it; parts are counted from 1."""
    amount: Mapped[Decimal]
    said_at: Mapped[datetime]


class PushedEntry(Model):
    """What a source was told of an entry of a company's lists, so that only what changed is told again."""

    __tablename__ = "pushed_entry"

    connection_id: Mapped[str] = mapped_column(ForeignKey("connection.id"), primary_key=True)
    list_name: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    object_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    source_id: Mapped[str] = mapped_column(default="")
    """Its id at the source; empty until it was taken there once."""
    told_hash: Mapped[str] = mapped_column(default="")
    """Of what the source took last; empty after a refusal."""
    active: Mapped[bool] = mapped_column(default=True)
    told_at: Mapped[datetime]


class LedgerEntry(Model):
    """What we know of the company's lists (accounts, customers, items, tax codes), refreshed before a plan."""

    __tablename__ = "ledger_entry"
    __table_args__ = (Index("ix_ledger_entry_name", "company_id", "kind", "name_key"),)

    company_id: Mapped[str] = mapped_column(ForeignKey("company.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    object_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    name_key: Mapped[str]
    """The name as QuickBooks compares it: case folded."""
    active: Mapped[bool]
    number: Mapped[str] = mapped_column(default="")
    type: Mapped[str] = mapped_column(default="")
    subtype: Mapped[str] = mapped_column(default="")
    currency: Mapped[str] = mapped_column(default="")
    account_id: Mapped[str] = mapped_column(default="")
    """For an item: its income account."""
    tax_code: Mapped[str] = mapped_column(default="", server_default="")
    """For an account: the tax code that QuickBooks has by default for it, outside of the United States."""
    seen_at: Mapped[datetime]


class Proof(Model):
    """Source total, posted total and QuickBooks total of one stream, currency and day."""

    __tablename__ = "proof"
    __table_args__ = (UniqueConstraint("connection_id", "stream", "currency", "day"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    connection_id: Mapped[str] = mapped_column(ForeignKey("connection.id"))
    run_id: Mapped[str]
    stream: Mapped[str]
    currency: Mapped[str]
    day: Mapped[date]
    source_total: Mapped[Decimal]
    left_out_total: Mapped[Decimal]
    """Part of the source total that is skipped, held or failed, each with a reason of its own."""
    moved_total: Mapped[Decimal] = mapped_column(default=Decimal(0), server_default="0")
    """What documents of another day bring to this one (positive) or take from it, because books were closed."""
    moves: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    """Those documents: ``{"key", "kind", "document_id", "amount", "record_day", "day"}``."""
    posted_total: Mapped[Decimal]
    quickbooks_total: Mapped[Decimal]
    equal: Mapped[bool]
    differences: Mapped[list[Any]] = mapped_column(default=list)
    """What explains a difference: ``{"key", "document_id", "code", "amount"}``."""
    told: Mapped[str] = mapped_column(default="", server_default="")
    """The digest that the audit chain told of it last."""
    proven_at: Mapped[datetime]


class Statement(Model):
    """Up to which day a person reconciled the statements of a bank or card account, since QuickBooks does not say."""

    __tablename__ = "statement"

    company_id: Mapped[str] = mapped_column(ForeignKey("company.id"), primary_key=True)
    account_id: Mapped[str] = mapped_column(primary_key=True)
    account_name: Mapped[str]
    through: Mapped[date]
    declared_by: Mapped[str]
    declared_at: Mapped[datetime]


class Certificate(Model):
    """A month of a company as a person certified it; ``body`` is the whole document, ``hash`` the SHA-256 of its text.

    Certifying a month again adds a version; what was certified before stays.
    """

    __tablename__ = "certificate"
    __table_args__ = (UniqueConstraint("company_id", "month", "version"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    company_id: Mapped[str] = mapped_column(ForeignKey("company.id"))
    month: Mapped[date]
    """Its first day."""
    version: Mapped[int]
    made_at: Mapped[datetime]
    made_by: Mapped[str]
    clean: Mapped[bool]
    """Whether nothing was left open: every proof equal, nothing held, failed or missing."""
    body: Mapped[str]
    hash: Mapped[str]
