"""One ``:61:`` of an MT940 or MT942 statement, and the text of its ``:86:``."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from raccord_bankfeed.readers import text_faults
from raccord_bankfeed.readers.days import century
from raccord_bankfeed.readers.faults import Fault, RowFault
from raccord_bankfeed.readers.texts import is_number

_LINE = re.compile(
    r"(?P<value>[0-9]{6})(?P<entry>[0-9]{4})?(?P<mark>R[CD]|E[CD]|[CD])(?P<funds>[A-Z])?"
    r"(?P<amount>[0-9][0-9.]*(?:,[0-9]*)?|,[0-9]+)(?P<rest>(?:[A-Z/\s].*)?)",
    re.DOTALL,
)
_ENTRY = re.compile(
    r"([0-9]{6})([0-9]{4})?(RC|RD|C|D)[A-Z]?([0-9]{1,15},[0-9]{0,6})([NFS][A-Z0-9]{3})([^\n/]*)(?://([^\n]*))?(?:\n(.*))?",
    re.DOTALL,
)
"""What most lines are written like, taken apart at once."""
_BROKEN = re.compile(r"[0-9]{6}(?:[0-9]{4})?R?[CD][A-Z]?")
"""Where some savings banks break a line: before its amount."""
_USUAL = re.compile(r"[0-9]{1,15},[0-9]{0,6}")
_TYPE = re.compile(r"([NFSI][A-Z0-9]{3}|[A-Z][A-Z0-9]{3}(?=//|NONREF))(.*)", re.DOTALL)
_BALANCE = re.compile(r"\s*([CD])([0-9]{6})([A-Z]{3})?([0-9.]*(?:,[0-9]*)?)\s*")
_OUT = {"C": 1, "D": -1, "RC": -1, "RD": 1, "EC": 1, "ED": -1}
"""RC takes a credit back and is money out; RD takes a debit back and is money in."""
NO_REFERENCE = frozenset({"", "NONREF", "NOREF", "NOTPROVIDED", "KREF+", "EREF+"})
_SUBFIELDS = {mark: re.compile(rf"{re.escape(mark)}([0-9]{{2}})") for mark in "?~<>^"} | {
    "+": re.compile(r"\+(00|10|2[0-9]|3[0-4]|6[0-3])")
}
"""Germany writes a question mark before a subfield; banks of its neighbours other marks."""
GERMAN = re.compile(r"\s*(?:[0-9]{3}([?~<>^])[0-9]{2}|([?~<>^])(?:00|20)|[0-9]{3}(\+)(?:00|20))")
"""The code before them is left out by some banks of Poland; a plus, which texts hold too, needs it."""
_WORD = re.compile(r"(EREF|KREF|MREF|CRED|DEBT|COAM|OAMT|SVWZ|ABWA|ABWE|IBAN|BIC)\+")
_SLASHED = re.compile(
    r"/(TRTP|IBAN|BIC|NAME|REMI|EREF|KREF|MARF|CSID|ORDP|BENM|ISDT|PURP|RTRN|ULTD|ULTC|ULTB|ADDR|ACCW|CNTP|PREF|TRCD|TRTP|ID"
    r"|SVCL|UDTR|UCRD|NRTX|PREF|SUBID|RETN|ADRS|CUID|INFO|BO)/"
)
_SPOKEN = re.compile(r"[^\W\d_]{3}")
"""Letters, not a number of the bank's."""
_COUNTERPARTY = re.compile(r"/CNTP/[^/]*/[^/]*/([^/]*)/")
_PARTY = ("NAME", "BENM", "ORDP")


class Entry(NamedTuple):
    """What a ``:61:`` says."""

    day: date
    amount: Decimal
    type: str
    customer: str
    bank: str
    details: str
    expected: bool


class Told(NamedTuple):
    """What a ``:86:`` says: who is on the other side, what for, and the payer's reference."""

    name: str
    memo: str
    reference: str
    fields: dict[str, str]


def read_entry(text: str) -> Entry:
    """Read a ``:61:`` with the lines that follow it; raises ``RowFault``."""
    if (usual := _ENTRY.fullmatch(text)) is not None:
        value, entry, mark, number, kind, customer, bank, details = usual.groups("")
        return Entry(
            booking_day(value, entry),
            Decimal(number.replace(",", ".")) * _OUT[mark],
            kind,
            reference(customer),
            reference(bank),
            " ".join(details.split()),
            False,
        )
    first, _, details = text.partition("\n")
    found = _LINE.fullmatch(first.strip())
    if found is None and _BROKEN.fullmatch(first) is not None:
        first, _, details = text.replace("\n", "", 1).partition("\n")
        found = _LINE.fullmatch(first.strip())
    if found is None:
        raise RowFault(_fault_of(first))
    amount = read_amount(found["amount"])
    if amount is None:
        raise RowFault(text_faults.amount_unreadable(":61:", found["amount"]))
    kind, rest = "", found["rest"]
    if (typed := _TYPE.fullmatch(rest)) is not None:
        kind, rest = typed[1], typed[2]
    customer, _, bank = rest.partition("//")
    return Entry(
        booking_day(found["value"], found["entry"] or ""),
        amount * _OUT[found["mark"]],
        kind,
        reference(customer),
        reference(bank),
        " ".join(details.split()),
        found["mark"] in ("EC", "ED"),
    )


def sum_entry(text: str) -> tuple[date, Decimal, bool]:
    """Return of a ``:61:`` what is added up, and whether it is only expected; raises ``RowFault`` where
    :func:`read_entry` does.
    """
    usual = _ENTRY.fullmatch(text)
    if usual is None:
        entry = read_entry(text)
        return entry.day, entry.amount, entry.expected
    value, day, mark, number = usual.group(1, 2, 3, 4)
    return booking_day(value, day or ""), Decimal(number.replace(",", ".")) * _OUT[mark], False


def _fault_of(text: str) -> Fault:
    head = re.match(r"\s*[0-9]{6}(?:[0-9]{4})?", text)
    if head is None:
        return text_faults.date_impossible(":61:", text)
    if re.match(r"R?[CDE][CD]?", text[head.end() :]) is None:
        return text_faults.direction_unknown(":61:", text[head.end() : head.end() + 2])
    return text_faults.amount_unreadable(":61:", text[head.end() :])


def reference(text: str) -> str:
    """Return a reference, nothing for the words that say there is none."""
    if text in NO_REFERENCE:
        return ""
    plain = " ".join(text.split())
    return "" if plain.upper() in NO_REFERENCE else plain


def read_amount(text: str) -> Decimal | None:
    """Return an amount; the comma is the decimal mark, a single point is taken for it where no comma stands."""
    if _USUAL.fullmatch(text) is not None:
        return Decimal(text.replace(",", "."))
    whole, comma, fraction = text.partition(",")
    if comma:
        whole = whole.replace(".", "")
    elif text.count(".") == 1:
        whole, _, fraction = text.partition(".")
    else:
        whole = whole.replace(".", "")
    if not (whole or fraction) or not is_number(whole or "0", 24) or not is_number(fraction or "0", 12):
        return None
    return Decimal(f"{whole or '0'}.{fraction}" if fraction else whole or "0")


def read_balance(text: str) -> tuple[Decimal, date | None, str] | None:
    """Return amount, day and currency of a balance, which some leave out; nothing where it cannot be read."""
    found = _BALANCE.fullmatch(text.partition("\n")[0])
    amount = None if found is None else read_amount(found[4])
    if found is None or amount is None:
        return None
    return (amount if found[1] == "C" else -amount), day_of(found[2]), found[3] or ""


def day_of(digits: str) -> date | None:
    """Return the day of YYMMDD, or nothing where it does not exist."""
    try:
        return date(century(int(digits[:2])), int(digits[2:4]), int(digits[4:6]))
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def booking_day(value: str, entry: str) -> date:
    """Return the entry day, which has no year: that nearest to the value day; without one, the value day.

    The value day need not exist (30 February) where the entry day does.
    """
    valued = day_of(value)
    if not entry:
        if valued is None:
            raise RowFault(text_faults.date_impossible(":61:", value))
        return valued
    if valued is not None and entry == value[2:]:
        return valued
    year, month = century(int(value[:2])), int(value[2:4])
    near = valued
    if near is None and 1 <= month <= 12:
        near = date(year, month, 28)
    days: list[date] = []
    for candidate in (year - 1, year, year + 1):
        try:
            days.append(date(candidate, int(entry[:2]), int(entry[2:])))
        except ValueError:
            continue
    if near is None or not days:
        raise RowFault(text_faults.date_impossible(":61:", value if near is None else entry))
    return min(days, key=lambda day: abs(day - near))


@lru_cache(maxsize=4096)
def day_written(digits: str) -> date:
    """Return the booking day of the digits of a value day and, perhaps, an entry day; a file has few."""
    return booking_day(digits[:6], digits[6:])


def read_information(text: str) -> Told:
    """Read a ``:86:``: German subfields, slashed words, or free text; what is not known stays text."""
    if (german := GERMAN.match(text)) is not None:
        return _german(text, german[1] or german[2] or german[3])
    if _SLASHED.search(text) is not None:
        return _slashed(text)
    return Told("", " ".join(text.split()), "", {})


def _german(text: str, mark: str) -> Told:
    """``?20…?29`` and ``?60…?63`` go on from line to line without a blank; ``?32?33`` (Poland: ``<27<28``) the name."""
    named_late = mark == "<"
    parts = _SUBFIELDS[mark].split(text.replace("\n", ""))
    fields: dict[str, str] = {"code": parts[0].strip()}
    for number, value in zip(parts[1::2], parts[2::2], strict=True):
        name = "?" + number
        fields[name] = fields[name] + value if name in fields else value
    last = "?26" if named_late else "?29"
    purpose = [value for name, value in fields.items() if "?20" <= name <= last or "?60" <= name <= "?63"]
    whole = "".join(purpose)
    named: dict[str, str] = {}
    if "+" in whole:
        words = _WORD.split(whole)
        named = dict(zip(words[1::2], words[2::2], strict=True))
    memo = named.get("SVWZ", "").strip() or " ".join(" ".join(purpose).split())
    name = (fields.get("?32", "") + fields.get("?33", "")).strip() or named.get("ABWA", "").strip()
    if named_late and not name:
        name = (fields.get("?27", "") + fields.get("?28", "")).strip()
    memo = memo or fields.get("?00", "").strip()
    return Told(
        " ".join(name.split()),
        memo,
        reference(named.get("EREF", "").partition("MTLG:")[0]),
        fields,
    )


def read_structured(text: str) -> Told:
    """Read a ``:NS:``: lines that begin with two digits, 01 to 14 what for, 15 and 16 who is on the other side."""
    fields = {f":NS:{line[:2]}": line[2:].strip() for line in text.split("\n") if line[:2].isdigit()}
    purpose = [value for name, value in fields.items() if ":NS:01" <= name <= ":NS:14" and _SPOKEN.search(value)]
    name = f"{fields.get(':NS:15', '')}{fields.get(':NS:16', '')}"
    return Told(" ".join(name.split()), " ".join(" ".join(purpose).split()), "", fields)


def _slashed(text: str) -> Told:
    parts = _SLASHED.split(text.replace("\n", ""))
    fields: dict[str, str] = {}
    for name, value in zip(parts[1::2], parts[2::2], strict=True):
        fields[f"/{name}/"] = f"{fields.get(f'/{name}/', '')} {value}".strip()
    name = next((fields[f"/{word}/"] for word in _PARTY if fields.get(f"/{word}/")), "")
    party = _COUNTERPARTY.search(text.replace("\n", ""))
    name = fields.get("/NAME/", "") or (party[1] if party else name)
    memo = " ".join(filter(None, (parts[0].strip(), fields.get("/REMI/", ""))))
    memo = memo.strip("/ ").removeprefix("USTD//").strip("/ ") or fields.get("/TRTP/", "")
    return Told(
        " ".join(name.strip("/ ").split()),
        " ".join(memo.split()),
        reference(fields.get("/EREF/", "").strip("/ ")),
        fields,
    )
