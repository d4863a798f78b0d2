"""What a company is and prefers: CompanyInfo and Preferences, of which there is one each."""

from __future__ import annotations

from raccord_sandbox.entities.kind import COMMON_QUERYABLE, Draft, Family, Kind, Operation
from raccord_sandbox.keeping.company import Work
from raccord_sandbox.posting.system_accounts import system_account
from raccord_sandbox.refusing.faults import Doc, FaultError, business
from raccord_sandbox.schema import (
    ADDRESS,
    EMAIL,
    PHONE,
    WEB,
    Block,
    Choice,
    Day,
    Flag,
    Many,
    Number,
    Property,
    Ref,
    Text,
)
from raccord_sandbox.wire import unreadable

MONTHS = Choice(
    (
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    )
)  # fmt: skip
WEEKDAYS = Choice(("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"))
READ_ONLY = {
    "AccountingInfoPrefs": ("BookCloseDate",),
    "CurrencyPrefs": ("MultiCurrencyEnabled", "HomeCurrency"),
    "TaxPrefs": ("PartnerTaxEnabled",),
}
"""What the API shows of each section and does not change; a person does."""


def settle_company_info(work: Work, kind: Kind, draft: Draft) -> None:
    """Name the company in the sandbox's own pages too, and let the preferences have the same fiscal year."""
    work.company.settings["name"] = draft.new["CompanyName"]
    work.company.save_settings()
    month = draft.new.setdefault("FiscalYearStartMonth", "January")
    accounting = (work.get("Preferences", "1") or {}).get("AccountingInfoPrefs", {})
    if draft.old is not None and accounting.get("FirstMonthOfFiscalYear", month) != month:
        work.touch("Preferences", "1")["AccountingInfoPrefs"]["FirstMonthOfFiscalYear"] = month


def settle_preferences(work: Work, kind: Kind, draft: Draft) -> None:
    """Change what a request names and leave the rest; what is only shown is fault 2010, unless a switch takes it."""
    old = draft.old or {}
    for section in kind.properties:
        before: Doc = old.get(section, {})
        sent: Doc = draft.new.get(section, {}) if section in draft.sent else {}
        sent = {name: value for name, value in sent.items() if not _is_shown_only(work, section, name)}
        after = {**before, **sent}
        if section == "OtherPrefs" and sent:
            pairs = {pair["Name"]: pair for pair in (*before.get("NameValue", []), *sent["NameValue"])}
            after["NameValue"] = list(pairs.values())
        if after:
            draft.new[section] = after
    _settle_currencies(work, draft)
    month = draft.new["AccountingInfoPrefs"].get("FirstMonthOfFiscalYear")
    info = work.get("CompanyInfo", "1")
    if month and info is not None and info["FiscalYearStartMonth"] != month:
        work.touch("CompanyInfo", "1")["FiscalYearStartMonth"] = month


def _settle_currencies(work: Work, draft: Draft) -> None:
    """Let multicurrency be turned on, where the plan has it, and never off; with it comes the account of its gains."""
    before, after = ((doc or {}).get("CurrencyPrefs", {}) for doc in (draft.old, draft.new))
    was, now = (bool(prefs.get("MultiCurrencyEnabled", False)) for prefs in (before, after))
    if was and not now:
        raise business("Multicurrency cannot be turned off once it is on.", "MultiCurrencyEnabled")
    if now and not was:
        info = work.get("CompanyInfo", "1") or {}
        plans = [pair["Value"] for pair in info.get("NameValue", []) if pair["Name"] == "OfferingSku"]
        if any("Simple Start" in plan for plan in plans):
            text = "Feature Not Supported Error : this plan has no multicurrency"
            raise FaultError(5030, text, "MultiCurrencyEnabled")
        system_account(work, "Exchange Gain or Loss", "Other Expense", "ExchangeGainOrLoss")
    if "HomeCurrency" in before:
        after["HomeCurrency"] = before["HomeCurrency"]


def _is_shown_only(work: Work, section: str, name: str) -> bool:
    if name not in READ_ONLY.get(section, ()) or work.by != "api":
        return False
    if not work.company.switch("preferences_round_trip"):
        raise unreadable(name)
    return True


_PAIRS = Many(Block({"Name": Text(100), "Value": Text(1000)}))
COMPANY_INFO = Kind(
    "CompanyInfo",
    Family.SINGLE,
    {
        "CompanyName": Text(1024),
        "LegalName": Text(1024),
        "CompanyAddr": ADDRESS,
        "CustomerCommunicationAddr": ADDRESS,
        "LegalAddr": ADDRESS,
        "CustomerCommunicationEmailAddr": EMAIL,
        "PrimaryPhone": PHONE,
        "Email": EMAIL,
        "WebAddr": WEB,
        "FiscalYearStartMonth": MONTHS,
        "EmployerId": Text(30),
    },
    settle_company_info,
    operations=frozenset({Operation.READ, Operation.UPDATE, Operation.QUERY}),
    required=("CompanyName", "CompanyAddr"),
    kept=frozenset({"Country", "SupportedLanguages", "DefaultTimeZone", "NameValue", "CompanyStartDate"}),
    queryable=COMMON_QUERYABLE,
)


def _flags(*names: str, **more: Property) -> Block:
    return Block({**dict.fromkeys(names, Flag()), **more})


MESSAGE = Block({"Subject": Text(1000), "Message": Text(4000)})
PREFERENCES = Kind(
    "Preferences",
    Family.SINGLE,
    {
        "AccountingInfoPrefs": _flags(
            "UseAccountNumbers",
            "ClassTrackingPerTxn",
            "ClassTrackingPerTxnLine",
            "TrackDepartments",
            FirstMonthOfFiscalYear=MONTHS,
            TaxYearMonth=MONTHS,
            DepartmentTerminology=Text(100),
            CustomerTerminology=Text(100),
            BookCloseDate=Day(),
        ),
        "SalesFormsPrefs": _flags(
            "CustomTxnNumbers",
            "AllowDeposit",
            "AllowDiscount",
            "AllowEstimates",
            "AllowServiceDate",
            "AllowShipping",
            "AutoApplyCredit",
            "AutoApplyPayments",
            "ETransactionAttachPDF",
            "ETransactionPaymentEnabled",
            "IPNSupportEnabled",
            "UsingPriceLevels",
            "UsingProgressInvoicing",
            DefaultTerms=Ref(("Term",)),
            DefaultCustomerMessage=Text(1000),
            ETransactionEnabledStatus=Text(40),
        ),
        "ProductAndServicesPrefs": _flags("ForSales", "ForPurchase", "QuantityWithPriceAndRate", "QuantityOnHand"),
        "VendorAndPurchasesPrefs": _flags(
            "TrackingByCustomer",
            "BillableExpenseTracking",
            DefaultTerms=Ref(("Term",)),
            DefaultMarkup=Number(),
            MsgToVendors=Text(4000),
        ),
        "TimeTrackingPrefs": _flags(
            "UseServices", "BillCustomers", "ShowBillRateToAll", "MarkTimeEntriesBillable", WorkWeekStartDate=WEEKDAYS
        ),
        "EmailMessagesPrefs": Block(
            dict.fromkeys(("InvoiceMessage", "EstimateMessage", "SalesReceiptMessage", "StatementMessage"), MESSAGE)
        ),
        "TaxPrefs": _flags("UsingSalesTax", "PartnerTaxEnabled", TaxGroupCodeRef=Ref(("TaxCode",))),
        "CurrencyPrefs": _flags("MultiCurrencyEnabled", HomeCurrency=Ref()),
        "ReportPrefs": _flags("CalcAgingReportFromTxnDate", ReportBasis=Choice(("Accrual", "Cash"))),
        "OtherPrefs": Block({"NameValue": _PAIRS}),
    },
    settle_preferences,
    operations=frozenset({Operation.READ, Operation.UPDATE, Operation.QUERY}),
    queryable=COMMON_QUERYABLE,
)
