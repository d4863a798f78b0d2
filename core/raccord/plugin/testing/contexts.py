"""Contexts with plain values, as core would hand them to the hooks."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import NoReturn
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from raccord.plugin.beside import Beside
from raccord.plugin.contexts import FileBox, Http
from raccord.plugin.days import MIDNIGHT, Days
from raccord.plugin.info import NoSettings
from raccord.plugin.records import JSON
from raccord.plugin.terms import TermTable
from raccord.plugin.texts import Language


class NoHttp:
    """The way out of a connector that reads files: any call fails the test."""

    def get(
        self, url: str, *, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> NoReturn:
        raise AssertionError(f"no network in this test: GET {url}")

    def post(
        self, url: str, *, json: object = None, content: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> NoReturn:
        raise AssertionError(f"no network in this test: POST {url}")

    def put(self, url: str, *, json: object = None, headers: Mapping[str, str] | None = None) -> NoReturn:
        raise AssertionError(f"no network in this test: PUT {url}")

    def delete(self, url: str, *, headers: Mapping[str, str] | None = None) -> NoReturn:
        raise AssertionError(f"no network in this test: DELETE {url}")

    def download(self, url: str, *, headers: Mapping[str, str] | None = None) -> NoReturn:
        raise AssertionError(f"no network in this test: GET {url}")


@dataclass(slots=True)
class FixedClock:
    """A clock that moves only when told; the time is aware, in UTC."""

    time: datetime = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def advance(self, step: timedelta) -> None:
        self.time += step


@dataclass(frozen=True, slots=True, kw_only=True)
class _View:
    settings: BaseModel = field(default_factory=NoSettings)
    time_zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("America/Toronto"))
    home_currency: str = "CAD"
    language: Language = "en"
    starts_on: date = date(2000, 1, 1)
    cut_off: time = MIDNIGHT
    """The hour at which the source's days end."""

    @property
    def days(self) -> Days:
        """Return days of the context's time zone and cut-off, on every day the same."""
        return Days.of(self.time_zone, self.cut_off)


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeFetchContext(_View):
    """What ``fetch_records`` gets; ``http`` refuses every call unless the test gives one."""

    files: FileBox
    http: Http = field(default_factory=NoHttp)
    clock: FixedClock = field(default_factory=FixedClock)
    before: Mapping[tuple[str, str], Mapping[str, JSON]] = field(default_factory=dict)
    """What the source said before, by stream and id."""
    others: Sequence[Beside] = ()
    """What other connections of the company told."""
    callback: str = ""
    states: Iterator[str] = field(default_factory=lambda: map("state-{}".format, count(1)))
    """What :meth:`new_state` returns: it stands in for the context of ``sign_in`` as well."""

    def new_state(self) -> str:
        """Return another word each time."""
        return next(self.states)

    secrets: dict[str, str] = field(default_factory=dict)
    """The connection's secret settings, as the vault keeps them."""

    def renew(self, stale: str, ask: Callable[[Mapping[str, str]], Mapping[str, str]]) -> Mapping[str, str]:
        """Renew the secrets where ``stale`` is one of them."""
        if stale in self.secrets.values():
            self.secrets.update(ask(dict(self.secrets)))
        return dict(self.secrets)

    def connect(self, address: tuple[str, int], timeout: int) -> socket.socket:
        """Open a connection to any address: a test's server is on this machine."""
        return socket.create_connection(address, timeout)

    def kept(self, stream: str, source_id: str) -> Mapping[str, JSON] | None:
        """Return what was said before, as the test gives it."""
        return self.before.get((stream, source_id))

    def beside(self, stream: str, first: date, last: date) -> Sequence[Beside]:
        """Return what other connections told of some days, as the test gives it."""
        return [
            replace(each, records=[one for one in each.records if one.stream == stream and first <= one.day <= last])
            for each in self.others
        ]

    def now(self) -> datetime:
        """Return the clock's time."""
        return self.clock()


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeMapContext(_View):
    """What ``map_record`` gets."""

    terms: TermTable = field(default_factory=TermTable)
    taxed: bool = False
