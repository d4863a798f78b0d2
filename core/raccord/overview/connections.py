"""Connections as home page and command line show them: state, last and next run, what waits, money, proof."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, bindparam, case, cast, exists, func, not_, or_, select
from sqlalchemy.orm import Session

from raccord.onboarding.setting_up.steps import UNFINISHED
from raccord.overview.listing import MOST, USUAL, Listing, Within, bounds
from raccord.overview.money import MoneyMoved, Tally, money_accounts, own_transfers
from raccord.overview.questions import asked_once, is_line
from raccord.overview.runs import RunView, last_runs
from raccord.overview.weighing.decided import is_decided
from raccord.store.models import (
    Company,
    CompanyState,
    Connection,
    ConnectionState,
    Hold,
    LinkRow,
    LinkState,
    Plan,
    PlanState,
    Problem,
    ProblemState,
    Proof,
    Schedule,
)
from raccord.store.sums import Sums, dialect_of, in_and_out, sums_of

EVER = date.min


@dataclass(frozen=True, slots=True)
class Proven:
    """How many cells (stream, currency, day) were proven and how many of them differ; days are first and last."""

    cells: int
    unequal: int
    first_day: date
    last_day: date
    proven_at: datetime

    @property
    def equal(self) -> bool:
        return self.unequal == 0


@dataclass(frozen=True, slots=True)
class ConnectionHead:
    """What a page about one part of a connection says of it: which it is, and how it stands."""

    id: str
    label: str
    connector: str
    company_id: str
    company: str
    company_state: CompanyState
    blocked_by: str
    """What QuickBooks refuses the company for as a whole: ``subscription``, ``rights``, ``quota`` or nothing."""
    blocked_at: datetime | None
    blocked_said: str
    home_currency: str
    state: ConnectionState
    mode: str
    time_zone: str
    cut_off: str
    """The hour at which the source's days end."""
    starts_on: date
    review_each: bool
    closed_policy: str
    """What is done with documents of a closed period."""
    books_closed_on: date | None
    approved_at: datetime | None
    source_identity: str
    plugin_version: str

    @property
    def unfinished(self) -> bool:
        """Whether its set-up was begun and nobody approved its first plan yet."""
        return self.state in UNFINISHED and self.approved_at is None


@dataclass(frozen=True, slots=True)
class ConnectionView(ConnectionHead):
    """One connection with everything that a line or a card about it shows."""

    last_run: RunView | None
    next_run: datetime | None
    questions: int
    """Everything that waits for an answer, as the pages of questions count it: a role or a closed month once."""
    lines: int
    """Bank lines among the questions."""
    decided: int
    """Questions that are answered and go with the next run; none of the others."""
    problems: int
    documents: int
    """How many are in QuickBooks; like ``moved`` nothing where nothing was added up, nor in a list of what moved of
    late, where counting them all would take longer than all else.
    """
    moved: Sequence[MoneyMoved]
    proven: Proven | None
    """Nothing was proven yet where this is empty."""
    waiting_plan: str
    """Id of the plan that waits for approval, if one does."""

    @property
    def others(self) -> int:
        """Questions that are no bank lines."""
        return self.questions - self.lines

    @property
    def needs_person(self) -> bool:
        signed_in = self.state != ConnectionState.REAUTHORISE and self.company_state == CompanyState.CONNECTED
        unequal = self.proven is not None and not self.proven.equal
        waits = self.questions or self.problems or self.waiting_plan or self.unfinished
        return bool(waits or unequal or not signed_in)

    @property
    def works(self) -> bool:
        """Whether it brings over what comes by itself, and nothing of it waits for a person."""
        return self.state == ConnectionState.CONNECTED and not self.needs_person


def list_connections(
    session: Session,
    company_id: str | None = None,
    *,
    within: Within = None,
    since: date | None = EVER,
    joined: bool = False,
    limit: int = USUAL,
    offset: int = 0,
) -> Listing[ConnectionView]:
    """Return the connections of a company, or of all, by company and label; ``since`` is the first day of what moved.

    Without one nothing is added up, which spares reading what most pages do not show. ``joined`` leaves out accounts
    that were created without a connection, which bring nothing and never did.
    """
    limit, offset = bounds(limit, offset)
    mine = [] if company_id is None else [Connection.company_id == company_id]
    mine += [] if within is None else [Connection.company_id.in_(within)]
    mine += [Connection.state != ConnectionState.UNCONNECTED] if joined else []
    rows = session.execute(
        select(Connection, Company)
        .join(Company, Company.id == Connection.company_id)
        .where(*mine)
        .order_by(Company.name, Connection.label, Connection.id)
        .limit(limit)
        .offset(offset)
    ).all()
    total = session.scalar(select(func.count()).select_from(Connection).where(*mine)) or 0
    return Listing(_views(session, [(row[0], row[1]) for row in rows], since), total, offset, limit)


@dataclass(frozen=True, slots=True)
class ConnectionName:
    """What a list to choose a connection from shows."""

    id: str
    label: str
    company: str


def connection_names(
    session: Session, *, within: Within = None, state: ConnectionState | None = None, limit: int = MOST
) -> list[ConnectionName]:
    """Return the connections of all companies, or of some, by company and label, without looking at what they hold."""
    mine: list[ColumnElement[bool]] = [] if within is None else [Connection.company_id.in_(within)]
    if state is not None:
        mine.append(Connection.state == state)
    rows = session.execute(
        select(Connection.id, Connection.label, Company.name)
        .join(Company, Company.id == Connection.company_id)
        .where(*mine)
        .order_by(Company.name, Connection.label, Connection.id)
        .limit(bounds(limit, 0)[0])
    )
    return [ConnectionName(row[0], row[1], row[2]) for row in rows]


def connection_head(session: Session, connection_id: str) -> ConnectionHead | None:
    """Return one connection without what it holds, or nothing if there is none of that id."""
    connection = session.get(Connection, connection_id)
    if connection is None:
        return None
    return _head(connection, session.get_one(Company, connection.company_id))


def has_documents(session: Session, connection_id: str) -> bool:
    """Tell whether a connection has any document in QuickBooks."""
    return bool(with_documents(session, [connection_id]))


def with_documents(session: Session, connection_ids: Collection[str]) -> set[str]:
    """Return which connections have any document in QuickBooks."""
    mine = LinkRow.connection_id == Connection.id, LinkRow.state == LinkState.LIVE, LinkRow.amount.is_not(None)
    return set(session.scalars(select(Connection.id).where(Connection.id.in_(connection_ids), exists().where(*mine))))


def proven_of(session: Session, connection_id: str) -> Proven | None:
    """Return what was proven of a connection, or nothing yet."""
    return _proven(session, [connection_id]).get(connection_id)


def questions_of(session: Session, connection_id: str) -> int:
    """Return how much waits for an answer in a connection, its bank lines included."""
    return sum(_questions(session, [connection_id]).get(connection_id, _NONE)[:2])


def waiting_of(session: Session, connection_id: str) -> str:
    """Return the id of a connection's plan that waits for approval, empty if none does."""
    return _waiting(session, [connection_id]).get(connection_id, "")


def connection_view(session: Session, connection_id: str, *, since: date | None = EVER) -> ConnectionView | None:
    """Return one connection, with what moved from a day on, or nothing if there is none of that id."""
    connection = session.get(Connection, connection_id)
    if connection is None:
        return None
    return _views(session, [(connection, session.get_one(Company, connection.company_id))], since, counted=True)[0]


@dataclass(frozen=True, slots=True)
class _Posted:
    documents: int = 0
    moved: Sequence[MoneyMoved] = ()


_NOTHING = _Posted()


def _views(
    session: Session, rows: Sequence[tuple[Connection, Company]], since: date | None, *, counted: bool = False
) -> list[ConnectionView]:
    ids = [connection.id for connection, _ in rows]
    if not ids:
        return []
    runs, questions, problems = last_runs(session, ids), _questions(session, ids), _problems(session, ids)
    posted = _posted(session, {connection.id: company.id for connection, company in rows}, since, counted=counted)
    proven = _proven(session, ids)
    due, waiting = _due(session, ids), _waiting(session, ids)
    return [
        ConnectionView(
            **{name: getattr(head, name) for name in ConnectionHead.__slots__},
            last_run=runs.get(connection.id),
            next_run=due.get(connection.id) if connection.state == ConnectionState.CONNECTED else None,
            questions=sum(questions.get(connection.id, _NONE)[:2]),
            lines=questions.get(connection.id, _NONE)[0],
            decided=questions.get(connection.id, _NONE)[2],
            problems=problems.get(connection.id, 0),
            documents=posted.get(connection.id, _NOTHING).documents,
            moved=posted.get(connection.id, _NOTHING).moved,
            proven=proven.get(connection.id),
            waiting_plan=waiting.get(connection.id, ""),
        )
        for connection, head in ((connection, _head(connection, company)) for connection, company in rows)
    ]


def _head(connection: Connection, company: Company) -> ConnectionHead:
    return ConnectionHead(
        id=connection.id,
        label=connection.label,
        connector=connection.connector,
        company_id=company.id,
        company=company.name,
        company_state=CompanyState(company.state),
        blocked_by=company.blocked_by,
        blocked_at=company.blocked_at,
        blocked_said=company.blocked_said,
        home_currency=company.home_currency,
        state=ConnectionState(connection.state),
        mode=connection.mode,
        time_zone=connection.time_zone,
        cut_off=connection.cut_off,
        starts_on=connection.starts_on,
        review_each=connection.review_each,
        closed_policy=connection.closed_policy,
        books_closed_on=company.books_closed_on,
        approved_at=connection.approved_at,
        source_identity=connection.source_identity,
        plugin_version=connection.plugin_version,
    )


_IDS: Any = bindparam("ids", expanding=True)
"""The connections that the statements below ask about: each is made once, for that takes longer than its answer."""


_NONE = (0, 0, 0)
"""Bank lines, other questions, and those that are decided, of a connection that has none."""


def _questions(session: Session, ids: Sequence[str]) -> Mapping[str, tuple[int, int, int]]:
    return {row[0]: (row[1], row[2], row[3]) for row in session.execute(_asking(), {"ids": list(ids)})}


@cache
def _asking() -> Select[str, int, int, int]:
    return (
        select(
            Hold.connection_id,
            func.count(case((is_line(), Hold.id))),
            func.count(case((not_(or_(is_line(), is_decided())), asked_once())).distinct()),
            func.count(case((is_decided(), Hold.id))),
        )
        .where(Hold.connection_id.in_(_IDS), Hold.closed_at.is_(None))
        .group_by(Hold.connection_id)
    )


def _problems(session: Session, ids: Sequence[str]) -> Mapping[str, int]:
    return {row[0]: row[1] for row in session.execute(_open_problems(), {"ids": list(ids)})}


@cache
def _open_problems() -> Select[str, int]:
    return (
        select(Problem.connection_id, func.count())
        .where(Problem.connection_id.in_(_IDS), Problem.state == ProblemState.OPEN)
        .group_by(Problem.connection_id)
    )


def _posted(
    session: Session, companies: Mapping[str, str], since: date | None, *, counted: bool
) -> Mapping[str, _Posted]:
    """Return what each connection (its id to its company's) has in QuickBooks, and what that moved from a day on."""
    if since is None:
        return {}
    counts = _counts(session, companies) if counted and since != EVER else {}
    # By account, and which accounts hold money is asked once: not for each document.
    money = money_accounts(session, set(companies.values()))
    sums: dict[str, dict[str, Tally]] = {}
    first = None if since == EVER else since
    named = {"ids": list(companies)} if first is None else {"ids": list(companies), "first": first}
    for each in in_and_out(session, _moved(dialect_of(session), first is not None), named):
        connection_id, currency, account = each.of
        if first is None:
            counts[connection_id] = counts.get(connection_id, 0) + each.rows
        if (companies[connection_id], account) in money:
            sums.setdefault(connection_id, {}).setdefault(currency, Tally()).add(each.came_in, each.went_out)
    for own in own_transfers(session, companies, money, first=first) if sums else ():
        sums.setdefault(own.connection_id, {}).setdefault(own.currency, Tally()).apart(*own.in_and_out)
    return {
        id_: _Posted(
            counts.get(id_, 0),
            tuple(tally.of(currency) for currency, tally in sorted(sums.get(id_, {}).items())),
        )
        for id_ in {**counts, **sums}
    }


@cache
def _moved(dialect: str, since: bool) -> Sums:
    of = LinkRow.connection_id, LinkRow.currency, LinkRow.money_account
    live = LinkRow.connection_id.in_(_IDS), LinkRow.state == LinkState.LIVE, LinkRow.amount.is_not(None)
    return sums_of(dialect, LinkRow.amount, of, [*live, *([LinkRow.day >= bindparam("first")] if since else [])])


def _counts(session: Session, ids: Collection[str]) -> dict[str, int]:
    """Return how many documents of each connection are in QuickBooks, each counted by itself in its index."""
    return {row[0]: row[1] for row in session.execute(_documents(), {"ids": list(ids)}) if row[1]}


@cache
def _documents() -> Select[str, int]:
    mine = LinkRow.connection_id == Connection.id, LinkRow.state == LinkState.LIVE, LinkRow.amount.is_not(None)
    count = select(func.count()).select_from(LinkRow).where(*mine).correlate(Connection).scalar_subquery()
    return select(Connection.id, count).where(Connection.id.in_(_IDS))


def _proven(session: Session, ids: Sequence[str]) -> Mapping[str, Proven]:
    rows = session.execute(_proofs(), {"ids": list(ids)})
    return {row[0]: Proven(row[1], int(row[2]), row[3], row[4], row[5]) for row in rows}


@cache
def _proofs() -> Select[str, int, int, date, date, datetime]:
    return (
        select(
            Proof.connection_id,
            func.count(),
            func.sum(cast(case((Proof.equal, 0), else_=1), Integer)),
            func.min(Proof.day),
            func.max(Proof.day),
            func.max(Proof.proven_at),
        )
        .where(Proof.connection_id.in_(_IDS))
        .group_by(Proof.connection_id)
    )


def _due(session: Session, ids: Sequence[str]) -> Mapping[str, datetime | None]:
    return {row[0]: row[1] for row in session.execute(_next_runs(), {"ids": list(ids)})}


@cache
def _next_runs() -> Select[str, datetime | None]:
    return select(Schedule.connection_id, Schedule.next_at).where(
        Schedule.connection_id.in_(_IDS), Schedule.enabled.is_(True)
    )


def _waiting(session: Session, ids: Sequence[str]) -> Mapping[str, str]:
    return {row[0]: row[1] for row in session.execute(_waiting_plans(), {"ids": list(ids)})}


@cache
def _waiting_plans() -> Select[str, str]:
    return (
        select(Plan.connection_id, func.max(Plan.id))
        .where(Plan.connection_id.in_(_IDS), Plan.state == PlanState.WAITING)
        .group_by(Plan.connection_id)
    )
