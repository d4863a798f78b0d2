"""The accounts that QuickBooks Online makes by itself, when the first document needs one."""

from __future__ import annotations

from raccord_sandbox.currency import currency_ref
from raccord_sandbox.keeping.company import Work
from raccord_sandbox.posting.chart import KINDS
from raccord_sandbox.refusing.faults import Doc

CONTROL = {"Accounts Receivable": ("A/R", "AccountsReceivable"), "Accounts Payable": ("A/P", "AccountsPayable")}


def system_account(work: Work, name: str, type_: str, subtype: str) -> Doc:
    """Return the account of this name and type, made with the rest of the operation if there is none."""
    found = next((doc for doc in work.all("Account") if doc["AccountType"] == type_ and doc["Name"] == name), None)
    return found or _made(work, name, type_, subtype)


def control_account(work: Work, type_: str, currency: str) -> Doc:
    """Return the company's first receivable or payable account of a currency, made where there is none."""
    home = work.company.home_currency
    for doc in work.all("Account"):
        if doc["AccountType"] == type_ and doc.get("CurrencyRef", {}).get("value", home) == currency and doc["Active"]:
            return doc
    short, subtype = CONTROL[type_]
    name = f"{type_} ({short})"
    return _made(work, name if currency == home else f"{name} - {currency}", type_, subtype, currency)


def _made(work: Work, name: str, type_: str, subtype: str, currency: str = "") -> Doc:
    name = _free(work, name)
    account: Doc = {
        "Name": name,
        "FullyQualifiedName": name,
        "SubAccount": False,
        "AccountType": type_,
        "AccountSubType": subtype,
        "Classification": KINDS[type_].classification,
        "CurrencyRef": currency_ref(work.company, currency or work.company.home_currency),
        "Active": True,
    }
    doc = work.fresh(account, "account")
    work.put("Account", doc)
    return doc


def _free(work: Work, name: str) -> str:
    taken = {doc["FullyQualifiedName"].lower() for doc in work.all("Account")}
    number, free = 1, name
    while free.lower() in taken:
        number += 1
        free = f"{name} {number}"
    return free
