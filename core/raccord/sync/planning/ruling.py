"""What a company's rules say of its bank lines: read together, judged in their order, and carried out in a plan.

What a person said of a line comes first, then a certain match with an open document, then the first rule in order that
fits. A rule that is to be carried out says so of no line that has a likely match either: a person chooses there.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from raccord.plugin.drafts import Deposit, Expense
from raccord.quickbooks.codec import entity_of
from raccord.store import events
from raccord.store.made_once import made_once
from raccord.store.models import (
    Action,
    BankRule,
    Connection,
    DraftRow,
    DraftState,
    Hold,
    LineState,
    PlanLine,
    SourceRecord,
)
from raccord.sync.bodies import load_draft
from raccord.sync.days import around
from raccord.sync.lines.bank_rules import BODY, KindCondition, Line, Rule, RuleMode, treatment_of
from raccord.sync.lines.deposit_offers import may_be_deposit
from raccord.sync.lines.line_answers import CALLED, LEARNED, RULED, UNRULED, answered
from raccord.sync.lines.matching import Sure
from raccord.sync.lines.pairing import DAYS_APART
from raccord.sync.lines.paying import MATCHES, PAYS, asked_in
from raccord.sync.lines.rule_order import RuleOrder
from raccord.sync.lines.treatment_fit import BooksFit
from raccord.sync.lines.treatments import (
    TREATMENT,
    Part,
    Treated,
    Treatment,
    UnfitTreatment,
    arrives,
    as_treated,
    dump_treatment,
    load_treatment,
    treatable,
)
from raccord.sync.lines.two_sides import CalledOtherwise
from raccord.sync.planning.from_both_sides import counterpart, leave_to, told_already
from raccord.sync.planning.plan import Planner
from raccord.sync.resolving.holds import alone_in, close_hold
from raccord.sync.resolving.resolve import DECISION_MISSING

EXCLUDED = "bank_rule.excluded"
MATCH_FIRST, BOTH_SIDES, PERSON_FIRST = "match_first", "both_sides", "person_first"
"""Why a rule that is to be carried out waits for a person: an open document that the line may pay, a line that tells of
the other side of the same transfer and is not called that, what a person said of the line before."""
SIDES_APART = 31
"""How far around a plan's lines is looked for those that theirs hang together with, day by day."""


@dataclass(frozen=True, slots=True)
class Place:
    """A bank line with where its draft stands."""

    draft_id: int
    key: str
    state: str
    reason: str
    decisions: Mapping[str, Any]
    hold_id: str
    """Its open question about what it is; empty where nothing asks that."""
    matches: Sequence[Mapping[str, Any]]
    line: Line
    deposit: bool = False
    """Whether payments that wait in Undeposited Funds come to it."""

    @property
    def waits(self) -> bool:
        return bool(self.hold_id)

    @property
    def day(self) -> date:
        return self.line.day


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a rule says of a line: a treatment, unless it is ``unfit``; ``held`` says why it is not carried out."""

    rule: Rule
    treatment: Treatment | None
    unfit: UnfitTreatment | None = None
    held: str = ""
    other: Place | None = None
    """The line of the other account that a rule, or a person, calls the same transfer: the two are one."""

    @property
    def goes(self) -> bool:
        """Tell whether a run carries it out without a person."""
        return self.rule.mode is RuleMode.APPLY and self.treatment is not None and not self.held


def rule_of(row: BankRule) -> Rule:
    return Rule(
        id=row.id,
        version=row.version,
        name=row.name,
        mode=RuleMode(row.mode),
        enabled=row.enabled,
        valid_from=row.valid_from,
        body=BODY.validate_python(row.body),
    )


def read_rules(session: Session, company_id: str) -> list[Rule]:
    """Return a company's rules in their order, those that are off too."""
    rows = session.scalars(
        select(BankRule)
        .where(BankRule.company_id == company_id, BankRule.removed_at.is_(None))
        .order_by(BankRule.place, BankRule.id)
    )
    return [rule_of(row) for row in rows]


def read_places(
    session: Session,
    company_id: str,
    rules: Iterable[Rule],
    where: Sequence[ColumnElement[bool]] = (),
    limit: int | None = None,
) -> list[Place]:
    """Return a company's bank lines, the newest first, with as much of each as the rules look at."""
    bodies = [rule.body for rule in rules]
    accounts = any(body.accounts or body.outcome.kind is Treated.TRANSFER for body in bodies)
    kinds = any(isinstance(each, KindCondition) for body in bodies for each in body.conditions)
    mine = select(Connection.id).where(Connection.company_id == company_id)
    asked = select(Hold.draft_id).where(Hold.connection_id.in_(mine), Hold.code == DECISION_MISSING)
    wanted = (
        select(
            # Columns and not whole rows: twenty thousand of them are read while a person types.
            DraftRow.id,
            DraftRow.key,
            DraftRow.connection_id,
            DraftRow.state,
            DraftRow.reason,
            DraftRow.decisions,
            DraftRow.body,
            Hold.id.label("hold_id"),
            Hold.params,
            (_account() if accounts else DraftRow.key).label("account"),
            (SourceRecord.raw if kinds else DraftRow.key).label("raw"),
        )
        .outerjoin(
            Hold,
            (Hold.draft_id == DraftRow.id) & Hold.closed_at.is_(None) & (Hold.code == DECISION_MISSING),
        )
        .where(DraftRow.connection_id.in_(mine), DraftRow.id.in_(asked), *where)
        .order_by(DraftRow.day.desc(), DraftRow.id.desc())
        .limit(limit)
    )
    if kinds:
        wanted = wanted.outerjoin(SourceRecord, SourceRecord.id == DraftRow.record_id)
    found = []
    for row in session.execute(wanted):
        draft = treatable(load_draft(row.body))
        if draft is not None:
            line = Line.of(
                draft,
                row.connection_id,
                (row.account or "") if accounts else "",
                _kind(row.raw) if kinds else "",
            )
            found.append(_place(row, line))
    return found


@dataclass(slots=True)
class Judge:
    """Judges lines by a company's rules, in their order."""

    session: Session
    company_id: str
    rules: Sequence[Rule]
    days: tuple[date, date] | None = None
    """The first and the last day of the lines; nothing where they may be of any."""
    _order: RuleOrder = field(init=False)
    _fit: BooksFit = field(init=False)
    _sides: Mapping[tuple[str, str], list[Place]] | None = None

    def __post_init__(self) -> None:
        self._order = RuleOrder(self.rules)
        self._fit = BooksFit(self.session, self.company_id)

    def of(self, place: Place) -> Ruling | None:
        """Return what the first rule that fits says of a line, whatever else was said of it."""
        rule = self._order.first_fitting(place.line)
        return None if rule is None else self.by(rule, place)

    def by(self, rule: Rule, place: Place) -> Ruling:
        """Return what a rule that fits says of a line."""
        try:
            treatment = treatment_of(rule, place.line)
            draft = place.line.draft
            self._fit.check(treatment, draft.currency, place.line.account, deposit=isinstance(draft, Deposit))
            dump_treatment(treatment, place.line.draft)
        except UnfitTreatment as error:
            return Ruling(rule, None, error)
        held = self.held_back(place)
        if held or treatment.kind is not Treated.TRANSFER:
            return Ruling(rule, treatment, held=held)
        here, there = self._both_sides(place, treatment.other_account)
        if not any(abs(each.day - place.day) <= timedelta(DAYS_APART) for each in there):
            return Ruling(rule, treatment)
        # Posted from both sides, it would be two.
        mine = [place, *(each for each in here if self._calls(each, treatment.other_account))]
        theirs = [each for each in there if self._calls(each, place.line.account)]
        other = counterpart(place, mine, theirs, self._window())
        return Ruling(rule, treatment, held=BOTH_SIDES if other is None else "", other=other)

    def held_back(self, place: Place) -> str:
        """Return why no rule answers a line, whatever it says."""
        if UNRULED in place.decisions or by_person(place):
            return PERSON_FIRST
        if CALLED in place.decisions:
            return BOTH_SIDES
        likely = place.matches and Sure(place.matches[0]["sure"]) is not Sure.POSSIBLE
        return MATCH_FIRST if place.deposit or likely else ""

    def _calls(self, place: Place, account: str) -> bool:
        """Tell whether a line is, or goes as soon as it is judged, a transfer with an account."""
        if not place.waits:
            said = None if CALLED in place.decisions else said_of(place)
        else:
            rule = None if self.held_back(place) else self._order.first_fitting(place.line)
            if rule is None or rule.mode is not RuleMode.APPLY:
                return False
            # A transfer fits every line: a rule has no parts of it.
            said = treatment_of(rule, place.line) if rule.body.outcome.kind is Treated.TRANSFER else None
        return said is not None and said.kind is Treated.TRANSFER and said.other_account == account

    def _both_sides(self, place: Place, account: str) -> tuple[list[Place], list[Place]]:
        """Return the lines that tell of a transfer like a line's: those of its own account, and those of the other."""
        if self._sides is None:
            self._sides = self._read_sides()
        draft = place.line.draft
        here = self._sides.get((place.line.account, _moved(draft)), ())
        there = self._sides.get((account, _moved(draft, other_way=True)), ())
        mine, theirs = ([each for each in side if each.draft_id != place.draft_id] for side in (here, there))
        return mine, theirs

    def _read_sides(self) -> Mapping[tuple[str, str], list[Place]]:
        where: list[ColumnElement[bool]] = [
            DraftRow.state.in_((DraftState.HELD, DraftState.WAITING, DraftState.PLANNED))
        ]
        if (window := self._window()) is not None:
            where.append(DraftRow.day.between(*window))
        places = read_places(self.session, self.company_id, self.rules, where)
        told = told_already(
            self.session,
            {
                f"{each.line.connection} {each.key}": each.draft_id
                for each in places
                if not each.waits and (said := said_of(each)) is not None and said.kind is Treated.TRANSFER
            },
        )
        sides: dict[tuple[str, str], list[Place]] = defaultdict(list)
        for each in places:
            if each.draft_id not in told:
                sides[each.line.account, _moved(each.line.draft)].append(each)
        return sides

    def _window(self) -> tuple[date, date] | None:
        return None if self.days is None else around(*self.days, SIDES_APART)


def rule_lines(planner: Planner, after: int, limit: int) -> int:
    """Answer the next lines of a plan by the rules that are to be carried out, and plan them again.

    Returns how far it came, 0 at the end.
    """
    session, connection, plan_id, now = planner.session, planner.connection, planner.plan.id, planner.now
    rules = read_rules(session, connection.company_id)
    waiting = dict(
        session.execute(
            select(PlanLine.draft_id, PlanLine.id)
            .where(
                PlanLine.plan_id == plan_id,
                PlanLine.reason == DECISION_MISSING,
                PlanLine.state == LineState.LEFT,
                PlanLine.draft_id > after,
            )
            .order_by(PlanLine.draft_id)
            .limit(limit)
        ).all()
    )
    if not waiting:
        return 0
    places = read_places(session, connection.company_id, rules, [DraftRow.id.in_(waiting)])
    judge = Judge(session, connection.company_id, rules, days_of(places))
    alone_in(session, connection.company_id)
    otherwise = CalledOtherwise(session, connection.company_id, now, "rule").read_once()
    answered = []
    settled: set[int] = set()
    for place in places:
        ruling = judge.of(place) if place.waits and place.draft_id not in settled else None
        if ruling is None or ruling.treatment is None or not ruling.goes:
            continue
        if ruling.other is not None and not ruling.other.waits:
            leave_to(session, place.draft_id, ruling.other.draft_id, plan_id, ruling.rule.name, now)
            continue
        row = _answer(session, connection, place, ruling.rule, ruling.treatment, now)
        if ruling.other is not None:
            settled.add(ruling.other.draft_id)
            leave_to(session, ruling.other.draft_id, row.id, plan_id, ruling.rule.name, now)
        if otherwise.ask(row):
            continue
        if row.state == DraftState.WAITING:
            answered.append(row)
            continue
        line = session.get_one(PlanLine, waiting[row.id])
        line.action, line.reason = Action.SKIP, EXCLUDED
        line.params = {"rule": ruling.rule.name, "why": ruling.treatment.why}
    if answered:
        planner.again(answered)
    return max(each for each in waiting if each is not None)


def days_of(places: Sequence[Place]) -> tuple[date, date] | None:
    """Return the first and the last day of some lines."""
    days = [place.line.day for place in places]
    return (min(days), max(days)) if days else None


def any_applied(session: Session, company_id: str) -> bool:
    """Tell whether a company has rules that are to be carried out."""
    return session.scalars(*_applied(company_id)).first() is not None


@made_once
def _applied(company_id: str) -> Select[str]:
    found = select(BankRule.id).where(
        BankRule.company_id == company_id,
        BankRule.removed_at.is_(None),
        BankRule.enabled.is_(True),
        BankRule.mode == RuleMode.APPLY,
    )
    return found.limit(1)


def _answer(
    session: Session, connection: Connection, place: Place, rule: Rule, treatment: Treatment, now: datetime
) -> DraftRow:
    """Say of a line what a rule says, as a person would have."""
    row = session.get_one(DraftRow, place.draft_id)
    said = dump_treatment(treatment, place.line.draft)
    ruled = {"id": rule.id, "version": rule.version, "name": rule.name}
    row.decisions = answered(row.decisions, place.line.draft, {TREATMENT: said, RULED: ruled})
    row.state, row.reason = DraftState.WAITING, ""
    if treatment.kind is Treated.EXCLUDE:
        row.state, row.reason = DraftState.SKIPPED, f"{rule.origin}: {treatment.why.strip()[:200]}"
    else:
        row.kind = entity_of(as_treated(row.decisions, place.line.draft))
    close_hold(session, row, now, f"rule:{rule.name}", {TREATMENT: said, RULED: ruled})
    events.append(
        session,
        actor=f"rule:{rule.name}",
        action="bank_rule.answered",
        subject=row.key,
        company_id=connection.company_id,
        connection_id=connection.id,
        now=now,
        body={
            "rule": rule.id,
            "version": rule.version,
            "treatment": str(treatment.kind),
            "accounts": treatment.other_account or " ".join(part.account for part in treatment.parts),
        },
    )
    return row


def by_person(place: Place) -> bool:
    """Tell whether a person said what a line is, or accepted what was proposed; not what was accepted by itself."""
    return not {RULED, LEARNED} & set(place.decisions) and (PAYS in place.decisions or said_of(place) is not None)


def said_of(place: Place) -> Treatment | None:
    """Return what was said of a line, by whomever, in the shape that rules say it."""
    said = load_treatment(place.decisions)
    if said is not None:
        return said
    if place.state == DraftState.SKIPPED and place.reason.startswith("person:"):
        return Treatment(kind=Treated.EXCLUDE, why=place.reason.removeprefix("person:").strip())
    asked = asked_in(place.line.draft)
    answer = place.decisions.get(asked.name) if asked is not None else None
    if isinstance(answer, str):
        return Treatment(kind=Treated.CATEGORY, parts=(Part(account=answer),))
    return None


def _place(row: Any, line: Line) -> Place:
    matches = (row.params or {}).get(MATCHES) or ()
    waits = row.hold_id if row.state == DraftState.HELD else ""
    deposit = may_be_deposit(row.params or {})
    return Place(row.id, row.key, row.state, row.reason, row.decisions, waits or "", matches, line, deposit)


def _kind(raw: str | None) -> str:
    """Return the source's own word for the kind of transaction."""
    said = json.loads(raw, parse_float=Decimal) if raw else {}
    kind = said.get("type") if isinstance(said, dict) else ""
    return kind if isinstance(kind, str) else ""


def _moved(draft: Deposit | Expense, *, other_way: bool = False) -> str:
    """Return how much moved which way, for a movement to be found by."""
    into = arrives(draft) != other_way
    return f"{'+' if into else '-'}{draft.total.normalize():f} {draft.currency}"


def _account() -> Any:
    """Return the account that a line's money moved on, as the last plan found it."""
    return (
        select(PlanLine.money_account)
        .where(PlanLine.draft_id == DraftRow.id)
        .order_by(PlanLine.id.desc())
        .limit(1)
        .correlate(DraftRow)
        .scalar_subquery()
    )
