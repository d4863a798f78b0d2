"""Received files on their way to documents in QuickBooks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.plugin.drafts import Attachment, Draft
from raccord.quickbooks import UPLOAD_BYTES_MAX
from raccord.store.models import LinkRow, SourceFile
from raccord.sync.chunks import CHUNK, chunks

FILE_MISSING = "attachment.file_missing"
TOO_LARGE = "attachment.too_large"
EMPTY = "attachment.empty"
CHANGED = "attachment.changed"


def files_of(session: Session, connection_id: str, drafts: Sequence[Draft]) -> dict[str, int]:
    """Return the sizes of the received files that drafts attach, by their SHA-256."""
    wanted = sorted({draft.file for draft in drafts if isinstance(draft, Attachment)})
    found: dict[str, int] = {}
    for some in chunks(wanted, CHUNK):
        rows = session.execute(
            select(SourceFile.sha256, SourceFile.size).where(
                SourceFile.connection_id == connection_id, SourceFile.sha256.in_(some)
            )
        )
        found.update((row.sha256, row.size) for row in rows)
    return found


def attachment_unfit(draft: Draft, link: LinkRow | None, files: Mapping[str, int]) -> tuple[str, dict[str, Any]] | None:
    """Return why a file cannot be attached, or nothing where it can or the draft is none."""
    if not isinstance(draft, Attachment):
        return None
    params = {"file": draft.name, "size": files.get(draft.file, 0), "limit": UPLOAD_BYTES_MAX}
    if link is not None:
        return CHANGED, {**params, "document": link.document_id}
    if draft.file not in files:
        return FILE_MISSING, params
    if not files[draft.file]:
        return EMPTY, params
    return (TOO_LARGE, params) if files[draft.file] > UPLOAD_BYTES_MAX else None
