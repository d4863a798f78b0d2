"""Which records a list shows: by what became of them, by kind, day and connection, and by words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, or_, select, union
from sqlalchemy.orm import Session

from raccord.overview.listing import Within, among
from raccord.overview.pointing.at_source import Staged, stands
from raccord.overview.titles import memo_says
from raccord.store.models import Connection, DraftRow, DraftState, LinkRow, RecordState, SourceRecord

SEARCH_MAX = 100
MANY = 5_000
"""Records of one kind that are too many to be sorted for a page."""


class Fate(StrEnum):
    """What became of a record, in one word."""

    POSTED = "posted"
    REVIEW = "review"
    FAILED = "failed"
    WAITING = "waiting"
    LEFT_OUT = "left_out"
    RESOLVED = "resolved"


DRAFTS_OF = {
    Fate.FAILED: (DraftState.FAILED,),
    Fate.REVIEW: (DraftState.HELD,),
    Fate.WAITING: (DraftState.WAITING, DraftState.PLANNED, DraftState.READY),
    Fate.RESOLVED: (DraftState.RESOLVED,),
    Fate.POSTED: (DraftState.POSTED,),
    Fate.LEFT_OUT: (DraftState.SKIPPED,),
}
"""The draft states behind each word, the one that matters most first."""

RECORDS_OF = {
    Fate.FAILED: (RecordState.FAILED,),
    Fate.WAITING: (RecordState.NEW,),
    Fate.LEFT_OUT: (RecordState.SKIPPED,),
}


class Kind(StrEnum):
    """What a record's documents are in QuickBooks, by QuickBooks' own names; what people see most comes first."""

    INVOICE = "Invoice"
    SALES_RECEIPT = "SalesReceipt"
    PAYMENT = "Payment"
    CREDIT_MEMO = "CreditMemo"
    REFUND_RECEIPT = "RefundReceipt"
    EXPENSE = "Purchase"
    BILL = "Bill"
    BILL_PAYMENT = "BillPayment"
    VENDOR_CREDIT = "VendorCredit"
    DEPOSIT = "Deposit"
    TRANSFER = "Transfer"
    JOURNAL_ENTRY = "JournalEntry"
    CUSTOMER = "Customer"
    VENDOR = "Vendor"
    ITEM = "Item"
    ACCOUNT = "Account"
    ATTACHMENT = "Attachable"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which records a list shows."""

    connection_id: str = ""
    fate: Fate | None = None
    search: str = ""
    first: date | None = None
    last: date | None = None
    before: tuple[date, int] | None = None
    """The day and number of the last one that was read, where what follows it is wanted."""
    kind: Kind | None = None
    """What its documents are or would be."""
    staged: Staged | None = None
    """How it stands at its source, of those that say so."""


def conditions_of(
    session: Session, wanted: Wanted, within: Within, *, whole: bool = False
) -> list[ColumnElement[bool]]:
    """Return what is true of the records that a list shows, all in their newest revision.

    ``whole`` is for who counts them all; without it they are for who walks them in their order to a page.
    """
    found: list[ColumnElement[bool]] = [
        SourceRecord.state != RecordState.SUPERSEDED,
        *among(SourceRecord.connection_id, within),
    ]
    if wanted.connection_id:
        found.append(SourceRecord.connection_id == wanted.connection_id)
    if wanted.first is not None:
        found.append(SourceRecord.day >= wanted.first)
    if wanted.last is not None:
        found.append(SourceRecord.day <= wanted.last)
    if wanted.before is not None:
        day, number = wanted.before
        # The first is what an index is entered by: the other alone is asked of each record from the newest on.
        found += [SourceRecord.day <= day, or_(SourceRecord.day < day, SourceRecord.id < number)]
    if wanted.fate is not None:
        found.append(of_fate(wanted.fate))
    if wanted.kind is not None:
        found.append(_of_kind(session, wanted.kind, whole=whole))
    if wanted.staged is not None:
        found.append(stands(wanted.staged))
    if search := wanted.search[:SEARCH_MAX]:
        found.append(_said(search, wanted.connection_id))
    return found


def of_fate(fate: Fate) -> ColumnElement[bool]:
    """Return the condition that a record is of a fate, as the database finds it soonest.

    Most records are posted: whoever walks them asks each, and soon has a page full. The others are few beside them and
    are found by their states, which the indexes hold; those of records stand there by connection.
    """
    if fate == Fate.POSTED:
        its = DraftRow.record_id == SourceRecord.id
        return select(DraftRow.id).where(its, DraftRow.state.in_(DRAFTS_OF[fate])).exists()
    of_drafts = select(DraftRow.record_id).where(DraftRow.state.in_(DRAFTS_OF[fate]), DraftRow.record_id.is_not(None))
    own = select(SourceRecord.id).where(
        SourceRecord.connection_id.in_(select(Connection.id)), SourceRecord.state.in_(RECORDS_OF.get(fate, ()))
    )
    return SourceRecord.id.in_(union(of_drafts, own) if fate in RECORDS_OF else of_drafts)


def _said(search: str, connection_id: str) -> ColumnElement[bool]:
    """Return the condition that a word finds a record, of one connection or without it of all.

    What the source calls a record stands in the index that lists walk, so each is asked as it comes by. Only what
    drafts and documents say of it is collected first, which one word says of few.
    """
    of_drafts = select(DraftRow.record_id).where(DraftRow.record_id.is_not(None))
    if connection_id:
        of_drafts = of_drafts.where(DraftRow.connection_id == connection_id)
    its = and_(LinkRow.connection_id == DraftRow.connection_id, LinkRow.key == DraftRow.key)
    # One by one, for each of which there is an index.
    of_document = [
        of_drafts.join(LinkRow, its).where(said == search)
        for said in (LinkRow.document_number, LinkRow.document_id, LinkRow.marker)
    ]
    told = SourceRecord.id.in_(union(*of_document, of_drafts.where(memo_says(search))))
    return or_(SourceRecord.source_id.contains(search, autoescape=True), told)


def _of_kind(session: Session, kind: Kind, *, whole: bool) -> ColumnElement[bool]:
    """Return the condition that a record has a draft of a kind, as the database finds it soonest.

    Of a kind that many are of, whoever walks the records asks each and soon has a page full; the few of another, and
    all of any, stand in an index.
    """
    its = (DraftRow.kind == kind, DraftRow.state != DraftState.WITHDRAWN, DraftRow.record_id.is_not(None))
    ids = select(DraftRow.record_id).where(*its)
    if whole or session.scalar(ids.offset(MANY).limit(1)) is None:
        return SourceRecord.id.in_(ids)
    return select(DraftRow.id).where(DraftRow.record_id == SourceRecord.id, *its).exists()
