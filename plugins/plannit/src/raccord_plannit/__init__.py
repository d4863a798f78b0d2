"""Plannit: invoices, payments, voids, credits and payouts, by a published contract (the vendor has no interface)."""

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
from raccord.plugin.contract import contract_page
from raccord_plannit.contract import CONTRACT
from raccord_plannit.manifest import plannit_info
from raccord_plannit.mapping import map_plannit_record
from raccord_plannit.records import maker
from raccord_plannit.settings import PlannitSettings


@hookimpl
def describe() -> ConnectorInfo:
    """Return the manifest."""
    return plannit_info()


@hookimpl
def fetch_records(context: FetchContext, stream: str, cursor: str | None) -> Page | None:
    """Return the page of ``stream`` after ``cursor``."""
    settings = context.settings
    if not isinstance(settings, PlannitSettings):
        raise SourceRefused(Text("Réglages d’un autre connecteur.", "The settings of another connector."))
    return contract_page(context, CONTRACT, settings.intake(), stream, cursor, maker(context))


@hookimpl
def map_record(context: MapContext, record: Record) -> Mapped | Skipped | None:
    """Turn a record into a customer, an invoice, a payment, a credit or an expense."""
    return map_plannit_record(context, record)
