"""Which changes are told of, in the two formats of the service."""

from __future__ import annotations

import base64
import hashlib
import hmac
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from raccord_sandbox.keeping.changes import CREATE, DELETE, EMAILED, MERGE, UPDATE, VOID, Change
from raccord_sandbox.refusing.faults import Doc

WRITES = frozenset({CREATE, UPDATE, DELETE})
NAME = WRITES | {MERGE}
ENTITIES: dict[str, frozenset[str]] = {
    "Account": NAME,
    "Bill": WRITES,
    "BillPayment": WRITES | {VOID},
    "Budget": WRITES,
    "Class": NAME,
    "CompanyCurrency": frozenset({CREATE, UPDATE}),
    "CreditMemo": WRITES | {VOID, EMAILED},
    "Customer": NAME,
    "Department": NAME,
    "Deposit": WRITES,
    "Employee": NAME,
    "Estimate": WRITES | {EMAILED},
    "Invoice": WRITES | {VOID, EMAILED},
    "Item": NAME,
    "JournalCode": frozenset({CREATE, UPDATE}),
    "JournalEntry": WRITES,
    "Payment": WRITES | {VOID, EMAILED},
    "PaymentMethod": NAME,
    "Preferences": frozenset({UPDATE}),
    "Purchase": WRITES | {VOID},
    "PurchaseOrder": WRITES | {EMAILED},
    "RefundReceipt": WRITES | {VOID, EMAILED},
    "SalesReceipt": WRITES | {VOID, EMAILED},
    "TaxAgency": frozenset({CREATE, UPDATE}),
    "Term": NAME,
    "TimeActivity": WRITES,
    "Transfer": WRITES | {VOID},
    "Vendor": NAME,
    "VendorCredit": WRITES,
}
"""The operations that are told of, by entity."""
NAMES = {"CompanyCurrency": "Currency"}
"""Entities that webhooks call by another name."""
PAST = {
    CREATE: "created",
    UPDATE: "updated",
    DELETE: "deleted",
    VOID: "voided",
    MERGE: "merged",
    EMAILED: "emailed",
}


class Format(StrEnum):
    """The shapes of a notification."""

    LEGACY = "legacy"
    CLOUD_EVENTS = "cloudevents"


@dataclass(frozen=True, slots=True)
class Event:
    """One change that is told of; its id stays the same when it is told again."""

    name: str
    id: str
    operation: str
    at: datetime
    vanished: str = ""
    event_id: str = field(default_factory=lambda: str(uuid.uuid4()), compare=False)


def event_of(change: Change) -> Event | None:
    """Return the event of a change; None where the entity or its operation is not told of."""
    allowed = ENTITIES.get(change.kind, frozenset())
    # A void or a mail that has no event of its own is a change like any other.
    operation = change.operation if change.operation in allowed else UPDATE
    if operation not in allowed or (change.operation in WRITES and change.operation not in allowed):
        return None
    name = NAMES.get(change.kind, change.kind)
    return Event(name, change.id, operation, datetime.fromisoformat(change.at).astimezone(UTC), change.vanished)


def written(form: Format, realm: str, client: str, events: Sequence[Event]) -> Doc | list[Doc]:
    """Return the body of a notification of one company."""
    if form is Format.CLOUD_EVENTS:
        return [_cloud_event(realm, client, event) for event in events]
    entities = [_entity(event) for event in events]
    return {"eventNotifications": [{"realmId": realm, "dataChangeEvent": {"entities": entities}}]}


def signature(verifier: str, body: bytes) -> str:
    """Return the value of the header `intuit-signature`."""
    return base64.b64encode(hmac.new(verifier.encode(), body, hashlib.sha256).digest()).decode()


def _entity(event: Event) -> Doc:
    at = event.at.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    entity: Doc = {"name": event.name, "id": event.id, "operation": event.operation, "lastUpdated": at}
    return {**entity, "deletedId": event.vanished} if event.vanished else entity


def _cloud_event(realm: str, client: str, event: Event) -> Doc:
    return {
        "specversion": "1.0",
        "id": event.event_id,
        "source": f"intuit.{base64.b64encode(hashlib.sha256(client.encode()).digest()).decode()}",
        "type": f"qbo.{event.name.lower()}.{PAST[event.operation]}.v1",
        "datacontenttype": "application/json",
        "time": event.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "intuitentityid": event.id,
        "intuitaccountid": realm,
        "data": {"deletedid": event.vanished} if event.vanished else {},
    }
