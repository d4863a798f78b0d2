"""What sealing costs: received files written and read sealed, as ratios to plain files in the same run.

Prints MB per CPU second (medians): in pieces of 64 KiB, line by line, at random places, and the bank feed's reader over
an OFX file. Run it alone on a quiet machine, and trust the ratios rather than the numbers.

    python bench/sealed_files.py [--megabytes 64] [--rounds 5]
"""

from __future__ import annotations

import argparse
import hashlib
import io
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import BinaryIO

from raccord.store.sealed import CHUNK, Sealer, unsealed
from raccord_bankfeed.readers import reader_for
from raccord_bankfeed.readers.contract import Line
from raccord_bankfeed.twins.bank import MadeAccount, MadeLine, statement_chunks

KEYS = [os.urandom(32)]
PLACES = 2_000
LINE_BYTES = 160
Open = Callable[[], BinaryIO]


def main() -> None:
    """Make the files, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        plain, sealed = Path(folder) / "plain.ofx", Path(folder) / "sealed.ofx"
        with plain.open("wb") as file:
            file.writelines(
                statement_chunks(MadeAccount(), map(made, range(given.megabytes * 1_000_000 // LINE_BYTES)))
            )
        size = plain.stat().st_size
        with plain.open("rb") as made_file:
            sha256 = hashlib.file_digest(made_file, "sha256").hexdigest()

        def open_plain() -> BinaryIO:
            return plain.open("rb")

        def open_sealed() -> BinaryIO:
            return unsealed(io.FileIO(sealed), KEYS, "bench", size, sha256)

        print(f"{size / 1e6:.1f} MB, {given.rounds} rounds; MB per CPU second, medians")
        print(f"{'':24}{'plain':>10}{'sealed':>10}{'ratio':>8}")
        row(
            "write and hash",
            size,
            given.rounds,
            lambda: write(plain, Path(folder) / "copy"),
            lambda: seal(plain, sealed),
        )
        for name, work, touched in (
            ("read in pieces", pieces, size),
            ("read line by line", lines, size),
            ("read at random places", places, PLACES * LINE_BYTES),
            ("bank feed's reader", events, size),
        ):
            row(name, touched, given.rounds, partial(work, open_plain), partial(work, open_sealed))


def made(number: int) -> MadeLine:
    return MadeLine(
        day=date(2020, 1, 1) + timedelta(number % 1500),
        amount=Decimal(-(number * 7919 % 100_000) - 1).scaleb(-2),
        native=f"F{number:011}",
        name=f"SHOP {number % 531} MONTREAL QC",
        memo=f"CARD PURCHASE {number % 97}",
        type="DEBIT",
    )


def row(name: str, size: int, rounds: int, plain: Callable[[], None], sealed: Callable[[], None]) -> None:
    rates = [median_rate(work, size, rounds) for work in (plain, sealed)]
    print(f"{name:24}{rates[0]:10,.1f}{rates[1]:10,.1f}{rates[0] / rates[1]:7.2f}x")


def median_rate(work: Callable[[], None], size: int, rounds: int) -> float:
    rates = []
    for _ in range(rounds):
        started = time.process_time()
        work()
        rates.append(size / 1e6 / (time.process_time() - started))
    return statistics.median(rates)


def write(source: Path, target: Path) -> None:
    digest = hashlib.sha256()
    with source.open("rb") as file, target.open("wb") as copy:
        while chunk := file.read(1024 * 1024):
            digest.update(chunk)
            copy.write(chunk)


def seal(source: Path, target: Path) -> None:
    with source.open("rb") as file, target.open("wb") as copy:
        sealer = Sealer(copy, KEYS)
        while chunk := file.read(1024 * 1024):
            sealer.write(chunk)
        sealer.finish()


def pieces(opened: Open) -> None:
    with opened() as stream:
        while stream.read(CHUNK):
            pass


def lines(opened: Open) -> None:
    with opened() as stream:
        for _ in stream:
            pass


def places(opened: Open) -> None:
    chosen = random.Random(1)
    with opened() as stream:
        size = stream.seek(0, io.SEEK_END)
        for _ in range(PLACES):
            stream.seek(chosen.randrange(size))
            stream.read(LINE_BYTES)


def events(opened: Open) -> None:
    with opened() as stream:
        if not sum(isinstance(event, Line) for event in reader_for(stream).events(stream)):
            raise SystemExit("the file was not read to its end")


if __name__ == "__main__":
    main()
