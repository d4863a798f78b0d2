"""The tax of each kind of document: sales forms, expenses, deposits and journal entries."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from raccord_sandbox.keeping.company import Work
from raccord_sandbox.refusing.faults import Doc, FaultError, business, missing
from raccord_sandbox.tax import united_states
from raccord_sandbox.tax.by_code import (
    Computed,
    RateTotal,
    compute,
    keep_sent,
    postings,
    require_codes,
    take_tax_out,
    tax_line,
)
from raccord_sandbox.tax.lines import CENTS, ZERO, Side, TaxableLine, Taxes, rounded, spread
from raccord_sandbox.tax.rates import bases, uses_of


def price_without_tax(work: Work, new: Doc, lines: Sequence[TaxableLine], old: Doc | None = None) -> None:
    """Turn prices that include tax into nets, so that a discount on the whole document counts on nets."""
    if work.company.is_us or not is_used(work) or new.get("GlobalTaxCalculation") != "TaxInclusive":
        return
    require_codes(work, lines, old)
    take_tax_out(work, lines)


def tax_sale(
    work: Work,
    new: Doc,
    lines: Sequence[TaxableLine],
    discount: Decimal = ZERO,
    *,
    old: Doc | None = None,
    resent: bool = True,
) -> Taxes:
    """Compute the tax of a sales form and put the codes and nets on its lines.

    `resent` is false in an update that names no tax: then a stored total counts only if it was overridden before.
    """
    if work.company.is_us:
        return united_states.sale(work, new, lines, discount, resent=resent)
    return _by_code(work, new, lines, discount, old)


def tax_purchase(work: Work, new: Doc, lines: Sequence[TaxableLine], *, old: Doc | None = None) -> Taxes:
    """Compute the tax of an expense, bill or vendor credit; the United States have none."""
    if work.company.is_us:
        return united_states.purchase(new, lines)
    return _by_code(work, new, lines, ZERO, old)


def tax_deposit(work: Work, new: Doc, lines: Sequence[TaxableLine], *, old: Doc | None = None) -> Taxes:
    """Compute the tax of a deposit's direct lines; those without a code, and all in the United States, have none."""
    coded = [item for item in lines if "TaxCodeRef" in item.detail]
    if work.company.is_us or not coded or not is_used(work):
        new.pop("TxnTaxDetail", None)
        return Taxes()
    return _by_code(work, new, coded, ZERO, old)


def tax_journal(work: Work, new: Doc, lines: Sequence[TaxableLine], *, old: Doc | None = None) -> Taxes:
    """Take the tax of journal lines as it is stated: in `TxnTaxDetail`, else by `TaxAmount`, credits negative."""
    coded = [item for item in lines if _is_taxed(item.detail)]
    sent: Doc | None = new.pop("TxnTaxDetail", None)
    if not coded or not is_used(work):
        return Taxes(CENTS, {})
    if work.company.is_us:
        if any(item.detail["TaxAmount"] for item in coded):
            raise FaultError(5030, "Feature Not Supported Error : no tax on journal lines in this country", "TaxAmount")
        return Taxes(CENTS, {})
    mode = new.setdefault("GlobalTaxCalculation", "TaxExcluded")
    if mode == "NotApplicable":
        _refuse_detail(sent)
        return Taxes(CENTS, {})
    if mode == "TaxInclusive" and work.company.settings["country"] == "AU":
        for item in coded:
            if "TaxInclusiveAmt" not in item.detail:
                raise missing("TaxInclusiveAmt")
    require_codes(work, coded, old)
    computed = _stated(work, coded) if not (sent or {}).get("TaxLine") else _sent(work, coded, sent or {})
    return Taxes(computed.total, {"TotalTax": computed.total, "TaxLine": computed.lines}, postings(work, computed))


def is_used(work: Work) -> bool:
    """Tell whether the company has set up tax at all."""
    return bool((work.get("Preferences", "1") or {}).get("TaxPrefs", {}).get("UsingSalesTax", False))


def _by_code(work: Work, new: Doc, lines: Sequence[TaxableLine], discount: Decimal, old: Doc | None) -> Taxes:
    mode = new.setdefault("GlobalTaxCalculation", "TaxExcluded")
    sent: Doc | None = new.pop("TxnTaxDetail", None)
    if mode == "NotApplicable" or not is_used(work):
        if mode == "NotApplicable":
            _refuse_detail(sent)
        for item in lines:
            item.detail.pop("TaxCodeRef", None)
            item.detail.pop("TaxInclusiveAmt", None)
        return Taxes()
    require_codes(work, lines, old)
    subtotal = sum((item.line["Amount"] for item in lines if item.discounted), ZERO)
    share = Decimal(1) if not subtotal else (subtotal - discount) / subtotal
    computed = compute(work, lines, mode, share)
    if sent:
        tolerance = Decimal(work.company.switch("tax_tolerance"))
        keep_sent(computed, sent, tolerance, inclusive=mode == "TaxInclusive" and share == 1)
    detail = {"TotalTax": computed.total, "TaxLine": computed.lines}
    return Taxes(computed.total, detail, postings(work, computed))


def _refuse_detail(sent: Doc | None) -> None:
    if sent:
        text = "TxnTaxDetail is not allowed with GlobalTaxCalculation NotApplicable"
        raise FaultError(6170, text, "TxnTaxDetail")


def _is_taxed(detail: Doc) -> bool:
    if "TaxCodeRef" not in detail:
        return False
    if "TaxApplicableOn" not in detail:
        raise FaultError(2270, "TaxApplicableOn is required with a tax code", "TaxApplicableOn")
    if "TaxAmount" not in detail:
        raise FaultError(2280, "TaxAmount is required with a tax code", "TaxAmount")
    return True


def _sign(item: TaxableLine) -> int:
    return 1 if item.detail["PostingType"] == "Debit" else -1


def _stated(work: Work, lines: Sequence[TaxableLine]) -> Computed:
    """Share the tax amount of each line out over the rates of its code."""
    found: dict[tuple[str, Side], RateTotal] = {}
    for item in lines:
        uses = uses_of(work, item.detail["TaxCodeRef"]["value"], item.side)
        on = bases(item.line["Amount"], uses)
        amounts = [rounded(base * use.part) for use, base in zip(uses, on, strict=True)]
        if not uses:
            continue
        if item.detail["TaxAmount"] != sum(amounts, CENTS):
            weights = amounts if sum(amounts, ZERO) else [use.part for use in uses]
            amounts = spread(item.detail["TaxAmount"], weights)
        for use, base, amount in zip(uses, on, amounts, strict=True):
            one = found.setdefault((use.id, item.side), RateTotal(use, item.side))
            one.net += _sign(item) * base
            one.amount = (one.amount or CENTS) + _sign(item) * amount
            one.lines.append(item)
    rates = list(found.values())
    return Computed([tax_line(one.use.rate, rounded(one.net), one.total()) for one in rates], rates)


def _sent(work: Work, lines: Sequence[TaxableLine], sent: Doc) -> Computed:
    """Take the tax lines as they are: only rates of the codes in use may stand there."""
    known = {(one.use.id): one for one in _stated(work, lines).rates}
    rates, tax_lines = [], []
    for line in sent["TaxLine"]:
        detail: Doc = line.get("TaxLineDetail", {})
        if "TaxRateRef" not in detail or "Amount" not in line:
            raise missing("TaxLine.Amount" if "TaxRateRef" in detail else "TaxRateRef")
        one = known.get(detail["TaxRateRef"]["value"])
        if one is None:
            raise business("The tax rate is not one of the rates of the tax codes in use.", "TaxRateRef")
        rates.append(one)
        tax_lines.append({**line, "DetailType": "TaxLineDetail"})
    return Computed(tax_lines, rates)
