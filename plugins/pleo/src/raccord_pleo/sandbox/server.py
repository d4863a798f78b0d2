"""The twin on the wire: the calls of the export protocol, and a small page where a person presses Export."""

from __future__ import annotations

import base64
import json
import threading
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from raccord_pleo.sandbox import page
from raccord_pleo.sandbox.company import PEOPLE, TwinCompany, TwinRefusalError
from raccord_pleo.sandbox.listed import answer_list
from raccord_pleo.sandbox.oauth import TwinOAuth
from raccord_pleo.sandbox.paging import sliced, written
from raccord_pleo.sandbox.webhooks import TwinWebhooks

LISTS = frozenset({"v0", "v1", "v2"})
SCOPES = {"employees": "users:read", "accounting-entries": "accounting-entries:read"}
"""What reading these needs, by the path's second part; the scopes of the other lists are not published by name."""


class PleoTwin:
    """A server of one company, from ``with`` on; it takes the token ``twin-token`` and the API key ``twin-key``."""

    def __init__(self, company: TwinCompany) -> None:
        self.scopes = {"export-jobs:read", "export-jobs:write", "export-items:read", *SCOPES.values()}
        self.oauth = TwinOAuth(lambda: self.company.clock())
        self.webhooks = TwinWebhooks(lambda: self.company.clock())
        self.company = company
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

    @property
    def company(self) -> TwinCompany:
        return self._company

    @company.setter
    def company(self, company: TwinCompany) -> None:
        """Serve another company; its messages go to this twin's subscriptions."""
        self._company = company
        company.announce = self.webhooks.announce

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
    reply: tuple[int, bytes, str, Mapping[str, str]]
    """What is answered once everybody who listens was told."""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: a test's output is no log."""

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with self.twin.lock:
            try:
                self._route(body)
            except TwinRefusalError as fault:
                self._answer(fault.status, {"type": fault.kind, "message": str(fault)})
        # Outside the lock: whoever is told may ask back at once.
        self.twin.webhooks.deliver()
        self._write(*self.reply)

    def _route(self, body: bytes) -> None:
        parts = urlsplit(self.path)
        asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        path = parts.path.strip("/").split("/")
        if self.twin.busy:
            self._answer(self.twin.busy.pop(0), {"type": "BUSY", "message": "wait"}, {"Retry-After": "7"})
            return
        if (refused := self.twin.refuse.get((self.command, parts.path))) is not None:
            raise TwinRefusalError(refused, "REFUSED", "not now")
        if path[0] == "v3":
            self._export(path, asked, body)
        elif path[0] in LISTS:
            self._known()
            scope = SCOPES.get(path[1].partition(":")[0]) if len(path) > 1 else None
            if scope is not None:
                self._allow(scope)
            said = json.loads(body, parse_float=Decimal) if body else {}
            self._answer(*answer_list(self.twin.company, self.twin.webhooks, self.command, path, asked, said))
        else:
            self._person(path, asked, body)

    def _person(self, path: list[str], asked: Mapping[str, str], body: bytes) -> None:
        """Answer what people and their browsers ask: the page, its forms, the sign-in, a receipt's link."""
        company = self.twin.company
        fields = parse_qs(body.decode()) if self.command == "POST" else {}
        form = {name: values[-1] for name, values in fields.items()}
        match self.command, path:
            case "GET", ["files", name]:
                self._send(200, company.download(name), "application/pdf")
            case "GET", ["oauth", "authorize"]:
                self._send(200, self.twin.oauth.page(asked).encode(), "text/html; charset=utf-8")
            case "GET", ["oauth", "decide"]:
                self._send(303, b"", "text/plain", {"Location": self.twin.oauth.decided(asked)})
            case "POST", ["oauth", "token"]:
                self._answer(200, self.twin.oauth.token(self.headers.get("Authorization", ""), form))
            case "GET", [""]:
                self._send(200, page.page(company).encode(), "text/html; charset=utf-8")
            case "POST", ["file"]:
                page.file(company, form)
                self._send(303, b"", "text/plain", {"Location": "/"})
            case "POST", ["categorise"]:
                page.categorise(company, UUID(form["categorise"]), form)
                self._send(303, b"", "text/plain", {"Location": "/"})
            case "POST", ["settle"]:
                page.settle(company, UUID(form["settle"]))
                self._send(303, b"", "text/plain", {"Location": "/"})
            case "POST", ["export"]:
                company.export([UUID(each) for each in fields.get("entry", [])], by=form.get("by", PEOPLE[0]))
                self._send(303, b"", "text/plain", {"Location": "/"})
            case _:
                raise TwinRefusalError(404, "NOT_FOUND")

    def _export(self, path: list[str], asked: Mapping[str, str], body: bytes) -> None:
        """Answer the calls of the export protocol."""
        company = self.twin.company
        match self.command, path[1:]:
            case "GET", ["export-jobs"]:
                self._allow("export-jobs:read")
                if asked.get("company_id", str(company.id)) != str(company.id):
                    raise TwinRefusalError(403, "FORBIDDEN", "company_id")
                wanted = [each for each in asked.get("statuses", "").split(",") if each]
                self._answer(200, sliced(company.jobs(wanted), asked))
            case "GET", ["export-jobs", job]:
                self._allow("export-jobs:read")
                self._answer(200, {"data": company.job(UUID(job))})
            case "GET", ["export-jobs", job, "items"]:
                self._allow("export-jobs:read")
                self._answer(200, sliced(company.progress(UUID(job)), asked))
            case "GET", ["export-items"]:
                self._allow("export-items:read")
                self._answer(200, sliced(company.items(UUID(asked["job_id"])), asked))
            case "POST", ["export-job-events"]:
                self._allow("export-jobs:write")
                said = json.loads(body, parse_float=Decimal)
                company.event(UUID(said["jobId"]), said["event"], said.get("failureReasonType"))
                self._answer(202, {})
            case "PUT", ["export-jobs", job, "items"]:
                self._allow("export-jobs:write")
                self._answer(200, company.update(UUID(job), json.loads(body, parse_float=Decimal)))
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
        self._send(status, b"" if value is None else written(value), "application/json", headers)

    def _send(self, status: int, content: bytes, kind: str, headers: Mapping[str, str] | None = None) -> None:
        self.twin.answered[status] += 1
        self.reply = (status, content, kind, headers or {})

    def _write(self, status: int, content: bytes, kind: str, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
