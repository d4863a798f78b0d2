"""Who or what said what a bank line is: a person, a rule in its version, or what people answered to lines like it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from raccord.overview.lines.rule_views import RuleAnswer, answer_of, names_of
from raccord.store.models import BankRule, BankRuleVersion, Connection, DraftRow, DraftState, Hold
from raccord.sync.bodies import load_draft
from raccord.sync.lines.line_answers import LEARNED, RULED
from raccord.sync.lines.paying import PAYS, asked_in
from raccord.sync.lines.treatments import (
    BY_RULE,
    BY_SUGGESTION,
    OTHER_SIDE,
    Part,
    Treated,
    Treatment,
    load_treatment,
    treatable,
)
from raccord.sync.resolving.resolve import DECISION_MISSING


class By(StrEnum):
    PERSON = "person"
    RULE = "rule"
    SUGGESTION = "suggestion"
    MATCH = "match"
    """A person said that it pays what is open."""
    OTHER_SIDE = "other_side"
    """It tells of a transfer that another line posts."""


@dataclass(frozen=True, slots=True)
class ByRule:
    """The rule that said what a bank line is."""

    id: str
    name: str
    version: int
    made_by: str
    """Who made this version."""
    carried_out: bool
    """Whether no person was asked about the line; else a person accepted what the rule proposed."""


@dataclass(frozen=True, slots=True)
class LikeIt:
    """A line that was answered before; ``record_id`` is nothing where its record is not kept."""

    record_id: int | None
    day: date
    text: str
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What a line was said to be, and why."""

    hold_id: str
    by: By
    who: str
    """The person; empty where nobody was asked."""
    answer: RuleAnswer | None = None
    rule_id: str = ""
    """Empty where the rule was removed since."""
    rule: str = ""
    version: int = 0
    confidence: int = 0
    """Of 1 000 such suggestions so many were right."""
    examples: Sequence[LikeIt] = ()
    pays: Sequence[str] = ()
    """Numbers of the documents that it pays."""
    first_record: int | None = None
    """Of the line that posts the transfer."""


def decided_of(session: Session, company_id: str, rows: Sequence[DraftRow]) -> list[Decided]:
    """Return what was said of those of the drafts that are bank lines, the answered ones alone."""
    found = []
    for row in rows:
        if row.decisions and treatable(load_draft(row.body)) is not None:
            hold = session.scalars(
                select(Hold)
                .where(Hold.draft_id == row.id, Hold.code == DECISION_MISSING, Hold.closed_at.is_not(None))
                .order_by(Hold.closed_at.desc(), Hold.id.desc())
            ).first()
            one = None if hold is None else _one(session, company_id, row, hold)
            found += [] if one is None else [one]
    return found


def answers_of_records(session: Session, record_ids: Sequence[int]) -> dict[int, RuleAnswer]:
    """Return what the bank lines among some records were said to be, by the record; of several the first."""
    rows = session.execute(
        select(DraftRow, Connection.company_id)
        .join(Connection, Connection.id == DraftRow.connection_id)
        .where(DraftRow.record_id.in_(record_ids), DraftRow.state != DraftState.WITHDRAWN)
        .order_by(DraftRow.id)
    )
    said: dict[str, dict[int, Treatment]] = {}
    for row, company_id in rows:
        treatment = (load_treatment(row.decisions) or _category(row)) if row.decisions else None
        if treatment is not None and row.record_id is not None:
            said.setdefault(company_id, {}).setdefault(row.record_id, treatment)
    found: dict[int, RuleAnswer] = {}
    for company_id, treatments in said.items():
        names = names_of(session, company_id, treatments.values())
        for record_id, treatment in treatments.items():
            if (answer := answer_of(treatment, names)) is not None:
                found[record_id] = answer
    return found


def rule_behind(session: Session, draft: DraftRow) -> ByRule | None:
    """Return the rule behind a draft, in the version that counted when it was answered."""
    treatment = load_treatment(draft.decisions)
    if treatment is None or not treatment.origin.startswith(BY_RULE):
        return None
    versions = select(BankRuleVersion).where(BankRuleVersion.rule_id == treatment.origin.removeprefix(BY_RULE))
    ruled = draft.decisions.get(RULED)
    if isinstance(ruled, dict):
        versions = versions.where(BankRuleVersion.version == ruled["version"])
    else:
        answered = select(func.max(Hold.closed_at)).where(Hold.draft_id == draft.id).scalar_subquery()
        versions = versions.where(BankRuleVersion.changed_at <= answered)
    found = session.scalars(versions.order_by(BankRuleVersion.version.desc()).limit(1)).first()
    if found is None:
        return None
    return ByRule(found.rule_id, found.name, found.version, found.changed_by, isinstance(ruled, dict))


def _one(session: Session, company_id: str, row: DraftRow, hold: Hold) -> Decided | None:
    who = "" if hold.closed_by == BY_SUGGESTION or hold.closed_by.startswith("rule:") else hold.closed_by
    if OTHER_SIDE in row.decisions:
        first = _records(session, [str(row.decisions[OTHER_SIDE])])
        return Decided(hold_id=hold.id, by=By.OTHER_SIDE, who=who, first_record=next(iter(first.values()), None))
    if PAYS in row.decisions:
        numbers = [each["number"] or each["id"] for each in row.decisions[PAYS]["documents"]]
        return Decided(hold_id=hold.id, by=By.MATCH, who=who, pays=numbers)
    said = load_treatment(row.decisions) or _category(row)
    if said is None:
        return None
    answer = answer_of(said, names_of(session, company_id, [said]))
    rule = rule_behind(session, row)
    if rule is not None:
        there = session.get(BankRule, rule.id)
        return Decided(
            hold_id=hold.id, by=By.RULE, who=who, answer=answer, rule=rule.name, version=rule.version,
            rule_id=rule.id if there is not None and there.removed_at is None else "",
        )  # fmt: skip
    told = hold.params.get(LEARNED)
    if said.origin != BY_SUGGESTION or not isinstance(told, Mapping):
        return Decided(hold_id=hold.id, by=By.PERSON, who=who, answer=answer)
    return Decided(
        hold_id=hold.id, by=By.SUGGESTION, who=who, answer=answer, confidence=int(told["confidence"]),
        examples=_examples(session, told["examples"]),
    )  # fmt: skip


def _category(row: DraftRow) -> Treatment | None:
    """Return the account that a line was answered with, as a treatment."""
    line = treatable(load_draft(row.body))
    asked = None if line is None else asked_in(line)
    account = None if asked is None else row.decisions.get(asked.name)
    return Treatment(kind=Treated.CATEGORY, parts=(Part(account=account),)) if isinstance(account, str) else None


def _examples(session: Session, told: Sequence[Mapping[str, Any]]) -> list[LikeIt]:
    records = _records(session, [f"{each['connection_id']} {each['key']}" for each in told])
    return [
        LikeIt(
            records.get(f"{each['connection_id']} {each['key']}"), date.fromisoformat(each["day"]), each["text"],
            Decimal(each["amount"]),
        )
        for each in told
    ]  # fmt: skip


def _records(session: Session, places: Sequence[str]) -> dict[str, int]:
    """Return the records of lines, told by connection and key."""
    wanted = [(connection_id, key) for connection_id, _, key in (place.partition(" ") for place in places)]
    rows = session.execute(
        select(DraftRow.connection_id, DraftRow.key, DraftRow.record_id)
        .join(Connection, Connection.id == DraftRow.connection_id)
        .where(tuple_(DraftRow.connection_id, DraftRow.key).in_(wanted), DraftRow.record_id.is_not(None))
    )
    return {f"{connection_id} {key}": record_id for connection_id, key, record_id in rows if record_id is not None}
