"""What the form of a rule for bank lines says, and how a rule fills it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Literal

from raccord.errors import RaccordError
from raccord.onboarding.deciding.bank_rules import RuleSaid
from raccord.onboarding.deciding.rule_texts import RuleError
from raccord.plugin.drafts import PaymentType
from raccord.plugin.texts import Language, Text
from raccord.sync.lines.bank_rules import (
    CONDITIONS_MAX,
    RULE_PARTS_MAX,
    AmountCondition,
    AmountTest,
    Condition,
    Direction,
    DirectionCondition,
    KindCondition,
    Outcome,
    RuleBody,
    RulePart,
    TextCondition,
    TextTest,
    Together,
)
from raccord.sync.lines.treatments import Treated
from raccord_web.words.wording import NBSP

TESTS = (
    *(f"text.{each}" for each in TextTest),
    *(f"amount.{each}" for each in AmountTest),
    *(f"direction.{each}" for each in Direction),
    "kind",
)
ON_ACCOUNT, OF_CONNECTION = "on_account.", "of_connection."
"""Before the ids in the names of the boxes of accounts and connections that a rule is limited to."""
NAMING = ("account", "other_account", "part", "payee", "tax", "class", "location")
"""Fields of a rule that name something of the books."""
_PAID: Mapping[str, Literal[PaymentType.CHECK, PaymentType.CASH]] = {
    PaymentType.CHECK: PaymentType.CHECK, PaymentType.CASH: PaymentType.CASH,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rows:
    """How many conditions, and parts of a split, a form has room for; a button of each adds one."""

    conditions: int
    parts: int
    most_conditions: int = CONDITIONS_MAX
    most_parts: int = RULE_PARTS_MAX


def rows_of(fields: Mapping[str, str]) -> Rows:
    """Return the rows that what is typed needs, and one more of what was asked for."""
    return Rows(
        min(CONDITIONS_MAX, max(1, _last(fields, "test", "value")) + (fields.get("do") == "condition")),
        min(
            RULE_PARTS_MAX,
            max(2, _last(fields, "part", "share", "tax", "class", "text")) + (fields.get("do") == "part"),
        ),
    )


def rule_typed(fields: Mapping[str, str]) -> RuleSaid:
    """Return the rule that a form says; raises ``RuleError`` for an amount, day or answer that cannot be read."""
    conditions = [_condition(fields, row) for row in range(1, CONDITIONS_MAX + 1) if fields.get(f"test{row}")]
    return RuleSaid(
        name=fields.get("name", ""),
        valid_from=_day(fields.get("valid_from", "")),
        body=RuleBody(
            conditions=tuple(conditions),
            outcome=_outcome(fields),
            together=Together.ANY if fields.get("together") == Together.ANY else Together.ALL,
            accounts=_ticked(fields, ON_ACCOUNT),
            connections=_ticked(fields, OF_CONNECTION),
        ),
    )


def typed_of(name: str, valid_from: date | None, body: RuleBody, language: Language) -> dict[str, str]:
    """Return the fields that a rule fills a form with, numbers as the language writes them."""
    outcome = body.outcome
    first = outcome.parts[0] if outcome.parts else None
    fields = {
        "name": name,
        "valid_from": "" if valid_from is None else valid_from.isoformat(),
        "together": str(body.together),
        **{f"{ON_ACCOUNT}{each}": "on" for each in body.accounts},
        **{f"{OF_CONNECTION}{each}": "on" for each in body.connections},
        "answer": str(outcome.kind),
        "account": first.account if first is not None and outcome.kind is not Treated.SPLIT else "",
        "other_account": outcome.other_account,
        "why": outcome.why,
        "payee": f"{outcome.party_kind}:{outcome.party_id}" if outcome.party_id else "",
        "location": outcome.location_id,
        "tax": first.tax_code if first is not None and outcome.kind is not Treated.SPLIT else "",
        "class": first.class_id if first is not None and outcome.kind is not Treated.SPLIT else "",
        "text": first.description if first is not None and outcome.kind is not Treated.SPLIT else "",
        "payment": outcome.payment_type or "",
    }
    for row, condition in enumerate(body.conditions, 1):
        fields |= {f"{name}{row}": value for name, value in _condition_fields(condition, language).items()}
    if outcome.kind is Treated.SPLIT:
        for row, part in enumerate(outcome.parts, 1):
            fields[f"part{row}"] = part.account
            fields[f"tax{row}"], fields[f"class{row}"] = part.tax_code, part.class_id
            fields[f"text{row}"] = part.description
            fields[f"share{row}"] = (
                _written(part.amount, language)
                if part.percent is None
                else f"{_written(part.percent, language)}{NBSP if language == 'fr' else ''}%"
            )
    return fields


def named_in(fields: Mapping[str, str]) -> set[str]:
    """Return the ids of what a form names of the books."""
    said = {value.rpartition(":")[2] for name, value in fields.items() if name.startswith(NAMING)}
    return said | set(_ticked(fields, ON_ACCOUNT))


def _ticked(fields: Mapping[str, str], kind: str) -> tuple[str, ...]:
    """Return the ids behind the boxes of a kind that are ticked."""
    return tuple(name.removeprefix(kind) for name, value in fields.items() if name.startswith(kind) and value)


def _condition(fields: Mapping[str, str], row: int) -> Condition:
    kind, _, test = fields[f"test{row}"].partition(".")
    value = fields.get(f"value{row}", "")
    match kind:
        case "text" if test in set(TextTest):
            return TextCondition(test=TextTest(test), value=value)
        case "amount" if test in set(AmountTest):
            between = test == AmountTest.BETWEEN
            return AmountCondition(
                test=AmountTest(test),
                amount=_decimal(value),
                upto=_decimal(fields.get(f"upto{row}", "")) if between else None,
                currency=fields.get(f"currency{row}", "").upper(),
            )
        case "direction" if test in set(Direction):
            return DirectionCondition(direction=Direction(test))
        case _:
            return KindCondition(value=value)


def _condition_fields(condition: Condition, language: Language) -> dict[str, str]:
    match condition:
        case AmountCondition():
            amount, upto = (_written(each, language) for each in (condition.amount, condition.upto))
            return {
                "test": f"amount.{condition.test}", "value": amount, "upto": upto, "currency": condition.currency,
            }  # fmt: skip
        case TextCondition():
            return {"test": f"text.{condition.test}", "value": condition.value}
        case DirectionCondition():
            return {"test": f"direction.{condition.direction}"}
        case KindCondition():
            return {"test": "kind", "value": condition.value}


def _outcome(fields: Mapping[str, str]) -> Outcome:
    said = fields.get("answer", "")
    kind = Treated(said) if said in set(Treated) else Treated.CATEGORY
    tax, class_ = fields.get("tax", ""), fields.get("class", "")
    party_kind, _, party_id = fields.get("payee", "").partition(":")
    match kind:
        case Treated.EXCLUDE:
            return Outcome(kind=kind, why=fields.get("why", ""))
        case Treated.TRANSFER:
            return Outcome(kind=kind, other_account=fields.get("other_account", ""))
        case Treated.SPLIT:
            parts = tuple(_part(fields, row) for row in range(1, RULE_PARTS_MAX + 1) if fields.get(f"part{row}"))
        case Treated.CATEGORY | Treated.PERSONAL:
            account = fields.get("account", "")
            text = fields.get("text", "").strip()
            parts = (RulePart(account=account, tax_code=tax, class_id=class_, description=text),) if account else ()
    return Outcome(
        kind=kind, parts=parts, party_kind=party_kind if party_id else "", party_id=party_id,
        location_id=fields.get("location", ""), payment_type=_PAID.get(fields.get("payment", "")),
    )  # fmt: skip


def _part(fields: Mapping[str, str], row: int) -> RulePart:
    share = fields.get(f"share{row}", "")
    percent = _decimal(share.rstrip("% \u00a0\u202f")) if share.endswith("%") else None
    amount = _decimal(share) if share and percent is None else None
    return RulePart(
        account=fields[f"part{row}"],
        percent=percent,
        amount=amount,
        tax_code=fields.get(f"tax{row}", ""),
        class_id=fields.get(f"class{row}", ""),
        description=fields.get(f"text{row}", "").strip(),
    )


def _written(value: Decimal | None, language: Language) -> str:
    return "" if value is None else f"{value:f}".replace(".", "," if language == "fr" else ".")


def _last(fields: Mapping[str, str], *names: str) -> int:
    """Return the last row of which something is typed, 0 where nothing is."""
    return max((row for row in range(1, 100) if any(fields.get(f"{name}{row}") for name in names)), default=0)


def _decimal(text: str) -> Decimal:
    plain = "".join(text.split())
    if plain.count(",") == 1 and "." not in plain:
        plain = plain.replace(",", ".")
    try:
        return Decimal(plain.replace(",", ""))
    except InvalidOperation:
        raise unreadable(text) from None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise unreadable(text) from None


def unreadable(text: str) -> RaccordError:
    return RuleError(
        "bank_rule.unreadable",
        Text(f"« {text} » n'est ni un montant ni une date.", f"“{text}” is neither an amount nor a day."),
        Text("Écrivez un montant comme 12,50 ou 30 %.", "Write an amount like 12.50 or 30%."),
    )
