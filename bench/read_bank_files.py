"""How fast the bank feed reads its files, beside a floor and the public libraries measured in the same run.

The floor iterates the lines of the same file and does nothing with them: what reading costs that nobody can avoid.
Libraries are measured where they are installed (mt-940, bai2, quiffen; the standard library's csv with Decimal always),
and only where they find all records. Prints records per CPU second (medians), how many times slower the reader
is than the floor and how many times faster than the library, and the most memory that reading held; run it alone on a
quiet machine, and trust the ratios rather than the numbers.

    python bench/read_bank_files.py [--records 100000] [--rounds 5] [--only MT940]
"""

from __future__ import annotations

import argparse
import csv
import os
import statistics
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from raccord.plugin.testing import FakeFetchContext, FileShelf
from raccord_bankfeed import fetch_records
from raccord_bankfeed.readers import reader_for
from raccord_bankfeed.readers.contract import Line
from raccord_bankfeed.settings import BankFeedSettings
from raccord_bankfeed.twin import Dialect, Header, Leaves, MadeAccount, MadeLine, statement_chunks
from raccord_bankfeed.twin_bai2 import bai2_chunks
from raccord_bankfeed.twin_camt import camt_chunks
from raccord_bankfeed.twin_csv import csv_chunks
from raccord_bankfeed.twin_mt940 import mt940_chunks
from raccord_bankfeed.twin_text import qif_chunks

DIALECTS = {
    "OFX 1": Dialect(),
    "OFX 2": Dialect(header=Header.XML, leaves=Leaves.CLOSED, newline="\n"),
    "OFX 2, CDATA": Dialect(header=Header.XML, leaves=Leaves.CLOSED, newline="\n", cdata=True),
    "OFX 1, odd rows": Dialect(comments=True),
}
FIRST = date(2020, 1, 1)
ACCOUNT = MadeAccount()
Write = Callable[[int], Iterable[bytes]]


def ofx(dialect: Dialect) -> Write:
    """Return what writes a statement in a dialect."""
    return lambda count: statement_chunks(ACCOUNT, made(count), dialect=dialect)


def total(count: int) -> Decimal:
    return sum((line.amount for line in made(count)), Decimal(0))


FORMATS: dict[str, Write] = {
    **{name: ofx(dialect) for name, dialect in DIALECTS.items()},
    "QIF": lambda count: qif_chunks(ACCOUNT, made(count)),
    "CAMT.053": lambda count: camt_chunks(ACCOUNT, made(count), total=total(count)),
    "MT940": lambda count: mt940_chunks(ACCOUNT, made(count), total=total(count)),
    "BAI2": lambda count: bai2_chunks(ACCOUNT, made(count)),
    "CSV": lambda count: csv_chunks(ACCOUNT, made(count)),
    "CSV, balances": lambda count: csv_chunks(ACCOUNT, made(count), balance=True),
}


def by_mt940(path: Path) -> int:
    import mt940

    return len(mt940.parse(str(path), options=mt940.models.Options(reversal_sign=True)))


def by_bai2(path: Path) -> int:
    from bai2 import bai2

    with path.open() as file:
        read = bai2.parse_from_file(file, check_integrity=False)
    return sum(len(account.children) for group in read.children for account in group.children)


def by_quiffen(path: Path) -> int:
    from quiffen import Qif

    read = Qif.parse(str(path))
    return sum(len(each) for account in read.accounts.values() for each in account.transactions.values())


def by_csv(path: Path) -> int:
    with path.open(newline="") as file:
        rows = csv.reader(file)
        next(rows)
        return sum(Decimal(row[3].replace(",", "")) is not None for row in rows)


LIBRARIES: dict[str, tuple[str, Callable[[Path], int]]] = {
    "QIF": ("quiffen", by_quiffen),
    "MT940": ("mt-940", by_mt940),
    "BAI2": ("bai2", by_bai2),
    "CSV": ("csv", by_csv),
}


def main() -> None:
    """Make the files, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="formats whose names begin so")
    given = parser.parse_args()
    print(f"{given.records} records, {given.rounds} rounds, {os.cpu_count()} cores; records per CPU second, medians")
    print(
        f"{'file':16}{'MB':>6}{'floor':>12}{'reader':>10}{'slower':>8}{'peak MB':>9}{'to records':>12}{'peak MB':>9}"
        f"  {'library':10}{'its rate':>10}{'reader is':>11}"
    )
    with tempfile.TemporaryDirectory() as folder:
        for name, write in FORMATS.items():
            if not name.startswith(given.only):
                continue
            path = Path(folder) / "statement.qif"  # quiffen reads no other name
            with path.open("wb") as file:
                file.writelines(write(given.records))
            row, rate = measured(path, given.records, given.rounds)
            print(
                f"{name:16}{path.stat().st_size / 1e6:6.1f}{row}{beside(name, path, given.records, rate)}", flush=True
            )


def beside(name: str, path: Path, records: int, rate: float) -> str:
    """Return what the public library makes of the same file, once, for it may take minutes."""
    if name not in LIBRARIES:
        return ""
    library, work = LIBRARIES[name]
    started = time.process_time()
    try:
        found = work(path)
    except ImportError:
        return f"  {library:10}{'not here':>10}"
    spent = time.process_time() - started
    if found != records:
        return f"  {library:10}{'found':>10} {found}"
    return f"  {library:10}{records / spent:10,.0f}{rate * spent / records:10.1f}x"


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


def measured(path: Path, records: int, rounds: int) -> tuple[str, float]:
    """Return one row of the table, and the reader's rate."""
    floor = median_rate(lambda: lines_of(path), records, rounds)
    reader = median_rate(lambda: read(path, records), records, rounds)
    pages = median_rate(lambda: fetch(path, records), records, max(1, rounds // 2))
    peaks = [peak(lambda: read(path, records)), peak(lambda: fetch(path, records))]
    row = f"{floor:12,.0f}{reader:10,.0f}{floor / reader:7.1f}x{peaks[0]:9.1f}{pages:12,.0f}{peaks[1]:9.1f}"
    return row, reader


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
