"""What happens to a made-up merchant: sales, refunds of earlier days, disputes, and the reports Chase makes of them.

The twin is the oracle of the connector's tests, so it shares no code with the readers.
Everything follows from the seed.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

CENT = Decimal("0.01")
METHODS = ("VI", "VI", "MC", "MC", "AX", "DI")
CARDS = {
    "VI": ("411111******1111", "4111111111111111", "400000******0002"),
    "MC": ("555555******4444", "510510******5100"),
    "AX": ("378282*****0005",),
    "DI": ("601111******1117",),
}
"""Published test numbers, some of them in clear, as some files hold them."""

_MONTHLY = (("Monthly account fee", Decimal("24.95")), ("Terminal rental", Decimal("15.00")))
_CHARGEBACK_FEE = Decimal("25.00")
_ITEM_FEE = Decimal("0.10")


@dataclass(frozen=True, slots=True)
class CardEvent:
    """A sale or a refund; ``amount`` is positive."""

    refund: bool
    moment: datetime
    submission: str
    record: int
    amount: Decimal
    method: str
    card: str
    order: str

    @property
    def day(self) -> date:
        return self.moment.date()

    @property
    def signed(self) -> Decimal:
        return -self.amount if self.refund else self.amount


@dataclass(frozen=True, slots=True)
class DisputeEvent:
    """Money taken (RTM) or paid back (REPR) for a dispute on an earlier sale."""

    sequence: str
    category: str
    day: date
    amount: Decimal
    sale: CardEvent

    @property
    def signed(self) -> Decimal:
        return -self.amount if self.category == "RTM" else self.amount


@dataclass(frozen=True, slots=True)
class Fee:
    """A fee by category; ``amount`` is positive for money taken."""

    category: str
    description: str
    amount: Decimal


@dataclass(slots=True)
class Report:
    """What Chase says on a delivery day about the days before it: one settlement, sometimes a charge apart."""

    start: date
    end: date
    delivered: date
    funded: date
    transfer: str
    events: list[CardEvent] = field(default_factory=list)
    disputes: list[DisputeEvent] = field(default_factory=list)
    fees: tuple[Fee, ...] = ()
    charge: tuple[Fee, ...] = ()
    charge_transfer: str = ""

    def moves(self) -> list[CardEvent | DisputeEvent]:
        """Return everything that enters or leaves the clearing account before the deposit."""
        return [*self.events, *self.disputes]

    @property
    def gross(self) -> Decimal:
        """Receipts less refunds and disputes, before fees."""
        return sum((event.signed for event in self.moves()), Decimal("0.00"))

    @property
    def net(self) -> Decimal:
        return self.gross - sum((fee.amount for fee in self.fees), Decimal("0.00"))

    @property
    def charged(self) -> Decimal:
        return sum((fee.amount for fee in self.charge), Decimal("0.00"))


@dataclass(frozen=True, slots=True)
class Plan:
    """The merchant's character."""

    seed: int
    start: date
    days: int
    sales_per_day: int
    zone: ZoneInfo
    holidays: frozenset[date]


def tell(plan: Plan) -> list[Report]:
    """Tell the whole story, report by report."""
    return _Story(plan).reports


def business_day_after(day: date, holidays: frozenset[date]) -> date:
    """Return the first day after ``day`` on which banks and Chase work."""
    day += timedelta(days=1)
    while day.weekday() >= 5 or day in holidays:
        day += timedelta(days=1)
    return day


def business_day_before(day: date) -> date:
    """Return the last day before ``day`` on which banks and Chase work, holidays apart."""
    day -= timedelta(days=1)
    while day.weekday() >= 5:
        day -= timedelta(days=1)
    return day


class _Story:
    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.dice = random.Random(plan.seed)  # noqa: S311 - a story, not a secret
        self.big = Decimal(300 * plan.sales_per_day)
        self.sales: list[CardEvent] = []
        self.open_disputes: list[tuple[date, DisputeEvent]] = []
        self.sequence = 5000
        self.transfer = 77000
        self.reports: list[Report] = []
        single = [report for report in self._calendar() if report.start == report.end]
        far_enough = [report.end for report in single if (report.end - plan.start).days >= 9]
        # One negative day in each three weeks of reports, and one day whose money is exactly nothing.
        self.negative_days = set(far_enough[4::14])
        self.zero_days = set(far_enough[9:10])
        self.months = {plan.start.month}
        for report in self._calendar():
            self._fill(report)
            self.reports.append(report)

    def _calendar(self) -> Iterator[Report]:
        """Yield the empty reports: each delivery day covers the days since the one before."""
        day, last = self.plan.start, self.plan.start + timedelta(days=self.plan.days - 1)
        while day <= last:
            delivered = business_day_after(day, self.plan.holidays)
            end = min(delivered - timedelta(days=1), last)
            yield Report(day, end, delivered, business_day_after(end, self.plan.holidays), "")
            day = end + timedelta(days=1)

    def _fill(self, report: Report) -> None:
        report.transfer = self._next_transfer()
        day = report.start
        while day <= report.end:
            self._live(report, day)
            day += timedelta(days=1)
        report.fees = _fees(report)
        if report.end in self.zero_days:
            self._nothing_left(report)
        if report.end.month not in self.months:
            self.months.add(report.end.month)
            report.charge = tuple(Fee("PFEE", text, amount) for text, amount in _MONTHLY)
            report.charge_transfer = self._next_transfer()

    def _live(self, report: Report, day: date) -> None:
        """Let one day happen: its sales, refunds of earlier days, disputes taken and paid back."""
        refundable = [sale for sale in self.sales if sale.day < day]
        number = 0
        for moment in self._moments(day):
            number += 1
            method = self.dice.choice(METHODS)
            amount = Decimal(self.dice.randrange(800, 24000)) * CENT
            self._sell(report, moment, number, amount, method)
        if any(timedelta(days=7) == special - day for special in self.negative_days | self.zero_days):
            number += 1
            self._sell(report, datetime.combine(day, time(17, 5), self.plan.zone), number, self.big, "VI")
        if day in self.negative_days:
            number += 1
            self._refund(report, day, number, self._big_sale(day), self.big)
        elif day not in self.zero_days:
            if refundable and self.dice.random() < 0.4:
                number += 1
                sale = self.dice.choice(refundable)
                part = self.dice.choice((Decimal(1), Decimal("0.5")))
                self._refund(report, day, number, sale, (sale.amount * part).quantize(CENT, ROUND_HALF_UP))
            self._dispute(report, day, refundable)

    def _moments(self, day: date) -> list[datetime]:
        """Return the moments of the day's sales; a night with two one o'clocks has a sale in each."""
        zone = self.plan.zone
        count = max(1, self.plan.sales_per_day + self.dice.choice((-2, -1, 0, 0, 1, 2)))
        minutes = sorted(self.dice.randrange(9 * 60, 24 * 60) for _ in range(count))
        moments = [datetime.combine(day, time(each // 60, each % 60), zone) for each in minutes]
        night = datetime.combine(day, time(1, 30), zone)
        if night.utcoffset() != night.replace(fold=1).utcoffset():
            moments += [night, night.replace(fold=1)]
        if day.day == 31 and day.month == 12:
            moments.append(datetime.combine(day, time(23, 30), zone))
        return moments

    def _sell(self, report: Report, moment: datetime, number: int, amount: Decimal, method: str) -> None:
        card = self.dice.choice(CARDS[method])
        odd = number % 7 == 0  # some tills write commas into order numbers
        order = f"T1,b{self.dice.randrange(10000, 99999)},{number}" if odd else f"A{moment:%y%m%d}{number:03}"
        sale = CardEvent(False, moment, f"{moment:%y%m%d}01", number, amount, method, card, order)
        self.sales.append(sale)
        report.events.append(sale)

    def _refund(self, report: Report, day: date, number: int, sale: CardEvent, amount: Decimal) -> None:
        moment = datetime.combine(day, time(12, 15), self.plan.zone)
        report.events.append(
            CardEvent(True, moment, f"{day:%y%m%d}01", number, amount, sale.method, sale.card, sale.order)
        )

    def _dispute(self, report: Report, day: date, refundable: list[CardEvent]) -> None:
        for due, taken in [entry for entry in self.open_disputes if entry[0] <= day]:
            self.open_disputes.remove((due, taken))
            report.disputes.append(DisputeEvent(taken.sequence, "REPR", day, taken.amount, taken.sale))
        since = (day - self.plan.start).days
        if refundable and since >= 6 and since % 11 == 6:
            sale = self.dice.choice(refundable)
            self.sequence += 1
            taken = DisputeEvent(str(self.sequence), "RTM", day, sale.amount, sale)
            report.disputes.append(taken)
            if self.sequence % 3:  # two in three are won, some of them after the month's end
                self.open_disputes.append((day + timedelta(days=self.dice.randrange(8, 24)), taken))

    def _nothing_left(self, report: Report) -> None:
        """Give back exactly what would have been paid, so that the settlement is nought."""
        rest = report.net - _ITEM_FEE
        number = 1 + max(event.record for event in report.events)
        self._refund(report, report.end, number, self._big_sale(report.end), rest)
        report.fees = _fees(report)

    def _big_sale(self, day: date) -> CardEvent:
        return next(sale for sale in self.sales if sale.amount == self.big and sale.day == day - timedelta(days=7))

    def _next_transfer(self) -> str:
        self.transfer += 1
        return str(self.transfer)


def _fees(report: Report) -> tuple[Fee, ...]:
    sold = sum((event.amount for event in report.events if not event.refund), Decimal(0))
    interchange = (sold * Decimal("0.0155")).quantize(CENT, ROUND_HALF_UP)
    assessments = (sold * Decimal("0.0010")).quantize(CENT, ROUND_HALF_UP)
    taken = sum(1 for event in report.disputes if event.category == "RTM")
    fees = (
        Fee("IA", "Assessments", assessments),
        Fee("IA", "Interchange", interchange),
        Fee("PFEE", "Chargeback fee", _CHARGEBACK_FEE * taken),
        Fee("PFEE", "Transaction fee", _ITEM_FEE * len(report.events)),
    )
    return tuple(fee for fee in fees if fee.amount)
