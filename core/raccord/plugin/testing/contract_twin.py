"""A twin of a source that keeps the published contract: its address, tables, signed messages and a page to click."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar, Protocol
from urllib.parse import parse_qs, urlsplit

from raccord.plugin.contract import Contract
from raccord.plugin.contract.writing import write_table
from raccord.plugin.records import JSON

TOKEN = "contract-twin"  # noqa: S105 - what a twin asks for, no secret of anybody
BODY_MAX = 1024 * 1024
Value = dict[str, JSON]


class Keeper(Protocol):
    """A source with objects: what it has of a kind, and whom it tells of changes."""

    told: Callable[[str, Value], None] | None

    def all(self, kind: str) -> list[Value]:
        """Return the objects of a kind as they are now."""
        ...


class ContractTwin:
    """A source behind an address; ``page_size`` keeps pages small, so that more than one comes.

    ``page`` shows it in a language, with what was said last; ``act`` does what a form asks and says what came of it.
    """

    def __init__(
        self,
        contract: Contract,
        keeper: Keeper,
        *,
        page: Callable[[str, str], str],
        act: Callable[[str, Mapping[str, str]], str],
        page_size: int = 100,
    ) -> None:
        self.contract, self.keeper, self.page_size = contract, keeper, page_size
        self.page, self.act = page, act
        self.lock = threading.Lock()
        self.hook = ""
        self._secret = b""
        self._sent = 0

    def tell(self, address: str, secret: str) -> None:
        """Send each change from now on to an address, signed as Standard Webhooks says."""
        self.hook, self._secret = address, base64.b64decode(secret.removeprefix("whsec_"))
        self.keeper.told = self._message

    def pulled(self, path: str, asked: Mapping[str, str]) -> Value | None:
        """Return a page of the objects that changed since a moment, in the order in which they did."""
        info = self.contract.named(path)
        if info is None:
            return None
        since = datetime.fromisoformat(asked["updated_since"]) if "updated_since" in asked else None
        values = [
            value
            for value in self.keeper.all(info.name)
            if since is None or datetime.fromisoformat(str(value["updated_at"])) >= since
        ]
        values.sort(key=lambda value: (str(value["updated_at"]), str(value["id"])))
        start, size = int(asked.get("cursor", "0")), min(int(asked.get("limit", "100")), self.page_size)
        more = start + size < len(values)
        return {"data": list[JSON](values[start : start + size]), "next_cursor": str(start + size) if more else None}

    def table(self, name: str) -> str | None:
        """Return the table of a kind of object as its list is exported."""
        info = self.contract.named(name)
        return None if info is None else write_table(self.contract, info.name, self.keeper.all(info.name))

    def written(self, method: str, path: str, body: Value) -> tuple[int, Value]:
        """Take what is written to the address, ``path`` without its ``/v1/``; most twins are only read."""
        return 404, {"message": f"{method} {path}"}

    def _message(self, kind: str, value: Value) -> None:
        self._sent += 1
        body = json.dumps({"type": f"{kind}.updated", "data": value}).encode()
        message, moment = f"twin_{self._sent}", str(int(datetime.now(UTC).timestamp()))
        signed = hmac.new(self._secret, f"{message}.{moment}.".encode() + body, hashlib.sha256).digest()
        request = urllib.request.Request(  # noqa: S310 - the address that the person gave the twin
            self.hook,
            data=body,
            headers={
                "Content-Type": "application/json",
                "webhook-id": message,
                "webhook-timestamp": moment,
                "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
            },
        )
        urllib.request.urlopen(request, timeout=10).close()  # noqa: S310


@contextmanager
def serving(twin: ContractTwin, port: int = 0) -> Iterator[str]:
    """Serve a twin on this machine; yields the address of the contract."""
    handler = type("Handler", (_Handler,), {"twin": twin})
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    twin: ClassVar[ContractTwin]

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        with self.twin.lock:
            if parts.path.startswith("/v1/"):
                found = self.twin.pulled(parts.path.removeprefix("/v1/"), asked) if self._known() else None
                self._json(401 if not self._known() else 404 if found is None else 200, found or {})
            elif parts.path.startswith("/exports/"):
                table = self.twin.table(parts.path.removeprefix("/exports/").removesuffix(".csv"))
                if table is None:
                    self._json(404, {})
                else:
                    self._answer(200, "text/csv; charset=utf-8", b"\xef\xbb\xbf" + table.encode())
            elif parts.path == "/":
                text = self.twin.page(asked.get("lang", "fr"), asked.get("said", ""))
                self._answer(200, "text/html; charset=utf-8", text.encode())
            else:
                self._json(404, {})

    def do_PUT(self) -> None:
        self._write()

    def do_POST(self) -> None:
        if self.path.startswith("/v1/"):
            self._write()
            return
        typed = {name: values[0] for name, values in parse_qs(self._body().decode()).items()}
        with self.twin.lock:
            said = self.twin.act(urlsplit(self.path).path.removeprefix("/do/"), typed)
        self.send_response(303)
        self.send_header("Location", f"/?lang={typed.get('lang', 'fr')}&said={said}")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: tests and the demonstration read their own output."""

    def _write(self) -> None:
        body = self._body()
        if not self._known():
            self._json(401, {})
            return
        path = urlsplit(self.path).path.removeprefix("/v1/")
        with self.twin.lock:
            self._json(*self.twin.written(self.command, path, json.loads(body or b"{}", parse_float=Decimal)))

    def _known(self) -> bool:
        return self.headers.get("Authorization") == f"Bearer {TOKEN}"

    def _body(self) -> bytes:
        return self.rfile.read(min(int(self.headers.get("Content-Length", "0")), BODY_MAX))

    def _json(self, status: int, value: Value) -> None:
        self._answer(status, "application/json", json.dumps(value).encode())

    def _answer(self, status: int, kind: str, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
