"""Two columns of amounts, one of which each row fills, where no name tells which of them is money out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from raccord.plugin import Text
from raccord_bankfeed.readers.amounts import written
from raccord_bankfeed.readers.table.layout import Layout
from raccord_bankfeed.readers.table.words import Part

_CHARS_MAX = 30
_CELLS_MAX = 12
_NOTHING = " 0.,-\u2013\u2014"


def paired(layout: Layout, rows: Sequence[Sequence[str]]) -> Layout:
    """Return the layout with the pair, where the name of one of its columns says nothing: the rows of that are no less
    transactions than the others, and a person says what they are.
    """
    money = layout.money
    if len(money) != 1 or layout.units or layout.is_paypal or layout.wallet or Part.DIRECTION in layout.columns:
        return layout
    [at], taken = money, {*layout.columns.values(), *layout.accounts}
    empty = [cells for cells in rows if not _moves(cells, at)]
    if not empty or len(empty) == len(rows):
        return layout
    others = (number for number in range(len(layout.titles)) if number not in taken)
    found = next((number for number in others if _goes_with(rows, at, number)), None)
    if found is None:
        return layout
    if any(_is_signed(cells, at) for cells in rows):
        # The one has signs, so the other is no direction; what it is nobody knows.
        return replace(layout, certain=False)
    columns: dict[Part, int] = {part: number for part, number in layout.columns.items() if part is not Part.AMOUNT}
    pair = None
    if Part.AMOUNT in layout.columns:
        pair = (min(at, found), max(at, found))
        columns |= {Part.DEBIT: pair[0], Part.CREDIT: pair[1]}
    else:
        columns[Part.CREDIT if Part.DEBIT in columns else Part.DEBIT] = found
    texts = tuple(number for number in layout.texts if number != found)
    return replace(layout, columns=columns, texts=texts, open_pair=pair, certain=False)


def both_readings(cells: Sequence[str], pair: tuple[int, int]) -> Text:
    """Say what a row comes to if the one column of two is money out, and if the other is."""
    one, other = (number + 1 for number in pair)
    at = next((number for number in pair if _moves(cells, number)), pair[0])
    amount = cells[at].strip()[:_CHARS_MAX] if at < len(cells) else ""
    first, second = ("\u2212", "+") if at == pair[0] else ("+", "\u2212")
    row = " | ".join(cell.strip()[:_CHARS_MAX] for cell in cells[:_CELLS_MAX])
    return Text(
        f"Les montants sont dans les colonnes {one} et {other}, et rien dans ce fichier ne dit laquelle est l’argent "
        f"sorti. Sa première ligne, « {row} », est {first}{amount} si la colonne {one} est le débit et la {other} le "
        f"crédit, et {second}{amount} dans l’autre sens.",
        f"The amounts are in columns {one} and {other}, and nothing in this file tells which of them is money out. Its "
        f"first row, “{row}”, is {first}{amount} if column {one} is the debit and {other} the credit, and "
        f"{second}{amount} the other way round.",
    )


def _goes_with(rows: Sequence[Sequence[str]], at: int, number: int) -> bool:
    """Tell whether each row has an amount without a sign in one of two columns, and in one alone."""
    return all(_moves(cells, number) is not _moves(cells, at) for cells in rows) and all(
        _is_amount(cells[number].strip()) and not _is_signed(cells, number) for cells in rows if _moves(cells, number)
    )


def _moves(cells: Sequence[str], at: int) -> bool:
    return at < len(cells) and bool(cells[at].strip(_NOTHING))


def _is_amount(text: str) -> bool:
    return len(text) < 40 and written(text) is not None


def _is_signed(cells: Sequence[str], at: int) -> bool:
    text = cells[at].strip() if at < len(cells) else ""
    found = written(text) if text and len(text) < 40 else None
    return found is not None and found.signed
