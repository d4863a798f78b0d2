"""Records as people look for them: by the words of what they became, and by the file that they are about."""

from __future__ import annotations

import json

from sqlalchemy import ColumnElement

from raccord.store.models import DraftRow
from raccord.store.models.records import sought_memo
from raccord.sync.lines.titles import TEXT_MAX


def file_of(raw: str) -> str:
    """Return the name of the file that a record is about, where it says one."""
    said = json.loads(raw, parse_float=str, parse_int=str)
    return str(said.get("file") or "")[:TEXT_MAX] if isinstance(said, dict) else ""


def asks_of_file(raw: str) -> bool:
    """Tell whether a record asks how a file is read: its day only places it, and is nothing that the source said."""
    said = json.loads(raw, parse_float=str, parse_int=str)
    return isinstance(said, dict) and "question" in said and "file" in said


def memo_says(search: str) -> ColumnElement[bool]:
    """Return the condition on a draft that its memo has some words, whatever their case."""
    return DraftRow.memo.contains(sought_memo(search), autoescape=True)
