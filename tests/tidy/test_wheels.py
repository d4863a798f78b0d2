"""What the wheels hold: our names only, and everything that the sources hold."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

LAYERS = {"raccord", "raccord_web", "raccord_sandbox", "raccord_migrations"}


@pytest.fixture(scope="module")
def wheels(root: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[Path, set[str]]:
    """The files in the wheel of each distribution, by the distribution's folder."""
    found = {}
    for folder in [root, *sorted(path.parent for path in root.glob("plugins/*/pyproject.toml"))]:
        target = tmp_path_factory.mktemp("wheel")
        subprocess.run(
            [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(target), str(folder)],
            check=True,
            capture_output=True,
        )
        with zipfile.ZipFile(next(target.glob("*.whl"))) as wheel:
            found[folder] = set(wheel.namelist())
    return found


def test_no_wheel_brings_a_name_that_could_be_anybodys(wheels: dict[Path, set[str]], root: Path) -> None:
    for folder, files in wheels.items():
        tops = {file.partition("/")[0] for file in files}
        packages = {top for top in tops if not top.endswith(".dist-info")}
        assert packages == (LAYERS if folder == root else {f"raccord_{folder.name}"})


def test_every_file_of_a_package_is_in_its_wheel(wheels: dict[Path, set[str]], root: Path) -> None:
    """Templates, texts, samples and migrations too, not only Python."""
    for folder, files in wheels.items():
        layers = ("core", "web", "sandbox", "migrations") if folder == root else ("src",)
        there = {
            str(path.relative_to(folder / layer))
            for layer in layers
            for path in (folder / layer).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }
        assert there - files == set()


def test_a_connector_is_found_by_its_entry_point_and_named_for_its_folder(root: Path) -> None:
    for path in root.glob("plugins/*/pyproject.toml"):
        project = tomllib.loads(path.read_text(encoding="utf-8"))["project"]
        name = path.parent.name
        assert project["name"] == f"raccord-{name}"
        assert project["entry-points"]["raccord"] == {name: f"raccord_{name}"}
