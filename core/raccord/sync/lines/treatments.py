"""What a bank line is said to be: a category, several, a transfer, something personal, or nothing for the books; pure.

A person says so of one line, or a rule or an accepted suggestion does. It stands among the draft's decisions, and a
plan turns the line's draft into the document that it says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter

from raccord.plugin.drafts import (
    Deposit,
    DirectLine,
    Draft,
    Expense,
    ExpenseLine,
    LedgerId,
    PaymentType,
    TaxMode,
    Transfer,
)
from raccord.plugin.money import exponent
from raccord.sync.lines.paying import as_paid, asked_in
from raccord.sync.lines.unmet import as_answered

TREATMENT = "treatment"
"""Under this name it stands among a draft's decisions."""
OTHER_SIDE = "other_side"
"""Under this name a line that is the other side of a transfer names the line that posts it."""
BY_PERSON, BY_SUGGESTION, BY_RULE = "person", "suggestion", "rule:"
PARTS_MAX = 50
NUMBER_MAX = 21
"""Letters of a document's number in QuickBooks."""
_OF = "of"


class Treated(StrEnum):
    """What a line becomes."""

    CATEGORY = "category"
    """One account."""
    SPLIT = "split"
    """Several parts, each with an account of its own."""
    TRANSFER = "transfer"
    """Money moved to or from another of the company's own accounts."""
    PERSONAL = "personal"
    """The owner's own: what is drawn, contributed or owed to the owner."""
    EXCLUDE = "exclude"
    """Nothing for the books."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of a line, by ids of QuickBooks' objects; without an amount, what the other parts leave of the line.

    Amounts have the line's own direction: one that goes against it (a fee taken from a payment) is negative.
    """

    account: str
    amount: Decimal | None = None
    tax_code: str = ""
    """The amount holds this tax; of money received, the purchase tax that comes back with a cost."""
    class_id: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """What a line is; ``origin`` is ``person``, ``suggestion`` or ``rule:<id>``, and ``why`` is told with it."""

    kind: Treated
    parts: tuple[Part, ...] = ()
    party_kind: str = ""
    """``Vendor``, ``Customer`` or ``Employee``."""
    party_id: str = ""
    location_id: str = ""
    other_account: str = ""
    """Of a transfer: where the money went, or came from."""
    payment_type: PaymentType | None = None
    """Of money spent from a bank account: cash unless it is a cheque."""
    number: str = ""
    """Of a cheque: its number, which becomes the document's own."""
    origin: str = BY_PERSON
    why: str = ""


_TREATMENT: TypeAdapter[Treatment] = TypeAdapter(Treatment)


class UnfitTreatment(Exception):  # noqa: N818 - says what does not fit, for whoever asked
    """Raised where a treatment cannot be of a line; ``code`` is the reason in a word, ``params`` what it is about."""

    def __init__(self, code: str, **params: str | Decimal) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


def dump_treatment(treatment: Treatment, draft: Deposit | Expense) -> dict[str, Any]:
    """Return what a draft's decisions say of a treatment: it counts while the line says the same of its money.

    Raises ``UnfitTreatment`` for what the line cannot become.
    """
    if treatment.kind is not Treated.EXCLUDE:
        treated(draft, treatment)
        unit = Decimal(1).scaleb(-exponent(draft.currency))
        if any(part.amount is not None and part.amount % unit for part in treatment.parts):
            raise UnfitTreatment("fraction")
    said = _TREATMENT.dump_python(treatment, mode="json", exclude_defaults=True)
    return {**said, "kind": str(treatment.kind), _OF: moved(draft)}


def load_treatment(decisions: Mapping[str, Any]) -> Treatment | None:
    """Return the treatment among a draft's decisions, if there is one."""
    said = decisions.get(TREATMENT)
    if not isinstance(said, Mapping):
        return None
    return _TREATMENT.validate_python({name: value for name, value in said.items() if name != _OF})


def as_treated(decisions: Mapping[str, Any], draft: Draft) -> Draft:
    """Return a bank line's draft as the document that it was said to be.

    Where the source says another amount or direction since, what was said means nothing any more.
    """
    treatment = load_treatment(decisions)
    if treatment is None:
        return as_answered(decisions, as_paid(decisions, draft))
    asked = treatable(draft)
    if asked is None or treatment.kind is Treated.EXCLUDE or decisions[TREATMENT].get(_OF) != moved(asked):
        return draft
    return treated(asked, treatment)


def treatable(draft: Draft) -> Deposit | Expense | None:
    """Return the draft if it is money on a bank or card account of which somebody has to say what it was for."""
    return draft if isinstance(draft, Deposit | Expense) and asked_in(draft) is not None else None


def arrives(draft: Deposit | Expense) -> bool:
    """Tell whether a line brings money into its account."""
    return isinstance(draft, Deposit) or draft.credit


def treated(draft: Deposit | Expense, treatment: Treatment) -> Draft:
    """Return the document that a line becomes; raises ``UnfitTreatment`` for what it cannot."""
    if treatment.kind is Treated.TRANSFER:
        return _moved(draft, treatment)
    parts = shares(treatment.parts, draft.total, draft.currency)
    if isinstance(draft, Deposit):
        return _received(draft, treatment, parts)
    taxed = any(part.tax_code for part in parts)
    own = draft.lines[0].tax_code
    return replace(
        draft,
        lines=tuple(
            ExpenseLine(
                account=LedgerId(part.account, "Account"),
                amount=part.amount or Decimal(0),
                description=part.description or draft.memo,
                tax_code=LedgerId(part.tax_code, "TaxCode") if part.tax_code else own,
                class_=LedgerId(part.class_id, "Class") if part.class_id else None,
            )
            for part in parts
        ),
        tax_mode=TaxMode.INCLUSIVE if taxed else draft.tax_mode,
        payee=_party(treatment) or draft.payee,
        payment_type=_payment_type(draft, treatment),
        number=_cheque_number(draft, treatment) or draft.number,
        location=LedgerId(treatment.location_id, "Department") if treatment.location_id else draft.location,
    )


def shares(parts: tuple[Part, ...], total: Decimal, currency: str) -> tuple[Part, ...]:
    """Return the parts with their amounts, which come to ``total``; raises ``UnfitTreatment`` where they do not."""
    if not parts or len(parts) > PARTS_MAX:
        raise UnfitTreatment("parts", most=str(PARTS_MAX))
    said = sum((part.amount for part in parts if part.amount is not None), Decimal(0))
    # A yen has no cents: what was said of one with them, before that was refused, is read as it stands.
    unit = Decimal(1).scaleb(-max(exponent(currency), 2))
    open_ones = [place for place, part in enumerate(parts) if part.amount is None]
    if len(open_ones) > 1:
        raise UnfitTreatment("two_rests")
    if any(part.amount is not None and part.amount % unit for part in parts):
        raise UnfitTreatment("fraction")
    found = tuple(replace(part, amount=total - said) if part.amount is None else part for part in parts)
    comes_to = sum((part.amount or Decimal(0) for part in found), Decimal(0))
    if comes_to != total or not all(part.amount for part in found):
        raise UnfitTreatment("sum", total=total, said=said)
    return found


def moved(draft: Deposit | Expense) -> str:
    """Return a line's amount with its direction, and where it moved."""
    # A cheque leaves the account as any other money does: what was said of a line counts on where it becomes one.
    paid = {PaymentType.CHECK: PaymentType.CASH}
    where = "bank" if isinstance(draft, Deposit) else paid.get(draft.payment_type, draft.payment_type)
    return f"{'+' if arrives(draft) else '-'}{draft.total:f} {draft.currency} {where}"


def _moved(draft: Deposit | Expense, treatment: Treatment) -> Transfer:
    other = LedgerId(treatment.other_account, "Account")
    arriving = arrives(draft)
    own = draft.bank if isinstance(draft, Deposit) else draft.paid_from
    return Transfer(
        key=draft.key,
        day=draft.day,
        currency=draft.currency,
        source=other if arriving else own,
        target=own if arriving else other,
        total=draft.total,
        memo=draft.memo,
        exchange_rate=draft.exchange_rate,
        arriving=arriving,
    )


def _received(draft: Deposit, treatment: Treatment, parts: tuple[Part, ...]) -> Deposit:
    if treatment.payment_type is not None or treatment.number:
        raise UnfitTreatment("payment_type")
    return replace(
        draft,
        lines=tuple(
            DirectLine(
                account=LedgerId(part.account, "Account"),
                amount=part.amount or Decimal(0),
                description=part.description or draft.memo,
                entity=_party(treatment),
                class_=LedgerId(part.class_id, "Class") if part.class_id else None,
                tax_code=LedgerId(part.tax_code, "TaxCode") if part.tax_code else None,
            )
            for part in parts
        ),
        tax_mode=TaxMode.INCLUSIVE if any(part.tax_code for part in parts) else draft.tax_mode,
        location=LedgerId(treatment.location_id, "Department") if treatment.location_id else None,
    )


def _payment_type(draft: Expense, treatment: Treatment) -> PaymentType:
    said = treatment.payment_type
    if said is None or said is draft.payment_type:
        return draft.payment_type
    if PaymentType.CARD in (said, draft.payment_type):
        raise UnfitTreatment("payment_type")
    return said


def _cheque_number(draft: Expense, treatment: Treatment) -> str:
    number = treatment.number.strip()
    if number and _payment_type(draft, treatment) is not PaymentType.CHECK:
        raise UnfitTreatment("payment_type")
    if len(number) > NUMBER_MAX or not number.isprintable():
        raise UnfitTreatment("cheque_number", most=str(NUMBER_MAX))
    return number


def _party(treatment: Treatment) -> LedgerId | None:
    return LedgerId(treatment.party_id, treatment.party_kind) if treatment.party_id else None
