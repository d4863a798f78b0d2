"""Files that people hand in for a connection: looked at before they are kept, and each kept once."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import BinaryIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.onboarding.access.people import Actor, Power, require
from raccord.onboarding.arriving.taken_apart import taken_apart
from raccord.onboarding.sources.source_accounts import info_of
from raccord.plugin.texts import Text
from raccord.store import events
from raccord.store.errors import FileTooLargeError
from raccord.store.files import given
from raccord.store.models import Connection, SourceFile
from raccord.sync.workshop import Workshop

UPLOAD = "upload"
TOGETHER = timedelta(seconds=10)
"""Within how much of the one before a file came together with it."""
_HEAD = 512
_MEGABYTE = 1024 * 1024
_NOT_DATA: tuple[tuple[bytes, Text], ...] = (
    (b"%PDF-", Text("un document PDF", "a PDF document")),
    (b"\x89PNG", Text("une image", "an image")),
    (b"\xff\xd8\xff", Text("une image", "an image")),
    (b"GIF8", Text("une image", "an image")),
    (b"MZ", Text("un programme", "a program")),
    (b"\x7fELF", Text("un programme", "a program")),
    (b"\xd0\xcf\x11\xe0", Text("un ancien classeur Office", "an old Office workbook")),
)
_PAGE = Text("une page Web", "a web page")
_EMPTY = Text(
    "C'est un fichier vide (0 octet). Téléchargez-le de nouveau à la source.",
    "This is an empty file (0 bytes). Download it again at the source.",
)


@dataclass(frozen=True, slots=True)
class Received:
    """What became of one file: kept, known already, or refused with the reason."""

    name: str
    new: bool
    refused: Text | None = None


def receive_files(
    workshop: Workshop, actor: Actor, connection_id: str, files: Iterable[tuple[str, BinaryIO]]
) -> list[Received]:
    """Keep files of a connection, each by itself: one that is refused does not keep the others out.

    What no source gives (a PDF, an image, a program, a web page, nothing) is refused by its first bytes, never by its
    name, what is larger than the connector reads by its size; whether it can read the others is told by the run. Of a
    connector that reads one file at a time (``one_file_each``) an archive of several is taken apart.
    """
    require(actor, Power.WORK)
    with workshop.database.read() as session:
        connection = session.get_one(Connection, connection_id)
        info = info_of(workshop, connection.connector)
    box = workshop.files(connection_id)
    done: list[Received] = []
    for name, content, beyond in _each(files, apart=info.one_file_each):
        head = content.read(_HEAD)
        content.seek(0)
        why = beyond or _not_data(head) or _beyond(content, info.file_bytes_max)
        try:
            new = why is None and box.receive(name, content, origin=UPLOAD)
        except FileTooLargeError as error:
            new, why = False, Text(f"{error.what.fr} {error.fix.fr}", f"{error.what.en} {error.fix.en}")
        done.append(Received(name, new, why))
    with workshop.database.begin() as session:
        events.append(
            session, actor=actor.name, action="files.received", subject=connection.label,
            company_id=connection.company_id, connection_id=connection_id, now=workshop.clock.now(),
            body={"new": sum(each.new for each in done), "refused": sum(each.refused is not None for each in done)},
        )  # fmt: skip
    return done


def _each(files: Iterable[tuple[str, BinaryIO]], *, apart: bool) -> Iterator[tuple[str, BinaryIO, Text | None]]:
    for name, content in files:
        if apart:
            yield from taken_apart(name, content)
        else:
            yield name, content, None


def files_of(session: Session, connection_id: str, limit: int = 50) -> list[SourceFile]:
    """Return the newest files that a connection's source gave, those that came together by name."""
    wanted = select(SourceFile).where(*given(connection_id))
    rows = session.scalars(wanted.order_by(SourceFile.number.desc()).limit(limit)).all()
    together = list[list[SourceFile]]()
    for each in rows:
        if together and together[-1][-1].received_at - each.received_at <= TOGETHER:
            together[-1].append(each)
        else:
            together.append([each])
    return [each for some in together for each in sorted(some, key=lambda one: (one.name.casefold(), -one.number))]


def _beyond(content: BinaryIO, most: int | None) -> Text | None:
    """Return why a file is larger than its connector reads, or nothing."""
    if most is None:
        return None
    size = content.seek(0, io.SEEK_END)
    content.seek(0)
    if size <= most:
        return None
    # Rounded so that the two never look alike.
    has, may = -(-size // _MEGABYTE), most // _MEGABYTE
    return Text(
        f"Ce fichier fait {has} Mo ; de cette source, un fichier en a {may} au plus. Rien n'en est gardé : divisez-le, "
        "ou exportez moins de jours à la fois.",
        f"This file has {has} MB; of this source a file has {may} at most. Nothing of it is kept: split it, or export "
        "fewer days at a time.",
    )


def _not_data(head: bytes) -> Text | None:
    """Return why a file with these first bytes is none that a source gives, or nothing."""
    found = next((text for mark, text in _NOT_DATA if head.startswith(mark)), None)
    start = io.BytesIO(head).read(64).lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not head:
        return _EMPTY
    if start.startswith((b"<!doctype html", b"<html")):
        found = _PAGE
    if found is None:
        return None
    return Text(
        f"C'est {found.fr}, pas des données de la source. Exportez ces données en OFX, en CSV ou dans le format du "
        "rapport.",
        f"This is {found.en}, not data of the source. Export the data as OFX, CSV or in the report's own format.",
    )
