"""Every block of the documentation has a kind, and each kind a check that holds it against the code."""

from __future__ import annotations

import ast
import csv
import importlib
import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from configparser import ConfigParser
from inspect import cleandoc
from pathlib import Path
from types import ModuleType
from urllib.parse import parse_qs, urlsplit

import pytest
from doc_blocks import EXECUTED_APART, EXECUTED_BY, NOT_EXECUTED, ROOT, Block, all_blocks, why_not
from packaging.requirements import Requirement

import raccord.plugin
from raccord.admission import check_name, examine_hooks
from raccord.alarms import incidents
from raccord.plugin.terms import TermTable
from raccord.settings import PREFIX, Settings, load

BLOCKS = all_blocks()
GENERATED = {"docs/reference/commands", "docs/reference/hooks", "docs/reference/sources"}
"""Pages that are written from the code, held against it whole by test_docs.py."""


def of_kind(*kinds: str) -> list[Block]:
    return [block for block in BLOCKS if block.kind in kinds and block.page not in GENERATED]


def test_every_block_is_of_a_kind_that_is_executed_or_checked() -> None:
    strange = [
        f"{each.place}: {each.kind!r}" for each in BLOCKS if each.page not in GENERATED and each.kind not in CHECKS
    ]

    assert strange == [], "name the kind after the fence, and give a new kind its check here"
    assert len(BLOCKS) > 400


def test_every_block_of_commands_or_code_is_executed_or_listed_with_the_reason() -> None:
    wanted = of_kind("sh", "bash", "python", "csv", "toml")
    left = [block.place for block in wanted if block.page not in EXECUTED_BY and not why_not(block)]
    first = {(block.page, block.commands[0]) for block in wanted if block.commands}
    gone = [
        each
        for each in (*NOT_EXECUTED, *EXECUTED_APART)
        if not any(page == each[0] and line.startswith(each[1]) for page, line in first)
    ]

    assert left == [], "execute them (tests/support/doc_blocks.py), or say there why that cannot be"
    assert gone == [], "remove what is no longer there"
    assert all(len(reason) > 20 for reason in NOT_EXECUTED.values())
    # What a reason names is there and does it.
    for script, does in ((".ci/try-wheels", '"$raccord" demo --once'), (".ci/run", "make test-merge")):
        assert any(script in reason for reason in NOT_EXECUTED.values())
        assert does in (ROOT / script).read_text(encoding="utf-8")
    for named in (*EXECUTED_BY.values(), *EXECUTED_APART.values()):
        path, _, function = named.partition("::")
        assert f"def {function}(" in (ROOT / path).read_text(encoding="utf-8"), named


def shell(blocks: list[Block]) -> None:
    """One process reads them all; each is a function of its own, so that a fence left open is told by its place."""
    text = "".join(f"block_{place}() {{\n:\n{block.text}\n}}\n" for place, block in enumerate(blocks))
    done = subprocess.run(["bash", "-n"], input=text, capture_output=True, text=True, check=False)
    assert done.stderr == ""


def python(blocks: list[Block]) -> None:
    """Code compiles, and what it imports of ours is there."""
    for block in blocks:
        for node in ast.walk(ast.parse(block.text, block.place)):
            if isinstance(node, ast.ImportFrom) and str(node.module).startswith("raccord"):
                if re.match(r"raccord_(counter|cafe)", str(node.module)):
                    continue
                module = importlib.import_module(str(node.module))
                assert [each.name for each in node.names if not hasattr(module, each.name)] == [], block.place
        # What a page's own connector is made of is executed there, where that connector is.
        if "@hookimpl" in block.text and not re.search(r"from raccord_(counter|cafe)", block.text):
            own = ModuleType("own")
            own.__dict__.update(vars(raccord.plugin))
            exec(compile(block.text, block.place, "exec"), own.__dict__)  # noqa: S102 - our own page
            assert examine_hooks("own", own), block.place


def toml(blocks: list[Block]) -> None:
    """Terms are read by what reads a connector's, a distribution's table by what looks for plugins."""
    for block in blocks:
        read = tomllib.loads(block.text)
        if "term" in read:
            assert len(TermTable.from_toml(block.text).terms) == len(read["term"])
        else:
            project = read["project"]
            for name, module in project["entry-points"]["raccord"].items():
                check_name(name)
                assert re.fullmatch(r"[a-z_]+", module)
            assert [Requirement(each).name for each in project["dependencies"]] == ["raccord"]


def tables(blocks: list[Block]) -> None:
    for block in blocks:
        rows = [*csv.reader(block.text.splitlines()[1:])]
        assert {len(row) for row in rows} == {len(rows[0])}, block.place


def units(blocks: list[Block]) -> None:
    """A unit of systemd names settings that there are, and commands that parse elsewhere."""
    for block in blocks:
        unit = ConfigParser(strict=True)
        unit.optionxform = str  # type: ignore[assignment,method-assign]  # names as they are
        unit.read_string(block.text)
        assert {"Unit", "Service", "Install"} == set(unit.sections())
        named = re.findall(rf"^Environment={PREFIX}(\w+)=", block.text, re.MULTILINE)
        assert [name for name in named if name.lower() not in Settings.model_fields] == []
        assert unit["Service"]["ExecStart"].endswith(" serve")


def environments(blocks: list[Block]) -> None:
    """Settings are read by what reads them."""
    for block in blocks:
        given = dict(line.split("=", 1) for line in block.text.splitlines())
        assert [name for name in given if name.removeprefix(PREFIX).lower() not in Settings.model_fields] == []
        load(given, data_dir=block_folder())


def log_lines(blocks: list[Block]) -> None:
    """A line of the log has the fields that are written."""
    for block in blocks:
        word, _, written = block.text.strip().partition(" ")
        source = cleandoc(Path(str(incidents.__file__)).read_text(encoding="utf-8"))
        assert f'"{word} %s"' in source
        assert [name for name in json.loads(written) if f'"{name}"' not in source] == [], block.place


def requests(blocks: list[Block]) -> None:
    """A request goes to a route of the API, with parameters that it takes."""
    routes = json.loads((ROOT / "docs" / "reference" / "openapi.json").read_text(encoding="utf-8"))["paths"]
    for block in blocks:
        method, _, target = block.text.splitlines()[0].partition(" ")
        asked = urlsplit(target)
        path = next(route for route in (asked.path, asked.path.removeprefix("/api/v1")) if route in routes)
        takes = {each["name"] for each in routes[path][method.lower()].get("parameters", [])}
        assert set(parse_qs(asked.query)) <= takes, block.place


def bodies(blocks: list[Block]) -> None:
    """A body is taken by a schema of the API whose name stands on its page beside it."""
    schemas = json.loads((ROOT / "docs" / "reference" / "openapi.json").read_text(encoding="utf-8"))["components"][
        "schemas"
    ]
    for block in blocks:
        body = json.loads(block.text)
        fits = [name for name, each in schemas.items() if set(body) and set(body) <= set(each.get("properties", {}))]
        assert fits, block.place


def drawings(blocks: list[Block]) -> None:
    """Nothing in them is a command: that would be a block of another kind."""
    for block in blocks:
        assert not re.search(r"^(raccord [a-z]+|make|pip|sudo) ", block.text, re.MULTILINE), block.place


CHECKS: dict[str, Callable[[list[Block]], None]] = {
    "sh": shell, "bash": shell, "python": python, "toml": toml, "csv": tables, "ini": units, "env": environments,
    "log": log_lines, "http": requests, "json": bodies, "text": drawings,
}  # fmt: skip
"""By kind, what every block of it goes through in the quick run; EXECUTED_BY tells what executes them besides."""
_FOLDER: list[Path] = []


def block_folder() -> Path:
    return _FOLDER[-1]


@pytest.mark.parametrize("kind", CHECKS)
def test_the_blocks_of_a_kind_hold_against_the_code(kind: str, tmp_path: Path) -> None:
    _FOLDER.append(tmp_path)
    CHECKS[kind](of_kind(kind))


def test_every_public_name_that_a_connector_may_import_is_on_a_page() -> None:
    told = "".join(
        (ROOT / "docs" / "reference" / name).read_text(encoding="utf-8") for name in ("hooks.md", "sources.md")
    )
    names = {
        f"{module}.{name}"
        for module in ("", ".drafts", ".documents", ".sources", ".contract", ".testing", ".demo")
        for name in getattr(importlib.import_module(f"raccord.plugin{module}"), "__all__", ())
    }
    missing = sorted(each for each in names if not re.search(rf"`{each.rpartition('.')[2]}[`:( =]", told))

    assert missing == []
    assert len(names) > 150


IN_FRENCH = {
    "Personal expense": "Dépense personnelle", "Bank charges": "Frais bancaires", "Meals=40.25": "Repas=40,25",
    "A receipt that came late": "Un reçu arrivé en retard",
    "Travel": "Voyages", "Savings": "Épargne", "Contributions": "Apports", "Chequing": "Compte chèques",
    "in QuickBooks already": "déjà dans QuickBooks", "entered twice at the till": "saisi deux fois à la caisse",
    "RACCORD_LANG=en": "RACCORD_LANG=fr",
}  # fmt: skip
"""What is a person's own word in a command, or the language it is asked in: the French page has it in French."""
LANGUAGES_OF = {(block.page, block.number, block.language): block for block in BLOCKS if block.page not in GENERATED}


def typed(block: Block) -> list[list[str]]:
    """Return the words of each line, without what is said behind ``#``."""
    return [shlex.split(line, comments=True) for line in block.commands]


def test_a_french_block_is_the_english_one_but_for_comments_and_peoples_words() -> None:
    """What executes the English pages executes the French ones: no command, option or line of code differs."""
    french = {place: block for place, block in LANGUAGES_OF.items() if place[2] == "fr"}
    compared = 0
    for (page, number, _), block in french.items():
        english = LANGUAGES_OF.get((page, number, "en"))
        assert english is not None, block.place
        assert block.kind == english.kind, block.place
        if block.kind in ("sh", "bash"):
            wanted = [[IN_FRENCH.get(word, word) for word in words] for words in typed(english)]
            assert typed(block) == wanted, block.place
            compared += 1
        elif block.kind != "text":
            assert block.text == english.text, block.place
            compared += 1
    assert compared > 80
    assert len(french) == sum(place[2] == "en" for place in LANGUAGES_OF)
    said = {word for block in BLOCKS if block.kind == "sh" for words in typed(block) for word in words}
    assert said.issuperset(IN_FRENCH), "remove what no page says any more"


def test_the_readme_types_what_the_first_sync_types_and_makes_the_files(tmp_path: Path) -> None:
    executed = {line for block in BLOCKS if block.page == "docs/tutorial/first-sync" for line in block.commands}
    targets = (ROOT / "Makefile").read_text(encoding="utf-8")
    made = 0
    for line in (line for block in BLOCKS if block.page == "README" and block.kind == "sh" for line in block.commands):
        if line.startswith("make "):
            assert f"\n{line.split()[1]}:" in targets
        elif line.startswith("raccord "):
            assert line in executed
        elif not made:
            command = shlex.join([sys.executable, *shlex.split(line)[1:]])
            subprocess.run(["sh", "-ec", command], cwd=tmp_path, check=True, timeout=60)
            made = len([*(tmp_path / "chase-files").iterdir()])
    assert made >= 10


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here to ask")
def test_systemd_takes_the_unit_of_the_page(tmp_path: Path) -> None:
    (block,) = [each for each in of_kind("ini") if each.language == "en"]
    # Its program is not installed here; systemd looks for it.
    unit = tmp_path / "raccord.service"
    unit.write_text(block.text.replace("/opt/raccord/.venv/bin/raccord", "/bin/true"), encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True, timeout=60, check=False
    )
    said = [line for line in (done.stdout + done.stderr).splitlines() if "raccord.service" in line]
    assert (done.returncode, said) == (0, [])
