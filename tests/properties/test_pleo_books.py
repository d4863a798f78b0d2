"""Pleo's golden books: each type of expense beside the documents that come of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from pleo_books import FOLDER, SCENES, books

import raccord_pleo
from raccord.plugin.testing import FileShelf


@pytest.mark.requirement("PO-04", "PO-05", "PO-07", "PO-08", "PO-09", "PO-10", "PO-11", "PO-12")
def test_each_expense_becomes_the_documents_of_its_golden_book(tmp_path: Path) -> None:
    written = {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.json")}
    assert books(FileShelf(tmp_path / "box")) == written, "python -m pleo_books writes them anew; read what changed"


@pytest.mark.requirement("PO-08")
def test_each_word_has_a_golden_book_and_says_where_it_comes_from() -> None:
    info = raccord_pleo.describe()
    assert info is not None
    filed = [each for make in SCENES.values() for each in make()]
    words = {f"{each.kind}/{each.more['subType']}" if "subType" in each.more else each.kind for each in filed}
    assert {term.word for term in info.terms.terms.values()} <= words
    for term in info.terms.terms.values():
        assert term.origin.startswith(("Published: ", "Derived: ")), term.word
