"""Files in any order, overlapping or split in several give the same records."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from raccord_chase.sandbox import Merchant
from raccord_chase.sandbox.handmade import Deliveries

Deliver = Callable[..., Deliveries]
STORY = Merchant(3, days=12, sales_per_day=3)

with TemporaryDirectory() as _folder:
    WHOLE = [path.read_bytes().decode() for path in STORY.write_files(Path(_folder), zipped=False)]


def read(files: list[str], *, in_runs: int = 1) -> dict[str, object]:
    """Return the last word on every record: files arrive in so many runs."""
    with TemporaryDirectory() as folder:
        chase = Deliveries(Path(folder))
        size = -(-len(files) // in_runs)
        for start in range(0, len(files), size):
            for number, text in enumerate(files[start : start + size], start=start):
                chase.put(f"{number}.dfr", text)
            chase.run()
        return {record.key(): record for record in chase.records}


EXPECTED = read(WHOLE)


@st.composite
def deliveries(draw: st.DrawFn) -> list[str]:
    """Cut every file into pieces, send some of them again in other pieces, and shuffle."""
    pieces: list[str] = []
    for text in WHOLE:
        pieces += cut(text, draw(st.lists(st.integers(1, 40), max_size=3)))
        if draw(st.booleans()):
            pieces += cut(text, draw(st.lists(st.integers(1, 40), max_size=2)))
    return draw(st.permutations(pieces))


def cut(text: str, places: list[int]) -> list[str]:
    """Cut a file into several whole ones: each piece bears the marks and the header its rows need."""
    begin, *lines, end = text.strip().split("\r\n")
    pieces: list[list[str]] = [[]]
    header = ""
    for number, line in enumerate(lines, start=1):
        if number in places and pieces[-1]:
            pieces.append([header] if header and not line.startswith("H") else [])
        header = line if line.startswith("H") else header
        pieces[-1].append(line)
    return ["\r\n".join((begin, *piece, end, "")) for piece in pieces]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(files=deliveries(), runs=st.integers(1, 4))
def test_order_overlap_and_splitting_do_not_change_the_records(files: list[str], runs: int) -> None:
    assert read(files, in_runs=runs) == EXPECTED


@settings(max_examples=40, deadline=None)
@given(data=st.binary(max_size=400), place=st.integers(0, 2000))
def test_no_bytes_make_the_reader_fail(data: bytes, place: int) -> None:
    whole = WHOLE[0].encode()
    with TemporaryDirectory() as folder:
        chase = Deliveries(Path(folder))
        chase.put("raw", data)
        chase.put("amid.dfr", whole[:place] + data + whole[place:])
        chase.run()
        assert len({reject.where for reject in chase.rejects}) <= 400
