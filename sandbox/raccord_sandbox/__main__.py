"""`python -m raccord_sandbox`: serve a sandbox until interrupted."""

from __future__ import annotations

import argparse
import json
import os
import secrets
import signal
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

from raccord_sandbox.config import Limits, SandboxConfig
from raccord_sandbox.seeds import TEMPLATES
from raccord_sandbox.serving.server import SandboxServer

TOKEN_VARIABLE = "RACCORD_SANDBOX_TOKEN"  # noqa: S105  # the name of a variable
STARTING = ("quebec", "us")


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line, print the addresses and serve."""
    options = _parser().parse_args(arguments)
    config = SandboxConfig(
        data=options.data,
        seeds=tuple(options.seed or ([] if options.bare else STARTING)),
        limits=Limits.documented() if options.limits else Limits(),
        lab_token=os.environ.get(TOKEN_VARIABLE) or secrets.token_urlsafe(24),
        remote_lab=options.remote_lab,
    )
    try:
        server = SandboxServer(config, port=options.port, host=options.host)
    except sqlite3.OperationalError as error:
        print(f"{options.data}: {error}. Un autre bac à sable s’en sert-il ? Does another sandbox use it?")
        return 1
    except OSError as error:
        print(f"{options.host}:{options.port}: {error.strerror}. Choisissez un autre --port. Choose another --port.")
        return 1
    with _announced(options.announce, server):
        print(f"url {server.url}")
        print(f"lab-token {server.lab_token}")
        for company in server.store.listed():
            print(f"company {company.realm} {server.url}/company/{company.realm} {company.settings['name']}")
        sys.stdout.flush()
        if options.while_stdin:
            Thread(target=_stop_without_stdin, daemon=True).start()
        server.run()
    return 0


def _stop_without_stdin() -> None:
    """Wait until whoever started us is gone, however it went: its end of our standard input closes with it."""
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


@contextmanager
def _announced(path: Path | None, server: SandboxServer) -> Iterator[None]:
    """Tell address and token in a file that only its owner reads, while the server runs."""
    if path is None:
        yield
        return
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump({"url": server.url, "token": server.lab_token, "pid": os.getpid()}, file)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="raccord_sandbox",
        description="A local QuickBooks Online.",
        epilog=f"{TOKEN_VARIABLE} in the environment is the token of the control API; without it a new one is printed.",
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--data", type=Path, help="folder that keeps the books; without it they live in memory")
    parser.add_argument("--seed", action="append", choices=TEMPLATES, help="companies to make (quebec and us)")
    parser.add_argument("--announce", type=Path, help="file that tells address and token while the server runs")
    parser.add_argument("--while-stdin", action="store_true", help="stop when standard input ends")
    parser.add_argument("--bare", action="store_true", help="make no company")
    parser.add_argument("--limits", action="store_true", help="apply the documented request limits")
    parser.add_argument(
        "--remote-lab", action="store_true", help="let other machines use the control API, with its token"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
