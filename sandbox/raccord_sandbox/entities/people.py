"""Customers, vendors and employees, who share one list of names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from raccord_sandbox.currency import settle_list_currency
from raccord_sandbox.entities.amounts import account_of
from raccord_sandbox.entities.hierarchy import DEEPEST, depth, full_name, rename_children, rename_if_deactivated
from raccord_sandbox.entities.kind import COMMON_QUERYABLE, Draft, Family, Kind
from raccord_sandbox.entities.opening import open_with_invoice
from raccord_sandbox.keeping.company import Company, Work
from raccord_sandbox.refusing.faults import Doc, FaultError, business, missing
from raccord_sandbox.schema import (
    ADDRESS,
    EMAIL,
    MONEY,
    PHONE,
    WEB,
    Choice,
    Day,
    Flag,
    Number,
    Property,
    Ref,
    Text,
)

NAME_PARTS = ("Title", "GivenName", "MiddleName", "FamilyName", "Suffix")
NAME_LISTS = ("Customer", "Vendor", "Employee")
EXPENSES = ("Purchase", "Bill")
FORBIDDEN = ":\t\n"
MASKED = {"Customer": "PrimaryTaxIdentifier", "Vendor": "TaxIdentifier"}
"""The tax number of each kind of name."""
TAKEN = "Another customer, vendor or employee is already using this name. Please use a different name."


def settle_person(work: Work, kind: Kind, draft: Draft) -> None:
    """Make the display name, refuse a taken one (6240) and a deactivation with an open balance (6220)."""
    new, old = draft.new, draft.old
    new.setdefault("Active", True)
    display = new.get("DisplayName") or " ".join(new[part] for part in NAME_PARTS if new.get(part))
    if not display and old is not None:
        display = old["DisplayName"]
    if not display:
        raise FaultError(6080, "At least one of the name parts or DisplayName must be given", "DisplayName")
    new["DisplayName"] = display
    new.setdefault("PrintOnCheckName", display[: 110 if kind.name == "Customer" else 100])
    _keep_masked(kind, draft)
    if old is not None and old["Active"] and not new["Active"] and _balance(work.company, kind.name, old["Id"]) != 0:
        raise FaultError(6220, "Delete List Has Balance Error : this object has an open balance", "Active")
    if kind.name == "Customer" and old is not None and old["Active"] and not new["Active"]:
        _refuse_if_unbilled(work, old["Id"])
    parent: Doc | None = None
    if kind.name == "Customer":
        parent = _settle_customer(work, kind, draft)
    if kind.name != "Employee":
        if parent is not None and old is None:
            new.setdefault("CurrencyRef", dict(parent["CurrencyRef"]))
        settle_list_currency(work, draft)
        if parent is not None and parent["CurrencyRef"]["value"] != new["CurrencyRef"]["value"]:
            raise business("A sub-customer must have the currency of its parent.", "CurrencyRef")
    own = (kind.name, old["Id"]) if old else None
    rename_if_deactivated(work, draft, "DisplayName", lambda: _holder(work, new["DisplayName"], own))
    if kind.name == "Customer":
        rename_children(work, kind, old, new)
    holder = _holder(work, new["DisplayName"], own)
    if holder is not None:
        raise FaultError(6240, f"The name supplied already exists. : {TAKEN} Id={holder}")
    if kind.name == "Employee" and not (new.get("GivenName") or new.get("FamilyName")):
        raise missing("GivenName")
    if kind.name == "Customer":
        _opening_balance(work, draft)


def _settle_customer(work: Work, kind: Kind, draft: Draft) -> Doc | None:
    """Place a customer in its tree and return its parent; only a person makes a project, which must be somebody's."""
    new, old = draft.new, draft.old
    parent = full_name(work, kind, new, flag="Job", name="DisplayName")
    new["Level"] = depth(work, kind, new)
    kept = (old or {}).get("IsProject", False)
    new["IsProject"] = kept if work.by == "api" else new.get("IsProject", kept)
    if new["IsProject"] and not new["Job"]:
        raise FaultError(6150, "ParentRef is required for a project", "ParentRef")
    if work.company.settings["country"] == "FR" and "ARAccountRef" not in new:
        raise missing("ARAccountRef")
    if "ARAccountRef" in new:
        account_of(work, new["ARAccountRef"], ("Accounts Receivable",), "ARAccountRef")
    new.setdefault("BillWithParent", False)
    new.setdefault("Taxable", False)
    new.setdefault("PreferredDeliveryMethod", "None")
    if new["PreferredDeliveryMethod"] == "Email" and "PrimaryEmailAddr" not in new:
        raise FaultError(6420, "Email is required for this delivery method", "PrimaryEmailAddr")
    if old is not None and old["BillWithParent"] != new["BillWithParent"]:
        _refuse_if_invoiced(work, old["Id"])
    return parent


def _refuse_if_unbilled(work: Work, key: str) -> None:
    """Refuse to let a customer go who is still to be billed for expenses or times."""
    details = (line.get(line["DetailType"], {}) for kind in EXPENSES for doc in work.all(kind) for line in doc["Line"])
    for detail in (*details, *work.all("TimeActivity")):
        if detail.get("BillableStatus") == "Billable" and detail.get("CustomerRef", {}).get("value") == key:
            raise FaultError(6280, "Customer has unbilled expenses : bill them, or make them not billable", "Active")


def _refuse_if_invoiced(work: Work, key: str) -> None:
    if next(iter(work.company.table("Invoice").having("CustomerRef", key)), None) is not None:
        raise FaultError(
            6130, "Cannot change who customer bills with : this customer has invoices already", "BillWithParent"
        )


def _opening_balance(work: Work, draft: Draft) -> None:
    """Open a new customer with an invoice of its opening balance; afterwards the balance is computed."""
    amount, day = draft.new.pop("Balance", None), draft.new.pop("OpenBalanceDate", None)
    if draft.old is not None or not amount:
        return
    if amount < 0:
        raise FaultError(2290, "Negative amount : an opening balance is what the customer owes", "Balance")
    open_with_invoice(work, draft.new, amount, day or work.company.clock.today().isoformat())


def _keep_masked(kind: Kind, draft: Draft) -> None:
    """Keep a tax number that comes back as it was shown, all but its end hidden."""
    name = MASKED.get(kind.name, "")
    if draft.old is not None and name in draft.old and draft.new.get(name) == _masked(draft.old[name]):
        draft.new[name] = draft.old[name]


def _masked(text: str) -> str:
    return f"XXXXXXX{text[-4:]}"


def _holder(work: Work, name: str, own: tuple[str, str] | None) -> str | None:
    for other in NAME_LISTS:
        for key in work.company.table(other).having("DisplayName", name):
            if (other, key) != own:
                return key
    return None


def pays_together(work: Work, payer: str, customer: str) -> bool:
    """Tell whether one customer may pay for another: both are billed with the same parent."""
    return _billed_with(work, payer) == _billed_with(work, customer)


def _billed_with(work: Work, key: str) -> str:
    seen = 0
    while seen <= DEEPEST:
        doc = work.get("Customer", key) or {}
        if not doc.get("BillWithParent") or "ParentRef" not in doc:
            return key
        key = doc["ParentRef"]["value"]
        seen += 1
    return key


def _balance(company: Company, kind: str, key: str) -> Decimal:
    """Return what is open with a customer or vendor, in its own currency."""
    home = company.home_currency
    foreign = (company.get(kind, key) or {}).get("CurrencyRef", {}).get("value", home) != home
    balance_of = company.ledger.foreign_balance_of if foreign else company.ledger.balance_of
    if kind == "Customer":
        return balance_of(company.accounts_of(AccountType="Accounts Receivable"), key)
    return -balance_of(company.accounts_of(AccountType="Accounts Payable"), key)


def render_customer(company: Company, doc: Doc) -> Doc:
    """Add the open balance, own and with sub-customers."""
    own = _balance(company, "Customer", doc["Id"])
    total = sum((_balance(company, "Customer", key) for key in _below(company, doc["Id"])), own)
    return {**_hidden("Customer", doc), "Balance": own, "BalanceWithJobs": total}


def render_vendor(company: Company, doc: Doc) -> Doc:
    """Add what is owed to the vendor."""
    return {**_hidden("Vendor", doc), "Balance": _balance(company, "Vendor", doc["Id"])}


def _hidden(kind: str, doc: Doc) -> Doc:
    """Return a name with all but the end of its tax number hidden."""
    name = MASKED[kind]
    return {**doc, name: _masked(doc[name])} if name in doc else doc


def _below(company: Company, key: str) -> Iterator[str]:
    for child in company.table("Customer").having("ParentRef", key):
        yield child
        yield from _below(company, child)


PERSON: Mapping[str, Property] = {
    "DisplayName": Text(500, FORBIDDEN),
    "Title": Text(16, FORBIDDEN),
    "Suffix": Text(16, FORBIDDEN),
    "GivenName": Text(100, FORBIDDEN),
    "MiddleName": Text(100, FORBIDDEN),
    "FamilyName": Text(100, FORBIDDEN),
    "CompanyName": Text(100),
    "PrimaryPhone": PHONE,
    "AlternatePhone": PHONE,
    "Mobile": PHONE,
    "Fax": PHONE,
    "PrimaryEmailAddr": EMAIL,
    "WebAddr": WEB,
    "CurrencyRef": Ref(),
    "Active": Flag(),
}
NAME_QUERYABLE = COMMON_QUERYABLE | {
    "Active", "DisplayName", "GivenName", "FamilyName", "CompanyName", "Balance", "FullyQualifiedName",
    "PrimaryEmailAddr.Address",
}  # fmt: skip

CUSTOMER = Kind(
    "Customer",
    Family.LIST,
    {
        **PERSON,
        "PrintOnCheckName": Text(110),
        "Notes": Text(2000),
        "BillAddr": ADDRESS,
        "ShipAddr": ADDRESS,
        "Job": Flag(),
        "BillWithParent": Flag(),
        "ParentRef": Ref(("Customer",)),
        "Taxable": Flag(),
        "DefaultTaxCodeRef": Ref(("TaxCode",)),
        "ResaleNum": Text(16),
        "TaxExemptionReasonId": Text(2),
        "SalesTermRef": Ref(("Term",)),
        "CustomerTypeRef": Ref(("CustomerType",)),
        "PaymentMethodRef": Ref(("PaymentMethod",)),
        "PreferredDeliveryMethod": Choice(("Print", "Email", "None")),
        "ARAccountRef": Ref(("Account",)),
        "PrimaryTaxIdentifier": Text(20),
        "Balance": MONEY,
        "OpenBalanceDate": Day(),
        "IsProject": Flag(),
    },
    settle_person,
    sequence="name",
    computed=frozenset({"FullyQualifiedName", "Level", "BalanceWithJobs", "ClientEntityId", "V4IDPseudonym"}),
    queryable=NAME_QUERYABLE | {"Job", "ParentRef", "IsProject"},
    render=render_customer,
)
VENDOR = Kind(
    "Vendor",
    Family.LIST,
    {
        **PERSON,
        "PrintOnCheckName": Text(100),
        "BillAddr": ADDRESS,
        "AcctNum": Text(100),
        "Vendor1099": Flag(),
        "TaxIdentifier": Text(20),
        "TermRef": Ref(("Term",)),
        "APAccountRef": Ref(("Account",)),
        "BillRate": Number(),
        "CostRate": Number(),
        "TaxReportingBasis": Text(100),
    },
    settle_person,
    sequence="name",
    computed=frozenset({"Balance", "V4IDPseudonym"}),
    queryable=NAME_QUERYABLE - {"FullyQualifiedName"},
    render=render_vendor,
)
EMPLOYEE = Kind(
    "Employee",
    Family.LIST,
    {
        **{name: item for name, item in PERSON.items() if name not in ("CompanyName", "CurrencyRef", "WebAddr")},
        "PrintOnCheckName": Text(100),
        "PrimaryAddr": ADDRESS,
        "EmployeeNumber": Text(100),
        "HiredDate": Day(),
        "ReleasedDate": Day(),
        "BirthDate": Day(),
        "BillableTime": Flag(),
        "BillRate": Number(),
        "CostRate": Number(),
        "Gender": Choice(("Male", "Female")),
        "Organization": Flag(),
    },
    settle_person,
    sequence="name",
    computed=frozenset({"V4IDPseudonym", "SSN"}),
    queryable=NAME_QUERYABLE - {"FullyQualifiedName", "Balance", "CompanyName"},
)
