"""Tells the endpoints: when gathered, again after 20, 30 and 50 minutes, and no more after a day of failures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from http.client import HTTPException
from threading import Event as Signal
from threading import Lock, Thread
from time import monotonic
from typing import Protocol
from urllib.parse import urlsplit

from raccord_sandbox.clock import PACIFIC, SandboxClock, precise_stamp
from raccord_sandbox.keeping.changes import Change
from raccord_sandbox.keeping.storage import Storage
from raccord_sandbox.refusing.faults import Doc
from raccord_sandbox.webhooks.endpoints import PATIENCE, Endpoint, endpoint_of, post
from raccord_sandbox.webhooks.events import event_of, signature, written
from raccord_sandbox.webhooks.queue import RETRIES, Notification, Queue
from raccord_sandbox.wire import dumps

SCOPE = "webhooks"
TRY_AGAIN = frozenset({408, 500, 502, 503, 504})
GIVE_UP = timedelta(days=1).total_seconds()
MAX_ENDPOINTS = 100
LOOK_EVERY = 0.25
Post = Callable[[str, bytes, Mapping[str, str]], int]


class Struck(StrEnum):
    """What the fault lab does to a notification."""

    DUPLICATE = "duplicate_webhook"
    OUT_OF_ORDER = "out_of_order_webhook"
    LOSE = "lose_webhook"


class Draw(Protocol):
    """Asks the fault lab what strikes a notification."""

    def __call__(self, realm: str, path: str) -> str | None:
        """Return what strikes the notification of a company to an address, and use it up."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one attempt: a status, or why there is none."""

    status: int | None
    error: str = ""

    @property
    def is_good(self) -> bool:
        """Tell whether the endpoint took the notification."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def may_be_tried_again(self) -> bool:
        """Tell whether the service tries again after this."""
        return self.status is None or self.status in TRY_AGAIN


class Webhooks:
    """The endpoints of one sandbox and what is still to be told them."""

    def __init__(
        self, clock: SandboxClock, storage: Storage | None, is_connected: Callable[[str, str], bool], send: Post = post
    ) -> None:
        self.draw: Draw | None = None
        self._clock = clock
        self._storage = storage
        self._is_connected = is_connected
        self._send = send
        self._endpoints: dict[int, Endpoint] = {}
        self._queues: dict[int, Queue] = {}
        self._delivering = Lock()
        self._lock = Lock()
        """Guards endpoints and queues; never held while something is sent."""
        for settings in storage.facts(SCOPE).values() if storage else ():
            self._keep(endpoint_of(settings))

    def endpoints(self) -> list[Endpoint]:
        """Return the endpoints in the order they were registered."""
        with self._lock:
            return list(self._endpoints.values())

    def register(self, url: str, client: str, **settings: object) -> Endpoint:
        """Add an endpoint. Raises ValueError for settings that do not fit, OverflowError when there are too many."""
        with self._lock:
            if len(self._endpoints) >= MAX_ENDPOINTS:
                raise OverflowError(f"there are {MAX_ENDPOINTS} webhook endpoints already")
            number = max(self._endpoints, default=0) + 1
            endpoint = endpoint_of({"number": number, "url": url, "client": client, **settings})
            self._keep(endpoint)
            self._save(endpoint)
            return endpoint

    def remove(self, number: int) -> None:
        """Forget an endpoint and what it was to be told. Raises KeyError."""
        with self._lock:
            del self._endpoints[number]
            del self._queues[number]
            if self._storage is not None:
                self._storage.put_facts(SCOPE, {str(number): None})

    def enable(self, number: int) -> Endpoint:
        """Use an endpoint again that was given up. Raises KeyError."""
        with self._lock:
            endpoint = self._endpoints[number]
            endpoint.enabled, endpoint.failing_since = True, None
            self._save(endpoint)
            return endpoint

    def hear(self, realm: str, changes: Sequence[Change]) -> None:
        """Gather the changes of a company for those who want to hear of them."""
        if not self._endpoints:
            return
        events = [event for change in changes if (event := event_of(change)) is not None]
        now = self._now()
        with self._lock:
            for number, endpoint in self._endpoints.items():
                if not self._is_connected(realm, endpoint.client):
                    continue
                wanted = [event for event in events if endpoint.wants(realm, event)]
                self._queues[number].gather(realm, wanted, now, endpoint.wait)

    def deliver(self, *, gathering_too: bool = False) -> int:
        """Send what is due and return how many notifications were tried; `gathering_too` waits for no more changes."""
        tried = 0
        with self._delivering:
            for endpoint in self.endpoints():
                while (notification := self._take(endpoint, gathering_too=gathering_too)) is not None:
                    tried += self._tell(endpoint, notification)
        return tried

    def _take(self, endpoint: Endpoint, *, gathering_too: bool) -> Notification | None:
        with self._lock:
            queue = self._queues.get(endpoint.number)
            if queue is None or not endpoint.enabled:
                return None
            return queue.take(self._now(), gathering_too=gathering_too)

    def _tell(self, endpoint: Endpoint, notification: Notification) -> bool:
        """Try a notification once, unless the fault lab loses it or holds it back."""
        if not notification.drawn:
            notification.drawn = True
            match self.draw(notification.realm, urlsplit(endpoint.url).path) if self.draw else None:
                case Struck.LOSE:
                    self._record(endpoint, notification, Outcome(None, "lost on purpose"), "lost")
                    return False
                case Struck.OUT_OF_ORDER:
                    notification.held = True
                    notification.turned()
                    self._put_back(endpoint, notification)
                    return False
                case Struck.DUPLICATE:
                    notification.copies = 2
                case None:
                    pass
        notification.attempts += 1
        self._settle(endpoint, notification, self._post(endpoint, notification))
        if notification.copies > 1:
            notification.copies = 1
            self._record(endpoint, notification, self._post(endpoint, notification), "duplicate")
        return True

    def _post(self, endpoint: Endpoint, notification: Notification) -> Outcome:
        events = list(notification.events.values())
        body = dumps(written(endpoint.format, notification.realm, endpoint.client, events)).encode()
        created = self._clock.now().astimezone(PACIFIC)
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Accept": "application/json",
            "User-Agent": "intuit_notification_server/0.1",
            "intuit-signature": signature(endpoint.verifier, body),
            "intuit-created-time": created.strftime("%Y-%m-%dT%H:%M:%S%z"),
            "intuit-t-id": notification.id,
            "intuit-notification-schema-version": "0.1",
        }
        begin = monotonic()
        try:
            status = self._send(endpoint.url, body, headers)
        except (OSError, HTTPException) as error:
            return Outcome(None, type(error).__name__)
        if monotonic() - begin > PATIENCE:
            return Outcome(None, f"no answer within {PATIENCE} seconds")
        return Outcome(status)

    def _settle(self, endpoint: Endpoint, notification: Notification, outcome: Outcome) -> None:
        """Draw the consequences of an attempt: done, again later, given up."""
        now = self._now()
        with self._lock:
            queue = self._queues.get(endpoint.number)
            if queue is None:
                return
            queue.overtaken()
            if outcome.is_good:
                endpoint.failing_since = None
                word = "delivered"
            elif outcome.may_be_tried_again and notification.attempts <= len(RETRIES):
                notification.due = now + RETRIES[notification.attempts - 1]
                queue.put_back(notification)
                word = "again"
            else:
                word = "dropped"
            if not outcome.is_good:
                endpoint.failing_since = now if endpoint.failing_since is None else endpoint.failing_since
                if now - endpoint.failing_since >= GIVE_UP:
                    endpoint.enabled = False
                    queue.clear()
                    self._save(endpoint)
                    word = "given up"
        self._record(endpoint, notification, outcome, word)

    def _record(self, endpoint: Endpoint, notification: Notification, outcome: Outcome, word: str) -> None:
        entry: Doc = {
            "at": precise_stamp(self._clock.now()),
            "notification": notification.id,
            "realm": notification.realm,
            "attempt": notification.attempts,
            "events": len(notification.events),
            "status": outcome.status,
            "error": outcome.error,
            "outcome": word,
        }
        if word == "again":
            entry["next"] = precise_stamp(datetime.fromtimestamp(notification.due, PACIFIC))
        endpoint.deliveries.append(entry)

    def _put_back(self, endpoint: Endpoint, notification: Notification) -> None:
        with self._lock:
            queue = self._queues.get(endpoint.number)
            if queue is not None:
                queue.put_back(notification)

    def _keep(self, endpoint: Endpoint) -> None:
        self._endpoints[endpoint.number] = endpoint
        self._queues[endpoint.number] = Queue()

    def _save(self, endpoint: Endpoint) -> None:
        if self._storage is not None:
            self._storage.put_facts(SCOPE, {str(endpoint.number): endpoint.settings()})

    def _now(self) -> float:
        return self._clock.now().timestamp()


class Courier:
    """Delivers in a thread of its own as long as a server runs."""

    def __init__(self, webhooks: Webhooks) -> None:
        self._webhooks = webhooks
        self._stopped = Signal()
        self._thread = Thread(target=self._run, name="webhooks", daemon=True)

    def start(self) -> None:
        """Begin to look for what is due."""
        self._thread.start()

    def stop(self) -> None:
        """End after the notification that is being sent."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(2 * PATIENCE)

    def _run(self) -> None:
        while not self._stopped.wait(LOOK_EVERY):
            self._webhooks.deliver()
