"""One bad plugin for each rule of admission, all really installed beside a good one; the host must start and tell."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from raccord.catalog import load_catalog
from raccord.quarantine import Rule

GOOD = """
    from datetime import date
    from raccord.plugin import *

    @hookimpl
    def describe() -> ConnectorInfo:
        words = Text("Bonne source", "Good source")
        return ConnectorInfo(
            name="{name}", label=words, summary=words, version="1",
            streams=[StreamInfo("sales", Text("Ventes", "Sales"))],
        )

    @hookimpl
    def fetch_records(context: FetchContext, stream: str, cursor: str | None) -> Page:
        return Page([Record(stream, "1", date(2026, 1, 2), {{"id": "1"}}, Money.of("12.30", "CAD"))], "1", False)

    @hookimpl
    def map_record(context, record):
        return Skipped("nothing", Text("Rien à écrire", "Nothing to post"))
"""

EXTENSION = """
    from raccord.plugin import hookimpl

    @hookimpl
    def resolve_account(context, need):
        return None
"""


def good(name: str, *changes: tuple[str, str]) -> str:
    source = GOOD.format(name=name)
    for old, new in changes:
        assert old in source
        source = source.replace(old, new)
    return source


UNTITLED = (
    "@hookimpl\n    def describe",
    """from pydantic import BaseModel, Field

    class Choices(BaseModel):
        merchant: str = Field(title="Merchant number")

    @hookimpl
    def describe""",
)

ONE_STREAM = 'StreamInfo("sales", Text("Ventes", "Sales"))'

BANK = """roles=[RoleInfo("bank", words, Accepts.BANK, same_as="nowhere")], version="1\""""

WRAPPER = """def map_record(context, record):
        return None

    @hookimpl(wrapper=True)
    def on_conflict(context, conflict):
        return (yield)

    def unused"""

SABOTEURS: dict[str, tuple[str, str]] = {
    "import-error": ("plugin.import_failed", "from raccord.plugin import does_not_exist"),
    "own-module-missing": ("plugin.import_failed", "import raccord_own_module_missing.nothing"),
    "syntax-error": ("plugin.syntax_error", "def describe(:\n    pass"),
    "exits-at-import": ("plugin.exits_at_import", "import sys\nsys.exit(0)"),
    "raises-at-import": ("plugin.import_failed", "raise GeneratorExit('gone')"),
    "unprintable-error": (
        "plugin.import_failed",
        "class Trap(Exception):\n    def __str__(self):\n        raise SystemExit\nraise Trap",
    ),
    "missing-import": ("plugin.dependency_missing", "import a_module_that_nobody_has"),
    "missing-distribution": ("plugin.dependency_missing", good("missing-distribution")),
    "dependency-too-old": ("plugin.dependency_version", good("dependency-too-old")),
    "misspelt-hook": (
        "plugin.hook_unknown",
        good("misspelt-hook", ("def fetch_records(", "def fetch_record(")),
    ),
    "wrong-argument": (
        "plugin.hook_arguments",
        good("wrong-argument", ("(context, record)", "(context, recrod)")),
    ),
    "star-arguments": ("plugin.hook_arguments", good("star-arguments", ("(context, record)", "(*args)"))),
    "default-argument": (
        "plugin.hook_defaults",
        good("default-argument", ("(context, record)", "(context, record=None)")),
    ),
    "wrong-return-type": ("plugin.hook_types", good("wrong-return-type", (") -> Page:", ") -> list[Record]:"))),
    "wrong-argument-type": ("plugin.hook_types", good("wrong-argument-type", ("stream: str", "stream: int"))),
    "wrong-context": ("plugin.hook_types", good("wrong-context", ("FetchContext", "MapContext"))),
    "generator": ("plugin.hook_not_plain", good("generator", ("return Page(", "yield Page("), (" -> Page", ""))),
    "coroutine": ("plugin.hook_not_plain", good("coroutine", ("def map_record", "async def map_record"))),
    "wrapper": (
        "plugin.hook_not_plain",
        good("wrapper", ("def map_record", WRAPPER)),
    ),
    "not-hashable": (
        "plugin.not_hashable",
        "class Kind:\n    __hash__ = None\nplugin = Kind()",
    ),
    "no-describe": ("plugin.hook_missing", good("no-describe", ("@hookimpl\n    def describe", "def describe"))),
    "no-fetch": ("plugin.hook_missing", good("no-fetch", ("@hookimpl\n    def fetch_records", "def fetch_records"))),
    "raising-describe": (
        "plugin.describe_failed",
        good("raising-describe", ("words = Text", "raise SystemExit('secret plan')\n        words = Text")),
    ),
    "dict-from-describe": (
        "plugin.describe_wrong",
        good("dict-from-describe", ("return ConnectorInfo(", "return dict("), (" -> ConnectorInfo", "")),
    ),
    "wrong-field-type": (
        "plugin.describe_wrong",
        good("wrong-field-type", (ONE_STREAM, '"sales"')),
    ),
    "wrong-api-version": (
        "plugin.api_version",
        good("wrong-api-version", ('version="1"', 'version="1", api_version=99')),
    ),
    "another-name": ("plugin.name_differs", good("yet-another-name")),
    "Not_A_Slug": ("plugin.name_not_allowed", good("Not_A_Slug")),
    "core": ("plugin.name_not_allowed", good("core")),
    "no-streams": (
        "plugin.info_wrong",
        good("no-streams", ('[StreamInfo("sales", Text("Ventes", "Sales"))]', "[]")),
    ),
    "role-to-nowhere": (
        "plugin.info_wrong",
        good(
            "role-to-nowhere",
            ('version="1"', BANK),
            ("import *", "import *\n    from raccord.plugin.drafts import Accepts"),
        ),
    ),
    "untitled-setting": (
        "plugin.info_wrong",
        good("untitled-setting", ('version="1"', 'version="1", settings=Choices'), UNTITLED),
    ),
    "wrong-host": (
        "plugin.info_wrong",
        good("wrong-host", ('version="1"', 'version="1", hosts=["https://api.example.com/"]')),
    ),
}  # fmt: skip

REQUIRES = {"missing-distribution": "a-distribution-that-nobody-has>=3", "dependency-too-old": "pluggy>=99"}
POINTS = {"not-hashable": "raccord_not_hashable:plugin"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory into which pip installed every saboteur, a thief of names, a good plugin and an extension."""
    wheels = tmp_path_factory.mktemp("wheels")
    for name, (_, source) in SABOTEURS.items():
        _wheel(wheels, f"saboteur-{name}", name, source, requires=REQUIRES.get(name), point=POINTS.get(name))
    _wheel(wheels, "raccord-goodsource", "goodsource", good("goodsource"))
    _wheel(wheels, "a-thief", "goodsource", good("goodsource"), module="a_thief")
    _wheel(wheels, "twin-one", "twins", good("twins"), module="twin_one")
    _wheel(wheels, "twin-two", "twins", good("twins"), module="twin_two")
    _wheel(wheels, "company-rules", "company-rules", EXTENSION)
    _wheel(
        wheels,
        "chatterbox",
        "chatterbox",
        good("chatterbox", ("words =", "print('chatter')\n        words =")),
    )
    target = tmp_path_factory.mktemp("site")
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-compile",
         "--disable-pip-version-check", "--target", str(target), *map(str, sorted(wheels.glob("*.whl")))],
        check=True, capture_output=True,
    )  # fmt: skip
    return target


@pytest.fixture(scope="module")
def told(site: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What ``raccord plugins --json`` says with all of them installed."""
    done = _host(site, tmp_path_factory.mktemp("data"), "plugins", "--json")
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.mark.parametrize("name", SABOTEURS)
def test_each_saboteur_is_quarantined_with_its_reason_in_both_languages(told: dict[str, Any], name: str) -> None:
    found = [one for one in told["quarantined"] if one["name"] == name]

    assert [one["code"] for one in found] == [SABOTEURS[name][0]]
    assert found[0]["distribution"] == f"saboteur-{name}"
    assert found[0]["version"] == "1.0"
    assert found[0]["reason"]["fr"] != found[0]["reason"]["en"]
    assert found[0]["fix"]["fr"] != found[0]["fix"]["en"]
    assert "{" not in found[0]["reason"]["fr"] + found[0]["reason"]["en"]


def test_the_reason_says_which_hook_and_what_was_meant(told: dict[str, Any]) -> None:
    reasons = {one["name"]: one["reason"]["en"] for one in told["quarantined"]}

    assert reasons["misspelt-hook"] == "There is no hook called fetch_record. The nearest: fetch_records."
    assert "recrod" in reasons["wrong-argument"]
    assert "context, record" in reasons["wrong-argument"]
    assert "a_module_that_nobody_has" in reasons["missing-import"]
    assert "a-distribution-that-nobody-has>=3" in reasons["missing-distribution"]
    assert "list[Record] for return, instead of Page | None" in reasons["wrong-return-type"].replace("records.", "")


def test_only_the_rightful_distribution_keeps_a_name_that_others_claim(told: dict[str, Any]) -> None:
    taken = {one["distribution"]: one for one in told["quarantined"] if one["code"] == "plugin.name_taken"}

    assert sorted(taken) == ["a-thief", "twin-one", "twin-two"]
    assert "raccord-goodsource 1.0" in taken["a-thief"]["reason"]["fr"]
    assert [one["distribution"] for one in told["connectors"] if one["name"] == "goodsource"] == ["raccord-goodsource"]


def test_unreadable_metadata_hides_no_other_distribution(site: Path, tmp_path: Path) -> None:
    # In this process: with such a distribution on the path, a new one fails where pydantic looks for its own plugins.
    garbage = tmp_path / "garbage-1.0.dist-info"
    garbage.mkdir()
    (garbage / "METADATA").write_text("Metadata-Version: 2.1\nName: garbage\nVersion: 1.0\n")
    (garbage / "entry_points.txt").write_text("[raccord]\nthis is not a definition\n")
    (tmp_path / "whole-1.0.dist-info").mkdir()
    (tmp_path / "whole-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: whole\nVersion: 1.0\n")
    (tmp_path / "whole-1.0.dist-info" / "entry_points.txt").write_text("[raccord]\nwhole = a_module_never_written\n")

    catalog = load_catalog([str(tmp_path)])

    assert {(one.name, one.code) for one in catalog.quarantined} == {
        ("garbage-1.0.dist-info", Rule.METADATA_BROKEN),
        ("whole", Rule.IMPORT_FAILED),
    }


def test_what_a_plugin_prints_does_not_reach_the_answer(told: dict[str, Any]) -> None:
    assert "chatterbox" in [one["name"] for one in told["connectors"]]


def test_an_extension_is_listed_apart_from_the_connectors(told: dict[str, Any]) -> None:
    assert "company-rules" in [one["name"] for one in told["extensions"]]
    assert "company-rules" not in [one["name"] for one in told["connectors"]]


def test_the_good_plugin_works_beside_all_of_them(site: Path) -> None:
    program = """
    from raccord.catalog import load_catalog
    from raccord.scope import Scope
    scope = Scope(load_catalog().admitted["goodsource"])
    page = scope.fetch(None, "sales", None)
    print(page.records[0].amount, scope.map(None, page.records[0]).code)
    """
    done = _python(site, "-c", dedent(program))

    assert done.stdout == "12.30 CAD nothing\n", done.stderr


@pytest.mark.parametrize(("language", "word"), [("fr", "Écartés"), ("en", "Quarantined")])
def test_a_person_sees_the_reasons_in_a_table(site: Path, tmp_path: Path, language: str, word: str) -> None:
    done = _host(site, tmp_path, "plugins", "--lang", language, COLUMNS="200")

    assert done.returncode == 0, done.stderr
    assert word in done.stdout
    assert "goodsource" in done.stdout
    for code in {code for code, _ in SABOTEURS.values()}:
        assert code in done.stdout.replace("\n", "")


def _host(site: Path, data_dir: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    program = "from raccord.cli import main; main()"
    return _python(site, "-c", program, *arguments, RACCORD_DATA_DIR=str(data_dir), **environ)


def _python(site: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    env = os.environ | {"PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1"} | environ
    return subprocess.run(
        [sys.executable, *arguments], env=env, capture_output=True, text=True, timeout=60, check=False
    )


def _wheel(
    folder: Path,
    distribution: str,
    name: str,
    source: str,
    *,
    requires: str | None = None,
    point: str | None = None,
    module: str | None = None,
) -> None:
    """Write the smallest wheel that pip installs."""
    module = module or f"raccord_{name.replace('-', '_').lower()}"
    stem = f"{distribution.replace('-', '_')}-1.0"
    info = f"{stem}.dist-info"
    files = {
        f"{module}.py": dedent(source),
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n"
        + (f"Requires-Dist: {requires}\n" if requires else ""),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[raccord]\n{name} = {point or module}\n",
    }
    record = "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(folder / f"{stem}-py3-none-any.whl", "w") as wheel:
        for path, text in (files | {f"{info}/RECORD": record}).items():
            wheel.writestr(path, text)
