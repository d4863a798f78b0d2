"""Closed books: what would change the ledger up to the closing date is refused, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from raccord_sandbox.posting.exchange import Change, Key
from raccord_sandbox.posting.ledger import Entry
from raccord_sandbox.refusing.faults import FaultError

if TYPE_CHECKING:
    from raccord_sandbox.keeping.company import Company

CLOSED = (
    "The account period has closed and the account books cannot be updated through through the QBO Services API. "
    "Please use the QBO website to make these changes."
)
Movement = dict[tuple[str, str], tuple[Decimal, Decimal]]
ZERO = Decimal(0)


def refuse_closed(company: Company, staged: Mapping[Key, Change]) -> None:
    """Raise fault 6200, with a password 6210, where a posting of the closed period would come, go or change."""
    preferences = company.get("Preferences", "1") or {}
    closed = preferences.get("AccountingInfoPrefs", {}).get("BookCloseDate")
    if closed is None:
        return
    for key, (doc, entries) in staged.items():
        if doc is not None and entries is None:
            continue
        old = company.ledger.posting(*key)
        before = _movement(old.entries) if old else {}
        after = _movement(entries or ()) if doc is not None else {}
        days = {old.day} if old and before else set()
        days |= {doc["TxnDate"]} if doc is not None and after else set()
        if (before != after or len(days) > 1) and any(day <= closed for day in days):
            raise FaultError(6210 if company.switch("closed_books_password") else 6200, CLOSED)


def _movement(entries: Sequence[Entry]) -> Movement:
    """Return what entries do to accounts and names; notes do not count, nor does what comes to nothing."""
    found: Movement = {}
    for entry in entries:
        home, stated = found.get((entry.account, entry.name), (ZERO, ZERO))
        found[entry.account, entry.name] = (home + entry.amount, stated + entry.stated)
    return {place: amounts for place, amounts in found.items() if any(amounts)}
