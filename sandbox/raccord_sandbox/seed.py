"""The companies a sandbox starts with: Quebec and the United States."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from raccord_sandbox.clock import stamp
from raccord_sandbox.company import Company, Work
from raccord_sandbox.entities.kind import Operation
from raccord_sandbox.entities.registry import KINDS
from raccord_sandbox.faults import Doc
from raccord_sandbox.operations import Origin, write
from raccord_sandbox.regimes import QUEBEC, UNITED_STATES, set_up_taxes

QUEBEC_ACCOUNTS = (
    ("Compte chèques", "Bank", "Checking"),
    ("Compte d’épargne", "Bank", "Savings"),
    ("Petite caisse", "Bank", "CashOnHand"),
    ("Comptes clients", "Accounts Receivable", "AccountsReceivable"),
    ("Fonds non déposés", "Other Current Asset", "UndepositedFunds"),
    ("Charges payées d’avance", "Other Current Asset", "PrepaidExpenses"),
    ("Matériel informatique", "Fixed Asset", "MachineryAndEquipment"),
    ("Comptes fournisseurs", "Accounts Payable", "AccountsPayable"),
    ("Carte de crédit", "Credit Card", "CreditCard"),
    ("TPS/TVH à payer", "Other Current Liability", "GlobalTaxPayable"),
    ("TVQ à payer", "Other Current Liability", "GlobalTaxPayable"),
    ("Bénéfices non répartis", "Equity", "RetainedEarnings"),
    ("Solde d’ouverture – capitaux propres", "Equity", "OpeningBalanceEquity"),
    ("Ventes", "Income", "SalesOfProductIncome"),
    ("Services", "Income", "ServiceFeeIncome"),
    ("Remises accordées", "Income", "DiscountsRefundsGiven"),
    ("Produit non catégorisé", "Income", "OtherPrimaryIncome"),
    ("Coût des marchandises vendues", "Cost of Goods Sold", "SuppliesMaterialsCogs"),
    ("Frais bancaires", "Expense", "BankCharges"),
    ("Fournitures de bureau", "Expense", "OfficeGeneralAdministrativeExpenses"),
    ("Frais de déplacement", "Expense", "Travel"),
    ("Dépense non catégorisée", "Expense", "OtherMiscellaneousServiceCost"),
)
US_ACCOUNTS = (
    ("Checking", "Bank", "Checking"),
    ("Savings", "Bank", "Savings"),
    ("Accounts Receivable (A/R)", "Accounts Receivable", "AccountsReceivable"),
    ("Payments to deposit", "Other Current Asset", "UndepositedFunds"),
    ("Uncategorized Asset", "Other Current Asset", "OtherCurrentAssets"),
    ("Accounts Payable (A/P)", "Accounts Payable", "AccountsPayable"),
    ("Mastercard", "Credit Card", "CreditCard"),
    ("Visa", "Credit Card", "CreditCard"),
    ("Sales tax payable", "Other Current Liability", "SalesTaxPayable"),
    ("Retained Earnings", "Equity", "RetainedEarnings"),
    ("Opening Balance Equity", "Equity", "OpeningBalanceEquity"),
    ("Sales of Product Income", "Income", "SalesOfProductIncome"),
    ("Services", "Income", "ServiceFeeIncome"),
    ("Discounts given", "Income", "DiscountsRefundsGiven"),
    ("Uncategorized Income", "Income", "OtherPrimaryIncome"),
    ("Cost of Goods Sold", "Cost of Goods Sold", "SuppliesMaterialsCogs"),
    ("Bank charges & fees", "Expense", "BankCharges"),
    ("Office expenses", "Expense", "OfficeGeneralAdministrativeExpenses"),
    ("Travel", "Expense", "Travel"),
    ("Uncategorized Expense", "Expense", "OtherMiscellaneousServiceCost"),
)
SEED = Origin(by="seed")
TEMPLATES = ("quebec", "us")


def fill(company: Company, template: str, switches: Mapping[str, Any]) -> None:
    """Make the accounts, taxes, lists and settings of a template. Raises ValueError for an unknown one."""
    match template:
        case "quebec":
            _quebec(company, switches)
        case "us":
            _united_states(company, switches)
        case _:
            raise ValueError(f"no template named {template}; there are quebec and us")
    company.save_settings()


def _quebec(company: Company, switches: Mapping[str, Any]) -> None:
    company.settings = {
        **switches,
        "template": "quebec",
        "name": "Atelier Boréal inc.",
        "country": "CA",
        "currency": "CAD",
        "currency_name": "Dollar canadien",
        "tax_accounts": {},
    }
    _settings(company, custom_numbers=True, month="January", language="fr", region="QC")
    accounts = _accounts(company, QUEBEC_ACCOUNTS)
    set_up_taxes(company, QUEBEC)
    both = next(iter(company.table("TaxCode")))["Id"]
    _names(company, "PaymentMethod", ("Comptant", "Chèque"))
    for name in ("Visa", "Mastercard", "American Express"):
        _make(company, "PaymentMethod", {"Name": name, "Type": "CREDIT_CARD"})
    for name, days in (("Payable dès réception", 0), ("Net 15", 15), ("Net 30", 30)):
        _make(company, "Term", {"Name": name, "DueDays": days})
    sales = _make(
        company,
        "Item",
        {
            "Name": "Ventes",
            "Type": "Service",
            "IncomeAccountRef": {"value": accounts["Ventes"]},
            "SalesTaxCodeRef": {"value": both},
        },
    )
    company.settings["default_item"] = sales["Id"]


def _united_states(company: Company, switches: Mapping[str, Any]) -> None:
    company.settings = {
        **switches,
        "template": "us",
        "name": "Sandbox Company US",
        "country": "US",
        "currency": "USD",
        "currency_name": "United States Dollar",
        "tax_accounts": {},
    }
    _settings(company, custom_numbers=False, month="January", language="en", region="CA")
    accounts = _accounts(company, US_ACCOUNTS)
    for code in ("TAX", "NON"):
        _store(
            company, "TaxCode", {"Name": code, "Description": code, "Taxable": code == "TAX", "TaxGroup": False}, code
        )
    set_up_taxes(company, UNITED_STATES)
    _names(company, "PaymentMethod", ("Cash", "Check"))
    for name in ("Visa", "MasterCard", "Discover", "American Express"):
        _make(company, "PaymentMethod", {"Name": name, "Type": "CREDIT_CARD"})
    for name, days in (("Due on receipt", 0), ("Net 15", 15), ("Net 30", 30), ("Net 60", 60)):
        _make(company, "Term", {"Name": name, "DueDays": days})
    services = {"Name": "Services", "Type": "Service", "IncomeAccountRef": {"value": accounts["Services"]}}
    company.settings["default_item"] = _make(company, "Item", services)["Id"]
    _make(company, "Item", {**services, "Name": "Hours", "UnitPrice": Decimal(60)})


def _settings(company: Company, *, custom_numbers: bool, month: str, language: str, region: str) -> None:
    name, country = company.settings["name"], company.settings["country"]
    address = {"Line1": "1 Sandbox Street", "CountrySubDivisionCode": region, "Country": country}
    _store(
        company,
        "CompanyInfo",
        {
            "CompanyName": name,
            "LegalName": name,
            "CompanyAddr": address,
            "LegalAddr": dict(address),
            "FiscalYearStartMonth": month,
            "Country": country,
            "SupportedLanguages": language,
            "DefaultTimeZone": "America/Toronto" if country == "CA" else "America/Los_Angeles",
            "CompanyStartDate": "2020-01-01",
            "NameValue": [
                {"Name": "NeoEnabled", "Value": "true"},
                {"Name": "SubscriptionStatus", "Value": "PAID"},
                {"Name": "OfferingSku", "Value": "QuickBooks Online Plus"},
            ],
        },
        "1",
    )
    _store(
        company,
        "Preferences",
        {
            "AccountingInfoPrefs": {
                "FirstMonthOfFiscalYear": month,
                "UseAccountNumbers": False,
                "ClassTrackingPerTxn": False,
                "ClassTrackingPerTxnLine": True,
                "TrackDepartments": True,
            },
            "SalesFormsPrefs": {"CustomTxnNumbers": custom_numbers, "AllowDiscount": True, "AllowDeposit": True},
            "ProductAndServicesPrefs": {"ForSales": True, "ForPurchase": True, "QuantityWithPriceAndRate": True},
            "VendorAndPurchasesPrefs": {"TrackingByCustomer": True, "BillableExpenseTracking": False},
            "TaxPrefs": {"UsingSalesTax": True},
            "CurrencyPrefs": {
                "MultiCurrencyEnabled": False,
                "HomeCurrency": {"value": company.settings["currency"]},
            },
            "ReportPrefs": {"ReportBasis": "Accrual", "CalcAgingReportFromTxnDate": False},
            "OtherPrefs": {
                "NameValue": [
                    {"Name": "VendorAndPurchasesPrefs.UseCustomTxnNumbers", "Value": "true"},
                    {"Name": "WarnDuplicateCheckNumber", "Value": "true"},
                    {"Name": "WarnDuplicateJournalNumber", "Value": "true"},
                ]
            },
        },
        "1",
    )


def _accounts(company: Company, chart: Sequence[tuple[str, str, str]]) -> dict[str, str]:
    return {
        name: _make(company, "Account", {"Name": name, "AccountType": type_, "AccountSubType": subtype})["Id"]
        for name, type_, subtype in chart
    }


def _names(company: Company, kind: str, names: Sequence[str]) -> None:
    for name in names:
        _make(company, kind, {"Name": name})


def _make(company: Company, kind: str, body: Doc) -> Doc:
    return write(company, KINDS[kind], body, Operation.CREATE, origin=SEED)


def _store(company: Company, kind: str, body: Doc, key: str | None = None) -> Doc:
    """Store what the API itself cannot create."""
    work = Work(company)
    now = stamp(company.clock.now())
    doc = {
        **body,
        "domain": "QBO",
        "sparse": False,
        "Id": key or work.next_id(KINDS[kind].sequence),
        "SyncToken": "0",
        "MetaData": {"CreateTime": now, "LastUpdatedTime": now},
    }
    if KINDS[kind].family == "list":
        doc["Active"] = True
    work.put(kind, doc)
    work.commit()
    return doc
