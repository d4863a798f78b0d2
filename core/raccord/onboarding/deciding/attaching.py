"""Receipts that people attach to bank lines: sealed here, and posted once after the line's document."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import BinaryIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.onboarding.access.people import Actor, Power, require
from raccord.onboarding.deciding.decisions import DecisionError, note, on_its_way
from raccord.plugin.texts import Text
from raccord.quickbooks import UPLOAD_BYTES_MAX
from raccord.store.files import ATTACHED as FROM_PERSON
from raccord.store.models import Connection, DraftRow, DraftState, Hold, LinkRow
from raccord.sync.bodies import load_draft
from raccord.sync.lines.attached import FILES_MAX, AttachedFile, attached_in, key_of, wake_attached, with_attached
from raccord.sync.lines.treatments import treatable
from raccord.sync.problems import close_problems
from raccord.sync.resolving.holds import close_hold
from raccord.sync.resolving.resolve import DECISION_MISSING
from raccord.sync.workshop import Workshop

_HEAD = 16
_CHUNK = 1024 * 1024
_TAKING = (DraftState.HELD, DraftState.WAITING, DraftState.PLANNED, DraftState.READY)
_KINDS: tuple[tuple[bytes, tuple[str, ...]], ...] = (
    (b"%PDF-", ("pdf",)),
    (b"\x89PNG\r\n\x1a\n", ("png",)),
    (b"\xff\xd8\xff", ("jpg", "jpeg")),
    (b"GIF87a", ("gif",)),
    (b"GIF89a", ("gif",)),
    (b"II*\x00", ("tif",)),
    (b"MM\x00*", ("tif",)),
)
"""What receipts come as, by their first bytes, with the endings that QuickBooks knows them by."""
_TEXTS: Mapping[str, tuple[Text, Text]] = MappingProxyType(
    {
        "not_a_line": (
            Text("Cette question ne porte pas sur une opération bancaire.", "This question is not about a bank line."),
            Text("Joignez-le à une opération de « À vérifier ».", "Attach it to a line of “To review”."),
        ),
        "line_done": (
            Text(
                "L'opération est écrite, ou n'écrit rien elle-même (écartée, ou autre côté d'un virement).",
                "The line is posted, or posts nothing of its own (left out, or the other side of a transfer).",
            ),
            Text(
                "Joignez-le au document dans QuickBooks, ou reprenez d'abord la réponse.",
                "Attach it to the document in QuickBooks, or take the answer back first.",
            ),
        ),
        "not_a_receipt": (
            Text(
                "« {name} » n'est ni un PDF ni une image (JPEG, PNG, GIF, TIFF).",
                "“{name}” is neither a PDF nor an image (JPEG, PNG, GIF, TIFF).",
            ),
            Text("Joignez une photo ou un PDF du reçu.", "Attach a photo or a PDF of the receipt."),
        ),
        "too_large": (
            Text("« {name} » dépasse ce que QuickBooks prend.", "“{name}” is larger than QuickBooks takes."),
            Text("Au plus {most} Mio : réduisez-le.", "At most {most} MiB: make it smaller."),
        ),
        "too_many": (
            Text("Une opération a au plus {most} pièces jointes.", "A line has at most {most} files."),
            Text("Réunissez des reçus dans un seul PDF.", "Put receipts together in one PDF."),
        ),
        "unknown": (
            Text("Cette pièce n'est pas jointe à l'opération.", "This file is not attached to the line."),
            Text("Elle a peut-être été retirée entre-temps.", "It may have been taken back meanwhile."),
        ),
        "posted_already": (
            Text("La pièce est déjà dans QuickBooks, ou y part.", "The file is in QuickBooks already, or on its way."),
            Text("Retirez-la dans QuickBooks.", "Remove it in QuickBooks."),
        ),
    }
)


def attach(workshop: Workshop, actor: Actor, hold_id: str, name: str, content: BinaryIO) -> AttachedFile:
    """Attach a file to a bank line that is not posted; the same bytes are attached to a line once.

    It is sealed here first, and goes to QuickBooks with the run that posts the line, or the next one.
    """
    require(actor, Power.WORK)
    name, sha256 = _receipt(name, content)
    with workshop.database.read() as session:
        _, connection = _line(session, hold_id, sha256)
    workshop.files(connection.id).receive(name, content, origin=FROM_PERSON)
    now = workshop.clock.now()
    with workshop.database.begin() as session:
        row, connection = _line(session, hold_id, sha256, lock=True)
        files = attached_in(row.decisions)
        known = next((each for each in files if each.sha256 == sha256), None)
        if known is not None:
            return known
        file = AttachedFile(sha256, name, actor.name, now.isoformat())
        row.decisions = with_attached(row.decisions, [*files, file])
        if row.state == DraftState.PLANNED:
            # The plan that waits may be approved as it is: the file then follows with the next one.
            wake_attached(session, row)
        note(session, actor, "hold.attached", row, connection, now, file=name, sha256=sha256)
        return file


def detach(workshop: Workshop, actor: Actor, hold_id: str, sha256: str) -> AttachedFile:
    """Take a file back from a line while it is not in QuickBooks; its bytes stay sealed here."""
    require(actor, Power.WORK)
    now = workshop.clock.now()
    with workshop.database.begin() as session:
        row, connection = _named(session, hold_id, lock=True)
        files = attached_in(row.decisions)
        file = next((each for each in files if each.sha256 == sha256), None)
        if file is None:
            raise _refusal("unknown")
        mine = (DraftRow.connection_id == row.connection_id, DraftRow.key == key_of(row.key, sha256))
        own = session.scalars(select(DraftRow).where(*mine).with_for_update()).one_or_none()
        if own is not None:
            posted = select(LinkRow.id).where(LinkRow.connection_id == own.connection_id, LinkRow.key == own.key)
            if session.scalars(posted).first() is not None or on_its_way(session, own):
                raise _refusal("posted_already")
            # A plan that was to attach it is no longer what waits.
            own.revision += 1
            own.state, own.reason = DraftState.WITHDRAWN, ""
            close_hold(session, own, now, actor.name)
            close_problems(session, own.connection_id, own.key, now)
        row.decisions = with_attached(row.decisions, [each for each in files if each is not file])
        note(session, actor, "hold.detached", row, connection, now, file=file.name, sha256=sha256)
        return file


def _named(session: Session, hold_id: str, *, lock: bool) -> tuple[DraftRow, Connection]:
    """Return the line of a question, which may be answered already."""
    hold = session.get(Hold, hold_id)
    if hold is None or hold.code != DECISION_MISSING:
        raise _refusal("not_a_line")
    row = session.get_one(DraftRow, hold.draft_id, with_for_update=lock or None)
    if treatable(load_draft(row.body)) is None:
        raise _refusal("not_a_line")
    return row, session.get_one(Connection, hold.connection_id)


def _line(session: Session, hold_id: str, sha256: str, *, lock: bool = False) -> tuple[DraftRow, Connection]:
    """Return a line that takes a file."""
    row, connection = _named(session, hold_id, lock=lock)
    if row.state not in _TAKING:
        raise _refusal("line_done")
    files = attached_in(row.decisions)
    if len(files) >= FILES_MAX and all(each.sha256 != sha256 for each in files):
        raise _refusal("too_many", most=str(FILES_MAX))
    return row, connection


def _receipt(name: str, content: BinaryIO) -> tuple[str, str]:
    """Return a file's name, with an ending that says what it is, and its SHA-256; what is no receipt is refused."""
    name = " ".join("".join(each for each in name if each.isprintable()).split())[-200:]
    head = content.read(_HEAD)
    endings = next((found for start, found in _KINDS if head.startswith(start)), None)
    if endings is None:
        raise _refusal("not_a_receipt", name=name)
    hashed, size = hashlib.sha256(head), len(head)
    while chunk := content.read(_CHUNK):
        hashed.update(chunk)
        size += len(chunk)
        if size > UPLOAD_BYTES_MAX:
            raise _refusal("too_large", name=name, most=str(UPLOAD_BYTES_MAX // _CHUNK))
    content.seek(0)
    if name.rpartition(".")[2].lower() not in endings or "." not in name:
        name = f"{name}.{endings[0]}"
    return name, hashed.hexdigest()


def _refusal(why: str, **params: str) -> DecisionError:
    """Return the error of a reason, with the code ``attaching.<why>``."""
    what, fix = (Text(text.fr.format_map(params), text.en.format_map(params)) for text in _TEXTS[why])
    return DecisionError(f"attaching.{why}", what, fix)
