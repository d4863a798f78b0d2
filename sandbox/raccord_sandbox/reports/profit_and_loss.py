"""Profit and loss."""

from __future__ import annotations

from raccord_sandbox.refusing.faults import Doc
from raccord_sandbox.reports.shape import assembled, money, over_period, summary
from raccord_sandbox.reports.source import Source
from raccord_sandbox.reports.statement import Amounts, Statement, plus

OPTIONS = {"AccountingStandard": "GAAP"}


def profit_and_loss(source: Source) -> Doc:
    """Return income, cost of goods sold and expenses of a period down to the net income."""
    statement = Statement(source)
    income, sales = statement.part("Income", "Income", ("Income",), -1)
    goods, cost = statement.part("COGS", "Cost of Goods Sold", ("Cost of Goods Sold",), 1)
    spent, expenses = statement.part("Expenses", "Expenses", ("Expense",), 1)
    gained, gains = statement.part("OtherIncome", "Other Income", ("Other Income",), -1)
    lost, losses = statement.part("OtherExpenses", "Other Expenses", ("Other Expense",), 1)
    gross = plus(sales, cost, -1)
    operating = plus(gross, expenses, -1)
    other = plus(gains, losses, -1)

    def line(group: str, title: str, amounts: Amounts) -> Doc:
        return summary([title, *(money(amount) for amount in amounts)], group)

    def present(part: Doc | None, group: str, title: str) -> Doc:
        return part or statement.closed(group, title, [], statement.nothing)

    rows = [present(income, "Income", "Income")]
    rows += [goods] if goods else []
    rows += [line("GrossProfit", "Gross Profit", gross), present(spent, "Expenses", "Expenses")]
    rows.append(line("NetOperatingIncome", "Net Operating Income", operating))
    rows += [part for part in (gained, lost) if part]
    if gained or lost:
        rows.append(line("NetOtherIncome", "Net Other Income", other))
    rows.append(line("NetIncome", "Net Income", plus(operating, other)))
    empty = not any((income, goods, spent, gained, lost))
    top = over_period(source.asked, summarized=True)
    return assembled(
        source.company, source.asked, "ProfitAndLoss", statement.columns, rows, empty=empty, header=top, options=OPTIONS
    )
