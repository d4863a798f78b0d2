"""OFX values: amounts, days, texts, and the fields of one transaction."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from raccord_bankfeed.readers import faults
from raccord_bankfeed.readers.amounts import MINUS_SIGNS, Mark
from raccord_bankfeed.readers.days import day_of_digits
from raccord_bankfeed.readers.faults import RowFault
from raccord_bankfeed.readers.texts import is_number, unescape

AMOUNT_CHARS_MAX = 40


PLAIN_AMOUNT = re.compile(r"[+-]?[0-9]{1,24}(?:\.[0-9]{1,12})?")
_POINT_OPEN = re.compile(r"[+-]?[1-9][0-9]{0,2}\.[0-9]{3}")
"""A thousand, or three decimals."""
_SIGNED = re.compile(r"([+-]?) ?([0-9.,' ]*[0-9.,]) ?([+-]?)")
_WRAPPED = re.compile(r"\( ?([0-9].*?) ?\)")
_MINUSES = str.maketrans(dict.fromkeys(MINUS_SIGNS, "-"))
_GROUPED = re.compile(r"[0-9]{1,3}(?:([ '.,])[0-9]{3})(?:\1[0-9]{3})*")
_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}")
_WHOLE = re.compile(r"[0-9]{0,24}")
_FRACTION = re.compile(r"[0-9]{0,12}")
_DAY_DIGITS = 8


_MARKUP = re.compile(
    r"<!--.*?(?:-->|\Z)|<!\[CDATA\[(?P<cdata>.*?)(?:\]\]>|\Z)|<\?.*?(?:\?>|\Z)|<![^>]*(?:>|\Z)"
    r"|<(?P<close>/?)(?P<name>[A-Za-z][A-Za-z0-9._:-]{0,99})(?:\s[^<>]*)?(?P<empty>/?)>",
    re.DOTALL,
)
AGGREGATES = frozenset({"PAYEE", "CURRENCY", "ORIGCURRENCY", "BANKACCTTO", "CCACCTTO", "IMAGEDATA", "EXTDPAYEE"})
_ONCE = frozenset({"TRNAMT", "DTPOSTED", "DTTRAN", "FITID", "CORRECTFITID", "CORRECTACTION"})


def read_fields(body: str) -> dict[str, str]:
    """Return the fields of one transaction by tag; those of an aggregate as ``CURRENCY.CURSYM``.

    Leaves may be closed at once, closed late or not at all. Raises :class:`RowFault` where a tag that may stand once
    stands twice with two values.
    """
    fields = _Fields()
    position = 0
    for match in _MARKUP.finditer(body):
        fields.text(unescape(body[position : match.start()]))
        position = match.end()
        if match["cdata"] is not None:
            fields.text(match["cdata"])
        elif match["name"] is not None:
            name = match["name"].rpartition(":")[2].upper()
            if match["close"]:
                fields.closed(name)
            else:
                fields.opened(name)
                if match["empty"]:
                    fields.closed(name)
    fields.text(unescape(body[position:]))
    fields.leaf_ended()
    return fields.read


def read_amount(text: str, told: Mark | None = None) -> Decimal:
    """Read a signed amount exactly, its scale kept.

    The standard's decimal mark is a point **or a comma** and it has no thousands mark; where both marks stand, or one
    stands twice, the groups of three are thousands. One mark alone before three digits is read as ``told`` of the file;
    where nothing is told, a point stands before decimals, and a comma is refused. Raises :class:`RowFault`.
    """
    if PLAIN_AMOUNT.fullmatch(text) and not (told is Mark.COMMA and _POINT_OPEN.fullmatch(text)):
        return Decimal(text)
    if not text:
        raise RowFault(faults.amount_missing())
    plain = " ".join(text.translate(_MINUSES).split()) if len(text) <= AMOUNT_CHARS_MAX else ""
    wrapped = _WRAPPED.fullmatch(plain)
    signed = _SIGNED.fullmatch(f"-{wrapped[1]}" if wrapped else plain)
    if signed is None or (signed[1] and signed[3]):
        raise RowFault(faults.amount_unreadable(text))
    sign, number = "-" if "-" in (signed[1], signed[3]) else "", signed[2]
    mark = max(number.rfind("."), number.rfind(","))
    if mark >= 0 and number.count(number[mark]) == 1:
        whole, fraction = number[:mark], number[mark + 1 :]
        if len(fraction) == 3 and _THOUSANDS.fullmatch(whole):
            written_with = Mark.COMMA if number[mark] == "," else Mark.POINT
            if told is None and written_with is Mark.COMMA:
                raise RowFault(faults.amount_open(text))
            whole, fraction = (whole, fraction) if told in (None, written_with) else (number, "")
    else:
        whole, fraction = number, ""
    grouped = _GROUPED.fullmatch(whole)
    digits = re.sub(r"[^0-9]", "", whole) if grouped else whole
    if not (_WHOLE.fullmatch(digits) and _FRACTION.fullmatch(fraction) and (digits or fraction)):
        raise RowFault(faults.amount_unreadable(text))
    return Decimal(f"{sign}{digits or '0'}.{fraction or '0'}" if fraction else f"{sign}{digits}")


def read_day(text: str) -> date | None:
    """Return the day of the first eight digits, as the bank wrote it; nothing where that is no day of its time."""
    digits = text[:8]
    return day_of_digits(digits) if len(digits) == _DAY_DIGITS and is_number(digits) else None


class _Fields:
    """Collects leaves; what a tag says twice is joined, unless it may be said once only."""

    def __init__(self) -> None:
        self.read: dict[str, str] = {}
        self._aggregate = ""
        self._name = ""
        self._parts: list[str] = []

    def text(self, part: str) -> None:
        if self._name:
            self._parts.append(part)

    def opened(self, name: str) -> None:
        self.leaf_ended()
        if name in AGGREGATES:
            self._aggregate = name
        else:
            self._name = name

    def closed(self, name: str) -> None:
        self.leaf_ended()
        if name == self._aggregate:
            self._aggregate = ""

    def leaf_ended(self) -> None:
        if not self._name:
            return
        name = f"{self._aggregate}.{self._name}" if self._aggregate else self._name
        value = "".join(self._parts).strip()
        before = self.read.get(name, "")
        if before and value and before != value:
            if name in _ONCE:
                raise RowFault(faults.field_repeated(name))
            value = f"{before} {value}"
        self.read[name] = value or before
        self._name = ""
        self._parts = []
