"""What a connection's settings may name of its source: the accounts and payments that it has told of, by their names.

A field of the settings model says what it lists (``json_schema_extra={"known": {…}}``): ``stream`` is the stream that
tells of them, ``key`` the field of its records that the setting keeps (without one, their source id), ``called`` the
fields that people know them by (``amount+currency`` is one word). The command line keeps the same lines.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from sqlalchemy import JSON, cast, func, select, type_coerce
from sqlalchemy.orm import Session

from raccord.masking import known
from raccord.plugin.texts import Text
from raccord.store.models import Choice, Connection, RecordState, SourceRecord
from raccord.sync.fetching.keep import UNSAID

SHOWN_MAX = 300


@dataclass(frozen=True, slots=True)
class Known:
    """One thing that a setting may name: the key that it keeps, and the words that people know it by."""

    key: str
    words: Sequence[str]
    options: Sequence[tuple[str, Text]] = ()
    """What may be said of it, where that is chosen too."""

    def called(self, written: Callable[[str], str]) -> str:
        """Return what it is called, its days and amounts as the language writes them."""
        return " · ".join(map(written, self.words)) or known(self.key) or self.key


def known_here(session: Session, connection: Connection, model: type[BaseModel]) -> dict[str, list[Known]]:
    """Return by setting what the connection's source told of so far, by name; the newest of very many."""
    found: dict[str, list[Known]] = {}
    # Several settings list the same things, which are read once.
    told: dict[tuple[str, ...], list[Known]] = {}
    for name, info in model.model_fields.items():
        extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
        of: Any = extra.get("known")
        if of and of.get("stream"):
            same = str(of["stream"]), str(of.get("key", "")), *of["called"]
            if same not in told:
                told[same] = _told(session, connection, same[0], same[1], same[2:])
            found[name] = told[same]
    return found


def _told(session: Session, connection: Connection, stream: str, key: str, called: Sequence[str]) -> list[Known]:
    raw = SourceRecord.raw
    said = cast(raw, JSON) if session.get_bind().dialect.name == "postgresql" else type_coerce(raw, JSON)
    kept = said[key].as_string() if key else SourceRecord.source_id
    newest = (
        select(func.max(SourceRecord.id))
        .where(
            SourceRecord.connection_id == connection.id,
            SourceRecord.stream == stream,
            SourceRecord.state != RecordState.SUPERSEDED,
            SourceRecord.reason.not_in(UNSAID),
            # What does not say it is not listed, and need not be sorted.
            *([kept.is_not(None)] if key else []),
        )
        .group_by(kept)
        .order_by(func.max(SourceRecord.id).desc())
        .limit(SHOWN_MAX)
    )
    rows = session.scalars(select(SourceRecord).where(SourceRecord.id.in_(session.scalars(newest).all()))).all()
    books = {
        each.of: each.ledger_name
        for each in session.scalars(
            select(Choice).where(Choice.connection_id == connection.id, Choice.of != "").order_by(Choice.valid_from)
        )
    }
    found = []
    for row in rows:
        told: Mapping[str, Any] = json.loads(row.raw, parse_float=str, parse_int=str)
        of = str(told.get(key) or "") if key else row.source_id
        words = [" ".join(str(told[part]) for part in name.split("+") if told.get(part)) for name in called]
        words = [each for each in words if each]
        if of:
            found.append(Known(of, [*words, *filter(None, [books.get(of, "")])]))
    return sorted(found, key=lambda each: [word.casefold() for word in each.words])
