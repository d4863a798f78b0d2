"""Compares a first plan that waits with what the books were given in the same days, and keeps the outcome.

A source that was running before goes on in its old way until somebody approves the first plan. Until then each run
makes that plan anew and ends here; nothing is posted. What the other one posted otherwise is held in the plan.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from raccord.plugin.drafts import Accepts, Draft, StillDraft, links_in, money_effect
from raccord.quickbooks.codec import EncodeError, entity_of, item_in
from raccord.quickbooks.codec.effect import TAX
from raccord.store.models import (
    Action,
    DraftRow,
    Match,
    PlanLine,
    RecordState,
    ShadowComparison,
    ShadowRow,
    SourceRecord,
)
from raccord.sync.bodies import load_draft, mark
from raccord.sync.books.company import Facts
from raccord.sync.books.lists import OWED_TYPES, Lists
from raccord.sync.books.parties import number_of, party_of, with_customers
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.execution import Execution
from raccord.sync.lines.doubles import SURE
from raccord.sync.lines.matching import Sure
from raccord.sync.lines.pairing import Line
from raccord.sync.lines.spoken_for import refused_by
from raccord.sync.lines.treatments import as_treated
from raccord.sync.planning.moves import money_account, moves_of
from raccord.sync.resolving.conflict_rules import ALREADY_EXISTS
from raccord.sync.resolving.resolve import Held, Resolver
from raccord.sync.shadowing.differing import hold_differing
from raccord.sync.shadowing.pairs import Compared, Ours, Theirs, compare
from raccord.sync.shadowing.reading import MOST, by_account, read_theirs, without_ours
from raccord.sync.workshop import Bench, Workshop

SHADOWED = "shadowed"
"""Under this name a run's progress says that it was done."""
DAYS_MAX = 62
"""The last days that are compared."""
_PLANNED = (Action.CREATE, Action.LINK, Action.HOLD, Action.BLOCKED)


def compare_shadow(workshop: Workshop, execution: Execution, bench: Bench, plan_id: str) -> None:
    """Compare the plan with the books and keep the outcome in the place of the last one."""
    facts, now = workshop.facts(plan_id, bench.company), workshop.clock.now()
    with execution.database.read() as session:
        shadow = _Shadow(session, bench, plan_id, facts)
        days, (ours, ours_cut) = shadow.days(), shadow.ours()
    if days is None:
        theirs, cut = list[Theirs](), False
    else:
        lines = [each.line for each in ours]
        accounts = {each.account for each in lines if each.account}
        theirs, cut = read_theirs(bench.client(), days, accounts, {each.kind for each in lines})
    with execution.begin() as (session, run):
        run.progress = {**run.progress, SHADOWED: True}
        if days is not None:
            shadow = _Shadow(session, bench, plan_id, facts)
            rows = compare(ours, shadow.told(theirs), shadow.left_out(days), days)
            hold_differing(session, bench.connection, plan_id, rows, now)
            _keep(session, bench.connection.id, plan_id, days, rows, now, cut=cut or ours_cut)


@dataclass(slots=True)
class _Shadow:
    """Reads our side of the comparison."""

    session: Session
    bench: Bench
    plan_id: str
    facts: Facts

    def days(self) -> tuple[date, date] | None:
        """Return the days that both sides are compared in; nothing where the plan has no document yet."""
        first, last = self.session.execute(
            select(func.min(DraftRow.day), func.max(DraftRow.day)).where(
                DraftRow.connection_id == self.bench.connection.id, DraftRow.id.in_(self._drafts())
            )
        ).one()
        if first is None or last is None:
            return None
        return max(min(first, self.bench.connection.starts_on), last - timedelta(DAYS_MAX - 1)), last

    def ours(self) -> tuple[list[Ours], bool]:
        """Return the documents of the plan, and those that a person said to be in the books, the newest days first."""
        days = self.days()
        if days is None:
            return [], False
        wanted = select(DraftRow).where(
            DraftRow.id.in_(self._drafts()), DraftRow.day >= days[0], DraftRow.day <= days[1]
        )
        rows = self.session.scalars(wanted.order_by(DraftRow.day.desc(), DraftRow.id).limit(MOST + 1)).all()
        lines = self._lines([row.id for row in rows[:MOST]])
        matches = self._matches([row.id for row in rows[:MOST]])
        drafts = with_customers(self.session, self.bench.connection.id, [load_draft(row.body) for row in rows[:MOST]])
        resolver = self._resolver(drafts)
        ours = [
            self._ours(row, draft, lines.get(row.id), matches.get(row.id), resolver)
            for row, draft in zip(rows, drafts, strict=False)
            if not isinstance(draft, StillDraft)
        ]
        return ours, len(rows) > MOST

    def told(self, theirs: Sequence[Theirs]) -> list[Theirs]:
        """Return the documents of the books that no connection of ours has, by accounts."""
        lists = Lists.read(self.session, self.bench.company.id)
        undeposited = lists.of_subtype(Accepts.CLEARING, "UndepositedFunds")
        clearing, home = "" if undeposited is None else undeposited.id, self.facts.encoding.home_currency
        return [
            Theirs(each.found, each.currency or home, by_account(each.accounts, lists, clearing), each.tax,
                   elsewhere=each.elsewhere)
            for each in without_ours(self.session, self.bench.company.id, theirs)
        ]  # fmt: skip

    def left_out(self, days: tuple[date, date]) -> list[tuple[Line, str]]:
        """Return what records of the days say that make no document, each with why."""
        rows = self.session.execute(
            select(SourceRecord.id, SourceRecord.day, SourceRecord.amount, SourceRecord.reason)
            .where(
                SourceRecord.connection_id == self.bench.connection.id,
                SourceRecord.state.in_((RecordState.SKIPPED, RecordState.FAILED)),
                SourceRecord.day.between(*days),
                SourceRecord.amount.is_not(None),
            )
            .order_by(SourceRecord.id)
            .limit(MOST)
        )
        return [(Line(id_, f"record {id_}", "", worth, day, ""), reason) for id_, day, worth, reason in rows if worth]

    def _drafts(self) -> Any:
        planned = select(PlanLine.draft_id).where(
            PlanLine.plan_id == self.plan_id, PlanLine.draft_id.is_not(None), PlanLine.action.in_(_PLANNED)
        )
        matched = select(Match.draft_id).where(Match.connection_id == self.bench.connection.id)
        return planned.union(matched)

    def _lines(self, drafts: Sequence[int]) -> dict[int, PlanLine]:
        found: dict[int, PlanLine] = {}
        for some in chunks(list(drafts), CHUNK):
            rows = select(PlanLine).where(PlanLine.plan_id == self.plan_id, PlanLine.draft_id.in_(some))
            found.update({each.draft_id: each for each in self.session.scalars(rows) if each.draft_id is not None})
        return found

    def _matches(self, drafts: Sequence[int]) -> dict[int, Match]:
        found: dict[int, Match] = {}
        for some in chunks(list(drafts), CHUNK):
            rows = select(Match).where(Match.draft_id.in_(some)).order_by(Match.id)
            found.update({each.draft_id: each for each in self.session.scalars(rows)})
        return found

    def _resolver(self, drafts: Sequence[Draft]) -> Resolver:
        bench = self.bench
        resolver = Resolver(bench.connection, bench.scope, bench.view, bench.view.language)
        resolver.load(self.session)
        resolver.load_links(self.session, [key for draft in drafts for key in links_in(draft)], self.plan_id)
        return resolver

    def _ours(
        self, row: DraftRow, draft: Draft, line: PlanLine | None, match: Match | None, resolver: Resolver
    ) -> Ours:
        bench, said = self.bench, as_treated(row.decisions, draft)
        if isinstance(said, StillDraft):
            raise TypeError(row.key)
        resolver.begin(row.key, row.day, {name: str(answer) for name, answer in row.decisions.items()})
        ref, amount = money_effect(said)
        account = (line.money_account if line is not None else match.money_account if match is not None else "") or ""
        if not account:
            try:
                account = money_account(ref, resolver)
            except Held:
                account = ""
        accounts, tax = self._purposes(said, account, resolver)
        params = {} if line is None else line.params
        asked = line is not None and line.reason == ALREADY_EXISTS and not params.get("owner")
        there = (str(params.get("kind", "")), str(params.get("id", ""))) if asked and params.get("id") else None
        if line is not None and line.action == Action.LINK:
            there = (line.kind, line.document_id)
        elif match is not None:
            there = (match.kind, match.document_id)
        mine = Line(
            row.id, mark(bench.company.realm, bench.connection.id, row.key), account, amount, said.day, entity_of(said),
            number=number_of(said), party=party_of(self.session, bench.connection, said),
        )  # fmt: skip
        action = None if line is None else line.action
        return Ours(
            mine, row.key, said.currency, accounts, tax, there,
            part=asked and params.get(SURE) == Sure.POSSIBLE,
            held="" if line is None or action != Action.HOLD else line.reason,
            blocked="" if line is None or action != Action.BLOCKED else line.reason,
            refused=refused_by(row),
        )  # fmt: skip

    def _purposes(self, draft: Draft, account: str, resolver: Resolver) -> tuple[Mapping[str, Decimal] | None, Decimal]:
        """Return what a document will be for, without sign, and its tax; nothing where that is not known yet."""
        try:
            effect = moves_of(draft, resolver, self.facts.encoding).effect
        except (Held, EncodeError):
            return None, Decimal(0)
        owed = {
            entry.id for entry in resolver.lists.by_id.values() if entry.kind == "Account" and entry.type in _OWED
        } | {*OWED_TYPES, account}
        accounts = {name: abs(amount) for name, amount in effect.items() if name != TAX and name not in owed}
        known = bool(accounts) and not any(item_in(name) for name in accounts)
        return accounts if known else None, abs(effect.get(TAX, Decimal(0)))


_OWED = frozenset(OWED_TYPES.values())


def _keep(
    session: Session,
    connection_id: str,
    plan_id: str,
    days: tuple[date, date],
    rows: Sequence[Compared],
    now: datetime,
    *,
    cut: bool,
) -> None:
    session.execute(delete(ShadowRow).where(ShadowRow.connection_id == connection_id))
    session.execute(delete(ShadowComparison).where(ShadowComparison.connection_id == connection_id))
    sums: dict[tuple[str, str, str], list[Any]] = defaultdict(lambda: [0, Decimal(0), Decimal(0)])
    for each in rows:
        currency = each.ours.currency if each.ours is not None else each.theirs.currency if each.theirs else ""
        group = sums[each.outcome, each.cause, currency]
        group[0] += 1
        group[1] += each.ours.line.amount if each.ours is not None else 0
        group[2] += each.theirs.found.amount if each.theirs is not None else 0
    session.add(
        ShadowComparison(
            connection_id=connection_id, plan_id=plan_id, made_at=now, first_day=days[0], last_day=days[1], cut=cut,
            counts=[[*place, count, str(ours), str(theirs)] for place, (count, ours, theirs) in sorted(sums.items())],
        )
    )  # fmt: skip
    for some in chunks([_row(connection_id, each) for each in sorted(rows, key=_order)], CHUNK):
        session.execute(insert(ShadowRow), some)


def _order(each: Compared) -> tuple[date, str, str]:
    day = each.ours.line.day if each.ours is not None else each.theirs.found.bears if each.theirs else date.min
    return day, each.ours.key if each.ours is not None else "", each.theirs.found.id if each.theirs is not None else ""


def _row(connection_id: str, each: Compared) -> dict[str, Any]:
    ours, theirs = each.ours, None if each.theirs is None else each.theirs.found
    currency = ours.currency if ours is not None else each.theirs.currency if each.theirs is not None else ""
    return {
        "connection_id": connection_id,
        "outcome": each.outcome,
        "cause": each.cause,
        "reason": each.reason,
        "key": "" if ours is None else ours.key,
        "kind": "" if ours is None else ours.line.kind,
        "day": None if ours is None else ours.line.day,
        "amount": None if ours is None else ours.line.amount,
        "currency": currency,
        "document_kind": "" if theirs is None else theirs.kind,
        "document_id": "" if theirs is None else theirs.id,
        "document_number": "" if theirs is None else theirs.number,
        "document_party": "" if theirs is None else theirs.party,
        "document_day": None if theirs is None else theirs.bears,
        "document_amount": None if theirs is None else theirs.amount,
        "fields": {str(cause): [list(mine), list(other)] for cause, (mine, other) in each.fields.items()},
    }
