"""The twin as a service: the contract's address, its tables, signed messages, and a page to click."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

from raccord.plugin import JSON
from raccord_plannit.contract import CONTRACT
from raccord_plannit.sandbox.exports import write_table
from raccord_plannit.sandbox.firm import Firm, Value
from raccord_plannit.sandbox.page import act, page

TOKEN = "plannit-twin"  # noqa: S105 - what the twin asks for, no secret of anybody
BODY_MAX = 1024 * 1024


class Service:
    """A firm behind an address; ``page_size`` keeps pages small, so that more than one comes."""

    def __init__(self, firm: Firm, *, page_size: int = 100) -> None:
        self.firm, self.page_size = firm, page_size
        self.lock = threading.Lock()
        self.hook = ""
        self._secret = b""
        self._sent = 0

    def tell(self, address: str, secret: str) -> None:
        """Send each change from now on to an address, signed as Standard Webhooks says."""
        self.hook, self._secret = address, base64.b64decode(secret.removeprefix("whsec_"))
        self.firm.told = self._message

    def pulled(self, path: str, asked: dict[str, str]) -> dict[str, JSON] | None:
        """Return a page of the objects that changed since a moment, in the order in which they did."""
        info = CONTRACT.named(path)
        if info is None:
            return None
        since = datetime.fromisoformat(asked["updated_since"]) if "updated_since" in asked else None
        values = [
            value
            for value in self.firm.all(info.name)
            if since is None or datetime.fromisoformat(str(value["updated_at"])) >= since
        ]
        values.sort(key=lambda value: (str(value["updated_at"]), str(value["id"])))
        start, size = int(asked.get("cursor", "0")), min(int(asked.get("limit", "100")), self.page_size)
        more = start + size < len(values)
        return {"data": list[JSON](values[start : start + size]), "next_cursor": str(start + size) if more else None}

    def taken(self, path: str, ledger_id: str, body: Value) -> tuple[int, dict[str, JSON]]:
        """Take an entry of the ledger into a list of the firm."""
        if path not in ("contacts", "items"):
            return 404, {"message": path}
        kind, key = ("contact", "quickbooks_customer_id") if path == "contacts" else ("item", "quickbooks_item_id")
        name = str(body.get("display_name" if kind == "contact" else "name") or "")
        if not name:
            return 422, {"message": "name"}
        values = {each: value for each, value in body.items() if value not in ("", [])}
        return 200, {"id": self.firm.imported(kind, key, ledger_id, values)}

    def tended(self, path: str, id_: str, deed: str, body: Value) -> tuple[int, dict[str, JSON]]:
        """Tag or delete a contact, as the contract's address does."""
        if path != "contacts" or id_ not in self.firm.objects["contact"]:
            return 404, {"message": f"{path}/{id_}"}
        try:
            done = self.firm.tag(id_, str(body.get("tag", ""))) if deed == "tags" else self.firm.delete(id_)
        except ValueError:
            return 409, {"message": "des factures ou des paiements en dépendent"}
        return 200, {"id": done}

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
def serving(service: Service, port: int = 0) -> Iterator[str]:
    """Serve a firm on this machine; yields the address of the contract."""
    handler = type("Handler", (_Handler,), {"service": service})
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
    service: ClassVar[Service]

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        with self.service.lock:
            if parts.path.startswith("/v1/"):
                found = self.service.pulled(parts.path.removeprefix("/v1/"), asked) if self._known() else None
                self._json(401 if not self._known() else 404 if found is None else 200, found or {})
            elif parts.path.startswith("/exports/") and (
                info := CONTRACT.named(parts.path.removeprefix("/exports/").removesuffix(".csv"))
            ):
                table = write_table(info.name, self.service.firm.all(info.name))
                self._answer(200, "text/csv; charset=utf-8", b"\xef\xbb\xbf" + table.encode())
            elif parts.path == "/":
                text = page(self.service.firm, asked.get("lang", "fr"), asked.get("said", ""))
                self._answer(200, "text/html; charset=utf-8", text.encode())
            else:
                self._json(404, {})

    def do_PUT(self) -> None:
        body = self._body()
        path, _, ledger_id = urlsplit(self.path).path.removeprefix("/v1/").partition("/quickbooks/")
        if not self._known():
            self._json(401, {})
            return
        with self.service.lock:
            self._json(*self.service.taken(path, ledger_id, json.loads(body, parse_float=Decimal)))

    def do_POST(self) -> None:
        parts = urlsplit(self.path).path.removeprefix("/v1/").split("/")
        if self.path.startswith("/v1/") and len(parts) == 3 and parts[2] in ("tags", "delete"):
            body = json.loads(self._body() or b"{}", parse_float=Decimal)
            with self.service.lock:
                self._json(*(self.service.tended(parts[0], parts[1], parts[2], body) if self._known() else (401, {})))
            return
        typed = {name: values[0] for name, values in parse_qs(self._body().decode()).items()}
        with self.service.lock:
            said = act(self.service.firm, urlsplit(self.path).path.removeprefix("/do/"), typed)
        self.send_response(303)
        self.send_header("Location", f"/?lang={typed.get('lang', 'fr')}&said={said}")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: tests and the demonstration read their own output."""

    def _known(self) -> bool:
        return self.headers.get("Authorization") == f"Bearer {TOKEN}"

    def _body(self) -> bytes:
        return self.rfile.read(min(int(self.headers.get("Content-Length", "0")), BODY_MAX))

    def _json(self, status: int, value: dict[str, JSON]) -> None:
        self._answer(status, "application/json", json.dumps(value).encode())

    def _answer(self, status: int, kind: str, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
