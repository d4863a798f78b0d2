"""What a plan will do, or did: its lines by action and kind, and by how much each ledger account moves."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, func, literal, select
from sqlalchemy.orm import Session, aliased

from raccord.overview.listing import MOST, USUAL, Listing, bounds
from raccord.overview.money import LINK_PREFIX, TRANSFER, MoneyMoved, Tally, money_accounts, own_transfers_planned
from raccord.store.models import (
    REMOVALS,
    Action,
    Connection,
    LedgerEntry,
    LineState,
    LinkRow,
    Plan,
    PlanLine,
    PlanState,
)
from raccord.sync.books.readback import MARKED
from raccord.sync.lines.titles import Title, titles_of
from raccord.sync.planning.figures import (
    LineGroup,
    Money,
    days_of,
    effect_of,
    effect_on_accounts,
    groups_of,
    may_update,
    money_of,
    money_on_accounts,
    written_lines,
)

ITEM_PREFIX = "item:"
"""How the income account of an item stands in an effect where it was not known as that was computed."""


@dataclass(frozen=True, slots=True)
class ReasonGroup:
    """Lines with one reason (and one role, where it is about one); ``params`` are those of the first."""

    action: Action
    reason: str
    lines: int
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PlanSummary:
    """A plan at a glance; approving it takes its ``hash``."""

    id: str
    connection_id: str
    connection: str
    run_id: str
    state: PlanState
    hash: str
    created_at: datetime
    approved_at: datetime | None
    approved_by: str
    first_day: date | None
    last_day: date | None
    books_closed_on: date | None
    """The company's closing date that it was made with."""
    closed_policy: str
    """What its connection does now with documents of the closed period."""
    time_zone: str
    """By which its connection's moments become days now, with the hour at which these end."""
    cut_off: str
    groups: Sequence[LineGroup]
    reasons: Sequence[ReasonGroup]

    @property
    def lines(self) -> int:
        return sum(group.lines for group in self.groups)

    @property
    def to_send(self) -> int:
        """How many lines write something to QuickBooks."""
        return sum(group.lines for group in self.groups if group.action in SENT)

    @property
    def documents_to_send(self) -> int:
        """How many of them are documents; the others are entries of lists: accounts, customers, items."""
        return sum(group.lines for group in self.groups if group.action in SENT and group.kind in MARKED)

    @property
    def blocked_alone(self) -> int:
        """How many documents are blocked, where the plan writes no document at all."""
        documents = [group for group in self.groups if group.kind in MARKED]
        if any(group.action in SENT for group in documents):
            return 0
        return sum(group.lines for group in documents if group.action is Action.BLOCKED)


@dataclass(frozen=True, slots=True)
class AccountEffect:
    """By how much a plan moves one ledger account, debit positive; ``new`` ones are created by the plan itself."""

    account_id: str
    name: str
    type: str
    new: bool
    day: date | None
    """Empty unless days were asked for."""
    amount: Decimal


@dataclass(frozen=True, slots=True)
class LineView:
    """One line of a plan; ``payload`` is the exact text that is sent."""

    id: int
    action: Action
    kind: str
    key: str
    revision: int
    day: date | None
    amount: Decimal | None
    currency: str
    document_id: str
    reason: str
    params: Mapping[str, Any]
    state: LineState
    payload: str
    title: Title | None = None
    """What its draft is called; nothing for what core itself wants."""


SENT = (Action.CREATE, Action.UPDATE, Action.LINK, *REMOVALS)


def plan_summary(session: Session, plan_id: str) -> PlanSummary | None:
    """Return one plan summed up, or nothing if there is none of that id."""
    row = session.execute(
        select(Plan, Connection.label, Connection.closed_policy, Connection.time_zone, Connection.cut_off)
        .join(Connection, Connection.id == Plan.connection_id)
        .where(Plan.id == plan_id)
    ).one_or_none()
    if row is None:
        return None
    plan, label, policy, zone, cut_off = row
    first, last = days_of(session, plan_id)
    return PlanSummary(
        id=plan.id,
        connection_id=plan.connection_id,
        connection=label,
        run_id=plan.run_id,
        state=PlanState(plan.state),
        hash=plan.hash,
        created_at=plan.created_at,
        approved_at=plan.approved_at,
        approved_by=plan.approved_by,
        first_day=first,
        last_day=last,
        books_closed_on=plan.books_closed_on,
        closed_policy=policy,
        time_zone=zone,
        cut_off=cut_off,
        groups=groups_of(session, plan_id),
        reasons=_reasons(session, plan_id),
    )


def waiting_plan(session: Session, connection_id: str) -> PlanSummary | None:
    """Return the plan of a connection that waits for approval, or nothing."""
    plan_id = session.scalar(
        select(func.max(Plan.id)).where(Plan.connection_id == connection_id, Plan.state == PlanState.WAITING)
    )
    return None if plan_id is None else plan_summary(session, plan_id)


def plan_lines(
    session: Session,
    plan_id: str,
    *,
    action: Action | None = None,
    kind: str = "",
    limit: int = USUAL,
    offset: int = 0,
) -> Listing[LineView]:
    """Return lines of a plan, of one action and kind if given: what others need first, then by day."""
    limit, offset = bounds(limit, offset)
    wanted = [PlanLine.plan_id == plan_id]
    if action is not None:
        wanted.append(PlanLine.action == action)
    if kind:
        wanted.append(PlanLine.kind == kind)
    order = PlanLine.rank, PlanLine.day.nulls_first(), PlanLine.id
    # Only numbers are sorted, which an index holds; lines with all that they send are read for one page.
    shown = session.scalars(select(PlanLine.id).where(*wanted).order_by(*order).limit(limit).offset(offset)).all()
    rows = session.scalars(select(PlanLine).where(PlanLine.id.in_(shown)).order_by(*order)).all()
    total = session.scalar(select(func.count()).select_from(PlanLine).where(*wanted)) or 0
    titles = titles_of(session, session.get_one(Plan, plan_id).connection_id, [row.key for row in rows])
    return Listing([_line(row, titles.get(row.key)) for row in rows], total, offset, limit)


def plan_effect(
    session: Session, plan_id: str, *, by_day: bool = False, limit: int = MOST, offset: int = 0
) -> Listing[AccountEffect]:
    """Return by how much a plan moves each ledger account, by name; with ``by_day`` one row an account and day.

    An update moves what it says less what the document said as it was last written, each on its own day; linking a
    document that is there moves nothing.
    """
    if by_day:
        sums = effect_on_accounts(session, PlanLine, written_lines(plan_id), by_day)
    else:
        sums = effect_of(session, plan_id)
    replaced: dict[tuple[str, date | None], Decimal] = {}
    if may_update(session, plan_id):
        before = aliased(PlanLine)
        replaced = effect_on_accounts(session, before, _replaced(plan_id, before), by_day)
    made = _made_since(session, plan_id, {account for account, _ in replaced})
    for (account, day), amount in replaced.items():
        place = (made.get(account, account), day)
        sums[place] = sums.get(place, Decimal(0)) - amount
    sold = _sold_on(session, plan_id, {account for account, _ in sums if account.startswith(ITEM_PREFIX)})
    for item, account in sold.items():
        for place in [each for each in sums if each[0] == item]:
            sums[account, place[1]] = sums.get((account, place[1]), Decimal(0)) + sums.pop(place)
    names = _accounts(session, plan_id, {account for account, _ in sums})
    effects = [
        AccountEffect(account, *names.get(account, (account, "", False)), day, amount)
        for (account, day), amount in sums.items()
        if amount
    ]
    effects.sort(key=lambda effect: (effect.day or date.min, effect.type, effect.name))
    limit, offset = bounds(limit, offset)
    return Listing(effects[offset : offset + limit], len(effects), offset, limit)


def plan_money(session: Session, plan_id: str) -> list[MoneyMoved]:
    """Return what the plan brings in and takes out at the bank and on cards, by currency.

    Of an update, by how much it brings in or takes out more (less: negative) than the document did before.
    """
    before = aliased(PlanLine)
    moves: list[tuple[type[PlanLine], Select[int], int, Money]] = [
        (PlanLine, written_lines(plan_id), 1, money_of(session, plan_id))
    ]
    if may_update(session, plan_id):
        replaced = _replaced(plan_id, before)
        moves.append((before, replaced, -1, money_on_accounts(session, before, replaced)))
    transfers = any(group.kind == TRANSFER for group in groups_of(session, plan_id))
    company = select(Connection.company_id).join(Plan, Plan.connection_id == Connection.id).where(Plan.id == plan_id)
    at_the_bank = {account for _, account in money_accounts(session, session.scalars(company).all())}
    spoken = {account for *_, found in moves for account, _ in found}
    if transfers:
        spoken |= {account for account, _ in effect_of(session, plan_id)}
    made = _made_since(session, plan_id, spoken)
    sums: dict[str, Tally] = {}
    for line, chosen, sign, found in moves:
        for (account, currency), (came_in, went_out) in found.items():
            if made.get(account, account) in at_the_bank:
                sums.setdefault(currency, Tally()).add(sign * came_in, sign * went_out)
        own = own_transfers_planned(session, line, chosen, at_the_bank, made) if transfers else {}
        for currency, (came_in, went_out) in own.items():
            sums.setdefault(currency, Tally()).apart(sign * came_in, sign * went_out)
    return [tally.of(currency) for currency, tally in sorted(sums.items())]


def _replaced(plan_id: str, before: type[PlanLine]) -> Select[int]:
    """Return the lines, of earlier plans, that wrote or linked what this plan's updates replace."""
    earlier = (
        select(func.max(before.id))
        .where(before.draft_id == PlanLine.draft_id, before.id < PlanLine.id, before.state == LineState.DONE)
        .where(before.action.not_in(REMOVALS))
        .correlate(PlanLine)
        .scalar_subquery()
    )
    updates = select(earlier.label("id")).where(PlanLine.plan_id == plan_id, PlanLine.action == Action.UPDATE)
    ids = updates.subquery()
    return select(before.id).where(before.id.in_(select(ids.c.id)))


def _made_since(session: Session, plan_id: str, accounts: set[str]) -> dict[str, str]:
    """Return the ids of accounts that an earlier plan spoke of before they were there."""
    keys = [each[len(LINK_PREFIX) : -1] for each in accounts if each.startswith(LINK_PREFIX)]
    rows = session.execute(
        select(LinkRow.key, LinkRow.document_id)
        .join(Plan, Plan.connection_id == LinkRow.connection_id)
        .join(Connection, Connection.id == Plan.connection_id)
        .where(Plan.id == plan_id, LinkRow.company_id == Connection.company_id, LinkRow.key.in_(keys))
    )
    return {f"{LINK_PREFIX}{key}}}": document_id for key, document_id in rows}


def _sold_on(session: Session, plan_id: str, items: set[str]) -> dict[str, str]:
    """Return the income accounts of items, by how the items stand in an effect; of those that this plan creates too."""
    if not items:
        return {}
    of = {item.removeprefix(ITEM_PREFIX): item for item in items}
    keys = {item[len(LINK_PREFIX) : -1]: item for item in of if item.startswith(LINK_PREFIX)}
    found: dict[str, str] = {}
    planned = session.execute(
        select(PlanLine.key, PlanLine.payload, PlanLine.document_id).where(
            PlanLine.plan_id == plan_id, PlanLine.key.in_(keys), PlanLine.kind == "Item"
        )
    )
    ids: dict[str, str] = {item: item for item in of if item not in keys.values()}
    for key, payload, document_id in planned:
        body = json.loads(payload, parse_float=Decimal) if payload else {}
        account = str(body.get("IncomeAccountRef", {}).get("value", ""))
        if account:
            found[of[keys[key]]] = account
        elif document_id:
            ids[document_id] = keys[key]
    company = (
        select(Connection.company_id).join(Plan, Plan.connection_id == Connection.id).where(Plan.id == plan_id)
    ).scalar_subquery()
    known = session.execute(
        select(LedgerEntry.object_id, LedgerEntry.account_id).where(
            LedgerEntry.company_id == company, LedgerEntry.kind == "Item", LedgerEntry.account_id != ""
        )
    )
    found.update({of[ids[row[0]]]: row[1] for row in known if row[0] in ids})
    return found


def _reasons(session: Session, plan_id: str) -> list[ReasonGroup]:
    # Lines that wait for two roles wait for two reasons, though they bear one code.
    role = PlanLine.params["role"].as_string().label("role")
    counted = session.execute(
        select(PlanLine.action, PlanLine.reason, func.count(), func.min(PlanLine.id), role)
        .where(PlanLine.plan_id == plan_id, PlanLine.reason > literal("", literal_execute=True))
        .group_by(PlanLine.action, PlanLine.reason, "role")
        .order_by(func.count().desc(), PlanLine.reason)
        .limit(MOST)
    ).all()
    firsts = select(PlanLine.id, PlanLine.params).where(PlanLine.id.in_([row[3] for row in counted]))
    params = {row[0]: row[1] for row in session.execute(firsts)}
    return [ReasonGroup(Action(row[0]), row[1], row[2], params[row[3]]) for row in counted]


def _accounts(session: Session, plan_id: str, ids: set[str]) -> dict[str, tuple[str, str, bool]]:
    """Return name, type and whether it is new, for account ids and for the keys of accounts that the plan creates."""
    company = (
        select(Connection.company_id).join(Plan, Plan.connection_id == Connection.id).where(Plan.id == plan_id)
    ).scalar_subquery()
    known = session.execute(
        select(LedgerEntry.object_id, LedgerEntry.name, LedgerEntry.type).where(
            LedgerEntry.company_id == company, LedgerEntry.kind == "Account"
        )
    )
    found = {row[0]: (row[1], row[2], False) for row in known if row[0] in ids}
    keys = [each[len(LINK_PREFIX) : -1] for each in ids if each.startswith(LINK_PREFIX)]
    planned = session.execute(
        select(PlanLine.key, PlanLine.payload).where(PlanLine.plan_id == plan_id, PlanLine.key.in_(keys))
    )
    for key, payload in planned:
        body = json.loads(payload, parse_float=Decimal)
        found[f"{LINK_PREFIX}{key}}}"] = (str(body.get("Name", key)), str(body.get("AccountType", "")), True)
    return found


def _line(row: PlanLine, title: Title | None) -> LineView:
    if title is None and row.payload:
        # What core itself wants has no draft; an entry of a list says its name where it is sent.
        sent = json.loads(row.payload, parse_float=Decimal)
        said = sent.get("Name") or sent.get("DisplayName")
        title = Title(str(said), None, None, "", row.kind) if said else None
    return LineView(
        id=row.id,
        action=Action(row.action),
        kind=row.kind,
        key=row.key,
        revision=row.revision,
        day=row.day,
        amount=row.amount,
        currency=row.currency,
        document_id=row.document_id,
        reason=row.reason,
        params=row.params,
        state=LineState(row.state),
        payload=row.payload,
        title=title,
    )
