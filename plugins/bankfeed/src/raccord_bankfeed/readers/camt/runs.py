"""Runs of entries that one layout matches, column by column: what :mod:`.entry` says of each of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import repeat
from operator import add
from typing import NamedTuple

from raccord_bankfeed.readers.camt.entry import (
    BOOKED,
    CODES,
    DATES,
    DETAILS,
    MEMO_CHARS_MAX,
    NOTHING,
    PARTIES,
    REFERENCES,
    TEXTS,
    read_day,
)
from raccord_bankfeed.readers.contract import Account, Line
from raccord_bankfeed.readers.ofx.line import is_currency
from raccord_bankfeed.readers.runs import made

Column = Sequence[str]
_SIGNS = {"CRDT": "", "DBIT": "-"}
_AMOUNTS = re.compile(r"(?:[0-9]{1,15}(?:\.[0-9]{0,12})?\n)*+")
"""Amounts of which none is rounded."""
_REVERSED = frozenset({"true", "1"})


class Judged(NamedTuple):
    """What entries come to."""

    days: list[date]
    amounts: list[Decimal]
    currencies: Column
    pending: Sequence[bool]


def judged(columns: Mapping[str, Column], currency: str) -> Judged | None:
    """Return what entries without an empty leaf come to; nothing where one needs a closer look."""
    numbers, sides = columns.get("Amt"), columns.get("CdtDbtInd")
    dated = next((columns[path] for path in DATES if path in columns), None)
    if numbers is None or sides is None or dated is None:
        return None
    sign_of = {side: _SIGNS.get(side.upper()) for side in set(sides)}
    day_of = {text: read_day(text) for text in set(dated)}
    said = columns.get("Amt@Ccy", (currency,) * len(numbers))
    currency_of = {text: text.upper() if "Amt@Ccy" in columns else text for text in set(said)}
    plain = _AMOUNTS.fullmatch("\n".join((*numbers, ""))) is not None
    if not plain or not all(text == "" or is_currency(text) for text in currency_of.values()):
        return None
    signs = [sign for side in sides if (sign := sign_of[side]) is not None]
    days = [day for text in dated if (day := day_of[text]) is not None]
    if len(signs) < len(numbers) or len(days) < len(numbers):
        return None
    amounts = list(map(Decimal, map(add, signs, numbers)))
    if not all(amounts):
        amounts = [amount or abs(amount) for amount in amounts]
    status = next((columns[path] for path in ("Sts", "Sts/Cd", "Sts/Prtry") if path in columns), ("",) * len(numbers))
    waits = {text: text.upper() not in BOOKED for text in set(status)}
    return Judged(days, amounts, list(map(currency_of.__getitem__, said)), list(map(waits.__getitem__, status)))


def lines_of(
    columns: Mapping[str, Column], found: Judged, account: Account, transactions: int, offsets: Iterable[int]
) -> Iterator[Line]:
    """Yield a line for each entry, none of which has an empty leaf."""
    nothing = ("",) * len(found.amounts)
    single = transactions == 1

    def first(*paths: str) -> Column:
        return next((columns[path] for path in paths if path in columns), nothing)

    details = (f"{DETAILS}Refs/AcctSvcrRef", f"{DETAILS}Refs/UETR") if single else ()
    fields = (
        repeat(account),
        first("AcctSvcrRef", *details),
        found.days,
        found.amounts,
        found.currencies,
        _names(found.amounts, columns.get("RvslInd", nothing), first(*PARTIES["Dbtr"]), first(*PARTIES["Cdtr"])),
        _memos([columns[path] for path in TEXTS if path in columns], nothing),
        _kinds(columns, "") or (_kinds(columns, DETAILS) if single else None) or nothing,
        _references([columns[path] for path in REFERENCES if path in columns], nothing) if single else nothing,
        first(f"{DETAILS}Refs/ChqNb") if single else nothing,
        found.pending,
        repeat(None),
        repeat(tuple(columns)),
        zip(*columns.values(), nothing, strict=True),
        offsets,
        repeat(False),
        repeat(False),
    )
    return made(fields)


def _names(amounts: Sequence[Decimal], reversals: Column, debtors: Column, creditors: Column) -> Column:
    """Return who is on the other side."""
    if debtors is creditors:
        return debtors
    rows = zip(amounts, reversals, debtors, creditors, strict=True)
    return [
        debtor if (amount >= 0) is not (reversal in _REVERSED) else creditor
        for amount, reversal, debtor, creditor in rows
    ]


def _memos(texts: Sequence[Column], nothing: Column) -> Column:
    if len(texts) > 1:
        return [" ".join(dict.fromkeys(parts))[:MEMO_CHARS_MAX] for parts in zip(*texts, strict=True)]
    return [text[:MEMO_CHARS_MAX] for text in texts[0]] if texts else nothing


def _kinds(columns: Mapping[str, Column], where: str) -> Column | None:
    codes = [columns[path] for path in CODES[where] if path in columns]
    if len(codes) == len(CODES[where]):
        return list(map("-".join, zip(*codes, strict=True)))
    return columns.get(f"{where}BkTxCd/Prtry/Cd")


def _references(texts: Sequence[Column], nothing: Column) -> Column:
    """Return the first of the references of each entry that is not a word for nothing."""
    found: Column = nothing
    for column in reversed(texts):
        told = {text: text.upper() not in NOTHING for text in set(column)}
        found = [text if told[text] else other for text, other in zip(column, found, strict=True)]
    return found
