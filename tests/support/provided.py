"""A connection to a provider as core would hold it: the real way out, a file box, settings that signing in changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import raccord_bankfeed
from raccord.plugin import SignIn
from raccord.plugin.testing import FakeFetchContext, FileShelf, FixedClock, Reading, read_stream
from raccord.sync.fetching.source_http import SourceHttp
from raccord_bankfeed.settings import BankFeedSettings

NOON = datetime(2026, 6, 30, 16, tzinfo=UTC)


@dataclass
class Held:
    """One connection: its settings change as signing in says, its clock when told."""

    shelf: FileShelf
    settings: BankFeedSettings
    http: SourceHttp
    starts_on: date = date(2026, 4, 1)
    clock: FixedClock = field(default_factory=lambda: FixedClock(NOON))
    cursor: str | None = None
    before: dict[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)
    """What the lines said last."""
    callback: str = ""
    """Where the pages take people back."""

    def context(self) -> FakeFetchContext:
        """Return what the hooks get."""
        return FakeFetchContext(
            files=self.shelf, settings=self.settings, http=self.http, clock=self.clock, starts_on=self.starts_on,
            home_currency="CAD", before=self.before,
            callback=self.callback,
        )  # fmt: skip

    def sign_in(self, answers: Mapping[str, str] | None = None) -> SignIn:
        """Take one step of signing in, and keep what it says."""
        step = raccord_bankfeed.sign_in(self.context(), answers or {})
        assert step is not None
        self.change(step.keep)
        return step

    def change(self, values: Mapping[str, Any]) -> None:
        """Change settings as a person would."""
        held = {name: getattr(self.settings, name) for name in BankFeedSettings.model_fields}
        self.settings = BankFeedSettings.model_validate(held | dict(values))

    def run(self) -> Reading:
        """Read as a run does: from the last cursor to the end."""
        reading = read_stream(raccord_bankfeed, self.context(), "lines", self.cursor)
        self.cursor = reading.cursor
        self.before |= {("lines", record.source_id): record.raw for record in reading.records}
        return reading
