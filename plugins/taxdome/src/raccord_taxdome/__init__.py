"""TaxDome: clients, services, invoices, payments, refunds and fees, by a published contract (it has no interface)."""

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
from raccord.plugin.contract import columns_answer, contract_page
from raccord_taxdome.contract import CONTRACT, PAYOUTS
from raccord_taxdome.manifest import taxdome_info
from raccord_taxdome.mapping import map_taxdome_record
from raccord_taxdome.records import maker
from raccord_taxdome.settings import TaxDomeSettings
from raccord_taxdome.waiting import payouts_page


@hookimpl
def describe() -> ConnectorInfo:
    """Return the manifest."""
    return taxdome_info()


@hookimpl
def fetch_records(context: FetchContext, stream: str, cursor: str | None) -> Page | None:
    """Return the page of ``stream`` after ``cursor``."""
    settings = context.settings
    if not isinstance(settings, TaxDomeSettings):
        raise SourceRefused(Text("Réglages d’un autre connecteur.", "The settings of another connector."))
    if stream == PAYOUTS:
        return payouts_page(context, settings, cursor)
    return contract_page(context, CONTRACT, settings.intake(), stream, cursor, maker(context, settings))


@hookimpl
def map_record(context: MapContext, record: Record) -> Mapped | Skipped | None:
    """Turn a record into a customer, an item, an invoice, a payment, a credit, a refund or an expense."""
    return columns_answer(record) or map_taxdome_record(context, record)
