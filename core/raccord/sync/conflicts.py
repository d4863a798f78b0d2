"""Conflicts: what stands in a draft's way, who answers it, which answers it allows; core's own answer is to hold."""

from __future__ import annotations

from collections.abc import Mapping

from raccord.plugin.drafts import Draft
from raccord.plugin.ledger import Conflict, ConflictKind, Resolution, ResolutionKind
from raccord.plugin.texts import Text
from raccord.scope import Scope
from raccord.store.models import DraftRow
from raccord.sync.views import View

DUPLICATE_NAME = "conflict.duplicate_name"
DUPLICATE_NUMBER = "conflict.duplicate_number"
STALE = "conflict.stale"
DELETED = "conflict.deleted"

DECISION = "conflict"
"""Under this name a person's answer stands among the draft's decisions: the resolution, and the id to link to."""

KINDS: Mapping[str, ConflictKind] = {
    DUPLICATE_NAME: ConflictKind.DUPLICATE_NAME,
    DUPLICATE_NUMBER: ConflictKind.DUPLICATE_NUMBER,
    STALE: ConflictKind.STALE,
    DELETED: ConflictKind.DELETED,
}

ALLOWED: Mapping[ConflictKind, frozenset[ResolutionKind]] = {
    ConflictKind.DUPLICATE_NAME: frozenset({ResolutionKind.HOLD, ResolutionKind.LINK, ResolutionKind.SKIP}),
    ConflictKind.DUPLICATE_NUMBER: frozenset({ResolutionKind.HOLD, ResolutionKind.LINK, ResolutionKind.SKIP}),
    ConflictKind.STALE: frozenset({ResolutionKind.HOLD, ResolutionKind.KEEP_THEIRS}),
    ConflictKind.DELETED: frozenset({ResolutionKind.HOLD, ResolutionKind.KEEP_THEIRS, ResolutionKind.RESTORE_OURS}),
}


def settle(scope: Scope, view: View, row: DraftRow, draft: Draft, code: str, detail: str) -> Resolution:
    """Return the answer to a draft's conflict: a person's, an extension's, the connector's, or core's."""
    kind = KINDS[code]
    decided = row.decisions.get(DECISION)
    if isinstance(decided, Mapping) and decided.get("kind") in ALLOWED[kind]:
        return Resolution(ResolutionKind(str(decided["kind"])), str(decided.get("target", "")), _BY_A_PERSON)
    return scope.conflict(view, Conflict(kind, draft, ALLOWED[kind], detail=detail))


_BY_A_PERSON = Text("Une personne en a décidé ainsi.", "A person decided so.")
