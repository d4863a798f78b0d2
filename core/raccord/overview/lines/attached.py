"""The files that people attached to bank lines, and what became of each."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.store.models import DraftRow, DraftState, Hold
from raccord.sync.lines.attached import attached_in, key_of


class FileFate(StrEnum):
    """What becomes of a file."""

    WAITS = "waits"
    POSTED = "posted"
    LEFT = "left"
    """Its line posts nothing of its own."""


@dataclass(frozen=True, slots=True)
class LineFile:
    """A file of a line, as it is shown."""

    sha256: str
    name: str
    by: str
    fate: FileFate


def files_of_holds(session: Session, hold_ids: Collection[str]) -> dict[str, list[LineFile]]:
    """Return the files of the lines that questions are about, by question."""
    rows = session.execute(
        select(Hold.id, DraftRow).join(DraftRow, DraftRow.id == Hold.draft_id).where(Hold.id.in_(list(hold_ids)))
    ).all()
    found = files_of_lines(session, [row[1] for row in rows])
    return {row[0]: found[row[1].id] for row in rows if row[1].id in found}


def files_of_lines(session: Session, lines: Iterable[DraftRow]) -> dict[int, list[LineFile]]:
    """Return the files of lines, by the lines' numbers; nothing of lines without any."""
    some = {line.id: line for line in lines if attached_in(line.decisions)}
    keys = [key_of(line.key, each.sha256) for line in some.values() for each in attached_in(line.decisions)]
    states: dict[tuple[str, str], str] = {}
    if keys:
        drafts = select(DraftRow.connection_id, DraftRow.key, DraftRow.state).where(DraftRow.key.in_(keys))
        states = {(row[0], row[1]): row[2] for row in session.execute(drafts)}
    return {
        line.id: [
            LineFile(
                each.sha256, each.name, each.by,
                _fate(line, states.get((line.connection_id, key_of(line.key, each.sha256)), "")),
            )
            for each in attached_in(line.decisions)
        ]
        for line in some.values()
    }  # fmt: skip


def _fate(line: DraftRow, own: str) -> FileFate:
    if own == DraftState.POSTED:
        return FileFate.POSTED
    left = line.state in (DraftState.SKIPPED, DraftState.WITHDRAWN, DraftState.RESOLVED)
    return FileFate.LEFT if left else FileFate.WAITS
