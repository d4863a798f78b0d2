"""The rows that contradict the rest of their table, first ones first, for whoever has to say what is right."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import islice
from typing import NamedTuple

from raccord.plugin.texts import Text
from raccord_bankfeed.readers import questions
from raccord_bankfeed.readers.contract import Question
from raccord_bankfeed.readers.faults import RowFault
from raccord_bankfeed.readers.questions import amount_text
from raccord_bankfeed.readers.table.evidence import doubted_signs
from raccord_bankfeed.readers.table.layout import Layout
from raccord_bankfeed.readers.table.lines import RowReader
from raccord_bankfeed.readers.table.rows import Block, Row
from raccord_bankfeed.readers.table.words import IN, MINUSES, OUT, PLUSES, SELLERS, Part, plain
from raccord_bankfeed.readers.told import ACCEPT, REVERSED, Known

SHOWN_MAX = 3
_ACCOUNTS_MAX = 1000


class Against(NamedTuple):
    """One such row: what it moves, the balance beside it and the one that would follow, where it has any."""

    row: Row
    amount: Decimal
    balance: Decimal | None = None
    follows: Decimal | None = None


def against_signs(blocks: Iterable[Block], reader: RowReader, about: str) -> list[Against]:
    """Return the first rows whose amounts have the other sign; ``about`` is what says so, as ``doubted_signs`` does."""
    said = (_against_word if about == "words" else _against_column)(_dated(blocks, reader.layout), reader, about)
    return list(islice(said, SHOWN_MAX))


def doubted(blocks: Callable[[], Iterable[Block]], reader: RowReader, known: Known) -> tuple[RowReader, list[Question]]:
    """Ask where a file contradicts the signs of its amounts; return the reader whose signs count."""
    evidence, layout = reader.evidence, reader.layout
    doubt = (
        None if layout.is_paypal or layout.wallet or layout.transfers else doubted_signs(evidence, flipped=reader.flip)
    )
    if doubt is None:
        return reader, []
    about, rows = doubt
    counted = (evidence.rows, evidence.signed, evidence.debits_negative, evidence.credits_negative)
    key = f"signs-{questions.digest(layout.key, about, str(rows), *map(str, counted))}"
    alike = f"signs-{questions.digest(layout.key)}" if about == "words" and rows == evidence.rows else ""
    if said := known.says_of(key, alike, ACCEPT, *([REVERSED] if alike else [])):
        turned = replace(reader, layout=replace(layout, flip=True), days={}, accounts={})
        return (turned if said == REVERSED else reader), []
    shown = contradicting(against_signs(blocks(), reader, about))
    asked = questions.signs_contradict(key, alike, about, (rows, evidence.rows), evidence.first_line, shown)
    return reader, [asked]


def against_reversal(blocks: Iterable[Block], reader: RowReader) -> tuple[int, list[Against]]:
    """Return how many rows have a word that says the sign that is written, where all are read with the other one, and
    the first of them.
    """
    signed, count, first = reader.evidence.signed > 0, 0, list[Against]()
    for row, amount, out in _worded(_dated(blocks, reader.layout), reader):
        if not signed or (amount < 0) is out:
            count += 1
            first += [Against(row, amount if not signed and out else -amount)] if count <= SHOWN_MAX else []
    return count, first


def against_written(blocks: Iterable[Block], reader: RowReader) -> tuple[int, list[Against]]:
    """Return how many rows have a balance that follows from the amount as it is written alone, where all are read with
    the other sign, and the first of them.
    """
    count, first = 0, list[Against]()
    for (above, moved, over), (row, amount, balance) in _neighbours(_dated(blocks, reader.layout), reader):
        if over is None or balance is None or not amount or not moved:
            continue
        if over - amount == balance:
            against = Against(row, amount, balance, over + amount)
        elif balance - moved == over:
            against = Against(above, moved, over, balance + moved)
        else:
            continue
        count += 1
        first += [against] if count <= SHOWN_MAX else []
    return count, first


def against_balances(blocks: Iterable[Block], reader: RowReader) -> list[Against]:
    """Return the first rows whose balance does not follow from the row before; nothing where no order of the rows is
    clear.
    """
    forwards, backwards, rows, wrong, back = list[Against](), list[Against](), 1, 0, 0
    for (above, moved, over), (row, amount, balance) in _neighbours(_dated(blocks, reader.layout), reader):
        if over is None or balance is None:
            return []
        rows += 1
        if over + amount != balance:
            wrong += 1
            forwards += [Against(row, amount, balance, over + amount)] if wrong <= SHOWN_MAX else []
        if balance + moved != over:
            back += 1
            backwards += [Against(above, moved, over, balance + moved)] if back <= SHOWN_MAX else []
    found = forwards if wrong <= back else backwards
    # Where most rows contradict, they stand in an order of their own, and none of them is the one.
    return found if 2 * min(wrong, back) <= rows else []


_Told = tuple[Row, Decimal, Decimal | None]


def _neighbours(rows: Iterable[Row], reader: RowReader) -> Iterator[tuple[_Told, _Told]]:
    """Yield each row with the one before it of its account, with what both move and the balances beside them."""
    last: dict[str, _Told] = {}
    for row in rows:
        if (said := reader.balance(row)) is None:
            continue
        account, amount, balance = said
        told = (row, amount, balance)
        if account.key in last:
            yield last[account.key], told
        if account.key in last or len(last) < _ACCOUNTS_MAX:
            last[account.key] = told


def contradicting(found: Iterable[Against]) -> list[tuple[str, Text]]:
    """Return each row as a person finds it in the file, with its line, and what it says against the others."""
    return [(f"{each.row.line} · {each.row.shown()}", _said(each)) for each in found]


def _said(against: Against) -> Text:
    if against.balance is not None and against.follows is not None:
        fr, en = amount_text(against.balance), amount_text(against.follows)
        return Text(
            f"le fichier donne le solde {fr.fr} ; d’après la ligne voisine, ce serait {en.fr}",
            f"the file gives the balance {fr.en}; by the row beside it, it would be {en.en}",
        )
    said = amount_text(abs(against.amount))
    if against.amount < 0:
        return Text(f"lu comme {said.fr} avec un moins", f"read as {said.en} with a minus")
    return Text(f"lu comme {said.fr} sans moins", f"read as {said.en} without a minus")


def _dated(blocks: Iterable[Block], layout: Layout) -> Iterator[Row]:
    at = layout.columns[Part.DATE]
    return (row for block in blocks for row in block if at < len(row.cells) and row.cells[at].strip())


def _against_word(rows: Iterable[Row], reader: RowReader, _: str) -> Iterator[Against]:
    return (Against(row, amount) for row, amount, out in _worded(rows, reader) if (amount < 0) is not out)


def _worded(rows: Iterable[Row], reader: RowReader) -> Iterator[tuple[Row, Decimal, bool]]:
    """Yield the rows with a word that says whether money goes out, and the amount as it is written."""
    columns = reader.layout.columns
    at = columns.get(Part.DIRECTION, columns.get(Part.TYPE))
    for row in rows:
        amount = _number(row, reader, Part.AMOUNT)
        if not amount or at is None or at >= len(row.cells):
            continue
        text = row.cells[at]
        if reader.layout.net and plain(text) in SELLERS:
            continue
        out, into = plain(text) in OUT or text.strip() in MINUSES, plain(text) in IN or text.strip() in PLUSES
        if out or into:
            yield row, amount, out


def _against_column(rows: Iterable[Row], reader: RowReader, about: str) -> Iterator[Against]:
    evidence = reader.evidence
    fewer = about == "credit" or evidence.debits_negative <= evidence.debits_positive
    part = Part.CREDIT if about == "credit" else Part.DEBIT
    for row in rows:
        amount = _number(row, reader, part)
        if amount and (amount < 0) is fewer:
            yield Against(row, amount)


def _number(row: Row, reader: RowReader, part: Part) -> Decimal | None:
    """Return the amount in a column; nothing where none stands there, or none that can be read."""
    try:
        return reader.number(row, reader.layout.columns[part]) if part in reader.layout.columns else None
    except RowFault:
        return None
