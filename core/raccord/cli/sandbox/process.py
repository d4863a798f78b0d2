"""The local QuickBooks Online of the demonstration, as a program of its own beside us."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import httpx

from raccord.clock import Clock
from raccord.errors import RaccordError
from raccord.plugin.texts import Text

PORT = 8322
SPARE = "Boutique Riverain inc."
"""A second company of the demonstration, left empty for whoever wants to connect a source by hand."""
START_MS_MAX = 30_000
POLL_MS = 100


class SandboxError(RaccordError):
    """Raised when the local QuickBooks Online does not start."""


@dataclass(frozen=True, slots=True)
class LocalBooks:
    """A sandbox that runs: its address, the company that the demonstration fills, and the token of its control API."""

    url: str
    realm: str
    token: str


@contextmanager
def running_sandbox(folder: Path, clock: Clock, port: int = PORT) -> Iterator[LocalBooks]:
    """Start the sandbox on a free port (``port`` if possible), its books and its log below ``folder``."""
    chosen = free_port(port)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    said, log = folder / "addresses", folder / "sandbox.log"
    command = [
        sys.executable,
        "-m",
        "raccord_sandbox",
        "--port",
        str(chosen),
        "--data",
        str(folder / "books"),
        "--seed",
        "quebec",
        "--while-stdin",
    ]
    with said.open("wb") as out, log.open("ab") as written, _ended_in_order():
        # A session of its own: Ctrl-C reaches us alone, and we stop it when we are done with it. Should we be killed,
        # its standard input ends with us, and it stops by itself.
        process = subprocess.Popen(
            command, stdout=out, stderr=written, stdin=subprocess.PIPE, start_new_session=True, env=_environment()
        )
        try:
            yield _wait_until_up(process, said, clock, log)
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdin is not None:
                process.stdin.close()


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """Let SIGTERM end us as Ctrl-C does: whoever holds something puts it in order first."""

    def leave(_number: int, _frame: FrameType | None) -> None:
        # As Ctrl-C: what guards against any error lets this one through.
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def free_port(wanted: int) -> int:
    """Return ``wanted`` if nobody listens there, else a port that is free now."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise SandboxError(
        "demo.no_port",
        Text("Aucun port local n'est libre.", "No local port is free."),
        Text("Fermez d'autres serveurs et recommencez.", "Close other servers and try again."),
    )


def _wait_until_up(process: subprocess.Popen[bytes], said: Path, clock: Clock, log: Path) -> LocalBooks:
    until = clock.elapsed_ms() + START_MS_MAX
    while clock.elapsed_ms() < until and process.poll() is None:
        words = [line.split(" ") for line in said.read_text("utf-8").splitlines()]
        told = {line[0]: line[1] for line in words if len(line) > 1 and " ".join(line[3:]) != SPARE}
        if {"url", "lab-token", "company"} <= set(told) and _answers(told["url"]):
            return LocalBooks(told["url"], told["company"], told["lab-token"])
        clock.sleep_ms(POLL_MS)
    raise SandboxError(
        "demo.sandbox",
        Text(f"Le QuickBooks local n'a pas démarré ; voyez {log}.", f"The local QuickBooks did not start; see {log}."),
        Text("Corrigez ce que dit ce journal et recommencez.", "Mend what that log says and try again."),
    )


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/.well-known/openid_configuration", timeout=2).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def _environment() -> dict[str, str]:
    # Our own settings, secrets among them, are none of the sandbox's business.
    return {name: value for name, value in os.environ.items() if not name.startswith("RACCORD_")}
