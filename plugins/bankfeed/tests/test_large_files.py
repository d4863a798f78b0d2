"""A large file of every format is read in the memory of a small one."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from raccord_bankfeed.readers import reader_for
from raccord_bankfeed.readers.contract import Line, Question
from raccord_bankfeed.twins.bai2 import bai2_chunks
from raccord_bankfeed.twins.bank import MadeAccount, MadeLine
from raccord_bankfeed.twins.camt import camt_chunks
from raccord_bankfeed.twins.csv import csv_chunks
from raccord_bankfeed.twins.mt940 import mt940_chunks
from raccord_bankfeed.twins.text import qif_chunks

ACCOUNT = MadeAccount(number="0123456789", currency="CAD")
LINES = 20_000
PEAK_MAX = 4 * 1024 * 1024
"""Bytes at most: 1.6 to 2.4 million measured; to hold each line takes 12 to 28."""
TOTAL = Decimal(-LINES)

WRITERS: dict[str, Callable[[Iterable[MadeLine]], Iterable[bytes]]] = {
    "qif": lambda lines: qif_chunks(ACCOUNT, lines),
    "camt": lambda lines: camt_chunks(ACCOUNT, lines, total=TOTAL),
    "mt940": lambda lines: mt940_chunks(ACCOUNT, lines, total=TOTAL),
    "bai2": lambda lines: bai2_chunks(ACCOUNT, lines),
    "csv": lambda lines: csv_chunks(ACCOUNT, lines, balance=True),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.every(2)
def test_a_large_file_needs_no_more_memory_than_a_small_one(name: str, tmp_path: Path) -> None:
    path = tmp_path / "large"
    first = date(2020, 1, 1)
    lines = (
        MadeLine(day=first + timedelta(number * 1500 // LINES), amount=Decimal("-1.00"), name=f"SHOP {number % 531}")
        for number in range(LINES)
    )
    with path.open("wb") as file:
        file.writelines(WRITERS[name](lines))
    found = asked = 0
    tracemalloc.start()
    with path.open("rb") as file:
        for event in reader_for(file).events(file):
            found += isinstance(event, Line)
            asked += isinstance(event, Question)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (found, asked) == (LINES, 0)
    assert peak < PEAK_MAX
