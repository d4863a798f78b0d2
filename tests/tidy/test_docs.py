"""Documentation against code: links, commands, words, dependencies, generated pages, and both languages alike."""

from __future__ import annotations

import ast
import re
import shlex
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, files, metadata
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import click
import pytest

from raccord.cli import root as command_line
from raccord.cli.terminal.words import Context, State
from raccord.settings import Settings
from raccord.store import models
from raccord.sync.run import Phase

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
INLINE = re.compile(r"`(raccord [^`]+)`")
HEADING = re.compile(r"^(#+) (.*)$", re.MULTILINE)
NAMED_FOR_A_PAIN = re.compile(r"^def test_pain_(\d+)((?:_t\d+)+)_", re.MULTILINE)
OTHER_MACHINE = re.compile(r"(?<![\w.])/(?:home|Users|work|root|private|tmp)/[\w.-]+")


def pages() -> list[Path]:
    """Return every Markdown page of ours that is not somebody else's sample."""
    found = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    found += [*ROOT.glob("plugins/*/README.md"), *(ROOT / "tests").rglob("*.md")]
    return sorted(found)


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("page", pages(), ids=named)
def test_every_link_leads_somewhere(page: Path) -> None:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    broken = []
    for target in LINK.findall(text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        place = (page.parent / path).resolve() if path else page
        if not place.exists() or (anchor and anchor not in anchors(place)):
            broken.append(target)

    assert broken == []


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as Markdown hosts make them."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for _, title in HEADING.findall(text)}


def commands(page: Path) -> Iterator[str]:
    """Yield each ``raccord …`` of a page, from shell blocks and between backticks."""
    text = page.read_text(encoding="utf-8")
    for kind, block in FENCE.findall(text):
        if kind in ("sh", "console"):
            for line in block.replace("\\\n", " ").splitlines():
                words = line.strip().removeprefix("$ ").removeprefix(".venv/bin/")
                if re.match(r"raccord( |$)", words):
                    yield words
    yield from INLINE.findall(FENCE.sub("", text))


ALL_COMMANDS = sorted({(line, named(page)) for page in pages() for line in commands(page)})


def test_the_pages_name_commands() -> None:
    assert len(ALL_COMMANDS) > 20


@pytest.mark.parametrize(("line", "page"), [pair for pair in ALL_COMMANDS if "reference/commands" not in pair[1]])
def test_every_command_of_the_pages_parses(line: str, page: str) -> None:
    words = shlex.split(line.replace("…", "x"), comments=True)[1:]
    found: click.Command = command_line
    context: click.Context = Context(command_line, info_name="raccord", obj=State(language="en"))
    while isinstance(found, click.Group) and words:
        named_below = words[0] if words[0] in found.list_commands(context) else getattr(found, "default", None)
        inner = None if named_below is None else found.get_command(context, named_below)
        if inner is None:
            break
        words = words[1:] if words[0] == named_below else words
        context = Context(inner, info_name=named_below, parent=context)
        found = inner
    # The parser alone: no callback runs, no file is looked for.
    given, rest, _ = found.make_parser(context).parse_args(list(words))
    asks_for_help = "help" in given or "version" in given or "--help" in words
    positional = [each for each in found.params if isinstance(each, click.Argument)]
    if isinstance(found, click.Group):
        assert not rest, f"{page}: no command {rest[0]!r}"
    elif not asks_for_help:
        lacking = [each.human_readable_name for each in positional if each.required and not given.get(str(each.name))]
        lacking += [
            each.opts[0]
            for each in found.params
            if isinstance(each, click.Option) and each.required and each.name not in given
        ]
        # Between backticks in running text a command may be named without what it needs.
        assert not lacking or line in inline(page), f"{page}: {line!r} lacks {lacking}"


def inline(page: str) -> list[str]:
    return INLINE.findall(FENCE.sub("", (ROOT / page).read_text(encoding="utf-8")))


def test_no_page_names_a_path_of_somebodys_machine() -> None:
    found = {
        named(page): OTHER_MACHINE.findall(page.read_text(encoding="utf-8"))
        for page in pages()
        if OTHER_MACHINE.search(page.read_text(encoding="utf-8"))
    }

    assert found == {}


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = spec_from_file_location("generate_reference", ROOT / "docs" / "generate_reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_generated_pages_are_what_the_code_says(generator: ModuleType) -> None:
    stale = [
        named(path)
        for path, text in generator.pages().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]

    assert stale == [], "run: python docs/generate_reference.py"


def test_the_generator_reads_codes_where_they_are_said(generator: ModuleType) -> None:
    page = generator.errors_page("fr")
    for code in (
        "run.conservation",
        "posting.period_closed",
        "encoding.negative_deposit",
        "jobs.retries_exhausted",
        "vault.wrong_key",
        "plugin.hook_unknown",
        "chase.settlement_net",
        "bankfeed.date_missing",
    ):
        assert f"`{code}`" in page


PAIRS = sorted(
    (page, page.with_name(page.name.replace(".fr.", ".en."))) for page in pages() if page.name.endswith(".fr.md")
)


@pytest.mark.parametrize(("french", "english"), PAIRS, ids=[named(pair[0]) for pair in PAIRS])
def test_both_languages_have_the_same_headings_tables_and_commands(french: Path, english: Path) -> None:
    assert shape(french) == shape(english)


def test_no_page_is_in_one_language_only() -> None:
    english = {page for page in pages() if page.name.endswith(".en.md")}

    assert {pair[1] for pair in PAIRS} == english


def shape(page: Path) -> list[str]:
    """Return a page's headings by level, its tables by rows and its shell blocks by their words, in order."""
    text = page.read_text(encoding="utf-8")
    found: list[str] = []
    in_block = False
    for line in text.splitlines():
        if line.startswith("```"):
            in_block = not in_block
        elif in_block and "reference/commands" not in str(page):
            # Names of files and people may differ; the commands themselves may not.
            # What people type in their own words stands between quotes.
            words = re.sub(r'"[^"]*"', '""', line.split(" #")[0].strip())
            found.append(words if line.startswith(("raccord", "make ")) else "block")
        elif match := HEADING.match(line):
            found.append(match[1])
        elif line.startswith("|"):
            found.append("row")
        elif re.match(r"(\d+\.|\*) ", line):
            found.append("item")
    return found


WORDS = (ROOT / "docs" / "words.md").read_text(encoding="utf-8")
WITHOUT_A_WORD = {
    "ConnectorSwitch": "what a connector's being allowed is kept in",
    "EventHead": "the end of the audit chain",
    "LedgerEntry": "our copy of a list entry",
    "RateBucket": "the governor's count",
    "RunCount": "a run's counts",
    "Schedule": "a cron line",
    "Secret": "an entry of the vault",
    "SourceFile": "a file as it arrived",
    "TermOverride": "a company's row of the term table",
    "Model": "the base of the tables",
}


def test_every_table_has_its_word() -> None:
    tables = [
        name
        for name in models.__all__
        if hasattr(getattr(models, name), "__tablename__") and name not in WITHOUT_A_WORD
    ]
    missing = [name for name in tables if f"`{name}`" not in WORDS]

    assert missing == []
    assert set(WITHOUT_A_WORD) <= set(models.__all__), "remove what is no longer there"


def test_every_state_and_action_has_its_word() -> None:
    words = {row.split("|")[1].strip() for row in WORDS.splitlines() if row.startswith("| ")}

    assert {str(state) for state in models.DraftState} <= words
    assert {str(action) for action in models.Action} <= words


def test_no_word_stands_twice_in_either_language() -> None:
    rows = [
        [cell.strip() for cell in row.split("|")[1:3]]
        for row in WORDS.splitlines()
        if row.startswith("| ") and not row.startswith("| English")
    ]
    english = [row[0] for row in rows]

    assert len(rows) > 60
    assert all(row[0] and row[1] for row in rows)
    # "link" and "hold" are an action of a plan and what comes of it.
    assert sorted({word for word in english if english.count(word) > 1}) == ["hold", "link"]


def test_every_dependency_is_said_with_its_installed_version_and_licence() -> None:
    rows = dependency_rows()
    declared = set(declared_dependencies())

    assert set(rows) == declared
    wrong = {}
    for name, (version, licence) in rows.items():
        try:
            installed = metadata(name)
        except PackageNotFoundError:
            pytest.fail(f"{name} is declared and not installed: make dev")
        if version != installed["Version"] or licence.split("-")[0].split()[0] not in licence_of(name):
            wrong[name] = (version, licence, installed["Version"], licence_of(name))
    assert wrong == {}


def dependency_rows() -> dict[str, tuple[str, str]]:
    text = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    cells = [[cell.strip() for cell in row.split("|")[1:-1]] for row in text.splitlines() if row.startswith("| ")]
    return {row[0]: (row[1], row[2]) for row in cells if row[0] != "package"}


def declared_dependencies() -> Iterator[str]:
    for path in [ROOT / "pyproject.toml", *ROOT.glob("plugins/*/pyproject.toml")]:
        read = tomllib.loads(path.read_text(encoding="utf-8"))
        project = read["project"]
        wanted = [*project.get("dependencies", []), *read.get("dependency-groups", {}).get("dev", [])]
        wanted += [line for extra in project.get("optional-dependencies", {}).values() for line in extra]
        for line in wanted:
            name = re.match(r"[\w-]+", line)
            assert name is not None
            if not name[0].startswith("raccord"):
                yield name[0].lower()


def licence_of(name: str) -> str:
    told = metadata(name)
    classifiers = " ".join(line for line in told.get_all("Classifier") or [] if line.startswith("License"))
    said = f"{told.get('License-Expression') or ''} {told.get('License') or ''} {classifiers}"
    return said if said.strip() else licence_text_of(name)


def licence_text_of(name: str) -> str:
    """Return how the licence begins that lies beside a distribution whose metadata state none."""
    beside = [file for file in files(name) or [] if file.name.upper().startswith("LICEN") and ".dist-info" in str(file)]
    return " ".join(file.read_text()[:200] for file in beside)


def test_the_architecture_names_every_phase_and_every_room() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rooms = {path.name for path in (ROOT / "core" / "raccord").iterdir() if (path / "__init__.py").exists()}

    assert [phase for phase in Phase if f"| {phase} |" not in text] == []
    assert [room for room in sorted(rooms) if f"  {room}/ " not in text] == []


def test_every_test_named_by_a_claim_exists() -> None:
    text = (ROOT / "docs" / "properties.md").read_text(encoding="utf-8")
    named_tests = re.findall(r"`([\w/.]+\.py)::(\w+)`", text)
    missing = [
        f"{path}::{name}"
        for path, name in named_tests
        if not (ROOT / path).exists() or name not in functions_of(ROOT / path)
    ]

    assert missing == []
    claims = text.count("\n### ")
    assert claims == text.count("* **Invariant**") == text.count("* **Attack**") == text.count("* **Test**") > 20


def test_every_line_of_the_list_of_pains_has_a_test_of_its_name() -> None:
    text = (ROOT / "docs" / "properties.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| pain (\d+) T(\d+) \|", text, re.MULTILINE)
    sources = [*ROOT.glob("tests/**/test_*.py"), *ROOT.glob("plugins/*/tests/**/test_*.py")]
    named = set()
    for path in sources:
        for pain, lines in re.findall(
            r"^def test_pain_(\d+)((?:_t\d+)+)_", path.read_text(encoding="utf-8"), re.MULTILINE
        ):
            named |= {(pain, line) for line in re.findall(r"\d+", lines)}

    assert len(listed) == len(set(listed)) > 40
    assert [f"pain {pain} T{line}" for pain, line in listed if (pain, line) not in named] == []
    assert named - set(listed) == set()


def functions_of(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_setting_is_on_its_page(language: str) -> None:
    text = (ROOT / "docs" / "reference" / f"settings.{language}.md").read_text(encoding="utf-8")
    rows = set(re.findall(r"^\| `RACCORD_(\w+)`", text, re.MULTILINE))

    assert rows == {name.upper() for name in Settings.model_fields} | {"LANG"}
