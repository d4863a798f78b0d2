"""The twin's messages: subscriptions as published, and notices signed as Standard Webhooks says, sent until taken."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from raccord_pleo.sandbox.company import TwinRefusalError
from raccord_pleo.sandbox.shapes import SHAPES

EXPORT_CREATED = "v1.export-job.created"
"""What the messages say; the published text names the same event in two other ways too."""
NAMES = {
    EXPORT_CREATED: frozenset({EXPORT_CREATED, "v1.export.job-created", "v2.export-job.created"}),
    "v1.vendor.created": frozenset({"v1.vendor.created"}),
}
RETRIES = tuple(timedelta(seconds=each) for each in (5, 300, 1800, 7200, 18000, 36000))
"""After how long each further attempt is made; after the last one a message is given up."""
TIMEOUT_S = 10
_SPACE = UUID("5a1f2f0e-6a53-4a53-9f3e-2d6a3f0a7c12")
_WHO = "urn:pleo:organisation:00000000-0000-0000-0000-000000000001"


@dataclass(slots=True)
class Message:
    """A notice on its way to one subscription; its id stays over all attempts."""

    id: str
    subscription: str
    body: bytes
    due: datetime
    attempts: int = 0
    answered: list[int] = field(default_factory=list)
    """What each attempt was answered with; 0 where nobody answered."""


@dataclass(slots=True)
class TwinWebhooks:
    """All subscriptions of one company, and the messages that wait to be taken."""

    clock: Callable[[], datetime]
    subscriptions: dict[str, dict[str, object]] = field(default_factory=dict)
    activities: dict[str, list[dict[str, object]]] = field(default_factory=dict)
    waiting: deque[Message] = field(default_factory=deque)
    sent: list[Message] = field(default_factory=list)
    """Messages that were taken or given up, oldest first."""
    _secrets: dict[str, str] = field(default_factory=dict)
    _made: int = 0
    _sending: threading.Lock = field(default_factory=threading.Lock)

    def create(self, row: Mapping[str, object]) -> dict[str, object]:
        """Make a subscription; its secret is asked for apart."""
        _right(row)
        id_, now = self._id("subscription"), self.clock().isoformat()
        self._secrets[id_] = "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
        made = {"status": "ACTIVE", **row, "id": id_, "createdAt": now, "updatedAt": now}
        self.subscriptions[id_] = made
        self._note(id_, "CREATE")
        return made

    def update(self, id_: str, row: Mapping[str, object]) -> dict[str, object]:
        """Bring a subscription up to date."""
        _right(row)
        found = self.one(id_)
        found.update({**row, "updatedAt": self.clock().isoformat()})
        self._note(id_, "UPDATE")
        return found

    def delete(self, id_: str) -> None:
        """Take a subscription away; what waits for it is not sent."""
        del self.subscriptions[self.one(id_)["id"]]  # type: ignore[arg-type]
        self.waiting = deque(each for each in self.waiting if each.subscription != id_)
        self._note(id_, "DELETE")

    def one(self, id_: str) -> dict[str, object]:
        """Return a subscription; raises the refusal of one that is not there."""
        if id_ not in self.subscriptions:
            raise TwinRefusalError(404, "NOT_FOUND")
        return self.subscriptions[id_]

    def secret(self, id_: str) -> dict[str, object]:
        """Return what a subscription's messages are signed with."""
        return {"secretKey": self._secrets[str(self.one(id_)["id"])]}

    def announce(self, event: str, data: Mapping[str, object]) -> None:
        """Let every active subscription of an event hear of it; ``data`` is the resource as it is now."""
        for id_, subscription in self.subscriptions.items():
            wanted = subscription["eventTypes"]
            if subscription["status"] != "ACTIVE" or not isinstance(wanted, list) or not NAMES[event] & set(wanted):
                continue
            body = {"data": data, "eventType": event, "eventId": self._id("event")}
            message = "msg_" + base64.b32encode(uuid5(_SPACE, f"{body['eventId']}").bytes).decode().rstrip("=")
            self.waiting.append(Message(message, id_, json.dumps(body, default=str).encode(), self.clock()))

    def deliver(self) -> int:
        """Send what is due; what nobody takes waits for its next attempt. Returns how many messages were taken."""
        if not self._sending.acquire(blocking=False):
            return 0
        try:
            return self._deliver()
        finally:
            self._sending.release()

    def _deliver(self) -> int:
        taken = 0
        for _ in range(len(self.waiting)):
            message = self.waiting.popleft()
            if message.due > self.clock():
                self.waiting.append(message)
                continue
            status = self._send(message)
            message.answered.append(status)
            message.attempts += 1
            if 200 <= status < 300:
                taken += 1
                self.sent.append(message)
            elif message.attempts > len(RETRIES):
                self.sent.append(message)
            else:
                message.due = self.clock() + RETRIES[message.attempts - 1]
                self.waiting.append(message)
        return taken

    def signed(self, message: Message) -> dict[str, str]:
        """Return the headers of an attempt that is made now."""
        moment = str(int(self.clock().timestamp()))
        key = base64.b64decode(self._secrets[message.subscription].removeprefix("whsec_"))
        digest = hmac.new(key, f"{message.id}.{moment}.".encode() + message.body, hashlib.sha256).digest()
        return {
            "Content-Type": "application/json",
            "webhook-id": message.id,
            "webhook-timestamp": moment,
            "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
        }

    def _send(self, message: Message) -> int:
        subscription = self.subscriptions.get(message.subscription)
        if subscription is None:
            return 410
        own = subscription.get("customHeaders")
        headers = {**(own if isinstance(own, dict) else {}), **_basic(subscription), **self.signed(message)}
        request = urllib.request.Request(  # noqa: S310 - the address that the subscription names
            str(subscription["endpointUrl"]), data=message.body, headers=headers, method="POST"
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def _id(self, what: str) -> str:
        self._made += 1
        return str(uuid5(_SPACE, f"{what} {self._made}"))

    def _note(self, id_: str, operation: str) -> None:
        self.activities.setdefault(id_, []).append(
            {
                "id": self._id("activity"),
                "subscriptionId": id_,
                "operationType": operation,
                "description": f"Subscription: {operation.lower()}",
                "actorUrn": _WHO,
                "createdAt": self.clock().isoformat(),
            }
        )


def _right(row: Mapping[str, object]) -> None:
    if wrong := SHAPES["subscription"].wrong(row):
        raise TwinRefusalError(400, "VALIDATION_FAILED", wrong)
    known = frozenset().union(*NAMES.values())
    types = row["eventTypes"]
    unknown = [each for each in types if each not in known] if isinstance(types, list) else ["?"]
    if not types or unknown or row.get("status", "ACTIVE") not in ("ACTIVE", "INACTIVE"):
        raise TwinRefusalError(400, "VALIDATION_FAILED", f"eventTypes or status: {unknown}")
    if not str(row["endpointUrl"]).startswith(("https://", "http://127.0.0.1:")):
        raise TwinRefusalError(400, "VALIDATION_FAILED", "endpointUrl")


def _basic(subscription: Mapping[str, object]) -> dict[str, str]:
    auth = subscription.get("endpointAuth")
    if not isinstance(auth, dict) or auth.get("type") != "BASIC":
        return {}
    said = auth.get("credentials") or {}
    pair = f"{said.get('username', '')}:{said.get('password', '')}".encode()
    return {"Authorization": "Basic " + base64.b64encode(pair).decode()}
