"""Proves that control accounts equal the open documents behind them, name by name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal

from raccord_sandbox.keeping.table import Table
from raccord_sandbox.posting.ledger import Ledger, Posting
from raccord_sandbox.refusing.faults import Doc

ZERO = Decimal(0)
SIGNS = {"Bill": 1, "VendorCredit": -1}
Open = defaultdict[tuple[str, str], Decimal]
"""Amounts by account and name."""


def assert_payables(tables: Mapping[str, Table], ledger: Ledger) -> None:
    """Raise AssertionError unless payables equal what documents leave open, per account and vendor."""
    accounts = _accounts(tables, "Accounts Payable")
    booked: Open = defaultdict(Decimal)
    expected: Open = defaultdict(Decimal)
    for posting in ledger.postings():
        for account, name, owed in _effects(posting, accounts):
            if not name or tables["Vendor"].get(name) is None:
                raise AssertionError(f"{posting.kind} {posting.id} posts to payables without a vendor")
            booked[account, name] += owed
            if posting.kind not in SIGNS and posting.kind != "BillPayment":
                expected[account, name] += owed
    _assert_links(tables)
    for kind, sign in SIGNS.items():
        for doc in tables.get(kind, ()):
            expected[doc["APAccountRef"]["value"], doc["VendorRef"]["value"]] += sign * doc["Balance"]
    for payment in tables.get("BillPayment", ()):
        _expect_payment(tables, ledger, payment, accounts, expected)
    for key in booked.keys() | expected.keys():
        if booked[key] != expected[key]:
            raise AssertionError(f"payables {key}: the ledger has {booked[key]}, open documents {expected[key]}")
    for account in accounts:
        total = sum((owed for (one, _), owed in booked.items() if one == account), ZERO)
        foreign = ledger.foreign_balance(account)
        if total != -(foreign or ledger.balance(account)):
            raise AssertionError(f"payables {account}: its vendors are owed {total}")


def _accounts(tables: Mapping[str, Table], type_: str) -> frozenset[str]:
    return frozenset(doc["Id"] for doc in tables.get("Account", ()) if doc["AccountType"] == type_)


def _effects(posting: Posting, accounts: frozenset[str]) -> Iterator[tuple[str, str, Decimal]]:
    for entry in posting.entries:
        if entry.account in accounts:
            yield entry.account, entry.name, -entry.stated


def _lines_of_payments(tables: Mapping[str, Table]) -> dict[tuple[str, str], dict[str, Decimal]]:
    """Return for each paid document what each bill payment's lines take of it."""
    found: dict[tuple[str, str], dict[str, Decimal]] = {}
    for payment in tables.get("BillPayment", ()):
        for line in payment["Line"]:
            link = line["LinkedTxn"][0]
            takers = found.setdefault((link["TxnType"], link["TxnId"]), {})
            takers[payment["Id"]] = takers.get(payment["Id"], ZERO) + line["Amount"]
    return found


def _assert_links(tables: Mapping[str, Table]) -> None:
    """Compare links and balances of documents with the lines of the payments, and these with them."""
    paid = _lines_of_payments(tables)
    for kind in (*SIGNS, "JournalEntry", "Deposit"):
        for doc in tables.get(kind, ()):
            links = {link["TxnId"] for link in doc.get("LinkedTxn", []) if link["TxnType"].startswith("BillPayment")}
            takers = paid.get((kind, doc["Id"]), {})
            if links != takers.keys():
                raise AssertionError(f"{kind} {doc['Id']} is linked to {links} and paid by {list(takers)}")
            left = doc["TotalAmt"] - sum(takers.values(), ZERO)
            if kind in SIGNS and not ZERO <= doc["Balance"] == left:
                raise AssertionError(f"{kind} {doc['Id']} of {doc['TotalAmt']}: balance {doc['Balance']}, not {left}")


def _expect_payment(
    tables: Mapping[str, Table], ledger: Ledger, payment: Doc, accounts: frozenset[str], expected: Open
) -> None:
    """Count what a payment's lines take of journal entries and deposits, and what no line takes of the payment."""
    vendor = payment["VendorRef"]["value"]
    posting = ledger.posting("BillPayment", payment["Id"])
    left: Open = defaultdict(Decimal)
    for account, name, owed in _effects(posting, accounts) if posting else ():
        left[account, name] += owed
    for line in payment["Line"]:
        link = line["LinkedTxn"][0]
        account, sign = _target(tables, ledger, link, vendor, accounts)
        left[account, vendor] += sign * line["Amount"]
        if link["TxnType"] not in SIGNS:
            expected[account, vendor] -= sign * line["Amount"]
    for key, owed in left.items():
        if owed > 0:
            raise AssertionError(f"bill payment {payment['Id']} posts less to {key} than its lines say")
        expected[key] += owed


def _target(
    tables: Mapping[str, Table], ledger: Ledger, link: Doc, vendor: str, accounts: frozenset[str]
) -> tuple[str, int]:
    """Return the payables account of a paid document and whether it is a charge or a credit."""
    kind, key = link["TxnType"], link["TxnId"]
    doc = tables[kind].get(key)
    if doc is None:
        raise AssertionError(f"a bill payment pays {kind} {key}, which does not exist")
    if kind in SIGNS:
        return doc["APAccountRef"]["value"], SIGNS[kind]
    posting = ledger.posting(kind, key)
    sums: dict[str, Decimal] = {}
    for account, name, owed in _effects(posting, accounts) if posting else ():
        if name == vendor:
            sums[account] = sums.get(account, ZERO) + owed
    for account, owed in sums.items():
        if owed:
            return account, 1 if owed > 0 else -1
    raise AssertionError(f"a bill payment pays {kind} {key}, which owes {vendor} nothing")
