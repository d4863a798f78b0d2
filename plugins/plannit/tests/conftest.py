"""A firm, and what its objects become."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

import raccord_plannit
from raccord.plugin import Record
from raccord.plugin.drafts import Draft
from raccord.plugin.testing import FakeFetchContext, FakeMapContext, FileShelf, map_records, read_stream
from raccord_plannit.contract import CONTRACT
from raccord_plannit.sandbox import Firm, write_table
from raccord_plannit.settings import PlannitSettings

SETTINGS = PlannitSettings(account="boreale")


@pytest.fixture
def firm() -> Firm:
    made = Firm()
    made.tax_group()
    return made


@pytest.fixture
def records(tmp_path: Path) -> Callable[..., list[Record]]:
    """Return the records of a firm, read from its tables."""

    def read(firm: Firm, settings: PlannitSettings = SETTINGS) -> list[Record]:
        shelf = FileShelf(tmp_path / f"box-{len(list(tmp_path.iterdir()))}")
        for info in CONTRACT.objects:
            shelf.put(f"{info.path}.csv", write_table(info.name, firm.all(info.name)))
        context = FakeFetchContext(files=shelf, settings=settings, starts_on=date(2026, 3, 1))
        found = []
        for info in CONTRACT.objects:
            reading = read_stream(raccord_plannit, context, info.stream)
            assert reading.codes() == []
            found += list(reading.records)
        return found

    return read


@pytest.fixture
def drafts(records: Callable[..., list[Record]]) -> Callable[..., dict[str, Draft]]:
    """Return the drafts of a firm by their keys."""

    def mapped(firm: Firm, settings: PlannitSettings = SETTINGS, *, taxed: bool = True) -> dict[str, Draft]:
        context = FakeMapContext(settings=settings, terms=raccord_plannit.describe().terms, taxed=taxed, language="fr")
        return {draft.key: draft for draft in map_records(raccord_plannit, context, records(firm, settings))}

    return mapped
