"""The one narrow context that each hook gets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from socket import socket
from typing import BinaryIO, Protocol
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from raccord.plugin.beside import Beside
from raccord.plugin.days import Days
from raccord.plugin.records import JSON
from raccord.plugin.terms import TermTable
from raccord.plugin.texts import Language


class Answer(Protocol):
    """An HTTP answer; ``json`` keeps decimals exact."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def content(self) -> bytes: ...
    def json(self) -> object: ...


class Download(Protocol):
    """An answer whose body is read piece by piece, for ``FileBox.receive``."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def content(self) -> BinaryIO: ...


class Http(Protocol):
    """A connector's only way out: declared hosts only, with time-outs, bounded retries of reads and redaction."""

    def get(
        self, url: str, *, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer: ...
    def post(
        self, url: str, *, json: object = None, content: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer: ...
    def put(self, url: str, *, json: object = None, headers: Mapping[str, str] | None = None) -> Answer: ...
    def delete(self, url: str, *, headers: Mapping[str, str] | None = None) -> Answer: ...
    def download(self, url: str, *, headers: Mapping[str, str] | None = None) -> AbstractContextManager[Download]:
        """Open a file at the source, of at most 100 MiB, without holding it in memory; not tried again by itself."""
        ...


class SourceFile(Protocol):
    """A file as it arrived, kept unchanged; ``number`` counts arrivals of one connection from 1."""

    @property
    def number(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def sha256(self) -> str: ...
    def open(self) -> AbstractContextManager[BinaryIO]:
        """Open the bytes for reading; the stream can seek."""
        ...


class FileBox(Protocol):
    """The files of one connection in order of arrival, however they came (folder, upload, SFTP)."""

    def receive(self, name: str, content: BinaryIO, *, origin: str) -> bool:
        """Keep a file; ``False`` when the same bytes are here. ``origin`` is a note (``sftp``, ``zip:a.zip``)."""
        ...

    def scan(self, folder: str) -> int:
        """Receive every new file of a folder, oldest name first; return how many were new. Sub-folders are not read."""
        ...

    def has(self, name: str, size: int) -> bool:
        """Tell whether a file of that name and size arrived before, so a remote one need not be fetched again."""
        ...

    def after(self, number: int) -> SourceFile | None:
        """Return the first file that arrived after ``number``, or nothing."""
        ...


class ConnectionView(Protocol):
    """What every hook may know of its connection; nothing here changes during a run."""

    @property
    def settings(self) -> BaseModel:
        """The settings, an instance of the connector's own model, secrets included."""
        ...

    @property
    def time_zone(self) -> ZoneInfo:
        """The source's time zone today, to show moments in; which day one belongs to, ``days`` tells."""
        ...

    @property
    def days(self) -> Days:
        """Which day a moment belongs to, by the source's time zone and cut-off hour on that day."""
        ...

    @property
    def home_currency(self) -> str: ...
    @property
    def language(self) -> Language: ...
    @property
    def starts_on(self) -> date:
        """The first day that is in scope; earlier records are left out by core."""
        ...


class SourceContext(ConnectionView, Protocol):
    """What a hook gets that speaks with the source."""

    @property
    def http(self) -> Http: ...
    def now(self) -> datetime:
        """Return the time, aware, in UTC."""
        ...

    def renew(self, stale: str, ask: Callable[[Mapping[str, str]], Mapping[str, str]]) -> Mapping[str, str]:
        """Return the connection's secret settings, renewed where ``stale`` is still one of them.

        ``ask`` gets those that are kept and returns the ones that change (a new access token); it is called by one
        process at a time, and what it returns is kept in the vault before it is used. Where another process was
        quicker, its secrets come back and nobody asks.
        """
        ...


class FetchContext(SourceContext, Protocol):
    @property
    def files(self) -> FileBox: ...

    def connect(self, address: tuple[str, int], timeout: int) -> socket:
        """Open a connection to a declared host (name, port), for a protocol that is not HTTP; times out in seconds.

        Raises ``SourceRefused`` for a host that was not declared, or that a person typed and that is not public.
        """
        ...

    def kept(self, stream: str, source_id: str) -> Mapping[str, JSON] | None:
        """Return what the source said last of a record of an earlier page or run, as in ``Record.raw``, if it did."""
        ...

    def beside(self, stream: str, first: date, last: date) -> Sequence[Beside]:
        """Return what the company's other connections of this connector told of a stream and days, both included: one
        account may be connected twice, which their records alone show.
        """
        ...


class MapContext(ConnectionView, Protocol):
    """No network, no clock, no database: the same record always maps to the same drafts."""

    @property
    def terms(self) -> TermTable: ...
    @property
    def taxed(self) -> bool:
        """Whether the company's sales lines need a tax code."""
        ...


class ResolveContext(ConnectionView, Protocol):
    pass


class ConflictContext(ConnectionView, Protocol):
    pass


class PushContext(SourceContext, Protocol):
    pass


class ReportContext(SourceContext, Protocol):
    pass


class SignInContext(ConnectionView, Protocol):
    @property
    def http(self) -> Http: ...
    @property
    def callback(self) -> str:
        """The address of the pages to which a source may send the person back, as it is registered there; empty where
        there are no pages. Coming back there takes the step again, with that whole address as the answer ``back``.
        """
        ...

    def new_state(self) -> str:
        """Return a fresh word for the source to send back as ``state``: it tells the pages which connection it is.

        The connector keeps it, and takes nobody back who does not bring it.
        """
        ...

    def now(self) -> datetime:
        """Return the time, aware, in UTC."""
        ...
