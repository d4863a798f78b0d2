"""The twin on the wire: the calls of the export protocol, and a small page where a person presses Export."""

from __future__ import annotations

import base64
import html
import json
import re
import threading
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from raccord_pleo.sandbox.company import Filed, TwinCompany, TwinRefusalError
from raccord_pleo.sandbox.oauth import TwinOAuth
from raccord_pleo.sandbox.shapes import SHAPES

PAGE_MAX = 100
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


class PleoTwin:
    """A server of one company, from ``with`` on; it takes the token ``twin-token`` and the API key ``twin-key``."""

    def __init__(self, company: TwinCompany) -> None:
        self.company = company
        self.scopes = {"export-jobs:read", "export-jobs:write", "export-items:read"}
        self.oauth = TwinOAuth(lambda: self.company.clock())
        self.busy: list[int] = []
        """Statuses to answer next instead of what is asked (429, 503)."""
        self.refuse: dict[tuple[str, str], int] = {}
        """Calls, by method and path, that are refused with a status until they are taken out."""
        self.answered = Counter[int]()
        """How often it answered with each status."""
        self.lock = threading.Lock()
        basic = base64.b64encode(b"twin-key:").decode("ascii")
        self.accepted = {"Bearer twin-token", f"Basic {basic}"}
        handler = type("Handler", (Handler,), {"twin": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = company.base = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> PleoTwin:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self.close()

    def close(self) -> None:
        """Give back the port; for a twin that was never served, ``with`` does it otherwise."""
        self._server.server_close()


class Handler(BaseHTTPRequestHandler):
    twin: PleoTwin

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: a test's output is no log."""

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with self.twin.lock:
            try:
                self._route(body)
            except TwinRefusalError as fault:
                self._answer(fault.status, {"type": fault.kind, "message": str(fault)})

    def _route(self, body: bytes) -> None:
        parts = urlsplit(self.path)
        asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        company = self.twin.company
        if self.twin.busy:
            self._answer(self.twin.busy.pop(0), {"type": "BUSY", "message": "wait"}, {"Retry-After": "7"})
            return
        if (refused := self.twin.refuse.get((self.command, parts.path))) is not None:
            raise TwinRefusalError(refused, "REFUSED", "not now")
        match self.command, parts.path.strip("/").split("/"):
            case "GET", ["files", name]:
                self._send(200, company.download(name), "application/pdf")
            case "GET", ["oauth", "authorize"]:
                self._send(200, self.twin.oauth.page(asked).encode(), "text/html; charset=utf-8")
            case "GET", ["oauth", "decide"]:
                self._send(303, b"", "text/plain", {"Location": self.twin.oauth.decided(asked)})
            case "POST", ["oauth", "token"]:
                form = {name: values[-1] for name, values in parse_qs(body.decode()).items()}
                self._answer(200, self.twin.oauth.token(self.headers.get("Authorization", ""), form))
            case "GET", [""]:
                self._send(200, _page(company).encode(), "text/html; charset=utf-8")
            case "POST", ["file"]:
                company.file(Filed(minor=_minor(parse_qs(body.decode()))))
                self._send(303, b"", "text/plain", {"Location": "/"})
            case "POST", ["export"]:
                company.export()
                self._send(303, b"", "text/plain", {"Location": "/"})
            case "GET", ["v3", "export-jobs"]:
                self._allow("export-jobs:read")
                wanted = [each for each in asked.get("statuses", "").split(",") if each]
                self._answer(200, _slice(company.jobs(wanted), asked))
            case "GET", ["v3", "export-jobs", job, "items"]:
                self._allow("export-jobs:read")
                self._answer(200, _slice(company.progress(UUID(job)), asked))
            case "GET", ["v3", "export-items"]:
                self._allow("export-items:read")
                self._answer(200, _slice(company.items(UUID(asked["job_id"])), asked))
            case "POST", ["v3", "export-job-events"]:
                self._allow("export-jobs:write")
                said = json.loads(body, parse_float=Decimal)
                company.event(UUID(said["jobId"]), said["event"], said.get("failureReasonType"))
                self._answer(202, {})
            case "PUT", ["v3", "export-jobs", job, "items"]:
                self._allow("export-jobs:write")
                self._answer(200, company.update(UUID(job), json.loads(body, parse_float=Decimal)))
            case _:
                self._list(parts.path.strip("/").split("/"), asked, body)

    def _list(self, path: list[str], asked: Mapping[str, str], body: bytes) -> None:
        """Answer what is about accounts, tax codes, tag groups and tags."""
        self._known()
        company = self.twin.company
        said = json.loads(body, parse_float=Decimal) if body else {}
        named = path[1].replace("chart-of-accounts", "accounts") if len(path) > 1 else ""
        shape = SHAPES.get(f"{self.command} {named}") if len(path) < 4 else None
        if shape is not None and (wrong := shape.wrong(said)):
            raise TwinRefusalError(400, "VALIDATION_FAILED", wrong)
        match self.command, path:
            case "POST", ["v1", "chart-of-accounts:search"]:
                there = company.lists.get("accounts", [])
                if said.get("excludeIfAssignedToCategory"):
                    there = [each for each in there if each["externalId"] not in company.categories]
                self._answer(200, _slice(there, asked))
            case "POST", ["v0", "tax-codes:search"]:
                self._answer(200, _slice(company.lists.get("tax-codes", []), asked))
            case "POST", ["v1", "vendors:search"]:
                self._answer(200, _slice(company.lists.get("vendors", []), asked))
            case "POST", ["v1", "vendors"]:
                self._answer(201, {"data": company.add_vendor(said)})
            case "PUT", ["v1", "vendors", id_]:
                self._answer(200, {"data": company.change("vendors", id_, said)})
            case "GET", ["v0", "tag-groups"]:
                self._answer(200, {"data": company.lists.get("tag-groups", [])})
            case "GET", ["v0", "tag-groups", group, "tags"]:
                self._answer(200, _slice(company.lists.get(group, []), asked))
            case "POST", ["v1", "chart-of-accounts"]:
                self._answer(201, {"data": company.add("accounts", "externalId", said)})
            case "POST", ["v0", "tax-codes" | "tag-groups" as name]:
                self._answer(200, {"data": company.add(name, "code", said)})
            case "POST", ["v0", "tag-groups", group, "tags"]:
                self._answer(201, {"data": company.add(group, "code", said)})
            case "PUT", ["v1", "chart-of-accounts", id_]:
                self._answer(200, {"data": company.change("accounts", id_, said)})
            case "PUT", ["v0", "tax-codes", id_]:
                self._answer(200, {"data": company.change("tax-codes", id_, said)})
            case "PUT", ["v0", "tags", id_]:
                self._answer(200, {"data": company.change("", id_, said)})
            case _:
                raise TwinRefusalError(404, "NOT_FOUND")

    def _known(self) -> None:
        said = self.headers.get("Authorization", "")
        if said not in self.twin.accepted and not self.twin.oauth.lets_in(said):
            raise TwinRefusalError(401, "UNAUTHORIZED")

    def _allow(self, scope: str) -> None:
        self._known()
        if scope not in self.twin.scopes:
            raise TwinRefusalError(403, "FORBIDDEN", scope)

    def _answer(self, status: int, value: object, headers: Mapping[str, str] | None = None) -> None:
        self._send(status, _written(value), "application/json", headers)

    def _send(self, status: int, content: bytes, kind: str, headers: Mapping[str, str] | None = None) -> None:
        self.twin.answered[status] += 1
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(content)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


def _slice(rows: list[dict[str, object]], asked: Mapping[str, str]) -> dict[str, object]:
    size = min(int(asked.get("limit", "20")), PAGE_MAX)
    start = _place(asked["after"]) if "after" in asked else int(asked.get("offset", "0"))
    data = rows[start : start + size]
    end = start + len(data)
    pagination = {
        "hasNextPage": end < len(rows),
        "hasPreviousPage": start > 0,
        "startCursor": _cursor(start),
        "endCursor": _cursor(end),
        "total": len(rows),
    }
    return {"data": data, "pagination": pagination}


def _written(value: object) -> bytes:
    """Return JSON whose decimals are numbers, digit for digit."""
    marked = json.dumps(value, default=lambda each: f"\N{SYMBOL FOR NULL}{each:f}")
    return re.sub(r'"\\u2400([^"]+)"', r"\1", marked).encode()


def _cursor(place: int) -> str:
    return "".join(_ALPHABET[int(digit)] for digit in str(place)) + "="


def _place(cursor: str) -> int:
    return int("".join(str(_ALPHABET.index(letter)) for letter in cursor.rstrip("=")))


def _minor(form: Mapping[str, list[str]]) -> int:
    text = form.get("amount", [""])[0].strip().replace(",", ".")
    try:
        amount = Decimal(text).scaleb(2)
    except ArithmeticError:
        raise TwinRefusalError(400, "BAD_AMOUNT", text) from None
    if not amount.is_finite() or amount != amount.to_integral_value():
        raise TwinRefusalError(400, "BAD_AMOUNT", text)
    return int(amount)


def _page(company: TwinCompany) -> str:
    rows = "".join(
        f"<li>{html.escape(filed.kind)}: {Decimal(filed.minor).scaleb(-2)} {html.escape(filed.currency)}</li>"
        for filed in company.expenses.values()
    )
    jobs = "".join(f"<li>{html.escape(str(job['status']))}: {job['numberOfItems']}</li>" for job in company.jobs([]))
    return (
        '<!doctype html><html lang="en"><title>Pleo twin</title><h1>Expenses</h1>'
        f"<ul>{rows}</ul><form method=post action=/file><label>Amount <input name=amount required></label>"
        "<button>File</button></form><form method=post action=/export><button>Export</button></form>"
        f"<h2>Exports</h2><ul>{jobs}</ul></html>"
    )
