"""Drafts that are made for a bank line beside its own: they go where their line goes; the mapping has no part in it."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.plugin.drafts import BillPayment, Payment
from raccord.quickbooks.codec import entity_of
from raccord.store.models import DraftRow, DraftState, LinkRow, LinkState
from raccord.sync.bodies import digest, dump_draft
from raccord.sync.lines.attached import BY_HAND

PARTY = "party"
"""Under this name stands, among such a draft's decisions, whom it is of."""


def wake_made(session: Session, line: DraftRow, draft: Payment | BillPayment, party: str = "") -> None:
    """Let what was made for a line go, or go again; one that says something else since is written anew.

    ``party`` is the name by which people know whom it is of, kept beside it.
    """
    body = dump_draft(draft)
    mine = (DraftRow.connection_id == line.connection_id, DraftRow.key == draft.key)
    row = session.scalars(select(DraftRow).where(*mine)).one_or_none()
    if row is None:
        session.add(
            DraftRow(
                connection_id=line.connection_id, record_id=line.record_id, key=draft.key, revision=1,
                kind=entity_of(draft), day=draft.day, body=body, body_hash=digest(body), state=DraftState.WAITING,
                reason="", decisions={PARTY: party} if party else {}, mapped_by=BY_HAND, mapped_under=0,
            )
        )  # fmt: skip
    else:
        row.record_id = line.record_id
        if row.body_hash != digest(body):
            row.body, row.body_hash, row.day, row.revision = body, digest(body), draft.day, row.revision + 1
            if row.state == DraftState.POSTED:
                row.state, row.reason = DraftState.WAITING, ""
        undone = None if link_of(session, line, LinkState.LIVE) else link_of(session, row, LinkState.UNDONE)
        if undone is not None:
            # Another revision is another request, so nothing of the first life is taken for the second.
            undone.state, row.revision = LinkState.RELEASED, max(row.revision, undone.revision) + 1
        if undone is not None or row.state in (DraftState.SKIPPED, DraftState.WITHDRAWN):
            row.state, row.reason = DraftState.WAITING, ""
    session.flush()


def link_of(session: Session, row: DraftRow, state: LinkState) -> LinkRow | None:
    """Return a draft's link if it is in this state."""
    mine = (LinkRow.connection_id == row.connection_id, LinkRow.key == row.key, LinkRow.state == state)
    return session.scalars(select(LinkRow).where(*mine)).one_or_none()
