"""The small lists: classes, locations, terms, payment methods, tax codes, rates and agencies, company settings."""

from __future__ import annotations

from raccord_sandbox.company import Work
from raccord_sandbox.entities.hierarchy import full_name, unique_full_name
from raccord_sandbox.entities.kind import COMMON_QUERYABLE, LIST_QUERYABLE, LOOKUP, Draft, Family, Kind, Operation
from raccord_sandbox.faults import FaultError, missing
from raccord_sandbox.schema import (
    ADDRESS,
    EMAIL,
    PHONE,
    WEB,
    Block,
    Choice,
    Flag,
    Many,
    Number,
    Property,
    Ref,
    Text,
    Whole,
)

TREE_FLAGS = {"Class": "SubClass", "Department": "SubDepartment"}


def settle_tree(work: Work, kind: Kind, draft: Draft) -> None:
    """Complete the full name of a class or location and refuse a taken one."""
    draft.new.setdefault("Active", True)
    full_name(work, kind, draft.new, flag=TREE_FLAGS[kind.name])
    unique_full_name(work, kind, draft, f"Another {kind.name.lower()} is already using this name.")


def settle_flat(work: Work, kind: Kind, draft: Draft) -> None:
    """Refuse a name that the list has already."""
    new = draft.new
    new.setdefault("Active", True)
    name = "DisplayName" if "DisplayName" in kind.properties else "Name"
    own = draft.old["Id"] if draft.old else None
    for key in work.company.table(kind.name).having(name, new[name]):
        if key != own:
            raise FaultError(
                6240, f"The name supplied already exists. : Another {kind.name} is already using this name. Id={key}"
            )


def settle_term(work: Work, kind: Kind, draft: Draft) -> None:
    """Derive the type of a term from what it names."""
    new = draft.new
    if "DueDays" in new:
        new["Type"] = "STANDARD"
    elif "DayOfMonthDue" in new:
        new["Type"] = "DATE_DRIVEN"
    else:
        raise missing("DueDays")
    settle_flat(work, kind, draft)


def settle_payment_method(work: Work, kind: Kind, draft: Draft) -> None:
    """Set the default type."""
    draft.new.setdefault("Type", "NON_CREDIT_CARD")
    settle_flat(work, kind, draft)


def settle_agency(work: Work, kind: Kind, draft: Draft) -> None:
    """Open the agency's liability account with it, as its taxes need one."""
    settle_flat(work, kind, draft)
    draft.new.setdefault("TaxTrackedOnSales", True)
    draft.new.setdefault("TaxTrackedOnPurchases", not work.company.is_us)


def settle_company_info(work: Work, kind: Kind, draft: Draft) -> None:
    """Name the company in the sandbox's own pages too."""
    work.company.settings["name"] = draft.new["CompanyName"]
    work.company.save_settings()


def settle_preferences(work: Work, kind: Kind, draft: Draft) -> None:
    """Keep the closing date, which the API shows and does not change."""
    old = (draft.old or {}).get("AccountingInfoPrefs", {})
    if "BookCloseDate" in old:
        section = {**draft.new.get("AccountingInfoPrefs", {}), "BookCloseDate": old["BookCloseDate"]}
        draft.new["AccountingInfoPrefs"] = section


def _tree(name: str) -> Kind:
    flag = TREE_FLAGS[name]
    properties: dict[str, Property] = {
        "Name": Text(100, ":"), "ParentRef": Ref((name,)), flag: Flag(), "Active": Flag()
    }  # fmt: skip
    if name == "Department":
        properties["Address"] = ADDRESS
    return Kind(
        name,
        Family.LIST,
        properties,
        settle_tree,
        sequence=name.lower(),
        required=("Name",),
        computed=frozenset({"FullyQualifiedName"}),
        queryable=LIST_QUERYABLE,
    )


CLASS = _tree("Class")
DEPARTMENT = _tree("Department")
TERM = Kind(
    "Term",
    Family.LIST,
    {
        "Name": Text(31),
        "Active": Flag(),
        "DueDays": Whole(0, 999),
        "DayOfMonthDue": Whole(1, 31),
        "DueNextMonthDays": Whole(0, 999),
        "DiscountDays": Whole(0, 999),
        "DiscountDayOfMonth": Whole(1, 31),
        "DiscountPercent": Number(),
    },
    settle_term,
    sequence="term",
    required=("Name",),
    computed=frozenset({"Type"}),
    queryable=COMMON_QUERYABLE | {"Name", "Active", "Type"},
)
PAYMENT_METHOD = Kind(
    "PaymentMethod",
    Family.LIST,
    {"Name": Text(31), "Active": Flag(), "Type": Choice(("CREDIT_CARD", "NON_CREDIT_CARD"))},
    settle_payment_method,
    sequence="paymentmethod",
    required=("Name",),
    queryable=COMMON_QUERYABLE | {"Name", "Active", "Type"},
)
_RATE_LIST = Block(
    {
        "TaxRateDetail": Many(
            Block({"TaxRateRef": Ref(("TaxRate",)), "TaxTypeApplicable": Text(40), "TaxOrder": Whole()})
        )
    }
)
TAX_CODE = Kind(
    "TaxCode",
    Family.LIST,
    {
        "Name": Text(100),
        "Description": Text(100),
        "Active": Flag(),
        "Hidden": Flag(),
        "Taxable": Flag(),
        "TaxGroup": Flag(),
        "TaxCodeConfigType": Text(40),
        "SalesTaxRateList": _RATE_LIST,
        "PurchaseTaxRateList": _RATE_LIST,
    },
    settle_flat,
    sequence="taxcode",
    operations=LOOKUP,
    queryable=COMMON_QUERYABLE | {"Name", "Active", "Description", "Taxable", "Hidden"},
)
TAX_RATE = Kind(
    "TaxRate",
    Family.LIST,
    {
        "Name": Text(100),
        "Description": Text(100),
        "Active": Flag(),
        "RateValue": Number(),
        "AgencyRef": Ref(("TaxAgency",)),
        "SpecialTaxType": Text(40),
        "DisplayType": Text(40),
    },
    settle_flat,
    sequence="taxrate",
    operations=LOOKUP,
    queryable=COMMON_QUERYABLE | {"Name", "Active", "Description", "AgencyRef"},
)
TAX_AGENCY = Kind(
    "TaxAgency",
    Family.LIST,
    {
        "DisplayName": Text(100),
        "TaxRegistrationNumber": Text(100),
        "TaxTrackedOnSales": Flag(),
        "TaxTrackedOnPurchases": Flag(),
        "Active": Flag(),
    },
    settle_agency,
    sequence="taxagency",
    operations=LOOKUP,
    queryable=COMMON_QUERYABLE | {"DisplayName", "Active"},
)

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
        "FiscalYearStartMonth": Text(20),
    },
    settle_company_info,
    operations=frozenset({Operation.READ, Operation.UPDATE, Operation.QUERY}),
    required=("CompanyName",),
    kept=frozenset({"Country", "SupportedLanguages", "DefaultTimeZone", "NameValue", "CompanyStartDate"}),
    queryable=COMMON_QUERYABLE,
)


def _flags(*names: str) -> Block:
    return Block(dict.fromkeys(names, Flag()))


_SALES_FLAGS: dict[str, Property] = dict.fromkeys(
    (
        "CustomTxnNumbers",
        "AllowDeposit",
        "AllowDiscount",
        "AllowEstimates",
        "AllowServiceDate",
        "AllowShipping",
        "AutoApplyCredit",
        "AutoApplyPayments",
        "UsingProgressInvoicing",
    ),
    Flag(),
)
PREFERENCES = Kind(
    "Preferences",
    Family.SINGLE,
    {
        "AccountingInfoPrefs": Block(
            {
                **dict.fromkeys(
                    ("UseAccountNumbers", "ClassTrackingPerTxn", "ClassTrackingPerTxnLine", "TrackDepartments"), Flag()
                ),
                **dict.fromkeys(
                    ("FirstMonthOfFiscalYear", "TaxYearMonth", "DepartmentTerminology", "CustomerTerminology"),
                    Text(100),
                ),
            },
            frozenset({"BookCloseDate"}),
        ),
        "SalesFormsPrefs": Block({**_SALES_FLAGS, "DefaultTerms": Ref(("Term",))}),
        "ProductAndServicesPrefs": _flags("ForSales", "ForPurchase", "QuantityWithPriceAndRate", "QuantityOnHand"),
        "VendorAndPurchasesPrefs": _flags("TrackingByCustomer", "BillableExpenseTracking"),
        "TaxPrefs": Block({"UsingSalesTax": Flag()}),
        "ReportPrefs": Block({"ReportBasis": Choice(("Accrual", "Cash")), "CalcAgingReportFromTxnDate": Flag()}),
        "OtherPrefs": Block({"NameValue": _PAIRS}),
    },
    settle_preferences,
    operations=frozenset({Operation.READ, Operation.UPDATE, Operation.QUERY}),
    kept=frozenset({"CurrencyPrefs", "TimeTrackingPrefs", "EmailMessagesPrefs"}),
    queryable=COMMON_QUERYABLE,
)
