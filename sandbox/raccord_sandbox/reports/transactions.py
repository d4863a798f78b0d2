"""Lists of transactions: flat or grouped, with their splits, and the journal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal

from raccord_sandbox.entities.kind import Family
from raccord_sandbox.entities.registry import KINDS
from raccord_sandbox.posting.ledger import Entry, Posting
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
from raccord_sandbox.reports.journal import Row, department_of, name_of, person_of, place, row_of, word_of
from raccord_sandbox.reports.period import cut
from raccord_sandbox.reports.shape import Cell, assembled, data, section, summary
from raccord_sandbox.reports.source import ZERO, Source, grouped

FLAT = "tx_date txn_type doc_num is_no_post name dept_name memo account_name other_account subt_nat_home_amount"
BY_PERSON = "tx_date txn_type doc_num is_no_post memo account_name subt_nat_home_amount"
SPLITS = "tx_date txn_type doc_num is_no_post name memo account_name nat_amount"
JOURNAL = "tx_date txn_type doc_num name memo account_name debt_amt credit_amt"
NO_DAY = "0-00-00"
"""What stands for the day of a transaction's further lines."""

GROUPS = (
    "None", "Name", "Account", "Transaction Type", "Customer", "Vendor", "Employee", "Location", "Payment Method",
    "Day", "Week", "Month", "Quarter", "Year", "Fiscal Quarter", "Fiscal Year",
)  # fmt: skip


def transaction_list(source: Source) -> Doc:
    """Return the transactions of a period, one line each, grouped as asked."""
    return _listed(source, "TransactionList", FLAT, source.asked.choice("group_by", GROUPS, "None"))


def transaction_list_by_customer(source: Source) -> Doc:
    """Return each customer's transactions."""
    return _listed(source, "TransactionListByCustomer", BY_PERSON, "Customer")


def transaction_list_by_vendor(source: Source) -> Doc:
    """Return each vendor's transactions."""
    return _listed(source, "TransactionListByVendor", BY_PERSON, "Vendor")


def transaction_list_with_splits(source: Source) -> Doc:
    """Return each account's transactions with all their lines."""
    columns = chosen(source.asked, SPLITS)
    rows: list[Doc] = []
    blank = data(*[""] * len(columns))
    accounts = {account["Id"]: account for account in source.accounts}
    found = grouped(_postings(source), lambda row: str(row.account.get("Id", "")))
    for account in [key for key in accounts if key in found]:
        inner: list[Doc] = []
        for row in found[account]:
            for number, entry in enumerate(row.posting.entries):
                inner.append(data(*line(source.company, columns, _split(source, row, entry, first=number == 0))))
            inner.append(blank)
        title = (str(accounts[account]["FullyQualifiedName"]), account)
        rows.append(section(title_cells(columns, title), inner, None))
    return _closed(source, "TransactionListWithSplits", columns, rows)


def journal_report(source: Source) -> Doc:
    """Return every transaction's entries, its debits and credits beside each other."""
    columns = chosen(source.asked, JOURNAL)
    rows: list[Doc] = []
    lines: list[Printed] = []
    for entries in _by_transaction(source.rows(source.asked.first, source.asked.last)).values():
        own = [_split(source, row, row.entry, first=number == 0) for number, row in enumerate(entries)]
        rows += [data(*line(source.company, columns, one)) for one in own]
        rows.append(summary(total_cells(columns, "", own)))
        rows.append(data(*[""] * len(columns)))
        lines += own
    if rows:
        rows.append(summary(total_cells(columns, "TOTAL", lines)))
    return _closed(source, "JournalReport", columns, rows)


def _by_transaction(rows: Sequence[Row]) -> dict[tuple[str, str], list[Row]]:
    found: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        found.setdefault(row.key, []).append(row)
    return found


def _listed(source: Source, name: str, default: str, group_by: str) -> Doc:
    columns = chosen(source.asked, default)
    lines = [Printed(row, row.signed if row.account else _total(row.doc)) for row in _postings(source)]
    if group_by == "None":
        shown = arranged(source.company, source.asked, columns, lines)
        return _closed(source, name, columns, [data(*line(source.company, columns, one)) for one in shown])
    key = _grouping(source, group_by)
    groups: dict[Cell, list[Printed]] = {}
    for one in lines:
        groups.setdefault(key(one.row), []).append(one)
    if group_by in ("Customer", "Vendor", "Employee"):
        groups.pop(("", ""), None)
    rows = []
    for title in groups if group_by in UNITS_OF else sorted(groups, key=lambda cell: _text(cell).lower()):
        shown = arranged(source.company, source.asked, columns, groups[title])
        words: Cell = title if _text(title) else "Not Specified"
        inner = [data(*line(source.company, columns, one)) for one in shown]
        total = total_cells(columns, f"Total for {_text(words)}", shown)
        rows.append(section(title_cells(columns, words), inner, total))
    return _closed(source, name, columns, rows)


UNITS_OF = {
    "Day": "day", "Week": "week", "Month": "month", "Quarter": "quarter", "Year": "year", "Fiscal Quarter": "quarter",
    "Fiscal Year": "year",
}  # fmt: skip


def _grouping(source: Source, group_by: str) -> Callable[[Row], Cell]:
    company = source.company
    if group_by in UNITS_OF:
        unit = UNITS_OF[group_by]
        spans = cut(company, source.asked.first, source.asked.last, unit)
        return lambda row: next(span.title for span in spans if span.first <= row.day <= span.last)
    match group_by:
        case "Customer" | "Vendor" | "Employee":
            return lambda row: _named(source, person_of(company, row, group_by))
        case "Name":
            return lambda row: _named(source, row.entry.name or person_of(company, row, "Customer"))
        case "Account":
            return lambda row: (str(row.account.get("FullyQualifiedName", "")), str(row.account.get("Id", "")))
        case "Location":
            return lambda row: (
                str((company.get("Department", department_of(row)) or {}).get("FullyQualifiedName", "")),
                department_of(row),
            )
        case "Payment Method":
            return lambda row: str(row.doc.get("PaymentMethodRef", {}).get("name", ""))
        case _:
            return lambda row: word_of(row.posting.kind, row.doc)


def _named(source: Source, key: str) -> Cell:
    return name_of(source.company, key), key


def _text(cell: Cell) -> str:
    return cell if isinstance(cell, str) else cell[0]


def _postings(source: Source) -> list[Row]:
    """Return one row for each transaction of the period, posting or not: its first entry that passes the filters."""
    company, asked = source.company, source.asked
    wanted = tests(company, asked)
    found: list[Row] = []
    for kind in (kind for kind in KINDS.values() if kind.family is Family.TRANSACTION):
        table = company.table(kind.name)
        for key in list(table.dated(asked.first, asked.last)):
            doc = table.get(key) or {}
            posting = company.ledger.posting(kind.name, key) or Posting(kind.name, key, doc["TxnDate"], ())
            rows = [row_of(company, posting, entry) for entry in posting.entries]
            rows = rows or [Row(posting.day, posting, Entry("", ZERO), {}, doc)]
            passing = next((row for row in rows if passes(row, wanted)), None)
            if passing is not None:
                found.append(passing)
    for posting in company.ledger.postings():
        if KINDS[posting.kind].family is not Family.TRANSACTION and asked.first <= posting.day <= asked.last:
            opening = (row_of(company, posting, entry) for entry in posting.entries)
            found += [row for row in opening if passes(row, wanted)][:1]
    return sorted(found, key=lambda row: place(row.posting))


def _total(doc: Doc) -> Decimal:
    return Decimal(doc.get("TotalAmt", ZERO))


def _split(source: Source, row: Row, entry: Entry, *, first: bool) -> Printed:
    """Return one entry of a transaction as a line; only the first one says the day, type, number and name."""
    mine = replace(row, entry=entry, account=source.company.get("Account", entry.account) or row.account)
    facts: dict[str, Cell] = {}
    if not first:
        facts = {"tx_date": NO_DAY, "txn_type": ("", row.posting.id), "doc_num": "", "is_no_post": "", "name": ("", "")}
    return Printed(mine, mine.signed, facts=facts)


def _closed(source: Source, name: str, columns: Sequence[DetailColumn], rows: Sequence[Doc]) -> Doc:
    asked = source.asked
    top = {"StartPeriod": asked.first, "EndPeriod": asked.last}
    return assembled(
        source.company, asked, name, [column.column for column in columns], rows, empty=not rows, header=top
    )
