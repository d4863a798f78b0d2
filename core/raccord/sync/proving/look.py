"""One look at what changed in QuickBooks since the last one: drift, what others did, and the months to read again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from raccord.quickbooks import Changes, QuickBooks
from raccord.store.database import Database
from raccord.store.models import Company
from raccord.sync.books import drift, others
from raccord.sync.mapping.vanished import settle_vanished
from raccord.sync.posting import taken_off
from raccord.sync.proving import proof_months
from raccord.sync.proving.matched_edited import ask_about_edited
from raccord.sync.proving.matched_gone import ask_about_gone, gone_in


@dataclass(frozen=True, slots=True)
class Look:
    """What QuickBooks told; ``whole`` when no change can be missing in it."""

    changes: Changes
    whole: bool
    followed: Mapping[tuple[str, str], drift.Followed] = field(default_factory=dict)
    """Payments that our own deeds took off documents, which nobody is asked about."""


def look(database: Database, client: QuickBooks, company_id: str, now: datetime) -> Look | None:
    """Ask QuickBooks, with one request where it fits one answer; nothing while there is no document of ours."""
    with database.read() as session:
        question = drift.ask(session, session.get_one(Company, company_id), now)
    if question is None:
        return None
    changes = drift.look(database, client, company_id, question.kinds, question.since)
    followed = taken_off.followed(database, client, company_id, changes.changed)
    return Look(changes, question.whole and changes.whole, followed)


def note(session: Session, company_id: str, seen: Look, now: datetime) -> int:
    """Keep what a look told, all in one transaction; return how many of our documents drifted."""
    company = session.get_one(Company, company_id)
    # Before drift takes over what a document says now.
    proof_months.touch(session, company_id, seen.changes, whole=seen.whole)
    others.note_changes(session, company_id, seen.changes, now)
    settle_vanished(session, company_id, gone_in(seen.changes), now)
    ask_about_gone(session, company_id, seen.changes, now)
    ask_about_edited(session, company_id, seen.changes, now)
    return drift.note(session, company, seen.changes, now, seen.followed)
