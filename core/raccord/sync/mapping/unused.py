"""Drafts left out until they are needed: people a source knows and nothing was sold to, payments taken back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Update, select, update
from sqlalchemy.orm import Session

from raccord.plugin.drafts import Customer, Draft, Payment, links_in
from raccord.store.made_once import made_once
from raccord.store.models import DraftRow, DraftState, Hold, LinkRow, LinkState
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.resolving.resolve import LINK_MISSING, LINK_WAITS

UNUSED = "mapping.unused"
TAKEN_BACK = "plan.taken_back"
NOT_NEEDED = (UNUSED, TAKEN_BACK)
"""Reasons of drafts that are left out for now: another word of the source brings them back."""
WANTED = "wanted"
"""Under this name stands, among a draft's decisions, that a person wants it although nothing refers to it."""
HOLDS_MAX = 10_000


def left_for_now(row: DraftRow) -> bool:
    """Tell whether a draft is left out until the source says otherwise, and not because a person said so."""
    return row.state == DraftState.SKIPPED and row.reason in NOT_NEEDED


def was_taken_back(draft: Draft) -> bool:
    """Tell whether the source took a payment back."""
    return isinstance(draft, Payment) and draft.voided


def settle_unused(session: Session, connection_id: str, stored: Sequence[tuple[DraftRow, Draft]]) -> None:
    """Leave out what nothing refers to yet, and bring back what something refers to now."""
    called = {key for _, draft in stored for key in links_in(draft)}
    wake(session, connection_id, called)
    idle = {row.key: row for row, draft in stored if isinstance(draft, Customer) and draft.when_used}
    waiting = {key: row for key, row in idle.items() if row.state == DraftState.WAITING and key not in called}
    idle = {key: row for key, row in waiting.items() if not row.decisions.get(WANTED)}
    if not idle:
        return
    known = {*_linked(session, connection_id, idle), *_waited_for(session, connection_id)}
    for key, row in idle.items():
        if key not in known:
            row.state, row.reason = DraftState.SKIPPED, UNUSED


def wake(session: Session, connection_id: str, keys: Iterable[str]) -> None:
    """Bring back the drafts of these keys that were left out because nothing referred to them."""
    session.flush()
    for some in chunks(sorted(set(keys)), CHUNK):
        session.execute(*_called(connection_id, some))


@made_once
def _called(connection_id: str, keys: Sequence[str]) -> Update:
    unused = update(DraftRow).where(
        DraftRow.connection_id == connection_id,
        DraftRow.key.in_(keys),
        DraftRow.state == DraftState.SKIPPED,
        DraftRow.reason == UNUSED,
    )
    return unused.values(state=DraftState.WAITING, reason="")


def _linked(session: Session, connection_id: str, keys: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for some in chunks(sorted(keys), CHUNK):
        of = select(LinkRow.key).where(LinkRow.connection_id == connection_id, LinkRow.key.in_(some))
        found.update(session.scalars(of.where(LinkRow.state == LinkState.LIVE)))
    return found


def _waited_for(session: Session, connection_id: str) -> set[str]:
    """Return what drafts wait for that came before what they refer to."""
    waiting = select(Hold.params).where(
        Hold.connection_id == connection_id, Hold.closed_at.is_(None), Hold.code.in_((LINK_MISSING, LINK_WAITS))
    )
    return {str(key) for params in session.scalars(waiting.limit(HOLDS_MAX)) for key in params.get("keys", ())}
