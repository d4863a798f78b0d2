"""The parts every report is made of: header, columns, cells, rows and sections. Every cell is text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from raccord_sandbox.clock import stamp
from raccord_sandbox.keeping.company import Company
from raccord_sandbox.refusing.faults import Doc
from raccord_sandbox.reports.asked import Asked

CENT = Decimal("0.01")
ECHOED = {
    "customer": "Customer", "vendor": "Vendor", "employee": "Employee", "item": "Item", "class": "Class",
    "department": "Department",
}  # fmt: skip
"""Filters that the header repeats."""

Cell = str | tuple[str, str]
"""The text of a cell, or its text with the id of what it names."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column as the answer declares it."""

    title: str
    type: str
    key: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    below: tuple[Column, ...] = ()

    def shown(self) -> Doc:
        """Return the declaration."""
        facts = {**self.facts, **({"ColKey": self.key} if self.key else {})}
        shown: Doc = {"ColTitle": self.title, "ColType": self.type}
        if facts:
            shown["MetaData"] = [{"Name": name, "Value": value} for name, value in facts.items()]
        if self.below:
            shown["Columns"] = {"Column": [column.shown() for column in self.below]}
        return shown


def money(amount: Decimal) -> str:
    """Return an amount with two decimals."""
    return format(amount.quantize(CENT), "f")


def money_or_blank(amount: Decimal) -> str:
    """Return an amount, nothing for zero."""
    return money(amount) if amount else ""


def cells(values: Iterable[Cell]) -> list[Doc]:
    """Return cells of a row."""
    return [{"value": cell} if isinstance(cell, str) else {"value": cell[0], "id": cell[1]} for cell in values]


def data(*values: Cell, group: str = "") -> Doc:
    """Return a row of cells."""
    row: Doc = {"ColData": cells(values), "type": "Data"}
    return {**row, "group": group} if group else row


def section(title: Sequence[Cell], rows: Sequence[Doc] | None, total: Sequence[Cell] | None, group: str = "") -> Doc:
    """Return a section: its header, what it holds, its summary and its group, each where there is one."""
    made: Doc = {}
    if title:
        made["Header"] = {"ColData": cells(title)}
    if rows:
        made["Rows"] = {"Row": list(rows)}
    if total is not None:
        made["Summary"] = {"ColData": cells(total)}
    made["type"] = "Section"
    if group:
        made["group"] = group
    return made


def summary(total: Sequence[Cell], group: str = "") -> Doc:
    """Return a section of a summary alone."""
    return section((), None, total, group)


def assembled(
    company: Company,
    asked: Asked,
    name: str,
    columns: Sequence[Column],
    rows: Sequence[Doc],
    *,
    empty: bool,
    header: Mapping[str, str] | None = None,
    options: Mapping[str, str] | None = None,
) -> Doc:
    """Return a whole report; one without data declares its first column only."""
    named = {**(options or {}), "NoReportData": "true" if empty else "false"}
    top: Doc = {"Time": stamp(company.clock.now()), "ReportName": name}
    if asked.macro:
        top["DateMacro"] = asked.macro
    top |= header or {}
    top["Currency"] = company.home_currency
    top |= {shown: asked.text(sent) for sent, shown in ECHOED.items() if asked.text(sent)}
    top["Option"] = [{"Name": option, "Value": value} for option, value in named.items()]
    declared = columns[:1] if empty else columns
    return {
        "Header": top,
        "Columns": {"Column": [column.shown() for column in declared]},
        "Rows": {"Row": list(rows)} if rows else {},
    }


def over_period(asked: Asked, *, summarized: bool = False) -> dict[str, str]:
    """Return the part of the header that reports over a period have."""
    top = {
        "ReportBasis": "Cash" if asked.cash else "Accrual",
        "StartPeriod": asked.first,
        "EndPeriod": asked.last,
    }
    return {**top, "SummarizeColumnsBy": asked.summary} if summarized else top
