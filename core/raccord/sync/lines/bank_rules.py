"""Rules that people make for bank lines: which lines one fits, and what it says that they are; pure.

Texts are compared without case, accents and doubled blanks, word for word or letter for letter; nothing that a person
types is a pattern, so no rule can take long. Rules stand in an order: of those that fit a line the first one counts.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Literal, assert_never

from pydantic import Field, TypeAdapter

from raccord.plugin.drafts import Deposit, Expense, PaymentType
from raccord.plugin.money import exponent
from raccord.sync.lines.treatments import BY_RULE, Part, Treated, Treatment, UnfitTreatment, arrives

RULES_MAX = 500
"""Rules of one company; below conditions, limits and parts of one rule, and letters of what it says."""
CONDITIONS_MAX = 20
LIMITS_MAX = 50
RULE_PARTS_MAX = 20
NAME_MAX = 80
VALUE_MAX = 100
WORDS_MAX = 200
TEXT_MAX = 1000
"""Letters of a bank's text that rules look at: what a connector may put in a memo."""

_WORD = re.compile(r"\w+")
_HUNDRED = Decimal(100)


class RuleMode(StrEnum):
    """What a rule does with a line that it fits."""

    PROPOSE = "propose"
    """It says what the line may be; a person accepts."""
    APPLY = "apply"
    """The next run plans it; a person turned this on."""


class Together(StrEnum):
    """How a rule's conditions go together."""

    ALL = "all"
    ANY = "any"


class TextTest(StrEnum):
    CONTAINS = "contains"
    LACKS = "lacks"
    STARTS = "starts"
    EQUALS = "equals"
    WORD = "word"


class AmountTest(StrEnum):
    IS = "is"
    BETWEEN = "between"
    UNDER = "under"
    OVER = "over"


class Direction(StrEnum):
    IN = "in"
    OUT = "out"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextCondition:
    """What the bank wrote of a line."""

    test: TextTest
    value: str
    on: Literal["text"] = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class AmountCondition:
    """How much a line is, whichever way it went; ``upto`` ends what is *between*, both included."""

    test: AmountTest
    amount: Decimal
    upto: Decimal | None = None
    currency: str = ""
    """Empty: in whatever currency."""
    on: Literal["amount"] = "amount"


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectionCondition:
    direction: Direction
    on: Literal["direction"] = "direction"


@dataclass(frozen=True, slots=True, kw_only=True)
class KindCondition:
    """The source's own word for the kind of transaction (``ATM``, ``FEE``, ``CHECK``), whole."""

    value: str
    on: Literal["kind"] = "kind"


Condition = Annotated[TextCondition | AmountCondition | DirectionCondition | KindCondition, Field(discriminator="on")]


@dataclass(frozen=True, slots=True, kw_only=True)
class RulePart:
    """A part of what a rule makes of a line: a percentage of it, an amount, or what the other parts leave."""

    account: str
    percent: Decimal | None = None
    amount: Decimal | None = None
    tax_code: str = ""
    class_id: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a rule says that lines are; see ``Treatment``, of which it is the pattern."""

    kind: Treated
    parts: tuple[RulePart, ...] = ()
    party_kind: str = ""
    party_id: str = ""
    location_id: str = ""
    other_account: str = ""
    why: str = ""
    """Of what is left out: the reason."""
    payment_type: Literal[PaymentType.CHECK, PaymentType.CASH] | None = None
    """Of money spent from a bank account: a cheque, or not; nothing: as the line says. It fits no other line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleBody:
    """What a rule asks and says; ``accounts`` and ``connections`` narrow it down, whatever the conditions do."""

    conditions: tuple[Condition, ...]
    outcome: Outcome
    together: Together = Together.ALL
    accounts: tuple[str, ...] = ()
    """Ids of the QuickBooks accounts that the money moved on; empty: all."""
    connections: tuple[str, ...] = ()


BODY: TypeAdapter[RuleBody] = TypeAdapter(RuleBody)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule as it counts now."""

    id: str
    version: int
    name: str
    mode: RuleMode
    enabled: bool
    valid_from: date | None
    """The first day of lines that it is asked about."""
    body: RuleBody

    @property
    def origin(self) -> str:
        return f"{BY_RULE}{self.id}"


@dataclass(frozen=True, slots=True)
class Line:
    """A bank line as rules see it."""

    draft: Deposit | Expense
    day: date
    connection: str
    account: str
    """The QuickBooks account that it moved; empty where that is not known."""
    kind: str
    """The source's word for it, folded."""
    text: str = field(default="")
    """What the bank wrote, folded."""

    @classmethod
    def of(cls, draft: Deposit | Expense, connection: str, account: str, kind: str) -> Line:
        return cls(draft, draft.day, connection, account, fold(kind), fold(draft.memo[:TEXT_MAX]))


def fold(text: str) -> str:
    """Return a text as rules compare it: without case and accents, each run of blanks one."""
    if text.isascii():
        return " ".join(text.casefold().split())
    plain = unicodedata.normalize("NFKD", text).casefold()
    return " ".join("".join(each for each in plain if not unicodedata.combining(each)).split())


@lru_cache(maxsize=4096)
def _folded(text: str) -> str:
    return fold(text)


@lru_cache(maxsize=4096)
def _spaced(text: str) -> str:
    """Return the words of a text, each with a blank on either side."""
    return " " + " ".join(_WORD.findall(text)) + " "


def fits(rule: Rule, line: Line) -> bool:
    """Tell whether a rule that is on is about a line."""
    body = rule.body
    if not rule.enabled or (rule.valid_from is not None and line.day < rule.valid_from):
        return False
    if (body.accounts and line.account not in body.accounts) or (
        body.connections and line.connection not in body.connections
    ):
        return False
    judged = (_holds(each, line) for each in body.conditions)
    # A rule without conditions would be about everything: nothing is not a condition that holds.
    return bool(body.conditions) and (all(judged) if body.together is Together.ALL else any(judged))


def treatment_of(rule: Rule, line: Line) -> Treatment:
    """Return what a rule says that a line is, to the cent; raises ``UnfitTreatment`` where its parts do not fit it."""
    outcome = rule.body.outcome
    split = outcome.kind is Treated.SPLIT
    draft = line.draft
    return Treatment(
        kind=outcome.kind,
        parts=_parts(outcome.parts, draft.total, draft.currency) if split else _whole(outcome.parts),
        party_kind=outcome.party_kind,
        party_id=outcome.party_id,
        location_id=outcome.location_id,
        other_account=outcome.other_account,
        payment_type=outcome.payment_type,
        origin=rule.origin,
        why=outcome.why if outcome.kind is Treated.EXCLUDE else rule.name,
    )


def allot(total: Decimal, percents: Sequence[Decimal], currency: str) -> list[Decimal]:
    """Return a total divided by percentages that come to a hundred, to the currency's minor unit (a cent, a yen): the
    largest remainders go first.
    """
    unit = Decimal(1).scaleb(-exponent(currency))
    exact = [total * each / _HUNDRED for each in percents]
    floors = [(each // unit) * unit for each in exact]
    units = int((total - sum(floors, Decimal(0))) / unit)
    order = sorted(range(len(exact)), key=lambda place: (floors[place] - exact[place], place))
    raised = set(order[:units])
    return [floor + unit if place in raised else floor for place, floor in enumerate(floors)]


def _parts(parts: Sequence[RulePart], total: Decimal, currency: str) -> tuple[Part, ...]:
    """Return a rule's parts of an amount: percentages are of the whole, and what nothing is said of takes the rest."""
    fixed = sum((part.amount for part in parts if part.amount is not None), Decimal(0))
    percents = [part.percent for part in parts if part.percent is not None]
    shares = allot(total, [*percents, _HUNDRED - sum(percents, Decimal(0))], currency)
    by_percent = iter(shares)
    rest = shares[-1] - fixed
    open_ones = sum(1 for part in parts if part.percent is None and part.amount is None)
    if rest < 0 or (not rest and open_ones and fixed) or (rest and not open_ones):
        raise UnfitTreatment("sum", total=total, said=total - rest)
    amounts = [
        part.amount if part.amount is not None else next(by_percent) if part.percent is not None else rest
        for part in parts
    ]
    return tuple(replace(_plain(part), amount=amount) for part, amount in zip(parts, amounts, strict=True) if amount)


def _whole(parts: Sequence[RulePart]) -> tuple[Part, ...]:
    return tuple(_plain(part) for part in parts)


def _plain(part: RulePart) -> Part:
    return Part(account=part.account, tax_code=part.tax_code, class_id=part.class_id, description=part.description)


def _holds(condition: Condition, line: Line) -> bool:
    match condition:
        case TextCondition():
            return _reads(condition, line.text)
        case AmountCondition():
            return _counts(condition, line.draft)
        case DirectionCondition():
            return arrives(line.draft) == (condition.direction is Direction.IN)
        case KindCondition():
            return bool(line.kind) and line.kind == _folded(condition.value)
        case _:
            assert_never(condition)


def _reads(condition: TextCondition, text: str) -> bool:
    value = _folded(condition.value)
    match condition.test:
        case TextTest.CONTAINS:
            return value in text
        case TextTest.LACKS:
            return value not in text
        case TextTest.STARTS:
            return text.startswith(value)
        case TextTest.EQUALS:
            return text == value
        case TextTest.WORD:
            words = _spaced(value)
            return bool(words.strip()) and words in _spaced(text)
        case _:
            assert_never(condition.test)


def _counts(condition: AmountCondition, draft: Deposit | Expense) -> bool:
    if condition.currency and condition.currency != draft.currency:
        return False
    amount = draft.total
    match condition.test:
        case AmountTest.IS:
            return amount == condition.amount
        case AmountTest.BETWEEN:
            return condition.amount <= amount <= (condition.upto or condition.amount)
        case AmountTest.UNDER:
            return amount < condition.amount
        case AmountTest.OVER:
            return amount > condition.amount
        case _:
            assert_never(condition.test)
