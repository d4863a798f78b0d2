"""What the rows of a table tell of columns whose names say too little, mean two things or are not known."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import islice

from raccord_bankfeed.readers.amounts import written
from raccord_bankfeed.readers.days import parts_of
from raccord_bankfeed.readers.ofx.line import is_currency
from raccord_bankfeed.readers.table.layout import Layout, is_header
from raccord_bankfeed.readers.table.pairs import paired
from raccord_bankfeed.readers.table.rows import Row, delimiter_of, rows_of
from raccord_bankfeed.readers.table.words import (
    DIRECTIONS,
    IN,
    MINUSES,
    OUT,
    PARTLY,
    PLUSES,
    SELLERS,
    Part,
    is_name,
    part_of,
    plain,
)

_CURRENCY = re.compile(r"[A-Z]{3}")
_MOVING = frozenset({Part.AMOUNT, Part.DEBIT, Part.CREDIT, Part.GROSS})
_ABROAD = frozenset({"utl", "utlandskt", "utlandsbelopp", "utenlandsk", "udenlandsk", "foreign", "fremdwahrung"})
_NORWEGIAN = frozenset({"currency amount", "currency rate"})
"""Names that only Bank Norwegian's files have, whose currency is that of the amount before the rate."""
HEADER_WITHIN = 80
"""The names of columns stand among so many rows."""
_ACCOUNTS_MAX = 5
"""So many accounts in a file, and more than half as many as rows, are those of the other sides."""
_SIDE_ROWS = 5
"""Of fewer rows any column may hold two words."""
_SIDE_CHARS = 16
"""So long is a word that tells where money goes at most."""
Rows = Sequence[Sequence[str]]


def names_columns(cells: Sequence[str]) -> bool:
    """Tell whether a row above the first transaction holds names of columns, of which one says where an amount is."""
    texts = [text for cell in cells if (text := cell.strip())]
    found = {part[0] for text in texts if (part := part_of(text)) is not None}
    return len(texts) > 2 and len(found) > 1 and not found.isdisjoint(_MOVING) and not any(map(_is_figure, texts))


def titles_above(rows: Sequence[Row], dated: Sequence[Row]) -> bool:
    """Tell whether a row above the first transaction is as wide as it and holds nothing but words: names of columns."""
    if not dated:
        return False
    above = [row for row in rows[:HEADER_WITHIN] if row.line < dated[0].line]
    return any(
        len(row.cells) >= len(dated[0].cells) and sum(map(bool, map(str.strip, row.cells))) > 2
        and not any(_is_figure(text) for cell in row.cells if (text := cell.strip()))
        for row in above
    )  # fmt: skip


def names_known(sample: list[str]) -> int:
    """Return how many columns have names that are known whole, in the row that has most of them."""
    delimiter = delimiter_of(sample, is_header) or ","
    rows = islice(rows_of(sample[:HEADER_WITHIN], delimiter), HEADER_WITHIN)
    return max((sum(is_name(cell) for cell in row.cells) for row in rows), default=0)


def joined_names(first: Sequence[str], second: Sequence[str]) -> list[str]:
    """Return the names that two rows make together: *Amount* above *Debit* and *Credit*."""
    spans, joined = "", []
    for at, below in enumerate(second):
        above = first[at].strip() if at < len(first) else ""
        spans = above or spans
        joined.append(f"{spans} {below.strip()}" if below.strip() else above)
    return joined


def told_by_rows(layout: Layout, rows: Rows) -> Layout:
    """Return the layout with what its rows tell.

    Which of several days is there, whether one column or two hold the amounts, which column states directions or
    currencies, whose the accounts are, and, where no name tells of a text, where words stand.
    """
    if not rows or layout.transfers:
        return layout
    for tell in (_dated, _moved, _directed, _in_currency, _abroad, _owned, _worded, _doubted, paired, _charged):
        layout = tell(layout, rows)
    return layout


def _is_figure(text: str) -> bool:
    return parts_of(text) is not None or written(text) is not None


def _count(rows: Rows, number: int, of: Callable[[str], bool]) -> int:
    return sum(number < len(cells) and of(cells[number].strip()) for cells in rows)


def _any(rows: Rows, number: int, of: Callable[[str], bool]) -> bool:
    return any(number < len(cells) and of(cells[number].strip()) for cells in rows)


def _is_day(text: str) -> bool:
    parts = parts_of(text) if text else None
    return parts is not None and bool(parts.days)


def _named(layout: Layout, *parts: Part) -> list[int]:
    """Return the columns whose names say one of some parts, the best first."""
    known = (
        (parts.index(part[0]), part[1], at)
        for at, title in enumerate(layout.titles)
        if (part := part_of(title)) and part[0] in parts
    )
    return [at for *_, at in sorted(known)]


def _dated(layout: Layout, rows: Rows) -> Layout:
    """The column of days has days; Sparkassen leave the year out where the value day has it."""
    at = layout.columns.get(Part.DATE)
    if at is not None and 2 * _count(rows, at, _is_day) >= len(rows):
        return layout
    others = [*_named(layout, Part.DATE, Part.VALUE_DATE), *(() if at is not None else range(len(layout.titles)))]
    better = next((each for each in others if 10 * _count(rows, each, _is_day) >= 9 * len(rows)), None)
    if better is None:
        return layout
    columns = {part: number for part, number in layout.columns.items() if number != better}
    return replace(layout, columns=columns | {Part.DATE: better})


def _moved(layout: Layout, rows: Rows) -> Layout:
    """Of an amount and columns for both directions those count that are filled; of several amounts the one that is."""
    amount = layout.columns.get(Part.AMOUNT)
    if amount is None or layout.units or layout.is_paypal:
        return layout
    sides = {part: at for part in (Part.CREDIT, Part.DEBIT) for at in _named(layout, part)[:1]}
    filled = _count(rows, amount, bool)
    by_side = sum(any(at < len(cells) and cells[at].strip() for at in sides.values()) for cells in rows)
    partly = (part_of(layout.titles[amount]) or (Part.AMOUNT, 0))[1] == PARTLY
    columns = {part: at for part, at in layout.columns.items() if part is not Part.AMOUNT}
    if by_side > filled or (partly and len(sides) == 2 and by_side == filled):
        return replace(layout, columns=columns | sides)
    amounts = [at for at in _named(layout, Part.AMOUNT) if _count(rows, at, bool) > filled or at == amount]
    if not filled or partly:
        best = max(_count(rows, at, bool) for at in amounts)
        amounts = [at for at in _named(layout, Part.AMOUNT) if _count(rows, at, bool) == best] if best else []
        return replace(layout, columns=columns | ({Part.AMOUNT: amounts[0]} if len(amounts) == 1 else {}))
    return layout


def _directed(layout: Layout, rows: Rows) -> Layout:
    """A column of nothing but words for a direction says where money goes: at the Volksbanken it has no name.

    Where no amount has a sign, more words are taken for one, and a kind of transaction that says none stands back.
    """
    amount, kind = layout.columns.get(Part.AMOUNT), layout.columns.get(Part.TYPE)
    if (
        amount is None
        or Part.DIRECTION in layout.columns
        or (kind is not None and _said(rows, kind) and _go(rows, kind))
    ):
        return layout
    bare = not _any(rows, amount, _is_signed)
    if kind is not None and not bare:
        return layout
    taken = {*layout.columns.values(), *layout.names, *layout.accounts} - {kind}
    for number in range(len(layout.header)):
        said = _said(rows, number)
        if layout.net and not SELLERS.isdisjoint(map(plain, said)):
            continue
        if bare and number not in taken and number != kind and (blank := _other_of(said)):
            return replace(layout, columns=layout.columns | {Part.DIRECTION: number}, blank=blank)
        # Words for both ways tell it though a row has none: that row is refused, and the others keep their sign.
        words = said - {""} if bare and len(said - {""}) > 1 else said
        if said and said <= MINUSES | {""}:
            if bare and number not in taken and "" not in said:
                # A sign, or a dash for nothing.
                return replace(layout, columns=layout.columns | {Part.DIRECTION: number}, certain=False)
            continue
        if number not in taken and said and ((bare and _go(rows, number)) or all(map(_is_direction, words))):
            return replace(layout, columns=layout.columns | {Part.DIRECTION: number})
    return layout


def _other_of(said: set[str]) -> str:
    """Return what is meant where nothing stands in a column of one mark: MBNA writes CR beside money in alone."""
    marks = {each.upper().rstrip(".") for each in said if each}
    return {"CR": "DR", "DR": "CR"}.get(next(iter(marks)), "") if "" in said and len(marks) == 1 else ""


def _is_direction(text: str) -> bool:
    return plain(text) in DIRECTIONS or text in MINUSES | PLUSES


def _go(rows: Rows, number: int) -> bool:
    """Tell whether a column says of each row that money goes out or comes in."""
    return {plain(each) for each in _said(rows, number)} <= OUT | IN


def _in_currency(layout: Layout, rows: Rows) -> Layout:
    """*Valuta* is a day or a currency; flatex writes the currency into a column without a name."""
    if Part.CURRENCY in layout.columns:
        return layout
    number = layout.columns.get(Part.VALUE_DATE)
    if number is not None and _are(rows, number, _CURRENCY.fullmatch):
        columns = dict(layout.columns)
        columns[Part.CURRENCY] = columns.pop(Part.VALUE_DATE)
        return replace(layout, columns=columns)
    amount = layout.columns.get(Part.AMOUNT)
    beside = None if amount is None else amount + 1
    if (
        beside is not None
        and beside < len(layout.header)
        and not layout.header[beside]
        and _are(rows, beside, is_currency)
    ):
        return replace(layout, columns=layout.columns | {Part.CURRENCY: beside})
    return layout


def _abroad(layout: Layout, _: Rows) -> Layout:
    """The one column of currencies may be that of an amount abroad: by its name, or where it stands beside that one."""
    amount, currency = layout.columns.get(Part.AMOUNT), layout.columns.get(Part.CURRENCY)
    if amount is None or currency is None:
        return layout
    names = [plain(title) for title in layout.titles]
    if set(names) >= _NORWEGIAN:
        return replace(layout, abroad=names.index("currency amount"))
    there = [at for at, name in enumerate(names) if at != amount and _ABROAD & set(name.split())]
    if len(there) != 1 or abs(there[0] - currency) >= abs(amount - currency):
        return layout
    return replace(layout, abroad=there[0])


def _are(rows: Rows, number: int, pattern: Callable[[str], object]) -> bool:
    said = _said(rows, number)
    return bool(said) and all(map(pattern, said))


def _owned(layout: Layout, rows: Rows) -> Layout:
    """Accounts that nearly every row names another of, or that some do not name, are those of the other sides."""
    if len(layout.accounts) != 1:
        return layout
    said = [
        "".join(filter(str.isalnum, cells[number])) if number < len(cells) else ""
        for cells in rows
        for number in layout.accounts
    ]
    several = len(set(filter(None, said)))
    foreign = several > 0 and "" in said and several * 2 > len(said) - said.count("")
    if foreign or (several > _ACCOUNTS_MAX and several * 2 > len(said)):
        return replace(layout, accounts=())
    return layout


def _worded(layout: Layout, rows: Rows) -> Layout:
    """Where no name tells of a text, every column with words that differ is one, first references of several words."""
    known = {part_of(layout.titles[number]) for number in (*layout.names, *layout.texts)}
    if any(part is not None and part[0] in (Part.TEXT, Part.NAME) for part in known):
        return layout
    words = [number for number in layout.texts if _any(rows, number, _is_word)]
    differing = [number for number in words if len(_said(rows, number)) > 1]
    told = layout.columns.get(Part.REFERENCE)
    if told is not None and 2 * _count(rows, told, _is_phrase) >= len(rows):
        differing.insert(0, told)
    return replace(layout, texts=tuple(differing or words) or layout.texts)


def _doubted(layout: Layout, rows: Rows) -> Layout:
    """Where no amount has a sign, an unknown column of two words may say where money goes, which a person tells."""
    amount = layout.columns.get(Part.AMOUNT)
    if amount is None or layout.is_paypal or Part.DIRECTION in layout.columns or _any(rows, amount, _is_signed):
        return layout
    kind = layout.columns.get(Part.TYPE)
    if kind is not None and _go(rows, kind):
        return layout
    if kind is not None and not (layout.flip or layout.card) and any(map(_says_out, _words(layout, rows, kind))):
        return replace(layout, certain=False)
    if len(rows) < _SIDE_ROWS:
        return layout
    for number, title in enumerate(layout.titles):
        said = _said(rows, number)
        if (
            part_of(title) is None
            and "ategor" not in title
            and len(said) == 2
            and all(0 < len(each) < _SIDE_CHARS and _is_word(each) for each in said)
        ):
            return replace(layout, certain=False)
    return layout


def _words(layout: Layout, rows: Rows, number: int) -> set[str]:
    """Return what a column says, but for words that at whoever is paid tell no direction."""
    said = _said(rows, number)
    return {each for each in said if plain(each) not in SELLERS} if layout.net else said


def _charged(layout: Layout, rows: Rows) -> Layout:
    """A fee may be in the amount or come on top of it: where no balance tells, a person does."""
    fee = layout.columns.get(Part.FEE)
    if fee is None or layout.is_paypal or Part.AMOUNT not in layout.columns or Part.BALANCE in layout.columns:
        return layout
    return replace(layout, certain=layout.certain and not _any(rows, fee, _is_charge))


def _is_charge(text: str) -> bool:
    parts = written(text) if text else None
    return parts is not None and parts.digits.strip("0.,") != ""


def _says_out(text: str) -> bool:
    return not OUT.isdisjoint(plain(text).split())


def _said(rows: Rows, number: int) -> set[str]:
    return {cells[number].strip() for cells in rows if number < len(cells)}


def _is_signed(text: str) -> bool:
    parts = written(text) if text else None
    return parts is not None and parts.signed


def _is_word(text: str) -> bool:
    return any(map(str.isalpha, text)) and not _is_figure(text) and _CURRENCY.fullmatch(text) is None


def _is_phrase(text: str) -> bool:
    return " " in text and _is_word(text)
