"""Rows that are read many at once say what they say line by line, whatever stands between and around them."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import raccord_bankfeed
from raccord_bankfeed.readers import pushed, runs
from raccord_bankfeed.readers.contract import Event
from raccord_bankfeed.readers.qif import QifReader
from raccord_bankfeed.twin import MadeAccount, MadeLine, Read
from raccord_bankfeed.twin_formats import FORMATS, file_of

ACCOUNT = MadeAccount(number="0123456789", currency="CAD")
SAMPLES = Path(raccord_bankfeed.__file__).parent / "samples"
SAMPLE_FILES = sorted(path for path in SAMPLES.glob("*/*") if path.parent.name != "LICENSES")
READERS = {"qif": QifReader}
"""The readers that read runs."""

UGLY = st.text(st.sampled_from("0123456789.,+-/' ?:&^$!DTN\tAé\x00\u2028\ufeff"), max_size=12)
"""What may stand where something usual does."""
ROWS: dict[str, tuple[list[str], str]] = {
    "qif": (["D{day:%d/%m/%Y}", "T{amount:,f}", "U{amount:f}", "N319", "PSHOP {number}", "MCARD", "LFood", "C*"], "^"),
}
"""The lines of a usual row, of which some are left out, and the line after it."""
AROUND = {
    "qif": ("!Type:Bank\n", ""),
}


def events_of(content: bytes, *, together: bool, chunk: int = 64 * 1024) -> list[Event]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pushed, "CHUNK_BYTES", chunk)
        patch.setattr(runs, "RUN_ROWS_MIN", 1 if together else 10**9)
        return Read(content).events


def made(count: int) -> list[MadeLine]:
    first = date(2026, 1, 10)
    return [
        MadeLine(
            day=first + timedelta(number % 30),
            amount=Decimal(number * 7919 % 100_000 - 50_000).scaleb(-2),
            native=f"F-{number:05}",
            name=f"SHOP {number}",
            memo="CARD" * (number % 3),
        )
        for number in range(count)
    ]


@pytest.mark.parametrize("path", SAMPLE_FILES, ids=lambda path: path.name)
def test_a_sample_reads_the_same_many_rows_at_once_as_line_by_line(path: Path) -> None:
    content = path.read_bytes()
    assert events_of(content, together=True) == events_of(content, together=False)


@st.composite
def written(draw: st.DrawFn, name: str) -> bytes:
    """Write a file of rows, most of them usual, some with ugly lines or another order."""
    usual, end = ROWS[name]
    before, after = AROUND[name]
    dice = random.Random(draw(st.integers(0, 2**32)))
    text = before
    for number, line in enumerate(made(draw(st.integers(1, 40)))):
        lines = [each.format(day=line.day, amount=line.amount, number=number) for each in usual]
        lines = lines[:2] + [each for each in lines[2:] if dice.random() < 0.9]
        if dice.random() < 0.1:
            at = dice.randrange(len(lines))
            ugly = draw(UGLY)
            lines[at] = dice.choice(
                [
                    lines[at][:1] + ugly,
                    lines[at][:1] + "Opening balance",
                    ugly,
                    lines[at] + ugly,
                    "",
                    f"{lines[at]}\n{ugly}",
                ]
            )
        text += "".join(f"{each}\n" for each in (*lines, end) if each or dice.random() < 0.5)
    return (text + after).encode()


@pytest.mark.parametrize("name", ROWS)
@settings(max_examples=60, deadline=None)
@given(data=st.data(), chunk=st.sampled_from([300, 64 * 1024]))
def test_rows_taken_together_are_the_rows_taken_line_by_line(name: str, data: st.DataObject, chunk: int) -> None:
    content = data.draw(written(name))
    assert events_of(content, together=True, chunk=chunk) == events_of(content, together=False, chunk=chunk)


@pytest.mark.parametrize("name", READERS)
def test_most_rows_of_a_large_file_are_read_in_runs(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []
    reader = READERS[name]
    original: Callable[..., bool] = reader.take_run

    def take_run(self: object, run: runs.Run) -> bool:
        done = original(self, run)
        taken.append(len(run) * done)
        return done

    monkeypatch.setattr(reader, "take_run", take_run)
    content = file_of(name, ACCOUNT, made(2000))
    assert len(Read(content).lines) == 2000
    assert sum(taken) > 1900
    assert name in FORMATS
