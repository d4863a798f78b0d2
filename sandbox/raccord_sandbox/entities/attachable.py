"""Attachables: notes and files linked to any number of objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from raccord_sandbox.attachments.files import CONTENT, TYPES, ending
from raccord_sandbox.entities.kind import COMMON_QUERYABLE, TRANSACTIONS, Draft, Family, Kind
from raccord_sandbox.keeping.company import Company, Work
from raccord_sandbox.refusing.faults import Doc, FaultError, missing
from raccord_sandbox.schema import Block, Choice, Flag, FoundRef, Many, Property, Reading, Text, Whole
from raccord_sandbox.wire import unreadable

TARGETS = (
    "Bill",
    "BillPayment",
    "CreditCardPayment",
    "CreditMemo",
    "Customer",
    "Deposit",
    "Employee",
    "Estimate",
    "Invoice",
    "Item",
    "JournalEntry",
    "Payment",
    "Purchase",
    "PurchaseOrder",
    "RefundReceipt",
    "SalesReceipt",
    "TimeActivity",
    "Transfer",
    "Vendor",
    "VendorCredit",
)
"""What something can be attached to."""
STORED = {"CreditCardPayment": "CreditCardPaymentTxn"}
"""Entities that are kept under another name than attachments give them."""


@dataclass(frozen=True, slots=True)
class Target:
    """A reference to an object of any entity that takes attachments; its type may be written in any case."""

    def read(self, value: Any, path: str, reading: Reading) -> Any:
        """Return the reference with its type in the documented spelling."""
        if not isinstance(value, dict):
            raise unreadable(path)
        for name in ("type", "value"):
            if value.get(name) in (None, ""):
                raise missing(f"{path}.{name}")
            if isinstance(value[name], (dict, list, bool)):
                raise unreadable(f"{path}.{name}")
        wanted = str(value["type"])
        kind = next((target for target in TARGETS if target.lower() == wanted.lower()), None)
        if kind is None:
            raise FaultError(6050, f"The entity reference type {wanted} is unsupported for Attachable", path)
        stored: Doc = {"type": kind, "value": str(value["value"])}
        # Looked up through a copy, because the service shows no names here.
        reading.refs.append(FoundRef(path, dict(stored), (STORED.get(kind, kind),)))
        return stored


PROPERTIES: Mapping[str, Property] = {
    "FileName": Text(1000),
    "Note": Text(2000),
    "Category": Choice(("Contact Photo", "Document", "Image", "Receipt", "Signature", "Sound", "Other")),
    "ContentType": Text(100),
    "PlaceName": Text(2000),
    "Lat": Text(100),
    "Long": Text(100),
    "Tag": Text(2000),
    "AttachableRef": Many(
        Block(
            {"EntityRef": Target(), "IncludeOnSend": Flag(), "LineInfo": Text(30), "NoRefOnly": Flag()},
            frozenset({"CustomField"}),
        )
    ),
}


def settle_attachable(work: Work, kind: Kind, draft: Draft) -> None:
    """Complete a note or file; one of the two there must be."""
    new = draft.new
    if CONTENT in new:
        if "FileName" not in new:
            raise missing("FileName")
        new.setdefault("ContentType", TYPES.get(ending(new["FileName"]), "application/octet-stream"))
    elif "Note" not in new:
        raise missing("Note")
    for ref in new.get("AttachableRef", []):
        if "EntityRef" not in ref and not ref.get("NoRefOnly"):
            raise missing("AttachableRef.EntityRef")
        ref.setdefault("IncludeOnSend", False)


def render_attachable(company: Company, doc: Doc) -> Doc:
    """Add the addresses of the file, if there is one."""
    if CONTENT not in doc:
        return doc
    shown = {name: value for name, value in doc.items() if name != CONTENT}
    shown["FileAccessUri"] = f"/v3/company/{company.realm}/download/{doc['Id']}"
    shown["TempDownloadUri"] = company.files.link(doc["Id"], doc["FileName"])
    return shown


ATTACHABLE = Kind(
    "Attachable",
    Family.RECORD,
    PROPERTIES,
    settle_attachable,
    sequence="attachable",
    operations=TRANSACTIONS,
    computed=frozenset(
        {"Size", "FileAccessUri", "TempDownloadUri", "ThumbnailFileAccessUri", "ThumbnailTempDownloadUri"}
    ),
    queryable=COMMON_QUERYABLE
    | {"FileName", "Note", "Category", "ContentType", "PlaceName", "Lat", "Long", "Tag", "Size"}
    | {"AttachableRef.EntityRef.type", "AttachableRef.EntityRef.value"},
    render=render_attachable,
)
UPLOADED = replace(ATTACHABLE, properties={**PROPERTIES, "Size": Whole(0, 10**12), CONTENT: Text(64)})
"""What an upload stores: the properties that only the service itself may set too."""
