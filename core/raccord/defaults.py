"""Core's own answers behind the same hooks, asked last: what core does, an extension or a connector can override."""

from __future__ import annotations

from raccord.plugin.contexts import ConflictContext, MapContext
from raccord.plugin.contract import map_transaction
from raccord.plugin.hooks import Mapped, Skipped, hookimpl
from raccord.plugin.ledger import Conflict, Resolution, ResolutionKind
from raccord.plugin.records import Record
from raccord.plugin.texts import Text

# The other hooks have no answer of core's here: a record that nobody maps is told as unknown, and a role that nobody
# fills gets the manifest's default, both in the pipeline.


@hookimpl(trylast=True)
def map_record(context: MapContext, record: Record) -> Mapped | Skipped | None:
    """Map a record of the plain contract by its term; nothing for all others."""
    return map_transaction(context, record)


@hookimpl(trylast=True)
def on_conflict(context: ConflictContext, conflict: Conflict) -> Resolution:
    """Hold: with money, what nobody decided is a person's to decide."""
    return Resolution(
        ResolutionKind.HOLD,
        reason=Text(
            "Personne n'a encore décidé de ce conflit.",
            "Nobody has decided this conflict yet.",
        ),
    )
