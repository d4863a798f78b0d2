"""A made-up source behind a real address on this machine, so that a connector can be tried as it will run."""

from __future__ import annotations

import sys
import traceback
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

from raccord.plugin.testing.twin_http import TwinAnswer, TwinRequest

_BODY_BYTES_MAX = 16 * 1024 * 1024
Answering = Callable[[TwinRequest], TwinAnswer]
"""A made-up source: what it answers to a request."""


@contextmanager
def served_twin(answer: Answering, port: int = 0) -> Iterator[str]:
    """Serve a made-up source for as long as the block lasts and yield its address; port 0 takes any that is free.

    An ``answer`` that raises is told on standard error and answered with status 500, as a source would.
    """
    server = _server(answer, port)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield _address(server)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def serve_twin(answer: Answering, port: int) -> None:
    """Serve a made-up source until Ctrl-C, and say where; ``--port`` on the command line goes before ``port``."""
    options = ArgumentParser(description=f"Serve a made-up source, at port {port} unless told otherwise.")
    options.add_argument("--port", type=int, default=port, help="port of this machine; 0 takes any that is free")
    with _server(answer, options.parse_args().port) as server:
        sys.stdout.write(f"{_address(server)}\n")
        sys.stdout.flush()
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return


def _address(server: ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}"


def _server(answer: Answering, port: int) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def do_PUT(self) -> None:
            self._answer()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: whoever serves it says what matters."""

        def _answer(self) -> None:
            parts = urlsplit(self.path)
            asked = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
            headers = {name.casefold(): value for name, value in self.headers.items()}
            body = self.rfile.read(min(int(headers.get("content-length", "0")), _BODY_BYTES_MAX))
            said = _asked(answer, TwinRequest(self.command, "127.0.0.1", parts.path, asked, headers, body))
            self.send_response(said.status)
            for name, value in said.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(said.content)))
            self.end_headers()
            self.wfile.write(said.content)

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)


def _asked(answer: Answering, request: TwinRequest) -> TwinAnswer:
    try:
        return answer(request)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        traceback.print_exc()
        return TwinAnswer(500)
