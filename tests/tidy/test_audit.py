"""The audit of dependencies tells what it knows, and never passes for one when it knows nothing."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib import metadata
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from packaging.specifiers import SpecifierSet

SCRIPT = Path(__file__).parents[2] / ".ci" / "audit.py"
CONSTRAINTS = Path(__file__).parents[2] / "constraints.txt"


def asked(
    monkeypatch: pytest.MonkeyPatch, answer: Callable[[list[dict[str, Any]]], tuple[int, Any]]
) -> tuple[int, str]:
    """Run the audit over two versions against a list that answers so; return its status and last line."""

    class Advisories(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            queries = json.loads(self.rfile.read(int(self.headers["content-length"])), parse_float=str)["queries"]
            status, body = answer(queries)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Advisories) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            return run(monkeypatch, f"http://127.0.0.1:{server.server_port}")
        finally:
            server.shutdown()


def run(monkeypatch: pytest.MonkeyPatch, address: str) -> tuple[int, str]:
    monkeypatch.setenv("RACCORD_ADVISORIES_URL", address)
    spec = importlib.util.spec_from_file_location("audit", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    said: list[str] = []
    status = module.audit("# tested together\nleft-pad==1.0\nright[extra]==2.0 # why\n", module.ask_osv, said.append)
    return int(status), said[-1]


def known(*bad: str) -> Callable[[list[dict[str, Any]]], tuple[int, Any]]:
    return lambda queries: (
        200,
        {"results": [{"vulns": [{"id": "GHSA-1"}]} if each["package"]["name"] in bad else {} for each in queries]},
    )


@pytest.mark.parametrize(
    ("answer", "status", "last"),
    [
        (known("jinja2"), 0, "dependencies audited: 2 versions, 0 with advisories"),
        (known("jinja2", "right"), 1, "dependencies audited: 2 versions, 1 with advisories"),
        (known(), 3, "dependencies NOT AUDITED: it knows nothing of jinja2 2.4.1"),
        (lambda _: (503, {}), 3, "HTTPStatusError"),
        (lambda _: (200, {"results": []}), 3, "0 answers to 3 questions"),
        (lambda _: (200, []), 3, "an answer of another form"),
    ],
)
def test_only_an_answer_that_can_be_trusted_is_an_audit(
    monkeypatch: pytest.MonkeyPatch, answer: Callable[[Any], tuple[int, Any]], status: int, last: str
) -> None:
    found, said = asked(monkeypatch, answer)
    assert (found, last in said) == (status, True), said


def test_without_a_network_it_says_that_nothing_was_audited() -> None:
    done = subprocess.run(
        [sys.executable, str(SCRIPT)],
        env={"RACCORD_ADVISORIES_URL": "http://127.0.0.1:9/none"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, "NOT AUDITED" in done.stdout) == (3, True)


def test_every_version_that_is_pinned_runs_on_the_oldest_python_of_debian() -> None:
    # Some ask for a later bug fix than Debian's 3.11, and pip then finds nothing to install there.
    pinned = [line.split("==")[0] for line in CONSTRAINTS.read_text().splitlines() if "==" in line]
    asks = {name: metadata.metadata(name)["Requires-Python"] or "" for name in pinned if installed(name)}
    assert len(asks) > 50
    assert {name: ask for name, ask in asks.items() if not SpecifierSet(ask).contains("3.11.2")} == {}


def installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True
