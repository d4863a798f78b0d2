"""The pages that build connectors, every block of them executed in a folder of its own, in both languages."""

from __future__ import annotations

import os
import re
import subprocess
import venv
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from doc_blocks import ROOT, Block, blocks, why_not

FILES = {"python", "toml", "csv"}
PAGES = ["tutorial/first-connector", "how-to/rest-connector"]
SERVES = ("raccord sandbox serve", "python -m raccord_counter.sandbox")


def executed(page: str, language: str) -> list[Block]:
    found = blocks(ROOT / "docs" / f"{page}.{language}.md")
    return [each for each in found if each.kind != "text" and not why_not(each)]


@pytest.mark.parametrize("page", PAGES)
def test_both_languages_have_the_same_blocks(page: str) -> None:
    french, english = executed(page, "fr"), executed(page, "en")

    assert [(each.kind, each.text) for each in french] == [(each.kind, each.text) for each in english]
    assert {each.kind for each in english} <= {"sh", *FILES}


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An environment of its own with what is installed here, and no network."""
    home = tmp_path / "venv"
    venv.create(home)
    (place,) = (home / "lib").glob("python*/site-packages")
    (place / "ours.pth").write_text(f"import site; site.addsitedir({str(Path(pytest.__file__).parents[1])!r})\n")
    python = home / "bin" / "python"
    for name, program in (
        ("raccord", "from raccord.cli import main"),
        ("pip", "from pip._internal.cli.main import main"),
    ):
        script = home / "bin" / name
        script.write_text(f"#!{python}\n{program}\nimport sys\nsys.exit(main())\n")
        script.chmod(0o755)
    env = {name: value for name, value in os.environ.items() if not name.startswith(("RACCORD_", "PIP_"))}
    return env | {
        "PATH": f"{home / 'bin'}:{env['PATH']}", "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull,
        "RACCORD_DATA_DIR": str(tmp_path / "data"), "COLUMNS": "200", "RACCORD_LANG": "en",
    }  # fmt: skip


PERSON = """
import io
import click.termui
class Keyboard(io.StringIO):
    def isatty(self):
        return True
click.termui.hidden_prompt_func = lambda _: "twin-token"
sys.stdin = Keyboard("y\\n" * 5)
"""
"""A person who types the token that the page names, and says yes."""
GOOD = {0, 3}
"""A question that waits for a person is no failure."""


class Terminals:
    """The page's terminals: what serves goes on in one of its own, at a free address in the place of the page's."""

    def __init__(self, folder: Path, env: dict[str, str], stack: ExitStack) -> None:
        self.folder, self.env, self.stack = folder, env, stack
        self.places: dict[str, str] = {}

    def put(self, text: str) -> str:
        for name, own in self.places.items():
            text = text.replace(name, own)
        return text

    def export(self, block: Block) -> None:
        for name, value in re.findall(r"(RACCORD_\w+)=(\S+)", block.text):
            self.env[name] = value.strip('"').replace("$PWD", str(self.folder))

    def serve(self, block: Block) -> None:
        (line,) = block.commands
        port = "8780" if "sandbox serve" in line else "8790"
        for path in self.folder.glob("*/src/*/sandbox.py"):
            path.write_text(path.read_text(encoding="utf-8").replace(", 8790)", ", 0)"), encoding="utf-8")
        own = f"exec {line.replace('--port 8780', '--port 0')}"
        process = self.stack.enter_context(
            subprocess.Popen(
                ["sh", "-c", own], cwd=self.folder, env=self.env | {"PYTHONUNBUFFERED": "1"},
                stdout=subprocess.PIPE, text=True,
            )
        )  # fmt: skip
        self.stack.callback(process.kill)
        assert process.stdout is not None
        self.places[f"http://127.0.0.1:{port}"] = process.stdout.readline().removeprefix("url ").strip()

    def type(self, block: Block) -> list[str]:
        """Type a block's lines one by one, as a person who is asked things."""
        script = Path(self.env["PATH"].partition(":")[0]) / "raccord"
        python, _, program = script.read_text().partition("\n")
        if PERSON not in program:
            script.write_text(f"{python}\nimport sys\n{PERSON}{program}")
        env = {name: self.put(value) for name, value in self.env.items()}
        said = []
        for line in block.commands:
            done = subprocess.run(
                ["sh", "-c", self.put(line)],
                cwd=self.folder, env=env, capture_output=True, text=True, timeout=100, check=False,
            )  # fmt: skip
            assert done.returncode in GOOD, line + done.stdout + done.stderr
            said.append(done.stdout)
        return said


@contextmanager
def terminals(folder: Path, env: dict[str, str]) -> Iterator[Terminals]:
    with ExitStack() as stack:
        yield Terminals(folder, env, stack)


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.at_length
def test_the_connector_of_the_page_runs_against_its_served_twin(tmp_path: Path, environment: dict[str, str]) -> None:
    """The rest of the page, in its three terminals: from the served twin into a local QuickBooks, and proven."""
    said: list[str] = []
    with terminals(tmp_path, environment) as there:
        for block in executed("how-to/rest-connector", "en"):
            if block.kind in FILES:
                path, _, text = block.text.partition("\n")
                (tmp_path / path.removeprefix("# ")).write_text(text, encoding="utf-8")
            elif block.text.startswith("export "):
                there.export(block)
            elif block.text.startswith(SERVES):
                there.serve(block)
            else:
                said += there.type(block)
    assert sum("0 broken, 0 not judged" in each for each in said) == 3
    assert "source less what is left out = posted = QuickBooks" in said[-1]


@pytest.mark.slow
def test_every_block_of_the_page_does_what_it_says(tmp_path: Path, environment: dict[str, str]) -> None:
    said = []
    for block in executed("tutorial/first-connector", "en"):
        if block.kind in FILES:
            # The first line names the file.
            path, _, text = block.text.partition("\n")
            (tmp_path / path.removeprefix("# ")).write_text(text, encoding="utf-8")
            continue
        done = subprocess.run(
            ["sh", "-e", "-c", block.text],
            cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=100, check=False,
        )  # fmt: skip
        assert done.returncode == 0, block.text + done.stdout + done.stderr
        said.append(done.stdout)
    assert "0 broken, 0 not judged" in said[0]
    assert "not yet" in said[1]
    assert "0 broken, 0 not judged" in said[2]
    assert "day.zone" in said[3]
    assert "1 broken" in said[3]
    assert "caught" in said[3]
    assert "raccord-cafe" in said[4]
