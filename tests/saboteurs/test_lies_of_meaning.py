"""Lies about accounting and time, told one at a time by a connector of four streams: the kit catches each of them."""

from __future__ import annotations

import importlib
import shutil
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from types import ModuleType

import pytest
import raccord_lutece
from meaning_lies import LIES, Edit

from raccord.plugin.testing import check_connector

HOME = Path(str(raccord_lutece.__file__)).parent
LIES_MIN = 24


@pytest.fixture
def lying(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[list[Edit]], ModuleType]]:
    """Return a maker of Lutèce's connector with edits, under a name of its own."""
    name, made = "lying_lutece", count()

    def forget() -> None:
        for each in [each for each in sys.modules if each.partition(".")[0] == name]:
            del sys.modules[each]

    def make(edits: list[Edit]) -> ModuleType:
        folder = tmp_path / str(next(made))
        shutil.copytree(HOME, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        for path in (folder / name).glob("*.py"):
            path.write_text(path.read_text(encoding="utf-8").replace(HOME.name, name), encoding="utf-8")
        for file, old, new in edits:
            path = folder / name / file
            text = path.read_text(encoding="utf-8")
            assert old in text, old
            path.write_text(text.replace(old, new, 1), encoding="utf-8")
        forget()
        importlib.invalidate_caches()
        monkeypatch.syspath_prepend(str(folder))
        return importlib.import_module(name)

    yield make
    forget()


@pytest.mark.slow
@pytest.mark.parametrize("lie", LIES)
def test_each_lie_is_caught_by_its_rule(lying: Callable[[list[Edit]], ModuleType], lie: str) -> None:
    rule, edits = LIES[lie]
    assert rule in check_connector(lying(edits)).broken()


def test_the_honest_connector_passes_under_another_name(lying: Callable[[list[Edit]], ModuleType]) -> None:
    report = check_connector(lying([]))
    assert (report.broken(), report.passed) == ({}, True)
    assert len(LIES) >= LIES_MIN
