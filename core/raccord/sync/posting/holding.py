"""What holds a document in QuickBooks, or uses a name: while something does, neither is taken out of the books."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from raccord.store.canonical import canonical
from raccord.sync.bodies import digest

FEEDS: Mapping[str, frozenset[str]] = {
    "RefundReceipt": frozenset({"SalesReceipt"}),
    "Payment": frozenset({"Invoice", "CreditMemo", "JournalEntry", "Check", "Expense"}),
    "BillPayment": frozenset({"Bill", "VendorCredit", "JournalEntry", "Deposit"}),
    "Invoice": frozenset({"Estimate", "TimeActivity", "ReimburseCharge"}),
    "Bill": frozenset({"PurchaseOrder"}),
    "Purchase": frozenset({"PurchaseOrder"}),
}
"""Documents that a document is made of or pays, by its kind; whatever else it is linked to holds it."""
_SETTLE_DEPOSITS = frozenset({"BillPayment", "BillPaymentCheck", "BillPaymentCreditCard"})
"""What may hold a deposit: a payment that uses a vendor's credit up for the money that came back."""

_MOVING = frozenset(
    {
        "SyncToken", "MetaData", "LinkedTxn", "Balance", "HomeBalance", "UnappliedAmt", "RemainingCredit", "sparse",
        "domain", "status", "time",
        "BalanceWithJobs", "CurrentBalance", "CurrentBalanceWithSubAccounts", "QtyOnHand", "TempDownloadUri",
        "ThumbnailTempDownloadUri",
    }
)  # fmt: skip
"""What other documents, taken out or posted, change in this one or in a name; and a file's address, another each time
that it is read.
"""


def holding(kind: str, document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the documents that hold this one: those it is linked to but for what it is made of or pays itself."""
    for each in linked(kind, document):
        other = str(each.get("TxnType"))
        if other in _SETTLE_DEPOSITS if kind == "Deposit" else other not in FEEDS.get(kind, frozenset()):
            yield each


def linked(kind: str, document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield what a document says it is linked to; a journal entry says so line by line."""
    yield from document.get("LinkedTxn") or ()
    if kind == "JournalEntry":
        for line in document.get("Line") or ():
            yield from line.get("LinkedTxn") or ()


def fingerprint(document: Mapping[str, Any]) -> str:
    """Return a hash of what a document says, without what other documents change in it."""
    said = {name: value for name, value in document.items() if name not in _MOVING}
    lines = said.get("Line") or ()
    if any(line.get("DetailType") == "JournalEntryLineDetail" for line in lines):
        # The one kind that says line by line which deposit holds it.
        said["Line"] = [{name: value for name, value in line.items() if name != "LinkedTxn"} for line in lines]
    return digest(canonical(said))


def standing(kind: str, document: Mapping[str, Any], users: Sequence[tuple[str, str]] = ()) -> str:
    """Return a hash of where a document stands: its token, what it is linked to, and of a name what uses it."""
    places = sorted(f"{each.get('TxnType')} {each.get('TxnId')}" for each in linked(kind, document))
    return digest(str(document.get("SyncToken", "")), *places, "", *sorted(f"{user} {of}" for user, of in users))
