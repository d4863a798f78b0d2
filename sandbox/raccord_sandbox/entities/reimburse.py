"""Reimburse charges: what was spent for a customer and is to be billed, one for each billable line."""

from __future__ import annotations

from decimal import Decimal

from raccord_sandbox.entities.amounts import preference
from raccord_sandbox.entities.kind import COMMON_QUERYABLE, LOOKUP, Draft, Family, Kind
from raccord_sandbox.keeping.company import Company, Work
from raccord_sandbox.posting.system_accounts import system_account
from raccord_sandbox.refusing.faults import Doc, FaultError
from raccord_sandbox.schema import fitted

NAME = "ReimburseCharge"
DETAIL = "ReimburseLineDetail"
COPIED = ("ItemRef", "Qty", "UnitPrice", "TaxCodeRef", "ClassRef")
BILLABLE = ("Revenus de dépenses facturables", "Billable Expense Income")
MARKUP = ("Marges", "Markup")
"""The accounts that charges are billed on, in French and English."""


def charge_customers(work: Work, kind: Kind, draft: Draft) -> None:
    """Keep a charge for each billable line, and take away those of lines that are billable no more.

    Only where the company tracks billable expenses; what has been invoiced already stays as it is.
    """
    new, old = draft.new, draft.old
    known = {} if old is None else {charge["Source"]["line"]: charge for charge in charges_of(work, old)}
    wanted = []
    if preference(work, "VendorAndPurchasesPrefs", "BillableExpenseTracking"):
        wanted = [line for line in new["Line"] if line[line["DetailType"]]["BillableStatus"] == "Billable"]
    links = []
    for line in wanted:
        stored = known.pop(line["Id"], None)
        charge = _charge(work, kind, new, line)
        if stored is None:
            charge = work.fresh(charge, "transaction")
        else:
            touched = work.touch(NAME, stored["Id"])
            charge = {**touched, **charge}
        work.put(NAME, charge)
        links.append({"TxnId": charge["Id"], "TxnType": NAME})
    for gone in known.values():
        work.drop(NAME, gone["Id"])
    others = [link for link in new.get("LinkedTxn", []) if link["TxnType"] != NAME]
    if links or others or "LinkedTxn" in new:
        new["LinkedTxn"] = [*others, *links]


def charges_of(work: Work, doc: Doc) -> list[Doc]:
    """Return the charges that a purchase or bill is linked to."""
    found = [work.get(NAME, link["TxnId"]) for link in doc.get("LinkedTxn", []) if link["TxnType"] == NAME]
    return [charge for charge in found if charge is not None]


def release_charges(work: Work, doc: Doc) -> None:
    """Take the charges of a deleted purchase or bill away; one that was billed already is fault 6400."""
    for line in doc["Line"]:
        if line[line["DetailType"]].get("BillableStatus") == "HasBeenBilled":
            text = f"Deleting this purchase makes an invoice invalid : line {line['Id']} has been billed"
            raise FaultError(6400, text)
    drop_charges(work, doc)


def drop_charges(work: Work, doc: Doc) -> None:
    """Take the charges of a purchase or bill away."""
    for charge in charges_of(work, doc):
        work.drop(NAME, charge["Id"])


def _charge(work: Work, kind: Kind, doc: Doc, line: Doc) -> Doc:
    spent: Doc = line[line["DetailType"]]
    item = work.get("Item", spent.get("ItemRef", {}).get("value", "")) or {}
    detail: Doc = {name: spent[name] for name in COPIED if name in spent}
    detail["ItemAccountRef"] = item.get("IncomeAccountRef") or _income(work, *BILLABLE)
    rows: list[Doc] = [{"Id": "1", "LineNum": 1, "Amount": line["Amount"], "DetailType": DETAIL, DETAIL: detail}]
    if "Description" in line:
        rows[0]["Description"] = line["Description"]
    percent = Decimal(spent.get("MarkupInfo", {}).get("Percent", 0))
    if percent:
        detail["MarkupInfo"] = {"Percent": percent}
        more: Doc = {"MarkupInfo": {"Percent": percent}, "ItemAccountRef": _income(work, *MARKUP)}
        amount = fitted(line["Amount"] * percent / 100, 2, "Percent")
        row: Doc = {"Id": "2", "LineNum": 2, "Amount": amount, "DetailType": DETAIL, DETAIL: more}
        rows.append({**row, "Description": f"{percent.normalize():f}% markup"})
    return {
        "CustomerRef": spent["CustomerRef"],
        "TxnDate": doc["TxnDate"],
        "CurrencyRef": doc["CurrencyRef"],
        "Amount": sum((row["Amount"] for row in rows), Decimal("0.00")),
        "HasBeenInvoiced": False,
        "LinkedTxn": [],
        "Line": rows,
        "Source": {"kind": kind.name, "id": doc["Id"], "line": line["Id"]},
    }


def _income(work: Work, french: str, english: str) -> Doc:
    languages = (work.get("CompanyInfo", "1") or {}).get("SupportedLanguages", "en")
    name = french if languages.startswith("fr") else english
    account = system_account(work, name, "Income", "ServiceFeeIncome")
    return {"value": account["Id"], "name": account["Name"]}


def _written_by_purchases(work: Work, kind: Kind, draft: Draft) -> None:
    """Do nothing: no request writes a charge, its purchase does."""


def render_charge(company: Company, doc: Doc) -> Doc:
    """Leave out which line a charge comes from, which the service does not tell."""
    return {name: value for name, value in doc.items() if name != "Source"}


REIMBURSE_CHARGE = Kind(
    NAME,
    Family.TRANSACTION,
    {},
    _written_by_purchases,
    sequence="transaction",
    operations=LOOKUP,
    computed=frozenset({"CustomerRef", "TxnDate", "CurrencyRef", "Amount", "HasBeenInvoiced", "LinkedTxn", "Line"}),
    queryable=COMMON_QUERYABLE | {"CustomerRef", "HasBeenInvoiced", "TxnDate"},
    render=render_charge,
)
