"""The columns of summaries: the whole, its months or weeks, or its classes, customers and so on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from raccord_sandbox.refusing.faults import FaultError
from raccord_sandbox.reports.journal import Row, class_of, department_of, item_of, name_of, person_of
from raccord_sandbox.reports.period import Span, count, cut
from raccord_sandbox.reports.shape import Column
from raccord_sandbox.reports.source import DAY_ONE, ZERO, Source, Sums, grouped

UNITS = {"Days": "day", "Week": "week", "Month": "month", "Quarter": "quarter", "Year": "year"}
MAX_COLUMNS = 1_000
NOT_SPECIFIED = "Not Specified"

Movement = Callable[[str, str, str], Decimal]


@dataclass(frozen=True, slots=True)
class Slice:
    """One column of amounts: its days and where its movements come from."""

    span: Span
    key: str
    movement: Movement
    is_period: bool = False

    def moved(self, account: str, *, as_of: bool = False) -> Decimal:
        """Return the debit movement of an account in this column; `as_of` counts from the first day of the books."""
        return self.movement(account, DAY_ONE if as_of else self.span.first, self.span.last)

    @property
    def column(self) -> Column:
        """Return the declaration."""
        days = {"StartDate": self.span.first, "EndDate": self.span.last} if self.is_period else {}
        return Column(self.span.title, "Money", self.key, days)


def slices(source: Source, *, as_of: bool = False) -> list[Slice]:
    """Return the columns asked for; a total closes them, but not balances at several days, which do not add up."""
    asked = source.asked
    whole = Slice(asked.span, "total", source.movement)
    if asked.summary == "Total":
        return [whole]
    if asked.summary in UNITS:
        unit = UNITS[asked.summary]
        if count(asked.first, asked.last, unit) > MAX_COLUMNS:
            raise too_big()
        spans = cut(source.company, asked.first, asked.last, unit)
        found = [Slice(span, span.title, source.movement, is_period=True) for span in spans]
        return found if as_of else [*found, whole]
    parts = grouped(source.rows(last=asked.last), dimension(source, asked.summary))
    found = []
    for key in sorted(parts, key=lambda key: (not key, _title(source, asked.summary, key).lower())):
        span = Span(asked.first, asked.last, _title(source, asked.summary, key))
        found.append(Slice(span, key or NOT_SPECIFIED, Sums(parts[key]).movement))
    if len(found) > MAX_COLUMNS:
        raise too_big()
    return [*found, Slice(Span(asked.first, asked.last, "TOTAL"), "total", source.movement)]


def dimension(source: Source, summary: str) -> Callable[[Row], str]:
    """Return what tells a row's column, as an id."""
    company = source.company
    match summary:
        case "Classes":
            return class_of
        case "Departments":
            return department_of
        case "ProductsAndServices":
            return item_of
        case _:
            return lambda row: person_of(company, row, summary.removesuffix("s"))


def too_big() -> FaultError:
    """Return the fault for a report of too many cells."""
    return FaultError(10100, "Result set too big : ask for fewer columns or a shorter period")


def needs_total(source: Source, name: str) -> None:
    """Refuse a summary by anything else for a report that has none here (5030)."""
    if source.asked.summary != "Total":
        detail = f"Feature Not Supported Error : this sandbox summarises {name} by Total only"
        raise FaultError(5030, detail, "summarize_column_by")


def total(rows: list[Row]) -> Decimal:
    """Return the debit sum of rows."""
    return sum((row.amount for row in rows), ZERO)


def _title(source: Source, summary: str, key: str) -> str:
    if not key:
        return NOT_SPECIFIED
    kind = {"Classes": "Class", "Departments": "Department", "ProductsAndServices": "Item"}.get(summary)
    if kind is None:
        return name_of(source.company, key)
    doc = source.company.get(kind, key) or {}
    return str(doc.get("FullyQualifiedName", key))
