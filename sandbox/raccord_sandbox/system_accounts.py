"""The accounts that QuickBooks Online makes by itself, when the first document needs one."""

from __future__ import annotations

from raccord_sandbox.chart import KINDS
from raccord_sandbox.company import Work
from raccord_sandbox.faults import Doc


def system_account(work: Work, name: str, type_: str, subtype: str, **more: str) -> Doc:
    """Return the account of this name and type, made with the rest of the operation if there is none."""
    found = next((doc for doc in work.all("Account") if doc["AccountType"] == type_ and doc["Name"] == name), None)
    return found or _made(work, name, type_, subtype, **more)


def _made(work: Work, name: str, type_: str, subtype: str, currency: str = "", currency_name: str = "") -> Doc:
    home = work.company.settings
    name = _free(work, name)
    account: Doc = {
        "Name": name,
        "FullyQualifiedName": name,
        "SubAccount": False,
        "AccountType": type_,
        "AccountSubType": subtype,
        "Classification": KINDS[type_].classification,
        "CurrencyRef": {"value": currency or home["currency"], "name": currency_name or home["currency_name"]},
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
