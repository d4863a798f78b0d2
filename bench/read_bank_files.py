"""How fast the bank feed reads its files, and in how much memory, beside the public libraries on the same files.

Every reader runs in a process of its own, so that its memory is its alone: records per CPU second, how far the process
grew at the first reading above what its imports need, and what it came to with them. In each round all read the file
one after the other, so that what else the machine does troubles all of them; what takes less than half a second is
read up to five times in a row, of which the median counts, and what takes more than five seconds in one round alone.
*reader is* tells how many times faster ours is than that library: the median over the rounds. A floor iterates the
lines of the file and does nothing with them. A library is stopped after ``--seconds`` of CPU or at ``--megabytes``,
named as such, and spared the larger files; one that finds another number of records is named with what it found.
Ratios of one run are worth something, numbers of two machines are not.

Of tables the readers do not all give the same. ofxstatement, beangulp and bankstatementparser's *Transactions* give
typed transactions, each with a day, a decimal amount and its texts, as ours does: that comparison is fair, though the
first two are told the columns, the form of the days and the marks of amounts, which ours finds out in a look at the
whole file before, where it also follows the balances; none of the three keeps the place and the raw text of a line.
bankstatementparser alone leaves a table as pandas cut it: amounts are decimals, days are text still, and there is no
object per line. Its *rows* are that table gone through once for days; they are no transactions either, and stand here
because somebody may need no more.

The last lines of a file set ours against the fastest of the bank libraries and, for tables, against Python's own
``csv``, which does less: no library for banks, it is told the columns and how the file writes, and keeps no raw text,
place or id.

    python bench/read_bank_files.py [--records 10000 100000 1000000] [--rounds 3] [--only MT940] [--seconds 60]

bankstatementparser (it brings pandas), qifparse, beangulp and ofxstatement are not among the tools that ``make dev``
installs: ``pip install -c constraints.txt bankstatementparser qifparse beangulp ofxstatement``. Who lacks one is told.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import logging
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import redirect_stdout
from datetime import date, datetime, timedelta
from decimal import Decimal
from importlib import import_module
from operator import truediv
from pathlib import Path
from typing import Any, NamedTuple

from raccord.plugin.testing import FakeFetchContext, FileShelf
from raccord_bankfeed import fetch_records
from raccord_bankfeed.readers import reader_for
from raccord_bankfeed.readers.contract import Line
from raccord_bankfeed.settings import BankFeedSettings
from raccord_bankfeed.twins.bai2 import bai2_chunks
from raccord_bankfeed.twins.bank import Dialect, Header, Leaves, MadeAccount, MadeLine, statement_chunks
from raccord_bankfeed.twins.camt import camt_chunks
from raccord_bankfeed.twins.csv import csv_chunks
from raccord_bankfeed.twins.mt940 import mt940_chunks
from raccord_bankfeed.twins.text import qif_chunks

FIRST = date(2020, 1, 1)
ACCOUNT = MadeAccount()
Write = Callable[[int], Iterable[bytes]]
Work = Callable[[Path], int]

XML = Dialect(header=Header.XML, leaves=Leaves.CLOSED, newline="\n")


def total(count: int) -> Decimal:
    return sum((line.amount for line in made(count)), Decimal(0))


FORMATS: dict[str, tuple[str, Write]] = {
    "OFX 1": ("ofx", lambda count: statement_chunks(ACCOUNT, made(count))),
    "OFX 2": ("ofx", lambda count: statement_chunks(ACCOUNT, made(count), dialect=XML)),
    "QIF": ("qif", lambda count: qif_chunks(ACCOUNT, made(count), day=lambda day: f"{day:%d/%m/%Y}")),
    "CAMT.053": ("xml", lambda count: camt_chunks(ACCOUNT, made(count), total=total(count))),
    "MT940": ("sta", lambda count: mt940_chunks(ACCOUNT, made(count), total=total(count))),
    "BAI2": ("bai", lambda count: bai2_chunks(ACCOUNT, made(count))),
    "CSV": ("csv", lambda count: csv_chunks(ACCOUNT, made(count))),
    "CSV, balances": ("csv", lambda count: csv_chunks(ACCOUNT, made(count), balance=True)),
}


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


def floor(path: Path) -> int:
    with path.open("rb") as file:
        for _ in file:
            pass
    return -1


def ours(path: Path) -> int:
    with path.open("rb") as file:
        return sum(isinstance(event, Line) for event in reader_for(file).events(file))


def to_records(path: Path) -> int:
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
    return found


def by_mt940(path: Path) -> int:
    mt940: Any = import_module("mt940")
    return len(mt940.parse(str(path), options=mt940.models.Options(reversal_sign=True)))


def by_bai2(path: Path) -> int:
    from bai2 import bai2

    with path.open() as file:
        read = bai2.parse_from_file(file, check_integrity=False)
    return sum(len(account.children) for group in read.children for account in group.children)


def by_quiffen(path: Path) -> int:
    from quiffen import Qif

    read = Qif.parse(str(path), day_first=True)
    return sum(len(each) for account in read.accounts.values() for each in account.transactions.values())


def by_qifparse(path: Path) -> int:
    parser: Any = import_module("qifparse.parser").QifParser
    with path.open() as file:
        accounts = parser.parse(file).get_accounts()
    return sum(len(found) for account in accounts for found in account._transactions.values())


def by_ofxparse(path: Path) -> int:
    from ofxparse import OfxParser

    with path.open("rb") as file:
        read: Any = OfxParser.parse(file)
    return sum(len(account.statement.transactions) for account in read.accounts)


def by_pycamt(path: Path) -> int:
    from pycamt.parser import Camt053Parser

    return len(Camt053Parser(path.read_bytes()).get_transactions())


def by_bankstatementparser(path: Path) -> int:
    library: Any = import_module("bankstatementparser")
    parsers = {
        "ofx": library.OfxParser,
        "xml": library.CamtParser,
        "sta": library.Mt940Parser,
        "bai": library.Bai2Parser,
        "csv": library.CsvStatementParser,
    }
    return len(parsers[path.suffix[1:]](str(path)).parse())


def by_bankstatementparser_rows(path: Path) -> int:
    """Go through its table into rows with a day, the least that anybody does who has use for them."""
    library: Any = import_module("bankstatementparser")
    table = library.CsvStatementParser(str(path)).parse()
    if next(iter(table)) != "date" or not isinstance(table["amount"].iloc[0], Decimal):
        raise SystemExit("the table has other columns")
    return len([(date.fromisoformat(day), *others) for day, *others in table.itertuples(index=False, name=None)])


def by_bankstatementparser_objects(path: Path) -> int:
    """Make of its table what it has for one transaction, as its own pipeline does."""
    library: Any = import_module("bankstatementparser")
    of: Any = import_module("bankstatementparser.transaction_models").Transaction.from_record
    records = library.CsvStatementParser(str(path)).parse().to_dict("records")
    return len([of(record, source_index=at) for at, record in enumerate(records)])


def by_dict_reader(path: Path) -> int:
    """Read rows by the names of their columns, with day and amount: what a script of thirty lines does."""
    with path.open(newline="") as file:
        lines = [
            (datetime.strptime(row["Date"], "%Y-%m-%d").date(), Decimal(row["Amount"].replace(",", "")), row["Payee"])  # noqa: DTZ007 - a day
            for row in csv.DictReader(file)
        ]
    return len(lines)


def by_csv_reader(path: Path) -> int:
    """Read rows by the places of their columns, with day and amount: the least that anybody can do."""
    with path.open(newline="") as file:
        rows = csv.reader(file)
        next(rows)
        lines = [(date.fromisoformat(row[1]), Decimal(row[3].replace(",", "")), row[2]) for row in rows]
    return len(lines)


def by_ofxstatement(path: Path) -> int:
    library: Any = import_module("ofxstatement.parser")

    class Parser(library.CsvStatementParser):
        mappings = {"date": 1, "payee": 2, "amount": 3, "id": 4}  # noqa: RUF012 - as the library wants it
        date_format = "%Y-%m-%d"

        def parse_decimal(self, value: str) -> Decimal:
            return Decimal(value.replace(",", ""))

    with path.open(newline="") as file:
        next(file)
        return len(Parser(file).parse().lines)


def by_beangulp(path: Path) -> int:
    csvbase: Any = import_module("beangulp.importers.csvbase")

    class Importer(csvbase.Importer):
        date = csvbase.Date("Date")
        narration = csvbase.Column("Payee")
        amount = csvbase.Amount("Amount", subs={",": ""})

        def identify(self, filepath: str) -> bool:
            return filepath.endswith("csv")

    return len(Importer("Assets:Bank", "CAD").extract(str(path), []))


BANKSTATEMENTPARSER = ("bankstatementparser", by_bankstatementparser)
TABLES: list[tuple[str, Work]] = [
    BANKSTATEMENTPARSER,
    ("bankstatementparser, rows", by_bankstatementparser_rows),
    ("bankstatementparser, Transactions", by_bankstatementparser_objects),
    ("beangulp", by_beangulp),
    ("ofxstatement", by_ofxstatement),
    ("csv.DictReader", by_dict_reader),
    ("csv.reader", by_csv_reader),
]
LIBRARIES: dict[str, list[tuple[str, Work]]] = {
    "OFX 1": [BANKSTATEMENTPARSER, ("ofxparse", by_ofxparse)],
    "OFX 2": [BANKSTATEMENTPARSER, ("ofxparse", by_ofxparse)],
    "QIF": [("qifparse", by_qifparse), ("quiffen", by_quiffen)],
    "CAMT.053": [BANKSTATEMENTPARSER, ("pycamt", by_pycamt)],
    "MT940": [BANKSTATEMENTPARSER, ("mt-940", by_mt940)],
    "BAI2": [BANKSTATEMENTPARSER, ("bai2", by_bai2)],
    "CSV": TABLES,
    "CSV, balances": TABLES,
}
NO_BANK_LIBRARIES = frozenset({"csv.DictReader", "csv.reader"})
OURS: dict[str, Work] = {"raccord": ours, "lines alone": floor, "raccord, to records": to_records}
SLOW_SECONDS = 5.0
"""What takes longer is measured once: it is long enough to be told from what else the machine does."""
QUICK_SECONDS = 0.5
READINGS_MAX = 5
RECORDS_MAX = 100_000
"""Of larger files ours are not made into records: that each takes as long as the other is known by then."""


class Reading(NamedTuple):
    """What one process told of one reading of a file."""

    failed: str = ""
    """Why it told nothing else."""
    found: int = 0
    seconds: float = 0.0
    held: float = 0.0
    """Megabytes by which the process grew."""
    peak: float = 0.0
    """Megabytes that it came to."""


class Limits(NamedTuple):
    """What a library may take for a file."""

    seconds: int
    megabytes: int


def main() -> None:
    """Make the files, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="formats whose names begin so")
    parser.add_argument("--seconds", type=int, default=60, help="of CPU, after which a library is stopped")
    parser.add_argument("--megabytes", type=int, default=4000, help="at which a library is stopped")
    parser.add_argument("--one", nargs=3, metavar=("FORMAT", "READER", "PATH"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    limits = Limits(given.seconds, given.megabytes)
    if given.one:
        name, reader, path = given.one
        measure(name, reader, path, limits)
        return
    print(f"A library is stopped after {limits.seconds} s of CPU, or at {limits.megabytes} MB.")
    print(
        f"{'file':14}{'records':>10}{'MB':>7}  {'reader':33}{'records/s':>12}{'MB held':>9}{'peak':>7}{'reader is':>11}"
    )
    with tempfile.TemporaryDirectory() as folder:
        for name, (suffix, write) in FORMATS.items():
            stopped: set[str] = set()
            for count in sorted(given.records) if name.startswith(given.only) else ():
                path = Path(folder) / f"statement.{suffix}"
                with path.open("wb") as file:
                    file.writelines(write(count))
                stopped |= compare(name, path, count, given.rounds, limits, stopped)
                path.unlink()


def readers_of(name: str) -> dict[str, Work]:
    return OURS | dict(LIBRARIES[name])


def compare(name: str, path: Path, count: int, rounds: int, limits: Limits, spared: Collection[str]) -> set[str]:
    """Print a row for each reader of a file, each in a process of its own; return those that were stopped."""
    told: dict[str, list[Reading]] = {reader: [] for reader in readers_of(name) if reader not in spared}
    if count > RECORDS_MAX:
        told.pop("raccord, to records")
    for _ in range(rounds):
        for reader, readings in told.items():
            if not readings or not (readings[-1].failed or readings[-1].seconds > SLOW_SECONDS):
                readings.append(alone(name, reader, path, limits))
    head = f"{name:14}{count:>10,}{path.stat().st_size / 1e6:7.1f}"
    own = [each.seconds for each in told["raccord"]]
    ratios: dict[str, float] = {}
    for reader in sorted(spared):
        print(f"{head}  {reader:33}  not tried: stopped at a smaller file", flush=True)
    for reader, readings in told.items():
        last = readings[-1]
        if last.failed:
            print(f"{head}  {reader:33}  {last.failed}", flush=True)
            continue
        spent = [each.seconds for each in readings]
        if reader not in OURS:
            ratios[reader] = statistics.median(map(truediv, spent, own if len(spent) > 1 else [statistics.median(own)]))
        ratio = f"{ratios[reader]:10.1f}x" if reader in ratios else ""
        odd = "" if last.found in (count, -1) else f"  found {last.found}"
        held, peak = (max(each) for each in zip(*((each.held, each.peak) for each in readings), strict=True))
        speed = count / statistics.median(spent)
        print(f"{head}  {reader:33}{speed:12,.0f}{held:9.1f}{peak:7.0f}{ratio}{odd}", flush=True)
    for kind, names in (
        ("fastest bank library", ratios.keys() - NO_BANK_LIBRARIES),
        ("Python's csv", ratios.keys() & NO_BANK_LIBRARIES),
    ):
        if names:
            fastest = min(names, key=ratios.__getitem__)
            print(f"{head}  {kind}: {fastest}, ours is {ratios[fastest]:.1f} x", flush=True)
    return {reader for reader, readings in told.items() if readings[-1].failed}


def alone(name: str, reader: str, path: Path, limits: Limits) -> Reading:
    """Read a file once in a process of its own and return what it tells, or why it failed."""
    most = ["--seconds", str(limits.seconds), "--megabytes", str(limits.megabytes)]
    done = subprocess.run(
        [sys.executable, __file__, *most, "--one", name, reader, str(path)], capture_output=True, text=True
    )
    if done.returncode == -signal.SIGXCPU:
        return Reading(f"stopped after {limits.seconds} s")
    if "MemoryError" in done.stderr:
        return Reading(f"stopped at {limits.megabytes} MB")
    if done.returncode:
        return Reading(done.stderr[-80:].strip())
    return Reading(**json.loads(done.stdout.splitlines()[-1]))


def measure(name: str, reader: str, path: str, limits: Limits) -> None:
    """Read a file and say how long that took and how much the process grew by it."""
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    work = readers_of(name)[reader]
    try:
        with redirect_stdout(io.StringIO()):
            small = Path(path).with_name(f"small{Path(path).suffix}")
            small.write_bytes(b"".join(FORMATS[name][1](20)))
            work(small)  # what it imports and compiles is not the file's
            before, started = memory(), time.process_time()
            if reader not in OURS:
                resource.setrlimit(resource.RLIMIT_CPU, (int(started) + limits.seconds, resource.RLIM_INFINITY))
                resource.setrlimit(resource.RLIMIT_DATA, (limits.megabytes * 1_000_000, resource.RLIM_INFINITY))
            found = work(Path(path))
            spent = [time.process_time() - started]
            held, peak = memory() - before, memory()
            while sum(spent) < QUICK_SECONDS and len(spent) < READINGS_MAX:
                started = time.process_time()
                work(Path(path))
                spent.append(time.process_time() - started)
    except ImportError as missing:
        print(json.dumps({"failed": f"not here: {missing.name}"}))
        return
    print(json.dumps({"found": found, "seconds": statistics.median(spent), "held": held, "peak": peak}))


def memory() -> float:
    """Return the most megabytes that the process held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
