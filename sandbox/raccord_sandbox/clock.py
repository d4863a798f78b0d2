"""The sandbox's only source of time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from threading import Lock
from zoneinfo import ZoneInfo

PACIFIC = ZoneInfo("America/Los_Angeles")
MOMENT = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?")
MICROSECOND = timedelta(microseconds=1)
FIRST_YEAR, LAST_YEAR = 1900, 9900


class SandboxClock:
    """Tells the time, real or frozen, and can be moved forward or back by a test or by the lab."""

    def __init__(self, frozen_at: datetime | None = None) -> None:
        if frozen_at is not None and frozen_at.tzinfo is None:
            raise ValueError("a frozen clock needs a time with a zone")
        self._frozen_at = frozen_at
        self._offset = timedelta()
        self._lock = Lock()

    @property
    def is_frozen(self) -> bool:
        """Tell whether the time stands still but for `advance` and `set`."""
        return self._frozen_at is not None

    def now(self) -> datetime:
        """Return the current instant in UTC."""
        base = self._source() if self._frozen_at is None else self._frozen_at
        return (base + self._offset).astimezone(UTC)

    def today(self) -> date:
        """Return the server's date, which is that of the US Pacific zone."""
        return self.now().astimezone(PACIFIC).date()

    def advance(self, step: timedelta) -> None:
        """Move the clock by `step`; a negative step moves it back. Raises OverflowError beyond the calendar."""
        with self._lock:
            _within(self.now() + step)
            self._offset += step

    def set(self, moment: datetime) -> None:
        """Move the clock to `moment`, from where it runs on unless it is frozen. Raises OverflowError as `advance`."""
        _within(moment)
        with self._lock:
            self._offset += moment - self.now()

    def freeze(self, *, still: bool) -> None:
        """Stop the clock where it is, or let it run on from there."""
        with self._lock:
            now = self.now()
            self._frozen_at, self._offset = (now, timedelta()) if still else (None, now - self._source())

    def state(self) -> dict[str, str]:
        """Return what `resume` needs, as text."""
        found = {"offset": str(self._offset // MICROSECOND)}
        return found if self._frozen_at is None else found | {"frozen_at": self._frozen_at.isoformat()}

    def resume(self, state: Mapping[str, str]) -> None:
        """Go on as another clock was when its `state` was taken."""
        with self._lock:
            frozen = state.get("frozen_at")
            self._frozen_at = None if frozen is None else datetime.fromisoformat(frozen)
            self._offset = int(state["offset"]) * MICROSECOND

    def _source(self) -> datetime:
        return datetime.now(UTC)


class CompanyClock(SandboxClock):
    """The time of one company: the sandbox's, unless it was moved or frozen for this company alone."""

    def __init__(self, sandbox: SandboxClock) -> None:
        super().__init__()
        self._sandbox = sandbox

    def _source(self) -> datetime:
        return self._sandbox.now()


def _within(moment: datetime) -> None:
    """Refuse a time near the ends of what Python can count, where no due date could be told any more."""
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise OverflowError(f"a clock tells {FIRST_YEAR} to {LAST_YEAR}")


def stamp(moment: datetime) -> str:
    """Return `moment` as MetaData writes it: Pacific offset, no fraction."""
    return moment.astimezone(PACIFIC).isoformat(timespec="seconds")


def precise_stamp(moment: datetime) -> str:
    """Return `moment` as the envelope writes it: Pacific offset, milliseconds."""
    return moment.astimezone(PACIFIC).isoformat(timespec="milliseconds")


def moment_of(text: str) -> datetime | None:
    """Return the instant that a request names, None where it names none; without offset it is the server's time."""
    if not MOMENT.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=PACIFIC)
