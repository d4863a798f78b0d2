"""Rules on drafts: they balance to the cent, by the roles that the manifest declares and links that lead somewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import fields, is_dataclass
from decimal import ROUND_HALF_UP, Decimal

from raccord.plugin.drafts import (
    BillPayment,
    Draft,
    JournalEntry,
    MoneyDraft,
    Payment,
    Role,
    Side,
    StatedTax,
    TaxMode,
    Transfer,
    links_in,
)
from raccord.plugin.hooks import Mapped, Skipped
from raccord.plugin.money import exponent
from raccord.plugin.testing.kit.applying import standing
from raccord.plugin.testing.kit.mapping import drafts, money_drafts, ways
from raccord.plugin.testing.kit.rules import NotConcerned, check
from raccord.plugin.testing.kit.subject import Subject

_WITHOUT_LINES = (JournalEntry, Transfer, Payment, BillPayment)


@check("draft.lines")
def _lines(subject: Subject) -> Iterator[str]:
    for draft in _with_lines(subject):
        lines = _sum(draft)
        if _tax_mode(draft) is TaxMode.EXCLUSIVE and not _taxes(draft):
            continue  # QuickBooks computes the tax; the total is held against its answer.
        if _tax_mode(draft) is not TaxMode.EXCLUSIVE and lines != _total(draft):
            yield f"{draft.key}: {lines} ≠ {_total(draft)}"


@check("draft.quantities")
def _quantities(subject: Subject) -> Iterator[str]:
    counted = 0
    for _, draft in money_drafts(subject):
        cent = Decimal(1).scaleb(-exponent(draft.currency))
        for number, line in enumerate(getattr(draft, "lines", ()), start=1):
            quantity, price = getattr(line, "quantity", None), getattr(line, "unit_price", None)
            if quantity is None or price is None:
                continue
            counted += 1
            if (quantity * price).quantize(cent, ROUND_HALF_UP) != line.amount:
                yield f"{draft.key} [{number}]: {quantity} × {price} ≠ {line.amount}"
    if not counted:
        raise NotConcerned


@check("draft.taxes")
def _tax_totals(subject: Subject) -> Iterator[str]:
    taxed = [draft for draft in _with_lines(subject) if _taxes(draft)]
    if not taxed:
        raise NotConcerned
    for draft in taxed:
        taxes = sum((each.amount for each in _taxes(draft)), Decimal(0))
        match _tax_mode(draft):
            case TaxMode.NONE:
                yield f"{draft.key}: tax_mode=none, taxes={taxes}"
            case TaxMode.EXCLUSIVE if _sum(draft) + taxes != _total(draft):
                yield f"{draft.key}: exclusive, lines {_sum(draft)} + taxes {taxes} ≠ total {_total(draft)}"
            case TaxMode.INCLUSIVE if abs(taxes) >= _turnover(draft):
                # A receipt may come to zero (a gift card pays for all): the tax is held against what was sold.
                yield f"{draft.key}: inclusive, taxes {taxes} ≥ lines {_turnover(draft)}"
            case _:
                pass


@check("draft.tax_code")
def _tax_codes(subject: Subject) -> Iterator[str]:
    answers = [*subject.mapped_taxed, *(subject.mapped_later if subject.trial.taxed else ())]
    mapped = [answer.answer for _, answer in answers if isinstance(answer.answer, Mapped)]
    taxed = [draft for each in mapped for draft in each.drafts if any(tax.amount for tax in _taxes(draft))]
    if not taxed:
        raise NotConcerned
    for draft in taxed:
        if not any(getattr(line, "tax_code", None) is not None for line in getattr(draft, "lines", ())):
            yield draft.key


@check("draft.journal")
def _journal(subject: Subject) -> Iterator[str]:
    for _, draft in money_drafts(subject):
        if isinstance(draft, JournalEntry):
            balance = sum(
                (each.amount if each.side is Side.DEBIT else -each.amount for each in draft.lines), Decimal(0)
            )
            if balance or not any(each.account == draft.money for each in draft.lines):
                yield f"{draft.key}: {balance}"


@check("draft.cents")
def _cents(subject: Subject) -> Iterator[str]:
    for _, draft in money_drafts(subject):
        cent = Decimal(1).scaleb(-exponent(draft.currency))
        lines = [each.amount for each in getattr(draft, "lines", ())]
        for amount in (*lines, getattr(draft, "total", Decimal(0))):
            if not isinstance(amount, Decimal) or amount != amount.quantize(cent):
                yield f"{draft.key}: {amount}"


@check("draft.signs")
def _signs(subject: Subject) -> Iterator[str]:
    for _, draft in money_drafts(subject):
        if isinstance(draft, JournalEntry):
            if any(each.amount < 0 for each in draft.lines):
                yield draft.key
        elif draft.total < 0:
            yield f"{draft.key}: {draft.total}"


@check("draft.roles")
def _roles(subject: Subject) -> Iterator[str]:
    known = {each.name for each in subject.info.roles}
    for draft in drafts(subject):
        for name in sorted(set(_roles_in(draft)) - known):
            yield f"{draft.key}: {name}"


@check("draft.links")
def _links(subject: Subject) -> Iterator[str]:
    made = [draft for _, _, each in ways(subject) if isinstance(each.answer, Mapped) for draft in each.answer.drafts]
    void = {record.key() for _, record, each in ways(subject) if _is_taken_back(each.answer)}
    void |= {record.key() for record, each in subject.mapped_later if _is_taken_back(each.answer)}
    yield from (f"{draft.key}: {key}" for draft, key in _leading_nowhere(made, void))
    yield from (f"later: {draft.key}: {key}" for draft, key in _leading_nowhere(standing(subject), void))


def _leading_nowhere(drafts: Sequence[Draft], void: Set[str]) -> Iterator[tuple[Draft, str]]:
    """Yield what a draft names that is none of these; a payment may be on an invoice that was void when it was first
    read: core makes no document of that and asks what becomes of the payment.
    """
    there = {draft.key for draft in drafts}
    for draft in drafts:
        asked = void if isinstance(draft, Payment) else frozenset[str]()
        yield from ((draft, key) for key in links_in(draft) if key not in there and key not in asked)


def _is_taken_back(answer: object) -> bool:
    return isinstance(answer, Skipped) and answer.takes_back


def _with_lines(subject: Subject) -> Iterator[MoneyDraft]:
    for _, draft in money_drafts(subject):
        if not isinstance(draft, _WITHOUT_LINES):
            yield draft


def _sum(draft: Draft) -> Decimal:
    lines = sum((each.amount for each in getattr(draft, "lines", ())), Decimal(0))
    discount = getattr(draft, "discount", None)
    return lines - (discount.amount if discount is not None else 0)


def _turnover(draft: Draft) -> Decimal:
    """Return what the lines of the greater sign come to."""
    amounts: list[Decimal] = [each.amount for each in getattr(draft, "lines", ())]
    sold, given = (sum((each for each in amounts if sign * each > 0), Decimal(0)) for sign in (1, -1))
    return max(abs(sold), abs(given), Decimal("0.01"))


def _total(draft: Draft) -> Decimal:
    total: Decimal = getattr(draft, "total", Decimal(0))
    return total


def _tax_mode(draft: Draft) -> TaxMode:
    return getattr(draft, "tax_mode", TaxMode.NONE)


def _taxes(draft: Draft) -> tuple[StatedTax, ...]:
    return getattr(draft, "taxes", ())


def _roles_in(value: object) -> Iterator[str]:
    if isinstance(value, Role):
        yield value.name
    elif isinstance(value, tuple):
        for each in value:
            yield from _roles_in(each)
    elif is_dataclass(value) and not isinstance(value, type):
        for each in fields(value):
            yield from _roles_in(getattr(value, each.name))
