"""Links that both documents carry: what one says of the other, the other says of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from raccord_sandbox.keeping.table import Table
from raccord_sandbox.refusing.faults import Doc

PAIRS = (("Invoice", "Estimate"), ("RefundReceipt", "SalesReceipt"), ("Bill", "PurchaseOrder"))
DEPOSITED = ("SalesReceipt", "RefundReceipt", "Payment", "Transfer", "JournalEntry")


def assert_links_mutual(tables: Mapping[str, Table]) -> None:
    """Raise AssertionError unless every link between these documents stands on both sides, once."""
    for one, other in PAIRS:
        forth = Counter((doc["Id"], key) for doc in tables.get(one, ()) for key in _linked(doc, other))
        back = Counter((key, doc["Id"]) for doc in tables.get(other, ()) for key in _linked(doc, one))
        _compare(f"{one} and {other}", forth, back)
    held = Counter(
        (link["TxnType"], link["TxnId"], link.get("TxnLineId", "0"), deposit["Id"])
        for deposit in tables.get("Deposit", ())
        for line in deposit["Line"]
        if line.get("DetailType") is None
        for link in line["LinkedTxn"]
        if link["TxnType"] in DEPOSITED
    )
    said = Counter(
        (kind, doc["Id"], line, key)
        for kind in DEPOSITED
        for doc in tables.get(kind, ())
        for line, holder in _holders(kind, doc)
        for key in _linked(holder, "Deposit")
    )
    _compare("deposits and what they hold", held, said)
    times = Counter((kind, key, line) for kind, key, line, _ in held.elements())
    if any(count > 1 for count in times.values()):
        raise AssertionError(f"deposited more than once: {[one for one, count in times.items() if count > 1]}")


def _holders(kind: str, doc: Doc) -> Iterable[tuple[str, Doc]]:
    """Return where a document keeps its deposits: a journal entry on its lines."""
    return [(line["Id"], line) for line in doc["Line"]] if kind == "JournalEntry" else [("0", doc)]


def _linked(doc: Doc, kind: str) -> list[str]:
    return [link["TxnId"] for link in doc.get("LinkedTxn", []) if link["TxnType"] == kind]


def _compare(what: str, forth: Counter[Any], back: Counter[Any]) -> None:
    if forth != back:
        raise AssertionError(f"links of {what} differ: {forth - back} and {back - forth}")
