"""Notifications on their way: gathered, due, held back, tried again."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from raccord_sandbox.webhooks.events import Event

RETRIES = tuple(timedelta(minutes=minutes).total_seconds() for minutes in (20, 30, 50))
HOLD = timedelta(hours=1).total_seconds()
MAX_EVENTS = 10_000
MAX_WAITING = 1000


@dataclass(slots=True)
class Notification:
    """Events of one company for one endpoint; times are seconds of the sandbox's clock."""

    realm: str
    since: float
    due: float
    events: dict[tuple[str, str, str], Event] = field(default_factory=dict)
    attempts: int = 0
    copies: int = 1
    drawn: bool = False
    """Whether the fault lab was asked already: nothing is gathered into it any more."""
    held: bool = False
    """Whether it lets the next notification overtake it."""
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def turned(self) -> None:
        """Put the latest event first."""
        self.events = dict(reversed(self.events.items()))


class Queue:
    """What one endpoint is still to be told; the oldest is forgotten above the limit."""

    def __init__(self) -> None:
        self._waiting: list[Notification] = []

    def __len__(self) -> int:
        return len(self._waiting)

    def gather(self, realm: str, events: Iterable[Event], now: float, wait: float) -> None:
        """Add events to what is being gathered; a second change of the same sort to one object is told once."""
        for event in events:
            if not (self._waiting and self._is_open(self._waiting[-1], realm)):
                self._waiting.append(Notification(realm, now, now + wait))
                del self._waiting[:-MAX_WAITING]
            self._waiting[-1].events[event.name, event.id, event.operation] = event

    def take(self, now: float, *, gathering_too: bool) -> Notification | None:
        """Remove and return the next notification that is due; `gathering_too` waits for no more events."""
        for notification in self._waiting:
            if notification.held:
                if now < notification.since + HOLD:
                    continue
                notification.held = False
            first = notification.attempts == 0
            if notification.due <= now or (gathering_too and first):
                self._waiting.remove(notification)
                return notification
        return None

    def put_back(self, notification: Notification) -> None:
        """Keep a notification that was held back or is to be tried again, before those still gathering."""
        self._waiting.insert(0, notification)

    def overtaken(self) -> None:
        """Let those go that waited for another to overtake them."""
        for notification in self._waiting:
            notification.held = False

    def clear(self) -> None:
        """Forget everything."""
        self._waiting.clear()

    @staticmethod
    def _is_open(notification: Notification, realm: str) -> bool:
        return not notification.drawn and notification.realm == realm and len(notification.events) < MAX_EVENTS
