"""What others put into the books in some days: each document with what it moves, what it is for, and its tax."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.quickbooks import QuickBooks, quoted
from raccord.quickbooks.codec import LINKED, code_of, item_in, purposes_of, summary_of, told_of
from raccord.store.models import LinkRow, LinkState
from raccord.sync.books.lists import Lists
from raccord.sync.books.parties import party_in
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.days import around
from raccord.sync.lines.concerned import KINDS_IN, KINDS_OUT
from raccord.sync.lines.pairing import DAYS_APART, Found
from raccord.sync.shadowing.pairs import Theirs

MOST = 5_000
"""Documents of each side that are compared at once."""


def read_theirs(
    client: QuickBooks, days: tuple[date, date], accounts: Collection[str], kinds: Collection[str]
) -> tuple[list[Theirs], bool]:
    """Return what moves these accounts around these days, once for each account, and the documents of these kinds that
    move others; and whether there was more. Documents that bear a mark of ours are left out.
    """
    first, last = around(*days, DAYS_APART)
    where = f"TxnDate >= {quoted(first.isoformat())} AND TxnDate <= {quoted(last.isoformat())}"
    kept, cut = 0, False

    def keep(kind: str, document: Mapping[str, Any]) -> Iterator[Theirs]:
        nonlocal kept, cut
        if code_of(document):
            return
        for each in _theirs(kind, document, accounts, elsewhere=kind in kinds):
            if kept == MOST:
                cut = True
                return
            kept += 1
            yield each

    wanted = sorted({*KINDS_IN, *KINDS_OUT, *kinds})
    answers = client.kept_of_each([(kind, where) for kind in wanted], keep)
    return [each for some in answers for each in some], cut


def without_ours(session: Session, company_id: str, theirs: Collection[Theirs]) -> list[Theirs]:
    """Leave out what a connection of the company posted or linked."""
    ours: set[tuple[str, str]] = set()
    for some in chunks(sorted({each.found.id for each in theirs}), CHUNK):
        rows = session.execute(
            select(LinkRow.kind, LinkRow.document_id).where(
                LinkRow.company_id == company_id, LinkRow.document_id.in_(some), LinkRow.state == LinkState.LIVE
            )
        )
        ours.update((kind, id_) for kind, id_ in rows)
    return [each for each in theirs if each.place not in ours]


def by_account(accounts: Mapping[str, Decimal] | None, lists: Lists, clearing: str) -> Mapping[str, Decimal] | None:
    """Return what a document is for by accounts alone, of an item its income account; nothing where one is unknown."""
    found: dict[str, Decimal] = {}
    for name, amount in (accounts or {}).items():
        item = item_in(name)
        account = lists.income_of(item) if item else clearing if name == LINKED else name
        if not account:
            return None
        found[account] = found.get(account, Decimal(0)) + amount
    return found or None


def _theirs(kind: str, document: Mapping[str, Any], accounts: Collection[str], *, elsewhere: bool) -> Iterator[Theirs]:
    said, moved = told_of(kind, document), purposes_of(kind, document)
    number, id_ = summary_of(kind, document).number, str(document["Id"])
    currency = str((document.get("CurrencyRef") or {}).get("value") or "")
    here = [(account, said.moved(account)) for account, _ in said.moves if account in accounts]
    there = [(account, amount) for account, amount in said.moves if account not in accounts and amount]
    away = not any(amount for _, amount in here)
    for account, amount in there[:1] if away and elsewhere else here:
        if amount:
            found = Found(kind, id_, number, said.day, amount, account, "", party_in(document))
            purposes = (
                None if moved is None else {name: each for name, each in moved.accounts.items() if name != account}
            )
            yield Theirs(found, currency, purposes, Decimal(0) if moved is None else moved.tax, elsewhere=away)
