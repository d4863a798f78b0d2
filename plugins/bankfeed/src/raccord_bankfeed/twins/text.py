"""The twin's other hand: writes the same statements as QIF, for tests, the bench and trying a file by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from decimal import Decimal

from raccord_bankfeed.twins.bank import MadeAccount, MadeLine


def us_day(day: date) -> str:
    """Write a day as Quicken does in the United States: ``3/2'26``."""
    return f"{day.month}/{day.day:2}'{day.year % 100:02}"


def qif_chunks(
    account: MadeAccount,
    lines: Iterable[MadeLine],
    *,
    day: Callable[[date], str] = us_day,
    named: bool = True,
    comma: bool = False,
    charset: str = "utf-8",
    newline: str = "\r\n",
) -> Iterator[bytes]:
    """Yield a QIF file piece by piece, a transaction a piece."""
    kind = "CCard" if account.card else "Bank"
    head = ["!Account", f"N{account.number}", f"T{kind}", "^"] if named else []
    yield _encoded([*head, f"!Type:{kind}"], newline, charset)
    for line in lines:
        rows = [f"D{day(line.day)}", f"T{_grouped(line.amount, comma)}"]
        rows += [f"N{line.check_number or line.reference}"] if line.check_number or line.reference else []
        rows += [f"P{line.name}", f"M{line.memo}", *(f"{tag}{value}" for tag, value in line.more.items()), "^"]
        yield _encoded(rows, newline, charset)


def _encoded(rows: list[str], newline: str, charset: str) -> bytes:
    return "".join(row + newline for row in rows).encode(charset)


def _grouped(amount: Decimal, comma: bool) -> str:
    text = f"{amount:,f}"
    return text.translate(str.maketrans(",.", ".,")) if comma else text
