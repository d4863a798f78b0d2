"""The bank feed connector: files of bank and card accounts, line by line, never twice."""

from __future__ import annotations

from collections.abc import Mapping

from raccord.plugin import (
    ConnectorInfo,
    FetchContext,
    MapContext,
    Mapped,
    Page,
    Record,
    SignIn,
    SignInContext,
    Skipped,
    hookimpl,
)
from raccord_bankfeed.feed import next_page
from raccord_bankfeed.manifest import manifest
from raccord_bankfeed.mapping import map_line_or_statement
from raccord_bankfeed.providers.roads import HOLDERS, PROVIDERS
from raccord_bankfeed.records import LINES, STATEMENTS
from raccord_bankfeed.settings import BankFeedSettings


@hookimpl
def describe() -> ConnectorInfo:
    """Return the connector's manifest."""
    return manifest()


@hookimpl
def fetch_records(context: FetchContext, stream: str, cursor: str | None) -> Page | None:
    """Return the next page of bank lines or statements."""
    return next_page(context, stream, cursor) if stream in (LINES, STATEMENTS) else None


@hookimpl
def sign_in(context: SignInContext, answers: Mapping[str, str]) -> SignIn | None:
    """Take one step of letting a person in at the provider that the settings name."""
    settings = context.settings if isinstance(context.settings, BankFeedSettings) else BankFeedSettings()
    provider = PROVIDERS.get(settings.input_kind)
    return None if provider is None else provider.sign_in(context, settings, answers)


@hookimpl
def close_source(context: SignInContext) -> bool | None:
    """Give back the access to the bank that a provider holds."""
    settings = context.settings if isinstance(context.settings, BankFeedSettings) else BankFeedSettings()
    holder = HOLDERS.get(settings.input_kind)
    if holder is None:
        return None
    holder.close(context, settings)
    return True


@hookimpl
def map_record(context: MapContext, record: Record) -> Mapped | Skipped | None:
    """Turn a bank line into an expense or a deposit that waits for its category."""
    return map_line_or_statement(context, record)
