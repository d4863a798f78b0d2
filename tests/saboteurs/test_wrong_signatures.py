"""Wrong hook signatures, each refused by mypy --strict and by pyright where a module is said to be a connector."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

ROOT = Path(__file__).parents[2]
HOOKS = """
    from collections.abc import Sequence
    from datetime import date
    from raccord.plugin import (
        AccountChoice, AccountNeed, ConnectorInfo, FetchContext, LedgerObject, MapContext, Mapped, Outcome, Page,
        PushContext, PushResult, Record, ReportContext, ResolveContext, Skipped, StreamInfo, Text, hookimpl,
    )

    WORDS = Text("Source", "Source")

    @hookimpl
    def describe() -> ConnectorInfo:
        return ConnectorInfo(name="x", label=WORDS, summary=WORDS, version="1", streams=[StreamInfo("a", WORDS)])

    @hookimpl
    def fetch_records(context: FetchContext, stream: str, cursor: str | None) -> Page | None:
        return Page((), None, more=False)

    @hookimpl
    def map_record(context: MapContext, record: Record) -> Mapped | Skipped | None:
        return Skipped("nothing", WORDS)

    @hookimpl
    def resolve_account(context: ResolveContext, need: AccountNeed) -> AccountChoice | None:
        return None

    @hookimpl
    def push_records(context: PushContext, stream: str, documents: Sequence[LedgerObject]) -> PushResult | None:
        return PushResult([])

    @hookimpl
    def report_outcome(context: ReportContext, outcomes: Sequence[Outcome]) -> bool | None:
        return True
"""
ASKED = """
    from typing import Protocol
    import NAME
    from raccord.plugin import Connector, Pushes, Reports, Resolves

    class All(Connector, Resolves, Pushes, Reports, Protocol):
        pass

    connector: All = NAME
"""
WRONG: dict[str, tuple[str, str]] = {
    "argument_missing": ("stream: str, cursor: str | None)", "stream: str)"),
    "argument_renamed": ("context: MapContext, record: Record", "context: MapContext, row: Record"),
    "argument_added": ("context: MapContext, record: Record", "context: MapContext, record: Record, day: date"),
    "cursor_never_none": ("cursor: str | None)", "cursor: str)"),
    "stream_no_text": ("stream: str, cursor", "stream: int, cursor"),
    "wrong_context": ("context: ResolveContext", "context: FetchContext"),
    "wrong_answer": ("Page | None:\n        return Page((), None, more=False)", "list[Record]:\n        return []"),
    "coroutine": ("def map_record", "async def map_record"),
    "one_document": ("documents: Sequence[LedgerObject]", "documents: LedgerObject"),
    "manifest_dict": ("ConnectorInfo:\n        return ConnectorInfo(", "dict[str, object]:\n        return dict("),
    "outcome_as_text": ("bool | None:\n        return True", 'str:\n        return "yes"'),
}  # fmt: skip
NAMES_ASIDE = {"argument_renamed"}
"""mypy compares no names of positional arguments in a protocol's methods; pyright does, and admission does."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a right connector and the wrong ones, each with the line that asks about it."""
    made = tmp_path_factory.mktemp("signatures")
    for name in ("right", *WRONG):
        text = HOOKS
        if name in WRONG:
            old, new = WRONG[name]
            assert text.count(old) == 1, name
            text = text.replace(old, new)
        (made / f"{name}.py").write_text(dedent(text), encoding="utf-8")
        (made / f"asks_{name}.py").write_text(dedent(ASKED).replace("NAME", name), encoding="utf-8")
    return made


def refused(lines: list[str]) -> set[str]:
    """Return the connectors about which a checker complains where they are asked about, and nowhere else."""
    paths = {Path(line) for line in lines}
    assert all(path.name.startswith("asks_") for path in paths), paths
    return {path.stem.removeprefix("asks_") for path in paths}


def test_mypy_refuses_each_of_them(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--no-pretty", "--cache-dir",
         str(ROOT / ".mypy_cache" / "signatures"), *map(str, sorted(folder.glob("asks_*.py")))],
        capture_output=True, text=True, timeout=110, check=False, cwd=folder,
    )  # fmt: skip
    errors = [line.partition(":")[0] for line in done.stdout.splitlines() if ": error:" in line]
    assert refused(errors) == set(WRONG) - NAMES_ASIDE, done.stdout + done.stderr


@pytest.mark.at_length
def test_pyright_refuses_each_of_them(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable, str(folder)],
        capture_output=True, text=True, timeout=110, check=False, cwd=folder,
    )  # fmt: skip
    told = json.loads(done.stdout)["generalDiagnostics"]
    assert refused([one["file"] for one in told if one["severity"] == "error"]) == set(WRONG), told
