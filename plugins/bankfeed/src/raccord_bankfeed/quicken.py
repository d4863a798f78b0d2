"""What Quicken, or a program that writes QIF, filed a line under: a category, several, or another account; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation

from raccord.plugin import JSON, SaidPart
from raccord_bankfeed.readers.account import account_of
from raccord_bankfeed.readers.amounts import Mark, read_amount
from raccord_bankfeed.readers.qif.reader import TAGS
from raccord_bankfeed.readers.qif.sections import KINDS

_NAME_CHARS_MAX = 100
_PARTS_MAX = 50
_FIELDS = frozenset({*TAGS.values(), "splits"})
"""What records of QIF files have; a table of a bank may have a column of categories, which are the bank's own."""


def said_parts(raw: Mapping[str, JSON]) -> Sequence[SaidPart]:
    """Return the splits of a QIF record, else its category; nothing for a line of any other kind of file."""
    fields = raw.get("fields")
    if not isinstance(fields, Mapping) or any(len(name) > 1 and name not in _FIELDS for name in fields):
        return ()
    category, splits = fields.get("category"), fields.get("splits")
    if isinstance(splits, str) and (found := _splits(splits, _amount(raw))):
        return found
    part = _named(category) if isinstance(category, str) else None
    return () if part is None else (part,)


def _amount(raw: Mapping[str, JSON]) -> Decimal:
    try:
        return Decimal(str(raw.get("amount", "")))
    except InvalidOperation:
        return Decimal(0)


def _splits(text: str, total: Decimal) -> list[SaidPart]:
    rows: list[dict[str, str]] = []
    for line in text.split("\n"):
        tag, value = line[:1].upper(), line[1:].strip()
        if tag == "S":
            rows.append({})
        if rows and tag in "SE$":
            rows[-1].setdefault(tag, value)
    if not rows or len(rows) > _PARTS_MAX:
        return []
    amounts = _amounts([row.get("$", "") for row in rows], total)
    return [
        SaidPart(
            name=part.name,
            amount=amount,
            memo=row.get("E", "")[:_NAME_CHARS_MAX],
            transfer=part.transfer,
            keys=part.keys,
        )
        for row, amount in zip(rows, amounts, strict=True)
        for part in [_named(row["S"]) or SaidPart(name="")]
    ]


def _amounts(texts: Sequence[str], total: Decimal) -> Sequence[Decimal | None]:
    """Return the amounts of parts in their line's direction, with the decimal mark by which they come to it.

    A card's file may have turned signs, and its parts then have them too.
    """
    readings = [[read_amount(text, mark) for text in texts] for mark in (Mark.POINT, Mark.COMMA)]
    for read in readings:
        sum_ = sum((each for each in read if each is not None), Decimal(0))
        if None not in read and abs(sum_) == abs(total):
            return [each if sum_ >= 0 or each is None else -each for each in read]
    # Which sign the parts have is not proved: they are shown as they stand.
    whole = next((read for read in readings if None not in read), readings[0])
    return [each if total >= 0 or each is None else -each for each in whole]


def _named(text: str) -> SaidPart | None:
    """Return what ``Auto:Fuel/Class`` or ``[Savings]`` names; the class behind the stroke is not part of a name."""
    plain = text.strip()
    if plain.startswith("[") and "]" in plain:
        name = plain[1:].partition("]")[0].strip()
        return SaidPart(name=name[:_NAME_CHARS_MAX], transfer=True, keys=_keys(name)) if name else None
    name = plain.partition("/")[0].strip()
    return SaidPart(name=name[:_NAME_CHARS_MAX]) if name.strip("-").casefold() not in ("", "split") else None


def _keys(name: str) -> tuple[str, ...]:
    """Return the keys that the account of a name has where a file of its own names it so, of each kind."""
    told = (account_of(kind, {"ACCTID": name, "ACCTTYPE": section}).key for section, kind in KINDS.items())
    return tuple(dict.fromkeys(told))
