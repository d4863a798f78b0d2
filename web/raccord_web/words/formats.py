"""Amounts, dates, hours and counts as people of each language write them."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from raccord.plugin.money import exponent
from raccord.plugin.texts import Language
from raccord_web.words.wording import NBSP

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_IN_SENTENCE = re.compile(
    r"(?<![\w/.:=-])(?<!comme )(?<!such as )(?<!= )(?<!--first )(?<!--last )(?<!--from )(?<!--to )(?<!--on )"
    r"\d{4}-\d\d-\d\d(?![\w-]|[.:/]\w)"
)
"""A day in a sentence; not in a name, a moment or a command, nor where it shows how to type one."""
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")
_BY_CLOCKS = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d) ([A-Z]{2,5}|[+-]\d\d(?:\d\d)?)")
"""As ``raccord.clock.written`` says a moment."""
_AMOUNT = re.compile(r"(-?\d{1,15}\.\d{1,10})(?: ([A-Z]{3}))?")
_NOTHING = Markup("")
_TIME, _TITLE, _SAID, _SAID_ALL = Markup('<time datetime="'), Markup('" title="'), Markup('">'), Markup("</time>")
MINUS = "\u2212"
SYMBOLS = {"EUR": "€", "GBP": "£"}
DOLLARS = {"CAD": "CA", "USD": "US", "AUD": "A"}
MONTHS = {
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    "fr": ("janv.", "févr.", "mars", "avr.", "mai", "juin", "juill.", "août", "sept.", "oct.", "nov.", "déc."),
}
LONG_MONTHS = {
    "en": ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
           "November", "December"),
    "fr": ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre",
           "novembre", "décembre"),
}  # fmt: skip


def number(value: int | Decimal, language: Language) -> str:
    """Return a number with its thousands set apart: ``1,284`` or ``1 284``."""
    text = f"{abs(value):,f}" if isinstance(value, Decimal) else f"{abs(value):,d}"
    if language == "fr":
        text = text.replace(",", NBSP).replace(".", ",")
    return f"{MINUS if value < 0 else ''}{text}"


def megabytes(size: int, language: Language) -> str:
    """Return how many megabytes so many bytes are, with one decimal: ``12.4`` or ``12,4``."""
    return number(Decimal(size * 10 // (1 << 20)).scaleb(-1), language)


def compact(value: Decimal, language: Language) -> str:
    """Return a round number in few characters, for the scale of a chart: ``2.5k`` or ``2,5 k``."""
    for unit, power in (("M", 6), ("k", 3)):
        if abs(value) >= Decimal(10) ** power:
            figures = value.scaleb(-power).normalize()
            return number(Decimal(format(figures, "f")), language) + (NBSP if language == "fr" else "") + unit
    return number(Decimal(format(value.normalize(), "f")), language)


def short_day(day: date, language: Language) -> str:
    """Return a date without its year, for a chart: ``18 Nov`` or ``18 nov.``."""
    return f"{_first(day, language)}{NBSP}{MONTHS[language][day.month - 1]}"


def money_text(amount: Decimal, currency: str, language: Language, home: str = "") -> str:
    """Return an amount as plain text; dollars other than the ``home`` currency name their country."""
    sign, figures, symbol = _parts(amount, currency, language, home)
    if language == "fr":
        return f"{sign}{figures}{NBSP}{symbol}".rstrip(NBSP)
    return f"{sign}{symbol}{figures}"


def money(amount: Decimal | None, currency: str, language: Language, home: str = "") -> Markup:
    """Return an amount for a page, its currency in lighter ink; nothing for no amount."""
    if amount is None:
        return _NOTHING
    sign, figures, symbol = _parts(amount, currency, language, home)
    # Pages have hundreds of amounts, and only the currency's name can hold what must be escaped.
    unit = f'<span class="cur">{escape(symbol)}</span>' if symbol else ""
    said = f"{sign}{figures}{NBSP if symbol else ''}{unit}" if language == "fr" else f"{sign}{unit}{figures}"
    return Markup(f'<span class="money">{said}</span>')  # noqa: S704


def day_text(day: date, language: Language) -> str:
    """Return a date: ``18 Nov 2026`` or ``18 nov. 2026``."""
    return f"{_first(day, language)}{NBSP}{MONTHS[language][day.month - 1]}{NBSP}{day.year}"


def month_text(day: date, language: Language) -> str:
    """Return a month: ``November 2026`` or ``novembre 2026``."""
    return f"{LONG_MONTHS[language][day.month - 1]} {day.year}"


def hour_text(moment: datetime | time, language: Language) -> str:
    """Return an hour: ``3:10 p.m.`` or ``15 h 10``."""
    if language == "fr":
        return f"{moment.hour}{NBSP}h{NBSP}{moment.minute:02d}"
    half = "a.m." if moment.hour < 12 else "p.m."
    return f"{moment.hour % 12 or 12}:{moment.minute:02d}{NBSP}{half}"


def cut_off_text(hour: str, language: Language) -> str:
    """Return the hour at which days end, given as ``HH:MM``: ``midnight``, ``5:00 p.m.`` or ``17 h 00``."""
    at = time.fromisoformat(hour)
    return hour_text(at, language) if at.hour or at.minute else {"fr": "minuit", "en": "midnight"}[language]


def moment(
    at: datetime | None,
    now: datetime,
    zone: str,
    language: Language,
    *,
    exact: bool = False,
    dated: bool = False,
    clock: bool = False,
    due: bool = False,
) -> Markup:
    """Return a moment in its zone: minutes when it is near, else day and hour; the exact time stands in its title.

    With ``exact`` it is said in full, for what is kept or printed; ``dated`` has day and hour always, and beside them
    the minutes when it is near; ``clock`` has what a clock shows, seconds too, for a log; ``due`` has the
    day at whose end it is.
    """
    if at is None:
        return Markup("")
    local, today = at.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone)).date()
    in_full = f"{day_text(local.date(), language)}, {hour_text(local, language)}"
    exact_time, near = f"{in_full} ({zone})", _near(at - now, language)
    if clock:
        near = local.time().isoformat(timespec="seconds")
    if due:
        near = day_text((local - timedelta(microseconds=1)).date(), language)
    said = exact_time if exact else in_full if dated else near or _far(local, today, language)
    told = _NOTHING.join((_TIME, at.isoformat(timespec="seconds"), _TITLE, exact_time, _SAID, said, _SAID_ALL))
    return told + f" ({near})" if dated and near else told


def with_days(sentence: str, language: Language) -> str:
    """Return a sentence in which each day in figures is written as people do; an example of how to type one stays."""
    return _IN_SENTENCE.sub(lambda found: written(found[0], language), sentence)


def written(value: str, language: Language) -> str:
    """Return a day, a moment, or an amount with decimals, as people write it; anything else as it is."""
    try:
        if _DAY.fullmatch(value):
            return day_text(date.fromisoformat(value), language)
        if _MOMENT.fullmatch(value):
            at = datetime.fromisoformat(value)
            return f"{day_text(at.date(), language)}, {hour_text(at, language)} ({at.tzname()})"
        if clock := _BY_CLOCKS.fullmatch(value):
            at = datetime.fromisoformat(clock[1])
            return f"{day_text(at.date(), language)}, {hour_text(at, language)} ({clock[2]})"
    except ValueError:
        return value
    if amount := _AMOUNT.fullmatch(value):
        figures = Decimal(amount[1])
        return money_text(figures, amount[2], language) if amount[2] else number(figures, language)
    return value


def span_text(span: timedelta | None) -> str:
    """Return how long something took: ``41 s``, ``1 min 22 s`` or ``2 h 05 min``."""
    if span is None:
        return ""
    seconds = max(0, int(span.total_seconds()))
    if seconds < 60:
        return f"{seconds}{NBSP}s"
    if seconds < 3600:
        return f"{seconds // 60}{NBSP}min {seconds % 60}{NBSP}s"
    return f"{seconds // 3600}{NBSP}h {seconds % 3600 // 60:02d}{NBSP}min"


def _first(day: date, language: Language) -> str:
    """Return the number of a day; French counts the first of a month."""
    return "1er" if language == "fr" and day.day == 1 else str(day.day)


def _parts(amount: Decimal, currency: str, language: Language, home: str) -> tuple[str, str, str]:
    """Return sign, figures and symbol; figures beyond the currency's own are kept, for they are a fault to be seen."""
    rounded = amount.quantize(Decimal(1).scaleb(-exponent(currency)))
    figures = rounded if amount == rounded else amount
    symbol = SYMBOLS.get(currency, currency)
    if currency in DOLLARS:
        country = "" if currency == (home or "CAD") else DOLLARS[currency]
        symbol = f"${NBSP}{country}".rstrip(NBSP) if language == "fr" else f"{country}$"
    elif symbol == currency and symbol and language == "en":
        symbol += NBSP
    return MINUS if figures < 0 else "", number(abs(figures), language), symbol


def _near(span: timedelta, language: Language) -> str:
    minutes = int(abs(span).total_seconds()) // 60
    if minutes >= 60:
        return ""
    past = span <= timedelta(0)
    if minutes == 0:
        return {
            "fr": "à l’instant" if past else "dans moins d’une minute",
            "en": "just now" if past else "in a minute",
        }[language]
    if language == "fr":
        return f"{'il y a' if past else 'dans'} {minutes}{NBSP}min"
    return f"{minutes}{NBSP}min ago" if past else f"in {minutes}{NBSP}min"


def _far(local: datetime, today: date, language: Language) -> str:
    words = {
        "fr": {-1: "hier", 0: "aujourd’hui", 1: "demain"},
        "en": {-1: "yesterday", 0: "today", 1: "tomorrow"},
    }[language]
    day = words.get((local.date() - today).days) or day_text(local.date(), language)
    return f"{day}{' à ' if language == 'fr' else ', '}{hour_text(local, language)}"
