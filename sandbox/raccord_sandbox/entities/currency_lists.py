"""The currencies that a company uses beside its own, and their rates by day."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from raccord_sandbox.clock import stamp
from raccord_sandbox.currencies import NAMES, currency_name
from raccord_sandbox.currency import OFF, active_currencies, rate_on
from raccord_sandbox.entities.kind import COMMON_QUERYABLE, Draft, Family, Kind, Operation
from raccord_sandbox.keeping.company import Company, Work
from raccord_sandbox.operations import Origin, note
from raccord_sandbox.refusing.faults import Doc, FaultError, business, missing, stale
from raccord_sandbox.schema import Day, Flag, Number, Reading, Text

CODE = re.compile(r"[A-Z]{3}")


def settle_company_currency(work: Work, kind: Kind, draft: Draft) -> None:
    """Name a currency; the home currency, and one that the list has already, are refused."""
    new, company = draft.new, work.company
    if not company.multicurrency:
        raise business(OFF, "Code")
    code = new["Code"] = str(new["Code"]).upper()
    if not CODE.fullmatch(code):
        raise FaultError(2220, f"Invalid Currency : {code}", "Code")
    if draft.old is not None and draft.old["Code"] != code:
        raise business(f"The code of a currency cannot be changed: it is {draft.old['Code']}.", "Code")
    if code == company.home_currency:
        raise business(f"{code} is the home currency.", "Code")
    for other in company.table(kind.name):
        if other["Code"] == code and other["Id"] != new["Id"]:
            raise FaultError(
                6240,
                f"The name supplied already exists. : Another currency is already using this name. Id={other['Id']}",
            )
    new["Name"] = currency_name(code) if code in NAMES else code
    new.setdefault("Active", True)


def exchange_rate(company: Company, parameters: Mapping[str, str]) -> Doc:
    """Return the rate of a currency on a day, today unless it says another; 1 where none was entered."""
    code = parameters.get("sourcecurrencycode", "").upper()
    if not code:
        raise missing("sourcecurrencycode")
    _check_source(company, code)
    asked = parameters.get("asofdate") or company.clock.today().isoformat()
    day: str = Day().read(asked, "asofdate", Reading())
    stored = company.get("ExchangeRate", _key(code, day))
    return _shown(company, stored or _rate(company, code, day, rate_on(company, code, day)))


def set_exchange_rate(company: Company, body: Any, origin: Origin) -> Doc:
    """Enter the rate of a currency for a day, or correct it; documents keep the rate they have."""
    sent: Doc = EXCHANGE_RATE.block.read(body, "", Reading())
    for name in ("SourceCurrencyCode", "Rate", "AsOfDate"):
        if name not in sent:
            raise missing(name)
    code = sent["SourceCurrencyCode"].upper()
    _check_source(company, code)
    if sent.get("TargetCurrencyCode", company.home_currency).upper() != company.home_currency:
        raise business(f"Rates are entered in {company.home_currency}, the home currency.", "TargetCurrencyCode")
    if sent["Rate"] <= 0:
        raise FaultError(2240, "Invalid Number Range : an exchange rate must be greater than zero", "Rate")
    work = Work(company, origin.by)
    old = company.get("ExchangeRate", _key(code, sent["AsOfDate"]))
    if old is not None and body.get("SyncToken") not in (None, old["SyncToken"]):
        raise stale()
    new = _rate(company, code, sent["AsOfDate"], sent["Rate"])
    if old is not None:
        work.renew(new, old)
    work.put("ExchangeRate", new)
    work.commit()
    note(company, EXCHANGE_RATE, "update", new, origin)
    return _shown(company, new)


def _check_source(company: Company, code: str) -> None:
    if not company.multicurrency:
        raise business(OFF, "SourceCurrencyCode")
    if code == company.home_currency:
        raise business(f"{code} is the home currency: it has no exchange rate.", "SourceCurrencyCode")
    if code not in active_currencies(company):
        raise FaultError(2220, f"Invalid Currency : {code} is not a currency of this company", "SourceCurrencyCode")


def _key(code: str, day: str) -> str:
    return f"{code}{day}"


def _rate(company: Company, code: str, day: str, rate: Decimal) -> Doc:
    now = stamp(company.clock.now())
    return {
        "SourceCurrencyCode": code,
        "TargetCurrencyCode": company.home_currency,
        "Rate": rate,
        "AsOfDate": day,
        "domain": "QBO",
        "sparse": False,
        "Id": _key(code, day),
        "SyncToken": "0",
        "MetaData": {"CreateTime": now, "LastUpdatedTime": now},
    }


def _shown(company: Company, doc: Doc) -> Doc:
    """Leave out the id, which rates do not have, and the time of creation, which the service does not tell."""
    times = {"LastUpdatedTime": doc["MetaData"]["LastUpdatedTime"]}
    return {name: value for name, value in doc.items() if name != "Id"} | {"MetaData": times}


COMPANY_CURRENCY = Kind(
    "CompanyCurrency",
    Family.LIST,
    {"Code": Text(100), "Active": Flag()},
    settle_company_currency,
    sequence="companycurrency",
    required=("Code",),
    computed=frozenset({"Name"}),
    queryable=COMMON_QUERYABLE | {"Active"},
)
EXCHANGE_RATE = Kind(
    "ExchangeRate",
    Family.SINGLE,
    {"SourceCurrencyCode": Text(3), "TargetCurrencyCode": Text(3), "Rate": Number(), "AsOfDate": Day()},
    lambda work, kind, draft: None,
    operations=frozenset({Operation.QUERY}),
    queryable=(COMMON_QUERYABLE - {"Id"}) | {"SourceCurrencyCode", "AsOfDate"},
    render=_shown,
)
