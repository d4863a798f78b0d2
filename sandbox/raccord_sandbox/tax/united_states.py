"""Tax in the United States: none, by a tax group that the document names, or automated by the place of the sale."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from raccord_sandbox.keeping.company import Work
from raccord_sandbox.posting.invariants import BARE_TOTAL
from raccord_sandbox.posting.system_accounts import system_account
from raccord_sandbox.refusing.faults import Doc, FaultError, business
from raccord_sandbox.tax.by_code import MAX_TAXED_LINES, PSEUDO_CODES, tax_line
from raccord_sandbox.tax.lines import CENTS, ZERO, Side, TaxableLine, Taxes, TaxPosting, rounded, spread
from raccord_sandbox.tax.rates import RateUse, bases, tax_account, uses_of

OVERRIDDEN = "AST_TAX_OVERRIDE"
NOT_AUTOMATED = "NON_AST_TAX"


def sale(work: Work, new: Doc, lines: Sequence[TaxableLine], discount: Decimal, *, resent: bool) -> Taxes:
    """Compute the tax of a sales form; `resent` says that the request itself named its tax."""
    new.pop("GlobalTaxCalculation", None)
    prefs = (work.get("Preferences", "1") or {}).get("TaxPrefs", {})
    if not prefs.get("UsingSalesTax", False):
        return _untaxed(new, lines)
    taxable = _taxable(lines)
    sent: Doc = new.pop("TxnTaxDetail", None) or {}
    net = rounded(taxable - discount) if new.get("ApplyTaxAfterDiscount") else taxable
    if prefs.get("PartnerTaxEnabled", False):
        return _automated(work, new, sent, net, resent=resent)
    return _manual(work, sent, net)


def purchase(new: Doc, lines: Sequence[TaxableLine]) -> Taxes:
    """Mark the lines of an expense as untaxed: the United States have no tax on purchases to keep."""
    new.pop("TxnTaxDetail", None)
    new.pop("GlobalTaxCalculation", None)
    for item in lines:
        _pseudo_code(item.detail)
        item.detail["TaxCodeRef"] = {"value": "NON"}
    return Taxes()


def _untaxed(new: Doc, lines: Sequence[TaxableLine]) -> Taxes:
    new.pop("TxnTaxDetail", None)
    for item in lines:
        item.detail["TaxCodeRef"] = {"value": "NON"}
    return Taxes(CENTS, {"TotalTax": CENTS})


def _pseudo_code(detail: Doc) -> str:
    code = detail.get("TaxCodeRef", {}).get("value", "NON").upper()
    if code not in PSEUDO_CODES:
        raise FaultError(6100, f"Invalid Line TaxCode : {code}; use TAX or NON", "TaxCodeRef")
    return str(code)


def _taxable(lines: Sequence[TaxableLine]) -> Decimal:
    total, count = ZERO, 0
    for item in lines:
        code = _pseudo_code(item.detail)
        item.detail["TaxCodeRef"] = {"value": code}
        if code == "TAX":
            total += item.line["Amount"]
            count += 1
    if count > MAX_TAXED_LINES:
        raise business(f"A transaction with tax codes may have at most {MAX_TAXED_LINES} lines.", "Line")
    return total


def _manual(work: Work, sent: Doc, net: Decimal) -> Taxes:
    group = sent.get("TxnTaxCodeRef")
    if group is not None and group["value"] in PSEUDO_CODES:
        raise FaultError(6160, "Custom sales tax id not allowed : TxnTaxCodeRef needs a tax group", "TxnTaxCodeRef")
    uses = [] if group is None else uses_of(work, group["value"], Side.SALES)
    return _outcome(work, uses, net, group, sent.get("TotalTax"))


def _automated(work: Work, new: Doc, sent: Doc, net: Decimal, *, resent: bool) -> Taxes:
    """Take the rates of the place of the sale; a sent total stands unless the request asks for the automated one."""
    kept = resent or sent.get("TaxReviewStatus") in (OVERRIDDEN, NOT_AUTOMATED)
    total = sent.get("TotalTax") if kept and not sent.get("UseAutomatedSalesTax") else None
    group = None if _is_exempt(work, new) else _place_code(work, new)
    uses = [] if group is None else uses_of(work, group["value"], Side.SALES)
    taxes = _outcome(work, uses, net, group, total)
    if taxes.detail is not None and "UseAutomatedSalesTax" in sent:
        taxes.detail["UseAutomatedSalesTax"] = sent["UseAutomatedSalesTax"]
    if taxes.detail is not None and total is not None:
        taxes.detail["TaxReviewStatus"] = OVERRIDDEN if uses else NOT_AUTOMATED
    return taxes


def _outcome(work: Work, uses: Sequence[RateUse], net: Decimal, group: Doc | None, total: Decimal | None) -> Taxes:
    lines = [
        tax_line(use.rate, base, rounded(base * use.part)) for use, base in zip(uses, bases(net, uses), strict=True)
    ]
    computed = sum((line["Amount"] for line in lines), CENTS)
    if lines and total is not None and total != computed:
        weights = [line["Amount"] for line in lines] if computed else [use.part for use in uses]
        for line, share in zip(lines, spread(total, weights), strict=True):
            line["TaxLineDetail"]["OverrideDeltaAmount"] = share - line["Amount"]
            line["Amount"] = share
    detail: Doc = {"TotalTax": computed if total is None else total}
    if group is not None:
        detail["TxnTaxCodeRef"] = group
    if lines:
        detail["TaxLine"] = lines
    taxes = Taxes(detail["TotalTax"], detail)
    for line, use in zip(lines, uses, strict=True):
        taxes.postings.append(TaxPosting(use.id, str(tax_account(work, use.rate, Side.SALES)), line["Amount"]))
    if not lines and taxes.total:
        taxes.postings.append(TaxPosting(BARE_TOTAL, _first_account(work), taxes.total))
    return taxes


def _first_account(work: Work) -> str:
    """Return where a bare total goes: the account of the first agency."""
    accounts: dict[str, str] = work.company.settings["tax_accounts"]
    if accounts:
        return next(iter(accounts.values()))
    found = work.company.accounts_of(AccountSubType="SalesTaxPayable")
    if found:
        return found[0]
    return str(system_account(work, "Sales Tax Payable", "Other Current Liability", "SalesTaxPayable")["Id"])


def _is_exempt(work: Work, new: Doc) -> bool:
    customer = work.get("Customer", new.get("CustomerRef", {}).get("value", "")) or {}
    return bool(customer.get("TaxExemptionReasonId"))


def _place_code(work: Work, new: Doc) -> Doc | None:
    """Return the code of the most exact place that holds the address of the sale; None where no tax is owed."""
    address = _address(work, new)
    state, city = (address.get(name, "").strip().lower() for name in ("CountrySubDivisionCode", "City"))
    postal = address.get("PostalCode", "").strip()
    found = [
        place
        for place in work.company.settings.get("tax_places", [])
        if place["state"].lower() == state
        and postal.startswith(place.get("postal", ""))
        and place.get("city", "").lower() in ("", city)
    ]
    if not found:
        return None
    best = max(found, key=lambda place: (len(place.get("postal", "")), bool(place.get("city"))))
    code = work.get("TaxCode", best["code"]) or {}
    return {"value": best["code"], "name": code.get("Name", "")}


def _address(work: Work, new: Doc) -> Doc:
    """Return where the goods go, else where the customer is, else where the sale takes place."""
    customer = work.get("Customer", new.get("CustomerRef", {}).get("value", "")) or {}
    company = work.get("CompanyInfo", "1") or {}
    choices = (
        new.get("ShipAddr"),
        customer.get("ShipAddr"),
        customer.get("BillAddr"),
        new.get("ShipFromAddr"),
        company.get("LegalAddr"),
    )
    return next((one for one in choices if one and one.get("CountrySubDivisionCode")), {})
