"""Payments that wait in Undeposited Funds, and the bank lines that are their deposit; the choosing is pure.

A customer's payment or a sales receipt lies there until a deposit takes it to the bank, alone or with others. Of two
different ways to come to a line's amount none is taken: of many payments some always add up to something.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from raccord.plugin.drafts import Deposit, LedgerId, LinkedLine, TaxMode
from raccord.quickbooks import BATCH_MAX, QuickBooks, quoted
from raccord.quickbooks.codec import summary_of
from raccord.sync.chunks import chunks

DEPOSIT = "Deposit"
"""What a line pays where it is the deposit of payments: in the place of a kind of open documents."""
SUBTYPE = "UndepositedFunds"
DAYS = timedelta(days=14)
"""How long before a line its payments came in."""
MOST = 20
"""Payments of these days that are added up; among more of them, some always come to the amount."""
UNCLEAR = "deposit_unclear"
"""Under this name a question says that payments come to its line in more than one way."""
CROWDED = "deposit_crowded"
"""Under this name it says that more than ``MOST`` wait."""
AWAITED = "deposit_awaited"
"""Under this name it says which connections posted the payments that come to its line, and deposit them themselves."""
FOREIGN = "deposit_foreign"
"""Under this name it says that payments in another currency than the books' come to it."""
REFUND = "refund_waits"
"""Under this name it says which refund receipts waiting there its line pays out, or comes to with payments."""
TAKEN = "deposited_since"
"""Under this name a question, and its draft's decisions, say which payments of an accepted deposit are not there to be
deposited any more, or which documents that it was to pay are not open for as much."""
_KINDS = ("Payment", "SalesReceipt")
_REFUNDS = ("RefundReceipt",)


@dataclass(frozen=True, slots=True)
class Received:
    """Money received into Undeposited Funds; ``deposit`` is what took it from there, empty while it waits."""

    kind: str
    id: str
    number: str
    party: str
    amount: Decimal
    currency: str
    day: date
    deposit: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """The payments that a line is the deposit of, or why none are named."""

    received: tuple[Received, ...] = ()
    unclear: bool = False
    crowded: bool = False
    awaited: tuple[str, ...] = ()
    """The connections that deposit the payments themselves which come to the line."""
    foreign: bool = False


def way_of(amount: Decimal, currency: str, day: date, waiting: Iterable[Received]) -> Way:
    """Return the only payments of the last days that come to an amount; the order of those given plays no part."""
    near = [
        each
        for each in waiting
        if each.currency == currency and day - DAYS <= each.day <= day and 0 < each.amount <= amount
    ]
    if len(near) > MOST:
        return Way(crowded=True)
    near.sort(key=lambda each: (each.day, each.kind, each.id))
    ways = list(_coming_to(amount, near))
    return Way(ways[0]) if len(ways) == 1 else Way(unclear=bool(ways))


def refunds_of(
    amount: Decimal, currency: str, day: date, refunds: Iterable[Received], waiting: Sequence[Received], *, out: bool
) -> tuple[Received, ...]:
    """Return the refunds of the last days that a line pays out, alone or all of them together, or that come to a line
    of money in with payments that wait.
    """
    near = sorted(
        (each for each in refunds if each.currency == currency and day - DAYS <= each.day <= day),
        key=lambda each: (each.day, each.id),
    )[:MOST]
    for some in (*((each,) for each in near), tuple(near)):
        total = sum((each.amount for each in some), Decimal(0))
        if some and out and total == amount:
            return some
        if some and not out and way_of(amount + total, currency, day, waiting) not in (Way(), Way(crowded=True)):
            return some
    return ()


def _coming_to(amount: Decimal, near: Sequence[Received]) -> Iterator[tuple[Received, ...]]:
    """Yield the payments that come to an amount; of many ways some, two at least."""
    half = len(near) // 2
    first, second = _sums(near[:half]), _sums(near[half:])
    for total, some in first.items():
        for others in second.get(amount - total, ()):
            for one in some:
                yield one + others


def _sums(some: Iterable[Received]) -> dict[Decimal, tuple[tuple[Received, ...], ...]]:
    """Return by sum two of the ways to come to it."""
    found: dict[Decimal, tuple[tuple[Received, ...], ...]] = {Decimal(0): ((),)}
    for each in some:
        more = {total + each.amount: tuple((*way, each) for way in ways) for total, ways in found.items()}
        found |= {total: (*found.get(total, ()), *ways)[:2] for total, ways in more.items()}
    return found


def as_deposit(pays: Mapping[str, Any], draft: Deposit) -> Deposit:
    """Return a line's draft as the deposit of payments that a person said it is: nothing of it is earned anew."""
    lines = tuple(
        LinkedLine(document=LedgerId(str(each["id"]), str(each["kind"])), amount=Decimal(str(each["amount"])))
        for each in pays["documents"]
    )
    return replace(draft, lines=lines, tax_mode=TaxMode.NONE, taxes=())


def spans(days: Iterable[date]) -> list[tuple[date, date]]:
    """Return the first and last days of the payments that lines of some days may be the deposits of."""
    found: list[tuple[date, date]] = []
    for day in sorted(set(days)):
        if found and day - DAYS <= found[-1][1]:
            found[-1] = (found[-1][0], day)
        else:
            found.append((day - DAYS, day))
    return found


def read_refunds(
    client: QuickBooks, accounts: Collection[str], some: Iterable[tuple[date, date]], home_currency: str
) -> list[Received]:
    """Return what QuickBooks refunded out of Undeposited Funds on some days and no deposit holds, amounts positive."""
    found = read_received(client, accounts, some, home_currency, _REFUNDS)
    return [each for each in found if not each.deposit]


def read_received(
    client: QuickBooks,
    accounts: Collection[str],
    some: Iterable[tuple[date, date]],
    home_currency: str,
    kinds: Sequence[str] = _KINDS,
) -> list[Received]:
    """Return what QuickBooks received into Undeposited Funds on some days, waiting there or deposited."""
    wheres = [f"TxnDate >= '{first}' AND TxnDate <= '{last}'" for first, last in some] if accounts else []
    found = (
        _received(kind, each, home_currency)
        for kind in kinds
        for where in wheres
        for each in client.query_all(kind, where)
        if _account(each) in accounts
    )
    return [each for each in found if each.amount > 0]


def read_by_id(
    client: QuickBooks, accounts: Collection[str], ids: Iterable[tuple[str, str]], home_currency: str
) -> list[Received]:
    """Return those of some payments, by kind and id, that QuickBooks has in Undeposited Funds, waiting or deposited."""
    wanted = set(ids)
    return [
        _received(kind, each, home_currency)
        for kind in _KINDS
        for some in chunks(sorted(id_ for of, id_ in wanted if of == kind), BATCH_MAX)
        for each in client.query_all(kind, f"Id IN ({', '.join(map(quoted, some))})")
        if _account(each) in accounts
    ]


def gone_of(pays: Mapping[str, Any], received: Mapping[tuple[str, str], Received]) -> list[dict[str, Any]]:
    """Return what is told of the payments of an accepted deposit that wait no more, or not as the same amount."""
    gone = []
    for said in pays["documents"]:
        there = received.get((str(said["kind"]), str(said["id"])))
        if there is None or there.deposit or there.amount != Decimal(str(said["amount"])):
            gone.append({**said, "deposit": "" if there is None else there.deposit})
    return gone


def _received(kind: str, document: Mapping[str, Any], home_currency: str) -> Received:
    links = document.get("LinkedTxn") or ()
    return Received(
        kind,
        str(document["Id"]),
        summary_of(kind, document).number,
        str((document.get("CustomerRef") or {}).get("name", "")),
        Decimal(document["TotalAmt"]),
        str((document.get("CurrencyRef") or {}).get("value") or home_currency),
        date.fromisoformat(str(document["TxnDate"])),
        next((str(link["TxnId"]) for link in links if link.get("TxnType") == DEPOSIT), ""),
    )


def _account(document: Mapping[str, Any]) -> str:
    return str((document.get("DepositToAccountRef") or {}).get("value", ""))
