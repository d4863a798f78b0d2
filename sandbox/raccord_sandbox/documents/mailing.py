"""Sending a document: it is marked as sent and laid in an outbox; no mail leaves."""

from __future__ import annotations

from raccord_sandbox.clock import stamp
from raccord_sandbox.documents.printing import TITLES
from raccord_sandbox.entities.kind import Kind
from raccord_sandbox.keeping.changes import EMAILED
from raccord_sandbox.keeping.company import Company, Work
from raccord_sandbox.operations import Origin, note, read, refuse_if_expired, shown
from raccord_sandbox.refusing.faults import Doc, FaultError, unsupported
from raccord_sandbox.schema import Email, Reading

ADDRESSES = {"PurchaseOrder": "POEmail", "Payment": ""}
"""The property that holds the address where it is not BillEmail; a payment has none."""
SEND = "send"


def send(company: Company, kind: Kind, key: str, send_to: str | None, origin: Origin) -> Doc:
    """Mark a document as sent and return it. Raises 500 for an entity that cannot be sent, 6420 without an address."""
    if kind.name not in TITLES:
        raise unsupported(f"send of {kind.name}")
    refuse_if_expired(company)
    stored = read(company, kind, key)
    name = ADDRESSES.get(kind.name, "BillEmail")
    address = _address(company, stored, name, send_to)
    work = Work(company)
    doc = work.touch(kind.name, key)
    if send_to and name:
        doc[name] = {"Address": address}
    now = stamp(company.clock.now())
    doc["EmailStatus"] = "EmailSent"
    doc["DeliveryInfo"] = {"DeliveryType": "Email", "DeliveryTime": now}
    work.tell(kind.name, key, EMAILED)
    work.commit()
    company.mails.append(
        {
            "at": now,
            "entity": kind.name,
            "id": key,
            "to": address,
            "cc": doc.get("BillEmailCc", {}).get("Address", ""),
            "bcc": doc.get("BillEmailBcc", {}).get("Address", ""),
            "files": _files(company, kind, key),
        }
    )
    note(company, kind, SEND, doc, origin)
    return shown(company, kind, doc)


def _address(company: Company, doc: Doc, name: str, send_to: str | None) -> str:
    if send_to is not None:
        address: str = Email(100).read(send_to, "sendTo", Reading())
    else:
        address = doc.get(name, {}).get("Address", "") or _own_address(company, doc)
    if not address:
        raise FaultError(6420, "Email Required : the document has no address to be sent to", "BillEmail")
    return address


def _own_address(company: Company, doc: Doc) -> str:
    for kind in ("Customer", "Vendor"):
        person = company.get(kind, doc.get(f"{kind}Ref", {}).get("value", "")) or {}
        if "PrimaryEmailAddr" in person:
            return str(person["PrimaryEmailAddr"]["Address"])
    return ""


def _files(company: Company, kind: Kind, key: str) -> list[str]:
    """Return the names of the files that are to go with the document."""
    target = {"type": kind.name, "value": key}
    return [
        file["FileName"]
        for file in company.table("Attachable")
        if "FileName" in file
        and any(ref.get("EntityRef") == target and ref["IncludeOnSend"] for ref in file.get("AttachableRef", []))
    ]
