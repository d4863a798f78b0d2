"""The HTTP server: every documented path on one host and port."""

from __future__ import annotations

import socket
from contextlib import suppress
from threading import Thread
from types import TracebackType
from typing import Self

import uvicorn
from fastapi import FastAPI, Request
from starlette.responses import Response

from raccord_sandbox.attachments.links import files_router
from raccord_sandbox.config import SandboxConfig
from raccord_sandbox.keeping.store import Store
from raccord_sandbox.lab.router import lab_router
from raccord_sandbox.oauth.consent import consent_router
from raccord_sandbox.oauth.endpoints import endpoints_router
from raccord_sandbox.refusing.faultlab import FaultLab, FaultMiddleware
from raccord_sandbox.serving.http_api import company_router, failed
from raccord_sandbox.serving.transport import CuttableProtocol
from raccord_sandbox.webhooks.delivery import Courier
from raccord_sandbox.window.books import books_router, documents_router, ways_router
from raccord_sandbox.window.requests import RecordingMiddleware, RequestLog
from raccord_sandbox.window.watching import watching_router

START_SECONDS = 20


def create_app(config: SandboxConfig, store: Store | None = None) -> FastAPI:
    """Return the application; its store is `app.state.store`."""
    app = FastAPI(title="Raccord sandbox", docs_url=None, redoc_url=None, openapi_url=None)
    books = store or Store(config)
    lab = FaultLab(config.clock, config.random_seed)
    log = RequestLog()
    app.state.store, app.state.lab, app.state.log = books, lab, log
    books.webhooks.draw = lab.draw_webhook

    @app.exception_handler(Exception)
    async def system_failure(request: Request, error: Exception) -> Response:
        return failed(books, request, error)

    app.include_router(company_router(books))
    app.include_router(endpoints_router(books))
    app.include_router(consent_router(books))
    app.include_router(lab_router(books, lab, log))
    app.include_router(files_router(books))
    app.include_router(watching_router(books, lab, log))
    app.include_router(books_router(books))
    app.include_router(documents_router(books))
    app.include_router(ways_router(books))
    app.add_middleware(FaultMiddleware, lab=lab)
    app.add_middleware(RecordingMiddleware, log=log, clock=config.clock)
    return app


class SandboxServer:
    """Runs a sandbox on the loopback in a thread: `with SandboxServer(config) as server: server.url`."""

    def __init__(self, config: SandboxConfig | None = None, *, port: int = 0, host: str = "127.0.0.1") -> None:
        self.config = config or SandboxConfig()
        self.app = create_app(self.config)
        self.store: Store = self.app.state.store
        self.lab: FaultLab = self.app.state.lab
        self.lab_token = self.config.lab_token
        self._socket = _listen(host, port)
        found = self._socket.getsockname()
        self.host, self.port = str(found[0]), int(found[1])
        self.url = f"http://{self.host}:{self.port}"
        self._server = uvicorn.Server(server_config(self.app))
        self._courier = Courier(self.store.webhooks)
        self._thread = Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)

    def start(self) -> Self:
        """Start serving; the socket already listens, so clients may connect at once."""
        self._thread.start()
        self._courier.start()
        return self

    def stop(self) -> None:
        """Stop serving, close the file and wait for the thread."""
        self._courier.stop()
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(START_SECONDS)
        self._socket.close()
        self.store.close()

    def run(self) -> None:
        """Serve in this thread until interrupted by Ctrl-C or a termination signal."""
        self._courier.start()
        try:
            with suppress(KeyboardInterrupt):
                self._server.run(sockets=[self._socket])
        finally:
            self._courier.stop()
            self._socket.close()
            self.store.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def server_config(app: FastAPI) -> uvicorn.Config:
    """Return uvicorn's settings for a sandbox: connections that can be cut, no access log."""
    return uvicorn.Config(
        app,
        http=CuttableProtocol,
        ws="none",
        lifespan="off",
        loop="asyncio",
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=1,
    )


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named, because asyncio switches Nagle's delay off only for a TCP protocol; else each answer takes 40 ms longer.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(256)
    return listener
