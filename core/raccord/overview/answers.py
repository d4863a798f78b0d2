"""Which plugins stand behind documents: who gave an account to a role or settled a conflict, when, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.overview.conflict_words import ANSWERS, TITLES
from raccord.plugin.ledger import ResolutionKind
from raccord.plugin.texts import Language, Text
from raccord.store.models import LineState, Plan, PlanLine
from raccord.sync.resolving.conflict_rules import KINDS

CONFLICT = "on_conflict"


@dataclass(frozen=True, slots=True)
class PluginAnswer:
    """One answer of a plugin, as it was given when the document was planned; it stays so whatever becomes of the
    plugin.
    """

    hook: str
    """``resolve_account`` or ``on_conflict``."""
    plugin: str
    version: str
    about: str
    """The role, or the code of the conflict."""
    of: str
    """Of what the role is, for roles with an instance each (a card, a rate); else empty."""
    answer: str
    """The id of the entry that was given, or the way the conflict was settled."""
    name: str
    """What the entry is called; of a conflict what was linked, or the name or entry taken instead."""
    reason: Text | None
    """The plugin's own sentence, where it gave one."""
    at: datetime


def answers_of(session: Session, draft_ids: Sequence[int]) -> list[PluginAnswer]:
    """Return what plugins answered for some drafts: for the documents as they stand, how their conflicts were settled
    since, and for what waits or was left out since, the oldest first.
    """
    rows = session.execute(
        select(PlanLine.draft_id, PlanLine.state, PlanLine.answered_by, Plan.created_at)
        .join(Plan, Plan.id == PlanLine.plan_id)
        .where(PlanLine.draft_id.in_(draft_ids))
        .order_by(PlanLine.id)
    ).all()
    newest = {draft_id: place for place, (draft_id, *_) in enumerate(rows)}
    written = {draft_id: place for place, (draft_id, state, *_) in enumerate(rows) if state == LineState.DONE}
    found: list[PluginAnswer] = []
    for place, (draft_id, state, answers, at) in enumerate(rows):
        stands = place in (newest[draft_id], written.get(draft_id))
        done = state == LineState.DONE
        found += [_answer(each, at) for each in answers if stands or (each["hook"] == CONFLICT and done)]
    return found


def conflict_said(answer: PluginAnswer, language: Language) -> tuple[str, str]:
    """Return what stood in a document's way and how that was settled."""
    kind = KINDS.get(answer.about)
    what = answer.about if kind is None else TITLES[kind].get(language)
    known = answer.answer in set(ResolutionKind)
    how = ANSWERS[ResolutionKind(answer.answer)].get(language) if known else answer.answer
    return what, f"{how} ({answer.name})" if answer.name else how


def _answer(kept: Mapping[str, Any], at: datetime) -> PluginAnswer:
    said = kept["reason"]
    return PluginAnswer(
        kept["hook"], kept["plugin"], kept["version"], kept["about"], kept["of"], kept["answer"], kept["name"],
        Text(said["fr"], said["en"]) if said else None, at,
    )  # fmt: skip
