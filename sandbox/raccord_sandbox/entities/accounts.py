"""The chart of accounts."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from raccord_sandbox.currency import rate_on, settle_list_currency
from raccord_sandbox.entities.amounts import NAMED
from raccord_sandbox.entities.hierarchy import full_name, unique_full_name
from raccord_sandbox.entities.kind import LIST_QUERYABLE, Draft, Family, Kind
from raccord_sandbox.keeping.company import Company, Work, is_balance_sheet
from raccord_sandbox.posting.chart import KINDS, SYSTEM_SUBTYPES, TYPE_OF_SUBTYPE
from raccord_sandbox.posting.ledger import Entry
from raccord_sandbox.refusing.faults import Doc, FaultError, business
from raccord_sandbox.schema import MONEY, Day, Flag, Ref, Text

FOREIGN = frozenset({"Bank", "Credit Card", "Accounts Receivable", "Accounts Payable"})
"""Types of account that may be kept in a foreign currency."""


def settle_account(work: Work, kind: Kind, draft: Draft) -> None:
    """Complete type, subtype, classification and full name; refuse clashes and changes of system accounts."""
    new, old = draft.new, draft.old
    _classify(new, old)
    new.setdefault("Active", True)
    _refuse_change_of_system(work, new, old)
    parent = full_name(work, kind, new, flag="SubAccount")
    if parent is not None and parent["AccountType"] != new["AccountType"]:
        raise business("A sub-account must have the type of its parent.", "ParentRef")
    if parent is not None and SYSTEM_SUBTYPES & {parent["AccountSubType"], new["AccountSubType"]}:
        raise business("A system account is neither a parent nor a sub-account.", "ParentRef")
    unique_full_name(work, kind, draft, "Another account is already using this name. Please use a different name.")
    _unique_number(work, draft)
    settle_list_currency(work, draft, foreign_allowed=new["AccountType"] in FOREIGN)
    if parent is not None and parent.get("CurrencyRef") != new["CurrencyRef"]:
        raise business("A sub-account must have the currency of its parent.", "CurrencyRef")
    _opening_balance(work, draft)


def _refuse_change_of_system(work: Work, new: Doc, old: Doc | None) -> None:
    """Refuse a second account of a system's subtype, and what would break receivables, payables or the tree (6000)."""
    subtype = new["AccountSubType"]
    if subtype in SYSTEM_SUBTYPES and (old is None or old["AccountSubType"] != subtype) and _has_subtype(work, subtype):
        raise business(f"The company already has its account of subtype {subtype}.", "AccountSubType")
    if old is None:
        return
    system = _is_system(work, old)
    if system and not new["Active"]:
        raise business("This is a system account: it cannot be made inactive.", "Active")
    if old["AccountSubType"] in SYSTEM_SUBTYPES and subtype != old["AccountSubType"]:
        raise business("The type of a system account cannot be changed.", "AccountSubType")
    if old["AccountType"] == new["AccountType"]:
        return
    if system or NAMED.keys() & {old["AccountType"], new["AccountType"]}:
        raise business(
            f"The type of an account cannot be changed between {' and '.join(NAMED)} and others.", "AccountType"
        )
    if any(child.get("ParentRef", {}).get("value") == old["Id"] for child in work.all("Account")):
        raise business("The type of an account with sub-accounts cannot be changed.", "AccountType")


def _is_system(work: Work, account: Doc) -> bool:
    """Tell whether the company cannot do without an account."""
    type_: str = account["AccountType"]
    if account["AccountSubType"] in SYSTEM_SUBTYPES or account["Id"] in work.company.settings["tax_accounts"].values():
        return True
    return type_ in NAMED and work.company.accounts_of(AccountType=type_)[0] == account["Id"]


def _has_subtype(work: Work, subtype: str) -> bool:
    return bool(work.company.accounts_of(AccountSubType=subtype))


def _classify(new: Doc, old: Doc | None) -> None:
    subtype, type_ = new.get("AccountSubType"), new.get("AccountType")
    if type_ is None and subtype is None:
        if old is None:
            raise FaultError(6010, "Account type and subtype missing : give one of them", "AccountType")
        type_, subtype = old["AccountType"], old["AccountSubType"]
    if type_ is None:
        type_ = TYPE_OF_SUBTYPE.get(str(subtype))
        if type_ is None:
            raise FaultError(2170, f"Invalid Enumeration : AccountSubType cannot be {subtype}", "AccountSubType")
    found = next((kind for name, kind in KINDS.items() if name.lower() == type_.lower()), None)
    if found is None:
        raise FaultError(2170, f"Invalid Enumeration : AccountType cannot be {type_}", "AccountType")
    if subtype is None or (TYPE_OF_SUBTYPE.get(subtype, found.name) != found.name):
        if subtype is not None:
            raise business(f"The subtype {subtype} does not belong to {found.name}.", "AccountSubType")
        subtype = found.subtypes[0]
    new["AccountType"], new["AccountSubType"], new["Classification"] = found.name, subtype, found.classification


def _unique_number(work: Work, draft: Draft) -> None:
    number = draft.new.get("AcctNum")
    if number is None:
        return
    # Of France nothing is documented; a page for its customers has them type "512 Banques" (PO-02).
    limit = 20 if work.company.settings["country"] in ("AU", "CA", "FR") else 7
    if len(number) > limit:
        detail = (
            "String length specified does not match the supported length. "
            f"Min:0 Max:{limit} supported. Supplied length:{len(number)}"
        )
        raise FaultError(2050, detail, "AcctNum")
    own = draft.old["Id"] if draft.old else None
    for other in work.company.table("Account"):
        if other["Id"] != own and other.get("AcctNum", "").lower() == number.lower():
            raise FaultError(
                6240, "The name supplied already exists. : Another account is already using this number."
                f" Id={other['Id']}", "AcctNum"
            )  # fmt: skip


def _opening_balance(work: Work, draft: Draft) -> None:
    new = draft.new
    amount, day = new.pop("OpeningBalance", None), new.pop("OpeningBalanceDate", None)
    if draft.old is not None or not amount:
        return
    if day is None:
        raise FaultError(6060, "An opening balance needs a date", "OpeningBalanceDate")
    if not is_balance_sheet(new) or new["AccountType"] in NAMED:
        raise business("Only balance sheet accounts that name nobody have an opening balance.", "OpeningBalance")
    equity = work.company.first_account(AccountSubType="OpeningBalanceEquity")
    signed = amount if new["Classification"] == "Asset" else -amount
    new["TxnDate"] = day
    if new["CurrencyRef"]["value"] != work.company.home_currency:
        new["ExchangeRate"] = rate_on(work.company, new["CurrencyRef"]["value"], day)
    draft.entries = [Entry(new["Id"], signed, "Opening Balance"), Entry(equity["Id"], -signed, "Opening Balance")]


def render_account(company: Company, doc: Doc) -> Doc:
    """Add the balances, which income and expense accounts do not have."""
    shown = {name: value for name, value in doc.items() if name not in OPENING}
    if not is_balance_sheet(doc):
        return {**shown, "CurrentBalance": Decimal(0), "CurrentBalanceWithSubAccounts": Decimal(0)}
    own = _shown_balance(company, doc)
    below = sum((_shown_balance(company, child) for child in _descendants(company, doc["Id"])), own)
    return {**shown, "CurrentBalance": own, "CurrentBalanceWithSubAccounts": below}


def _shown_balance(company: Company, doc: Doc) -> Decimal:
    """Return the debit balance in the account's currency; cards are positive when owed, other liabilities negative."""
    balance = company.ledger.balance(doc["Id"])
    if doc.get("CurrencyRef", {}).get("value", company.home_currency) != company.home_currency:
        balance = company.ledger.foreign_balance(doc["Id"])
    return -balance if doc["AccountType"] == "Credit Card" or doc["Classification"] == "Equity" else balance


def _descendants(company: Company, key: str) -> Iterator[Doc]:
    for child in company.table("Account"):
        if child.get("ParentRef", {}).get("value") == key:
            yield child
            yield from _descendants(company, child["Id"])


OPENING = frozenset({"TxnDate", "ExchangeRate"})
"""What the opening balance was posted with."""
ACCOUNT = Kind(
    "Account",
    Family.LIST,
    {
        "Name": Text(100, '":'),
        "AcctNum": Text(20, ":"),
        "Description": Text(100),
        "AccountType": Text(100),
        "AccountSubType": Text(100),
        "Classification": Text(100),
        "SubAccount": Flag(),
        "ParentRef": Ref(("Account",)),
        "CurrencyRef": Ref(),
        "OpeningBalance": MONEY,
        "OpeningBalanceDate": Day(),
        "TaxCodeRef": Ref(("TaxCode",)),
        "JournalCodeRef": Ref(("JournalCode",)),
        "Active": Flag(),
    },
    settle_account,
    sequence="account",
    required=("Name",),
    computed=frozenset(
        {"FullyQualifiedName", "CurrentBalance", "CurrentBalanceWithSubAccounts", "AccountAlias", "TxnLocationType"}
    ),
    kept=OPENING,
    queryable=LIST_QUERYABLE
    | {"AccountType", "AccountSubType", "Classification", "AcctNum", "CurrentBalance", "SubAccount", "ParentRef"},
    render=render_account,
)
