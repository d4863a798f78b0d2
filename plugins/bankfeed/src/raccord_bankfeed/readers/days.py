"""In which order a file writes day, month and year: decided once for the whole file, never row by row."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import lru_cache

from raccord_bankfeed.readers.told import DAY_FIRST, MONTH_FIRST, YEAR_FIRST


class Order(StrEnum):
    """The order of the parts of a date; the values are the answers that a person gives."""

    YEAR = YEAR_FIRST
    DAY = DAY_FIRST
    MONTH = MONTH_FIRST
    __hash__ = str.__hash__  # that of an enumeration is slow


_ORDERS = (Order.DAY, Order.MONTH, Order.YEAR)
_PLACES = {Order.YEAR: (0, 1, 2), Order.DAY: (2, 1, 0), Order.MONTH: (2, 0, 1)}
"""Where year, month and day stand."""
_KNOWN_MAX = 4000
_KNOWN_CHARS_MAX = 40
"""What a longer text means is not kept in mind."""
_YEARS = range(1950, 2100)
"""Some banks date what is no transaction in the year 2, others at the end of all time."""
_PIVOT = 70
"""Years of two digits below it are of this century; Quicken's apostrophe always means this century."""
_NUMBERS = re.compile(r"\s*([0-9]{1,4})\s*([/.'\- ])\s*([0-9]{1,2})\s*([/.'\- ])\s*([0-9]{1,4})\.?(?![0-9])")
_LENGTHS = frozenset({(4, 1), (4, 2), (1, 2), (2, 2), (1, 4), (2, 4)})
"""How many digits stand first and last: one of them is the year."""
_COMPACT = re.compile(
    r"\s*([12][0-9]{3})([01][0-9])([0-3][0-9])(?![0-9])|\s*([12][0-9]{3})([01][0-9])([0-3][0-9])[0-9]{4,6}"
)
_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun|lun|mar|mer|jeu|ven|sam|dim|mo|di|mi|do|fr|sa|so)[a-z]{0,6}\.?,?\s+)?"
_LETTERS = r"[^\W\d_]{3,12}"
_NAMED = re.compile(
    rf"(?i:\s*{_WEEKDAY})([0-9]{{1,2}})(?i:er|st|nd|rd|th|º)?[ .\-/]*(?i:de )?({_LETTERS})"
    r"\.?(?i: de | del |[ .,\-/']*)([0-9]{4}|[0-9]{2})(?![0-9])"
)
_NAMED_FIRST = re.compile(rf"\s*({_LETTERS})\.?[ \-]*([0-9]{{1,2}})(?i:st|nd|rd|th)?,?[ \-]+([0-9]{{4}})(?![0-9])")
_AFTER = re.compile(
    r"(?:,? (?:hétfő|kedd|szerda|csütörtök|péntek|szombat|vasárnap)"
    r"|[T ,;]\s*(?:/\s*)?[0-9]{1,2}[:.h][0-9]{2}.*|\s*\[.*|[+\-Z].{0,6}| as of [0-9/.\-]{8,10}|\s*)",
    re.DOTALL,
)
"""What may follow a date in its cell: a weekday, a time, a zone, from when on it counts (Schwab), nothing."""


def _bare(name: str) -> str:
    signed = unicodedata.normalize("NFD", name.lower().replace("ı", "i"))
    return "".join(each for each in signed if not unicodedata.combining(each))


_MONTHS: dict[str, int] = {}
for _number, _names in enumerate(
    (
        (
            "jan janv janvier january januar januari enero ene gennaio gen styczen stycznia janeiro ledna januara"
            " ianuarie gener ocak янв января"
        ),
        (
            "feb fev fevr fevrier february februar februari febrero febbraio fevereiro lutego unora februara februarie"
            " febrer subat фев февраля"
        ),
        "mar mars march marz maerz mrz maart mrt marzo marts marco marca brezna martie marc mart мар марта",
        "apr avr avril april abril abr aprile kwietnia dubna aprila aprilie nisan апр апреля",
        "may mai mei mayo maggio mag maj maio maja kvetna maig mayis май мая",
        "jun juin june juni junio giugno giu junho czerwca cervna juna iunie juny haziran июн июня",
        "jul juil juillet july juli julio luglio lug julho lipca cervence jula iulie juliol temmuz июл июля",
        "aug aout august augustus agosto ago augusti sierpnia srpna augusta agost agustos авг августа",
        (
            "sep sept septembre september septiembre settembre set setembro wrzesnia zari septembra septembrie setembre"
            " eylul сен сентября"
        ),
        (
            "oct okt octobre october oktober octubre ottobre ott out outubro pazdziernika rijna oktobra octombrie ekim"
            " окт октября"
        ),
        "nov novembre november noviembre novembro listopadu novembra noiembrie kasim ноя ноября",
        (
            "dec dez decembre december dezember des diciembre dic dicembre desember dezembro grudnia prosince decembra"
            " decembrie desembre aralik дек декабря"
        ),
    ),
    1,
):
    # A name that means two months, such as listopada in Poland and in Croatia, is not among them.
    _MONTHS.update(dict.fromkeys(map(_bare, _names.split()), _number))


@dataclass(frozen=True, slots=True)
class Parts:
    """The three numbers of a date and the orders in which they make one."""

    numbers: tuple[int, int, int]
    days: dict[Order, date]
    text: str


def parts_of(text: str) -> Parts | None:
    """Return what a cell can mean; nothing where no date is written in it. No order fits a day that does not exist."""
    return _known_parts(text) if len(text) <= _KNOWN_CHARS_MAX else _parts(text)


def _parts(text: str) -> Parts | None:
    found = _NUMBERS.match(text)
    if found is None:
        return _fixed(text)
    if found.end() < len(text) and _AFTER.fullmatch(text, found.end()) is None:
        return None
    first, mark, second, late_mark, third = found.groups()
    # Quicken pads the years after 1999 with a blank: 1/ 2' 6.
    padded = late_mark == "'" and len(third) == 1 and len(first) < 3
    if (len(first), len(third)) not in _LENGTHS and not padded:
        return None
    numbers = (int(first), int(second), int(third))
    if (len(first) == 4 and numbers[0] not in _YEARS) or (len(third) == 4 and numbers[2] not in _YEARS):
        return Parts(numbers, {}, text.strip())
    if len(first) == 4:
        orders: tuple[Order, ...] = (Order.YEAR,)
    elif "'" in (mark, late_mark):
        orders = (Order.MONTH, Order.DAY)
        numbers = (numbers[0], numbers[1], numbers[2] + (2000 if len(third) < 3 else 0))
    elif len(third) == 4:
        orders = (Order.DAY, Order.MONTH)
    else:
        orders = _ORDERS if mark == "-" else (Order.DAY, Order.MONTH)
    days = {order: day for order in orders if (day := day_in(numbers, order)) is not None}
    if mark == "." and Order.DAY in days:
        # Dots stand in day-month-year alone, in every country that writes them.
        days = {Order.DAY: days[Order.DAY]}
    return Parts(numbers, days, text.strip())


_known_parts = lru_cache(_KNOWN_MAX)(_parts)
"""A file has few days, looks at each several times, and names them in thousands of rows."""


def _fixed(text: str) -> Parts | None:
    """Return a date that can be read in one way: compact, or with the month's name."""
    if (found := _COMPACT.match(text)) is not None:
        year, month, day = (int(part) for part in found.groups() if part is not None)
    elif (found := _NAMED.match(text)) is not None or (found := _NAMED_FIRST.match(text)) is not None:
        words = found.groups()
        named = words[1] if words[0].isdigit() else words[0]
        month = month_named(named)
        day, year = int(words[0] if words[0].isdigit() else words[1]), _year(words[2])
        if not month:
            return None
    else:
        return None
    if found.re is not _COMPACT and _AFTER.fullmatch(text, found.end()) is None:
        return None
    meant = day_of(year, month, day)
    if meant is None:
        return Parts((year, month, day), {}, text.strip())
    return Parts((year, month, day), dict.fromkeys(_ORDERS, meant), text.strip())


def month_named(name: str) -> int:
    """Return the month that a name or its beginning means, 0 where it means none."""
    return _MONTHS.get(_bare(name), 0)


def day_of(year: int, month: int, day: int) -> date | None:
    """Return the day that a bank's file names; nothing where there is none such, or none of a bank's time."""
    try:
        return date(year, month, day) if year in _YEARS else None
    except ValueError:
        return None


def day_of_digits(digits: str) -> date | None:
    """Return the day of the eight digits of year, month and day; nothing as :func:`day_of` does."""
    try:
        day = date.fromisoformat(digits)
    except ValueError:
        return None
    return day if day.year in _YEARS else None


def _year(digits: str) -> int:
    return int(digits) if len(digits) == 4 else century(int(digits))


def century(year: int) -> int:
    """Return a year of four digits for one of two."""
    if year > 99:
        return year
    return year + (2000 if year < _PIVOT else 1900)


def day_in(numbers: tuple[int, int, int], order: Order) -> date | None:
    """Return the day that three numbers mean in an order, or nothing."""
    year_at, month_at, day_at = _PLACES[order]
    return day_of(century(numbers[year_at]), numbers[month_at], numbers[day_at])


@dataclass(slots=True)
class DayEvidence:
    """What the dates of a file tell of the order in which they are written."""

    counts: dict[Order, int] = field(default_factory=lambda: dict.fromkeys(_ORDERS, 0))
    seen: int = 0
    example: Parts | None = None
    """A date that the orders read differently."""
    read: Callable[[str], Parts | None] = parts_of
    """How a text is read."""
    known: dict[str, Parts | None] = field(default_factory=dict)
    """What texts were found to mean: a file has few days and many lines."""

    def add(self, text: str, times: int = 1) -> Parts | None:
        """Take one date, which stands there some times, into account; return its parts."""
        if text in self.known:
            parts = self.known[text]
        else:
            if len(self.known) >= _KNOWN_MAX:
                self.known.clear()
            parts = self.known[text] = self.read(text)
        if parts is not None and parts.days:
            self.seen += times
            counts, days = self.counts, parts.days
            for order in days:
                counts[order] += times
            if self.example is None and len(days) > 1 and len(set(days.values())) > 1:
                self.example = parts
        return parts

    def state(self, order: Order) -> None:
        """Take into account that the file itself states its order, which settles what its dates leave open."""
        if self.counts[order] == max(self.counts.values()):
            self.counts[order] += 1

    def orders(self) -> tuple[Order, ...]:
        """Return the orders that fit most dates, all that fit equally: more than one is a question."""
        if not self.seen:
            return (Order.DAY,)
        most = max(self.counts.values())
        fitting = tuple(order for order in _ORDERS if self.counts[order] == most)
        if self.example is None:
            return fitting[:1]
        readings = {self.example.days.get(order) for order in fitting}
        return fitting if len(readings) > 1 else fitting[:1]

    def among(self, orders: Collection[Order]) -> Order | None:
        """Return which of some orders fits more dates than any other of them, if one does."""
        most = max(self.counts[order] for order in orders)
        fitting = [order for order in orders if self.counts[order] == most]
        return fitting[0] if len(fitting) == 1 else None
