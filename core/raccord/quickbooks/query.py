"""Statements of QuickBooks' query language, which only reads; values in a condition come through ``quoted``."""

from __future__ import annotations

from raccord.quickbooks.entities import entity

PAGE_MAX = 1000
"""Rows that one answer may hold."""


def quoted(text: str) -> str:
    r"""Return ``text`` as a literal of the query language: in single quotes, with ``\`` and ``'`` escaped
    (``'O\'Hare'``).
    """
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def page_statement(kind: str, where: str, order_by: str, start: int, rows: int) -> str:
    """Return the statement for one page of ``kind``; ``start`` counts from 1."""
    if not 1 <= rows <= PAGE_MAX:
        raise ValueError(f"a page holds 1 to {PAGE_MAX} rows, not {rows}")
    condition = f" WHERE {where}" if where else ""
    return f"SELECT * FROM {entity(kind).kind}{condition} ORDERBY {order_by} STARTPOSITION {start} MAXRESULTS {rows}"  # noqa: S608 - see above


def count_statement(kind: str, where: str) -> str:
    """Return the statement that counts objects of ``kind``."""
    condition = f" WHERE {where}" if where else ""
    return f"SELECT COUNT(*) FROM {entity(kind).kind}{condition}"  # noqa: S608 - see above
