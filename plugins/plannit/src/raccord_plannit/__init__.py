"""Plannit: invoices, payments, voids, credits and payouts, by a published contract (the vendor has no interface)."""

from __future__ import annotations

from collections.abc import Sequence

from raccord.plugin import (
    ConnectorInfo,
    FetchContext,
    LedgerObject,
    ListDeed,
    MapContext,
    Mapped,
    Page,
    PushContext,
    PushResult,
    Record,
    Skipped,
    SourceRefused,
    Text,
    hookimpl,
)
from raccord.plugin.contract import columns_answer, contract_page
from raccord_plannit import pushing
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
    return contract_page(context, CONTRACT, settings.intake(), stream, cursor, maker(context, settings))


@hookimpl
def push_records(context: PushContext, stream: str, documents: Sequence[LedgerObject]) -> PushResult | None:
    """Bring contacts or items of QuickBooks into Plannit."""
    settings = context.settings
    if not isinstance(settings, PlannitSettings):
        raise SourceRefused(Text("Réglages d’un autre connecteur.", "The settings of another connector."))
    return pushing.push_list(context, settings, stream, documents)


@hookimpl
def tend_list(context: PushContext, stream: str, deed: ListDeed, source_ids: Sequence[str]) -> PushResult | None:
    """Tag contacts that were in Plannit before the import, or delete imported ones again."""
    settings = context.settings
    if not isinstance(settings, PlannitSettings):
        raise SourceRefused(Text("Réglages d’un autre connecteur.", "The settings of another connector."))
    return pushing.tend_list(context, settings, stream, deed, source_ids)


@hookimpl
def map_record(context: MapContext, record: Record) -> Mapped | Skipped | None:
    """Turn a record into a customer, an invoice, a payment, a credit or an expense."""
    return columns_answer(record) or map_plannit_record(context, record)
