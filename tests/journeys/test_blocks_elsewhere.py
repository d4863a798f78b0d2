"""Blocks of the pages that ask for Intuit, Pleo or the network, executed against what stands here in their place.

Their text is what the page says; only what stands for something of the reader's (``…``, an address) is another word.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import httpx
import pytest
from doc_blocks import EXECUTED_APART, ROOT, Block, all_blocks
from pleo_house import working

from raccord.cli import run
from raccord.cli.sandbox.process import free_port
from raccord.cli.terminal.exits import Exit
from raccord_chase.sandbox import Merchant
from raccord_sandbox.config import SandboxConfig
from raccord_sandbox.serving.server import SandboxServer

pytestmark = pytest.mark.slow
MAIN = "from raccord.cli import main; main()"


@pytest.fixture
def block(request: pytest.FixtureRequest) -> Callable[[str], Block]:
    """Return what finds the block of this test that is on a page."""

    def find(page: str) -> Block:
        name = f"tests/journeys/{Path(__file__).name}::{request.node.originalname}"
        (line,) = [line for (at, line), test in EXECUTED_APART.items() if test == name and at == page]
        return next(each for each in all_blocks() if each.page == page and each.commands[0].startswith(line))

    return find


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str]]:
    """Return what types a line of ours in a folder and in the environment of a reader."""
    for name in [name for name in os.environ if name.startswith("RACCORD_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("RACCORD_LANG", "en")
    monkeypatch.chdir(tmp_path)

    def type_in(line: str, **swaps: str) -> tuple[int, str]:
        for old, new in swaps.items():
            line = line.replace(f"{old}=…", f"{old}={new}")
        words, written = shlex.split(line, comments=True), io.StringIO()
        assert words[0] == "raccord"
        with redirect_stdout(written), redirect_stderr(written):
            status = run(words[1:])
        return status, written.getvalue()

    return type_in


@pytest.mark.at_length
def test_what_installs_from_the_network_installs_from_here(block: Callable[[str], Block], tmp_path: Path) -> None:
    """Pip is told by its environment to take what is here, and the packages of others from where we have them."""
    others, work, wheels = tmp_path / "others", tmp_path / "work", tmp_path / "wheels"
    others.mkdir()
    work.mkdir()
    for each in Path(pytest.__file__).parents[1].iterdir():
        if not each.name.startswith(("raccord", "__editable__", "_raccord")):
            (others / each.name).symlink_to(each)
    (tmp_path / "raccord").symlink_to(ROOT)
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(wheels)]
    subprocess.run([*build, str(ROOT / "plugins" / "chase")], check=True, capture_output=True)
    env = {name: value for name, value in os.environ.items() if not name.startswith(("RACCORD_", "PIP_"))} | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "PYTHONPATH": str(others), "PIP_NO_INDEX": "1",
        "PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_FIND_LINKS": str(wheels), "PIP_CONFIG_FILE": os.devnull,
        "RACCORD_DATA_DIR": str(tmp_path / "data"), "RACCORD_LANG": "en", "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }  # fmt: skip

    def done(text: str) -> str:
        told = subprocess.run(["sh", "-ec", text], cwd=work, env=env, capture_output=True, text=True, check=False)
        assert told.returncode == 0, told.stdout + told.stderr
        return told.stdout

    said = done(block("docs/tutorial/first-connector").text)
    assert "Successfully installed raccord-" in said
    said = done(f". venv/bin/activate\nraccord db upgrade\n{block('plugins/chase/README').text}")
    assert "Successfully installed raccord-chase-" in said
    assert "merchant_id" in said
    assert (work / "venv" / "bin" / "raccord").exists()


def test_what_asks_intuits_sandbox_connects_a_company_of_the_local_one(
    block: Callable[[str], Block], tmp_path: Path
) -> None:
    port, text = free_port(0), block("docs/tutorial/first-sync").text
    with SandboxServer(SandboxConfig(seeds=("quebec",))) as local:
        for old, new in (
            ("ENVIRONMENT=sandbox", f"ENVIRONMENT={local.url}"), ("8321", str(port)),
            ("CLIENT_ID=…", "CLIENT_ID=raccord-sandbox"), ("CLIENT_SECRET=…", "CLIENT_SECRET=raccord-sandbox-secret"),
            ("raccord ", f"{sys.executable} -uc '{MAIN}' "),
        ):  # fmt: skip
            assert old in text
            text = text.replace(old, new)
        env = {name: value for name, value in os.environ.items() if not name.startswith("RACCORD_")}
        command = ["sh", "-ec", text]
        with subprocess.Popen(command, cwd=tmp_path, env=env | {"RACCORD_LANG": "en"}, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True) as shell:  # fmt: skip
            assert shell.stdout is not None
            lines = iter(shell.stdout.readline, "")
            asked = next(found[0] for line in lines if (found := re.search(r"http\S+oauth2\S+", line)))
            realm = local.store.of_template("quebec").realm
            assert httpx.get(f"{asked}&auto=1&realm={realm}", follow_redirects=True).status_code == httpx.codes.OK
            rest = shell.stdout.read()
            assert shell.wait(60) == 0, rest
    assert "is connected" in rest
    assert (tmp_path / "raccord-intuit" / "app.db").exists()


def test_what_records_a_real_source_records_its_served_twin(
    block: Callable[[str], Block], typed: Callable[..., tuple[int, str]], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    Merchant(days=2).write_files(tmp_path / "made")
    shutil.copyfile(next(each for each in (tmp_path / "made").iterdir()), tmp_path / "0000123456.FIN.260901.dfr")
    with working(tmp_path) as house:
        house.file(100)
        house.export()
        monkeypatch.setenv("PLEO_KEY", "twin-key")
        monkeypatch.setenv("RACCORD_PRIVATE_HOSTS", "127.0.0.1")
        for line in block("docs/how-to/record").commands:
            own = {"company_id": f"{house.pleo.id} --set address={house.twin.url}", "merchant_id": "123456"}
            status, said = typed(line.replace("2026-10-01", "2026-03-01"), **own)
            assert status == Exit.OK, said
    assert "twin-key" not in (tmp_path / "october.recording.json").read_text(encoding="utf-8")
    assert (tmp_path / "day.recording.json").exists()


def test_what_tells_pleo_an_address_tells_its_twin(
    block: Callable[[str], Block], typed: Callable[..., tuple[int, str]], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    address = "http://127.0.0.1:8321"
    with working(tmp_path, web_url=address) as house:
        for name, value in {
            "DATA_DIR": str(tmp_path / "data"), "WEB_URL": address, "PRIVATE_HOSTS": "127.0.0.1",
            "QUICKBOOKS_ENVIRONMENT": house.sandbox.url, "QUICKBOOKS_CLIENT_ID": "raccord-sandbox",
            "QUICKBOOKS_CLIENT_SECRET": "raccord-sandbox-secret",
        }.items():  # fmt: skip
            monkeypatch.setenv(f"RACCORD_{name}", value)
        (line,) = block("docs/how-to/pleo").commands
        status, said = typed(line)
        assert status == Exit.OK, said
        assert house.twin.webhooks.subscriptions


def test_what_serves_at_a_fixed_address_serves_at_a_free_one(block: Callable[[str], Block], tmp_path: Path) -> None:
    (line,) = block("docs/reference/sandbox").commands
    line = line.replace("raccord ", f"exec {sys.executable} -uc '{MAIN}' ") + f" --port {free_port(0)}"
    env = {name: value for name, value in os.environ.items() if not name.startswith("RACCORD_")}
    with subprocess.Popen(["sh", "-ec", line], cwd=tmp_path, env=env | {"RACCORD_DATA_DIR": str(tmp_path)},
                          stdout=subprocess.PIPE, text=True) as shell:  # fmt: skip
        try:
            assert shell.stdout is not None
            lines = iter(shell.stdout.readline, "")
            url = next(found[0] for each in lines if (found := re.search(r"http://127[.\d]+:\d+", each)))
            token = {"Authorization": "Bearer let-me-in"}
            assert httpx.get(f"{url}/sandbox", headers=token).status_code == httpx.codes.OK
            assert httpx.get(f"{url}/sandbox").status_code == httpx.codes.UNAUTHORIZED
            shell.send_signal(signal.SIGTERM)
            shell.wait(30)
        finally:
            shell.kill()
