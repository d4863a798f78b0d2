"""Rules for bank lines, as people make and change them: in an order, each change another version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.onboarding.access.people import Actor, Power, require
from raccord.onboarding.deciding import rule_texts
from raccord.onboarding.deciding.rules_again import judge_again
from raccord.onboarding.deciding.treating import meet_payee
from raccord.onboarding.deciding.treating_texts import refusal
from raccord.store import events
from raccord.store.models import BankRule, BankRuleVersion, Company, Connection, LedgerEntry
from raccord.sync.lines.bank_rules import (
    BODY,
    CONDITIONS_MAX,
    LIMITS_MAX,
    NAME_MAX,
    RULE_PARTS_MAX,
    RULES_MAX,
    VALUE_MAX,
    WORDS_MAX,
    AmountCondition,
    AmountTest,
    Condition,
    DirectionCondition,
    KindCondition,
    Outcome,
    RuleBody,
    RuleMode,
    RulePart,
    TextCondition,
    fold,
)
from raccord.sync.lines.treatment_fit import BooksFit
from raccord.sync.lines.treatments import Part, Treated, Treatment, UnfitTreatment
from raccord.sync.resolving.holds import alone_in
from raccord.sync.workshop import Workshop

_MOST = Decimal(10) ** 12


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSaid:
    """What a person says that a rule is."""

    name: str
    body: RuleBody
    valid_from: date | None = None
    mode: RuleMode | None = None
    """What it does with lines; where nothing is said a new rule proposes, and another one goes on as before."""


def add_rule(workshop: Workshop, actor: Actor, company_id: str, said: RuleSaid) -> BankRule:
    """Make a rule that comes after all others. Raises ``RuleError`` and, for what the books lack, ``DecisionError``."""
    require(actor, Power.WORK)
    _meet(workshop, company_id, said.body.outcome)
    now = workshop.clock.now()
    with workshop.database.begin() as session:
        session.get_one(Company, company_id, with_for_update=True)
        there = _standing(session, company_id)
        if len(there) >= RULES_MAX:
            raise rule_texts.too_many()
        said = checked(session, company_id, said)
        row = BankRule(company_id=company_id, place=len(there) + 1, version=0, enabled=True, mode=RuleMode.PROPOSE)
        session.add(row)
        _say(row, said)
        _keep(session, actor, row, now, "bank_rule.made")
        return row


def change_rule(workshop: Workshop, actor: Actor, rule_id: str, said: RuleSaid, seen: int | None = None) -> BankRule:
    """Make a rule say something else from now on; ``seen`` is the version that the person read."""
    require(actor, Power.WORK)
    with workshop.database.read() as session:
        company_id = standing_rule(session, rule_id).company_id
    _meet(workshop, company_id, said.body.outcome)
    now = workshop.clock.now()
    with workshop.database.begin() as session:
        row = standing_rule(session, rule_id, seen, lock=True)
        _say(row, checked(session, company_id, said, row.id))
        _keep(session, actor, row, now, "bank_rule.changed")
        judge_again(session, actor, row.company_id, now)
        return row


def switch_rule(workshop: Workshop, actor: Actor, rule_id: str, enabled: bool, seen: int | None = None) -> BankRule:
    """Turn a rule on or off; one that is off is asked about no line."""
    require(actor, Power.WORK)
    now = workshop.clock.now()
    with workshop.database.begin() as session:
        row = standing_rule(session, rule_id, seen, lock=True)
        if row.enabled != enabled:
            row.enabled = enabled
            _keep(session, actor, row, now, "bank_rule.on" if enabled else "bank_rule.off")
            judge_again(session, actor, row.company_id, now)
        return row


def set_mode(workshop: Workshop, actor: Actor, rule_id: str, mode: RuleMode, seen: int | None = None) -> BankRule:
    """Let a rule be carried out by the next runs without a question, or only propose."""
    require(actor, Power.WORK)
    now = workshop.clock.now()
    with workshop.database.begin() as session:
        row = standing_rule(session, rule_id, seen, lock=True)
        if row.mode != mode:
            row.mode = mode
            _keep(session, actor, row, now, "bank_rule.applies" if mode is RuleMode.APPLY else "bank_rule.proposes")
            judge_again(session, actor, row.company_id, now)
        return row


def move_rule(workshop: Workshop, actor: Actor, rule_id: str, to: int) -> list[BankRule]:
    """Put a rule at a place of the order, the first being 1; returns the rules in their new order."""
    require(actor, Power.WORK)
    now = workshop.clock.now()
    with workshop.database.begin() as session:
        row = standing_rule(session, rule_id, lock=True)
        session.get_one(Company, row.company_id, with_for_update=True)
        there = _standing(session, row.company_id)
        was = there.index(row)
        there.remove(row)
        there.insert(min(max(to, 1), len(there) + 1) - 1, row)
        _number(there)
        if there.index(row) != was:
            body = {"from": was + 1, "to": row.place}
            _tell(session, actor, row, now, "bank_rule.moved", body)
            judge_again(session, actor, row.company_id, now)
        return there


def remove_rule(workshop: Workshop, actor: Actor, rule_id: str, seen: int | None = None) -> None:
    """Take a rule out; what it answered and is posted still names it, what is not is asked about again."""
    require(actor, Power.WORK)
    now = workshop.clock.now()
    with workshop.database.begin() as session:
        row = standing_rule(session, rule_id, seen, lock=True)
        row.removed_at, row.enabled = now, False
        _number([each for each in _standing(session, row.company_id) if each is not row])
        _keep(session, actor, row, now, "bank_rule.removed")
        judge_again(session, actor, row.company_id, now)


def versions_of(session: Session, rule_id: str) -> Sequence[BankRuleVersion]:
    """Return what a rule said, the newest version first."""
    return session.scalars(
        select(BankRuleVersion).where(BankRuleVersion.rule_id == rule_id).order_by(BankRuleVersion.version.desc())
    ).all()


def checked(session: Session, company_id: str, said: RuleSaid, rule_id: str = "") -> RuleSaid:
    """Return what a person says of a rule with its name tidied; refuses what no rule can be."""
    name = " ".join(said.name.split())
    if not name or len(name) > NAME_MAX or not name.isprintable():
        raise rule_texts.name_unfit()
    if any(fold(row.name) == fold(name) for row in _standing(session, company_id) if row.id != rule_id):
        raise rule_texts.name_taken(name)
    check_body(session, company_id, said.body)
    return RuleSaid(name=name, body=said.body, valid_from=said.valid_from, mode=said.mode)


def check_body(session: Session, company_id: str, body: RuleBody) -> None:
    """Refuse what no rule can ask or say."""
    if not 0 < len(body.conditions) <= CONDITIONS_MAX:
        raise rule_texts.no_condition()
    for condition in body.conditions:
        _check_condition(condition)
    _check_words(body)
    _check_limits(session, company_id, body)
    _check_outcome(body.outcome)
    try:
        BooksFit(session, company_id).check(_pattern(body.outcome), "", "")
    except UnfitTreatment as error:
        raise refusal(error.code, **error.params) from error


def _check_condition(condition: Condition) -> None:
    match condition:
        case TextCondition() | KindCondition():
            said = condition.value
            if len(said) > VALUE_MAX or not said.isprintable() or not any(each.isalnum() for each in fold(said)):
                raise rule_texts.text_unfit()
        case AmountCondition():
            between = condition.test is AmountTest.BETWEEN
            if not _sound(condition.amount) or between != (condition.upto is not None):
                raise rule_texts.amount_unfit()
            if condition.upto is not None and not (_sound(condition.upto) and condition.amount <= condition.upto):
                raise rule_texts.amount_unfit()
            if condition.currency and not (len(condition.currency) == 3 and condition.currency.isupper()):
                raise rule_texts.amount_unfit()
        case DirectionCondition():
            pass


def _check_words(body: RuleBody) -> None:
    """Refuse words and ids that no form sends: too long, or with characters that databases do not keep."""
    outcome = body.outcome
    parts = [each for part in outcome.parts for each in (part.account, part.tax_code, part.class_id, part.description)]
    ids = [outcome.party_kind, outcome.party_id, outcome.location_id, outcome.other_account]
    for said in (outcome.why, *parts, *ids, *body.accounts, *body.connections):
        if len(said) > WORDS_MAX or not said.isprintable():
            raise rule_texts.words_unfit()


def _check_limits(session: Session, company_id: str, body: RuleBody) -> None:
    if max(len(body.accounts), len(body.connections)) > LIMITS_MAX:
        raise rule_texts.limits_unfit()
    for account in body.accounts:
        if session.get(LedgerEntry, (company_id, "Account", account)) is None:
            raise rule_texts.limits_unfit()
    for id_ in body.connections:
        connection = session.get(Connection, id_)
        if connection is None or connection.company_id != company_id:
            raise rule_texts.limits_unfit()


def _check_outcome(outcome: Outcome) -> None:
    parts = outcome.parts
    match outcome.kind:
        case Treated.SPLIT:
            _check_split(parts)
        case Treated.CATEGORY | Treated.PERSONAL:
            if len(parts) != 1 or parts[0].percent is not None or parts[0].amount is not None:
                raise rule_texts.one_account()
        case Treated.TRANSFER | Treated.EXCLUDE:
            if parts:
                raise rule_texts.one_account()


def _check_split(parts: Sequence[RulePart]) -> None:
    percents = [part.percent for part in parts if part.percent is not None and part.percent.is_finite()]
    amounts = [part.amount for part in parts if part.amount is not None]
    rests = sum(1 for part in parts if part.percent is None and part.amount is None)
    whole = sum(percents, Decimal(0))
    sound = (
        1 < len(parts) <= RULE_PARTS_MAX
        and rests <= 1
        and all(part.percent is None or (part.amount is None and part.percent.is_finite()) for part in parts)
        and all(0 < each < 100 and each == each.quantize(Decimal("0.0001")) for each in percents)
        and all(_sound(each) for each in amounts)
        and (whole < 100 if rests else (whole == 100 and not amounts))
    )
    if not sound:
        raise rule_texts.parts_unfit()


def _sound(amount: Decimal) -> bool:
    return amount.is_finite() and 0 < amount < _MOST and amount == amount.quantize(Decimal("0.01"))


def _pattern(outcome: Outcome) -> Treatment:
    """Return what a rule says, without amounts, to be looked up in the books."""
    return Treatment(
        kind=outcome.kind,
        parts=tuple(
            Part(account=each.account, tax_code=each.tax_code, class_id=each.class_id) for each in outcome.parts
        ),
        party_kind=outcome.party_kind,
        party_id=outcome.party_id,
        location_id=outcome.location_id,
        other_account=outcome.other_account,
        why=outcome.why,
    )


def _meet(workshop: Workshop, company_id: str, outcome: Outcome) -> None:
    if outcome.party_id:
        meet_payee(workshop, company_id, outcome.party_kind, outcome.party_id)


def standing_rule(session: Session, rule_id: str, seen: int | None = None, *, lock: bool = False) -> BankRule:
    """Return a rule that was not removed; ``seen`` is the version that a person read."""
    row = session.get(BankRule, rule_id)
    if lock and row is not None:
        # As whoever answers its lines: a run that carries it out, or a person.
        alone_in(session, row.company_id)
        session.refresh(row, with_for_update=True)
    if row is None or row.removed_at is not None:
        raise rule_texts.unknown()
    if seen is not None and seen != row.version:
        raise rule_texts.changed_meanwhile()
    return row


def _standing(session: Session, company_id: str) -> list[BankRule]:
    rows = session.scalars(
        select(BankRule)
        .where(BankRule.company_id == company_id, BankRule.removed_at.is_(None))
        .order_by(BankRule.place, BankRule.id)
    )
    return list(rows)


def _number(rules: Sequence[BankRule]) -> None:
    for place, row in enumerate(rules, 1):
        row.place = place


def _say(row: BankRule, said: RuleSaid) -> None:
    row.name, row.mode, row.valid_from = said.name, said.mode or row.mode, said.valid_from
    row.body = BODY.dump_python(said.body, mode="json")


def _keep(session: Session, actor: Actor, row: BankRule, now: datetime, action: str) -> None:
    """Make what a rule is now its next version."""
    row.version += 1
    row.changed_by, row.changed_at = actor.name, now
    session.flush()
    session.add(
        BankRuleVersion(
            rule_id=row.id,
            version=row.version,
            name=row.name,
            mode=row.mode,
            enabled=row.enabled,
            valid_from=row.valid_from,
            body=row.body,
            changed_by=actor.name,
            changed_at=now,
        )
    )
    _tell(session, actor, row, now, action, {"version": row.version, "mode": row.mode})


def _tell(
    session: Session, actor: Actor, row: BankRule, now: datetime, action: str, said: Mapping[str, object]
) -> None:
    events.append(
        session,
        actor=actor.name,
        action=action,
        subject=row.name,
        company_id=row.company_id,
        now=now,
        body={"rule": row.id, **said},
    )
