"""A hundred installed plugins, fourteen of them broken in as many ways: they are told, and none costs another."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

PLUGINS = 100
GOOD = """
    from datetime import date
    from pydantic import BaseModel, Field
    from raccord.plugin import *
    from raccord.plugin.drafts import Accepts

    class Settings(BaseModel):
        account: str = Field(title="Account", json_schema_extra={"fr": "Compte"})

    @hookimpl
    def describe() -> ConnectorInfo:
        words = Text("Bonne source", "Good source")
        return ConnectorInfo(
            name="NAME", label=words, summary=words, version="1", settings=Settings, identity_setting="account",
            streams=[StreamInfo("sales", words), StreamInfo("deposits", words)],
            roles=[RoleInfo("bank", words, Accepts.BANK), RoleInfo("fees", words, Accepts.EXPENSE)],
        )

    @hookimpl
    def fetch_records(context: FetchContext, stream: str, cursor: str | None) -> Page:
        return Page((), cursor, False)

    @hookimpl
    def map_record(context: MapContext, record: Record) -> Mapped | Skipped | None:
        return Skipped("nothing", Text("Rien à écrire", "Nothing to post"))
"""
BROKEN: dict[str, tuple[str, str, str]] = {
    "import-error": ("plugin.import_failed", "from raccord.plugin import *", "from raccord.plugin import nothing"),
    "syntax-error": ("plugin.syntax_error", "def describe()", "def describe(:"),
    "exits": ("plugin.exits_at_import", "class Settings", "raise SystemExit(0)\n\n    class Settings"),
    "raises": ("plugin.import_failed", "class Settings", "raise GeneratorExit\n\n    class Settings"),
    "no-dependency": ("plugin.dependency_missing", "from datetime", "import a_missing_module\n    from datetime"),
    "misspelt-hook": ("plugin.hook_unknown", "def fetch_records", "def fetch_record"),
    "wrong-argument": ("plugin.hook_arguments", "record: Record)", "recrod: Record)"),
    "default": ("plugin.hook_defaults", "record: Record)", "record: Record = None)"),
    "wrong-type": ("plugin.hook_types", "-> Page:", "-> list[Page]:"),
    "coroutine": ("plugin.hook_not_plain", "def map_record", "async def map_record"),
    "no-manifest": ("plugin.hook_missing", "@hookimpl\n    def describe", "def describe"),
    "raising-describe": ("plugin.describe_failed", "words = Text(", "raise MemoryError\n        words = Text("),
    "wrong-version": ("plugin.api_version", 'version="1"', 'version="1", api_version=99'),
    "untitled-setting": ("plugin.info_wrong", 'title="Account", ', ""),
}  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hundred")
    lay(folder, [*BROKEN, *(f"good-{number}" for number in range(PLUGINS - len(BROKEN)))])
    return folder


def lay(folder: Path, names: list[str]) -> None:
    """Lay plugins into a folder, as pip leaves them there."""
    for name in names:
        text = dedent(GOOD).replace("NAME", name)
        if name in BROKEN:
            _, old, new = (dedent(part) for part in BROKEN[name])
            old, new = (part.replace("\n    ", "\n") for part in (old, new))
            assert old in text, name
            text = text.replace(old, new)
        module = f"hundred_{name.replace('-', '_')}"
        (folder / f"{module}.py").write_text(text, encoding="utf-8")
        info = folder / f"{module}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\nRequires-Dist: raccord\n")
        (info / "entry_points.txt").write_text(f"[raccord]\n{name} = {module}\n")


def python(site: Path, *arguments: str) -> str:
    env = os.environ | {"PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "", "RACCORD_DATA_DIR": str(site / "data")}
    done = subprocess.run(
        [sys.executable, *arguments], env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_all_are_told_and_the_broken_ones_with_their_reasons(site: Path) -> None:
    told = json.loads(python(site, "-c", "from raccord.cli import main; main()", "plugins", "--json"))
    broken = {one["name"]: one["code"] for one in told["quarantined"]}
    assert broken == {name: code for name, (code, _, _) in BROKEN.items()}
    good = [one["name"] for one in told["connectors"] if one["name"].startswith("good-")]
    assert len(good) + len(broken) == PLUGINS


def test_help_imports_none_of_them(site: Path) -> None:
    program = """
    import sys
    from raccord.cli import run
    run(["--help"])
    print([name for name in sys.modules if name.startswith("hundred_")])
    """
    assert python(site, "-c", dedent(program)).endswith("[]\n")


def test_twice_as_many_are_twice_the_work(tmp_path: Path) -> None:
    few, many = tmp_path / "few", tmp_path / "many"
    for folder, count in ((few, 12), (many, 24)):
        folder.mkdir()
        lay(folder, [f"{folder.name}-{number}" for number in range(count)])
    program = """
    import sys
    from raccord.catalog import load_catalog
    for folder in sys.argv[1:]:
        sys.path.append(folder)
        calls = 0
        def count(frame, event, argument):
            global calls
            calls += event == "call"
        sys.setprofile(count)
        found = load_catalog([folder])
        sys.setprofile(None)
        print(calls, len(found.admitted))
    """
    lines = python(tmp_path, "-c", dedent(program), str(few), str(many)).splitlines()
    (work, less), (twice, more) = (map(int, line.split()) for line in lines)
    assert (less, more) == (12, 24)
    assert 0 < work < twice < 2 * work + 1000
