"""Letting records go again whose documents were undone: nothing is posted anew before a person says so."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from raccord.errors import RaccordError
from raccord.onboarding.access.people import Actor, Power, require
from raccord.plugin.texts import Text
from raccord.store import events
from raccord.store.models import Connection, DraftRow, DraftState, Hold, LinkRow, LinkState
from raccord.sync.lines.attached import let_files_go
from raccord.sync.posting.removals import UNDONE
from raccord.sync.resolving.holds import alone_in, close_hold
from raccord.sync.workshop import Workshop


class ReleaseError(RaccordError):
    """Raised when a question is not about an undone document."""


def release(workshop: Workshop, actor: Actor, hold_ids: Sequence[str]) -> list[str]:
    """Let undone drafts be posted again by the next run, as new documents; return their keys."""
    require(actor, Power.WORK)
    now = workshop.clock.now()
    keys: list[str] = []
    with workshop.database.begin() as session:
        for hold_id in hold_ids:
            hold = session.get(Hold, hold_id)
            if hold is not None:
                # Nobody else answers any question of the company before this ends.
                alone_in(session, session.get_one(Connection, hold.connection_id).company_id)
                session.refresh(hold)
            if hold is None or hold.closed_at is not None or hold.code != UNDONE:
                raise ReleaseError(
                    "undo.not_held",
                    Text(
                        "Cette question n'est pas celle d'un document défait.",
                        "This question is not of an undone document.",
                    ),
                    Text("« raccord holds » montre ce qui attend.", "“raccord holds” shows what waits."),
                )
            draft = session.get_one(DraftRow, hold.draft_id)
            link = session.scalars(
                select(LinkRow).where(
                    LinkRow.connection_id == draft.connection_id,
                    LinkRow.key == draft.key,
                    LinkRow.state == LinkState.UNDONE,
                )
            ).one()
            # Another revision has another mark and request id, so nothing of the first life is taken for the second.
            link.state = LinkState.RELEASED
            draft.revision = max(draft.revision, link.revision) + 1
            draft.state, draft.reason = DraftState.WAITING, ""
            let_files_go(session, draft)
            close_hold(session, draft, now, actor.name, {"post_again": True})
            events.append(
                session,
                actor=actor.name,
                action="undo.released",
                subject=draft.key,
                company_id=link.company_id,
                connection_id=link.connection_id,
                now=now,
                body={"kind": link.kind, "document": link.document_id},
            )
            keys.append(draft.key)
    return keys
