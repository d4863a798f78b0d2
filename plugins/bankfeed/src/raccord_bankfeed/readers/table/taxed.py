"""Tax that a bank withholds of interest and tells beside it: the amount is before it, or after it.

Where no balance tells, a person does. Before it, the tax is a line of its own: what was withheld stands in the books
beside the whole of what was earned, both come to what the account holds more, and the first keeps the id that it had
when its amount alone was read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice

from raccord.plugin import Text
from raccord_bankfeed.readers.contract import Line, Question, Reading
from raccord_bankfeed.readers.faults import RowFault
from raccord_bankfeed.readers.questions import amount_text, digest
from raccord_bankfeed.readers.table.against import doubted
from raccord_bankfeed.readers.table.layout import Layout
from raccord_bankfeed.readers.table.lines import RowReader
from raccord_bankfeed.readers.table.notes import NoTransaction
from raccord_bankfeed.readers.table.rows import Block, Row
from raccord_bankfeed.readers.table.words import listed
from raccord_bankfeed.readers.told import ACCEPT, SEPARATE, Known

_TAXES = listed("taxes", "withheld")
_SECURITIES = listed("trades", "shares") | listed("trades", "security") | {"asset class"}
_SHOWN_MAX = 3


def doubts(
    blocks: Callable[[], Iterable[Block]], reader: RowReader, known: Known, file_key: str
) -> tuple[RowReader, list[Question]]:
    """Ask where a table contradicts its signs, or leaves open whether tax is in its amounts; return what reads it."""
    reader, asked = doubted(blocks, reader, known)
    at = None if type(reader) is not RowReader else _column(reader.layout)
    if at is None:
        return reader, asked
    taxed = TaxedReader(reader.layout, reader.written, reader.evidence, turned=reader.turned, taxed=at)
    found = list(islice(_withheld(blocks(), taxed), _SHOWN_MAX))
    if not found:
        return reader, asked
    question = _asked_about(file_key, reader.layout, found)
    said = known.says_of(question.key, question.layout, *question.answers)
    return (taxed if said == SEPARATE else reader), [*asked, *([] if said else [question])]


def _column(layout: Layout) -> int | None:
    used = {*layout.columns.values()}
    return next((at for at, name in enumerate(layout.header) if name in _TAXES and at not in used), None)


def _withheld(blocks: Iterable[Block], reader: TaxedReader) -> Iterable[tuple[Row, Decimal, Decimal]]:
    """Yield the rows of which tax was withheld, with amount and tax."""
    for block in blocks:
        for row in block:
            if reader.taxed >= len(row.cells) or not any(each in "123456789" for each in row.cells[reader.taxed]):
                continue
            try:
                _, amount, *_ = reader.moved(row)
                tax = reader.tax(row, amount)
            except (NoTransaction, RowFault):
                continue
            if tax:
                yield row, amount, tax


@dataclass(slots=True)
class TaxedReader(RowReader):
    """Reads of a row of which tax was withheld two lines: the amount before it, and the tax."""

    taxed: int = -1

    def __post_init__(self) -> None:
        """Read row by row."""
        RowReader.__post_init__(self)
        self.plain = False

    def tax(self, row: Row, amount: Decimal) -> Decimal:
        """Return by how much less came in, as a negative amount; nothing of purchases, whose tax is in their amount."""
        tax = self.number(row, self.taxed) if amount > 0 else None
        if not tax or (tax > 0 and _SECURITIES.isdisjoint(self.layout.header)):
            return Decimal(0)
        return -abs(tax)

    def lines(self, row: Row) -> Sequence[Line]:
        """Return the lines of a row; raises ``NoTransaction`` and ``RowFault``."""
        told = RowReader.lines(self, row)
        if len(told) != 1 or not (tax := self.tax(row, told[0].amount)):
            return told
        (line,) = told
        native = f"{line.native}-tax" if line.native else ""
        return (line, line._replace(native=native, amount=tax, memo=self.layout.titles[self.taxed]))


def _asked_about(file_key: str, layout: Layout, found: Sequence[tuple[Row, Decimal, Decimal]]) -> Question:
    before, after = [], []
    for _, amount, tax in found:
        gross, less, net = map(amount_text, (amount, tax, amount + tax))
        before.append(
            Text(f"{gross.fr}, impôt {less.fr} : {net.fr} arrivent", f"{gross.en}, tax {less.en}: {net.en} come in")
        )
        after.append(Text(f"{gross.fr} arrivent", f"{gross.en} come in"))
    return Question(
        f"taxes-{digest(file_key)}",
        "bankfeed.tax_beside",
        Text(
            "Ce fichier donne un impôt retenu à côté d’un montant, et aucun solde ne dit si le montant est avant ou "
            "après cet impôt. Avant, l’impôt sera une ligne à part.",
            "This file gives a tax that was withheld beside an amount, and no balance tells whether the amount is "
            "before that tax or after it. Before it, the tax will be a line of its own.",
        ),
        (SEPARATE, ACCEPT),
        found[0][0].line,
        readings=(
            Reading(SEPARATE, Text("Avant l’impôt", "Before the tax"), tuple(before)),
            Reading(ACCEPT, Text("Après l’impôt", "After the tax"), tuple(after)),
        ),
        examples=tuple(f"{row.line} · {row.shown()}"[:120] for row, _, _ in found),
        layout=f"taxes-{digest(layout.key)}",
    )
