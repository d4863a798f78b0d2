"""Payments that settle less than we wrote because of what we wrote later into the invoice or bill that they settle.

QuickBooks takes a payment off an invoice that was lowered below it or given to another customer, and gives the payment
a new state: nobody else had a hand in it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from raccord.quickbooks import BATCH_MAX, QuickBooks, quoted
from raccord.quickbooks.codec import differing
from raccord.store.database import Database
from raccord.store.models import REMOVALS, LinkRow, LinkState, Posting, PostingState
from raccord.sync.books.drift import Followed, bodies_of
from raccord.sync.chunks import CHUNK, chunks

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
    off = [*(_lost(written, document) or ())]
    return Lessened(posting_id, link, document, off) if off and all(kind in SETTLED for kind, _ in off) else None


def our_doing(database: Database, client: QuickBooks, payments: Sequence[Lessened]) -> dict[int, str]:
    """Return the token of each payment that only our own writing took off what it settled, by posting.

    We wrote each of these documents after the payment, and what is there explains it: nothing is owed any more,
    somebody else owes it, or it was empty in between. Otherwise a person may have taken the payment off.
    """
    with database.read() as session:
        payments = [each for each in payments if _written_since(session, each)]
        emptied = {one for each in payments for one in each.off if _emptied_since(session, each, one)}
    there = _read(client, {one for each in payments for one in each.off})
    return {
        each.posting_id: str(each.document["SyncToken"])
        for each in payments
        if all(one in there and (one in emptied or _explains(there[one], each)) for one in each.off)
    }


def followed(
    database: Database, client: QuickBooks, company_id: str, changed: Mapping[str, Sequence[Mapping[str, Any]]]
) -> dict[Settled, Followed]:
    """Return the payments among what changed whose lines are other ones only by what we did to what they settled.

    Emptied or taken out by us, a document can hold no payment; lowered or given to somebody else, it says itself how
    much of one it holds. All that this does not explain to the cent is a person's doing, and asked about.
    """
    payments = {(kind, str(row["Id"])): row for kind in PARTNERS for row in changed.get(kind, ())}
    if not payments:
        return {}
    found: dict[Settled, Followed] = {}
    unsure: dict[Settled, tuple[dict[Settled, Decimal], list[str], dict[Settled, _Written]]] = {}
    with database.read() as session:
        links = _live(session, company_id, payments)
        bodies = bodies_of(session, list(links.values()))
        for one, link in links.items():
            lost = _lost(bodies.get(link.id, {}), payments[one])
            ours = {each: _ours_since(session, link, each) for each in lost or ()}
            if not lost or not all(ours.values()):
                continue
            because = sorted(each.key for each in ours.values() if each is not None)
            now = _settled(payments[one])
            open_ = {each: did for each, did in ours.items() if did and (not did.empty or now.get(each))}
            if open_:
                unsure[one] = ({each: now.get(each, Decimal(0)) for each in open_}, because, open_)
            else:
                found[one] = Followed(str(payments[one]["SyncToken"]), because)
    there = _read(client, {each for held, _, _ in unsure.values() for each in held})
    for one, (held, because, wrote) in unsure.items():
        if all(
            each in there and _holds_as_much(there[each], wrote[each], payments[one], one[0], amount)
            for each, amount in held.items()
        ):
            found[one] = Followed(str(payments[one]["SyncToken"]), because)
    return found


@dataclass(frozen=True, slots=True)
class _Written:
    """What we last made of a document after the payment that settled it; ``empty`` where it could hold none since."""

    key: str
    body: Mapping[str, Any]
    empty: bool


def _live(session: Session, company_id: str, wanted: Collection[Settled]) -> dict[Settled, LinkRow]:
    found: dict[Settled, LinkRow] = {}
    for some in chunks(sorted({id_ for _, id_ in wanted}), CHUNK):
        rows = session.scalars(
            select(LinkRow).where(
                LinkRow.company_id == company_id, LinkRow.state == LinkState.LIVE, LinkRow.document_id.in_(some)
            )
        )
        found.update({(row.kind, row.document_id): row for row in rows if (row.kind, row.document_id) in wanted})
    return found


def _lost(written: Mapping[str, Any], document: Mapping[str, Any]) -> dict[Settled, Decimal] | None:
    """Return how much less a payment settles of what; nothing where it settles anything more."""
    was, now = _settled(written), _settled(document)
    if any(now[each] > was.get(each, 0) for each in now):
        return None
    lost = {each: amount - now.get(each, Decimal(0)) for each, amount in was.items() if now.get(each, 0) < amount}
    credits = {each: amount for each, amount in lost.items() if each[0] in CREDITS}
    # Without its credit, a payment of nothing has nothing left to settle the invoice with.
    even = credits and sum(credits.values()) * 2 == sum(lost.values())
    return credits if even else lost


def _ours_since(session: Session, link: LinkRow, one: Settled) -> _Written | None:
    """Return what we did to a document after we last wrote the payment, if anything."""
    kind, id_ = one
    other = session.scalars(
        select(LinkRow).where(
            LinkRow.company_id == link.company_id, LinkRow.kind == kind, LinkRow.document_id == id_
        )
    ).first()  # fmt: skip
    done = Posting.state == PostingState.DONE
    of_payment = (Posting.connection_id == link.connection_id, Posting.key == link.key)
    last = session.scalar(select(func.max(Posting.id)).where(done, Posting.body != "", *of_payment))
    if other is None or last is None:
        return None
    since = session.scalars(
        select(Posting)
        .where(
            done, Posting.connection_id == other.connection_id, Posting.key == other.key,
            Posting.document_id == id_, Posting.id > last,
        )
        .order_by(Posting.id)
    ).all()  # fmt: skip
    if not since:
        return None
    bodies = [
        {} if each.operation in REMOVALS or not each.body else json.loads(each.body, parse_float=Decimal)
        for each in since
    ]
    removed = any(each.operation in REMOVALS for each in since)
    return _Written(other.key, bodies[-1], removed or any(map(_is_empty, bodies)))


def _holds_as_much(
    document: Mapping[str, Any], wrote: _Written, payment: Mapping[str, Any], kind: str, held: Decimal
) -> bool:
    """Tell whether a document that is as we wrote it can hold no more of a payment than the payment gives it."""
    if wrote.empty or not wrote.body or differing(wrote.body, document):
        return False
    partner = PARTNERS[kind]
    if document.get(partner, {}).get("value") != payment.get(partner, {}).get("value"):
        return not held
    return not Decimal(str(document.get("Balance", 1))) and held == Decimal(str(document.get("TotalAmt", -1)))


def _read(client: QuickBooks, wanted: Collection[Settled]) -> dict[Settled, Mapping[str, Any]]:
    asked = [
        (kind, f"Id IN ({', '.join(map(quoted, some))})")
        for kind in sorted(SETTLED)
        for some in chunks(sorted(id_ for its, id_ in wanted if its == kind), BATCH_MAX)
    ]
    if not asked:
        return {}
    return {
        (kind, str(row["Id"])): row
        for (kind, _), rows in zip(asked, client.query_each(asked), strict=True)
        for row in rows
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
