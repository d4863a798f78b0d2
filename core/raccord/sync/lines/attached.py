"""Files that people attach to bank lines: kept with the line's draft, and drafts of their own once the line is planned.

The mapping neither makes nor withdraws them. They go with the document that their line becomes, and with none where
the line posts nothing of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.plugin.drafts import Attachment, Draft, Link
from raccord.quickbooks.codec import entity_of
from raccord.store.models import DraftRow, DraftState, LinkRow, LinkState
from raccord.sync.bodies import digest, dump_draft, load_draft

ATTACHED = "attached"
"""Under this name a line's files stand among its draft's decisions."""
BY_HAND = "person"
"""Stands for the plugin that made a draft, where a person did."""
LINE_NOT_POSTED = "attachment.line_not_posted"
WITH_DOCUMENT = "attachment.with_document"
"""Why a file is left out that was taken out with its document: a person is asked about the document alone."""
FILES_MAX = 20
"""Files of one line."""
_LETTERS = 24
FILE = "Attachable"


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """A file of a line: what it is called, its bytes by their SHA-256, and who attached it when."""

    sha256: str
    name: str
    by: str
    at: str


def attached_in(decisions: Mapping[str, Any]) -> list[AttachedFile]:
    """Return the files among a line's decisions, in the order they were attached."""
    return [AttachedFile(**each) for each in decisions.get(ATTACHED, ())]


def with_attached(decisions: Mapping[str, Any], files: list[AttachedFile]) -> dict[str, Any]:
    """Return a line's decisions with these files and no others."""
    others = {name: said for name, said in decisions.items() if name != ATTACHED}
    return {**others, ATTACHED: [asdict(each) for each in files]} if files else others


def key_of(line_key: str, sha256: str) -> str:
    """Return the key of the draft of a line's file: the same file of the same line is the same draft."""
    return f"attached/{digest(line_key)[:_LETTERS]}{sha256[:_LETTERS]}"


def made_by_hand(row: DraftRow) -> bool:
    """Tell whether a person made the draft, and not the mapping."""
    return row.mapped_by == BY_HAND


def wake_planned(session: Session, rows: Iterable[DraftRow]) -> None:
    """Let the files of those lines go that a plan takes."""
    for row in rows:
        if row.state == DraftState.PLANNED:
            wake_attached(session, row)


def wake_attached(session: Session, line: DraftRow) -> None:
    """Let the files of a line go that is planned: each becomes a draft of the line's record, or waits again."""
    files = {key_of(line.key, each.sha256): each for each in attached_in(line.decisions)}
    if not files:
        return
    mine = (DraftRow.connection_id == line.connection_id, DraftRow.key.in_(list(files)))
    known = {row.key: row for row in session.scalars(select(DraftRow).where(*mine))}
    for key, file in files.items():
        row = known.get(key)
        if row is not None:
            row.record_id = line.record_id
            if row.state in (DraftState.SKIPPED, DraftState.WITHDRAWN):
                _let_go(session, row)
            continue
        draft = Attachment(key=key, document=Link(line.key), file=file.sha256, name=file.name)
        body = dump_draft(draft)
        session.add(
            DraftRow(
                connection_id=line.connection_id, record_id=line.record_id, key=key, revision=1,
                kind=entity_of(draft), day=None, body=body, body_hash=digest(body), state=DraftState.WAITING,
                reason="", decisions={}, mapped_by=BY_HAND, mapped_under=0,
            )
        )  # fmt: skip
    session.flush()


def line_not_posted(session: Session, row: DraftRow, draft: Draft) -> dict[str, str] | None:
    """Return what is told of a person's file whose line is neither planned nor posted; nothing of any other draft."""
    if not made_by_hand(row) or not isinstance(draft, Attachment):
        return None
    line = (DraftRow.connection_id == row.connection_id, DraftRow.key == draft.document.key)
    state = session.scalar(select(DraftRow.state).where(*line))
    goes = state in (DraftState.PLANNED, DraftState.POSTED)
    return None if goes else {"file": draft.name, "line": draft.document.key}


def document_of(session: Session, row: DraftRow) -> DraftRow | None:
    """Return the draft of the document that a file is attached to, where one record makes both."""
    draft = load_draft(row.body) if row.kind == FILE else None
    if not isinstance(draft, Attachment):
        return None
    document = select(DraftRow).where(
        DraftRow.connection_id == row.connection_id,
        DraftRow.key == draft.document.key,
        DraftRow.record_id == row.record_id,
    )
    return session.scalars(document).one_or_none()


def document_undone(session: Session, row: DraftRow, draft: Draft) -> dict[str, str] | None:
    """Return what is told of a file whose document was taken out and not let go since; nothing of any other draft."""
    document = document_of(session, row)
    if document is None or not isinstance(draft, Attachment) or not _undone(session, document):
        return None
    return {"file": draft.name, "document": document.key}


def let_files_go(session: Session, document: DraftRow) -> None:
    """Let the files go again, as new ones, that were taken out with a document which is let go."""
    for row in files_away(session, document):
        _let_go(session, row)


def files_away(session: Session, document: DraftRow) -> list[DraftRow]:
    """Return the files that were left out with a document that was taken out."""
    rows = session.scalars(
        select(DraftRow)
        .where(
            DraftRow.connection_id == document.connection_id,
            DraftRow.record_id == document.record_id,
            DraftRow.state == DraftState.SKIPPED,
            DraftRow.reason == WITH_DOCUMENT,
        )
        .order_by(DraftRow.id)
    )
    return [row for row in rows if document_of(session, row) is document]


def _let_go(session: Session, row: DraftRow) -> None:
    for link in _undone(session, row):
        # Another revision is another request, so nothing of the first life is taken for the second.
        link.state, row.revision = LinkState.RELEASED, max(row.revision, link.revision) + 1
    row.state, row.reason = DraftState.WAITING, ""


def _undone(session: Session, row: DraftRow) -> list[LinkRow]:
    mine = (LinkRow.connection_id == row.connection_id, LinkRow.key == row.key)
    return list(session.scalars(select(LinkRow).where(*mine, LinkRow.state == LinkState.UNDONE)))
