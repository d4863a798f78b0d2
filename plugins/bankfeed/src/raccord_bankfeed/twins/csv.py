"""The twin writes the same statements as CSV tables, in the ways of several banks."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from decimal import Decimal
from io import StringIO

from raccord_bankfeed.twins.bank import MadeAccount, MadeLine


def csv_chunks(
    account: MadeAccount,
    lines: Iterable[MadeLine],
    *,
    delimiter: str = ",",
    comma: bool = False,
    two_columns: bool = False,
    balance: bool = False,
    preamble: bool = False,
    opening: Decimal = Decimal("100.00"),
    charset: str = "utf-8",
) -> Iterator[bytes]:
    """Yield a table piece by piece, a row a piece."""
    buffer = StringIO()
    writer = csv.writer(buffer, delimiter=delimiter)

    def flushed() -> bytes:
        text = buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
        return text.encode(charset)

    def written(amount: Decimal) -> str:
        text = f"{amount:,.2f}"
        return text.translate(str.maketrans(",.", ".,")) if comma else text

    if preamble:
        writer.writerows([["Account", "of", "somebody"], [], ["Downloaded today"]])
    money = ["Withdrawals", "Deposits"] if two_columns else ["Amount"]
    writer.writerow(["Account number", "Date", "Payee", *money, "Transaction ID", *(["Balance"] if balance else [])])
    running = opening
    for line in lines:
        running += line.amount
        out, into = (written(-line.amount), "") if line.amount < 0 else ("", written(line.amount))
        amounts = [out, into] if two_columns else [written(line.amount)]
        after = [written(running)] if balance else []
        writer.writerow([account.number, line.day.isoformat(), line.name, *amounts, line.native, *after])
        yield flushed()
    yield flushed()
