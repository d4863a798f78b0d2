"""What an undo must know of the books: its documents as they are, the closing date, and who uses the names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from raccord.quickbooks import QuickBooks
from raccord.store.models import LinkRow
from raccord.sync.books import read_facts
from raccord.sync.readback import CLOCKS_APART, LISTS, created_since
from raccord.sync.removals import read_documents
from raccord.sync.undo import Books, Place
from raccord.sync.undo_selection import references

USERS = (
    "Invoice", "SalesReceipt", "RefundReceipt", "CreditMemo", "Payment", "Deposit", "Purchase", "Bill", "BillPayment",
    "VendorCredit", "Transfer", "JournalEntry", "Estimate", "PurchaseOrder", "TimeActivity", *LISTS,
)  # fmt: skip
"""Everything that may refer to an entry of a list."""


def read_books(client: QuickBooks, links: Sequence[LinkRow]) -> Books:
    """Read what is to be undone as it is now, and what uses the names among it."""
    documents = read_documents(client, [(link.kind, link.document_id) for link in links])
    names = [document for (kind, _), document in documents.items() if kind in LISTS]
    places = [place for place in documents if place[0] in LISTS]
    users = _users(client, places, names) if places else {}
    return Books(documents, read_facts(client).closed_on, users)


def _users(client: QuickBooks, places: Sequence[Place], names: Sequence[Mapping[str, Any]]) -> dict[Place, list[Place]]:
    """Return what refers to each name. Nothing that was last changed before a name was made can."""
    made = min(datetime.fromisoformat(str(name["MetaData"]["CreateTime"])) for name in names)
    since = created_since(made - CLOCKS_APART).replace("CreateTime", "LastUpdatedTime")
    found: dict[Place, list[Place]] = {place: [] for place in places}
    for kind in USERS:
        for document in client.query_all(kind, since):
            user = (kind, str(document["Id"]))
            for place in {place for name, value in references(document) for place in _named(kind, name, value)}:
                if place in found and place != user:
                    found[place].append(user)
    return found


def _named(kind: str, name: str, value: str) -> Iterator[Place]:
    """Yield the entries of lists that a reference of this name may mean."""
    if name.endswith("AccountRef"):
        yield ("Account", value)
    elif name.endswith("ItemRef"):
        yield ("Item", value)
    elif name.endswith("CustomerRef"):
        yield ("Customer", value)
    elif name.endswith("VendorRef"):
        yield ("Vendor", value)
    elif name in ("Entity", "EntityRef"):
        yield from (("Customer", value), ("Vendor", value))
    elif name == "ParentRef":
        yield (kind, value)
