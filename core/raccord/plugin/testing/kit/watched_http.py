"""The way out that the kit gives a connector: hosts are held against the manifest, trouble can be ordered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from pydantic import BaseModel, SecretStr

from raccord.plugin.contexts import Answer, Download, Http
from raccord.plugin.testing.kit.asking import unwatched

Trouble = Callable[[int], None]
"""Is told the number of a request before it goes, counted from 1, and may raise in its place."""


Change = Callable[[int, Answer], Answer]
"""Is given the number of a request and its answer, and returns what the connector gets in its place."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its answer, without what may be secret: no header, no value of a parameter, no body."""

    method: str
    host: str
    path: str
    params: tuple[str, ...]
    status: int
    size: int


@dataclass(slots=True)
class WatchedHttp:
    """Hands requests on to the made-up source and notes the hosts that the manifest does not declare."""

    inner: Http
    hosts: frozenset[str]
    trouble: Trouble | None = None
    changed: Change | None = None
    requests: int = 0
    undeclared: list[str] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    """Every address asked, with its parameters."""

    def get(
        self, url: str, *, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        with self._going(url):
            return self._came("GET", url, params or {}, self.inner.get(url, params=params, headers=headers))

    def post(
        self, url: str, *, json: object = None, content: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        with self._going(url):
            return self._came("POST", url, {}, self.inner.post(url, json=json, content=content, headers=headers))

    def put(self, url: str, *, json: object = None, headers: Mapping[str, str] | None = None) -> Answer:
        with self._going(url):
            return self._came("PUT", url, {}, self.inner.put(url, json=json, headers=headers))

    def delete(self, url: str, *, headers: Mapping[str, str] | None = None) -> Answer:
        with self._going(url):
            return self._came("DELETE", url, {}, self.inner.delete(url, headers=headers))

    @contextmanager
    def download(self, url: str, *, headers: Mapping[str, str] | None = None) -> Iterator[Download]:
        with self._going(url), self.inner.download(url, headers=headers) as opened:
            parts = urlsplit(url)
            self.addresses.append(url)
            self.exchanges.append(Exchange("GET", parts.hostname or "", parts.path, (), opened.status, 0))
            yield opened

    def _came(self, method: str, url: str, params: Mapping[str, str], answer: Answer) -> Answer:
        parts = urlsplit(url)
        names = tuple(sorted({*params, *parse_qs(parts.query)}))
        self.addresses.append("?".join([url, *params.values()]))
        answer = answer if self.changed is None else self.changed(self.requests, answer)
        size = len(answer.content)
        self.exchanges.append(Exchange(method, parts.hostname or "", parts.path, names, answer.status, size))
        return answer

    @contextmanager
    def _going(self, url: str) -> Iterator[None]:
        self.requests += 1
        host = (urlsplit(url).hostname or "").casefold()
        if host not in self.hosts:
            self.undeclared.append(host or "?")
        if self.trouble is not None:
            self.trouble(self.requests)
        with unwatched():
            yield


def hosts_of(declared: Sequence[str], settings: BaseModel) -> frozenset[str]:
    """Return the hosts that a manifest allows a connection; ``{name}`` stands for the host of that setting."""
    found: set[str] = set()
    for host in declared:
        if host.startswith("{") and host.endswith("}"):
            value = getattr(settings, host[1:-1], None)
            text = value.get_secret_value() if isinstance(value, SecretStr) else str(value or "")
            host = urlsplit(text).hostname or text
        found.add(host.casefold())
    return frozenset(found - {""})
