"""Raccord's connector for Pleo: what a person exports there, posted once, with its receipts, and answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from raccord.plugin import (
    AccountChoice,
    AccountNeed,
    Conflict,
    ConflictContext,
    ConflictKind,
    ConnectorInfo,
    FetchContext,
    LedgerObject,
    MapContext,
    Mapped,
    Outcome,
    Page,
    PushContext,
    PushResult,
    Record,
    ReportContext,
    Resolution,
    ResolutionKind,
    ResolveContext,
    SignIn,
    SignInContext,
    Skipped,
    SourceTask,
    Subscribed,
    Text,
    hookimpl,
)
from raccord.plugin.drafts import Vendor
from raccord_pleo.fetching import client_of, fetch_entries
from raccord_pleo.lists import category_task, push_list
from raccord_pleo.manifest import manifest
from raccord_pleo.mapping import CATEGORY, TAX, map_expense
from raccord_pleo.outcomes import report_expenses
from raccord_pleo.records import ENTRIES
from raccord_pleo.signing import authorise
from raccord_pleo.subscribing import give_back, subscribe


@hookimpl
def describe() -> ConnectorInfo | None:
    return manifest()


@hookimpl
def fetch_records(context: FetchContext, stream: str, cursor: str | None) -> Page | None:
    return fetch_entries(context, cursor) if stream == ENTRIES else None


@hookimpl
def map_record(context: MapContext, record: Record) -> Mapped | Skipped | None:
    return map_expense(context, record) if record.stream == ENTRIES else None


@hookimpl
def resolve_account(context: ResolveContext, need: AccountNeed) -> AccountChoice | None:
    """Suggest the account or tax code whose number or name is the one that Pleo has."""
    if need.role not in (CATEGORY, TAX):
        return None
    wanted = need.of.casefold()
    for each in need.candidates:
        if wanted == each.id or wanted in (
            each.number.casefold(),
            each.name.casefold(),
            each.name.rsplit(":", 1)[-1].casefold(),
        ):
            return AccountChoice(each.id, Text("Même numéro ou même nom.", "Same number or name."))
    return None


@hookimpl
def on_conflict(context: ConflictContext, conflict: Conflict) -> Resolution | None:
    """Take the vendor of that very name for the one of an invoice, where QuickBooks has it in use."""
    there = conflict.existing
    if conflict.kind is not ConflictKind.DUPLICATE_NAME or not isinstance(conflict.draft, Vendor):
        return None
    if not isinstance(there, LedgerObject) or there.kind != "Vendor" or not there.active:
        return None
    return Resolution(ResolutionKind.LINK, there.id, Text("Le même nom.", "The same name."))


@hookimpl
def report_outcome(context: ReportContext, outcomes: Sequence[Outcome]) -> bool | None:
    return report_expenses(context, outcomes)


@hookimpl
def sign_in(context: SignInContext, answers: Mapping[str, str]) -> SignIn | None:
    return authorise(context, answers)


@hookimpl
def subscribe_messages(context: ReportContext, address: str) -> Subscribed | None:
    return subscribe(context, address)


@hookimpl
def close_source(context: SignInContext) -> bool | None:
    return give_back(context)


@hookimpl
def source_tasks(context: PushContext) -> Sequence[SourceTask] | None:
    return (category_task(client_of(context)),)


@hookimpl
def push_records(context: PushContext, stream: str, documents: Sequence[LedgerObject]) -> PushResult | None:
    return push_list(context, stream, documents)
