"""What the inventory is worth on a day, item by item."""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal

from raccord_sandbox.refusing.faults import Doc
from raccord_sandbox.reports.shape import CENT, Cell, Column, assembled, cells, money
from raccord_sandbox.reports.slices import needs_total
from raccord_sandbox.reports.source import ZERO, Source


def inventory_valuation(source: Source) -> Doc:
    """Return quantity, asset value and average cost of each item that has any; together they are the stock accounts."""
    needs_total(source, "InventoryValuationSummary")
    asked, company = source.asked, source.company
    day = asked.day("report_date")
    macro = "" if day else asked.macro if asked.text("date_macro") else "today"
    if not day:
        day = asked.last if asked.text("date_macro") and asked.macro else company.clock.today().isoformat()
    wanted = asked.listed("item")
    items = [
        item for item in company.table("Item") if item["Type"] == "Inventory" and (not wanted or item["Id"] in wanted)
    ]
    held = _held(source, day)
    rows: list[Doc] = []
    total = ZERO
    for item in sorted(items, key=lambda item: str(item["FullyQualifiedName"]).lower()):
        quantity, value = held.get(item["Id"], (ZERO, ZERO))
        if quantity or value:
            total += value
            average = (value / quantity).quantize(CENT, ROUND_HALF_UP) if quantity else ZERO
            name: Cell = (str(item["FullyQualifiedName"]), item["Id"])
            amounts = [money(quantity), money(value), money(average) if quantity else ""]
            rows.append({"ColData": cells((name, str(item.get("Sku", "")), *amounts))})
    empty = not rows
    if rows:
        rows.append({"ColData": cells(("TOTAL", " ", "", money(total), "")), "group": "GrandTotal"})
    titles = ("SKU", "Qty", "Asset Value", "Avg Cost")
    columns = [Column("", "ProductsAndService"), *(Column(title, "Money") for title in titles)]
    top = {"StartPeriod": day, "EndPeriod": day}
    told = replace(asked, macro=macro)
    return assembled(
        company, told, "InventoryValuationSummary", columns, rows, empty=empty, header=top, options={"report_date": day}
    )


def _held(source: Source, day: str) -> dict[str, tuple[Decimal, Decimal]]:
    """Return quantity and value by item at the end of a day, from what the journal says of stock."""
    stock_accounts = set(source.company.accounts_of(AccountSubType="Inventory"))
    held: dict[str, tuple[Decimal, Decimal]] = {}
    for posting in source.company.ledger.postings():
        for entry in posting.entries if posting.day <= day else ():
            if entry.stock is not None and entry.account in stock_accounts:
                quantity, value = held.get(entry.stock.item, (ZERO, ZERO))
                held[entry.stock.item] = (quantity + entry.stock.quantity, value + entry.amount)
    return held
