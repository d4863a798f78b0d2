"""Records of a BAI2 file: cut from lines, continued by 88, and taken apart into fields."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from raccord.plugin.money import exponent
from raccord_bankfeed.readers import text_faults
from raccord_bankfeed.readers.days import century
from raccord_bankfeed.readers.days import day_of as named_day
from raccord_bankfeed.readers.faults import RowFault
from raccord_bankfeed.readers.texts import is_number

CODES = ("01", "02", "03", "16", "49", "88", "98", "99")
RECORD_CHARS_MAX = 50_000

_CODES = frozenset(CODES)
_CODE = re.compile(r"\s*(01|02|03|16|49|88|98|99)(?:,|/\s*$)")
_NEXT = re.compile(r"/\s*(?=(?:02|03|16|49|88|98|99),)")
_AMOUNT = re.compile(r"([+-]?)([0-9]{1,24})")


@dataclass(slots=True)
class Record:
    """One record with what continues it; ``text`` begins after its code."""

    code: str
    text: str
    row: int
    start: int
    physical: int = 1
    """How many records of the file it takes, 88 counted."""


def pieces(line: str) -> Iterator[tuple[str, str]]:
    """Yield the records that share one line, by code; an empty code goes on the text before."""
    if line[2:3] == "," and line[:2] in _CODES and line.find("/", 0, len(line) - 1) < 0:
        yield line[:2], line[3:]
        return
    for part in _NEXT.split(line):
        found = _CODE.match(part)
        if found is None:
            if part.strip():
                yield "", part
        else:
            yield found[1], part[found.end() :] if part[found.end() - 1] == "," else ""


def fields_of(text: str) -> list[str]:
    """Return the fields of a record whose end the slash marks."""
    return text.rstrip().removesuffix("/").split(",")


def sum_of(record: Record) -> Detail:
    """Return of a 16 what its sums need: type and amount."""
    kind, _, rest = record.text.partition(",")
    amount = rest.partition(",")[0]
    if amount.endswith("/") and amount == rest.rstrip():
        amount = amount[:-1]
    return Detail(kind.rstrip().removesuffix("/").strip(), amount.strip(), "", "", "", ())


def continued(record: Record, text: str) -> None:
    """Add what an 88 says: further fields where the record stands among its fields, else further text."""
    record.physical += 1
    if len(record.text) > RECORD_CHARS_MAX:
        return
    before = record.text.rstrip()
    if before.endswith("/"):
        before = before[:-1]
    # A comma before the slash ends an empty field, so that what follows is always the next one.
    mark = "," if record.code == "03" or _among_fields(record.code, before) else " "
    record.text = f"{before}{mark}{text}"


def _among_fields(code: str, text: str) -> bool:
    """Tell whether a detail record has not come to its text yet."""
    if code != "16":
        return False
    fields = text.split(",")
    return len(fields) <= _before_text(fields)


def _before_text(fields: list[str]) -> int:
    """Return how many fields of a 16 stand before its text: more of them for some funds types."""
    count = 5
    match fields[2].strip().upper() if len(fields) > 2 else "":
        case "V":
            count += 2
        case "S":
            count += 3
        case "D":
            number = fields[3].strip() if len(fields) > 3 else ""
            count += 1 + 2 * int(number) if is_number(number, 3) else 1
        case _:
            pass
    return count


class Detail(NamedTuple):
    """A 16 taken apart."""

    type: str
    amount: str
    bank: str
    customer: str
    text: str
    funds: tuple[str, ...]


def detail_of(record: Record) -> Detail:
    """Take a 16 apart; its text may hold commas, slashes and quotes."""
    fields = record.text.rstrip().removesuffix("/").split(",")
    at = _before_text(fields)
    if len(fields) <= at:
        fields += [""] * (at + 1 - len(fields))
    bank, customer = fields[at - 2], fields[at - 1]
    return Detail(
        fields[0].strip(),
        fields[1].strip(),
        bank.strip(),
        customer.strip(),
        " ".join(",".join(fields[at:]).split()),
        tuple([part.strip() for part in fields[2 : at - 2]]),
    )


class Summary(NamedTuple):
    """One amount of a 03: its type code, what it says, and of how many items it is the total."""

    code: str
    amount: str
    items: int | None = None


def summaries(fields: list[str]) -> Iterator[Summary]:
    """Yield the amounts that follow account and currency, over the fields of their funds types."""
    at = 0
    while at < len(fields):
        code = fields[at].strip()
        if not code:
            # A comma too many before the slash: the next amount follows it.
            at += 1
            continue
        amount = fields[at + 1].strip() if at + 1 < len(fields) else ""
        counted = fields[at + 2].strip() if at + 2 < len(fields) else ""
        funds = fields[at + 3].strip().upper() if at + 3 < len(fields) else ""
        at += 4
        match funds:
            case "V":
                at += 2
            case "S":
                at += 3
            case "D":
                number = fields[at].strip() if at < len(fields) else ""
                at += 1 + (2 * int(number) if is_number(number, 3) else 0)
            case _:
                pass
        yield Summary(code, amount, int(counted) if is_number(counted, 9) else None)


def minor_units(text: str) -> Decimal | None:
    """Return a number of minor units, or nothing."""
    if text.isdecimal() and text.isascii() and len(text) <= 24:
        return Decimal(text)
    found = _AMOUNT.fullmatch(text.strip())
    return None if found is None else Decimal(f"{found[1]}{found[2]}")


def exponent_of(currency: str) -> int:
    """Return by which power of ten minor units are an amount of the currency."""
    return -exponent(currency)


def scaled(units: Decimal, currency: str) -> Decimal:
    """Return minor units as an amount of the currency."""
    return units.scaleb(exponent_of(currency))


def day_of(text: str) -> date | None:
    """Return the day of YYMMDD (some banks write YYYYMMDD), or nothing."""
    digits = text.strip()
    if not is_number(digits) or len(digits) not in (6, 8):
        return None
    year = int(digits[:-4])
    return named_day(century(year) if len(digits) == 6 else year, int(digits[-4:-2]), int(digits[-2:]))


def signed(detail: Detail) -> Decimal:
    """Return minor units with the sign of the type code: below 400 money comes in, below 700 it goes out."""
    if not detail.amount:
        raise RowFault(text_faults.amount_missing("16"))
    units = minor_units(detail.amount)
    if units is None:
        raise RowFault(text_faults.amount_unreadable("16", detail.amount))
    number = int(detail.type) if is_number(detail.type) and len(detail.type) == 3 else 0
    if 100 <= number < 400:
        return units
    if 400 <= number < 700:
        return -units
    raise RowFault(text_faults.direction_unknown("16", detail.type))
