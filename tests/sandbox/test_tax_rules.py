"""Each documented rule of tax as one case, without HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from raccord_sandbox.clock import SandboxClock
from raccord_sandbox.config import SandboxConfig
from raccord_sandbox.entities.kind import Operation
from raccord_sandbox.entities.registry import KINDS
from raccord_sandbox.keeping.company import Company, Work, assert_books_balance
from raccord_sandbox.keeping.store import Store
from raccord_sandbox.operations import write
from raccord_sandbox.refusing.faults import FaultError
from raccord_sandbox.regimes import REGIMES, Agency, Code, Rate, Regime, set_up_taxes

Doc = dict[str, Any]
COMPOUND = Regime(
    (Agency("Fisc", "Taxe à payer"),),
    (Rate("A", "5", "Fisc"), Rate("B", "9.5", "Fisc"), Rate("C", "10", "Fisc")),
    (Code("A+B", ("A", "B"), ("A", "B"), compound=("B",)), Code("A", ("A",), ("A",)), Code("A+C", ("A", "C"))),
)
COUNTRIES = {
    "british-columbia": ("quebec", "CA"),
    "united-kingdom": ("quebec", "GB"),
    "france": ("quebec", "FR"),
    "united-states-automated": ("us", "US"),
}
STORE = Store(SandboxConfig(clock=SandboxClock(datetime(2026, 3, 2, 16, tzinfo=UTC)), seeds=()))


def company_of(template: str, country: str, regime: Regime | None) -> Company:
    company = STORE.add(template)
    company.settings["country"] = country
    if regime is not None:
        set_up_taxes(company, regime)
    STORE.snapshot(company, "start")
    return company


COMPANIES = {
    "quebec": company_of("quebec", "CA", None),
    "us": company_of("us", "US", None),
    "compound": company_of("quebec", "CA", COMPOUND),
    "australia": company_of("quebec", "AU", None),
    "elsewhere": company_of("quebec", "ZA", None),
    **{name: company_of(*COUNTRIES[name], REGIMES[name]) for name in COUNTRIES},
}


@pytest.fixture(autouse=True)
def _fresh_books() -> Iterator[None]:
    yield
    for company in COMPANIES.values():
        if company.writes:
            STORE.restore(company, "start")


def code_of(company: Company, name: str) -> Doc:
    return {"value": next(doc["Id"] for doc in company.table("TaxCode") if doc["Name"] == name)}


def make(company: Company, kind: str, body: Doc) -> Doc:
    made = write(company, KINDS[kind], body, Operation.UPDATE if "Id" in body else Operation.CREATE)
    assert_books_balance(company)
    return made


def refused(company: Company, kind: str, body: Doc) -> FaultError:
    with pytest.raises(FaultError) as found:
        write(company, KINDS[kind], body, Operation.CREATE)
    assert not company.table(kind)
    return found.value


def sale_line(company: Company, amount: object, code: str | None, *, gross: object = None, **detail: Any) -> Doc:
    item = {"ItemRef": {"value": next(iter(company.table("Item")))["Id"]}, **detail}
    if code is not None:
        item["TaxCodeRef"] = {"value": code} if code in ("TAX", "NON") else code_of(company, code)
    if gross is not None:
        item["TaxInclusiveAmt"] = gross
    line: Doc = {"DetailType": "SalesItemLineDetail", "SalesItemLineDetail": item}
    return line if amount is None else {**line, "Amount": amount}


def expense(company: Company, amount: object, code: str, *, gross: object = None) -> Doc:
    account = {"value": company.accounts_of(AccountSubType="Travel")[0]}
    detail: Doc = {"AccountRef": account, "TaxCodeRef": code_of(company, code)}
    if gross is not None:
        detail["TaxInclusiveAmt"] = gross
    line = {"DetailType": "AccountBasedExpenseLineDetail", "Amount": amount, "AccountBasedExpenseLineDetail": detail}
    payer = {"value": company.accounts_of(AccountSubType="Checking")[0]}
    return {"PaymentType": "Cash", "AccountRef": payer, "Line": [line]}


def taxes_of(doc: Doc) -> list[Decimal]:
    return [line["Amount"] for line in doc.get("TxnTaxDetail", {}).get("TaxLine", [])]


def balances(company: Company) -> dict[str, Decimal]:
    """Return what the accounts that moved hold, debits positive."""
    found = {doc["Name"]: company.ledger.balance(doc["Id"]) for doc in company.table("Account")}
    return {name: amount for name, amount in found.items() if amount}


@dataclass(frozen=True)
class Sale:
    """One sale: its lines as (amount, gross, code), and what must come of them."""

    company: str
    lines: list[tuple[str | None, str | None, str]]
    taxes: list[str]
    total: str
    mode: str = "TaxExcluded"
    discount: str = ""
    rounding: str = "document"
    nets: list[str] = field(default_factory=list)


BOTH = "TPS/TVQ QC - 9,975"
SALES = {
    "Quebec adds both taxes": Sale("quebec", [("100", None, BOTH)], ["5.00", "9.98"], "114.98"),
    "each rate is rounded once on the sum of the nets": Sale(
        "quebec", [("0.30", None, BOTH), ("0.30", None, BOTH)], ["0.03", "0.06"], "0.69"
    ),
    "each rate is rounded on every line, by switch": Sale(
        "quebec", [("0.30", None, BOTH), ("0.30", None, BOTH)], ["0.04", "0.06"], "0.70", rounding="line"
    ),
    "a rate that two codes share stands once": Sale(
        "quebec", [("10", None, BOTH), ("20", None, "TPS")], ["1.50", "1.00"], "32.50"
    ),
    "zero rated and exempt lines have tax lines of zero": Sale(
        "quebec", [("10", None, "Détaxé"), ("20", None, "Exonéré")], ["0.00", "0.00"], "30.00"
    ),
    "out of scope has no tax line": Sale("quebec", [("10", None, "Hors champ")], [], "10.00"),
    "the gross is kept to the cent": Sale(
        "quebec", [(None, "100.00", BOTH)], ["4.35", "8.67"], "100.00", "TaxInclusive", nets=["86.98"]
    ),
    "grosses of several lines are rounded together": Sale(
        "quebec",
        [(None, "0.10", BOTH), (None, "0.10", BOTH), (None, "0.10", BOTH)],
        ["0.01", "0.03"],
        "0.30",
        "TaxInclusive",
        nets=["0.09", "0.09", "0.08"],
    ),
    "grosses are split line by line, by switch": Sale(
        "quebec",
        [(None, "0.10", BOTH), (None, "0.10", BOTH), (None, "0.10", BOTH)],
        ["0.00", "0.03"],
        "0.30",
        "TaxInclusive",
        rounding="line",
        nets=["0.09", "0.09", "0.09"],
    ),
    "an amount priced with tax but without its gross gets one": Sale(
        "quebec", [("100", None, BOTH)], ["5.00", "9.98"], "114.98", "TaxInclusive", nets=["100.00"]
    ),
    "NotApplicable takes no tax": Sale("quebec", [("100", None, BOTH)], [], "100.00", "NotApplicable"),
    "a discount reduces what is taxed": Sale(
        "quebec", [("100", None, BOTH)], ["4.50", "8.98"], "103.48", discount="10"
    ),
    "a discount is shared over the codes": Sale(
        "quebec", [("100", None, "TPS"), ("100", None, "Exonéré")], ["4.50", "0.00"], "184.50", discount="10"
    ),
    "a discount on prices with tax counts on nets": Sale(
        "quebec", [(None, "114.98", BOTH)], ["4.50", "8.98"], "103.48", "TaxInclusive", discount="10"
    ),
    "a compound rate counts the tax before it in": Sale("compound", [("100", None, "A+B")], ["5.00", "9.98"], "114.98"),
    "a compound code priced with tax": Sale(
        "compound", [(None, "114.98", "A+B")], ["5.00", "9.98"], "114.98", "TaxInclusive", nets=["100.00"]
    ),
    "beside a compound code the shared rate stands once": Sale(
        "compound", [("100", None, "A+B"), ("100", None, "A")], ["10.00", "9.98"], "219.98"
    ),
    "a group of two agencies": Sale("british-columbia", [("50", None, "GST/PST BC")], ["2.50", "3.50"], "56.00"),
    "VAT at the standard rate": Sale("united-kingdom", [("99.99", None, "20.0% S")], ["20.00"], "119.99"),
    "VAT at the reduced rate": Sale("united-kingdom", [("99.99", None, "5.0% R")], ["5.00"], "104.99"),
    "a sale under reverse charge bears none": Sale(
        "united-kingdom", [("100", None, "20.0% RC CIS")], ["0.00"], "100.00"
    ),
    "TVA at 5.5 %": Sale("france", [("10.10", None, "TVA 5,5 %")], ["0.56"], "10.66"),
    "TVA in the price": Sale(
        "france", [(None, "12.00", "TVA 20 %")], ["2.00"], "12.00", "TaxInclusive", nets=["10.00"]
    ),
}


@pytest.mark.parametrize("case", SALES.values(), ids=SALES.keys())
def test_sales_outside_the_united_states(case: Sale) -> None:
    company = COMPANIES[case.company]
    company.settings["tax_rounding"] = case.rounding
    lines = [sale_line(company, amount, code, gross=gross) for amount, gross, code in case.lines]
    if case.discount:
        percent = {"PercentBased": True, "DiscountPercent": case.discount}
        lines.append({"DetailType": "DiscountLineDetail", "DiscountLineDetail": percent})
    made = make(company, "SalesReceipt", {"GlobalTaxCalculation": case.mode, "Line": lines})
    assert taxes_of(made) == [Decimal(tax) for tax in case.taxes]
    assert made["TotalAmt"] == Decimal(case.total)
    if case.nets:
        assert [line["Amount"] for line in made["Line"][: len(case.nets)]] == [Decimal(net) for net in case.nets]


def test_a_rate_on_the_taxes_before_it_alone() -> None:
    company = COMPANIES["compound"]
    code = next(doc for doc in company.table("TaxCode") if doc["Name"] == "A+C")
    work = Work(company)
    changed = work.touch("TaxCode", code["Id"])
    changed["SalesTaxRateList"]["TaxRateDetail"][1] |= {"TaxTypeApplicable": "TaxOnTax", "TaxOrder": 1}
    work.commit()
    made = make(company, "SalesReceipt", {"Line": [sale_line(company, "100", "A+C")]})
    assert taxes_of(made) == [Decimal("5.00"), Decimal("0.50")]
    net = made["TxnTaxDetail"]["TaxLine"][1]["TaxLineDetail"]["NetAmountTaxable"]
    assert net == 5
    STORE.restore(company, "start")


@dataclass(frozen=True)
class Bought:
    """One expense and where it lands; debits are positive."""

    company: str
    code: str
    taxes: list[str]
    posted: dict[str, str]
    gross: str | None = None


PURCHASES = {
    "Quebec gives both taxes back": Bought(
        "quebec",
        BOTH,
        ["5.00", "9.98"],
        {"Frais de déplacement": "100", "TPS/TVH à payer": "5.00", "TVQ à payer": "9.98", "Compte chèques": "-114.98"},
    ),
    "tax that nobody gives back is part of the cost": Bought(
        "british-columbia",
        "GST/PST BC",
        ["5.00", "7.00"],
        {"Frais de déplacement": "107.00", "GST/HST Payable": "5.00", "Compte chèques": "-112.00"},
    ),
    "reverse charge is owed and reclaimed at once": Bought(
        "united-kingdom",
        "20.0% RC SG",
        ["20.00", "-20.00"],
        {"Frais de déplacement": "100", "Compte chèques": "-100"},
    ),
    "reverse charge keeps a gross as it is": Bought(
        "united-kingdom",
        "20.0% RC SG",
        ["20.00", "-20.00"],
        {"Frais de déplacement": "100", "Compte chèques": "-100"},
        gross="100",
    ),
    "deductible tax stands apart from the tax collected": Bought(
        "france",
        "TVA 20 %",
        ["20.00"],
        {
            "Frais de déplacement": "100",
            "44566 TVA déductible sur autres biens et services": "20",
            "Compte chèques": "-120",
        },
    ),
    "self-assessed tax is collected and deductible": Bought(
        "france",
        "Autoliquidation 20 %",
        ["20.00", "-20.00"],
        {
            "Frais de déplacement": "100",
            "44566 TVA déductible sur autres biens et services": "20",
            "44571 TVA collectée": "-20",
            "Compte chèques": "-100",
        },
    ),
    "a price with tax is split": Bought(
        "quebec",
        BOTH,
        ["5.00", "9.98"],
        {"Frais de déplacement": "100", "TPS/TVH à payer": "5.00", "TVQ à payer": "9.98", "Compte chèques": "-114.98"},
        gross="114.98",
    ),
}


@pytest.mark.parametrize("case", PURCHASES.values(), ids=PURCHASES.keys())
def test_expenses_outside_the_united_states(case: Bought) -> None:
    company = COMPANIES[case.company]
    body = expense(company, case.gross or "100", case.code, gross=case.gross)
    body["GlobalTaxCalculation"] = "TaxInclusive" if case.gross else "TaxExcluded"
    made = make(company, "Purchase", body)
    assert taxes_of(made) == [Decimal(tax) for tax in case.taxes]
    assert balances(company) == {name: Decimal(amount) for name, amount in case.posted.items()}


def test_tax_that_is_part_of_the_cost_is_shared_out_to_the_cent() -> None:
    company = COMPANIES["british-columbia"]
    body = expense(company, "0.10", "PST BC")
    body["Line"] = [dict(body["Line"][0]) for _ in range(3)]
    made = make(company, "Purchase", body)
    assert (taxes_of(made), made["TotalAmt"]) == ([Decimal("0.02")], Decimal("0.32"))
    posting = company.ledger.posting("Purchase", made["Id"])
    assert posting is not None
    shares = [(entry.line, entry.amount) for entry in posting.entries if entry.tax]
    assert shares == [("1", Decimal("0.01")), ("2", Decimal("0.01"))]


@dataclass(frozen=True)
class Override:
    """A tax sent with 100.00 of both Quebec taxes (5.00 and 9.98), and what is kept of it."""

    amounts: tuple[str | None, str | None]
    kept: tuple[str, str]
    delta: str | None = None
    total: str | None = None
    sent_delta: str | None = None
    tolerance: str = "0.05"
    mode: str = "TaxExcluded"


OVERRIDES = {
    "near enough is kept": Override((None, "9.99"), ("5.00", "9.99"), delta="0.01"),
    "at the limit is kept": Override(("5.05", "9.93"), ("5.05", "9.93"), delta="-0.05"),
    "beyond the limit is computed": Override((None, "10.04"), ("5.00", "9.98")),
    "the limit is a switch": Override((None, "12.00"), ("5.00", "12.00"), delta="2.02", tolerance="5"),
    "no limit keeps nothing": Override((None, "9.99"), ("5.00", "9.98"), tolerance="0"),
    "a total alone moves the last rate": Override((None, None), ("5.00", "9.97"), delta="-0.01", total="14.97"),
    "a delta alone is added": Override((None, None), ("5.00", "9.96"), delta="-0.02", sent_delta="-0.02"),
    "in a price with tax the net gives way": Override(
        (None, "9.99"), ("5.00", "9.99"), delta="0.01", mode="TaxInclusive"
    ),
}


@pytest.mark.parametrize("case", OVERRIDES.values(), ids=OVERRIDES.keys())
def test_sent_tax_amounts(case: Override) -> None:
    company = COMPANIES["quebec"]
    company.settings["tax_tolerance"] = Decimal(case.tolerance)
    rates = next(doc for doc in company.table("TaxCode") if doc["Name"] == BOTH)["SalesTaxRateList"]["TaxRateDetail"]
    tax_lines = []
    for rate, amount in zip(rates, case.amounts, strict=True):
        detail: Doc = {"TaxRateRef": rate["TaxRateRef"]}
        if amount is not None:
            tax_lines.append({"Amount": amount, "DetailType": "TaxLineDetail", "TaxLineDetail": detail})
    if case.sent_delta is not None:
        detail = {"TaxRateRef": rates[1]["TaxRateRef"], "OverrideDeltaAmount": case.sent_delta}
        tax_lines.append({"DetailType": "TaxLineDetail", "TaxLineDetail": detail})
    sent: Doc = {"TaxLine": tax_lines} if tax_lines else {"TotalTax": case.total}
    gross = "114.98" if case.mode == "TaxInclusive" else None
    line = sale_line(company, None if gross else "100", BOTH, gross=gross)
    made = make(company, "SalesReceipt", {"GlobalTaxCalculation": case.mode, "Line": [line], "TxnTaxDetail": sent})
    assert taxes_of(made) == [Decimal(tax) for tax in case.kept]
    last = made["TxnTaxDetail"]["TaxLine"][1]["TaxLineDetail"]
    assert last.get("OverrideDeltaAmount") == (None if case.delta is None else Decimal(case.delta))
    if gross:
        assert (made["TotalAmt"], made["Line"][0]["Amount"]) == (Decimal(gross), Decimal("99.99"))
    again = {"Id": made["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "seen"}
    assert taxes_of(make(company, "SalesReceipt", again)) == taxes_of(made)


FAULTS = {
    "Canada names its tax": ("quebec", None, "6000", "Make sure all your transactions have a GST/HST rate"),
    "the United Kingdom names its tax": ("united-kingdom", None, "6000", "transactions have a VAT rate"),
    "France names its tax": ("france", None, "6000", "Make sure all your transactions have a VAT rate"),
    "Australia names its tax": ("australia", None, "6000", "Make sure all your transactions have a GST rate"),
    "elsewhere the older text": ("elsewhere", None, "6000", "do not have a tax code associated with it"),
    "a pseudo code of the United States": ("quebec", {"value": "TAX"}, "6000", "GST/HST rate before you save"),
    "a name in place of the id": ("united-kingdom", {"value": "20.0 S"}, "6000", "VAT rate before you save"),
    "an id of no code": ("quebec", {"value": "987654"}, "2500", "Line.TaxCodeRef"),
}


@pytest.mark.parametrize(("name", "code", "number", "text"), FAULTS.values(), ids=FAULTS.keys())
def test_lines_without_a_usable_code(name: str, code: Doc | None, number: str, text: str) -> None:
    company = COMPANIES[name]
    line = sale_line(company, "10", None)
    if code is not None:
        line["SalesItemLineDetail"]["TaxCodeRef"] = code
    fault = refused(company, "SalesReceipt", {"Line": [line]})
    assert (str(fault.code), text in fault.detail) == (number, True)


def test_an_inactive_code_is_refused_on_new_documents_and_stays_on_old_ones() -> None:
    company = COMPANIES["quebec"]
    made = make(company, "SalesReceipt", {"Line": [sale_line(company, "10", "TPS")]})
    work = Work(company)
    work.touch("TaxCode", code_of(company, "TPS")["value"])["Active"] = False
    work.commit()
    fault = refused(company, "RefundReceipt", {**made, "DepositToAccountRef": made["DepositToAccountRef"], "Id": None})
    assert (fault.code, "made inactive" in fault.detail) == (2500, True)
    changed = {**made, "PrivateNote": "x", "Line": made["Line"]}
    assert make(company, "SalesReceipt", changed)["TotalAmt"] == Decimal("10.50")


def test_at_most_750_lines_bear_tax() -> None:
    company = COMPANIES["quebec"]
    lines = [sale_line(company, "1", "TPS") for _ in range(750)]
    assert make(company, "SalesReceipt", {"Line": lines})["TotalAmt"] == Decimal("787.50")
    STORE.restore(company, "start")
    fault = refused(company, "SalesReceipt", {"Line": [*lines, lines[0]]})
    assert (fault.code, "750" in fault.detail) == (6000, True)
    taxed = [sale_line(COMPANIES["us"], "1", "TAX") for _ in range(751)]
    assert refused(COMPANIES["us"], "SalesReceipt", {"Line": taxed}).code == 6000


def test_a_company_without_tax_ignores_codes_everywhere() -> None:
    for name, code in (("quebec", BOTH), ("us", "TAX")):
        company = COMPANIES[name]
        work = Work(company)
        work.touch("Preferences", "1")["TaxPrefs"] = {"UsingSalesTax": False}
        work.commit()
        body: Doc = {"Line": [sale_line(company, "10", code)], "TxnTaxDetail": {"TotalTax": 5}}
        made = make(company, "SalesReceipt", body)
        assert (made["TotalAmt"], made.get("TxnTaxDetail", {}).get("TotalTax", 0)) == (10, 0)
        shown = made["Line"][0]["SalesItemLineDetail"].get("TaxCodeRef")
        assert shown == ({"value": "NON"} if company.is_us else None)


@dataclass(frozen=True)
class Place:
    """An automated sale of 100.00: where it goes and what each jurisdiction gets."""

    ship: Doc
    taxes: list[str]
    customer: Doc = field(default_factory=dict)
    sent: Doc = field(default_factory=dict)
    status: str | None = None


SF = {"CountrySubDivisionCode": "CA", "PostalCode": "94107", "City": "San Francisco"}
NYC = {"CountrySubDivisionCode": "NY", "PostalCode": "10012"}
PLACES = {
    "a state and its county": Place({"CountrySubDivisionCode": "CA", "PostalCode": "95814"}, ["6.00", "1.25"]),
    "a district on top": Place(SF, ["6.00", "1.25", "1.38"]),
    "a city with its own tax": Place(NYC, ["4.00", "4.50", "0.38"]),
    "a state where the company owes none": Place({"CountrySubDivisionCode": "OR", "PostalCode": "97201"}, []),
    "without an address the sale is where the company is": Place({}, ["6.00", "1.25"]),
    "the customer's address where nothing is shipped": Place({}, ["4.00", "4.50", "0.38"], {"BillAddr": NYC}),
    "where it is shipped counts before the customer": Place(SF, ["6.00", "1.25", "1.38"], {"BillAddr": NYC}),
    "an exempt customer": Place(SF, [], {"TaxExemptionReasonId": "7"}),
    "a code in the request is replaced": Place(SF, ["6.00", "1.25", "1.38"], sent={"TxnTaxCodeRef": True}),
    "a sent total stands, spread over the jurisdictions": Place(
        SF, ["6.95", "1.45", "1.60"], sent={"TotalTax": "10.00"}, status="AST_TAX_OVERRIDE"
    ),
    "unless the automated tax is asked for": Place(
        SF, ["6.00", "1.25", "1.38"], sent={"TotalTax": "10.00", "UseAutomatedSalesTax": True}
    ),
    "a total where none is owed is not automated": Place(
        {"CountrySubDivisionCode": "OR"}, [], sent={"TotalTax": "3.00"}, status="NON_AST_TAX"
    ),
}


@pytest.mark.parametrize("case", PLACES.values(), ids=PLACES.keys())
def test_automated_sales_tax(case: Place) -> None:
    company = COMPANIES["united-states-automated"]
    body: Doc = {"Line": [sale_line(company, "100", "TAX"), sale_line(company, "50", "NON")]}
    if case.ship:
        body["ShipAddr"] = case.ship
    if case.customer:
        body["CustomerRef"] = {"value": make(company, "Customer", {"DisplayName": "C", **case.customer})["Id"]}
    sent = dict(case.sent)
    if "TxnTaxCodeRef" in sent:
        sent["TxnTaxCodeRef"] = code_of(company, "New York")
    if sent:
        body["TxnTaxDetail"] = sent
    made = make(company, "SalesReceipt", body)
    detail = made["TxnTaxDetail"]
    assert taxes_of(made) == [Decimal(tax) for tax in case.taxes]
    assert detail["TotalTax"] == (Decimal(case.sent["TotalTax"]) if case.status else sum(taxes_of(made)))
    assert detail.get("TaxReviewStatus") == case.status
    assert made["TotalAmt"] == 150 + detail["TotalTax"]
    assert ("TxnTaxCodeRef" in detail) == bool(case.taxes)


def test_automated_tax_follows_new_lines_and_an_override_stays_until_then() -> None:
    company = COMPANIES["united-states-automated"]
    body: Doc = {"Line": [sale_line(company, "100", "TAX")], "ShipAddr": SF, "TxnTaxDetail": {"TotalTax": "9.00"}}
    made = make(company, "SalesReceipt", body)
    head: Doc = {"Id": made["Id"], "SyncToken": "0", "sparse": True}
    noted = make(company, "SalesReceipt", {**head, "PrivateNote": "x"})
    assert (noted["TxnTaxDetail"]["TotalTax"], noted["TxnTaxDetail"]["TaxReviewStatus"]) == (9, "AST_TAX_OVERRIDE")
    moved = make(company, "SalesReceipt", {**head, "SyncToken": "1", "Line": [sale_line(company, "200", "TAX")]})
    assert (moved["TxnTaxDetail"]["TotalTax"], "TaxReviewStatus" in moved["TxnTaxDetail"]) == (Decimal("17.25"), False)
    shipped = make(company, "SalesReceipt", {**head, "SyncToken": "2", "ShipAddr": NYC})
    assert shipped["TxnTaxDetail"]["TotalTax"] == Decimal("17.75")


@pytest.mark.parametrize(
    ("after", "tax", "total"), [(True, "7.20", "97.20"), (False, "8.00", "98.00")], ids=["after", "before"]
)
def test_a_discount_counts_before_or_after_tax_in_the_united_states(after: bool, tax: str, total: str) -> None:
    company = COMPANIES["us"]
    discount = {"DetailType": "DiscountLineDetail", "DiscountLineDetail": {"PercentBased": True, "DiscountPercent": 10}}
    body: Doc = {"Line": [sale_line(company, "100", "TAX"), discount], "ApplyTaxAfterDiscount": after}
    made = make(company, "SalesReceipt", {**body, "TxnTaxDetail": {"TxnTaxCodeRef": code_of(company, "State")}})
    assert (made["TxnTaxDetail"]["TotalTax"], made["TotalAmt"]) == (Decimal(tax), Decimal(total))


def test_expenses_of_the_united_states_bear_no_tax() -> None:
    company = COMPANIES["us"]
    body = expense(company, "10", "State")
    body["Line"][0]["AccountBasedExpenseLineDetail"]["TaxCodeRef"] = {"value": "TAX"}
    made = make(company, "Purchase", {**body, "TxnTaxDetail": {"TotalTax": 1}, "GlobalTaxCalculation": "TaxExcluded"})
    assert made["Line"][0]["AccountBasedExpenseLineDetail"]["TaxCodeRef"] == {"value": "NON"}
    assert (made["TotalAmt"], "TxnTaxDetail" in made) == (10, False)


RANDOM_LINES = st.lists(
    st.tuples(st.integers(0, 200_000), st.sampled_from([BOTH, "TPS", "TVQ QC - 9,975", "Exonéré", "Hors champ"])),
    min_size=1,
    max_size=6,
)


@settings(max_examples=60, deadline=None)
@given(RANDOM_LINES, st.sampled_from(["TaxExcluded", "TaxInclusive"]), st.sampled_from(["document", "line"]))
def test_any_document_owes_what_its_tax_lines_say(lines: list[tuple[int, str]], mode: str, rounding: str) -> None:
    company = COMPANIES["quebec"]
    STORE.restore(company, "start")
    company.settings["tax_rounding"] = rounding
    amounts = [Decimal(cents).scaleb(-2) for cents, _ in lines]
    inclusive = mode == "TaxInclusive"
    bodies = [
        sale_line(company, None if inclusive else amount, code, gross=amount if inclusive else None)
        for amount, (_, code) in zip(amounts, lines, strict=True)
    ]
    made = make(company, "SalesReceipt", {"GlobalTaxCalculation": mode, "Line": bodies})
    nets = sum((line["Amount"] for line in made["Line"][:-1]), Decimal(0))
    owed = -sum(
        (company.ledger.balance(key) for key in company.accounts_of(AccountSubType="GlobalTaxPayable")), Decimal(0)
    )
    assert owed == sum(taxes_of(made), Decimal(0)) == made["TxnTaxDetail"]["TotalTax"]
    assert made["TotalAmt"] == nets + owed
    if inclusive:
        assert made["TotalAmt"] == sum(amounts)
    else:
        assert nets == sum(amounts)
    STORE.restore(company, "start")


def test_a_bare_total_opens_the_account_it_needs() -> None:
    company = STORE.add("empty")
    income = make(company, "Account", {"Name": "Sales", "AccountSubType": "ServiceFeeIncome"})
    make(company, "Item", {"Name": "Work", "Type": "Service", "IncomeAccountRef": {"value": income["Id"]}})
    work = Work(company)
    work.touch("Preferences", "1")["TaxPrefs"] = {"UsingSalesTax": True}
    work.commit()
    body: Doc = {"Line": [sale_line(company, "10", "TAX")], "TxnTaxDetail": {"TotalTax": 1}}
    assert make(company, "SalesReceipt", body)["TotalAmt"] == 11
    assert balances(company)["Sales Tax Payable"] == -1
