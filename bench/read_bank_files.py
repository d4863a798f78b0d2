"""How fast the bank feed reads its files, as ratios to a floor measured in the same run.

The floor iterates the lines of the same file and does nothing with them: what reading costs that nobody can avoid.
Prints records per CPU second (medians), the ratio to the floor, and the most memory that reading held; run it alone on
a quiet machine, and trust the ratios rather than the numbers.

    python bench/read_bank_files.py [--records 100000] [--rounds 5]
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from raccord.plugin.testing import FakeFetchContext, FileShelf
from raccord_bankfeed import fetch_records
from raccord_bankfeed.readers import reader_for
from raccord_bankfeed.readers.contract import Line
from raccord_bankfeed.settings import BankFeedSettings
from raccord_bankfeed.twin import Dialect, Header, Leaves, MadeAccount, MadeLine, statement_chunks

DIALECTS = {
    "OFX 1": Dialect(),
    "OFX 2": Dialect(header=Header.XML, leaves=Leaves.CLOSED, newline="\n"),
    "OFX 2, CDATA": Dialect(header=Header.XML, leaves=Leaves.CLOSED, newline="\n", cdata=True),
    "OFX 1, odd rows": Dialect(comments=True),
}
FIRST = date(2020, 1, 1)


def main() -> None:
    """Make the files, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    print(f"{given.records} records, {given.rounds} rounds, {os.cpu_count()} cores; records per CPU second, medians")
    print(f"{'file':18}{'MB':>6}{'floor':>12}{'reader':>10}{'ratio':>8}{'peak MB':>9}{'to records':>12}{'peak MB':>9}")
    with tempfile.TemporaryDirectory() as folder:
        for name, dialect in DIALECTS.items():
            path = Path(folder) / "statement.ofx"
            with path.open("wb") as file:
                file.writelines(statement_chunks(MadeAccount(), made(given.records), dialect=dialect))
            row = measured(path, given.records, given.rounds)
            print(f"{name:18}{path.stat().st_size / 1e6:6.1f}{row}")


def made(count: int) -> Iterator[MadeLine]:
    """Yield the lines of a busy account, always the same."""
    for number in range(count):
        yield MadeLine(
            day=FIRST + timedelta(number * 1500 // count),
            amount=Decimal(-(number * 7919 % 100_000) - 1).scaleb(-2),
            native=f"F{number:011}",
            name=f"SHOP {number % 531} MONTREAL QC",
            memo=f"CARD PURCHASE {number % 97}",
            type="DEBIT",
        )


def measured(path: Path, records: int, rounds: int) -> str:
    """Return one row of the table."""
    floor = median_rate(lambda: lines_of(path), records, rounds)
    reader = median_rate(lambda: read(path, records), records, rounds)
    pages = median_rate(lambda: fetch(path, records), records, max(1, rounds // 2))
    peaks = [peak(lambda: read(path, records)), peak(lambda: fetch(path, records))]
    return f"{floor:12,.0f}{reader:10,.0f}{floor / reader:7.1f}x{peaks[0]:9.1f}{pages:12,.0f}{peaks[1]:9.1f}"


def lines_of(path: Path) -> None:
    with path.open("rb") as file:
        for _ in file:
            pass


def read(path: Path, records: int) -> None:
    with path.open("rb") as file:
        found = sum(isinstance(event, Line) for event in reader_for(file).events(file))
    if found != records:
        raise SystemExit(f"{path}: {found} lines read, {records} written")


def fetch(path: Path, records: int) -> None:
    """Go through the hook, page by page, ids included."""
    with tempfile.TemporaryDirectory() as folder:
        shelf = FileShelf(Path(folder))
        with path.open("rb") as file:
            shelf.receive(path.name, file, origin="bench")
        context = FakeFetchContext(files=shelf, settings=BankFeedSettings())
        found, cursor, more = 0, None, True
        while more:
            page = fetch_records(context, "lines", cursor)
            if page is None:
                raise SystemExit("the connector has no stream of lines")
            found, cursor, more = found + len(page.records), page.cursor, page.more
    if found != records:
        raise SystemExit(f"{path}: {found} records fetched, {records} written")


def median_rate(work: Callable[[], None], records: int, rounds: int) -> float:
    rates = []
    for _ in range(rounds):
        started = time.process_time()
        work()
        rates.append(records / (time.process_time() - started))
    return statistics.median(rates)


def peak(work: Callable[[], None]) -> float:
    """Return the most memory that Python held while working, in MB."""
    tracemalloc.start()
    work()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most / 1e6


if __name__ == "__main__":
    main()
