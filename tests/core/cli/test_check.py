"""``raccord check``: an installed connector judged, with what is wrong, where, and what to do."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from runpy import run_path

import corner_shop
import pytest
from rule_saboteurs import SABOTEURS

from raccord.catalog import load_catalog
from raccord.cli import run
from raccord.cli.new_command import written
from raccord.cli.terminal.exits import Exit

NAME = "corner-shop"


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Return what makes a module the entry point of the corner shop."""
    monkeypatch.setenv("RACCORD_LANG", "en")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.syspath_prepend(str(tmp_path))

    def make(module: str) -> None:
        info = tmp_path / "shop-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: shop\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[raccord]\n{NAME} = {module}\n")

    yield make
    for each in [each for each in sys.modules if each.partition(".")[0] == "lying_shop"]:
        del sys.modules[each]


def test_a_connector_that_keeps_every_rule_passes(
    install: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    install("corner_shop")
    assert run(["check", NAME]) == Exit.OK
    said = capsys.readouterr().out
    assert "0 broken, 0 not judged" in said
    assert "Nothing to object to." in said


def test_a_broken_rule_is_told_with_its_place_its_reason_and_its_fix(
    install: Callable[[str], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "lying_shop"
    folder.mkdir()
    for path in Path(str(corner_shop.__file__)).parent.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        for file, old, new in SABOTEURS["map.day"]:
            text = text.replace(old, new) if file == path.name else text
        (folder / path.name).write_text(text, encoding="utf-8")
    install("lying_shop")
    assert run(["check", NAME, "--json"]) == Exit.FAILED
    told = json.loads(capsys.readouterr().out)
    assert told["passed"] is False
    (broken,) = [one for one in told["rules"] if one["verdict"] == "broken"]
    assert (broken["id"], broken["places"]) == ("map.day", ["sales/b1: 2026-01-01 ≠ 2026-03-03"])
    assert broken["page"] == "docs/reference/conformance.en.md#mapday"
    assert run(["check", NAME, "--lang", "fr"]) == Exit.FAILED
    said = capsys.readouterr().out
    assert "sales/b1: 2026-01-01 ≠ 2026-03-03" in said
    assert "Prenez `record.day`" in said


def test_what_is_to_be_counted_is_printed_so_that_it_can_be_pasted_where_it_says(
    install: Callable[[str], None], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "60")
    for path, text in written(NAME, "rest", ("customers", "invoices", "payments", "refunds")).items():
        place = tmp_path / path.relative_to("src") if path.is_relative_to("src") else tmp_path / "beside" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    package = tmp_path / "raccord_corner_shop"
    install(package.name)
    counted = package / "expected.py"
    by_hand = counted.read_text(encoding="utf-8")
    names = re.findall("^([A-Z_]+) = ", by_hand, flags=re.MULTILINE)
    assert len(names) == 9
    head = by_hand.partition("# The void")[0]

    def check(counted_so_far: str) -> tuple[Exit, str]:
        for each in [each for each in sys.modules if each.partition(".")[0] == package.name]:
            del sys.modules[each]
        counted.write_text(counted_so_far, encoding="utf-8")
        return Exit(run(["check", NAME])), capsys.readouterr().out

    status, out = check(head + "".join(f"{name} = {'[]' if 'EXPECTED' in name else '{}'}\n" for name in names))
    assert status == Exit.FAILED
    _, heading, pasted = out.partition("paste it into raccord_corner_shop/expected.py, in the place of what is empty")
    assert heading
    status, out = check(head + pasted.partition(":")[2])
    assert status == Exit.OK, out
    assert "To be counted" not in out
    # A person's count and the proposal are the same, in whatever order; of a later day the person counts what matters.
    proposed = run_path(str(counted))
    counted.write_text(by_hand, encoding="utf-8")
    hand = run_path(str(counted))
    for name in set(names) - {"PRINTED", "LATER_EXPECTED"}:
        assert proposed[name] == hand[name], name


def test_what_is_to_be_counted_of_a_trial_without_a_file_of_counts_is_printed_as_its_argument(
    install: Callable[[str], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "lying_shop"
    folder.mkdir()
    for path in Path(str(corner_shop.__file__)).parent.glob("*.py"):
        text = path.read_text(encoding="utf-8").replace(" counts=COUNTS,", " counts={},")
        (folder / path.name).write_text(text, encoding="utf-8")
    install("lying_shop")
    assert run(["check", NAME]) == Exit.FAILED
    _, heading, pasted = capsys.readouterr().out.partition("into lying_shop.sandbox, Trial(name='")
    assert heading
    assert re.search(r'\ncounts={\n    "\w+": \d+,\n', pasted), pasted


def test_what_is_not_there_or_not_let_in_is_refused_with_its_reason(
    install: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    install("a_module_never_written")
    assert run(["check", "nothing"]) == Exit.FAILED
    assert "connector.not_installed" in capsys.readouterr().err
    assert run(["check", NAME]) == Exit.FAILED
    assert "plugin.import_failed" in capsys.readouterr().err


def test_an_entry_point_that_is_no_module_is_refused(
    install: Callable[[str], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "lying_shop.py").write_text(
        "import corner_shop\n\n\nclass Kind:\n"
        "    describe = staticmethod(corner_shop.describe)\n"
        "    fetch_records = staticmethod(corner_shop.fetch_records)\n"
        "    map_record = staticmethod(corner_shop.map_record)\n\n\nplugin = Kind()\n"
    )
    install("lying_shop:plugin")
    assert run(["check", NAME]) == Exit.FAILED
    assert "check.no_module" in capsys.readouterr().err


def test_every_connector_of_this_repository_is_let_in() -> None:
    catalog = load_catalog()
    assert [(one.name, one.reason.en) for one in catalog.quarantined] == []
    folders = {path.parent.name for path in Path(__file__).parents[3].glob("plugins/*/pyproject.toml")}
    assert set(catalog.admitted) == folders


def test_the_bench_shows_requests_pages_records_and_documents_without_a_secret(
    install: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    install("corner_shop")
    assert run(["bench", NAME, "--json"]) == Exit.OK
    said = capsys.readouterr().out
    assert "canary" not in said
    (told,) = json.loads(said)["trials"]
    first = told["requests"][0]
    assert (first["method"], first["url"], first["status"]) == ("GET", "https://pay.example.com/payouts?after=0", 200)
    assert {each["stream"] for each in told["pages"]} == {"people", "sales", "payouts"}
    made = {each["key"]: each for each in told["records"]}
    (document,) = made["sales/a1"]["documents"]
    assert (document["entity"], document["key"]) == ("SalesReceipt", "sales/a1")
    assert {"account": "clearing", "debit": 11.5, "credit": None, "currency": "CAD"} in document["postings"]
    assert {each["account"]: each["credit"] for each in made["payouts/p2"]["documents"][0]["postings"]}["bank"] == 11.55
    assert made["sales/b2"]["code"] == "corner-shop.void"
    assert (told["identity"]["clashes"], told["identity"]["alike"], told["error"]) == ([], [], "")
    assert told["balanced"] is True
    assert run(["bench", NAME, "--trial", "three days", "--lang", "fr"]) == Exit.OK
    said = capsys.readouterr().out
    assert "Annulée à la caisse." in said
    assert "canary" not in said
    assert run(["bench", NAME, "--trial", "none"]) == Exit.FAILED
    assert "bench.no_trial" in capsys.readouterr().err
