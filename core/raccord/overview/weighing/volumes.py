"""How often the drafts of the last weeks name each role, so that a person sees what a change of the mapping weighs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.store.canonical import exact
from raccord.store.models import DraftRow, DraftState, SourceRecord

MOST = 20_000
"""Drafts that are looked at; where there are more, nothing is counted."""

_NAMED = re.compile(r'"name":"((?:[^"\\]|\\.)*)","of":"((?:[^"\\]|\\.)*)","ref":"role"')
"""A role as a draft's text names it."""


Place = tuple[str, str]
"""A role, and for which word of the source."""


def role_volumes(session: Session, connection_id: str, since: date) -> Mapping[frozenset[Place], int] | None:
    """Return how many drafts of a connection, of records from a day on, name which roles together; nothing where they
    are too many to be looked at.
    """
    bodies = session.scalars(
        select(DraftRow.body)
        .join(SourceRecord, SourceRecord.id == DraftRow.record_id)
        .where(
            SourceRecord.connection_id == connection_id,
            SourceRecord.day >= since,
            DraftRow.state != DraftState.WITHDRAWN,
        )
        .limit(MOST + 1)
    ).all()
    if len(bodies) > MOST:
        return None
    found = Counter(frozenset(_NAMED.findall(body)) for body in bodies)
    return {frozenset((_plain(name), _plain(of)) for name, of in places): count for places, count in found.items()}


def _plain(text: str) -> str:
    """Return a name as it is; what is escaped in JSON is so in few."""
    return str(exact(f'"{text}"')) if "\\" in text else text
