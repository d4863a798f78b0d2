"""What an undo must know of the books: its documents as they are, the closing date, and who uses the names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from raccord.plugin.texts import Text
from raccord.quickbooks import QuickBooks
from raccord.store.models import PlanLine
from raccord.sync.books.company import read_facts
from raccord.sync.books.readback import CLOCKS_APART, LISTS, created_since
from raccord.sync.planning.since_approval import Since
from raccord.sync.posting.holding import fingerprint
from raccord.sync.posting.removals import SEEN, STANDS, read_documents
from raccord.sync.undoing.plan import Books, Place
from raccord.sync.undoing.selection import references

USERS = (
    "Invoice", "SalesReceipt", "RefundReceipt", "CreditMemo", "Payment", "Deposit", "Purchase", "Bill", "BillPayment",
    "VendorCredit", "Transfer", "JournalEntry", "Estimate", "PurchaseOrder", "TimeActivity", *LISTS,
)  # fmt: skip
"""Everything that may refer to an entry of a list."""


def read_books(client: QuickBooks, wanted: Sequence[Place]) -> Books:
    """Read what is to be undone as it is now, and what uses the names among it."""
    documents = read_documents(client, wanted)
    names = [document for (kind, _), document in documents.items() if kind in LISTS]
    places = [place for place in documents if place[0] in LISTS]
    users = _users(client, places, names) if places else {}
    return Books(documents, read_facts(client).closed_on, users)


def changed_in(client: QuickBooks, lines: Sequence[PlanLine]) -> Iterator[Since]:
    """Yield which documents and names of an undo's lines are not as they were when it was planned, hold or are held by
    something else, or are used by something else.
    """
    books = read_books(client, [(line.kind, line.document_id) for line in lines])
    for line in lines:
        document = books.documents.get((line.kind, line.document_id))
        if document is None or document.get("Active") is False:
            yield Since(line.key, Text("n'est plus dans QuickBooks", "is gone from QuickBooks"))
        elif fingerprint(document) != line.params.get(SEEN):
            yield Since(line.key, Text("a été modifié dans QuickBooks", "was changed in QuickBooks"))
        elif books.stands(line.kind, document) != line.params.get(STANDS):
            yield Since(
                line.key,
                Text("autre chose le contient ou l'emploie à présent", "something else holds or uses it now"),
            )


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
