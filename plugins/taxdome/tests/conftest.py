"""A practice that tests act on, and what its tables become."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import pytest

import raccord_taxdome
from raccord.plugin import JSON, Mapped, Record, Skipped
from raccord.plugin.contract.writing import write_table
from raccord.plugin.drafts import Draft
from raccord.plugin.testing import FakeFetchContext, FakeMapContext, FileShelf, map_records, read_stream
from raccord_taxdome.contract import CONTRACT
from raccord_taxdome.sandbox import Practice
from raccord_taxdome.settings import TaxDomeSettings

SETTINGS = TaxDomeSettings(firm="laurier")


@pytest.fixture
def practice() -> Practice:
    return Practice()


@pytest.fixture
def records(tmp_path: Path) -> Callable[..., list[Record]]:
    """Return the records of a practice, read from its tables."""

    def read(practice: Practice, settings: TaxDomeSettings = SETTINGS) -> list[Record]:
        shelf = FileShelf(tmp_path / f"box-{len(list(tmp_path.iterdir()))}")
        for info in CONTRACT.objects:
            shelf.put(f"{info.path}.csv", write_table(CONTRACT, info.name, practice.all(info.name)))
        said: dict[tuple[str, str], Mapping[str, JSON]] = {}
        context = FakeFetchContext(files=shelf, settings=settings, starts_on=date(2026, 3, 1), before=said)
        found = []
        for info in CONTRACT.objects:
            reading = read_stream(raccord_taxdome, context, info.stream)
            assert reading.codes() == []
            found += list(reading.records)
            said |= {(each.stream, each.source_id): each.raw for each in reading.records}
        return found

    return read


@pytest.fixture
def drafts(records: Callable[..., list[Record]]) -> Callable[..., dict[str, Draft]]:
    """Return the drafts of a practice by their keys; their effect on money is that of their records."""

    def mapped(practice: Practice, settings: TaxDomeSettings = SETTINGS, *, taxed: bool = True) -> dict[str, Draft]:
        context = FakeMapContext(settings=settings, terms=raccord_taxdome.describe().terms, taxed=taxed, language="fr")
        return {draft.key: draft for draft in map_records(raccord_taxdome, context, records(practice, settings))}

    return mapped


@pytest.fixture
def answers(records: Callable[..., list[Record]]) -> Callable[..., dict[str, Mapped | Skipped | None]]:
    """Return what ``map_record`` says of each record, by its key."""

    def said(practice: Practice, settings: TaxDomeSettings = SETTINGS) -> dict[str, Mapped | Skipped | None]:
        context = FakeMapContext(settings=settings, terms=raccord_taxdome.describe().terms, taxed=True, language="fr")
        return {record.key(): raccord_taxdome.map_record(context, record) for record in records(practice, settings)}

    return said
