"""A connector's way out to its source: declared hosts only, time-outs, bounded retries, nothing secret logged."""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from io import BufferedReader, RawIOBase
from typing import TYPE_CHECKING, BinaryIO, cast
from urllib.parse import urlsplit

import httpcore
import httpx
from pydantic import BaseModel, SecretStr

from raccord.clock import Clock
from raccord.plugin.errors import Reauthorise, RetryLater, SourceRefused
from raccord.plugin.texts import Text
from raccord.quickbooks.codec.json_text import Json, write
from raccord.sync.execution import SourceAway
from raccord.sync.fetching.outside import NotOutsideError, OutsideTransport, public_address

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

TRIES = 3
TIMEOUT = httpx.Timeout(60, connect=10)
BODY_BYTES_MAX = 50 * 1024 * 1024
FILE_BYTES_MAX = 100 * 1024 * 1024
_log = logging.getLogger(__name__)
for _each in ("httpx", "httpcore"):
    # They would write whole addresses, and some sources put a secret into the path.
    logging.getLogger(_each).setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An answer of the source, its body bounded."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    def json(self) -> object:
        """Return the decoded body; fractions are ``Decimal``. Raises ``ValueError`` when it is not JSON."""
        decoded: object = json.loads(self.content, parse_float=Decimal)
        return decoded


@dataclass(frozen=True, slots=True)
class HttpDownload:
    """An answer whose body is read piece by piece."""

    status: int
    headers: Mapping[str, str]
    content: BinaryIO


class SourceHttp:
    """One connection's HTTP; a 401 asks for new credentials, 429 and 5xx for patience, other refusals pass through."""

    def __init__(
        self,
        hosts: Sequence[str],
        clock: Clock,
        client: httpx.Client | None = None,
        *,
        guarded: Collection[str] = (),
    ) -> None:
        self._hosts = frozenset(host.casefold() for host in hosts)
        self._guarded = frozenset(host.casefold() for host in guarded)
        self._outside: httpx.Client | None = None
        self._clock = clock
        self._given = client

    def close(self) -> None:
        for client in (self._given, self._outside):
            if client is not None:
                client.close()

    def _client(self, host: str) -> httpx.Client:
        if host in self._guarded:
            if self._outside is None:
                self._outside = httpx.Client(
                    timeout=TIMEOUT, follow_redirects=False, trust_env=False, transport=OutsideTransport()
                )
            return self._outside
        # Made when first needed: many connectors read files alone, and a client costs a tenth of a second.
        if self._given is None:
            self._given = httpx.Client(timeout=TIMEOUT, follow_redirects=False)
        return self._given

    def get(
        self, url: str, *, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> HttpAnswer:
        return self._read("GET", url, params, headers)

    def post(
        self, url: str, *, json: object = None, content: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> HttpAnswer:
        return self._send("POST", url, None, headers, _body(json, content))

    def put(self, url: str, *, json: object = None, headers: Mapping[str, str] | None = None) -> HttpAnswer:
        return self._send("PUT", url, None, headers, _body(json, b""))

    def delete(self, url: str, *, headers: Mapping[str, str] | None = None) -> HttpAnswer:
        return self._send("DELETE", url, None, headers, None)

    @contextmanager
    def download(self, url: str, *, headers: Mapping[str, str] | None = None) -> Iterator[HttpDownload]:
        """Open a file at the source; raises ``SourceRefused`` once it turns out larger than a file may be."""
        host, sent = self._allowed(url), {"User-Agent": "raccord", **(headers or {})}
        try:
            with self._client(host).stream("GET", url, headers=sent) as response:
                _log.info("source GET %s %s", host, response.status_code)
                _judged(host, HttpAnswer(response.status_code, dict(response.headers), b""))
                body = _Pieces(host, response.iter_bytes())
                with BufferedReader(body) as content:
                    yield HttpDownload(response.status_code, dict(response.headers), content)
        except NotOutsideError:
            raise _private(host) from None
        except httpx.HTTPError as error:
            raise _away(host, error) from None

    def connect(self, address: tuple[str, int], timeout: int) -> socket.socket:
        """Open a connection for another protocol, to the same hosts: one that a person typed must be public."""
        host, port = address
        self._declared(host.casefold())
        try:
            place = public_address(host, port) if host.casefold() in self._guarded else host
        except NotOutsideError:
            raise _private(host) from None
        except httpcore.ConnectError as error:
            raise OSError(str(error)) from None
        return socket.create_connection((place, port), timeout)

    def _read(
        self, method: str, url: str, params: Mapping[str, str] | None, headers: Mapping[str, str] | None
    ) -> HttpAnswer:
        for again in range(1, TRIES):
            try:
                return self._send(method, url, params, headers, None)
            except RetryLater:
                self._clock.sleep_ms(500 * 2**again)
        return self._send(method, url, params, headers, None)

    def _send(
        self,
        method: str,
        url: str,
        params: Mapping[str, str] | None,
        headers: Mapping[str, str] | None,
        body: bytes | None,
    ) -> HttpAnswer:
        host = self._allowed(url)
        sent = {
            "User-Agent": "raccord",
            **({"Content-Type": "application/json"} if body is not None else {}),
            **(headers or {}),
        }
        try:
            with self._client(host).stream(method, url, params=params, headers=sent, content=body) as response:
                content = bytearray()
                for piece in response.iter_bytes():
                    content += piece
                    if len(content) > BODY_BYTES_MAX:
                        raise _refused(host, "réponse trop grande", "answer too large")
                answer = HttpAnswer(response.status_code, dict(response.headers), bytes(content))
        except NotOutsideError:
            raise _private(host) from None
        except httpx.HTTPError as error:
            raise _away(host, error) from None
        # No path: some sources write a secret into it.
        _log.info("source %s %s %s", method, host, answer.status)
        return _judged(host, answer)

    def _allowed(self, url: str) -> str:
        """Return the host of an address that the connector declared."""
        parts = urlsplit(url)
        host = (parts.hostname or "").casefold()
        self._declared(host if parts.scheme in ("https", "http") else "")
        return host

    def _declared(self, host: str) -> None:
        if host not in self._hosts:
            raise SourceRefused(
                Text(
                    f"Le connecteur n'a pas déclaré l'hôte {host or '(vide)'} ; la requête n'est pas partie.",
                    f"The connector did not declare the host {host or '(empty)'}; the request was not sent.",
                )
            )


class _Pieces(RawIOBase):
    """The body of an answer as a file; what the network does to it is told as it is elsewhere."""

    def __init__(self, host: str, pieces: Iterator[bytes]) -> None:
        super().__init__()
        self._host, self._pieces = host, pieces
        self._left, self._came = b"", 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill the buffer with what came; 0 at the end."""
        view = memoryview(buffer).cast("B")
        while not self._left:
            try:
                self._left = next(self._pieces)
            except StopIteration:
                return 0
            except httpx.HTTPError as error:
                raise _away(self._host, error) from None
            self._came += len(self._left)
            if self._came > FILE_BYTES_MAX:
                raise _refused(self._host, "fichier trop grand", "file too large")
        taken = min(len(view), len(self._left))
        view[:taken], self._left = self._left[:taken], self._left[taken:]
        return taken


def _away(host: str, error: httpx.HTTPError) -> RetryLater:
    # The message of httpx may repeat the address with its query.
    return SourceAway(
        Text(f"{host} ne répond pas ({type(error).__name__}).", f"{host} does not answer ({type(error).__name__}).")
    )


def allowed_hosts(declared: Sequence[str], settings: BaseModel) -> tuple[str, ...]:
    """Return the hosts a connection may reach: ``{name}`` in a manifest stands for the host of that setting."""
    hosts: list[str] = []
    for host in declared:
        if host.startswith("{") and host.endswith("}"):
            value = getattr(settings, host[1:-1], None)
            text = value.get_secret_value() if isinstance(value, SecretStr) else str(value or "")
            hosts.append(urlsplit(text).hostname or text)
        else:
            hosts.append(host)
    return tuple(host for host in hosts if host)


def _judged(host: str, answer: HttpAnswer) -> HttpAnswer:
    if answer.status in (httpx.codes.UNAUTHORIZED,):
        raise Reauthorise(
            Text(
                f"{host} refuse l'accès ; les identifiants doivent être renouvelés.",
                f"{host} refuses access; the credentials must be renewed.",
            )
        )
    if answer.status == httpx.codes.TOO_MANY_REQUESTS or answer.status >= httpx.codes.INTERNAL_SERVER_ERROR:
        wait = answer.headers.get("retry-after", "")
        after = timedelta(seconds=min(int(wait), 3600)) if wait.isdecimal() else timedelta(minutes=5)
        raise RetryLater(
            Text(f"{host} demande d'attendre ({answer.status}).", f"{host} asks to wait ({answer.status})."), after
        )
    return answer


def _body(value: object, content: bytes) -> bytes:
    # Decimals go digit for digit, as they come.
    return content if value is None else write(cast(Json, value)).encode()


def _private(host: str) -> SourceRefused:
    return SourceRefused(
        Text(
            f"L'hôte {host} mène dans un réseau privé ; la requête n'est pas partie. Si c'est voulu, l'exploitant le "
            "nomme dans RACCORD_PRIVATE_HOSTS.",
            f"The host {host} leads into a private network; the request was not sent. If that is meant, the operator "
            "names it in RACCORD_PRIVATE_HOSTS.",
        )
    )


def _refused(host: str, fr: str, en: str) -> SourceRefused:
    return SourceRefused(Text(f"{host} : {fr}.", f"{host}: {en}."))
