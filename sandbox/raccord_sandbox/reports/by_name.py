"""Sales by customer, product, class and location, income of customers and expenses of vendors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal

from raccord_sandbox.refusing.faults import Doc
from raccord_sandbox.reports.journal import Row, class_of, department_of, detail_of, item_of, name_of, person_of
from raccord_sandbox.reports.period import cut
from raccord_sandbox.reports.shape import (
    CENT,
    Cell,
    Column,
    assembled,
    cells,
    money,
    money_or_blank,
    over_period,
    summary,
)
from raccord_sandbox.reports.slices import UNITS, needs_total
from raccord_sandbox.reports.source import ZERO, Source, grouped

SALES = frozenset({"Invoice", "SalesReceipt", "CreditMemo", "RefundReceipt"})
EXPENSES = frozenset({"Expense", "Other Expense", "Cost of Goods Sold"})
PROFIT = frozenset({"Income", "Other Income"})


def customer_sales(source: Source) -> Doc:
    """Return what was sold to each customer, without tax."""
    return _amounts(source, "CustomerSales", "Customer", _sales(source), _customer(source), _named(source))


def class_sales(source: Source) -> Doc:
    """Return what was sold in each class, without tax."""
    return _amounts(source, "ClassSales", "Class", _sales(source), class_of, _listed(source, "Class"))


def department_sales(source: Source) -> Doc:
    """Return what was sold at each location, without tax."""
    title = _listed(source, "Department")
    return _amounts(source, "DepartmentSales", "Department", _sales(source), department_of, title)


def vendor_expenses(source: Source) -> Doc:
    """Return what was spent with each vendor."""
    rows = [row for row in source.rows(source.asked.first, source.asked.last) if _type(row) in EXPENSES]
    rows = [row for row in rows if person_of(source.company, row, "Vendor")]

    def vendor(row: Row) -> str:
        return person_of(source.company, row, "Vendor")

    return _amounts(source, "VendorExpenses", "Vendor", rows, vendor, _named(source))


def customer_income(source: Source) -> Doc:
    """Return income, expenses and what is left for each customer."""
    needs_total(source, "CustomerIncome")
    asked = source.asked
    wanted = EXPENSES | PROFIT
    rows = [row for row in source.rows(asked.first, asked.last) if _type(row) in wanted]
    found = grouped(rows, _customer(source))
    shown: list[Doc] = []
    totals = [ZERO] * 3
    for key in _sorted(found, _named(source)):
        income = -sum((row.amount for row in found[key] if _type(row) in PROFIT), ZERO)
        spent = -sum((row.amount for row in found[key] if _type(row) in EXPENSES), ZERO)
        amounts = [income, spent, income + spent]
        totals = [one + other for one, other in zip(totals, amounts, strict=True)]
        shown.append(_line(_cell(key, _named(source)), amounts))
    columns = [Column("", "Customer"), *(Column(title, "Money") for title in ("Income", "Expenses", "Net Income"))]
    rows_ = [*shown, summary(["TOTAL", *map(money, totals)], "GrandTotal")] if shown else []
    top = over_period(asked)
    return assembled(source.company, asked, "CustomerIncome", columns, rows_, empty=not shown, header=top)


def item_sales(source: Source) -> Doc:
    """Return quantity, amount, share, cost and margin of each product and service sold."""
    needs_total(source, "ItemSales")
    asked, company = source.asked, source.company
    rows = [row for row in source.rows(asked.first, asked.last) if row.posting.kind in SALES and row.entry.line]
    found = grouped(rows, item_of)
    sales = {key: _sold(found[key]) for key in found}
    whole = sum((amount for _, amount, _ in sales.values()), ZERO)
    shown: list[Doc] = []
    for key in _sorted(found, _listed(source, "Item")):
        quantity, amount, cost = sales[key]
        item = company.get("Item", key) or {}
        tracked = item.get("Type") == "Inventory"
        margin = amount - cost
        values = [
            money_or_blank(quantity),
            money(amount),
            f"{_percent(amount, whole)} %",
            money(amount / quantity) if quantity else "",
            money(cost) if tracked else "",
            money(margin) if tracked else "",
            f"{_percent(margin, amount)} %" if tracked else "",
        ]
        row: Doc = {"ColData": cells((_cell(key, _listed(source, "Item")), *values))}
        shown.append(row if key else {**row, "group": "**"})
    if shown:
        cost = sum((one for _, _, one in sales.values()), ZERO)
        closing = ["TOTAL", "", money(whole), "100.00 %", "", money_or_blank(cost), "", ""]
        shown.append({"ColData": cells(closing), "group": "GrandTotal"})
    days = {"StartDate": asked.first, "EndDate": asked.last}
    titles = ("Quantity", "Amount", "% of Sales", "Avg Price", "COGS", "Gross Margin", "Gross Margin %")
    inner = tuple(
        Column(title, "Money", "", days if title in ("Quantity", "Amount", "COGS") else {}) for title in titles
    )
    columns = [Column("", "ProductsAndService"), Column("Total", "Money", "", {}, inner)]
    top = over_period(asked, summarized=True)
    return assembled(company, asked, "ItemSales", columns, shown, empty=not found, header=top)


def _sales(source: Source) -> list[Row]:
    """Return the income side of sales documents: neither the money received nor the tax."""
    rows = source.rows(source.asked.first, source.asked.last)
    return [row for row in rows if row.posting.kind in SALES and row.entry.line and _type(row) not in EXPENSES]


def _sold(rows: Sequence[Row]) -> tuple[Decimal, Decimal, Decimal]:
    """Return quantity, amount and cost; what came back counts against what went out."""
    quantity, amount, cost = ZERO, ZERO, ZERO
    for row in rows:
        if _type(row) == "Cost of Goods Sold":
            cost += row.amount
        elif row.account["Classification"] != "Asset":
            amount -= row.amount
            number = Decimal(detail_of(row).get("Qty", 0))
            quantity += number if row.amount <= 0 else -number
    return quantity, amount, cost


def _percent(part: Decimal, whole: Decimal) -> Decimal:
    return (100 * part / whole if whole else ZERO).quantize(CENT, ROUND_HALF_UP)


def _amounts(
    source: Source,
    name: str,
    type_: str,
    rows: Sequence[Row],
    key: Callable[[Row], str],
    title: Callable[[str], str],
) -> Doc:
    """Return one row of amounts for each key: a total, or one column for each part of the period and a total."""
    asked = source.asked
    spans = [asked.span]
    if asked.summary in UNITS:
        spans = [*cut(source.company, asked.first, asked.last, UNITS[asked.summary]), asked.span]
    else:
        needs_total(source, name)
    sign = 1 if type_ == "Vendor" else -1
    found = grouped(rows, key)
    shown: list[Doc] = []
    totals = [ZERO] * len(spans)
    for one in _sorted(found, title):
        amounts = [
            sign * sum((row.amount for row in found[one] if span.first <= row.day <= span.last), ZERO) for span in spans
        ]
        totals = [left + right for left, right in zip(totals, amounts, strict=True)]
        shown.append(_line(_cell(one, title), amounts))
    if shown:
        shown.append(summary(["TOTAL", *map(money, totals)], "GrandTotal"))
    columns = [Column("", type_)]
    for span in spans:
        days = {"StartDate": span.first, "EndDate": span.last} if len(spans) > 1 and span is not asked.span else {}
        columns.append(Column(span.title, "Money", "", days))
    top = over_period(asked, summarized=True)
    return assembled(source.company, asked, name, columns, shown, empty=not found, header=top)


def _line(title: Cell, amounts: Sequence[Decimal]) -> Doc:
    return {"ColData": cells((title, *(money_or_blank(amount) for amount in amounts)))}


def _type(row: Row) -> str:
    return str(row.account.get("AccountType", ""))


def _customer(source: Source) -> Callable[[Row], str]:
    return lambda row: person_of(source.company, row, "Customer")


def _named(source: Source) -> Callable[[str], str]:
    return lambda key: name_of(source.company, key)


def _listed(source: Source, kind: str) -> Callable[[str], str]:
    return lambda key: str((source.company.get(kind, key) or {}).get("FullyQualifiedName", ""))


def _cell(key: str, title: Callable[[str], str]) -> Cell:
    return (title(key), key) if key else "Not Specified"


def _sorted(found: dict[str, list[Row]], title: Callable[[str], str]) -> list[str]:
    return sorted(found, key=lambda key: (not key, title(key).lower()))
