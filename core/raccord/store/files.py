"""Source files as they arrived: the bytes sealed in the data directory, their order in the table ``source_file``."""

from __future__ import annotations

import io
import os
import re
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import ColumnElement, bindparam, func, select

from raccord.clock import Clock
from raccord.plugin.texts import Text
from raccord.store.clear_files import seal_file
from raccord.store.errors import FilesRefusedError, FileTooLargeError, StoreError, WrongKeyError
from raccord.store.file_keys import FileKeys
from raccord.store.folder import Found, found_in, opened
from raccord.store.models import Connection, SourceFile
from raccord.store.parts import part_in, sweep
from raccord.store.sealed import Sealer, is_sealed, unsealed, wrong_key
from raccord.store.vault import Vault

FILE_BYTES_MAX = 512 * 1024 * 1024
NAME_CHARACTERS_MAX = 255

ATTACHED = "attached"
"""The origin of files that people attach to documents: no source gave them, so none reads them."""

_CHUNK = 1024 * 1024
_NAMED_AT_MOST = 5

# Asked for each page of each run, so made once.
_NEXT = (
    select(SourceFile)
    .where(
        SourceFile.connection_id == bindparam("connection", type_=SourceFile.connection_id.type),
        SourceFile.number > bindparam("last", type_=SourceFile.number.type),
        SourceFile.origin != ATTACHED,
        SourceFile.taken_back_at.is_(None),
    )
    .order_by(SourceFile.number)
    .limit(1)
)


def given(connection_id: str) -> tuple[ColumnElement[bool], ...]:
    """Return what is true of the files that a connection's source gave and nobody took back."""
    mine = SourceFile.connection_id == connection_id
    return mine, SourceFile.origin != ATTACHED, SourceFile.taken_back_at.is_(None)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that arrived, kept unchanged."""

    number: int
    name: str
    size: int
    sha256: str
    path: Path = field(repr=False)
    keys: FileKeys = field(repr=False)

    def open(self) -> AbstractContextManager[BinaryIO]:
        """Open the plaintext for reading; the stream can seek.

        ``FilesRefusedError`` when the bytes are gone, cut or altered, or no key opens them; in the middle of reading
        too. A file that an older version kept in clear is sealed first.
        """
        return self._open()

    @contextmanager
    def _open(self) -> Iterator[BinaryIO]:
        with self._opened() as file:
            if is_sealed(file):
                with self._unsealed(file) as stream:
                    yield stream
                return
            self._seal(os.fstat(file.fileno()).st_size)
        with self._opened() as file, self._unsealed(file) as stream:
            yield stream

    def _opened(self) -> io.FileIO:
        try:
            return io.FileIO(self.path, "rb")
        except FileNotFoundError:
            raise self._damaged() from None

    def _unsealed(self, file: io.FileIO) -> BinaryIO:
        # Asked for after the file was opened: whoever sealed it had its key in the vault before.
        return unsealed(file, _told(self.keys.all, self.name), self.name, self.size, self.sha256)

    def _seal(self, found: int) -> None:
        if found != self.size:
            raise self._damaged()
        seal_file(self.path, _told(self.keys.ensured, self.name), self.name, self.sha256)

    def _damaged(self) -> FilesRefusedError:
        return missing(self.name)


def missing(name: str) -> FilesRefusedError:
    """Return the refusal of a file whose bytes are gone."""
    return FilesRefusedError(
        "files.bytes_missing",
        Text(
            fr=f"Le contenu du fichier « {name} » n'est plus, ou plus entier, dans le dossier de données.",
            en=f"The content of the file “{name}” is no longer, or no longer whole, in the data directory.",
        ),
        Text(
            fr="Restaurez le dossier « files » sauvegardé avec la base, ou déposez le fichier à nouveau.",
            en="Restore the folder “files” saved together with the database, or hand the file in again.",
        ),
    )


class StoredFileBox:
    """The files of one connection in order of arrival (``raccord.plugin.FileBox``), sealed on the disk.

    Sizes and hashes are those of the plaintext. The bytes are on the disk before the row exists: after a crash in
    between, the same file is simply received again.
    """

    def __init__(
        self, vault: Vault, data_dir: Path, connection_id: str, clock: Clock, *, limit: int = FILE_BYTES_MAX
    ) -> None:
        if re.fullmatch(r"[A-Za-z0-9_-]+", connection_id) is None:
            raise ValueError(f"{connection_id!r} cannot name a folder")
        self._database = vault.database
        self._keys = FileKeys(vault, connection_id)
        self._folder = data_dir / "files" / connection_id
        self._connection_id = connection_id
        self._clock = clock
        self._limit = limit

    def receive(self, name: str, content: BinaryIO, *, origin: str) -> bool:
        """Keep a file; ``False`` when the same bytes are here already.

        Of ``name`` only the last part is kept, as a label. More than the limit raises ``FileTooLargeError``.
        """
        label = _label(name)
        kept = self._kept(label, content)
        return kept is not None and self._entered(label, kept, origin, None)

    def scan(self, folder: str) -> int:
        """Receive every new file of a folder by name and return how many were new.

        Sub-folders, links, hidden and unfinished files are left out (see ``raccord.store.folder``). A file that
        cannot be read does not keep the others out: all are tried, then ``FilesRefusedError`` names those that failed.
        """
        sweep(self._folder, self._clock.now())
        origin = f"folder:{folder}"
        new = 0
        failed: list[Text] = []
        for found in found_in(folder, self._clock):
            label = _label(found.name)
            if self._known(label, found, origin):
                continue
            try:
                with opened(found) as stream:
                    kept = self._kept(label, stream, found.stands)
                if kept is not None:
                    new += self._entered(label, kept, origin, found.changed_at)
            except (OSError, FileTooLargeError) as error:
                failed.append(_why(found.name, error))
        if failed:
            raise _not_received(folder, failed)
        return new

    def has(self, name: str, size: int) -> bool:
        """Tell whether a file of that name and size arrived before."""
        with self._database.read() as session:
            row = session.scalars(
                select(SourceFile.number)
                .where(
                    *given(self._connection_id),
                    SourceFile.name == _label(name),
                    SourceFile.size == size,
                )
                .limit(1)
            ).first()
        return row is not None

    def after(self, number: int) -> StoredFile | None:
        """Return the first file that arrived after ``number``, or nothing."""
        with self._database.read() as session:
            row = session.scalars(_NEXT, {"connection": self._connection_id, "last": number}).first()
        return None if row is None else self._stored(row)

    def of_hash(self, sha256: str) -> StoredFile:
        """Return the file of these bytes; ``FilesRefusedError`` where it never arrived."""
        mine = (SourceFile.connection_id == self._connection_id, SourceFile.sha256 == sha256)
        with self._database.read() as session:
            row = session.scalars(select(SourceFile).where(*mine)).first()
        if row is None:
            raise missing(sha256)
        return self._stored(row)

    def _stored(self, row: SourceFile) -> StoredFile:
        return StoredFile(row.number, row.name, row.size, row.sha256, self._folder / row.sha256, self._keys)

    def _kept(self, label: str, content: BinaryIO, whole: Callable[[], bool] = lambda: True) -> tuple[int, str] | None:
        """Put the bytes durably under their hash; return size and hash, or nothing when they were not ``whole``."""
        with part_in(self._folder) as part:
            sealer = Sealer(part.file, _told(self._keys.ensured, label))
            while chunk := content.read(_CHUNK):
                sealer.write(chunk)
                if sealer.size > self._limit:
                    raise _too_large(label, self._limit)
            sha256 = sealer.finish()
            if not whole():
                return None
            part.keep(sha256)
        return sealer.size, sha256

    def _entered(self, label: str, kept: tuple[int, str], origin: str, changed_at: datetime | None) -> bool:
        """Give the file its number unless its bytes have one."""
        size, sha256 = kept
        now = self._clock.now()
        mine = SourceFile.connection_id == self._connection_id
        with self._database.begin() as session:
            # One receiver of a connection at a time, so that no two files get the same number.
            session.execute(select(Connection.id).where(Connection.id == self._connection_id).with_for_update())
            there = session.scalars(select(SourceFile).where(mine, SourceFile.sha256 == sha256)).first()
            last = session.scalar(select(func.max(SourceFile.number)).where(mine)) or 0
            if there is not None:
                if origin != ATTACHED and (there.origin == ATTACHED or there.taken_back_at is not None):
                    # A source gives it as well, or again: it is read like any file that arrives now.
                    there.name, there.origin, there.number, there.changed_at = label, origin, last + 1, changed_at
                    there.received_at, there.taken_back_at, there.taken_back_by = now, None, ""
                    return True
                if (there.name, there.origin) == (label, origin):
                    there.changed_at = changed_at
                return False
            session.add(
                SourceFile(
                    connection_id=self._connection_id,
                    number=last + 1,
                    name=label,
                    size=size,
                    sha256=sha256,
                    origin=origin,
                    received_at=now,
                    changed_at=changed_at,
                )
            )
        return True

    def _known(self, label: str, found: Found, origin: str) -> bool:
        """Tell whether a file of a folder stands as it was received, so that it need not be read again."""
        with self._database.read() as session:
            same = session.scalars(
                select(SourceFile.number)
                .where(
                    SourceFile.connection_id == self._connection_id,
                    SourceFile.name == label,
                    SourceFile.size == found.size,
                    SourceFile.origin == origin,
                    SourceFile.changed_at == found.changed_at,
                )
                .limit(1)
            ).first()
        return same is not None


def _told(keys: Callable[[], list[bytes]], label: str) -> list[bytes]:
    """Return the keys; a vault that does not open is the file's refusal, not the connector's fault."""
    try:
        return keys()
    except WrongKeyError:
        raise wrong_key(label) from None
    except StoreError as error:
        raise FilesRefusedError(error.code, error.text, error.fix) from None


def _label(name: str) -> str:
    """Return the last part of a path of any system, printable and of bounded length."""
    last = unicodedata.normalize("NFC", re.split(r"[/\\]", name)[-1])
    shown = "".join(letter for letter in last if letter.isprintable()).strip()
    shown = shown.encode("utf-8", "replace").decode("utf-8")
    return shown[:NAME_CHARACTERS_MAX] if shown.strip(".") else "?"


def _too_large(label: str, limit: int) -> FileTooLargeError:
    most = Text(fr=f"{limit} octets", en=f"{limit} bytes")
    if limit >= _CHUNK:
        most = Text(fr=f"{limit // _CHUNK} Mio", en=f"{limit // _CHUNK} MiB")
    return FileTooLargeError(
        "files.too_large",
        Text(
            fr=f"Le fichier « {label} » dépasse {most.fr} ; rien n'en a été gardé.",
            en=f"The file “{label}” exceeds {most.en}; nothing of it was kept.",
        ),
        Text(
            fr="Demandez à la source des fichiers d'une période plus courte.",
            en="Ask the source for files of a shorter period.",
        ),
    )


def _why(name: str, error: OSError | FileTooLargeError) -> Text:
    if isinstance(error, FileTooLargeError):
        return error.what
    reason = error.strerror or type(error).__name__
    return Text(fr=f"« {name} » : {reason}.", en=f"“{name}”: {reason}.")


def _not_received(folder: str, failed: list[Text]) -> FilesRefusedError:
    more = " …" if len(failed) > _NAMED_AT_MOST else ""
    fr = " ".join(why.fr for why in failed[:_NAMED_AT_MOST]) + more
    en = " ".join(why.en for why in failed[:_NAMED_AT_MOST]) + more
    return FilesRefusedError(
        "files.not_received",
        Text(
            fr=f"Fichiers du dossier {folder} qui n'ont pas pu être reçus : {len(failed)}. {fr}",
            en=f"Files of the folder {folder} that could not be received: {len(failed)}. {en}",
        ),
        Text(
            fr="Rendez-les lisibles pour Raccord ou retirez-les du dossier ; les autres ont été reçus.",
            en="Make them readable for Raccord or take them out of the folder; the others were received.",
        ),
    )
