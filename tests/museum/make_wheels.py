"""Freezes the connectors of this release: their wheels, and what their twins become through this release's core.

Run from the root of the repository: ``python tests/museum/make_wheels.py``. It refuses to replace a release unless
given ``--again``, and does not keep wheels that come out otherwise a second time. See README.md.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
RELEASES = HERE / "wheels"
DRAFTS = "drafts.json.gz"


def build(target: Path) -> None:
    for folder in sorted(path.parent for path in ROOT.glob("plugins/*/pyproject.toml")):
        subprocess.run(
            [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(target), str(folder)],
            check=True,
            capture_output=True,
        )


def install(release: Path, target: Path) -> None:
    """Install a release's wheels into a folder of their own, from these files alone."""
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--no-compile",
         "--disable-pip-version-check", "--target", str(target), *map(str, sorted(release.glob("*.whl")))],
        check=True,
    )  # fmt: skip


def through_core(installed: Path, *arguments: str) -> dict[str, Any]:
    """Return what the installed connectors make of their twins through today's core, in a process of their own."""
    run = subprocess.run(
        [sys.executable, str(HERE / "through_core.py"), str(installed), *arguments],
        env={**os.environ, "PYTHONPATH": str(installed), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        raise AssertionError(run.stderr)
    told: dict[str, Any] = json.loads(run.stdout)
    return told


def main(again: bool) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    release = RELEASES / version
    if release.exists() and not again:
        raise SystemExit(f"{release} is there already; a release is frozen once")
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        build(Path(first))
        build(Path(second))
        for wheel in Path(first).glob("*.whl"):
            if wheel.read_bytes() != (Path(second) / wheel.name).read_bytes():
                raise SystemExit(f"{wheel.name} comes out otherwise a second time")
        shutil.rmtree(release, ignore_errors=True)
        shutil.copytree(first, release)
    with tempfile.TemporaryDirectory() as folder:
        install(release, Path(folder))
        connectors = through_core(Path(folder))["connectors"]
    written = json.dumps(connectors, ensure_ascii=False, sort_keys=True).encode()
    (release / DRAFTS).write_bytes(gzip.compress(written, mtime=0))
    for piece in sorted(release.iterdir()):
        sys.stdout.write(f"{piece.relative_to(ROOT)}  {piece.stat().st_size / 1024:.0f} KiB\n")


if __name__ == "__main__":
    main("--again" in sys.argv)
