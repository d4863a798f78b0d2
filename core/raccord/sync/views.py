"""What the hooks get to see of a connection."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from raccord.clock import Clock
from raccord.plugin.contexts import FileBox, Http
from raccord.plugin.days import Days
from raccord.plugin.records import JSON
from raccord.plugin.terms import TermTable
from raccord.plugin.texts import Language


@dataclass(frozen=True, slots=True)
class View:
    """The part that every hook may know; nothing here changes during a run."""

    settings: BaseModel
    time_zone: ZoneInfo
    home_currency: str
    language: Language
    starts_on: date
    days: Days

    def __repr__(self) -> str:
        return f"View({type(self.settings).__name__}, {self.time_zone.key}, {self.home_currency})"


@dataclass(frozen=True, slots=True, repr=False)
class FetchView(View):
    http: Http
    files: FileBox
    clock: Clock
    read: Callable[[str, str], Mapping[str, JSON] | None]

    def kept(self, stream: str, source_id: str) -> Mapping[str, JSON] | None:
        return self.read(stream, source_id)

    def now(self) -> datetime:
        return self.clock.now().astimezone(UTC)


@dataclass(frozen=True, slots=True, repr=False)
class SignInView(View):
    http: Http
    clock: Clock

    def now(self) -> datetime:
        return self.clock.now().astimezone(UTC)


@dataclass(frozen=True, slots=True, repr=False)
class MapView(View):
    terms: TermTable
    taxed: bool


@dataclass(frozen=True, slots=True, repr=False)
class ReportView(View):
    http: Http
    clock: Clock

    def now(self) -> datetime:
        return self.clock.now().astimezone(UTC)
