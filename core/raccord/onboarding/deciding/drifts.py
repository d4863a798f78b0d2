"""What people decide about documents that somebody changed in QuickBooks; nothing happens without them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.errors import RaccordError
from raccord.onboarding.access.people import Actor, Power, require
from raccord.onboarding.deciding.decisions import on_its_way
from raccord.plugin.ledger import ResolutionKind
from raccord.plugin.texts import Text
from raccord.store import events
from raccord.store.models import Change, DraftRow, DraftState, Drift, DriftState, LinkRow, LinkState
from raccord.sync.resolving.conflict_rules import DELETED
from raccord.sync.resolving.conflicts import DECISION
from raccord.sync.workshop import Workshop

TOGETHER = 100
"""Drifts that one transaction settles."""
ALL_MAX = 2000
"""Drifts that one request of the pages settles, the oldest first; it must answer while somebody waits."""


class Way(StrEnum):
    """The answers to a drift."""

    KEEP = "keep"
    RESTORE = "restore"
    UNLINK = "unlink"


STATES = {Way.KEEP: DriftState.KEPT, Way.RESTORE: DriftState.RESTORED, Way.UNLINK: DriftState.UNLINKED}


class DriftError(RaccordError):
    """Raised when a drift cannot be settled as asked; says why and what to do."""


@dataclass(frozen=True, slots=True)
class Settled:
    """Drifts that were settled, and those that had been settled or were on their way already."""

    ids: Sequence[str]
    left: Sequence[str]


def settle_drifts(
    workshop: Workshop, actor: Actor, ids: Sequence[str], way: Way, *, connection_id: str | None = None
) -> Settled:
    """Settle a selection of drifts the same way; those of other connections than the one that is named are left.

    *Keep* lets QuickBooks' version stand: nothing is written. *Restore* has ours written again by the next plan, which
    shows it first. *Unlink* leaves the document to people for good.
    """
    require(actor, Power.WORK)
    if not ids:
        raise DriftError(
            "drift.none",
            Text("Aucun document n'est nommé.", "No document is named."),
            Text("« raccord drift » montre ceux qui attendent.", "“raccord drift” shows those that wait."),
        )
    settled: list[str] = []
    left: list[str] = []
    for start in range(0, len(ids), TOGETHER):
        with workshop.database.begin() as session:
            for drift_id in ids[start : start + TOGETHER]:
                done = _settle(session, actor, drift_id, way, workshop.clock.now(), connection_id)
                (settled if done else left).append(drift_id)
    return Settled(settled, left)


def settle_all(
    workshop: Workshop, actor: Actor, way: Way, connection_id: str | None = None, *, seen: int | None = None
) -> Settled:
    """Settle all drifts that wait, or those of one connection, the same way.

    Who says how many they have ``seen`` decides about so many: where another number waits by now nothing is settled,
    and of more than ``ALL_MAX`` the oldest are.
    """
    require(actor, Power.WORK)
    wanted = select(Drift.id).where(Drift.state == DriftState.OPEN).order_by(Drift.found_at, Drift.id)
    if connection_id is not None:
        wanted = wanted.where(Drift.connection_id == connection_id)
    with workshop.database.read() as session:
        ids = list(session.scalars(wanted))
    if seen is None:
        return settle_drifts(workshop, actor, ids, way)
    if seen != len(ids):
        raise DriftError(
            "drift.others_now",
            Text(
                f"{len(ids)} documents attendent maintenant, et non {seen} : rien n'a été décidé.",
                f"{len(ids)} documents wait by now, not {seen}: nothing was decided.",
            ),
            Text("Regardez de nouveau, puis décidez.", "Look again, then decide."),
        )
    return settle_drifts(workshop, actor, ids[:ALL_MAX], way)


def _settle(session: Session, actor: Actor, drift_id: str, way: Way, now: datetime, connection_id: str | None) -> bool:
    drift = session.get(Drift, drift_id)
    if drift is None or drift.state != DriftState.OPEN:
        return False
    if connection_id is not None and drift.connection_id != connection_id:
        return False
    link = session.get_one(LinkRow, drift.link_id)
    draft = session.scalars(
        select(DraftRow).where(DraftRow.connection_id == link.connection_id, DraftRow.key == link.key)
    ).one_or_none()
    if draft is not None and on_its_way(session, draft):
        return False
    match way:
        case Way.KEEP if drift.change != Change.EDITED:
            # What was voided or deleted is out of the books: nothing stands for the record there any more.
            link.state = LinkState.DELETED if drift.change == Change.DELETED else LinkState.VOIDED
            _leave(draft, DraftState.SKIPPED, f"drift.{drift.change}")
        case Way.KEEP:
            pass
        case Way.RESTORE:
            _restore(draft, link, drift)
        case Way.UNLINK:
            link.state = LinkState.UNLINKED
            _leave(draft, DraftState.RESOLVED, "drift.unlinked")
    drift.state, drift.decided_at, drift.decided_by = STATES[way], now, actor.name
    events.append(
        session,
        actor=actor.name,
        action=f"drift.{way}",
        subject=link.key,
        company_id=link.company_id,
        connection_id=link.connection_id,
        now=now,
        body={"change": drift.change, "kind": link.kind, "document": link.document_id},
    )
    return True


def _restore(draft: DraftRow | None, link: LinkRow, drift: Drift) -> None:
    if draft is None:
        return
    if drift.change == Change.DELETED:
        # The plan makes it anew under a new mark, so that the deleted one is never taken for it.
        link.state = LinkState.DELETED
        draft.state, draft.reason = DraftState.HELD, DELETED
        draft.decisions = {**draft.decisions, DECISION: {"kind": str(ResolutionKind.RESTORE_OURS), "target": ""}}
        return
    # Named by the token that the person saw: changed once more meanwhile, it is asked about again.
    link.sync_token = drift.sync_token
    draft.revision += 1
    draft.state, draft.reason = DraftState.WAITING, ""


def _leave(draft: DraftRow | None, state: DraftState, reason: str) -> None:
    if draft is not None:
        draft.state, draft.reason = state, reason
