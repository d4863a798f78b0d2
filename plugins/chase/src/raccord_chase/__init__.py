"""Chase merchant cards: sales, refunds, chargebacks, fees, deposits from report files (DFR) or our contract."""

from __future__ import annotations

from raccord.plugin import (
    ConnectorInfo,
    FetchContext,
    MapContext,
    Mapped,
    Page,
    Record,
    Skipped,
    SourceRefused,
    Text,
    hookimpl,
)
from raccord_chase.settings import ChaseSettings


@hookimpl
def describe() -> ConnectorInfo:
    """Return the manifest."""
    from raccord_chase.manifest import chase_info

    return chase_info()


@hookimpl
def fetch_records(context: FetchContext, stream: str, cursor: str | None) -> Page | None:
    """Return the page of ``stream`` after ``cursor``."""
    # The SFTP library takes a while to import; a process that never fetches need not wait for it.
    from raccord_chase.fetching import fetch_page

    if not isinstance(context.settings, ChaseSettings):
        raise SourceRefused(Text("Réglages d’un autre connecteur.", "The settings of another connector."))
    return fetch_page(context, context.settings, stream, cursor)


@hookimpl
def map_record(context: MapContext, record: Record) -> Mapped | Skipped | None:
    """Turn a record into receipts, an expense or a deposit."""
    from raccord_chase.mapping import map_chase_record

    return map_chase_record(context, record)
