"""Pleo's golden books: each type of expense beside the documents that come of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from pleo_books import FOLDER, books

from raccord.plugin.testing import FileShelf


@pytest.mark.requirement("PO-04", "PO-05", "PO-07", "PO-08", "PO-09", "PO-10", "PO-11", "PO-12")
def test_each_expense_becomes_the_documents_of_its_golden_book(tmp_path: Path) -> None:
    written = {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.json")}
    assert books(FileShelf(tmp_path / "box")) == written, "python -m pleo_books writes them anew; read what changed"
