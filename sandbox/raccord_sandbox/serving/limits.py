"""Requests per minute, per second, at once, batches and reports per minute, counted per company and application."""

from __future__ import annotations

from collections import defaultdict, deque
from enum import StrEnum
from threading import Lock
from typing import Any

from raccord_sandbox.clock import SandboxClock
from raccord_sandbox.config import Limits
from raccord_sandbox.refusing.faults import Doc, FaultError, throttled

DAY = 24 * 60 * 60
EVERY = "*"
"""Stands for all applications and sorts; no client id is spelt so."""
Counted = tuple[str, str, str]
"""Company, application and sort, each of which may be every one."""


class Sort(StrEnum):
    """What a request counts as."""

    BATCH = "batch"
    REPORT = "reports"
    OTHER = "other"


def sort_of(path: str) -> Sort:
    """Return what a request to this path inside a company counts as."""
    match path.strip("/").partition("/")[0]:
        case "batch":
            return Sort.BATCH
        case "reports":
            return Sort.REPORT
        case _:
            return Sort.OTHER


class Throttle:
    """Admits a request or refuses it with 429; a refused one does not count."""

    def __init__(self, limits: Limits, clock: SandboxClock) -> None:
        self.limits = limits
        self._clock = clock
        self._lock = Lock()
        self._admitted: defaultdict[Counted, deque[float]] = defaultdict(deque)
        """Moments of the last minute."""
        self._running: defaultdict[tuple[str, str], int] = defaultdict(int)
        self._mails: defaultdict[str, deque[float]] = defaultdict(deque)
        self.refused = 0

    def change(self, limits: Limits) -> None:
        """Set other limits; what was counted under the former ones is forgotten."""
        with self._lock:
            self.limits = limits
            self._admitted.clear()
            self._mails.clear()

    def enter(self, realm: str, *, sort: Sort = Sort.OTHER, application: str = "-") -> None:
        """Count a request in. Raises the 429 of the gateway."""
        limits = self.limits
        with self._lock:
            if limits == Limits():
                self._running[realm, application] += 1
                return
            now = self._clock.now().timestamp()
            own = (realm, application, EVERY)
            most_of: dict[Counted, int | None] = {
                (realm, EVERY, EVERY): limits.per_minute,
                own: None,
                (realm, application, Sort.BATCH): limits.batches_per_minute,
                (realm, EVERY, Sort.BATCH): limits.batches_of_all_per_minute,
                (realm, EVERY, Sort.REPORT): limits.reports_per_minute,
            }
            met = {key: most for key, most in most_of.items() if key[2] in (EVERY, sort)}
            full = limits.concurrent is not None and self._running[realm, application] >= limits.concurrent
            for key, most in met.items():
                _forget(self._admitted[key], now)
                full = full or (most is not None and len(self._admitted[key]) >= most)
            last_second = sum(1 for moment in reversed(self._admitted[own]) if now - moment < 1)
            if full or (limits.per_second is not None and last_second >= limits.per_second):
                self.refused += 1
                raise throttled()
            for key in met:
                self._admitted[key].append(now)
            self._running[realm, application] += 1

    def mail(self, realm: str) -> None:
        """Count a mail. Raises the 429 of the gateway above the limit of a day."""
        if self.limits.mails_per_day is None:
            return
        now = self._clock.now().timestamp()
        with self._lock:
            sent = self._mails[realm]
            _forget(sent, now, DAY)
            if len(sent) >= self.limits.mails_per_day:
                self.refused += 1
                raise throttled()
            sent.append(now)

    def leave(self, realm: str, application: str = "-") -> None:
        """Count a request out."""
        with self._lock:
            self._running[realm, application] -= 1

    def check_size(self, report: Doc) -> None:
        """Refuse a report with more cells than allowed (10100)."""
        most = self.limits.report_cells
        if most is not None and _cells(report) > most:
            raise FaultError(10100, f"Result set too big : a report may have at most {most} cells; narrow its range")


def _cells(part: Any) -> int:
    match part:
        case dict():
            own = len(part["ColData"]) if "ColData" in part else 0
            return own + sum(_cells(value) for name, value in part.items() if name != "ColData")
        case list():
            return sum(_cells(value) for value in part)
        case _:
            return 0


def _forget(moments: deque[float], now: float, span: int = 60) -> None:
    """Drop what is older than `span` seconds, and what a clock set back left in the future."""
    while moments and (now - moments[0] >= span or moments[0] > now):
        moments.popleft()
