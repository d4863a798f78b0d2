"""Reposts: drafts whose documents say something else under the mapping of now are planned again as updates."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from raccord.quickbooks.codec import entity_of
from raccord.store.made_once import made_once
from raccord.store.models import Connection, DraftRow, DraftState, LinkRow, LinkState, Repost, RepostState
from raccord.sync.bodies import digest, load_draft
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.lines.treatments import as_treated
from raccord.sync.planning.plans import set_aside
from raccord.sync.planning.survey import Survey
from raccord.sync.resolving.holds import close_hold


def open_repost(session: Session, connection_id: str) -> Repost | None:
    """Return the repost of a connection whose plan waits, or nothing."""
    return session.scalars(*_open(connection_id)).one_or_none()


@made_once
def _open(connection_id: str) -> Select[Repost]:
    return select(Repost).where(Repost.connection_id == connection_id, Repost.state == RepostState.OPEN)


def begin_repost(
    session: Session, connection: Connection, survey: Survey, first: date, last: date, by: str, now: datetime
) -> Repost:
    """Give the documents' drafts to the next plan, in what the mapping says now, under new revisions."""
    bodies = {each.draft_id: each.body for each in survey.rewrites}
    was: list[dict[str, object]] = []
    for some in chunks(sorted(bodies), CHUNK):
        rows = session.execute(
            select(DraftRow, LinkRow.revision)
            .join(LinkRow, (LinkRow.connection_id == DraftRow.connection_id) & (LinkRow.key == DraftRow.key))
            .where(DraftRow.id.in_(some), DraftRow.state == DraftState.POSTED, LinkRow.state == LinkState.LIVE)
        )
        for row, revision in rows:
            before = {"draft": row.id, "revision": row.revision, "body": row.body}
            row.body, row.body_hash = bodies[row.id], digest(bodies[row.id])
            row.kind = entity_of(as_treated(row.decisions, load_draft(row.body)))
            row.revision = max(row.revision, revision) + 1
            row.state, row.reason = DraftState.WAITING, ""
            was.append({**before, "to": row.revision})
    kept = [
        {"key": each.key, "kind": each.kind, "document_id": each.document_id, "day": str(each.day), "code": each.code}
        for each in survey.kept
    ]
    repost = Repost(
        connection_id=connection.id, first_day=first, last_day=last, drafts=was, kept=kept, asked_by=by, asked_at=now
    )
    session.add(repost)
    connection.revision += 1
    return repost


def settle_repost(session: Session, connection_id: str, by: str, now: datetime) -> None:
    """Note that the plan of a waiting repost is being posted as it was approved; plans run by themselves again."""
    repost = open_repost(session, connection_id)
    if repost is not None:
        repost.state, repost.ended_by, repost.ended_at = RepostState.APPROVED, by, now


def cancel_repost(session: Session, connection: Connection, repost: Repost, by: str, now: datetime) -> int:
    """Put the drafts back as they were, those excepted that were revised by their source since; return how many."""
    set_aside(session, connection.id, now)
    back = 0
    was = {int(each["draft"]): each for each in repost.drafts}
    for some in chunks(sorted(was), CHUNK):
        # Of what was undone or unlinked meanwhile there is no document to go back to: it waits as it does.
        rows = select(DraftRow).join(
            LinkRow, (LinkRow.connection_id == DraftRow.connection_id) & (LinkRow.key == DraftRow.key)
        )
        for row in session.scalars(rows.where(DraftRow.id.in_(some), LinkRow.state == LinkState.LIVE)):
            before = was[row.id]
            waits = row.state in (DraftState.WAITING, DraftState.PLANNED, DraftState.HELD)
            if not waits or row.revision != before["to"]:
                continue
            row.body, row.revision = str(before["body"]), int(before["revision"])
            row.body_hash, row.state, row.reason = digest(row.body), DraftState.POSTED, ""
            close_hold(session, row, now, by)
            back += 1
    repost.state, repost.ended_by, repost.ended_at = RepostState.CANCELLED, by, now
    connection.revision += 1
    return back
