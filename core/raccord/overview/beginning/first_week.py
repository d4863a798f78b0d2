"""The first seven days after a first plan was approved: the proof of each, drift, and what may be there twice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session

from raccord.store.models import Connection, Drift, DriftState, Hold, LinkRow, LinkState, Match, OtherDocument, Proof
from raccord.sync.days import days_of, today_of
from raccord.sync.lines.pairing import Found, Line, agreement, pair
from raccord.sync.resolving.conflict_rules import ALREADY_EXISTS

DAYS = 7
CELLS_MAX = 500
LOOKED_AT = 2_000
"""Documents of each side among which doubles are looked for, the newest."""
TWICE_MAX = 10


@dataclass(frozen=True, slots=True)
class Apart:
    """How far QuickBooks is from what should be there, of one stream and currency."""

    stream: str
    currency: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class WeekDay:
    """One day: how many cells of it are proven, and which of them are not equal."""

    day: date
    cells: int
    apart: Sequence[Apart]


@dataclass(frozen=True, slots=True)
class Twice:
    """A document that somebody else entered and that is like one of ours."""

    kind: str
    document_id: str
    number: str
    day: date
    amount: Decimal


@dataclass(frozen=True, slots=True)
class FirstWeek:
    """How a connection's first seven days go."""

    since: date
    """The day on which the first plan was approved."""
    number: int
    """How many of its days are over, at most seven."""
    days: Sequence[WeekDay]
    earlier: int
    """Days before it, from the first day on, whose proof is not equal."""
    red: bool
    """Whether two days running are not equal, of all since the first day."""
    drifts: int
    held: int
    """Documents that are held as possible doubles."""
    twice: Sequence[Twice]

    @property
    def unequal(self) -> int:
        """How many of its days are not equal."""
        return sum(bool(each.apart) for each in self.days)


def first_week(session: Session, connection: Connection, now: datetime) -> FirstWeek | None:
    """Return how the first week goes; nothing before it and once its seven days, and the day after, are over."""
    if connection.approved_at is None:
        return None
    since, today = days_of(connection).day_of(connection.approved_at), today_of(connection, now)
    number = (today - since).days
    if number > DAYS:
        return None
    cells = session.scalars(
        select(Proof)
        .where(
            Proof.connection_id == connection.id,
            Proof.day >= min(connection.starts_on, since),
            or_(Proof.day >= since, Proof.equal.is_(False)),
        )
        .order_by(Proof.day.desc(), Proof.stream, Proof.currency)
        .limit(CELLS_MAX)
    ).all()
    unequal = {cell.day for cell in cells if not cell.equal}
    drifts = select(func.count()).where(Drift.connection_id == connection.id, Drift.state == DriftState.OPEN)
    held = select(func.count()).where(
        Hold.connection_id == connection.id, Hold.code == ALREADY_EXISTS, Hold.closed_at.is_(None)
    )
    changed, doubles = session.execute(select(drifts.scalar_subquery(), held.scalar_subquery())).one()
    return FirstWeek(
        since,
        number,
        [_day(since + timedelta(after), cells) for after in range(min(number + 1, DAYS))],
        sum(day < since for day in unequal),
        any((later - day).days == 1 for day, later in pairwise(sorted(unequal))),
        changed,
        doubles,
        _twice(session, connection),
    )


def _day(day: date, cells: Iterable[Proof]) -> WeekDay:
    own = [cell for cell in cells if cell.day == day]
    apart = [
        Apart(
            cell.stream,
            cell.currency,
            cell.quickbooks_total - (cell.source_total - cell.left_out_total + cell.moved_total),
        )
        for cell in own
        if not cell.equal
    ]
    return WeekDay(day, len(own), apart)


def _twice(session: Session, connection: Connection) -> list[Twice]:
    """Return the newest documents of others that are of one kind, account, amount and day, or number, with ours."""
    others = session.scalars(
        select(OtherDocument)
        .where(
            OtherDocument.company_id == connection.company_id,
            OtherDocument.day >= connection.starts_on,
            ~exists().where(
                Match.company_id == OtherDocument.company_id,
                Match.kind == OtherDocument.kind,
                Match.document_id == OtherDocument.document_id,
            ),
        )
        .order_by(OtherDocument.day.desc())
        .limit(LOOKED_AT)
    ).all()
    if not others:
        return []
    links = session.scalars(
        select(LinkRow)
        .where(
            LinkRow.connection_id == connection.id,
            LinkRow.state == LinkState.LIVE,
            LinkRow.origin == "created",
            LinkRow.amount.is_not(None),
            LinkRow.day >= connection.starts_on,
        )
        .order_by(LinkRow.day.desc())
        .limit(LOOKED_AT)
    ).all()
    lines = {
        link.id: Line(
            link.id, link.marker, f"{link.kind} {link.money_account}", link.amount, link.day, link.kind,
            number=link.document_number,
        )
        for link in links
        if link.amount is not None and link.day is not None
    }  # fmt: skip
    found = [
        Found(each.kind, each.document_id, each.number, each.day, each.amount, f"{each.kind} {each.account_id}", "")
        for each in others
    ]
    pairs = pair(list(lines.values()), found)
    twice = [
        Twice(each.kind, each.id, each.number, each.day, each.amount)
        for id_, each in sorted(pairs.items())
        if lines[id_].day == each.day or agreement(lines[id_], each) > 0
    ]
    return twice[-TWICE_MAX:]
