"""What posted documents moved at the bank and on cards, day by day and source by source, for the home page's chart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache

from sqlalchemy import ColumnElement, bindparam, select
from sqlalchemy.orm import Session

from raccord.overview.listing import MOST, Within
from raccord.overview.money import money_accounts, own_transfers
from raccord.store.models import Company, Connection, LinkRow, LinkState
from raccord.store.sums import Sums, dialect_of, in_and_out, sums_of

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
    """What moved in one currency on days on end, and on as many days before, in one company or in several; in and out
    are never added up, neither has transfers ``between`` a company's own accounts, and currencies are never one sum.
    """

    company_id: str
    """Empty where it is of several companies."""
    companies: Sequence[str]
    """All companies in which something moved on these days, the one with most documents first."""
    currency: str
    currencies: Sequence[str]
    """All currencies in which something moved there on these days, the one with most documents first."""
    days: Sequence[date]
    series: Sequence[Series]
    documents: int
    """How many brought money in or took it out."""
    moved_in: Decimal
    moved_out: Decimal
    in_before: Decimal
    out_before: Decimal
    between: Decimal
    transfers: int
    """How many documents are the transfers between own accounts."""

    def of_day(self, place: int) -> Decimal:
        """Return what all sources moved on the day at a place."""
        return sum((each.amounts[place] for each in self.series), Decimal(0))


def posted_by_day(
    session: Session,
    last: date,
    days: int,
    currency: str = "",
    company_id: str = "",
    *,
    connection_id: str = "",
    within: Within = None,
) -> Posted | None:
    """Return what moved on ``days`` days up to ``last``, by the dates of the documents; nothing where nothing did.

    Of one connection or company where it is named, else of all that are seen. Without a currency, or where nothing
    moved in it, the one with most documents is taken. Reads these days and as many before, never the whole store.
    """
    first = last - timedelta(days=days - 1)
    mine: list[ColumnElement[bool]] = [] if within is None else [Connection.company_id.in_(within)]
    mine += [Connection.id == connection_id] if connection_id else []
    mine += [Connection.company_id == company_id] if company_id else []
    known = {
        row.id: row
        for row in session.execute(
            select(Connection.id, Connection.label, Connection.company_id, Company.name)
            .join(Company, Company.id == Connection.company_id)
            .where(*mine)
            .limit(MOST)
        )
    }
    every = _rows(session, {id_: row.company_id for id_, row in known.items()}, first - timedelta(days=days), last)
    shown = [row for row in every if row.day >= first]
    companies = _most([(known[row.connection_id].company_id, row.documents) for row in shown])
    if not companies:
        return None
    company = companies[0] if len(companies) == 1 else ""
    currencies = _most([(row.currency, row.documents) for row in shown])
    chosen = currency if currency in currencies else currencies[0]
    wanted = [row for row in every if row.currency == chosen and not row.between]
    recent = [row for row in wanted if row.day >= first]
    between = [row for row in every if row.currency == chosen and row.between and row.day >= first]
    labels = {id_: row.label if company else f"{row.label}, {row.name}" for id_, row in known.items()}
    return Posted(
        company,
        companies,
        chosen,
        currencies,
        [first + timedelta(days=place) for place in range(days)],
        _series(recent, labels, first, days),
        sum(row.documents for row in recent),
        *_in_and_out(recent),
        *_in_and_out([row for row in wanted if row.day < first]),
        sum((row.amount for row in between), Decimal(0)),
        sum(row.documents for row in between),
    )


def _most(counted: Sequence[tuple[str, int]]) -> list[str]:
    """Return what was counted, most first."""
    counts: dict[str, int] = {}
    for name, documents in counted:
        counts[name] = counts.get(name, 0) + documents
    return sorted(counts, key=lambda each: (-counts[each], each))


@dataclass(frozen=True, slots=True)
class _Moved:
    connection_id: str
    currency: str
    day: date
    out: bool
    amount: Decimal
    documents: int
    between: bool = False


def _in_and_out(rows: Sequence[_Moved]) -> tuple[Decimal, Decimal]:
    came, went = ([row.amount for row in rows if row.out is out] for out in (False, True))
    return sum(came, Decimal(0)), sum(went, Decimal(0))


@cache
def _by_day(dialect: str) -> Sums:
    # In the order of the index that holds all of it.
    of = LinkRow.connection_id, LinkRow.day, LinkRow.currency, LinkRow.money_account
    where = (
        LinkRow.connection_id.in_(bindparam("ids", expanding=True)),
        LinkRow.day >= bindparam("first"),
        LinkRow.day <= bindparam("last"),
        LinkRow.state == LinkState.LIVE,
        LinkRow.amount.is_not(None),
    )
    return sums_of(dialect, LinkRow.amount, of, where, each_way=True)


def _rows(session: Session, companies: Mapping[str, str], first: date, last: date) -> list[_Moved]:
    """Return what connections (each id to its company's) moved at the bank and on cards, what is between own accounts
    apart.
    """
    asked = {"ids": list(companies), "first": first, "last": last}
    money = money_accounts(session, set(companies.values()))
    sums: dict[tuple[str, str, date, bool, bool], tuple[Decimal, int]] = {}

    def add(place: tuple[str, str, date, bool, bool], amount: Decimal, documents: int) -> None:
        before, counted = sums.get(place, (Decimal(0), 0))
        sums[place] = before + amount, counted + documents

    for each in in_and_out(session, _by_day(dialect_of(session)), asked):
        id_, day, currency, account = each.of
        if (companies[id_], account) in money:
            for is_out, amount, documents in ((False, each.came_in, each.in_by), (True, each.went_out, each.out_by)):
                if documents:
                    add((id_, currency, day, is_out, False), amount, documents)
    for own in own_transfers(session, companies, money, first=first, last=last) if sums else ():
        if own.day is not None:
            place = own.connection_id, own.currency, own.day, own.amount < 0
            add((*place, False), -abs(own.amount), -1)
            add((*place, True), abs(own.amount), 1)
    return [
        _Moved(id_, currency, day, is_out, amount, documents, between)
        for (id_, currency, day, is_out, between), (amount, documents) in sums.items()
        if documents
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
