"""The till as another version of its distribution."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType

import till
from harness import catalog_of

from raccord.plugin import ConnectorInfo, MapContext, Mapped, Record, Skipped, hookimpl
from raccord.plugin.terms import TermTable
from raccord.scope import Scopes
from raccord.sync.workshop import Workshop


def upgraded(workshop: Workshop, number: str, memo: str, terms: TermTable = till.INFO.terms) -> None:
    """Install another version of the till."""
    workshop.scopes = Scopes(catalog_of(version(number, memo, terms)))


def version(number: str, memo: str, terms: TermTable = till.INFO.terms) -> ModuleType:
    """Return another version of the till, one that writes ``memo`` on its receipts if any is given."""

    @hookimpl
    def describe() -> ConnectorInfo:
        return replace(till.INFO, version=number, terms=terms)

    @hookimpl
    def map_record(context: MapContext, record: Record) -> Mapped | Skipped | None:
        answer = till.map_record(context, record)
        if not memo or not isinstance(answer, Mapped):
            return answer
        return Mapped(tuple(replace(draft, memo=memo) for draft in answer.drafts))  # type: ignore[call-arg]

    module = ModuleType("another_till")
    module.__dict__.update(vars(till) | {"describe": describe, "map_record": map_record})
    return module
