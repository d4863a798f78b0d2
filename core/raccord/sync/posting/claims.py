"""Movements that another run of the company is posting, or posted meanwhile: each of them goes once.

Two runs of a company may each have looked at the books before the other's document was there, and a worker that stalled
goes on beside the one that took its place. So what is about to be sent is compared with what the company's other
connections have sent, in the transaction that commits the intents and in one run of the company after the other: the
first to claim a movement posts it, and the other one asks.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from raccord.plugin.drafts import Accepts
from raccord.quickbooks.codec import money_of
from raccord.store.made_once import made_once
from raccord.store.models import (
    Action,
    Connection,
    DraftRow,
    LedgerEntry,
    LineState,
    LinkRow,
    LinkState,
    PlanLine,
    Posting,
    PostingState,
)
from raccord.sync.books.company import TYPES
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.days import around
from raccord.sync.lines.concerned import TRUE_DAY
from raccord.sync.lines.doubles import Doubles
from raccord.sync.lines.lump_sums import leave_alone, line_of
from raccord.sync.lines.pairing import DAYS_APART, Found
from raccord.sync.lines.paying import PAYER
from raccord.sync.resolving.holds import alone_in
from raccord.sync.workshop import Bench

_TRANSFER = "Transfer"


def hold_claimed(bench: Bench, session: Session, plan_id: str, lines: Sequence[PlanLine], now: datetime) -> bool:
    """Hold those of the lines about to be sent whose movement another connection of the company sent, or is sending;
    tell whether there were any.

    Waits for the other runs of the company that do so. What a customer of a lump sum pays is held with its line.
    """
    labels = _others(session, bench.connection)
    moving = [each for each in lines if each.action == Action.CREATE and each.amount and each.day] if labels else []
    moving += _deposits_of(session, plan_id, moving)
    banks = _banks(session, bench.company.id, {each.money_account for each in moving})
    moving = [each for each in moving if each.money_account in banks]
    if not moving:
        return False
    alone_in(session, bench.company.id)
    days = sorted(day for each in moving if (day := each.record_day or each.day) is not None)
    span = around(days[0], days[-1], DAYS_APART)
    # In this order: what another run finishes meanwhile is seen twice, and never not at all.
    sending = list(_under_way(session, labels, banks, span))
    posted = list(_posted(session, labels, banks, span))
    there = {(each.code, each.account) for each in posted}
    found = [*posted, *(each for each in sending if (each.code, each.account) not in there)]
    connection = session.get_one(Connection, bench.connection.id)
    doubles = Doubles(session, bench.company, connection, bench.scope, bench.view, now)
    held = doubles.hold_new(moving, found, plan_id=plan_id) if found else 0
    if held:
        session.flush()
        leave_alone(session, plan_id)
    return held > 0


def _others(session: Session, connection: Connection) -> dict[str, str]:
    """Return the names of the company's other connections by their ids."""
    return {row.id: row.label for row in session.execute(*_beside(connection.company_id, connection.id))}


@made_once
def _beside(company_id: str, connection_id: str) -> Select[str, str]:
    return select(Connection.id, Connection.label).where(
        Connection.company_id == company_id, Connection.id != connection_id
    )


def _banks(session: Session, company_id: str, accounts: set[str]) -> set[str]:
    """Return those of some accounts that hold money at a bank or on a card."""
    if not accounts:
        return set()
    found = select(LedgerEntry.object_id).where(
        LedgerEntry.company_id == company_id,
        LedgerEntry.kind == "Account",
        LedgerEntry.object_id.in_(accounts),
        LedgerEntry.type.in_(TYPES[Accepts.BANK_OR_CARD]),
    )
    return set(session.scalars(found))


def _deposits_of(session: Session, plan_id: str, lines: Sequence[PlanLine]) -> list[PlanLine]:
    """Return the lines of a plan, still to be sent, that some customers' payments were made for."""
    ids = [each.draft_id for each in lines if each.key.startswith(PAYER) and each.draft_id is not None]
    drafts: set[int] = set()
    for some in chunks(ids, CHUNK):
        for row in session.scalars(select(DraftRow).where(DraftRow.id.in_(some))):
            line = line_of(session, row)
            drafts |= {line.id} if line is not None else set()
    found: list[PlanLine] = []
    for some in chunks(sorted(drafts), CHUNK):
        mine = (PlanLine.plan_id == plan_id, PlanLine.draft_id.in_(some), PlanLine.state == LineState.PENDING)
        found += session.scalars(select(PlanLine).where(*mine, PlanLine.action == Action.CREATE))
    return found


def _posted(
    session: Session, labels: Mapping[str, str], accounts: set[str], span: tuple[date, date]
) -> Iterator[Found]:
    """Yield what other connections have in the books on some accounts and days."""
    rows = session.scalars(
        select(LinkRow).where(
            LinkRow.connection_id.in_(labels),
            # Found by its index: a document bears its own day, or where that was closed a later one.
            LinkRow.day >= span[0],
            or_(LinkRow.record_day.between(*span), and_(LinkRow.record_day.is_(None), LinkRow.day <= span[1])),
            LinkRow.state == LinkState.LIVE,
            or_(LinkRow.money_account.in_(accounts), LinkRow.kind == _TRANSFER),
        )
    ).all()
    transfers = {(row.connection_id, row.key) for row in rows if row.kind == _TRANSFER}
    bodies = _bodies(session, transfers)
    for row in rows:
        day = row.record_day or row.day
        if day is None or row.amount is None:
            continue
        mine = Found(
            row.kind, row.document_id, row.document_number, day, row.amount, row.money_account, row.marker,
            owner=labels[row.connection_id], owner_key=row.key, dated=row.day,
        )  # fmt: skip
        yield from _on_each(mine, bodies.get((row.connection_id, row.key), ""), accounts)


def _bodies(session: Session, transfers: set[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Return what was sent of some transfers, by connection and key: only that names their other account."""
    found: dict[tuple[str, str], str] = {}
    for some in chunks(sorted({key for _, key in transfers}), CHUNK):
        sent = select(Posting).where(
            Posting.connection_id.in_({connection_id for connection_id, _ in transfers}),
            Posting.key.in_(some),
            Posting.state == PostingState.DONE,
            Posting.kind == _TRANSFER,
            Posting.body != "",
        )
        found.update({(each.connection_id, each.key): each.body for each in session.scalars(sent.order_by(Posting.id))})
    return found


def _under_way(
    session: Session, labels: Mapping[str, str], accounts: set[str], span: tuple[date, date]
) -> Iterator[Found]:
    """Yield what other connections are sending: committed to, and perhaps not in the books yet."""
    rows = session.execute(
        select(Posting, TRUE_DAY, PlanLine.amount, PlanLine.money_account)
        .join(PlanLine, PlanLine.id == Posting.plan_line_id)
        .where(
            Posting.connection_id.in_(labels),
            Posting.state == PostingState.INTENT,
            Posting.operation == Action.CREATE,
            TRUE_DAY.between(*span),
            PlanLine.amount.is_not(None),
        )
        .order_by(Posting.id)
    ).all()
    for sent, day, amount, account in rows:
        if amount is None:
            continue
        mine = Found(
            sent.kind, "", "", day, amount, account, sent.marker,
            owner=labels[sent.connection_id], owner_key=sent.key,
        )  # fmt: skip
        yield from _on_each(mine, sent.body, accounts)


def _on_each(found: Found, body: str, accounts: set[str]) -> Iterator[Found]:
    """Yield a document on those of the accounts that it moves; a transfer moves two."""
    if found.kind != _TRANSFER or not body:
        if found.account in accounts:
            yield found
        return
    document = json.loads(body, parse_float=Decimal)
    for account in sorted(accounts):
        if amount := money_of(_TRANSFER, document, account):
            yield replace(found, account=account, amount=amount, other_leg=account != found.account)
