"""CompanyInfo and Preferences of a new company."""

from __future__ import annotations

from raccord_sandbox.refusing.faults import Doc
from raccord_sandbox.seeds.template import CompanyFacts


def company_info(facts: CompanyFacts) -> Doc:
    """Return the CompanyInfo of a new company."""
    address = {"Line1": "1 Sandbox Street", "Country": facts.country}
    if facts.city:
        address["City"] = facts.city
    if facts.region:
        address["CountrySubDivisionCode"] = facts.region
    return {
        "CompanyName": facts.name,
        "LegalName": facts.name,
        "CompanyAddr": address,
        "LegalAddr": dict(address),
        "CustomerCommunicationAddr": dict(address),
        "Email": {"Address": "books@example.com"},
        "FiscalYearStartMonth": facts.month,
        "Country": facts.country,
        "SupportedLanguages": facts.language,
        "DefaultTimeZone": facts.time_zone,
        "CompanyStartDate": "2020-01-01",
        "NameValue": [
            {"Name": "NeoEnabled", "Value": "true"},
            {"Name": "SubscriptionStatus", "Value": "PAID"},
            {"Name": "OfferingSku", "Value": "QuickBooks Online Plus"},
        ],
    }


def preferences(facts: CompanyFacts) -> Doc:
    """Return the Preferences of a new company."""
    return {
        "AccountingInfoPrefs": {
            "FirstMonthOfFiscalYear": facts.month,
            "UseAccountNumbers": facts.uses_numbers,
            "ClassTrackingPerTxn": False,
            "ClassTrackingPerTxnLine": True,
            "TrackDepartments": True,
        },
        "SalesFormsPrefs": {"CustomTxnNumbers": facts.custom_numbers, "AllowDiscount": True, "AllowDeposit": True},
        "ProductAndServicesPrefs": {"ForSales": True, "ForPurchase": True, "QuantityWithPriceAndRate": True},
        "VendorAndPurchasesPrefs": {"TrackingByCustomer": True, "BillableExpenseTracking": False},
        "TaxPrefs": {"UsingSalesTax": bool(facts.taxes)},
        "CurrencyPrefs": {"MultiCurrencyEnabled": False, "HomeCurrency": {"value": facts.currency}},
        "ReportPrefs": {"ReportBasis": "Accrual", "CalcAgingReportFromTxnDate": False},
        "OtherPrefs": {
            "NameValue": [
                {"Name": "VendorAndPurchasesPrefs.UseCustomTxnNumbers", "Value": "true"},
                {"Name": "WarnDuplicateCheckNumber", "Value": "true"},
                {"Name": "WarnDuplicateJournalNumber", "Value": "true"},
            ]
        },
    }
