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


class DatabaseAway(ContextError):  # noqa: N818 - named for what is so
    """Raised through a connector's code when our database does not answer."""


class GuardedFileBox:
    """Passes every call on; what the database raises goes past the connector's guard.

    A folder is read only where the installation lets connections read it (``may_read``).
    """

    def __init__(self, box: FileBox, may_read: Callable[[str], bool]) -> None:
        self._box, self._may_read = box, may_read

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
        return None if found is None else GuardedFile(found.number, found.name, found.size, found.sha256, found)


@dataclass(frozen=True, slots=True)
class GuardedFile:
    """A file whose key lies in the database, so that opening it asks the database too."""

    number: int
    name: str
    size: int
    sha256: str
    _file: SourceFile

    def open(self) -> AbstractContextManager[BinaryIO]:
        """Open the bytes for reading; the stream can seek."""
        return self._open()

    @contextmanager
    def _open(self) -> Iterator[BinaryIO]:
        with ExitStack() as stack:
            with _ours():
                stream = stack.enter_context(self._file.open())
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
