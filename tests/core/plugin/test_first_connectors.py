"""What the connector of a stranger and that of the tutorial cost: lines of one's own, counted as anybody would."""

from __future__ import annotations

import subprocess
import sys
from difflib import SequenceMatcher
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import raccord_boulange
import raccord_boulange.sandbox
import raccord_lutece
from doc_blocks import ROOT, blocks

from raccord.bench import SourceKind, look, trials_for
from raccord.cli.new_command import written
from raccord.plugin import BadRecord, Connector, Mapped
from raccord.plugin.drafts import Decision, JournalEntry, RefundReceipt, SalesReceipt
from raccord.plugin.testing import FakeFetchContext, FakeMapContext, FileShelf, TwinHttp, check_connector, read_stream

LINES_MAX = 120
BESIDE = {"sandbox.py", "expected.py"}
"""The made-up source and what a person counted in it: what tries the connector, not the connector."""
HOME = Path(str(raccord_boulange.__file__)).parent
FOUR = ("customers", "invoices", "payments", "refunds")

connector: Connector = raccord_boulange


def own_code(texts: dict[str, str]) -> dict[str, int]:
    """Return how many lines that are not empty each file of a connector has: comments and scaffold included."""
    return {
        name: sum(bool(line.strip()) for line in text.splitlines())
        for name, text in texts.items()
        if name not in BESIDE
    }


def written_or_changed(begun: str, text: str) -> int:
    """Return how many lines that are not empty stand in a file and not, in that order, in what the scaffold made."""
    was, now = ([line for line in said.splitlines() if line.strip()] for said in (begun, text))
    same = SequenceMatcher(None, was, now, autojunk=False).get_matching_blocks()
    return len(now) - sum(each.size for each in same)


def formatted(folder: Path) -> bool:
    command = [sys.executable, "-m", "ruff", "format", "--check", "--isolated", "--line-length", "120", str(folder)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("page", ["tutorial/first-connector", "how-to/rest-connector"])
def test_the_connectors_of_the_pages_have_at_most_120_lines(page: str, tmp_path: Path) -> None:
    name = "cafe" if page.startswith("tutorial") else "counter"
    made = {str(path): text for path, text in written(name, "csv" if name == "cafe" else "rest").items()}
    for block in blocks(ROOT / "docs" / f"{page}.en.md"):
        first, _, rest = block.text.partition("\n")
        if block.kind == "python":
            path = first.removeprefix(f"# {name}/")
            assert path in made
            made[path] = rest
    code = {
        path.rpartition("/")[2]: text for path, text in made.items() if path.startswith("src/") and path.endswith(".py")
    }
    for file, text in code.items():
        (tmp_path / file).write_text(text)
    assert formatted(tmp_path)
    assert sum(own_code(code).values()) <= LINES_MAX, own_code(code)


@pytest.mark.parametrize("module", [raccord_boulange, raccord_lutece])
def test_the_connectors_of_strangers_have_at_most_120_lines_and_the_page_says_how_many(module: ModuleType) -> None:
    home = Path(str(module.__file__)).parent
    counted = own_code({path.name: path.read_text() for path in home.glob("*.py")})
    assert formatted(home)
    name = module.__name__.removeprefix("raccord_")
    streams = FOUR if module is raccord_lutece else ()
    files = {"streams.py"} if streams else {"mapping.py", "reading.py"}
    assert set(counted) == {"__init__.py", "manifest.py", "settings.py", *files}
    assert sum(counted.values()) <= LINES_MAX, counted
    begun = {path.name: text for path, text in written(name, "rest", streams).items() if path.suffix == ".py"}
    changed = sum(written_or_changed(begun[name], (home / name).read_text()) for name in counted)
    for language in ("en", "fr"):
        page = (ROOT / "docs" / "explanation" / f"a-first-connector.{language}.md").read_text(encoding="utf-8")
        for name, lines in counted.items():
            own = written_or_changed(begun[name], (home / name).read_text())
            assert f"| `{name}` | {lines} | {own} |" in page
        assert f"| {sum(counted.values())} | {changed} |" in page


@pytest.mark.parametrize("module", [raccord_boulange, raccord_lutece])
def test_it_keeps_every_rule_and_the_bench_sees_it_balance(module: ModuleType) -> None:
    report = check_connector(module)
    assert report.broken() == {}
    assert report.passed
    found = look(module, module.describe(), trials_for(module, SourceKind.TWIN)[0])
    assert (found.error, found.balanced) == ("", True)


def test_it_says_what_the_strangers_own_tests_asked_for(tmp_path: Path) -> None:
    """Tax to the cent, refunds, gift cards, payouts with a fee, unknown words: as in the stranger's folder."""
    settings = raccord_boulange.describe().settings.model_validate({"account": "1", "api_token": "twin-token"})
    terms = raccord_boulange.describe().terms
    sandbox = import_module("raccord_boulange.sandbox")
    http = TwinHttp(sandbox.answering(sandbox.TICKETS, sandbox.PAYOUTS))
    context = FakeFetchContext(settings=settings, files=FileShelf(tmp_path), http=http)
    drafts: dict[str, Any] = {}
    for stream in ("tickets", "payouts"):
        for record in read_stream(connector, context, stream).records:
            try:
                found = connector.map_record(FakeMapContext(settings=settings, terms=terms, taxed=True), record)
            except BadRecord as error:
                drafts[record.source_id] = error.code
            else:
                drafts[record.source_id] = found.drafts if isinstance(found, Mapped) else found
    (sold,) = drafts["T-1042"]
    assert isinstance(sold, SalesReceipt)
    assert [(str(each.percent), str(each.amount)) for each in sold.taxes] == [("5", "0.52"), ("9.975", "1.04")]
    (back,) = drafts["T-1048"]
    assert isinstance(back, RefundReceipt)
    assert str(back.total) == "18.31"
    _, used = drafts["T-1047"]
    _, given = drafts["T-1050"]
    assert isinstance(used, JournalEntry)
    assert [each.account.name for each in used.lines] == ["gift_cards", "gift_used"]
    assert [(each.account.name, each.side.value) for each in given.lines] == [
        ("gift_cards", "credit"), ("gift_used", "debit"),
    ]  # fmt: skip
    (asked,) = drafts["T-1051"]
    assert isinstance(asked.deposit_to, Decision)
    assert drafts["T-1053"] == "boulange.tax_unknown"
    (taken,) = drafts["P-2"]
    assert isinstance(taken, JournalEntry)
