"""``raccord new``: what it writes conforms as it stands, installs offline, and is short."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import venv
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from raccord.bench import SourceKind, look, trials_for
from raccord.cli import run
from raccord.cli.terminal.exits import Exit
from raccord.plugin.testing import check_connector

OWN_LINES_MAX = 120
KINDS = ("csv", "rest", "table", "streams")
FOUR = "customers,invoices,payments,refunds"


def of_kind(kind: str) -> list[str]:
    return ["--streams", FOUR, "--port", "8801"] if kind == "streams" else ["--kind", kind]


@pytest.fixture
def loaded() -> Iterator[Callable[[Path, str], ModuleType]]:
    """Return what imports a package from a folder for the time of a test."""
    names: list[str] = []

    def load(source: Path, name: str) -> ModuleType:
        names.append(name)
        spec = importlib.util.spec_from_file_location(
            name, source / name / "__init__.py", submodule_search_locations=[str(source / name)]
        )
        assert spec is not None
        assert spec.loader is not None
        module = sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    yield load
    for each in [each for each in sys.modules if each.partition(".")[0] in names]:
        del sys.modules[each]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.every(2)
def test_a_new_connector_keeps_every_rule_in_few_lines(
    tmp_path: Path, kind: str, loaded: Callable[[Path, str], ModuleType], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["new", "acme-till", *of_kind(kind), "--folder", str(tmp_path), "--lang", "en"]) == Exit.OK
    assert f"pip install -e {tmp_path / 'acme-till'} && raccord check acme-till" in capsys.readouterr().out
    source = tmp_path / "acme-till" / "src"
    package = source / "raccord_acme_till"
    report = check_connector(loaded(source, package.name))
    assert report.broken() == {}
    assert (report.passed, report.proposed) == (True, [])
    own = [path.read_text() for path in package.rglob("*.py") if path.name not in ("sandbox.py", "expected.py")]
    lines = sum(bool(line.strip()) for text in own for line in text.splitlines())
    assert lines <= OWN_LINES_MAX
    kinds = (SourceKind.TWIN,) if kind in ("rest", "streams") else (SourceKind.TWIN, SourceKind.SAMPLES)
    for each in kinds:
        module = sys.modules[package.name]
        found = look(module, module.describe(), trials_for(module, each)[0])
        assert (found.error, found.balanced, [one.key for one in found.identity.merged]) == ("", True, [])
        assert found.ledger
    assert {"terms.toml", "settings.py", "sandbox.py", "samples"} <= {path.name for path in package.iterdir()}


def test_nothing_is_written_over_and_a_bad_name_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["new", "acme", "--folder", str(tmp_path), "--json"]) == Exit.OK
    told = json.loads(capsys.readouterr().out)
    assert "pyproject.toml" in told["files"]
    (tmp_path / "acme" / "README.md").write_text("mine")
    assert run(["new", "acme", "--folder", str(tmp_path)]) == Exit.FAILED
    assert "new.exists" in capsys.readouterr().err
    assert (tmp_path / "acme" / "README.md").read_text() == "mine"
    for name in ("Acme", "1a", "core", "a_b", "a", "x" * 41):
        assert run(["new", name, "--folder", str(tmp_path)]) == Exit.FAILED
        assert "new.name" in capsys.readouterr().err
    for streams in ("payments", "customers,refunds", "customers,invoices,tips"):
        assert run(["new", "other", "--streams", streams, "--folder", str(tmp_path)]) == Exit.FAILED
        assert "new.streams" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["acme"]


@pytest.mark.parametrize("left", ["", ",payments", ",refunds"])
def test_the_streams_that_a_source_has_are_enough(
    tmp_path: Path, left: str, loaded: Callable[[Path, str], ModuleType]
) -> None:
    assert run(["new", "few", "--streams", "invoices,customers" + left, "--folder", str(tmp_path)]) == Exit.OK
    report = check_connector(loaded(tmp_path / "few" / "src", "raccord_few"))
    assert (report.broken(), report.passed, report.proposed) == ({}, True, [])
    samples = {path.name for path in (tmp_path / "few" / "src" / "raccord_few" / "samples").iterdir()}
    assert ("payments.json" in samples, "refunds-news.json" in samples) == ("payments" in left, "refunds" in left)


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.at_length
def test_pip_installs_new_connectors_offline_and_they_are_green(tmp_path: Path) -> None:
    """An environment that sees this one's packages, and no index: pip, the check, its own test and mypy."""
    home = tmp_path / "venv"
    venv.create(home)
    (place,) = (home / "lib").glob("python*/site-packages")
    (here,) = {str(Path(pytest.__file__).parents[1])}
    (place / "ours.pth").write_text(f"import site; site.addsitedir({here!r})\n")

    def python(*arguments: str, folder: Path = tmp_path) -> str:
        done = subprocess.run(
            [str(home / "bin" / "python"), *arguments],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=110,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    command = ("-c", "from raccord.cli import main; main()")
    names = [f"acme-{kind}" for kind in KINDS]
    for kind, name in zip(KINDS, names, strict=True):
        python(*command, "new", name, *of_kind(kind))
    # One call for all of them: they share no file, and to start pip and have mypy read us takes longest.
    python("-m", "pip", "--isolated", "install", "--no-index", *(part for name in names for part in ("-e", name)))
    for name in names:
        assert "0 broken, 0 not judged" in python(*command, "check", name, "--lang", "en")
        own = tmp_path / name
        assert "1 passed" in python("-m", "pytest", "-q", "-p", "no:cacheprovider", folder=own)
        kept = ("--cache-dir", str(tmp_path / "known"))
        assert "Success" in python("-m", "mypy", "--strict", *kept, "src", "tests", folder=own)
    folders = [f"./{name}" for name in names]
    python("-m", "pip", "--isolated", "wheel", "--no-index", "--no-deps", "-w", "wheels", *folders)
    made = {path.name for path in (tmp_path / "wheels").iterdir()}
    assert made == {f"raccord_acme_{kind}-0.1.0-py3-none-any.whl" for kind in KINDS}
