"""The lines of a plan that send nothing: drafts that are held with a question, blocked, or left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.plugin.drafts import Draft, StillDraft, links_in, money_effect
from raccord.store.models import Action, Connection, DraftRow, DraftState, LineState, Plan, Run
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.mapping.unused import wake
from raccord.sync.planning.lines import line_fields
from raccord.sync.planning.moves import money_account
from raccord.sync.posting.periods import Blocked, Left
from raccord.sync.problems import close_problems, close_settled, open_problem, troubled
from raccord.sync.resolving.conflict_rules import CURRENCY_FOREIGN
from raccord.sync.resolving.conflicts import without_decision
from raccord.sync.resolving.holds import asked, close_hold, open_hold
from raccord.sync.resolving.resolve import DECISION_MISSING, LINK_MISSING, LINK_WAITS, Held, Resolver
from raccord.sync.resolving.settling import Leave, Wait

BLOCKING = (CURRENCY_FOREIGN,)
"""Conflicts that a draft itself brings: they stand among the problems too."""


@dataclass(slots=True)
class LeftLines:
    """Writes the lines of drafts that do not go, and keeps a slice's questions and problems in step with them."""

    session: Session
    connection: Connection
    run: Run
    plan: Plan
    resolver: Resolver
    now: datetime
    asked: dict[int, str] = field(default_factory=dict)
    """Drafts of this slice that have an open question, with its code, and below those that have an open problem."""
    troubled: set[str] = field(default_factory=set)

    def begin(self, rows: Sequence[DraftRow]) -> None:
        """Turn to the drafts of one slice."""
        self.asked = asked(self.session, (row.id for row in rows))
        self.troubled = troubled(self.session, self.connection.id, (row.key for row in rows))

    def otherwise(self, row: DraftRow, draft: Draft, way: Leave | Wait) -> dict[str, Any]:
        """Return the line of a draft that a conflict keeps back or leaves out."""
        if isinstance(way, Wait):
            if way.code in BLOCKING:
                return self.blocked(row, draft, way.code, dict(way.params))
            return self.hold(row, draft, Held(way.code, **way.params))
        return self.leave_out(row, draft, way.code, way.params)

    def settled(self, row: DraftRow) -> None:
        """Close what a draft waited on: it can go now."""
        if row.id in self.asked:
            close_hold(self.session, row, self.now)
        if row.key in self.troubled:
            close_settled(self.session, row, self.now)

    def closed(self, row: DraftRow, draft: Draft, verdict: Left | Blocked) -> dict[str, Any]:
        """Return the line of a draft that a closed period keeps back."""
        if isinstance(verdict, Left):
            return self.leave_out(row, draft, verdict.code, verdict.params)
        if verdict.asks:
            if row.key in self.troubled:
                # What it waited for before is a question now.
                close_problems(self.session, self.connection.id, row.key, self.now)
            return self.hold(row, draft, Held(verdict.code, **verdict.params))
        return self.blocked(row, draft, verdict.code, verdict.params)

    def leave_out(self, row: DraftRow, draft: Draft, code: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Leave a draft out, as it was decided; what was asked about it is settled."""
        self.settled(row)
        row.decisions = without_decision(row)
        row.state, row.reason = DraftState.SKIPPED, code
        left = {"action": Action.SKIP, "reason": code, "params": dict(params), "state": LineState.LEFT}
        return self.fields(row, draft) | left

    def hold(self, row: DraftRow, draft: Draft, held: Held) -> dict[str, Any]:
        code, params = held.code, dict(held.params)
        if code == LINK_MISSING:
            code, params = self._missing(draft)
        row.state, row.reason = DraftState.HELD, code
        open_hold(self.session, self.connection.id, row, code, params, self.now)
        return {
            **self.fields(row, draft),
            **(self._money(draft) if code == DECISION_MISSING else {}),
            "action": Action.HOLD,
            "reason": code,
            "params": params,
            "state": LineState.LEFT,
        }

    def _money(self, draft: Draft) -> dict[str, Any]:
        """Return what a draft moves where, as far as that is known while a person still has to say what for."""
        if isinstance(draft, StillDraft):
            return {}
        ref, amount = money_effect(draft)
        try:
            return {"amount": amount, "currency": draft.currency, "money_account": money_account(ref, self.resolver)}
        except Held:
            return {}

    def _missing(self, draft: Draft) -> tuple[str, dict[str, Any]]:
        """Name every document that a draft needs and lacks, and what became of the drafts they should come from."""
        keys = [key for key in links_in(draft) if key not in self.resolver.links and key not in self.resolver.planned]
        states: dict[str, str] = {}
        for some in chunks(keys, CHUNK):
            for key, state, reason in self.session.execute(
                select(DraftRow.key, DraftRow.state, DraftRow.reason).where(
                    DraftRow.connection_id == self.connection.id, DraftRow.key.in_(some)
                )
            ):
                states[key] = f"{state} {reason}".strip()
        wake(self.session, self.connection.id, states)
        code = LINK_WAITS if len(states) == len(keys) else LINK_MISSING
        return code, {"keys": keys, "states": states}

    def blocked(self, row: DraftRow, draft: Draft, code: str, params: Mapping[str, Any]) -> dict[str, Any]:
        params = dict(params)
        row.state, row.reason = DraftState.HELD, code
        open_hold(self.session, self.connection.id, row, code, params, self.now)
        open_problem(
            self.session,
            connection_id=self.connection.id,
            run_id=self.run.id,
            stream=row.key.split("/", 1)[0],
            code=code,
            subject=row.key,
            params=params,
            now=self.now,
        )
        return {
            **self.fields(row, draft),
            "action": Action.BLOCKED,
            "reason": code,
            "params": params,
            "state": LineState.LEFT,
        }

    def fields(self, row: DraftRow, draft: Draft) -> dict[str, Any]:
        """Return a whole line with nothing to send, for the caller to fill in."""
        return line_fields(self.plan.id, row.key, row.revision, draft) | {
            "draft_id": row.id,
            "day": row.day,
            "mapped_by": row.mapped_by,
            "mapped_under": row.mapped_under,
        }
