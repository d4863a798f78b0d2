"""Every format that the twin writes, behind one signature, for whatever is tried over all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

from raccord_bankfeed.twins.bai2 import bai2_chunks
from raccord_bankfeed.twins.bank import Dialect, Header, Leaves, MadeAccount, MadeLine, statement_chunks
from raccord_bankfeed.twins.camt import camt_chunks
from raccord_bankfeed.twins.csv import csv_chunks
from raccord_bankfeed.twins.mt940 import mt940_chunks
from raccord_bankfeed.twins.text import qif_chunks

Write = Callable[[MadeAccount, Sequence[MadeLine]], Iterable[bytes]]

_XML = Dialect(header=Header.XML, leaves=Leaves.CLOSED, newline="\n")


def _total(lines: Sequence[MadeLine]) -> Decimal:
    return sum((line.amount for line in lines), Decimal(0))


FORMATS: dict[str, Write] = {
    "ofx1": statement_chunks,
    "ofx2": lambda account, lines: statement_chunks(account, lines, dialect=_XML),
    "qif": qif_chunks,
    "camt": lambda account, lines: camt_chunks(account, lines, total=_total(lines)),
    "mt940": lambda account, lines: mt940_chunks(account, lines, total=_total(lines)),
    "bai2": bai2_chunks,
    "csv": lambda account, lines: csv_chunks(account, lines, balance=True),
}
"""By name; what a format says of balances and totals belongs to its lines."""


def file_of(name: str, account: MadeAccount, lines: Sequence[MadeLine]) -> bytes:
    """Return a whole file in the format ``name``; those of BAI2 are of one day."""
    return b"".join(FORMATS[name](account, lines))
