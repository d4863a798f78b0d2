"""On which account the money of payments lies in QuickBooks, where people deposit it by themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.plugin.drafts import MoneyOf, RefundReceipt
from raccord.quickbooks import QuickBooks, quoted
from raccord.store.models import DraftRow, LinkRow, LinkState
from raccord.sync.bodies import load_draft
from raccord.sync.chunks import CHUNK, chunks

_ONE_QUESTION = 100


@dataclass(frozen=True, slots=True)
class Landed:
    """Where QuickBooks says that a payment's money lies: on ``account``, unless deposits took it elsewhere."""

    key: str
    account: str
    deposits: Mapping[str, str]
    """Its deposits by id, with the account each went to; empty where that is not one account alone."""


def payments_behind(session: Session, connection_id: str, rows: Sequence[DraftRow]) -> dict[str, str]:
    """Return the payments in QuickBooks that drafts ask the money of: by key, the document's id."""
    keys = {key for row in rows if row.kind == "RefundReceipt" for key in _asked(row)}
    found: dict[str, str] = {}
    for some in chunks(sorted(keys), CHUNK):
        of = select(LinkRow.key, LinkRow.document_id).where(
            LinkRow.connection_id == connection_id,
            LinkRow.key.in_(some),
            LinkRow.kind == "Payment",
            LinkRow.state == LinkState.LIVE,
        )
        found.update((key, document_id) for key, document_id in session.execute(of))
    return found


def read_landed(client: QuickBooks, payments: Mapping[str, str]) -> list[Landed]:
    """Ask QuickBooks for payments and their deposits; one that it does not have (any more) is not among them."""
    there = _read(client, "Payment", payments.values())
    named = {
        key: [of for kind, of in _linked(there[id_]) if kind == "Deposit"]
        for key, id_ in payments.items()
        if id_ in there
    }
    deposits = _read(client, "Deposit", (each for those in named.values() for each in those))
    return [
        Landed(key, _account(there[payments[key]]), {each: _bank(deposits.get(each, {})) for each in those})
        for key, those in named.items()
    ]


def lying_at(session: Session, connection_id: str, landed: Sequence[Landed]) -> dict[str, str]:
    """Return the account of each payment's money by the payment's key; empty where it is unclear.

    A deposit of the connection's own is what the source paid out, and nobody's move.
    """
    ids = {each for one in landed for each in one.deposits}
    own: set[str] = set()
    for some in chunks(sorted(ids), CHUNK):
        of = select(LinkRow.document_id).where(
            LinkRow.connection_id == connection_id, LinkRow.kind == "Deposit", LinkRow.document_id.in_(some)
        )
        own.update(session.scalars(of))
    return {each.key: _lies(each, own) for each in landed}


def _lies(landed: Landed, own: set[str]) -> str:
    moved = {account for id_, account in landed.deposits.items() if id_ not in own}
    if not moved:
        return landed.account
    return moved.pop() if len(moved) == 1 else ""


def _asked(row: DraftRow) -> Iterator[str]:
    draft = load_draft(row.body)
    if isinstance(draft, RefundReceipt) and isinstance(draft.paid_from, MoneyOf):
        yield draft.paid_from.payment.key


def _read(client: QuickBooks, kind: str, ids: Iterable[str]) -> dict[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    for some in chunks(sorted(set(ids)), _ONE_QUESTION):
        where = f"Id IN ({', '.join(map(quoted, some))})"
        found.update({str(row["Id"]): row for row in client.query_all(kind, where)})
    return found


def _linked(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for link in document.get("LinkedTxn") or ():
        yield str(link.get("TxnType", "")), str(link.get("TxnId", ""))


def _account(document: Mapping[str, Any]) -> str:
    return str((document.get("DepositToAccountRef") or {}).get("value", ""))


def _bank(deposit: Mapping[str, Any]) -> str:
    """Return where a deposit went; nothing where part of it went elsewhere, or where it is not to be read."""
    return "" if deposit.get("CashBack") else _account(deposit)
