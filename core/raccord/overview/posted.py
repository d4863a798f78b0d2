"""What posted documents moved at the bank and on cards, day by day and source by source, for the home page's chart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from raccord.overview.listing import MOST, Within
from raccord.overview.money import money_accounts
from raccord.store.models import Connection, LinkRow, LinkState
from raccord.store.sums import exact, scale_of, units_of

SERIES_MAX = 4
"""Sources that a chart tells apart; of more, all but the three largest are one."""
OTHERS = ""
"""Stands for the id of the sources that are shown as one."""


@dataclass(frozen=True, slots=True)
class Series:
    """One source of a chart, with what it moved on each of the chart's days; amounts are positive or zero."""

    connection_id: str
    label: str
    amounts: Sequence[Decimal]


@dataclass(frozen=True, slots=True)
class Posted:
    """What moved in one currency on days on end, and on as many days before; in and out are never added up."""

    currency: str
    currencies: Sequence[str]
    """All currencies in which something moved on these days, the one with most documents first."""
    days: Sequence[date]
    series: Sequence[Series]
    documents: int
    moved_in: Decimal
    moved_out: Decimal
    in_before: Decimal
    out_before: Decimal

    def of_day(self, place: int) -> Decimal:
        """Return what all sources moved on the day at a place."""
        return sum((each.amounts[place] for each in self.series), Decimal(0))


def posted_by_day(
    session: Session, last: date, days: int, currency: str = "", *, within: Within = None
) -> Posted | None:
    """Return what moved on ``days`` days up to ``last``, by the dates of the documents; nothing where nothing did.

    Without a currency, or where nothing moved in it, the one with most documents is taken. Reads these days and as many
    before them, never the whole store.
    """
    first = last - timedelta(days=days - 1)
    mine = [] if within is None else [Connection.company_id.in_(within)]
    known = {
        row.id: row
        for row in session.execute(
            select(Connection.id, Connection.label, Connection.company_id).where(*mine).limit(MOST)
        )
    }
    money = money_accounts(session, {row.company_id for row in known.values()})
    rows = [
        row
        for row in _rows(session, list(known), first - timedelta(days=days), last)
        if (known[row.connection_id].company_id, row.account) in money
    ]
    shown = [row for row in rows if row.day >= first]
    counts: dict[str, int] = {}
    for row in shown:
        counts[row.currency] = counts.get(row.currency, 0) + row.documents
    if not counts:
        return None
    currencies = sorted(counts, key=lambda each: (-counts[each], each))
    chosen = currency if currency in counts else currencies[0]
    wanted = [row for row in shown if row.currency == chosen]
    return Posted(
        chosen,
        currencies,
        [first + timedelta(days=place) for place in range(days)],
        _series(wanted, {id_: row.label for id_, row in known.items()}, first, days),
        counts[chosen],
        *_in_and_out(wanted),
        *_in_and_out([row for row in rows if row.day < first and row.currency == chosen]),
    )


@dataclass(frozen=True, slots=True)
class _Moved:
    connection_id: str
    currency: str
    account: str
    day: date
    out: bool
    amount: Decimal
    documents: int


def _in_and_out(rows: Sequence[_Moved]) -> tuple[Decimal, Decimal]:
    came, went = ([row.amount for row in rows if row.out is out] for out in (False, True))
    return sum(came, Decimal(0)), sum(went, Decimal(0))


def _rows(session: Session, ids: Sequence[str], first: date, last: date) -> list[_Moved]:
    out, scale = func.substr(LinkRow.amount, 1, 1) == "-", scale_of(session, LinkRow.amount)
    rows = session.execute(
        select(
            LinkRow.connection_id,
            LinkRow.currency,
            LinkRow.money_account,
            LinkRow.day,
            out.label("out"),
            scale.label("scale"),
            units_of(LinkRow.amount),
            func.count(),
        )
        .where(
            LinkRow.connection_id.in_(ids),
            LinkRow.day >= first,
            LinkRow.day <= last,
            LinkRow.state == LinkState.LIVE,
            LinkRow.amount.is_not(None),
        )
        .group_by(LinkRow.connection_id, LinkRow.currency, LinkRow.money_account, LinkRow.day, "out", "scale")
    )
    return [
        _Moved(id_, currency, account, day, bool(is_out), abs(exact(units, places)), documents)
        for id_, currency, account, day, is_out, places, units, documents in rows
        if day is not None
    ]


def _series(rows: Sequence[_Moved], labels: Mapping[str, str], first: date, days: int) -> Sequence[Series]:
    """Return the sources, the largest first; those beyond ``SERIES_MAX`` as one."""
    sums: dict[str, list[Decimal]] = {}
    for row in rows:
        sums.setdefault(row.connection_id, [Decimal(0)] * days)[(row.day - first).days] += row.amount
    largest = sorted(sums, key=lambda id_: (-sum(sums[id_]), labels[id_], id_))
    alone = largest if len(largest) <= SERIES_MAX else largest[: SERIES_MAX - 1]
    found = [Series(id_, labels[id_], sums[id_]) for id_ in alone]
    rest = [sums[id_] for id_ in largest[len(alone) :]]
    if rest:
        found.append(Series(OTHERS, "", [sum(each, Decimal(0)) for each in zip(*rest, strict=True)]))
    return found
