"""TaxDome's golden books: each object becomes exactly the documents that were read in review."""

from __future__ import annotations

from pathlib import Path

import pytest
from taxdome_books import FOLDER, books

from raccord.plugin.testing import FileShelf


@pytest.mark.requirement(
    "TD-03", "TD-04", "TD-05", "TD-06", "TD-07", "TD-08", "TD-09", "TD-10", "TD-11", "TD-12", "TD-13", "TD-14", "TD-15",
    "TD-16", "TD-17", "TD-18", "TD-19", "TD-20", "TD-23", "TD-24", "TD-36", "TD-38", "TD-39", "TD-40", "TD-42", "TD-43",
    "TD-53", "EX-05", "EX-06", "EX-09", "EX-11", "EX-12", "K3", "K4", "K13", "K18", "K24",
)  # fmt: skip
def test_each_object_becomes_the_documents_of_its_golden_book(tmp_path: Path) -> None:
    written = {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.json")}
    assert books(FileShelf(tmp_path / "box")) == written, "python -m taxdome_books writes them anew; read what changed"
