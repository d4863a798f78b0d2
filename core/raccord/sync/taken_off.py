"""Payments that settle less than we wrote because of what we wrote later into the invoice or bill that they settle.

QuickBooks takes a payment off an invoice that was lowered below it or given to another customer, and gives the payment
a new state: nobody else had a hand in it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from raccord.quickbooks import BATCH_MAX, QuickBooks, quoted
from raccord.quickbooks.codec import differing
from raccord.store.database import Database
from raccord.store.models import LinkRow, LinkState, Posting, PostingState
from raccord.sync.chunks import chunks

PARTNERS = {"Payment": "CustomerRef", "BillPayment": "VendorRef"}
SETTLED = frozenset({"Invoice", "Bill", "CreditMemo", "VendorCredit"})
CREDITS = frozenset({"CreditMemo", "VendorCredit"})
Settled = tuple[str, str]
"""Kind and id of what is settled."""


@dataclass(frozen=True, slots=True)
class Lessened:
    """A payment as it stands, and of which documents it settles less than we wrote."""

    posting_id: int
    link: LinkRow
    document: Mapping[str, Any]
    off: Sequence[Settled]


def lessened(
    posting_id: int, link: LinkRow, written: Mapping[str, Any], document: Mapping[str, Any]
) -> Lessened | None:
    """Return what a payment settles less of; nothing where it says anything else that we did not write."""
    if link.kind not in PARTNERS or differing({**written, "Line": []}, {**document, "Line": []}):
        return None
    was, now = _settled(written), _settled(document)
    if any(now[each] > was.get(each, 0) for each in now):
        return None
    lost = {each: amount - now.get(each, Decimal(0)) for each, amount in was.items() if now.get(each, 0) < amount}
    credits = {each: amount for each, amount in lost.items() if each[0] in CREDITS}
    # Without its credit, a payment of nothing has nothing left to settle the invoice with.
    even = credits and sum(credits.values()) * 2 == sum(lost.values())
    off = [*(credits if even else lost)]
    return Lessened(posting_id, link, document, off) if off and all(kind in SETTLED for kind, _ in off) else None


def our_doing(database: Database, client: QuickBooks, payments: Sequence[Lessened]) -> dict[int, str]:
    """Return the token of each payment that only our own writing took off what it settled, by posting.

    We wrote each of these documents after the payment, and what is there explains it: nothing is owed any more,
    somebody else owes it, or it was empty in between. Otherwise a person may have taken the payment off.
    """
    with database.read() as session:
        payments = [each for each in payments if _written_since(session, each)]
        emptied = {one for each in payments for one in each.off if _emptied_since(session, each, one)}
    wanted = sorted({one for each in payments for one in each.off})
    asked = [
        (kind, f"Id IN ({', '.join(map(quoted, some))})")
        for kind in sorted(SETTLED)
        for some in chunks([id_ for its, id_ in wanted if its == kind], BATCH_MAX)
    ]
    there = {
        (kind, str(row["Id"])): row
        for (kind, _), rows in zip(asked, client.query_each(asked), strict=True)
        for row in rows
    }
    return {
        each.posting_id: str(each.document["SyncToken"])
        for each in payments
        if all(one in there and (one in emptied or _explains(there[one], each)) for one in each.off)
    }


def _settled(payment: Mapping[str, Any]) -> dict[Settled, Decimal]:
    found: dict[Settled, Decimal] = {}
    for line in payment.get("Line", ()):
        for to in line.get("LinkedTxn", ()):
            one = (str(to["TxnType"]), str(to["TxnId"]))
            found[one] = found.get(one, Decimal(0)) + Decimal(str(line["Amount"]))
    return found


def _written_since(session: Session, payment: Lessened) -> bool:
    """Tell whether we wrote each document after we wrote the payment."""
    link = payment.link
    done = (Posting.connection_id == link.connection_id, Posting.state == PostingState.DONE, Posting.body != "")
    last = session.scalar(select(func.max(Posting.id)).where(*done, Posting.key == link.key))
    for one in payment.off:
        key = _key_of(session, link, one)
        written = None if key is None else session.scalar(select(func.max(Posting.id)).where(*done, Posting.key == key))
        if last is None or written is None or written < last:
            return False
    return True


def _key_of(session: Session, link: LinkRow, one: Settled) -> str | None:
    kind, id_ = one
    return session.scalar(
        select(LinkRow.key).where(
            LinkRow.company_id == link.company_id,
            LinkRow.connection_id == link.connection_id,
            LinkRow.kind == kind,
            LinkRow.document_id == id_,
            LinkRow.state == LinkState.LIVE,
        )
    )


def _emptied_since(session: Session, payment: Lessened, one: Settled) -> bool:
    """Tell whether we wrote a document without any amount after we wrote the payment, and then filled it again."""
    link = payment.link
    done = (Posting.connection_id == link.connection_id, Posting.state == PostingState.DONE, Posting.body != "")
    last = session.scalar(select(func.max(Posting.id)).where(*done, Posting.key == link.key))
    key = _key_of(session, link, one)
    bodies = session.scalars(select(Posting.body).where(*done, Posting.key == key, Posting.id > last))
    return any(_is_empty(json.loads(body, parse_float=Decimal)) for body in bodies)


def _is_empty(written: Mapping[str, Any]) -> bool:
    lines = written.get("Line", ())
    return bool(lines) and not any(Decimal(str(line.get("Amount", 0))) for line in lines)


def _explains(owed: Mapping[str, Any], payment: Lessened) -> bool:
    partner = PARTNERS[payment.link.kind]
    return not Decimal(str(owed.get("Balance", 1))) or owed.get(partner, {}).get("value") != payment.document.get(
        partner, {}
    ).get("value")
