"""Lists of trades of securities: files of brokers, whose rows are no bank lines unless a person says so."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

from raccord.plugin import Text
from raccord_bankfeed.readers.amounts import written
from raccord_bankfeed.readers.contract import Line, Question, Reading
from raccord_bankfeed.readers.questions import digest
from raccord_bankfeed.readers.table import notes
from raccord_bankfeed.readers.table.layout import Layout
from raccord_bankfeed.readers.table.lines import RowReader
from raccord_bankfeed.readers.table.notes import NoTransaction
from raccord_bankfeed.readers.table.rows import Row
from raccord_bankfeed.readers.table.words import listed, plain
from raccord_bankfeed.readers.told import ACCEPT, LEAVE_OUT, Known

_QUANTITY, _SHARES, _QUOTE, _PRICE, _SECURITY, _DEED = (
    listed("trades", each) for each in ("quantity", "shares", "quote", "price", "security", "deed")
)
_ISIN = re.compile(r"[A-Z]{2}[A-Z0-9]{9}[0-9]")
"""The number of a security (ISO 6166)."""
_BOUGHT = frozenset({"buy", "sell", "bought", "sold"})
_NUMBERS_MIN, _NUMBER_CHARS_MAX = 3, 40
_SHOWN_MAX = 3


def trades_among(names: Sequence[str], rows: Sequence[Row]) -> list[Row]:
    """Return the first rows of a table that trade securities, by the plain names of its columns.

    Fuel and shops have quantities and prices too: which security it is, that it is shares, or that some are bought and
    sold tells.
    """
    named = frozenset(names)
    numbers = {number for number, name in enumerate(names) if name in _QUANTITY}
    of_securities = bool(named & (_SECURITY | _QUOTE)) or bool(named & _SHARES and named & _PRICE)
    if numbers and (of_securities or (named & _PRICE and any(_DEED & set(map(plain, row.cells)) for row in rows))):
        found = (row for row in rows if any(_is_some(row.cells[at]) for at in numbers if at < len(row.cells)))
        return list(islice(found, _SHOWN_MAX))
    if "isin" not in named:
        return []
    at = names.index("isin")
    found = (row for row in rows if at < len(row.cells) and _ISIN.fullmatch(row.cells[at].strip()))
    return list(islice(found, _SHOWN_MAX))


def trades_unnamed(others: Sequence[Row], rows: Sequence[Row]) -> list[Row]:
    """Return the first rows of a table without a name for its amounts that buy or sell: how many, at which price, for
    how much; ``others`` are rows that may name the other columns.
    """
    for other in others:
        if known := trades_among(tuple(map(plain, other.cells)), rows):
            return known
    found = (row for row in rows if any(map(_is_deed, row.cells)) and sum(map(_is_number, row.cells)) >= _NUMBERS_MIN)
    return list(islice(found, _SHOWN_MAX))


def _is_deed(cell: str) -> bool:
    return plain(cell) in _BOUGHT


def _is_number(cell: str) -> bool:
    return len(cell) < _NUMBER_CHARS_MAX and written(cell) is not None


def _is_some(cell: str) -> bool:
    return any(each in "123456789" for each in cell)


def _asked_about(file_key: str, layout: Layout, trades: Sequence[Row]) -> Question:
    """Ask whether a broker's rows are read as bank lines: trades are none, the cash of such an account may be."""
    out, read = Text("laissée de côté", "left out"), Text("lue comme une ligne", "read as a line")
    return Question(
        f"trades-{digest(file_key)}",
        "bankfeed.trades",
        Text(
            "Ce fichier est celui d’un courtier : des lignes achètent ou vendent des titres (une quantité, un cours). "
            "Un achat de titres n’est pas une dépense, et le compte ne se tient pas comme un compte de banque.",
            "This file is a broker's: rows buy or sell securities (a quantity, a price). To buy securities is no "
            "expense, and the account is not kept like a bank account.",
        ),
        (LEAVE_OUT, ACCEPT),
        trades[0].line,
        readings=(
            Reading(
                LEAVE_OUT,
                Text("Ne rien lire : un compte de placement", "Read none of it: an investment account"),
                (out,) * len(trades),
            ),
            Reading(
                ACCEPT,
                Text("Tout lire comme un compte de banque", "Read all of it as a bank account"),
                (read,) * len(trades),
            ),
        ),
        examples=tuple(f"{row.line} · {row.shown()}"[:120] for row in trades),
        layout=f"trades-{digest(layout.key)}",
    )


def doubted_trades(layout: Layout, trades: Sequence[Row], known: Known, file_key: str) -> tuple[Layout, list[Question]]:
    """Return the layout of a broker's rows as a person said that they are read, and what is asked where nobody did."""
    asked = _asked_about(file_key, layout, trades)
    said = known.says_of(asked.key, asked.layout, *asked.answers)
    return replace(layout, trades=said == LEAVE_OUT), [] if said else [asked]


@dataclass(slots=True)
class TradeReader(RowReader):
    """Reads of each row its day alone."""

    def lines(self, row: Row) -> Sequence[Line]:
        """Raise ``NoTransaction`` for a row that has a day, ``RowFault`` for one whose day cannot be read."""
        raise NoTransaction(notes.INVESTMENT, self.day(row))
