"""The local QuickBooks beside a command goes with the command, however that ends."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from raccord.cli.sandbox.process import running_sandbox
from raccord.clock import SystemClock

PROGRAM = """
import signal, sys
from pathlib import Path
from raccord.cli.sandbox.process import running_sandbox
from raccord.clock import SystemClock

try:
    with running_sandbox(Path(sys.argv[1]), SystemClock(), 0) as books:
        print(books.url, flush=True)
        signal.pause()
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.mark.parametrize(("sent", "status"), [(signal.SIGTERM, 130), (signal.SIGKILL, -signal.SIGKILL)])
def test_the_sandbox_stops_with_the_command_that_started_it_and_starts_again(
    tmp_path: Path, sent: signal.Signals, status: int
) -> None:
    folder, clock = tmp_path / "sandbox", SystemClock()
    with subprocess.Popen([sys.executable, "-c", PROGRAM, str(folder)], stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        url = program.stdout.readline().strip()
        assert httpx.get(f"{url}/.well-known/openid_configuration").status_code == httpx.codes.OK
        program.send_signal(sent)
        assert program.wait(20) == status
    if sent == signal.SIGKILL:
        # Nobody waited for it: it stops by itself.
        until = clock.elapsed_ms() + 10_000
        while clock.elapsed_ms() < until and _answers(url):
            clock.sleep_ms(50)
    assert not _answers(url)
    with running_sandbox(folder, clock, 0) as again:
        assert _answers(again.url)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/.well-known/openid_configuration", timeout=2).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False
