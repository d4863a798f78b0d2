"""The bank feed connector: files of bank and card accounts, line by line, never twice."""

from __future__ import annotations

from raccord.plugin import ConnectorInfo, FetchContext, MapContext, Mapped, Page, Record, Skipped, hookimpl
from raccord_bankfeed.feed import next_page
from raccord_bankfeed.manifest import manifest
from raccord_bankfeed.mapping import map_line_or_statement
from raccord_bankfeed.records import LINES, STATEMENTS


@hookimpl
def describe() -> ConnectorInfo:
    """Return the connector's manifest."""
    return manifest()


@hookimpl
def fetch_records(context: FetchContext, stream: str, cursor: str | None) -> Page | None:
    """Return the next page of bank lines or statements."""
    return next_page(context, stream, cursor) if stream in (LINES, STATEMENTS) else None


@hookimpl
def map_record(context: MapContext, record: Record) -> Mapped | Skipped | None:
    """Turn a bank line into an expense or a deposit that waits for its category."""
    return map_line_or_statement(context, record)
