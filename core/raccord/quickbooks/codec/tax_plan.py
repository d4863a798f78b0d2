"""Which tax code each line bears, what its net is, and what the header says of tax, by the company's tax model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TypeVar

from raccord.plugin.drafts import (
    Bill,
    CreditMemo,
    Deposit,
    DirectLine,
    Expense,
    ExpenseLine,
    Invoice,
    RefundReceipt,
    SalesLine,
    SalesReceipt,
    TaxMode,
    VendorCredit,
)
from raccord.plugin.texts import figures
from raccord.quickbooks.codec.amounts import TOLERANCE, ZERO, added, cents, must_add_up, plain, total_differs, total_of
from raccord.quickbooks.codec.errors import EncodeError
from raccord.quickbooks.codec.facts import TaxRate
from raccord.quickbooks.codec.json_text import Json, JsonObject
from raccord.quickbooks.codec.sheet import Sheet, must_have_lines
from raccord.quickbooks.codec.tax import (
    CodedAmount,
    RateTax,
    Split,
    add_tax,
    booked_nets,
    stated_differs,
    take_tax_out,
    tax_on,
)

Rates = Mapping[str, tuple[TaxRate, ...]]
Sale = SalesReceipt | RefundReceipt | Invoice | CreditMemo
Bought = Expense | Bill | VendorCredit
_LINES_WITH_TAX = 750
_LINES = 10_000
_Line = TypeVar("_Line", SalesLine, ExpenseLine, DirectLine)


@dataclass(frozen=True, slots=True)
class TaxPlan:
    """Nets and codes line by line (an empty code is not sent), ``gross`` only where the price holds the tax."""

    nets: tuple[Decimal, ...]
    codes: tuple[str, ...]
    tax: Decimal = ZERO
    gross: tuple[Decimal, ...] = ()
    header: JsonObject = field(default_factory=dict)
    discount: Decimal = ZERO
    booked: tuple[Decimal, ...] = ()
    """Where QuickBooks takes the tax out by itself: the nets it will post, a cent away from ours now and then."""

    def detail(self, place: int) -> JsonObject:
        """Return the tax properties of one line's detail."""
        found: JsonObject = {"TaxCodeRef": {"value": self.codes[place]}} if self.codes[place] else {}
        if self.gross:
            found["TaxInclusiveAmt"] = self.gross[place]
        return found


def tax_of_sale(draft: Sale, sheet: Sheet) -> TaxPlan:
    """Plan the tax of a sale or refund so that QuickBooks' total is the draft's, else :class:`EncodeError`."""
    discount = _discount(draft)
    if sheet.facts.taxed:
        return replace(_by_code(draft, draft.lines, sheet, sheet.facts.tax_codes, discount), discount=discount)
    return replace(_united_states(draft, sheet, discount), discount=discount)


def tax_of_expense(draft: Bought, sheet: Sheet) -> TaxPlan:
    """Plan the tax of an expense, bill or vendor credit; in the United States it is part of the cost."""
    if sheet.facts.taxed:
        return _by_code(draft, draft.lines, sheet, sheet.facts.purchase_codes)
    amounts = _amounts(draft.lines, draft.currency, _LINES)
    must_add_up(amounts, total_of(draft.total, draft.currency))
    return TaxPlan(amounts, ("",) * len(amounts))


def tax_of_deposit(draft: Deposit, lines: Sequence[DirectLine], sheet: Sheet) -> TaxPlan | None:
    """Plan the tax that comes back with a deposit for costs; nothing where it bears none, or is part of the cost.

    Prices go without tax, as QuickBooks' deposits keep no amount that holds it.
    """
    if draft.tax_mode is TaxMode.NONE or not sheet.facts.taxed:
        return None
    if len(lines) != len(draft.lines):
        raise EncodeError(
            "encoding.tax_on_linked",
            "Un dépôt qui relie des documents ne porte pas de taxe : elle est dans ces documents.",
            "A deposit that links documents bears no tax: it is in those documents.",
            "tax_mode",
        )
    plan = _by_code(draft, lines, sheet, sheet.facts.purchase_codes)
    return replace(plan, gross=(), booked=(), header={**plan.header, "GlobalTaxCalculation": "TaxExcluded"})


def _amounts(lines: Sequence[_Line], currency: str, limit: int) -> tuple[Decimal, ...]:
    must_have_lines(len(lines), limit)
    return tuple(cents(line.amount, currency, f"lines[{place}].amount") for place, line in enumerate(lines))


def _discount(draft: Sale) -> Decimal:
    """Return the discount of a document, which lies between nothing and the sum of its lines."""
    if draft.discount is None:
        return ZERO
    amount = cents(draft.discount.amount, draft.currency, "discount")
    if not ZERO <= amount <= added(line.amount for line in draft.lines):
        said = figures(amount)
        raise EncodeError(
            "encoding.discount_unfit",
            f"Le rabais de {said.fr} {draft.currency} est négatif ou dépasse les lignes. Corrigez-le dans la source.",
            f"The discount of {said.en} {draft.currency} is negative or more than the lines. Correct it in the source.",
            "discount",
        )
    if amount and draft.tax_mode is TaxMode.INCLUSIVE:
        raise EncodeError(
            "encoding.discount_inclusive",
            "QuickBooks calcule un rabais sur les montants hors taxe : la source doit livrer les prix sans taxe.",
            "QuickBooks counts a discount on amounts without tax: the source must deliver prices without tax.",
            "discount",
        )
    return amount


def _stated(draft: Sale | Bought | Deposit) -> dict[Decimal, Decimal]:
    found: dict[Decimal, Decimal] = {}
    for place, each in enumerate(draft.taxes):
        amount = cents(each.amount, draft.currency, f"taxes[{place}].amount")
        found[each.percent] = found.get(each.percent, ZERO) + amount
    return found


def _must_state(draft: Sale | Bought | Deposit, tax: Decimal) -> None:
    stated = added(_stated(draft).values())
    if draft.taxes and stated != tax:
        raise stated_differs("", stated, tax)


def _by_code(
    draft: Sale | Bought | Deposit,
    lines: Sequence[_Line],
    sheet: Sheet,
    table: Rates,
    discount: Decimal = ZERO,
) -> TaxPlan:
    """Plan the tax of a company that has a tax code on every line."""
    amounts: tuple[Decimal, ...] = _amounts(lines, draft.currency, _LINES_WITH_TAX)
    total = total_of(draft.total, draft.currency)
    codes = _codes(lines, sheet)
    if draft.tax_mode is TaxMode.NONE:
        must_add_up((*amounts, -discount), total)
        _must_state(draft, ZERO)
        return _without_tax(amounts, codes, table)
    coded = []
    for place, (amount, code) in enumerate(zip(amounts, codes, strict=True)):
        if not code:
            raise _code_missing(place)
        coded.append(CodedAmount(amount, code, _rates_of(code, table, sheet.facts.exempt_code, place)))
    if draft.tax_mode is TaxMode.EXCLUSIVE:
        split = add_tax(coded, total, discount, _stated(draft))
        return TaxPlan(split.nets, codes, split.tax, header=_header("TaxExcluded", split))
    must_add_up(amounts, total)
    split = take_tax_out(coded, total, _stated(draft))
    booked = () if split.explicit else booked_nets(coded)
    header = _header("TaxInclusive", split)
    return TaxPlan(split.nets, codes, split.tax, amounts, header, booked=booked)


def _codes(lines: Sequence[_Line], sheet: Sheet) -> tuple[str, ...]:
    return tuple(
        sheet.facts.exempt_code if line.tax_code is None else sheet.id(line.tax_code, f"lines[{place}].tax_code")
        for place, line in enumerate(lines)
    )


def _without_tax(amounts: tuple[Decimal, ...], codes: tuple[str, ...], table: Rates) -> TaxPlan:
    """Plan amounts that hold no tax; a code that takes some would make QuickBooks add it."""
    for place, code in enumerate(codes):
        if any(rate.percent for rate in table.get(code, ())):
            raise _tax_unexpected(place)
    if not any(codes):
        return TaxPlan(amounts, codes, header={"GlobalTaxCalculation": "NotApplicable"})
    if not all(codes):
        raise _code_missing(codes.index(""))
    return TaxPlan(amounts, codes, header={"GlobalTaxCalculation": "TaxExcluded"})


def _rates_of(code: str, table: Rates, exempt_code: str, place: int) -> tuple[TaxRate, ...]:
    if code in table:
        return table[code]
    if code == exempt_code:
        return ()
    raise EncodeError(
        "encoding.tax_code_unknown",
        f"Le code de taxe {code} de la ligne {place + 1} n'existe pas ou n'est plus actif pour ce genre de document. "
        "Choisissez-en un autre.",
        f"The tax code {code} of line {place + 1} does not exist or is not active for this kind of document. "
        "Choose another one.",
        f"lines[{place}].tax_code",
    )


def _code_missing(place: int) -> EncodeError:
    return EncodeError(
        "encoding.tax_code_missing",
        f"La ligne {place + 1} n'a pas de code de taxe, et la société n'a pas de code exonéré. "
        "Choisissez le code de taxe.",
        f"Line {place + 1} has no tax code, and the company has no exempt code. Choose the tax code.",
        f"lines[{place}].tax_code",
    )


def _tax_unexpected(place: int) -> EncodeError:
    return EncodeError(
        "encoding.tax_unexpected",
        f"La ligne {place + 1} ne porte aucune taxe, mais son code de taxe en ajouterait. "
        "Choisissez un code exonéré, ou indiquez que le montant comprend la taxe.",
        f"Line {place + 1} holds no tax, but its tax code would add some. "
        "Choose an exempt code, or say that the amount includes tax.",
        f"lines[{place}].tax_code",
    )


def _header(mode: str, split: Split) -> JsonObject:
    header: JsonObject = {"GlobalTaxCalculation": mode}
    if split.explicit:
        lines: list[Json] = [_tax_line(tax) for tax in split.taxes]
        header["TxnTaxDetail"] = {"TotalTax": split.tax, "TaxLine": lines}
    return header


def _tax_line(tax: RateTax) -> JsonObject:
    return {
        "Amount": tax.amount,
        "DetailType": "TaxLineDetail",
        "TaxLineDetail": {
            "TaxRateRef": {"value": tax.rate.id},
            "PercentBased": True,
            "TaxPercent": plain(tax.rate.percent),
            "NetAmountTaxable": tax.net,
        },
    }


def _united_states(draft: Sale, sheet: Sheet, discount: Decimal) -> TaxPlan:
    """Plan lines marked TAX or NON with the tax of the source as it stands: never let QuickBooks compute it anew.

    A code other than these two is a group of rates, which the header bears.
    """
    amounts = _amounts(draft.lines, draft.currency, _LINES)
    total = total_of(draft.total, draft.currency)
    chosen = tuple(
        "NON" if line.tax_code is None else sheet.id(line.tax_code, f"lines[{place}].tax_code")
        for place, line in enumerate(draft.lines)
    )
    groups = sorted({code for code in chosen if code not in ("TAX", "NON")})
    codes = tuple("NON" if code == "NON" else "TAX" for code in chosen)
    if len(groups) > 1:
        raise EncodeError(
            "encoding.tax_groups_mixed",
            "QuickBooks n'accepte aux États-Unis qu'un taux de taxe par document. Divisez-le par taux dans la source.",
            "In the United States QuickBooks takes one tax rate per document. Split it by rate in the source.",
            "lines",
        )
    group = groups[0] if groups else "TAX"
    rates = sheet.facts.tax_codes.get(group) or None  # QuickBooks lists TAX itself, without rates
    if draft.tax_mode is TaxMode.EXCLUSIVE:
        tax = total - added(amounts) + discount
        nets = amounts
        _must_be_likely(tax, total, (*amounts, -discount), (*codes, "TAX" if "TAX" in codes else "NON"), rates)
    else:
        must_add_up((*amounts, -discount), total)
        nets = _nets_of_gross(draft, amounts, codes, rates)
        tax = total - added(nets) + discount
    _must_state(draft, tax)
    header: JsonObject = {}
    if "TAX" in codes:
        code: JsonObject = {"TxnTaxCodeRef": {"value": group}} if groups else {}
        header = {"TxnTaxDetail": {**code, "TotalTax": tax}}
        if discount:
            header["ApplyTaxAfterDiscount"] = True
    return TaxPlan(nets, codes, tax, header=header)


def _must_be_likely(
    tax: Decimal, total: Decimal, amounts: Sequence[Decimal], codes: Sequence[str], rates: tuple[TaxRate, ...] | None
) -> None:
    """Refuse a tax that has no taxable line, is negative, or is not what a known rate takes."""
    taxable = added(amount for amount, code in zip(amounts, codes, strict=True) if code == "TAX")
    expected = tax if rates is None else tax_on(taxable, rates)
    if tax < 0 or (tax and "TAX" not in codes) or abs(tax - expected) > TOLERANCE:
        raise total_differs(added(amounts) + (ZERO if "TAX" not in codes else max(expected, ZERO)), total)


def _nets_of_gross(
    draft: Sale, amounts: tuple[Decimal, ...], codes: Sequence[str], rates: tuple[TaxRate, ...] | None
) -> tuple[Decimal, ...]:
    if "TAX" not in codes:
        return amounts
    place = codes.index("TAX")
    if draft.tax_mode is TaxMode.NONE:
        raise _tax_unexpected(place)
    if rates is None:
        raise EncodeError(
            "encoding.tax_rate_unknown",
            f"Le montant de la ligne {place + 1} comprend une taxe dont le taux n'est pas connu. Choisissez un taux, "
            "ou faites livrer le montant sans taxe.",
            f"The amount of line {place + 1} includes a tax of unknown rate. Choose a rate, or have the amount "
            "delivered without tax.",
            f"lines[{place}].tax_code",
        )
    lines = [
        CodedAmount(amount, code, rates if code == "TAX" else ()) for amount, code in zip(amounts, codes, strict=True)
    ]
    return take_tax_out(lines, added(amounts)).nets
