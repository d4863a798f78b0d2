"""Tax regimes that a company can be set up with: agencies, rates, codes and, where tax is automated, places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from raccord_sandbox.clock import stamp
from raccord_sandbox.keeping.company import Company, Work
from raccord_sandbox.posting.system_accounts import system_account
from raccord_sandbox.refusing.faults import Doc


@dataclass(frozen=True, slots=True)
class Agency:
    """An agency with the account of what is owed to it, and of what it owes where that stands apart."""

    name: str
    payable: str
    deductible: str = ""
    gives_back: bool = True
    """Whether tax on purchases is reclaimed; else it is part of what was bought."""


@dataclass(frozen=True, slots=True)
class Rate:
    """One rate of one agency."""

    name: str
    percent: str
    agency: str
    special: str = ""
    """The SpecialTaxType where it is neither NONE nor ZERO_RATE."""


@dataclass(frozen=True, slots=True)
class Code:
    """A code with its rates on sales and on purchases; those in `compound` count the taxes before them in."""

    name: str
    sales: tuple[str, ...]
    purchases: tuple[str, ...] = ()
    compound: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a code applies by itself: a state, and within it the postal codes that begin so."""

    state: str
    code: str
    postal: str = ""


@dataclass(frozen=True, slots=True)
class Regime:
    """All that a company's taxes are."""

    agencies: tuple[Agency, ...]
    rates: tuple[Rate, ...]
    codes: tuple[Code, ...]
    places: tuple[Place, ...] = ()
    automated: bool = False


def set_up_taxes(company: Company, regime: Regime) -> None:
    """Store a regime's agencies, rates and codes, with their accounts, and turn sales tax on."""
    work = Work(company)
    settings = company.settings
    payable: dict[str, str] = settings.setdefault("tax_accounts", {})
    deductible: dict[str, str] = settings.setdefault("input_tax_accounts", {})
    subtype = "SalesTaxPayable" if company.is_us else "GlobalTaxPayable"
    agencies = {}
    for agency in regime.agencies:
        body = {"DisplayName": agency.name, "TaxTrackedOnSales": True, "TaxTrackedOnPurchases": agency.gives_back}
        key = agencies[agency.name] = _store(work, "TaxAgency", body)
        payable[key] = system_account(work, agency.payable, "Other Current Liability", subtype)["Id"]
        if agency.deductible:
            found = system_account(work, agency.deductible, "Other Current Asset", "OtherCurrentAssets")
            deductible[key] = found["Id"]
    rates = {rate.name: _store_rate(work, rate, agencies[rate.agency]) for rate in regime.rates}
    codes = {code.name: _store_code(work, code, rates) for code in regime.codes}
    settings["tax_places"] = [
        {"state": place.state, "postal": place.postal, "code": codes[place.code]} for place in regime.places
    ]
    prefs: Doc = {"UsingSalesTax": True} | ({"PartnerTaxEnabled": True} if regime.automated else {})
    work.put("Preferences", {**(work.get("Preferences", "1") or {}), "TaxPrefs": prefs})
    work.commit()
    company.save_settings()


def _store_rate(work: Work, rate: Rate, agency: str) -> str:
    percent = Decimal(rate.percent)
    body = {
        "Name": rate.name,
        "Description": rate.name,
        "RateValue": percent,
        "AgencyRef": {"value": agency},
        "SpecialTaxType": rate.special or ("NONE" if percent else "ZERO_RATE"),
        "DisplayType": "ReadOnly",
    }
    return _store(work, "TaxRate", body)


def _store_code(work: Work, code: Code, rates: Mapping[str, str]) -> str:
    def details(names: Sequence[str]) -> Doc:
        found = []
        for name in names:
            applies, order = ("TaxOnAmountPlusTax", 1) if name in code.compound else ("TaxOnAmount", 0)
            found.append({"TaxRateRef": {"value": rates[name]}, "TaxTypeApplicable": applies, "TaxOrder": order})
        return {"TaxRateDetail": found}

    body = {
        "Name": code.name,
        "Description": code.name,
        "Taxable": bool(code.sales),
        "TaxGroup": True,
        "Hidden": False,
        "TaxCodeConfigType": "SYSTEM_GENERATED",
        "SalesTaxRateList": details(code.sales),
        "PurchaseTaxRateList": details(code.purchases),
    }
    return _store(work, "TaxCode", body)


def _store(work: Work, kind: str, body: Doc) -> str:
    now = stamp(work.company.clock.now())
    doc: Doc = {
        **body,
        "Active": True,
        "domain": "QBO",
        "sparse": False,
        "Id": work.next_id(kind.lower()),
        "SyncToken": "0",
        "MetaData": {"CreateTime": now, "LastUpdatedTime": now},
    }
    work.put(kind, doc)
    return str(doc["Id"])


_ARC, _RQ = "Agence du revenu du Canada", "Revenu Québec"
QUEBEC = Regime(
    (Agency(_ARC, "TPS/TVH à payer"), Agency(_RQ, "TVQ à payer")),
    (
        Rate("TPS", "5", _ARC),
        Rate("TPS (CTI)", "5", _ARC),
        Rate("TVQ 9,975", "9.975", _RQ),
        Rate("TVQ 9,975 (RTI)", "9.975", _RQ),
        Rate("Détaxé", "0", _ARC),
        Rate("Détaxé (achats)", "0", _ARC),
        Rate("Exonéré", "0", _ARC),
        Rate("Exonéré (achats)", "0", _ARC),
    ),
    (
        Code("TPS/TVQ QC - 9,975", ("TPS", "TVQ 9,975"), ("TPS (CTI)", "TVQ 9,975 (RTI)")),
        Code("TPS", ("TPS",), ("TPS (CTI)",)),
        Code("TVQ QC - 9,975", ("TVQ 9,975",), ("TVQ 9,975 (RTI)",)),
        Code("Détaxé", ("Détaxé",), ("Détaxé (achats)",)),
        Code("Exonéré", ("Exonéré",), ("Exonéré (achats)",)),
        Code("Hors champ", ()),
    ),
)

_CRA, _BC = "Canada Revenue Agency", "Ministry of Finance (BC)"
BRITISH_COLUMBIA = Regime(
    (Agency(_CRA, "GST/HST Payable"), Agency(_BC, "PST Payable (BC)", gives_back=False)),
    (
        Rate("GST", "5", _CRA),
        Rate("GST (ITC)", "5", _CRA),
        Rate("PST BC", "7", _BC),
        Rate("PST BC (purchases)", "7", _BC),
        Rate("Zero-rated", "0", _CRA),
        Rate("Zero-rated (purchases)", "0", _CRA),
    ),
    (
        Code("GST/PST BC", ("GST", "PST BC"), ("GST (ITC)", "PST BC (purchases)")),
        Code("GST", ("GST",), ("GST (ITC)",)),
        Code("PST BC", ("PST BC",), ("PST BC (purchases)",)),
        Code("Zero-rated", ("Zero-rated",), ("Zero-rated (purchases)",)),
        Code("Out of scope", ()),
    ),
)

_HMRC = "HM Revenue & Customs (VAT)"
UNITED_KINGDOM = Regime(
    (Agency(_HMRC, "VAT Control"),),
    (
        Rate("20.0% S (Sales)", "20", _HMRC),
        Rate("20.0% S (Purchases)", "20", _HMRC),
        Rate("5.0% R (Sales)", "5", _HMRC),
        Rate("5.0% R (Purchases)", "5", _HMRC),
        Rate("0.0% Z (Sales)", "0", _HMRC),
        Rate("0.0% Z (Purchases)", "0", _HMRC),
        Rate("Exempt (Sales)", "0", _HMRC, "NONE"),
        Rate("Exempt (Purchases)", "0", _HMRC, "NONE"),
        Rate("RC (Sales)", "0", _HMRC, "REVERSE_CHARGE"),
        Rate("20.0% RC (Purchases)", "20", _HMRC, "REVERSE_CHARGE"),
        Rate("20.0% RC (Purchases) owed", "-20", _HMRC, "REVERSE_CHARGE"),
        Rate("5.0% RC (Purchases)", "5", _HMRC, "REVERSE_CHARGE"),
        Rate("5.0% RC (Purchases) owed", "-5", _HMRC, "REVERSE_CHARGE"),
    ),
    (
        Code("20.0% S", ("20.0% S (Sales)",), ("20.0% S (Purchases)",)),
        Code("5.0% R", ("5.0% R (Sales)",), ("5.0% R (Purchases)",)),
        Code("0.0% Z", ("0.0% Z (Sales)",), ("0.0% Z (Purchases)",)),
        Code("Exempt", ("Exempt (Sales)",), ("Exempt (Purchases)",)),
        Code("No VAT", ()),
        Code("20.0% RC SG", ("RC (Sales)",), ("20.0% RC (Purchases)", "20.0% RC (Purchases) owed")),
        Code("20.0% RC CIS", ("RC (Sales)",), ("20.0% RC (Purchases)", "20.0% RC (Purchases) owed")),
        Code("5.0% RC CIS", ("RC (Sales)",), ("5.0% RC (Purchases)", "5.0% RC (Purchases) owed")),
    ),
)

_DGFIP = "Direction générale des Finances publiques"
_FRENCH = ("20", "10", "5,5", "2,1")
FRANCE = Regime(
    (Agency(_DGFIP, "44571 TVA collectée", "44566 TVA déductible sur autres biens et services"),),
    (
        *(
            Rate(f"TVA {percent} % ({side})", percent.replace(",", "."), _DGFIP)
            for percent in _FRENCH
            for side in ("ventes", "achats")
        ),
        Rate("TVA 0 % (ventes)", "0", _DGFIP),
        Rate("TVA 0 % (achats)", "0", _DGFIP),
        Rate("Autoliquidation (ventes)", "0", _DGFIP, "REVERSE_CHARGE"),
        Rate("Autoliquidation 20 % (achats)", "20", _DGFIP, "REVERSE_CHARGE"),
        Rate("Autoliquidation 20 % (achats) due", "-20", _DGFIP, "REVERSE_CHARGE"),
    ),
    (
        *(
            Code(f"TVA {percent} %", (f"TVA {percent} % (ventes)",), (f"TVA {percent} % (achats)",))
            for percent in _FRENCH
        ),
        Code("TVA 0 %", ("TVA 0 % (ventes)",), ("TVA 0 % (achats)",)),
        Code("Hors champ", ()),
        Code(
            "Autoliquidation 20 %",
            ("Autoliquidation (ventes)",),
            ("Autoliquidation 20 % (achats)", "Autoliquidation 20 % (achats) due"),
        ),
    ),
)

_STATE = "State Tax Agency"
UNITED_STATES = Regime(
    (Agency(_STATE, "Sales tax payable", gives_back=False),),
    (Rate("State 8%", "8", _STATE),),
    (Code("State", ("State 8%",)),),
)

_CDTFA = "California Department of Tax and Fee Administration"
_NYS = "New York Department of Taxation and Finance"
UNITED_STATES_AUTOMATED = Regime(
    (
        Agency(_CDTFA, f"{_CDTFA} Payable", gives_back=False),
        Agency(_NYS, f"{_NYS} Payable", gives_back=False),
    ),
    (
        Rate("California, State", "6", _CDTFA),
        Rate("California, County", "1.25", _CDTFA),
        Rate("San Francisco, District", "1.375", _CDTFA),
        Rate("Los Angeles, District", "2.25", _CDTFA),
        Rate("New York, State", "4", _NYS),
        Rate("New York, City", "4.5", _NYS),
        Rate("Metropolitan Commuter Transportation District", "0.375", _NYS),
    ),
    (
        Code("California", ("California, State", "California, County")),
        Code("San Francisco", ("California, State", "California, County", "San Francisco, District")),
        Code("Los Angeles", ("California, State", "California, County", "Los Angeles, District")),
        Code("New York", ("New York, State",)),
        Code(
            "New York City",
            ("New York, State", "New York, City", "Metropolitan Commuter Transportation District"),
        ),
    ),
    (
        Place("CA", "California"),
        Place("CA", "San Francisco", "941"),
        Place("CA", "Los Angeles", "900"),
        Place("NY", "New York"),
        Place("NY", "New York City", "100"),
    ),
    automated=True,
)
REGIMES: Mapping[str, Regime] = {
    "quebec": QUEBEC,
    "british-columbia": BRITISH_COLUMBIA,
    "united-kingdom": UNITED_KINGDOM,
    "france": FRANCE,
    "united-states": UNITED_STATES,
    "united-states-automated": UNITED_STATES_AUTOMATED,
}
