"""Aged receivables and payables, and the balances of customers and vendors, from the open items of one day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from raccord_sandbox.posting.ledger import Entry
from raccord_sandbox.refusing.faults import Doc
from raccord_sandbox.reports.detail_columns import (
    DetailColumn,
    Printed,
    arranged,
    chosen,
    line,
    title_cells,
    total_cells,
)
from raccord_sandbox.reports.filters import passes, tests
from raccord_sandbox.reports.journal import Row, name_of, place
from raccord_sandbox.reports.open_items import OpenItem, control_accounts, open_items
from raccord_sandbox.reports.shape import Cell, Column, assembled, cells, data, money, money_or_blank, section, summary
from raccord_sandbox.reports.slices import NOT_SPECIFIED
from raccord_sandbox.reports.source import ZERO, Source

Amounts = list[Decimal]
DETAIL = {
    "AR": "tx_date txn_type doc_num cust_name due_date subt_amount subt_open_bal",
    "AP": "tx_date txn_type doc_num vend_name due_date past_due subt_amount subt_open_bal",
}
BALANCE_DETAIL = "tx_date txn_type doc_num due_date subt_amount subt_open_bal rbal_open_bal"
KIND = {"AR": "Customer", "AP": "Vendor"}
MAX_PERIODS, MAX_DAYS = 100, 365


@dataclass(frozen=True, slots=True)
class Open:
    """An open item as reports show it: its row, and amounts that are positive where money is owed."""

    item: OpenItem
    row: Row
    amount: Decimal
    open: Decimal
    name: str
    late: int
    """Days past due at the report's date, never negative."""


def opened(source: Source, side: str) -> tuple[str, list[Open]]:
    """Return the report's date and the items open on it that pass the filters."""
    company, asked = source.company, source.asked
    day = asked.day("report_date")
    if not day:
        # A range of dates is passed over, as the service does; words for a date count up to their last day.
        day = asked.last if asked.text("date_macro") and asked.macro else company.clock.today().isoformat()
    wanted = tests(company, asked)
    least = asked.whole("past_due", 0, 10_000)
    preferences = (company.get("Preferences", "1") or {}).get("ReportPrefs", {})
    from_txn_date = bool(preferences.get("CalcAgingReportFromTxnDate"))
    account = company.get("Account", min(control_accounts(company, side), default="")) or {}
    sign = 1 if side == "AR" else -1
    found = []
    for item in sorted(open_items(company, side, day), key=lambda one: place(one.posting)):
        row = Row(item.posting.day, item.posting, Entry(account["Id"], item.amount, "", item.name), account, item.doc)
        since = item.posting.day if from_txn_date else item.due
        late = max((date.fromisoformat(day) - date.fromisoformat(since)).days, 0)
        if passes(row, wanted) and late >= least:
            found.append(Open(item, row, sign * item.amount, sign * item.open, item.name, late))
    return day, found


def aged(source: Source, side: str, name: str) -> Doc:
    """Return what each customer owes (or each vendor is owed) by age."""
    day, items = opened(source, side)
    days, periods = _buckets(source)
    by_name: dict[str, Amounts] = {}
    for one in items:
        amounts = by_name.setdefault(one.name, [ZERO] * (periods + 1))
        amounts[_bucket(one.late, days, periods)] += one.open
    titles = ["Current", *(_title(number, days, periods) for number in range(1, periods + 1))]
    columns = [Column("", KIND[side]), *(Column(title, "Money") for title in (*titles, "Total"))]
    return _by_name(source, name, side, columns, {key: [*row, sum(row, ZERO)] for key, row in by_name.items()}, day)


def aged_detail(source: Source, side: str, name: str) -> Doc:
    """Return the open items by age, the oldest first."""
    day, items = opened(source, side)
    days, periods = _buckets(source)
    columns = chosen(source.asked, DETAIL[side])
    rows: list[Doc] = []
    for number in range(periods, -1, -1):
        lines = [_printed(one) for one in items if _bucket(one.late, days, periods) == number]
        if lines:
            title = f"{_title(number, days, periods, words=True)} days past due" if number else "Current"
            rows.append(_lines(source, columns, title, lines))
    if rows:
        rows.append(summary(total_cells(columns, "TOTAL", [_printed(one) for one in items])))
    declared = [column.column for column in columns]
    return _as_of(source, name, declared, rows, day, empty=not items)


def balance(source: Source, side: str, name: str) -> Doc:
    """Return what each customer owes, or each vendor is owed."""
    day, items = opened(source, side)
    by_name: dict[str, Amounts] = {}
    for one in items:
        by_name.setdefault(one.name, [ZERO])[0] += one.open
    columns = [Column("", KIND[side]), Column("Total", "Money")]
    return _by_name(source, name, side, columns, by_name, day)


def balance_detail(source: Source, side: str, name: str) -> Doc:
    """Return each customer's or vendor's open items with their running balance."""
    day, items = opened(source, side)
    columns = chosen(source.asked, BALANCE_DETAIL)
    by_name: dict[str, list[Printed]] = {}
    for one in items:
        lines = by_name.setdefault(one.name, [])
        running = one.open + (lines[-1].balance if lines else ZERO)
        lines.append(_printed(one, running))
    rows = [
        _lines(source, columns, (name_of(source.company, key), key), by_name[key])
        for key in sorted(by_name, key=lambda key: name_of(source.company, key).lower())
    ]
    if rows:
        rows.append(summary(total_cells(columns, "TOTAL", [_printed(one) for one in items])))
    return _as_of(source, name, [column.column for column in columns], rows, day, empty=not items)


def _printed(one: Open, running: Decimal = ZERO) -> Printed:
    facts: dict[str, Cell] = {"past_due": str(one.late), "due_date": one.item.due}
    return Printed(one.row, one.amount, running, one.open, facts)


def _lines(source: Source, columns: Sequence[DetailColumn], title: Cell, lines: list[Printed]) -> Doc:
    words = title if isinstance(title, str) else title[0]
    shown = arranged(source.company, source.asked, columns, lines)
    inner = [data(*line(source.company, columns, one)) for one in shown]
    return section(title_cells(columns, title), inner, total_cells(columns, f"Total for {words}", lines))


def _buckets(source: Source) -> tuple[int, int]:
    asked = source.asked
    return asked.whole("aging_period", 30, MAX_DAYS), asked.whole("num_periods", 4, MAX_PERIODS)


def _bucket(late: int, days: int, periods: int) -> int:
    return min(-(-late // days), periods)


def _title(number: int, days: int, periods: int, *, words: bool = False) -> str:
    first = (number - 1) * days + 1
    if number == periods:
        return f"{first} or more" if words else f"{first} and over"
    return f"{first} - {number * days}"


def _by_name(
    source: Source, name: str, side: str, columns: Sequence[Column], amounts: dict[str, Amounts], day: str
) -> Doc:
    """Return one row for each name, sub-customers below their parents, and the grand total."""
    company, width = source.company, len(columns) - 1
    below = _tree(source, side, amounts)
    totals = [ZERO] * width

    def branch(parent: str | None) -> list[tuple[Doc, Amounts]]:
        made = []
        for key in sorted(below.get(parent, ()), key=lambda key: (not key, name_of(company, key).lower())):
            own = amounts.get(key, [ZERO] * width)
            inner = branch(key)
            title = (name_of(company, key).rsplit(":", 1)[-1] or NOT_SPECIFIED, key)
            if not inner:
                made.append(({"ColData": cells((title, *_texts(own)))}, own))
                continue
            both = [sum(column, ZERO) for column in zip(own, *(one for _, one in inner), strict=True)]
            total: list[Cell] = [f"Total {title[0]}", *(money(amount) for amount in both)]
            made.append((section([title, *_texts(own)], [doc for doc, _ in inner], total), both))
        return made

    rows = []
    for doc, both in branch(None):
        rows.append(doc)
        totals = [one + other for one, other in zip(totals, both, strict=True)]
    if rows:
        rows.append(summary(["TOTAL", *(money(amount) for amount in totals)], "GrandTotal"))
    return _as_of(source, name, columns, rows, day, empty=not rows)


def _tree(source: Source, side: str, keys: Iterable[str]) -> dict[str | None, list[str]]:
    """Return names below their parents, parents without an amount of their own among them; None holds the roots."""
    below: dict[str | None, list[str]] = {}
    for name in keys:
        key = name
        while True:
            parent = (source.company.get(KIND[side], key) or {}).get("ParentRef", {}).get("value")
            if key in below.setdefault(parent, []):
                break
            below[parent].append(key)
            if parent is None:
                break
            key = parent
    return below


def _texts(amounts: Amounts) -> list[str]:
    """Return amounts as cells: nothing for zero, but the last one, their total, always."""
    return [*(money_or_blank(amount) for amount in amounts[:-1]), money(amounts[-1])]


def _as_of(source: Source, name: str, columns: Sequence[Column], rows: Sequence[Doc], day: str, *, empty: bool) -> Doc:
    asked = source.asked
    macro = "" if asked.text("report_date") else asked.macro if asked.text("date_macro") else "today"
    top = {"StartPeriod": day, "EndPeriod": day}
    return assembled(
        source.company,
        replace(asked, macro=macro),
        name,
        columns,
        rows,
        empty=empty,
        header=top,
        options={"report_date": day},
    )
