"""Rule on places: what a role accepts at a place of a draft is what QuickBooks takes there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass

from raccord.plugin.drafts import Accepts, Decision, MoneyOf, Role
from raccord.plugin.testing.kit.mapping import drafts
from raccord.plugin.testing.kit.rules import check
from raccord.plugin.testing.kit.subject import Subject

_SPENT = frozenset({Accepts.BANK, Accepts.CARD, Accepts.BANK_OR_CARD})
_RECEIVED = frozenset({Accepts.BANK, Accepts.BANK_OR_CARD, Accepts.CLEARING})
_ACCOUNTS = _SPENT | {
    Accepts.CLEARING, Accepts.INCOME, Accepts.EXPENSE, Accepts.CATEGORY, Accepts.EQUITY, Accepts.PAYABLE,
}  # fmt: skip
_PLACES: Mapping[str, frozenset[Accepts]] = {
    "Expense.paid_from": _SPENT,
    "BillPayment.paid_from": _SPENT,
    "RefundReceipt.paid_from": _RECEIVED,
    "deposit_to": _RECEIVED,
    "bank": _RECEIVED,
    "source": _ACCOUNTS,
    "target": _ACCOUNTS,
    "money": _ACCOUNTS,
    "account": _ACCOUNTS,
    "ItemFor.account": _ACCOUNTS - _SPENT - {Accepts.PAYABLE},
    "item": frozenset({Accepts.ITEM}),
    "tax_code": frozenset({Accepts.TAX_CODE}),
    "class_": frozenset({Accepts.CLASS}),
    "location": frozenset({Accepts.LOCATION}),
    "customer": frozenset({Accepts.CUSTOMER}),
    "vendor": frozenset({Accepts.VENDOR}),
    "payee": frozenset({Accepts.VENDOR, Accepts.CUSTOMER}),
    "term": frozenset({Accepts.TERM}),
    "method": frozenset({Accepts.PAYMENT_METHOD}),
    "type_": frozenset({Accepts.CUSTOMER_TYPE}),
}
"""What QuickBooks takes at a place: by the field's name, with the draft before it where drafts differ."""


@check("draft.places")
def _places(subject: Subject) -> Iterator[str]:
    accepted = {each.name: each.accepts for each in subject.info.roles}
    for draft in drafts(subject):
        for place, name, accepts in _filled(draft, accepted):
            fitting = _PLACES.get(place) or _PLACES.get(place.partition(".")[2])
            if fitting is not None and accepts not in fitting:
                wanted = ", ".join(sorted(each.name for each in fitting))
                yield f"{draft.key}: {place} = {name}, Accepts.{accepts.name} ∉ {wanted}"


def _filled(value: object, accepted: Mapping[str, Accepts]) -> Iterator[tuple[str, str, Accepts]]:
    """Return each place inside a draft that a role or a person fills, what fills it, and what that may be.

    A role that is not declared has a rule of its own.
    """
    if isinstance(value, tuple):
        for each in value:
            yield from _filled(each, accepted)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            found: object = getattr(value, field.name)
            place = f"{type(value).__name__}.{field.name}"
            if isinstance(found, MoneyOf):
                found = found.otherwise
            if isinstance(found, Role):
                if found.name in accepted:
                    yield place, found.name, accepted[found.name]
            elif isinstance(found, Decision):
                yield place, found.name, found.accepts
            else:
                yield from _filled(found, accepted)
