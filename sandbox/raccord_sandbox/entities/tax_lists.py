"""Tax codes, rates and agencies, and the service through which codes and rates are made."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from raccord_sandbox.entities.kind import COMMON_QUERYABLE, LISTS, LOOKUP, Draft, Family, Kind, Operation
from raccord_sandbox.entities.lists import settle_flat
from raccord_sandbox.keeping.company import Company, Work
from raccord_sandbox.refusing.faults import Doc, FaultError, business, missing
from raccord_sandbox.schema import Block, Choice, Flag, Many, Number, Reading, Ref, Text, Whole
from raccord_sandbox.wire import unreadable

SIDES = {"Sales": "SalesTaxRateList", "Purchase": "PurchaseTaxRateList"}


def settle_agency(work: Work, kind: Kind, draft: Draft) -> None:
    """Complete an agency; the account of its taxes is opened with the first of them."""
    settle_flat(work, kind, draft)
    draft.new.setdefault("TaxTrackedOnSales", True)
    draft.new.setdefault("TaxTrackedOnPurchases", not work.company.is_us)
    draft.new["TaxAgencyConfig"] = "USER_DEFINED"


def create_tax_code(company: Company, body: Any) -> tuple[Doc, str]:
    """Make a tax code of new and existing rates; return the answer, which has no envelope, and the code's id."""
    if not isinstance(body, dict):
        raise unreadable()
    for name in ("TaxCode", "TaxRateDetails"):
        if body.get(name) in (None, "", []):
            raise missing(name)
    if (company.get("Preferences", "1") or {}).get("TaxPrefs", {}).get("PartnerTaxEnabled"):
        raise FaultError(5030, "Feature Not Supported Error : sales tax is automated in this company", "TaxCode")
    asked: Doc = SERVICE.read(body, "", Reading())
    work = Work(company)
    _refuse_taken(work, "TaxCode", asked["TaxCode"], "tax code")
    rates = [_rate(work, detail) for detail in asked["TaxRateDetails"]]
    if len({(rate["Id"], detail["TaxApplicableOn"]) for rate, detail in rates}) < len(rates):
        raise business("A tax rate may be listed only once in a tax code.", "TaxRateDetails")
    code: Doc = {
        "Name": asked["TaxCode"],
        "Description": asked["TaxCode"],
        "Taxable": True,
        "TaxGroup": True,
        "Hidden": False,
        "TaxCodeConfigType": "USER_DEFINED",
    }
    for side, name in SIDES.items():
        uses = [rate["Id"] for rate, detail in rates if detail["TaxApplicableOn"] == side]
        code[name] = {
            "TaxRateDetail": [
                {"TaxRateRef": {"value": key}, "TaxTypeApplicable": "TaxOnAmount", "TaxOrder": 0} for key in uses
            ]
        }
    stored = _store(work, "TaxCode", code)
    work.commit()
    details = [detail for _, detail in rates]
    return {"TaxCode": code["Name"], "TaxCodeId": stored["Id"], "TaxRateDetails": details}, stored["Id"]


def _rate(work: Work, detail: Doc) -> tuple[Doc, Doc]:
    """Return the rate that one detail means, made if it is new, and what is told of it."""
    detail.setdefault("TaxApplicableOn", "Sales")
    if "TaxRateId" in detail:
        known = work.get("TaxRate", detail["TaxRateId"])
        if known is None:
            raise FaultError(2500, "Invalid Reference Id : TaxRateDetails.TaxRateId", "TaxRateId")
        return known, _told(known, detail)
    for name in ("TaxRateName", "RateValue", "TaxAgencyId"):
        if name not in detail:
            raise missing(name)
    if work.get("TaxAgency", detail["TaxAgencyId"]) is None:
        raise FaultError(2500, "Invalid Reference Id : TaxRateDetails.TaxAgencyId", "TaxAgencyId")
    if not 0 <= detail["RateValue"] <= 100:
        raise FaultError(2150, "Invalid percent : RateValue must be 0 to 100", "RateValue")
    _refuse_taken(work, "TaxRate", detail["TaxRateName"], "tax rate")
    made = _store(
        work,
        "TaxRate",
        {
            "Name": detail["TaxRateName"],
            "Description": detail["TaxRateName"],
            "RateValue": detail["RateValue"],
            "AgencyRef": {"value": detail["TaxAgencyId"]},
            "SpecialTaxType": "NONE" if detail["RateValue"] else "ZERO_RATE",
            "DisplayType": "ReadOnly",
        },
    )
    return made, _told(made, detail)


def _told(rate: Doc, detail: Doc) -> Doc:
    return {
        "TaxRateName": rate["Name"],
        "TaxRateId": rate["Id"],
        "RateValue": format(Decimal(rate["RateValue"]), "f"),
        "TaxAgencyId": rate["AgencyRef"]["value"],
        "TaxApplicableOn": detail["TaxApplicableOn"],
    }


def _refuse_taken(work: Work, kind: str, name: str, what: str) -> None:
    if any(doc["Name"].lower() == name.lower() for doc in work.all(kind)):
        raise FaultError(6240, f"The name supplied already exists. : Another {what} is already using this name.")


def _store(work: Work, kind: str, body: Doc) -> Doc:
    doc = {**work.fresh(body, kind.lower()), "Active": True}
    work.put(kind, doc)
    return doc


SERVICE = Block(
    {
        "TaxCode": Text(100),
        "TaxRateDetails": Many(
            Block(
                {
                    "TaxRateName": Text(100),
                    "TaxRateId": Text(30),
                    "RateValue": Number(),
                    "TaxAgencyId": Text(30),
                    "TaxApplicableOn": Choice(tuple(SIDES)),
                }
            )
        ),
    },
    frozenset({"TaxCodeId"}),
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
        "Active": Flag(),
    },
    settle_agency,
    sequence="taxagency",
    operations=LISTS - {Operation.UPDATE},
    required=("DisplayName",),
    computed=frozenset(
        {"TaxRegistrationNumber", "TaxTrackedOnSales", "TaxTrackedOnPurchases", "LastFileDate", "TaxAgencyConfig"}
    ),
    queryable=COMMON_QUERYABLE | {"DisplayName", "Active"},
)
