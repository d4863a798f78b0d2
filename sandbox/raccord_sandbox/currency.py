"""Currencies of a company: which are in use, at what rate, and which one a document, name or account has."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from raccord_sandbox.currencies import NAMES, currency_name
from raccord_sandbox.entities.kind import Draft
from raccord_sandbox.keeping.company import Company, Work
from raccord_sandbox.refusing.faults import Doc, FaultError, business
from raccord_sandbox.schema import fitted

OFF = "Multi Currency should be enabled to perform this operation"
PARTIES = (("CustomerRef", "Customer"), ("VendorRef", "Vendor"))


def currency_ref(company: Company, code: str) -> Doc:
    """Return the reference to a currency with its name."""
    if code == company.home_currency:
        return {"value": code, "name": company.settings["currency_name"]}
    stored = next((doc for doc in company.table("CompanyCurrency") if doc["Code"] == code), {})
    known = currency_name(code) if code in NAMES else code
    return {"value": code, "name": stored.get("Name") or known}


def active_currencies(company: Company) -> Iterator[str]:
    """Yield the codes of the foreign currencies that are in use."""
    yield from (doc["Code"] for doc in company.table("CompanyCurrency") if doc.get("Active", True))


def rate_on(company: Company, code: str, day: str) -> Decimal:
    """Return how many home units one unit costs on a day: the latest rate entered for it or before, else 1."""
    if code == company.home_currency:
        return Decimal(1)
    rates = [
        (doc["AsOfDate"], Decimal(doc["Rate"]))
        for doc in company.table("ExchangeRate")
        if doc["SourceCurrencyCode"] == code and doc["AsOfDate"] <= day
    ]
    return max(rates)[1] if rates else Decimal(1)


def settle_document_currency(work: Work, draft: Draft, account: str = "", *, required: bool = True) -> None:
    """Complete currency and rate of a document; `account` names the reference that tells them where nobody is named."""
    new, company = draft.new, work.company
    home, sent = company.home_currency, new.get("CurrencyRef", {}).get("value")
    if not company.multicurrency:
        if sent not in (None, home):
            raise business(OFF, "CurrencyRef")
        new["CurrencyRef"] = currency_ref(company, home)
        new.pop("ExchangeRate", None)
        return
    party = _party_currency(work, new)
    if sent is None and required and work.by == "api" and not company.switch("currency_ref_optional"):
        raise business("A transaction needs CurrencyRef, as multicurrency is enabled.", "CurrencyRef")
    code = sent or party or _account_currency(work, new.get(account, {}).get("value", ""))
    if party not in (None, code):
        raise business(f"The currency of the transaction must be that of its name: {party}, not {code}.", "CurrencyRef")
    kept = (draft.old or {}).get("CurrencyRef", {}).get("value")
    if code not in {home, kept, *active_currencies(company)}:
        raise FaultError(2220, f"Invalid Currency : {code} is not a currency of this company", "CurrencyRef")
    new["CurrencyRef"] = currency_ref(company, code)
    _settle_rate(company, draft, code)


def _settle_rate(company: Company, draft: Draft, code: str) -> None:
    new, old = draft.new, draft.old
    if code == company.home_currency:
        new["ExchangeRate"] = Decimal(1)
        return
    changed = old is not None and old.get("CurrencyRef", {}).get("value") != code
    if "ExchangeRate" not in new or (changed and "ExchangeRate" not in draft.sent):
        new["ExchangeRate"] = rate_on(company, code, new["TxnDate"])
    if new["ExchangeRate"] <= 0:
        raise FaultError(2240, "Invalid Number Range : an exchange rate must be greater than zero", "ExchangeRate")


def _party_currency(work: Work, new: Doc) -> str | None:
    """Return the currency of whom a document names."""
    found = [(kind, new[name]["value"]) for name, kind in PARTIES if name in new]
    entity: Doc = new.get("EntityRef", {})
    if entity.get("type", "").capitalize() in ("Customer", "Vendor"):
        found.append((entity["type"].capitalize(), entity["value"]))
    for kind, key in found:
        party = work.get(kind, key)
        if party is not None:
            return str(party.get("CurrencyRef", {}).get("value", work.company.home_currency))
    return None


def _account_currency(work: Work, key: str) -> str:
    account = work.get("Account", key) or {}
    return str(account.get("CurrencyRef", {}).get("value", work.company.home_currency))


def settle_list_currency(work: Work, draft: Draft, *, foreign_allowed: bool = True) -> None:
    """Fix the currency of a name or account at its creation: home, or one that the company uses."""
    new, company = draft.new, work.company
    home = company.home_currency
    old = None if draft.old is None else draft.old.get("CurrencyRef", {}).get("value", home)
    code = new.get("CurrencyRef", {}).get("value") or old or home
    if code != home and not company.multicurrency:
        raise business(OFF, "CurrencyRef")
    if old not in (None, code):
        raise business(f"The currency cannot be changed: it is {old}.", "CurrencyRef")
    if code != home and not foreign_allowed:
        raise business(f"An account of this type is kept in {home}.", "CurrencyRef")
    if code not in {home, old, *active_currencies(company)}:
        raise FaultError(2220, f"Invalid Currency : {code} is not a currency of this company", "CurrencyRef")
    new["CurrencyRef"] = currency_ref(company, code)


def home_amounts(company: Company, kind: str, doc: Doc) -> Doc:
    """Return the total and the balance of a document in home currency, where multicurrency is enabled."""
    if not company.multicurrency or "TotalAmt" not in doc:
        return {}
    home = company.home_currency
    foreign = doc.get("CurrencyRef", {}).get("value", home) != home
    rate = Decimal(doc.get("ExchangeRate", 1)) if foreign else Decimal(1)
    found = {
        "HomeTotalAmt": Decimal("0.00") if kind == "JournalEntry" else fitted(doc["TotalAmt"] * rate, 2, "TotalAmt")
    }
    if "Balance" in doc:
        found["HomeBalance"] = _open_at_home(company, kind, doc) if foreign else doc["Balance"]
    return found


def _open_at_home(company: Company, kind: str, doc: Doc) -> Decimal:
    accounts = company.accounts_of(AccountType="Accounts Receivable") + company.accounts_of(
        AccountType="Accounts Payable"
    )
    item = f"{kind}:{doc['Id']}"
    return abs(sum((company.ledger.open_item(account, item)[0] for account in accounts), Decimal("0.00")))
