"""Sales and purchase tax: the United States with a sent total, elsewhere by code and rate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from raccord_sandbox.company import Work
from raccord_sandbox.faults import Doc, FaultError, business
from raccord_sandbox.schema import MONEY, Block, Choice, Day, Flag, Line, Many, Number, Property, Ref, fitted

PSEUDO_CODES = frozenset({"TAX", "NON"})
ZERO = Decimal(0)
CENTS = Decimal("0.00")
MAX_TAXED_LINES = 750
MISSING_CODE = {
    "CA": "Make sure all your transactions have a GST/HST rate before you save.",
    "GB": "Make sure all your transactions have a VAT rate before you save.",
}

TAX_PROPERTIES: Mapping[str, Property] = {
    "GlobalTaxCalculation": Choice(("TaxExcluded", "TaxInclusive", "NotApplicable")),
    "TxnTaxDetail": Block(
        {
            "TxnTaxCodeRef": Ref(("TaxCode",)),
            "TotalTax": MONEY,
            "TaxLine": Many(
                Line(
                    {
                        "TaxLineDetail": Block(
                            {
                                "TaxRateRef": Ref(("TaxRate",)),
                                "PercentBased": Flag(),
                                "TaxPercent": Number(),
                                "NetAmountTaxable": MONEY,
                                "TaxInclusiveAmount": MONEY,
                                "OverrideDeltaAmount": MONEY,
                                "ServiceDate": Day(),
                            }
                        )
                    }
                )
            ),
        },
        frozenset({"UseAutomatedSalesTax", "TaxReviewStatus"}),
    ),
}


@dataclass(frozen=True, slots=True)
class TaxableLine:
    """A line with the detail that holds its tax code; both are changed where the price includes tax."""

    line: Doc
    detail: Doc


@dataclass(slots=True)
class Taxes:
    """The outcome: the total, the block to store, and what each liability account receives."""

    total: Decimal = CENTS
    detail: Doc | None = None
    by_account: dict[str, Decimal] = field(default_factory=dict)


def rounded(amount: Decimal) -> Decimal:
    """Round half up to cents; an amount that no money field holds is fault 2140."""
    return fitted(amount, 2, "Amount")


def tax_sale(work: Work, new: Doc, lines: Sequence[TaxableLine], discount: Decimal = ZERO) -> Taxes:
    """Compute the tax of a sales form and put the codes and nets on its lines."""
    if work.company.is_us:
        return _us_sale(work, new, lines, discount)
    return _global(work, new, lines, "SalesTaxRateList", discount)


def tax_purchase(work: Work, new: Doc, lines: Sequence[TaxableLine]) -> Taxes:
    """Compute the tax of an expense; the United States have none."""
    if work.company.is_us:
        new.pop("TxnTaxDetail", None)
        new.pop("GlobalTaxCalculation", None)
        for item in lines:
            _pseudo_code(item.detail)
            item.detail["TaxCodeRef"] = {"value": "NON"}
        return Taxes()
    return _global(work, new, lines, "PurchaseTaxRateList", ZERO)


def _pseudo_code(detail: Doc) -> str:
    code = detail.get("TaxCodeRef", {}).get("value", "NON").upper()
    if code not in PSEUDO_CODES:
        raise FaultError(6100, f"Invalid Line TaxCode : {code}; use TAX or NON", "TaxCodeRef")
    return str(code)


def _us_sale(work: Work, new: Doc, lines: Sequence[TaxableLine], discount: Decimal) -> Taxes:
    new.pop("GlobalTaxCalculation", None)
    taxable = ZERO
    for item in lines:
        code = _pseudo_code(item.detail)
        item.detail["TaxCodeRef"] = {"value": code}
        taxable += item.line["Amount"] if code == "TAX" else ZERO
    sent: Doc = new.pop("TxnTaxDetail", None) or {}
    group = sent.get("TxnTaxCodeRef")
    rates = [] if group is None else _rates(work, group["value"], "SalesTaxRateList")
    if group is not None and group["value"] in PSEUDO_CODES:
        raise FaultError(6160, "Custom sales tax id not allowed : TxnTaxCodeRef needs a tax group", "TxnTaxCodeRef")
    net = rounded(taxable - discount) if new.get("ApplyTaxAfterDiscount") else taxable
    tax_lines = [_tax_line(rate, net, rounded(net * rate["RateValue"] / 100)) for rate in rates]
    computed = sum((line["Amount"] for line in tax_lines), CENTS)
    total = sent.get("TotalTax", computed)
    if tax_lines and total != computed:
        tax_lines[-1]["Amount"] += total - computed
    detail: Doc = {"TotalTax": total}
    if group is not None:
        detail["TxnTaxCodeRef"] = group
    if tax_lines:
        detail["TaxLine"] = tax_lines
    taxes = Taxes(total, detail)
    _assign(work, taxes, tax_lines, rates, total)
    return taxes


def _global(work: Work, new: Doc, lines: Sequence[TaxableLine], side: str, discount: Decimal) -> Taxes:
    mode = new.setdefault("GlobalTaxCalculation", "TaxExcluded")
    sent: Doc | None = new.pop("TxnTaxDetail", None)
    if mode == "NotApplicable":
        if sent:
            raise FaultError(
                6170, "TxnTaxDetail is not allowed with GlobalTaxCalculation NotApplicable", "TxnTaxDetail"
            )
        for item in lines:
            item.detail.pop("TaxCodeRef", None)
            item.detail.pop("TaxInclusiveAmt", None)
        return Taxes()
    if len(lines) > MAX_TAXED_LINES:
        raise business(f"A transaction with tax codes may have at most {MAX_TAXED_LINES} lines.", "Line")
    country = work.company.settings["country"]
    text = MISSING_CODE.get(
        country, "One or more transaction lines do not have a tax code associated with it. "
        "Please assign a tax code for those lines"
    )  # fmt: skip
    by_code: dict[str, list[TaxableLine]] = {}
    for item in lines:
        code = item.detail.get("TaxCodeRef")
        if code is None or code["value"] in PSEUDO_CODES:
            raise business(text, "TaxCodeRef")
        stored = work.get("TaxCode", code["value"])
        if stored is None or not stored["Active"]:
            raise FaultError(2500, "Invalid Reference Id : Line.TaxCodeRef", "TaxCodeRef")
        code["name"] = stored["Name"]
        by_code.setdefault(code["value"], []).append(item)
    share = _discount_share(lines, discount)
    nets: dict[str, Decimal] = {}
    amounts: dict[str, Decimal] = {}
    rates: dict[str, Doc] = {}
    for code, items in by_code.items():
        found = _rates(work, code, side)
        if mode == "TaxInclusive":
            _split(items, found, nets, amounts)
        net = sum((item.line["Amount"] for item in items), ZERO) * share
        for rate in found:
            rates[rate["Id"]] = rate
            if mode == "TaxExcluded" or rate["Id"] not in amounts:
                nets[rate["Id"]] = nets.get(rate["Id"], ZERO) + net
    tax_lines = []
    for key, rate in rates.items():
        net = rounded(nets[key])
        amount = amounts[key] if key in amounts else rounded(net * rate["RateValue"] / 100)
        tax_lines.append(_tax_line(rate, net, amount))
    if mode == "TaxExcluded" and sent:
        _keep_sent(tax_lines, sent, work.company.settings.get("tax_tolerance", Decimal("0.05")))
    total = sum((line["Amount"] for line in tax_lines), CENTS)
    taxes = Taxes(total, {"TotalTax": total, "TaxLine": tax_lines})
    _assign(work, taxes, tax_lines, list(rates.values()), total)
    return taxes


def _discount_share(lines: Sequence[TaxableLine], discount: Decimal) -> Decimal:
    """Return which part of each net remains taxable after a discount on the whole document."""
    subtotal = sum((item.line["Amount"] for item in lines), ZERO)
    return Decimal(1) if not subtotal else (subtotal - discount) / subtotal


def _split(items: list[TaxableLine], rates: list[Doc], nets: dict[str, Decimal], amounts: dict[str, Decimal]) -> None:
    """Derive the nets of lines priced with tax so that net and tax add up to the sent gross, to the cent."""
    factor = 1 + sum((rate["RateValue"] for rate in rates), ZERO) / 100
    gross = CENTS
    for item in items:
        if "TaxInclusiveAmt" not in item.detail:
            item.detail["TaxInclusiveAmt"] = rounded(item.line["Amount"] * factor)
        gross += item.detail["TaxInclusiveAmt"]
        item.line["Amount"] = rounded(item.detail["TaxInclusiveAmt"] / factor)
    net = rounded(gross / factor)
    items[-1].line["Amount"] += net - sum((item.line["Amount"] for item in items), ZERO)
    for item in items:
        if item.detail.get("Qty"):
            item.detail["UnitPrice"] = fitted(item.line["Amount"] / item.detail["Qty"], 7, "UnitPrice").normalize()
    left = gross - net
    for place, rate in enumerate(rates):
        amount = left if place == len(rates) - 1 else rounded(net * rate["RateValue"] / 100)
        left -= amount
        nets[rate["Id"]] = nets.get(rate["Id"], ZERO) + net
        amounts[rate["Id"]] = amounts.get(rate["Id"], CENTS) + amount


def _keep_sent(tax_lines: list[Doc], sent: Doc, tolerance: Decimal) -> None:
    """Keep the sent amounts that are near enough to the computed ones."""
    wanted = {
        line["TaxLineDetail"]["TaxRateRef"]["value"]: line["Amount"]
        for line in sent.get("TaxLine", [])
        if "Amount" in line and "TaxRateRef" in line.get("TaxLineDetail", {})
    }
    for line in tax_lines:
        amount = wanted.get(line["TaxLineDetail"]["TaxRateRef"]["value"])
        if amount is not None and abs(amount - line["Amount"]) <= tolerance:
            line["Amount"] = amount
    if not wanted and "TotalTax" in sent and tax_lines:
        gap = sent["TotalTax"] - sum((line["Amount"] for line in tax_lines), ZERO)
        if abs(gap) <= tolerance:
            tax_lines[-1]["Amount"] += gap


def _rates(work: Work, code: str, side: str) -> list[Doc]:
    stored = work.get("TaxCode", code)
    if stored is None:
        return []
    found = [
        work.get("TaxRate", detail["TaxRateRef"]["value"]) for detail in stored.get(side, {}).get("TaxRateDetail", [])
    ]
    return [rate for rate in found if rate is not None]


def _tax_line(rate: Doc, net: Decimal, amount: Decimal) -> Doc:
    return {
        "Amount": amount,
        "DetailType": "TaxLineDetail",
        "TaxLineDetail": {
            "TaxRateRef": {"value": rate["Id"]},
            "PercentBased": True,
            "TaxPercent": rate["RateValue"],
            "NetAmountTaxable": net,
        },
    }


def _assign(work: Work, taxes: Taxes, tax_lines: list[Doc], rates: list[Doc], total: Decimal) -> None:
    """Put each tax line on the liability account of its agency; a bare total goes to the first agency."""
    accounts: dict[str, str] = work.company.settings["tax_accounts"]
    agency_of = {rate["Id"]: rate["AgencyRef"]["value"] for rate in rates}
    for line in tax_lines:
        account = accounts[agency_of[line["TaxLineDetail"]["TaxRateRef"]["value"]]]
        taxes.by_account[account] = taxes.by_account.get(account, CENTS) + line["Amount"]
    if not tax_lines and total:
        taxes.by_account[next(iter(accounts.values()))] = total
