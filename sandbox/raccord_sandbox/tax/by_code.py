"""Tax outside the United States: by the tax code of each line, in the three modes of GlobalTaxCalculation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from raccord_sandbox.keeping.company import Work
from raccord_sandbox.lines import every_line
from raccord_sandbox.refusing.faults import INACTIVE, Doc, FaultError, business
from raccord_sandbox.schema import fitted
from raccord_sandbox.tax.lines import CENTS, ZERO, Side, TaxableLine, TaxPosting, rounded, spread
from raccord_sandbox.tax.rates import RateUse, bases, factor, tax_account, uses_of

PSEUDO_CODES = frozenset({"TAX", "NON"})
MAX_TAXED_LINES = 750
EUROPE = (
    "GB", "FR", "DE", "ES", "IT", "IE", "BE", "NL", "LU", "PT", "AT", "FI", "GR", "PL", "SE", "DK", "CZ", "HU", "RO",
)  # fmt: skip
MISSING_CODE = {
    "CA": "Make sure all your transactions have a GST/HST rate before you save.",
    **dict.fromkeys(EUROPE, "Make sure all your transactions have a VAT rate before you save."),
    **dict.fromkeys(("AU", "IN", "NZ", "SG", "MY"), "Make sure all your transactions have a GST rate before you save."),
}
MISSING_CODE_ELSEWHERE = (
    "One or more transaction lines do not have a tax code associated with it. Please assign a tax code for those lines"
)


@dataclass(slots=True)
class RateTotal:
    """What one rate comes to in a document."""

    use: RateUse
    side: Side
    net: Decimal = ZERO
    amount: Decimal | None = None
    """Fixed by the lines; None is computed once on the net."""
    lines: list[TaxableLine] = field(default_factory=list)

    def total(self) -> Decimal:
        """Return the tax, to the cent."""
        return rounded(rounded(self.net) * self.use.part) if self.amount is None else self.amount


@dataclass(slots=True)
class Computed:
    """The tax lines of a document with their totals, and the rates behind them."""

    lines: list[Doc] = field(default_factory=list)
    rates: list[RateTotal] = field(default_factory=list)

    @property
    def total(self) -> Decimal:
        """Return the tax of the document."""
        return sum((line["Amount"] for line in self.lines), CENTS)


def require_codes(work: Work, lines: Sequence[TaxableLine], old: Doc | None) -> None:
    """Complete each line's code: a missing one is 6000 in the country's words, an unknown or inactive one 2500."""
    text = MISSING_CODE.get(work.company.settings["country"], MISSING_CODE_ELSEWHERE)
    known = _codes_of(old)
    for item in lines:
        code = item.detail.get("TaxCodeRef")
        if code is None or code["value"] in PSEUDO_CODES or not code["value"].isdecimal():
            raise business(text, "TaxCodeRef")
        stored = work.get("TaxCode", code["value"])
        if stored is None:
            raise FaultError(2500, "Invalid Reference Id : Line.TaxCodeRef", "TaxCodeRef")
        if not stored["Active"] and code["value"] not in known:
            raise FaultError(2500, f"Invalid Reference Id : {INACTIVE}", "TaxCodeRef")
        code["name"] = stored["Name"]
    if len(lines) > MAX_TAXED_LINES:
        raise business(f"A transaction with tax codes may have at most {MAX_TAXED_LINES} lines.", "Line")


def compute(work: Work, lines: Sequence[TaxableLine], mode: str, share: Decimal = Decimal(1)) -> Computed:
    """Compute the tax of lines that have their codes; `share` is the part that a discount leaves taxable."""
    by_line = work.company.switch("tax_rounding") == "line"
    found: dict[tuple[str, Side], RateTotal] = {}
    for uses, items in _groups(work, lines, by_line=by_line):
        if mode == "TaxInclusive":
            split_gross(items, uses)
        else:
            for item in items:
                item.detail.pop("TaxInclusiveAmt", None)
        net = sum((item.line["Amount"] * (share if item.discounted else 1) for item in items), ZERO)
        fixed = _fixed(items, uses, net) if mode == "TaxInclusive" and share == 1 else None
        for place, (use, base) in enumerate(zip(uses, bases(net, uses), strict=True)):
            one = found.setdefault((use.id, items[0].side), RateTotal(use, items[0].side))
            one.net += base
            one.lines += items
            if fixed is not None:
                one.amount = (one.amount or CENTS) + fixed[place]
            elif by_line:
                one.amount = (one.amount or CENTS) + rounded(base * use.part)
    rates = list(found.values())
    return Computed([tax_line(one.use.rate, rounded(one.net), one.total()) for one in rates], rates)


def take_tax_out(work: Work, lines: Sequence[TaxableLine]) -> None:
    """Derive the nets of lines priced with tax, as the computation of their tax will."""
    by_line = work.company.switch("tax_rounding") == "line"
    for uses, items in _groups(work, lines, by_line=by_line):
        split_gross(items, uses)


def split_gross(items: Sequence[TaxableLine], uses: Sequence[RateUse]) -> None:
    """Derive the nets of lines priced with tax; they add up to the net of the whole, rounded once."""
    whole = factor(uses)
    gross = CENTS
    for item in items:
        if "TaxInclusiveAmt" not in item.detail:
            item.detail["TaxInclusiveAmt"] = rounded(item.line["Amount"] * whole)
        gross += item.detail["TaxInclusiveAmt"]
        item.line["Amount"] = rounded(item.detail["TaxInclusiveAmt"] / whole)
    items[-1].line["Amount"] += rounded(gross / whole) - sum((item.line["Amount"] for item in items), ZERO)
    for item in items:
        reprice(item)


def reprice(item: TaxableLine) -> None:
    """Derive the net price of a line whose amount was derived."""
    if item.detail.get("Qty"):
        item.detail["UnitPrice"] = fitted(item.line["Amount"] / item.detail["Qty"], 7, "UnitPrice").normalize()


def keep_sent(computed: Computed, sent: Doc, tolerance: Decimal, *, inclusive: bool) -> None:
    """Keep the sent amounts that are near enough to the computed ones; a price with tax keeps its gross."""
    wanted = {
        line["TaxLineDetail"]["TaxRateRef"]["value"]: line
        for line in sent.get("TaxLine", [])
        if "TaxRateRef" in line.get("TaxLineDetail", {})
    }
    for line, one in zip(computed.lines, computed.rates, strict=True):
        other = wanted.get(one.use.id)
        if other is not None:
            delta = other["TaxLineDetail"].get("OverrideDeltaAmount", ZERO)
            _override(line, one, other.get("Amount", line["Amount"] + delta), tolerance, inclusive=inclusive)
    if not wanted and "TotalTax" in sent and computed.lines:
        gap = sent["TotalTax"] - computed.total
        last = computed.lines[-1]
        _override(last, computed.rates[-1], last["Amount"] + gap, tolerance, inclusive=inclusive)


def postings(work: Work, computed: Computed) -> list[TaxPosting]:
    """Put each tax line on its agency's account; what nobody gives back becomes part of the lines it was paid on."""
    found = []
    for line, one in zip(computed.lines, computed.rates, strict=True):
        account = tax_account(work, one.use.rate, one.side)
        if account is not None:
            found.append(TaxPosting(one.use.id, account, line["Amount"]))
            continue
        shares = spread(line["Amount"], [item.line["Amount"] for item in one.lines])
        found += [
            TaxPosting(one.use.id, item.account, share, item.line)
            for item, share in zip(one.lines, shares, strict=True)
            if share
        ]
    return found


def tax_line(rate: Doc, net: Decimal, amount: Decimal) -> Doc:
    """Return one line of `TxnTaxDetail`."""
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


def _codes_of(old: Doc | None) -> frozenset[str]:
    details = (line.get(line.get("DetailType", ""), {}) for line in every_line((old or {}).get("Line", [])))
    return frozenset(detail["TaxCodeRef"]["value"] for detail in details if "TaxCodeRef" in detail)


def _groups(
    work: Work, lines: Sequence[TaxableLine], *, by_line: bool
) -> Iterator[tuple[list[RateUse], list[TaxableLine]]]:
    """Yield the lines that are rounded together, with the rates of their code."""
    groups: dict[tuple[str, Side, int], list[TaxableLine]] = {}
    for place, item in enumerate(lines):
        key = (item.detail["TaxCodeRef"]["value"], item.side, place if by_line else 0)
        groups.setdefault(key, []).append(item)
    for (code, side, _), items in groups.items():
        yield uses_of(work, code, side), items


def _fixed(items: Sequence[TaxableLine], uses: Sequence[RateUse], net: Decimal) -> list[Decimal]:
    """Return the taxes that make net and tax add up to the gross: the last rate takes what rounding leaves."""
    left = sum((item.detail["TaxInclusiveAmt"] for item in items), CENTS) - net
    found = []
    for place, (use, base) in enumerate(zip(uses, bases(net, uses), strict=True)):
        amount = left if place == len(uses) - 1 else rounded(base * use.part)
        left -= amount
        found.append(amount)
    return found


def _override(line: Doc, one: RateTotal, amount: Decimal, tolerance: Decimal, *, inclusive: bool) -> None:
    delta = amount - line["Amount"]
    if not delta or abs(delta) > tolerance:
        return
    line["Amount"] = amount
    line["TaxLineDetail"]["OverrideDeltaAmount"] = delta
    if inclusive:
        one.lines[-1].line["Amount"] -= delta
        reprice(one.lines[-1])
