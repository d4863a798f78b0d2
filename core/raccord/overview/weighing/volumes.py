"""How often the newest drafts name each role, so that a person sees what a change of the mapping weighs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.store.canonical import exact
from raccord.store.models import DraftRow, DraftState, SourceRecord

MOST = 1_000
"""Drafts that are looked at, the newest: each view of a page reads their text."""

_NAMED = re.compile(r'"name":"((?:[^"\\]|\\.)*)","of":"((?:[^"\\]|\\.)*)","ref":"role"')
"""A role as a draft's text names it."""


Place = tuple[str, str]
"""A role, and for which word of the source."""


@dataclass(frozen=True, slots=True)
class Volumes:
    """How many drafts name which roles together; ``newest`` is how many were looked at where there are more of the
    days that were asked for, else nothing.
    """

    places: Mapping[frozenset[Place], int]
    newest: int | None = None


def role_volumes(session: Session, connection_id: str, since: date) -> Volumes:
    """Return which roles the drafts of a connection name, of records from a day on: of the newest ``MOST`` at most."""
    bodies = session.scalars(
        select(DraftRow.body)
        .join(SourceRecord, SourceRecord.id == DraftRow.record_id)
        .where(
            SourceRecord.connection_id == connection_id,
            SourceRecord.day >= since,
            DraftRow.state != DraftState.WITHDRAWN,
        )
        .order_by(SourceRecord.day.desc(), SourceRecord.id.desc(), DraftRow.id.desc())
        .limit(MOST + 1)
    ).all()
    found = Counter(frozenset(_NAMED.findall(body)) for body in bodies[:MOST])
    places = {frozenset((_plain(name), _plain(of)) for name, of in each): count for each, count in found.items()}
    return Volumes(places, MOST if len(bodies) > MOST else None)


def _plain(text: str) -> str:
    """Return a name as it is; what is escaped in JSON is so in few."""
    return str(exact(f'"{text}"')) if "\\" in text else text
