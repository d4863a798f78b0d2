"""What the hooks get to see of a connection."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from socket import socket
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from raccord.clock import Clock
from raccord.plugin.beside import Beside
from raccord.plugin.contexts import FileBox, Http
from raccord.plugin.days import Days
from raccord.plugin.records import JSON
from raccord.plugin.terms import TermTable
from raccord.plugin.texts import Language
from raccord.sync.fetching.renewing import Ask


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
class SourceView(View):
    http: Http
    clock: Clock
    renewal: Callable[[str, Ask], Mapping[str, str]]

    def now(self) -> datetime:
        return self.clock.now().astimezone(UTC)

    def renew(self, stale: str, ask: Ask) -> Mapping[str, str]:
        return self.renewal(stale, ask)


@dataclass(frozen=True, slots=True, repr=False)
class FetchView(SourceView):
    files: FileBox
    read: Callable[[str, str], Mapping[str, JSON] | None]
    reach: Callable[[tuple[str, int], int], socket]
    others: Callable[[str, date, date], Sequence[Beside]]

    def connect(self, address: tuple[str, int], timeout: int) -> socket:
        return self.reach(address, timeout)

    def kept(self, stream: str, source_id: str) -> Mapping[str, JSON] | None:
        return self.read(stream, source_id)

    def beside(self, stream: str, first: date, last: date) -> Sequence[Beside]:
        return self.others(stream, first, last)


@dataclass(frozen=True, slots=True, repr=False)
class SignInView(View):
    http: Http
    clock: Clock
    callback: str
    connection_id: str

    def new_state(self) -> str:
        return f"{self.connection_id}.{secrets.token_urlsafe(24)}"

    def now(self) -> datetime:
        return self.clock.now().astimezone(UTC)


@dataclass(frozen=True, slots=True, repr=False)
class MapView(View):
    terms: TermTable
    taxed: bool


@dataclass(frozen=True, slots=True, repr=False)
class ReportView(SourceView):
    pass
