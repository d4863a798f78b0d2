"""The tutorial that builds a connector, every block of it executed in a folder of its own, in both languages."""

from __future__ import annotations

import os
import re
import subprocess
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILES = {"python", "toml", "csv"}


def blocks(language: str) -> list[tuple[str, str]]:
    text = (ROOT / "docs" / "tutorial" / f"first-connector.{language}.md").read_text(encoding="utf-8")
    return FENCE.findall(text)


def test_both_languages_have_the_same_blocks() -> None:
    assert blocks("fr") == blocks("en")
    assert {kind for kind, _ in blocks("en")} == {"sh", *FILES}


@pytest.mark.slow
def test_every_block_of_the_tutorial_does_what_it_says(tmp_path: Path) -> None:
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
    env |= {"PATH": f"{home / 'bin'}:{env['PATH']}", "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull,
            "RACCORD_DATA_DIR": str(tmp_path / "data"), "COLUMNS": "200", "RACCORD_LANG": "en"}  # fmt: skip
    said = []
    for kind, content in blocks("en"):
        if kind in FILES:
            # The first line names the file.
            path, _, text = content.partition("\n")
            (tmp_path / path.removeprefix("# ")).write_text(text, encoding="utf-8")
            continue
        done = subprocess.run(
            ["sh", "-e", "-c", content], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=100, check=False
        )
        assert done.returncode == 0, content + done.stdout + done.stderr
        said.append(done.stdout)
    assert "not yet" in said[1]
    assert "0 broken, 0 not judged" in said[2]
    assert "day.zone" in said[3]
    assert "1 broken" in said[3]
    assert "caught" in said[3]
    assert "raccord-cafe" in said[4]
