"""Each row of Plannit and TaxDome that says what becomes of data has a golden pair, or a reason why not."""

from __future__ import annotations

import re

import plannit_books
import pytest
import taxdome_books

ROWS = {
    "PL-14", "PL-16", "PL-18", "PL-20", "PL-30", "PL-35",
    "TD-03", "TD-04", "TD-06", "TD-07", "TD-08", "TD-09", "TD-10", "TD-12", "TD-13", "TD-14", "TD-15", "TD-16", "TD-17",
    "TD-18", "TD-19", "TD-20", "TD-21", "TD-23", "TD-24", "TD-38", "TD-39", "TD-42", "TD-43",
}  # fmt: skip
"""The rows of type MAP or DATA."""
WITHOUT = {
    "PL-30": "nothing is written: what is tagged and deleted in Plannit is shown by tests/journeys/test_plannit.py",
}


@pytest.mark.requirement("PL-18", "PL-20", "PL-35", "TD-42", "TD-43")
def test_each_row_that_says_what_becomes_of_data_has_a_golden_pair() -> None:
    names = [path.name for books in (plannit_books, taxdome_books) for path in books.FOLDER.glob("*.json")]
    paired = {row for name in names for row in re.findall(r"(?:PL|TD)-[0-9]+", name)}
    assert ROWS - WITHOUT.keys() - paired == set()
    assert WITHOUT.keys() - ROWS == set()
    assert not WITHOUT.keys() & paired, "a pair needs no reason any more"
