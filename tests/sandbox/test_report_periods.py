from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from raccord_sandbox.clock import SandboxClock
from raccord_sandbox.config import SandboxConfig
from raccord_sandbox.keeping.company import Company
from raccord_sandbox.keeping.store import Store
from raccord_sandbox.refusing.faults import FaultError
from raccord_sandbox.reports.asked import read
from raccord_sandbox.reports.period import cut, of_macro


@pytest.fixture(scope="module")
def company() -> Iterator[Company]:
    """A company on Wednesday 2026-02-18 whose fiscal year begins in April."""
    store = Store(SandboxConfig(clock=SandboxClock(datetime(2026, 2, 18, 20, tzinfo=UTC)), seeds=("us",)))
    found = store.of_template("us")
    found.table("CompanyInfo").put({**(found.get("CompanyInfo", "1") or {}), "FiscalYearStartMonth": "April"})
    yield found
    store.close()


@pytest.mark.parametrize(
    ("macro", "first", "last"),
    [
        ("Today", "2026-02-18", "2026-02-18"),
        ("yesterday", "2026-02-17", "2026-02-17"),
        ("This Week", "2026-02-15", "2026-02-21"),
        ("This Week-to-date", "2026-02-15", "2026-02-18"),
        ("Last Week", "2026-02-08", "2026-02-14"),
        ("Last Week-to-date", "2026-02-08", "2026-02-11"),
        ("Next Week", "2026-02-22", "2026-02-28"),
        ("Next 4 Weeks", "2026-02-22", "2026-03-21"),
        ("This Month", "2026-02-01", "2026-02-28"),
        ("Last Month", "2026-01-01", "2026-01-31"),
        ("Last Month-to-date", "2026-01-01", "2026-01-18"),
        ("Next Month", "2026-03-01", "2026-03-31"),
        ("This Fiscal Quarter", "2026-01-01", "2026-03-31"),
        ("Last Fiscal Quarter", "2025-10-01", "2025-12-31"),
        ("This Fiscal Year", "2025-04-01", "2026-03-31"),
        ("This Fiscal Year-to-date", "2025-04-01", "2026-02-18"),
        ("Last Fiscal Year", "2024-04-01", "2025-03-31"),
        ("Last Fiscal Year-to-date", "2024-04-01", "2025-02-18"),
        ("Next Fiscal Year", "2026-04-01", "2027-03-31"),
        ("This Calendar Year", "2026-01-01", "2026-12-31"),
        ("Last Calendar Quarter", "2025-10-01", "2025-12-31"),
        ("All", "1900-01-01", "9999-12-31"),
    ],
)
def test_words_for_a_period(company: Company, macro: str, first: str, last: str) -> None:
    span = of_macro(company, macro)
    assert (span.first, span.last) == (first, last)
    asked = read(company, {"date_macro": macro})
    assert (asked.first, asked.last, asked.macro) == (first, last, macro.lower())


@pytest.mark.parametrize("macro", ["Tomorrow", "This Decade", "Next Month-to-date", "month"])
def test_other_words_are_refused(company: Company, macro: str) -> None:
    with pytest.raises(FaultError) as caught:
        of_macro(company, macro)
    assert caught.value.code == 2170


def test_dates_win_over_words_and_the_default_is_the_fiscal_year_to_date(company: Company) -> None:
    asked = read(company, {"date_macro": "Today", "end_date": "2026-05-02"})
    assert (asked.first, asked.last, asked.macro) == ("2026-04-01", "2026-05-02", "")
    asked = read(company, {"start_date": "2026-01-05"})
    assert (asked.first, asked.last) == ("2026-01-05", "2026-02-18")
    asked = read(company, {})
    assert (asked.first, asked.last, asked.macro) == ("2025-04-01", "2026-02-18", "this fiscal year-to-date")


@pytest.mark.parametrize(
    ("unit", "titles"),
    [
        ("day", ["Jan 30, 2026", "Jan 31, 2026", "Feb 1, 2026", "Feb 2, 2026"]),
        ("week", ["Jan 30 - 31, 2026", "Feb 1 - 2, 2026"]),
        ("month", ["Jan 30 - 31, 2026", "Feb 1 - 2, 2026"]),
        ("quarter", ["Jan 30 - Feb 2, 2026"]),
        ("year", ["Jan 30 - Feb 2, 2026"]),
    ],
)
def test_a_period_is_cut_into_columns(company: Company, unit: str, titles: list[str]) -> None:
    assert [span.title for span in cut(company, "2026-01-30", "2026-02-02", unit)] == titles


def test_whole_months_quarters_and_fiscal_years_have_short_titles(company: Company) -> None:
    def titles(unit: str) -> list[str]:
        return [span.title for span in cut(company, "2025-04-01", "2026-03-31", unit)]

    assert titles("month")[:2] == ["Apr 2025", "May 2025"]
    assert titles("quarter") == ["Apr - Jun, 2025", "Jul - Sep, 2025", "Oct - Dec, 2025", "Jan - Mar, 2026"]
    assert titles("year") == ["Apr - Mar, 2026"]
