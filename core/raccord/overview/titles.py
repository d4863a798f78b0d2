"""Records as people look for them: by the words of what they became, and by the file that they are about."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import JSON, ColumnElement, and_, cast, or_, type_coerce
from sqlalchemy.orm import Session

from raccord.store.models import DraftRow
from raccord.sync.lines.titles import TEXT_MAX


def file_of(raw: str) -> str:
    """Return the name of the file that a record is about, where it says one."""
    said = json.loads(raw, parse_float=str, parse_int=str)
    return str(said.get("file") or "")[:TEXT_MAX] if isinstance(said, dict) else ""


def memo_says(session: Session, search: str) -> ColumnElement[bool]:
    """Return the condition on a draft that its memo has some words, whatever their case.

    The body is looked through as text first, from its memo on, which takes a quarter of the time of reading it as JSON
    (and twice as long where SQLite has to stop at every quotation mark, so the mark before the name is left out).
    """
    postgres, memo = _postgres(session), _json(session)["memo"].as_string()

    def says(words: str) -> ColumnElement[bool]:
        written = json.dumps(words, ensure_ascii=False)[1:-1]
        for wild in "/%_":
            written = written.replace(wild, f"/{wild}")
        like = DraftRow.body.ilike if postgres else DraftRow.body.like
        return and_(like(f'%memo":%{written}%', escape="/"), memo.icontains(words, autoescape=True))

    # SQLite takes plain letters alone for the same in either case.
    forms = {search} if postgres or search.isascii() else {search, search.upper(), search.lower()}
    return or_(*(says(each) for each in sorted(forms)))


def _json(session: Session) -> Any:
    """Return the draft's JSON for a question about one of its fields."""
    return cast(DraftRow.body, JSON) if _postgres(session) else type_coerce(DraftRow.body, JSON)


def _postgres(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"
