"""A web server that stops when asked: its socket, its signals and the worker beside it."""

from __future__ import annotations

import errno
import gc
import importlib
import importlib.util
import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

from raccord.cli.group import COMMANDS, dependency_missing
from raccord.errors import RaccordError
from raccord.jobs.worker import Worker
from raccord.masking import MaskedFormatter
from raccord.plugin.texts import Text
from raccord.settings import Settings

if TYPE_CHECKING:
    import uvicorn

WEB = "raccord_web.app"
NEEDED = ("fastapi", "jinja2", "multipart", "uvicorn", "raccord_web")
SIGNALS = (signal.SIGINT, signal.SIGTERM)
BACKLOG = 128
DRAIN_SECONDS = 5
"""How long pages that are being answered may take after the stop."""


class ServeError(RaccordError):
    """Raised when the pages cannot be served."""


def web_application() -> Callable[..., Any]:
    """Return ``create_app`` of the web layer, which core does not know; raises when its extra is not installed."""
    for module in NEEDED:
        if importlib.util.find_spec(module) is None:
            raise dependency_missing("serve", COMMANDS["serve"], module)
    made: Callable[..., Any] = importlib.import_module(WEB).create_app
    return made


def listen(settings: Settings) -> socket.socket:
    """Return a socket that listens at the address of the settings; raises ``ServeError`` where it cannot."""
    host, port = settings.web_host, settings.web_port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        # From here on callers wait in line instead of being refused while the worker starts.
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        raise _cannot_listen(host, port, error) from None
    return listening


def set_aside() -> None:
    """Have collections of circular garbage walk no more through what is there as long as the process: the modules, the
    tables' models, the routes. It is most of what there is, and a page that met a collection waited 0.1 s for it.
    """
    gc.collect()
    gc.freeze()


def run_server(app: Any, listening: socket.socket, worker: Worker | None, proxies: str = "") -> bool:
    """Serve until a signal comes; return False when the worker died and the process should end with a failure.

    ``proxies`` are the addresses of servers before this one that say whom they speak for.
    """
    import uvicorn

    server = uvicorn.Server(
        uvicorn.Config(
            app, lifespan="off", access_log=False, server_header=False, proxy_headers=bool(proxies),
            forwarded_allow_ips=proxies or None, log_config=None,
            timeout_graceful_shutdown=DRAIN_SECONDS,
        )
    )  # fmt: skip
    watched = None if worker is None else threading.Thread(target=_watch, args=(worker, server), daemon=True)
    if watched is not None:
        watched.start()
    server.run(sockets=[listening])
    broken = worker is not None and worker.broken
    if worker is not None and watched is not None:
        worker.ask_to_stop()
        watched.join()
    return not broken


@contextmanager
def quiet_signals() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end a server without ending what its caller still has to put in order."""

    def note(_number: int, _frame: FrameType | None) -> None:
        # uvicorn sends itself the signal once more after it stopped; by then there is nothing left to do about it.
        return

    with handled(note):
        yield


@contextmanager
def handled(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Have ``handler`` called for Ctrl-C and SIGTERM meanwhile."""
    before = {number: signal.signal(number, handler) for number in SIGNALS}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def log_to_console(settings: Settings) -> None:
    """Have a server's log written to standard error; request addresses and bodies are in none of its lines."""
    to_console = logging.StreamHandler(sys.stderr)
    to_console.setFormatter(MaskedFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=settings.log_level, handlers=[to_console])
    for chatty in ("httpx", "httpcore", "alembic", "uvicorn.access"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _watch(worker: Worker, server: uvicorn.Server) -> None:
    """Stop the server when the worker can no longer do its work: pages without it would promise what nobody does."""
    worker.wait()
    server.should_exit = True


def _cannot_listen(host: str, port: int, error: OSError) -> ServeError:
    if error.errno == errno.EADDRINUSE:
        return ServeError(
            "serve.port_taken",
            Text(
                f"Un autre programme écoute déjà sur {host}:{port}.",
                f"Another program already listens on {host}:{port}.",
            ),
            Text(
                "Arrêtez-le, ou choisissez un autre port avec --port ou RACCORD_WEB_PORT.",
                "Stop it, or choose another port with --port or RACCORD_WEB_PORT.",
            ),
        )
    return ServeError(
        "serve.address",
        Text(
            f"Impossible d'écouter sur {host}:{port} : {error.strerror}.",
            f"Cannot listen on {host}:{port}: {error.strerror}.",
        ),
        Text(
            "Donnez une adresse de cette machine avec --host ou RACCORD_WEB_HOST.",
            "Give an address of this machine with --host or RACCORD_WEB_HOST.",
        ),
    )
