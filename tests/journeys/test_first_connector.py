"""The pages that build connectors, every block of them executed in a folder of its own, in both languages."""

from __future__ import annotations

import os
import subprocess
import venv
from pathlib import Path

import pytest
from doc_blocks import ROOT, Block, blocks, why_not

FILES = {"python", "toml", "csv"}
PAGES = ["tutorial/first-connector", "how-to/rest-connector"]


def executed(page: str, language: str) -> list[Block]:
    found = blocks(ROOT / "docs" / f"{page}.{language}.md")
    return [each for each in found if not why_not(each)]


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


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_every_block_of_the_page_does_what_it_says(page: str, tmp_path: Path, environment: dict[str, str]) -> None:
    said = []
    for block in executed(page, "en"):
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
    if page == "how-to/rest-connector":
        assert "0 broken, 0 not judged" in said[1]
        return
    assert "not yet" in said[1]
    assert "0 broken, 0 not judged" in said[2]
    assert "day.zone" in said[3]
    assert "1 broken" in said[3]
    assert "caught" in said[3]
    assert "raccord-cafe" in said[4]
