"""What a report was asked for, read from the query and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from raccord_sandbox.keeping.company import Company
from raccord_sandbox.refusing.faults import FaultError
from raccord_sandbox.reports.period import Span, fiscal_year_start, of_macro

DEFAULT_MACRO = "This Fiscal Year-to-date"
SUMMARIES = (
    "Total", "Month", "Week", "Days", "Quarter", "Year", "Customers", "Vendors", "Classes", "Departments", "Employees",
    "ProductsAndServices",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """One request for a report; `macro` is empty where dates were given."""

    parameters: Mapping[str, str]
    first: str
    last: str
    macro: str
    cash: bool
    summary: str

    def text(self, name: str) -> str:
        """Return a parameter without the blanks around it, empty where it was not sent."""
        return self.parameters.get(name, "").strip()

    def listed(self, name: str) -> frozenset[str]:
        """Return a parameter of several values between commas."""
        return frozenset(part.strip() for part in self.text(name).split(",") if part.strip())

    def day(self, name: str) -> str:
        """Return a date, empty where it was not sent. Raises 2060."""
        return _day(self.parameters, name)

    def choice(self, name: str, words: tuple[str, ...], default: str = "") -> str:
        """Return a parameter that is one of `words`, compared without case. Raises 2170."""
        return _choice(self.parameters, name, words) or default

    def whole(self, name: str, default: int, high: int) -> int:
        """Return a number from 1 to `high`. Raises 2240."""
        text = self.text(name)
        if not text:
            return default
        if not text.isdecimal() or len(text) > 9 or not 1 <= int(text) <= high:
            raise FaultError(2240, f"Invalid Number Range : {name} must be 1 to {high}", name)
        return int(text)

    @property
    def span(self) -> Span:
        """Return the whole period."""
        return Span(self.first, self.last)


def read(company: Company, parameters: Mapping[str, str]) -> Asked:
    """Return the request. Raises 2060 for a bad date, 2190 for one after the other, 2170 for an unknown word."""
    first, last = _day(parameters, "start_date"), _day(parameters, "end_date")
    macro = ""
    if not first and not last:
        macro = parameters.get("date_macro", "").strip() or DEFAULT_MACRO
        span = of_macro(company, macro)
        first, last = span.first, span.last
    last = last or max(first, company.clock.today().isoformat())
    first = first or fiscal_year_start(company, last)
    if first > last:
        raise FaultError(2190, f"Invalid Date Range : start_date {first} is after end_date {last}", "start_date")
    preferences = company.get("Preferences", "1") or {}
    basis = _choice(parameters, "accounting_method", ("Cash", "Accrual"))
    basis = basis or preferences.get("ReportPrefs", {}).get("ReportBasis", "Accrual")
    summary = _choice(parameters, "summarize_column_by", SUMMARIES) or "Total"
    return Asked(parameters, first, last, macro.lower(), basis == "Cash", summary)


def _day(parameters: Mapping[str, str], name: str) -> str:
    text = parameters.get(name, "").strip()
    if not text:
        return ""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise FaultError(2060, f"Invalid Date Format : {text}", name) from error


def _choice(parameters: Mapping[str, str], name: str, words: tuple[str, ...]) -> str:
    text = parameters.get(name, "").strip()
    for word in words:
        if word.lower() == text.lower():
            return word
    if text:
        raise FaultError(2170, f"Invalid Enumeration : {name} cannot be {text}; it is one of {', '.join(words)}", name)
    return ""
