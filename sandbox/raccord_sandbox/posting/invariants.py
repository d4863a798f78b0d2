"""What must be true of every document and its posting, whatever a client sends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from raccord_sandbox.keeping.table import Table
from raccord_sandbox.posting.ledger import Ledger, Posting
from raccord_sandbox.refusing.faults import Doc

ZERO = Decimal(0)
CONTROL = frozenset({"Accounts Receivable", "Accounts Payable"})
WITH_BALANCE = frozenset({"Invoice", "CreditMemo", "Bill", "VendorCredit"})
PAYABLE = frozenset({"GlobalTaxPayable", "SalesTaxPayable"})
BARE_TOTAL = "TotalTax"
"""Stands for the rate of a sent total that has no tax lines."""


def assert_taxes_follow(doc: Doc, posting: Posting) -> None:
    """Raise AssertionError unless what each rate posts is its tax line, with one sign for the whole document."""
    detail: Doc = doc.get("TxnTaxDetail", {})
    stated: dict[str, Decimal] = {}
    for line in detail.get("TaxLine", []):
        rate = line["TaxLineDetail"]["TaxRateRef"]["value"]
        stated[rate] = stated.get(rate, ZERO) + line["Amount"]
    if sum(stated.values(), ZERO) != detail.get("TotalTax", ZERO):
        if stated:
            raise AssertionError(f"{posting.kind} {posting.id}: TotalTax is not the sum of its tax lines")
        stated[BARE_TOTAL] = detail["TotalTax"]
    posted: dict[str, Decimal] = {}
    for entry in posting.entries:
        if entry.tax:
            posted[entry.tax] = posted.get(entry.tax, ZERO) + entry.stated
    rates = set(stated) | set(posted)
    if not any(all(posted.get(rate, ZERO) == sign * stated.get(rate, ZERO) for rate in rates) for sign in (1, -1)):
        raise AssertionError(f"{posting.kind} {posting.id}: states the taxes {stated} and posts {posted}")


def assert_liabilities_follow(
    tables: Mapping[str, Table], ledger: Ledger, accounts: Sequence[Mapping[str, str]]
) -> None:
    """Raise AssertionError unless every tax lies with its agency, or in the cost where the agency gives none back.

    `accounts` are the agencies' accounts, those of what is owed and those of what is reclaimed.
    """
    for posting in ledger.postings():
        for entry in posting.entries:
            rate = tables["TaxRate"].get(entry.tax) if entry.tax and "TaxRate" in tables else None
            if rate is None:
                continue
            agency = rate["AgencyRef"]["value"]
            stored = tables["TaxAgency"].get(agency) or {}
            own = {table[agency] for table in accounts if agency in table}
            subtype = (tables["Account"].get(entry.account) or {}).get("AccountSubType")
            is_cost = bool(entry.line) and not stored.get("TaxTrackedOnPurchases", True)
            if entry.account not in own and not is_cost and (own or subtype not in PAYABLE):
                raise AssertionError(f"{posting.kind} {posting.id}: tax {rate['Name']} is not on its agency's account")


def assert_currencies_follow(tables: Mapping[str, Table], ledger: Ledger, home: str) -> None:
    """Raise AssertionError unless foreign documents balance in their currency too and nothing settled leaves a rest."""
    currencies = {doc["Id"]: doc.get("CurrencyRef", {}).get("value", home) for doc in tables.get("Account", ())}
    kept: dict[str, Decimal] = {}
    for posting in ledger.postings():
        doc = tables[posting.kind].get(posting.id) or {}
        currency = doc.get("CurrencyRef", {}).get("value", home)
        if sum((entry.stated for entry in posting.entries), ZERO) != 0 and currency != home:
            raise AssertionError(f"{posting.kind} {posting.id} does not balance in {currency}")
        for entry in posting.entries:
            if (entry.foreign is None) != (currency == home):
                raise AssertionError(f"{posting.kind} {posting.id} in {currency} has an entry of another currency")
            if currencies[entry.account] not in (home, currency):
                raise AssertionError(
                    f"{posting.kind} {posting.id} in {currency} posts to an account of another currency"
                )
            if currencies[entry.account] != home:
                kept[entry.account] = kept.get(entry.account, ZERO) + entry.stated
    for account, amount in kept.items():
        if ledger.foreign_balance(account) != amount:
            raise AssertionError(f"account {account}: its balance in {currencies[account]} differs from its entries")
    for (account, item), (at_home, foreign) in ledger.open_items():
        if not foreign and at_home:
            raise AssertionError(f"{item} is settled on account {account} and leaves {at_home}")
        _assert_open(tables, account, item, foreign)


def _assert_open(tables: Mapping[str, Table], account: str, item: str, foreign: Decimal) -> None:
    kind, _, key = item.partition(":")
    owner = (tables["Account"].get(account) or {}).get("AccountType")
    doc = tables[kind].get(key) if kind in WITH_BALANCE and owner in CONTROL else None
    if doc is not None and abs(foreign) != doc["Balance"]:
        raise AssertionError(f"{item} leaves {foreign} open and says {doc['Balance']}")
