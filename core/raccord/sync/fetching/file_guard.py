"""The file box as connectors get it: a database that is away is our trouble, not the connector's fault."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from sqlalchemy.exc import InterfaceError, OperationalError

from raccord.guard import ContextError
from raccord.plugin.contexts import FileBox, SourceFile
from raccord.plugin.texts import Text
from raccord.store.errors import FilesRefusedError
from raccord.sync.fetching.following import BYTES_MIN, Tell, followed


class DatabaseAway(ContextError):  # noqa: N818 - named for what is so
    """Raised through a connector's code when our database does not answer."""


class GuardedFileBox:
    """Passes every call on; what the database raises goes past the connector's guard.

    A folder is read only where the installation lets connections read it (``may_read``). ``tell`` takes how far a
    large file is read.
    """

    def __init__(self, box: FileBox, may_read: Callable[[str], bool], tell: Tell | None = None) -> None:
        self._box, self._may_read, self._tell = box, may_read, tell

    def receive(self, name: str, content: BinaryIO, *, origin: str) -> bool:
        with _ours():
            return self._box.receive(name, content, origin=origin)

    def scan(self, folder: str) -> int:
        if not self._may_read(folder):
            raise _not_allowed(folder)
        with _ours():
            return self._box.scan(folder)

    def has(self, name: str, size: int) -> bool:
        with _ours():
            return self._box.has(name, size)

    def after(self, number: int) -> SourceFile | None:
        with _ours():
            found = self._box.after(number)
        if found is None:
            return None
        return GuardedFile(found.number, found.name, found.size, found.sha256, found, self._told)

    @property
    def _told(self) -> Tell | None:
        """Return what takes how far a file is read; it writes into our database."""
        if (tell := self._tell) is None:
            return None

        def told(name: str, at: int, size: int) -> None:
            with _ours():
                tell(name, at, size)

        return told


@dataclass(frozen=True, slots=True)
class GuardedFile:
    """A file whose key lies in the database, so that opening it asks the database too."""

    number: int
    name: str
    size: int
    sha256: str
    _file: SourceFile
    _tell: Tell | None = None

    def open(self) -> AbstractContextManager[BinaryIO]:
        """Open the bytes for reading; the stream can seek."""
        return self._open()

    @contextmanager
    def _open(self) -> Iterator[BinaryIO]:
        with ExitStack() as stack:
            with _ours():
                stream = stack.enter_context(self._file.open())
            if self._tell is not None and self.size >= BYTES_MIN:
                stream = stack.enter_context(followed(stream, self._tell, self.name, self.size))
            yield stream


@contextmanager
def _ours() -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        raise DatabaseAway(type(error).__name__) from None


def _not_allowed(folder: str) -> FilesRefusedError:
    return FilesRefusedError(
        "files.folder_not_allowed",
        Text(
            fr=f"Les connexions ne peuvent pas lire le dossier {folder} dans cette installation.",
            en=f"Connections may not read the folder {folder} in this installation.",
        ),
        Text(
            fr="Choisissez un dossier que l'exploitant a nommé dans RACCORD_SOURCE_FOLDERS, ou déposez les fichiers.",
            en="Choose a folder that the operator has named in RACCORD_SOURCE_FOLDERS, or upload the files.",
        ),
    )
