"""How fast the bank feed reads its files, and in how much memory, beside the public libraries on the same files.

Every reader runs in a process of its own, so that its memory is its alone: records per CPU second (median of rounds)
and how far the process grew above what its imports need. *reader is* tells how many times faster ours is than that
library: the median over the rounds, in each of which all read the file one after the other, so that what else the
machine does troubles all of them. A floor iterates the lines of the file and does nothing with them. Libraries that
take quadratic time read no more than they can in a minute; one that finds another number of records is named with what
it found. Ratios of one run are worth something, numbers of two machines are not.

The last line of a file sets ours against the fastest of the bank libraries and, for tables, against Python's own
``csv``, which does less: no library for banks, it is told the columns and how the file writes, and keeps no raw text,
place or id.

    python bench/read_bank_files.py [--records 10000 100000 1000000] [--rounds 3] [--only MT940]

bankstatementparser (it brings pandas), qifparse, beangulp and ofxstatement are not among the tools that ``make dev``
installs: ``pip install -c constraints.txt bankstatementparser qifparse beangulp ofxstatement``.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import logging
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import redirect_stdout
from datetime import date, datetime, timedelta
from decimal import Decimal
from operator import truediv
from pathlib import Path
from typing import Any

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
    import mt940

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
    from qifparse.parser import QifParser

    with path.open() as file:
        accounts = QifParser.parse(file).get_accounts()
    return sum(len(found) for account in accounts for found in account._transactions.values())


def by_ofxparse(path: Path) -> int:
    from ofxparse import OfxParser

    with path.open("rb") as file:
        return sum(len(account.statement.transactions) for account in OfxParser.parse(file).accounts)


def by_pycamt(path: Path) -> int:
    from pycamt.parser import Camt053Parser

    return len(Camt053Parser(path.read_bytes()).get_transactions())


def by_bankstatementparser(path: Path) -> int:
    import bankstatementparser as library

    parsers = {
        "ofx": library.OfxParser,
        "xml": library.CamtParser,
        "sta": library.Mt940Parser,
        "bai": library.Bai2Parser,
        "csv": library.CsvStatementParser,
    }
    return len(parsers[path.suffix[1:]](str(path)).parse())


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
    from ofxstatement.parser import CsvStatementParser

    class Parser(CsvStatementParser):
        mappings = {"date": 1, "payee": 2, "amount": 3, "id": 4}  # noqa: RUF012 - as the library wants it
        date_format = "%Y-%m-%d"

        def parse_decimal(self, value: str) -> Decimal:
            return Decimal(value.replace(",", ""))

    with path.open(newline="") as file:
        next(file)
        return len(Parser(file).parse().lines)


def by_beangulp(path: Path) -> int:
    from beangulp.importers import csvbase

    class Importer(csvbase.Importer):
        date = csvbase.Date("Date")
        narration = csvbase.Column("Payee")
        amount = csvbase.Amount("Amount", subs={",": ""})

        def identify(self, filepath: str) -> bool:
            return filepath.endswith("csv")

    return len(Importer("Assets:Bank", "CAD").extract(str(path), []))


QUADRATIC = 10_000
BANKSTATEMENTPARSER = ("bankstatementparser", by_bankstatementparser, 100_000)
TABLES: list[tuple[str, Work, int]] = [
    BANKSTATEMENTPARSER,
    ("beangulp", by_beangulp, 100_000),
    ("ofxstatement", by_ofxstatement, 100_000),
    ("csv.DictReader", by_dict_reader, 1_000_000),
    ("csv.reader", by_csv_reader, 1_000_000),
]
LIBRARIES: dict[str, list[tuple[str, Work, int]]] = {
    "OFX 1": [BANKSTATEMENTPARSER, ("ofxparse", by_ofxparse, QUADRATIC)],
    "OFX 2": [BANKSTATEMENTPARSER, ("ofxparse", by_ofxparse, QUADRATIC)],
    "QIF": [("qifparse", by_qifparse, 100_000), ("quiffen", by_quiffen, 100_000)],
    "CAMT.053": [BANKSTATEMENTPARSER, ("pycamt", by_pycamt, 2_000)],
    "MT940": [BANKSTATEMENTPARSER, ("mt-940", by_mt940, 100_000)],
    "BAI2": [BANKSTATEMENTPARSER, ("bai2", by_bai2, 100_000)],
    "CSV": TABLES,
    "CSV, balances": TABLES,
}
"""With the most records that each is given: what it reads in about a minute, or holds in 2 GB."""
NO_BANK_LIBRARIES = frozenset({"csv.DictReader", "csv.reader"})


OURS: dict[str, tuple[Work, int]] = {
    "raccord": (ours, sys.maxsize),
    "lines alone": (floor, sys.maxsize),
    "raccord, to records": (to_records, 100_000),
}


def main() -> None:
    """Make the files, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="formats whose names begin so")
    parser.add_argument("--one", nargs=4, metavar=("FORMAT", "READER", "PATH", "ROUNDS"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        measure(*given.one)
        return
    print(f"{'file':14}{'records':>10}{'MB':>7}  {'reader':20}{'records/s':>12}{'MB held':>9}{'reader is':>11}")
    with tempfile.TemporaryDirectory() as folder:
        for name, (suffix, write) in FORMATS.items():
            for count in given.records if name.startswith(given.only) else ():
                path = Path(folder) / f"statement.{suffix}"
                with path.open("wb") as file:
                    file.writelines(write(count))
                compare(name, path, count, given.rounds)
                path.unlink()


def readers_of(name: str) -> dict[str, tuple[Work, int]]:
    return OURS | {library: (work, most) for library, work, most in LIBRARIES[name]}


def compare(name: str, path: Path, count: int, rounds: int) -> None:
    """Print a row for each reader of a file, each in a process of its own."""
    readers = [reader for reader, (_, most) in readers_of(name).items() if count <= most]
    told: dict[str, list[dict[str, Any]]] = {reader: [] for reader in readers}
    for _ in range(1 if count > 100_000 else rounds):
        for reader in readers:
            if not any("failed" in each for each in told[reader]):
                told[reader].append(alone(name, reader, path))
    head = f"{name:14}{count:>10,}{path.stat().st_size / 1e6:7.1f}"
    ratios: dict[str, float] = {}
    ours_spent = [each["seconds"] for each in told["raccord"]]
    for reader, rows in told.items():
        if "failed" in rows[-1]:
            print(f"{head}  {reader:20} {rows[-1]['failed']}", flush=True)
            continue
        spent = [each["seconds"] for each in rows]
        if reader not in OURS:
            ratios[reader] = statistics.median(map(truediv, spent, ours_spent))
        ratio = f"{ratios[reader]:10.1f}x" if reader in ratios else ""
        odd = "" if rows[0]["found"] in (count, -1) else f"  found {rows[0]['found']}"
        held = max(each["held"] for each in rows)
        print(f"{head}  {reader:20}{count / statistics.median(spent):12,.0f}{held:9.1f}{ratio}{odd}", flush=True)
    for kind, names in (
        ("fastest bank library", ratios.keys() - NO_BANK_LIBRARIES),
        ("Python's csv", ratios.keys() & NO_BANK_LIBRARIES),
    ):
        if names:
            fastest = min(names, key=ratios.__getitem__)
            print(f"{head}  {kind}: {fastest}, ours is {ratios[fastest]:.1f} x", flush=True)


def alone(name: str, reader: str, path: Path) -> dict[str, Any]:
    """Read a file once in a process of its own and return what it tells, or why it failed."""
    done = subprocess.run(
        [sys.executable, __file__, "--one", name, reader, str(path), "1"], capture_output=True, text=True
    )
    if done.returncode:
        return {"failed": done.stderr[-80:]}
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def measure(name: str, reader: str, path: str, rounds: str) -> None:
    """Read a file and say how long that took and how much the process grew by it."""
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    work, _ = readers_of(name)[reader]
    try:
        with redirect_stdout(io.StringIO()):
            small = Path(path).with_name(f"small{Path(path).suffix}")
            small.write_bytes(b"".join(FORMATS[name][1](20)))
            work(small)  # what it imports and compiles is not the file's
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            spent = []
            for _ in range(int(rounds)):
                started = time.process_time()
                found = work(Path(path))
                spent.append(time.process_time() - started)
    except ImportError as missing:
        print(json.dumps({"failed": f"not here: {missing.name}"}))
        return
    held = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(json.dumps({"found": found, "seconds": statistics.median(spent), "held": held}))


if __name__ == "__main__":
    main()
