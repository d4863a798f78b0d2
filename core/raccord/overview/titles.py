"""What people call what they see: a bank line by its text, day and amount; its key is a detail of second rank."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, ColumnElement, and_, cast, or_, select, type_coerce
from sqlalchemy.orm import Session

from raccord.overview.questions import text_of
from raccord.store.models import DraftRow
from raccord.sync.bodies import load_draft
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.lines.treatments import arrives, treatable


@dataclass(frozen=True, slots=True)
class LineTitle:
    """What a bank line is called; the amount is negative if spent."""

    text: str
    day: date
    amount: Decimal
    currency: str


def title_of(body: str) -> LineTitle | None:
    """Return what the draft of a bank line is called; other drafts are known by the numbers of their sources."""
    draft = treatable(load_draft(body))
    text = "" if draft is None else " ".join(text_of(draft).split())
    if draft is None or not text:
        return None
    return LineTitle(text, draft.day, draft.total if arrives(draft) else -draft.total, draft.currency)


def titles_of(session: Session, connection_id: str, keys: Collection[str]) -> dict[str, LineTitle]:
    """Return by key what the bank lines among some drafts of a connection are called."""
    found: dict[str, LineTitle] = {}
    for some in chunks(sorted(set(keys)), CHUNK):
        rows = session.execute(
            select(DraftRow.key, DraftRow.body).where(DraftRow.connection_id == connection_id, DraftRow.key.in_(some))
        )
        found.update({row.key: title for row in rows if (title := title_of(row.body)) is not None})
    return found


def memo_says(session: Session, search: str) -> ColumnElement[bool]:
    """Return the condition on a draft that its memo has some words, whatever their case.

    The body is looked through as text first, which takes a quarter of the time of reading it as JSON.
    """
    postgres, memo = _postgres(session), _json(session)["memo"].as_string()

    def says(words: str) -> ColumnElement[bool]:
        written = json.dumps(words, ensure_ascii=False)[1:-1]
        like = DraftRow.body.icontains if postgres else DraftRow.body.contains
        return and_(like(written, autoescape=True), memo.icontains(words, autoescape=True))

    # SQLite takes plain letters alone for the same in either case.
    forms = {search} if postgres or search.isascii() else {search, search.upper(), search.lower()}
    return or_(*(says(each) for each in sorted(forms)))


def _json(session: Session) -> Any:
    """Return the draft's JSON for a question about one of its fields."""
    return cast(DraftRow.body, JSON) if _postgres(session) else type_coerce(DraftRow.body, JSON)


def _postgres(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"
