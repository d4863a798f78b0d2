"""What we know of a company's books: its facts and lists, read from QuickBooks before a plan is made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Delete, Select, delete, insert, select
from sqlalchemy.orm import Session

from raccord.plugin.drafts import Accepts
from raccord.plugin.info import ConnectorInfo
from raccord.plugin.ledger import LedgerObject
from raccord.quickbooks import QuickBooks, quoted
from raccord.quickbooks.codec import CompanyFacts, TaxRate
from raccord.store.made_once import made_once
from raccord.store.models import Choice, Company, Connection, LedgerEntry
from raccord.sync.books.profile import Profile, profile_of
from raccord.sync.chunks import CHUNK, chunks

LONG_LISTS = ("Account", "Item")
"""Lists that are read whole whatever their length, as is that of tax codes; customers and vendors are many and looked
up by name or id.
"""

ALL = "Active IN (true, false)"
TAX_RATES = ("TaxRate", ALL)

PEOPLE = ("Customer", "Vendor", "Employee")
"""Lists that share one space of names (K19)."""

SHORT_LISTS = ("Class", "Department", "Term", "PaymentMethod", "CustomerType")
"""Lists that are read whole where a connector's roles ask for one of their entries."""

_ASKS_FOR_RECEIVABLE = "FR"
"""Where QuickBooks makes no customer without an account of what they owe."""
TYPES: Mapping[Accepts, frozenset[str]] = {
    Accepts.BANK: frozenset({"Bank"}),
    Accepts.CARD: frozenset({"Credit Card"}),
    Accepts.BANK_OR_CARD: frozenset({"Bank", "Credit Card"}),
    Accepts.CLEARING: frozenset({"Bank", "Other Current Asset"}),
    Accepts.INCOME: frozenset({"Income", "Other Income"}),
    Accepts.EXPENSE: frozenset({"Expense", "Other Expense", "Cost of Goods Sold"}),
    Accepts.CATEGORY: frozenset(
        {
            "Income", "Other Income", "Expense", "Other Expense", "Cost of Goods Sold", "Equity", "Fixed Asset",
            "Other Asset", "Other Current Asset", "Other Current Liability", "Long Term Liability",
        }
    ),
    Accepts.EQUITY: frozenset({"Equity"}),
    Accepts.PAYABLE: frozenset({"Accounts Payable"}),
}  # fmt: skip
"""QuickBooks account types that may fill a place."""

TAXED_BACK = TYPES[Accepts.EXPENSE] | {"Fixed Asset"}
"""What is bought: a supplier who pays some of it back gives its tax back too."""

KINDS: Mapping[Accepts, str] = {
    Accepts.CUSTOMER: "Customer",
    Accepts.CUSTOMER_TYPE: "CustomerType",
    Accepts.VENDOR: "Vendor",
    Accepts.ITEM: "Item",
    Accepts.TAX_CODE: "TaxCode",
    Accepts.CLASS: "Class",
    Accepts.LOCATION: "Department",
    Accepts.TERM: "Term",
    Accepts.PAYMENT_METHOD: "PaymentMethod",
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What planning needs to know of a company."""

    encoding: CompanyFacts
    closed_on: date | None
    name: str
    classes: bool = True
    """Whether its lines may bear a class."""
    profile: Profile = field(default_factory=Profile)


def kind_of(accepts: Accepts) -> str:
    """Return QuickBooks' entity name of what may fill a place."""
    return KINDS.get(accepts, "Account")


def fits(accepts: Accepts, entry: LedgerObject | LedgerEntry) -> bool:
    """Tell whether a ledger object may fill a place, inactive or not."""
    return fits_as(accepts, entry.kind, entry.type)


def fits_as(accepts: Accepts, kind: str, type_: str) -> bool:
    """Tell whether a ledger object of a kind and type may fill a place."""
    types = TYPES.get(accepts)
    return kind == kind_of(accepts) and (types is None or type_ in types)


def read_facts(client: QuickBooks, *, inactive: bool = False) -> Facts:
    """Ask QuickBooks for country, currency, closing date and tax codes, those that are switched off too if wanted."""
    info, preferences = client.company_info().value, client.preferences().value
    rates, codes = client.query_each([TAX_RATES, ("TaxCode", ALL)]) if _taxed(info) else ([], [])
    return _facts(client, info, preferences, rates, [each for each in codes if inactive or each.get("Active", True)])


def read_books(
    client: QuickBooks, choices: Iterable[tuple[str, str]], names: Iterable[str] = (), kinds: Iterable[str] = ()
) -> tuple[Facts, list[Mapping[str, Any]]]:
    """Ask QuickBooks for the facts and for the lists: those that may be long, and in one request what is short.

    The rows are the whole lists, of the short ones those of ``kinds``, and the customers and vendors that choices
    (kind, id) point to or that bear one of ``names``; inactive ones included.
    """
    info, preferences = client.company_info().value, client.preferences().value
    short = [kind for kind in SHORT_LISTS if kind in set(kinds)]
    whole = [*LONG_LISTS, "TaxCode", *short]
    wanted: dict[str, set[str]] = {}
    for kind, object_id in choices:
        if kind not in whole:
            wanted.setdefault(kind, set()).add(object_id)
    questions = [(kind, ALL) for kind in ("TaxCode", *short)]
    questions += [
        (kind, f"Id IN ({', '.join(map(quoted, some))}) AND {ALL}")
        for kind, ids in wanted.items()
        for some in chunks(sorted(ids), 100)
    ]
    questions += [(kind, by_name(kind, name)) for name in names for kind in PEOPLE]
    taxed = _taxed(info)
    found = client.query_each([*([TAX_RATES] if taxed else []), *questions])
    rates = found.pop(0) if taxed else []
    codes = [each for each in found[0] if each.get("Active", True)] if taxed else []
    rows = {(kind, str(row["Id"])): {"kind": kind, **row} for kind in LONG_LISTS for row in client.query_all(kind, ALL)}
    for (kind, _), some_rows in zip(questions, found, strict=True):
        rows.update({(kind, str(row["Id"])): {"kind": kind, **row} for row in some_rows})
    return _facts(client, info, preferences, rates, codes), list(rows.values())


def _taxed(info: Mapping[str, Any]) -> bool:
    return str(info.get("Country", "US")) != "US"


def _facts(
    client: QuickBooks,
    info: Mapping[str, Any],
    preferences: Mapping[str, Any],
    tax_rates: Iterable[Mapping[str, Any]],
    tax_codes: Iterable[Mapping[str, Any]],
) -> Facts:
    currency = _at(preferences, "CurrencyPrefs")
    accounting = _at(preferences, "AccountingInfoPrefs")
    home = _at(currency, "HomeCurrency").get("value") or ("USD" if info.get("Country") == "US" else "CAD")
    country = str(info.get("Country", "US"))
    rates = {str(row["Id"]): row for row in tax_rates}
    codes: dict[str, tuple[TaxRate, ...]] = {}
    purchases: dict[str, tuple[TaxRate, ...]] = {}
    untaxed: list[tuple[bool, str]] = []
    for code in tax_codes:
        found = _rates(code, "SalesTaxRateList", rates)
        codes[str(code["Id"])] = found
        purchases[str(code["Id"])] = _rates(code, "PurchaseTaxRateList", rates)
        if sum((rate.percent for rate in found), Decimal(0)) == 0:
            untaxed.append((bool(found), str(code["Id"])))
    return Facts(
        CompanyFacts(
            country=country,
            home_currency=str(home),
            multicurrency=bool(currency.get("MultiCurrencyEnabled", False)),
            taxed=_taxed(info),
            tax_codes=codes,
            # A code without any rate (out of scope) claims the least of what nobody said a tax: it is in no return.
            exempt_code=min(untaxed, key=lambda each: each[0], default=(False, ""))[1],
            purchase_codes=purchases,
            receivable=receivable_account(client) if country == _ASKS_FOR_RECEIVABLE else "",
        ),
        _closing(accounting),
        str(info.get("CompanyName", "")),
        any(accounting.get(name) for name in ("ClassTrackingPerTxn", "ClassTrackingPerTxnLine")),
        profile_of(info, preferences),
    )


def receivable_account(client: QuickBooks) -> str:
    """Return the account of what customers owe, that of the lowest id where there are several."""
    found = client.query_all("Account", "AccountType = 'Accounts Receivable' AND Active = true")
    return min((str(row["Id"]) for row in found), key=lambda each: (len(each), each), default="")


def read_closing(client: QuickBooks) -> date | None:
    """Ask QuickBooks up to when the books are closed; nothing where they are open."""
    return _closing(_at(client.preferences().value, "AccountingInfoPrefs"))


def _closing(accounting: Mapping[str, Any]) -> date | None:
    closed = accounting.get("BookCloseDate")
    return date.fromisoformat(str(closed)) if closed else None


def lists_of(infos: Iterable[ConnectorInfo]) -> set[str]:
    """Return the lists that connectors need: those of their roles, and where people judge lines, what they may say."""
    kinds = set()
    for info in infos:
        kinds |= {kind_of(role.accepts) for role in info.roles}
        kinds |= {"Class", "Department"} if info.validates_each else set()
    return kinds


def chosen(session: Session, company_id: str) -> list[tuple[str, str]]:
    """Return (kind, id) of everything that the company's connections chose."""
    return [(kind, object_id) for kind, object_id in session.execute(*_chosen(company_id))]


@made_once
def _chosen(company_id: str) -> Select[str, str]:
    return (
        select(Choice.ledger_kind, Choice.ledger_id)
        .join(Connection, Connection.id == Choice.connection_id)
        .where(Connection.company_id == company_id)
        .distinct()
    )


@made_once
def _listed(company_id: str) -> Delete:
    return delete(LedgerEntry).where(LedgerEntry.company_id == company_id)


def store_books(
    session: Session, company: Company, facts: Facts, rows: Sequence[Mapping[str, Any]], now: datetime
) -> None:
    """Replace what we know of the company's lists."""
    company.name = facts.name or company.name
    company.country, company.home_currency = facts.encoding.country, facts.encoding.home_currency
    company.taxed, company.books_closed_on = facts.encoding.taxed, facts.closed_on
    profile = facts.profile
    company.legal_name, company.plan, company.features = profile.legal_name, profile.plan, dict(profile.features)
    session.execute(*_listed(company.id))
    values = [_entry(company.id, row, now) for row in rows]
    for some in chunks(values, CHUNK):
        session.execute(insert(LedgerEntry), some)


def store_entry(session: Session, company_id: str, kind: str, row: Mapping[str, Any], now: datetime) -> None:
    """Note one list object that was just created or found."""
    value = _entry(company_id, {"kind": kind, **row}, now)
    session.merge(LedgerEntry(**value))


def find_by_name(client: QuickBooks, kind: str, name: str) -> list[Mapping[str, Any]]:
    """Return the objects of a list that bear this name (QuickBooks compares without case), inactive included."""
    return list(client.query_all(kind, by_name(kind, name)))


def by_name(kind: str, name: str) -> str:
    """Return the condition for the objects of a list that bear this name, inactive included."""
    field = "DisplayName" if kind in PEOPLE else "Name"
    return f"{field} = {quoted(name)} AND {ALL}"


def _rates(code: Mapping[str, Any], side: str, rates: Mapping[str, Mapping[str, Any]]) -> tuple[TaxRate, ...]:
    """Return the rates that a tax code takes on one side, sales or purchases."""
    ids = [str(_at(each, "TaxRateRef")["value"]) for each in _at(code, side).get("TaxRateDetail", [])]
    return tuple(
        TaxRate(each, str(rates[each].get("Name", "")), Decimal(rates[each].get("RateValue", 0)))
        for each in ids
        if each in rates
    )


def _entry(company_id: str, row: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    name = str(row.get("FullyQualifiedName") or row.get("DisplayName") or row.get("Name") or "")
    return {
        "company_id": company_id,
        "kind": row["kind"],
        "object_id": str(row["Id"]),
        "name": name,
        "name_key": name.casefold(),
        "active": bool(row.get("Active", True)),
        "number": str(row.get("AcctNum") or row.get("Sku") or ""),
        "type": str(row.get("AccountType") or row.get("Type") or ""),
        "subtype": str(row.get("AccountSubType", "")),
        "currency": str(_at(row, "CurrencyRef").get("value", "")),
        "account_id": str(_at(row, "IncomeAccountRef").get("value", "")),
        "tax_code": str(_at(row, "TaxCodeRef").get("value", "")) if row["kind"] == "Account" else "",
        "seen_at": now,
    }


def _at(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = value.get(key)
    return found if isinstance(found, Mapping) else {}
