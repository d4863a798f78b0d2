"""A made-up merchant: the files Chase would send about it, and what its books must show."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Self
from zoneinfo import ZoneInfo

from raccord_chase.sandbox import bank, dfr_files, portal
from raccord_chase.sandbox.story import Plan, Report, business_day_before, tell

DEFAULT_START = date(2026, 8, 24)
"""Ninety days from here hold month ends and the night in November when the clock goes back."""


class Merchant:
    """Ninety days (by default) of a small shop; the same seed always gives the same files, byte for byte.

    Sales happen every day. Chase delivers on business days: Monday's report holds Friday to Sunday, so over a weekend
    the clearing account holds what was sold and not yet paid. Money arrives on the business day after a report ends.
    """

    def __init__(
        self,
        seed: int = 1,
        start: date = DEFAULT_START,
        days: int = 90,
        *,
        currency: str = "CAD",
        sales_per_day: int = 10,
        merchant_id: str = "123456",
        time_zone: str = "America/Toronto",
        holidays: frozenset[date] = frozenset(),
    ) -> None:
        self.currency = currency
        self.merchant_id = merchant_id
        self.start = start
        self.days = days
        self.reports: list[Report] = tell(Plan(seed, start, days, sales_per_day, ZoneInfo(time_zone), holidays))

    @classmethod
    def until(cls, today: date, *, days: int = 90, merchant_id: str = "123456") -> Self:
        """Return a merchant of whom everything was delivered and paid by ``today``, and nothing is late yet."""
        # What a business day delivers are the days up to the one before it.
        newest = business_day_before(today + timedelta(days=1))
        return cls(start=newest - timedelta(days=days), days=days, merchant_id=merchant_id)

    def write_files(self, folder: Path, *, zipped: bool = True) -> list[Path]:
        """Write the report files (DFR), some of them zipped, and return their paths in order of delivery."""
        return dfr_files.write(self.reports, folder, self.merchant_id, self.currency, zipped=zipped)

    def portal_files(self, folder: Path) -> list[Path]:
        """Write the same facts in the published contract: JSON, JSON lines and CSV by turns."""
        return portal.write(self.reports, folder, self.merchant_id, self.currency)

    def bank_statement_ofx(self) -> str:
        """Return the bank's statement (OFX 2) of the account that Chase pays into."""
        return bank.statement(self.reports, self.currency)

    def settlements(self) -> list[tuple[date, Decimal]]:
        """Return day and bank amount of every settlement, negative and zero ones included."""
        return [(report.funded, report.net) for report in self.reports]

    def charges(self) -> list[tuple[date, Decimal]]:
        """Return day and amount (negative) of every charge debited apart."""
        return [(report.funded, -report.charged) for report in self.reports if report.charge]

    def unpaid_balance(self, day: date) -> Decimal:
        """Return what the clearing account holds at the midnight that ends ``day``: receipts not yet in a deposit."""
        unpaid = Decimal("0.00")
        for report in self.reports:
            if report.funded > day:
                unpaid += sum((each.signed for each in report.moves() if each.day <= day), Decimal("0.00"))
        return unpaid

    def expected_documents(self) -> Counter[str]:
        """Return how many documents of each kind the books must hold."""
        events = [event for report in self.reports for event in report.events]
        disputes = [event for report in self.reports for event in report.disputes]
        return Counter(
            {
                "SalesReceipt": sum(not each.refund for each in events) + sum(each.signed > 0 for each in disputes),
                "RefundReceipt": sum(each.refund for each in events) + sum(each.signed < 0 for each in disputes),
                "Deposit": len(self.reports),
                "JournalEntry": sum(report.net < 0 for report in self.reports),
                "Expense": len(self.charges()),
            }
        )
