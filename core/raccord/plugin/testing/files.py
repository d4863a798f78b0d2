"""A file box that keeps the bytes in a folder, for tests and for connectors tried by hand."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

GIVEN = "test"
"""The origin of files that nobody fetched: a test, or a trial, put them there."""
_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ShelvedFile:
    """A file on a :class:`FileShelf`; ``origin`` is the note given on arrival."""

    number: int
    name: str
    size: int
    sha256: str
    origin: str
    path: Path

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """Open the bytes for reading; the stream can seek."""
        with self.path.open("rb") as stream:
            yield stream


class FileShelf:
    """A :class:`~raccord.plugin.FileBox` over a folder of its own: numbers by arrival, drops bytes it has already.

    A sealed one looks into no other folder: whatever the settings name, nothing new arrives.
    """

    def __init__(self, folder: Path, *, sealed: bool = False) -> None:
        self._folder = folder
        self._sealed = sealed
        self._folder.mkdir(parents=True, exist_ok=True)
        self._files: list[ShelvedFile] = []
        self._hashes: set[str] = set()

    def receive(self, name: str, content: BinaryIO, *, origin: str) -> bool:
        """Keep a file; ``False`` when the same bytes are here already."""
        path = self._folder / f"{len(self._files) + 1:06}"
        digest = hashlib.sha256()
        size = 0
        with path.open("wb") as target:
            while chunk := content.read(_CHUNK):
                digest.update(chunk)
                size += len(chunk)
                target.write(chunk)
        if digest.hexdigest() in self._hashes:
            path.unlink()
            return False
        self._hashes.add(digest.hexdigest())
        self._files.append(ShelvedFile(len(self._files) + 1, name, size, digest.hexdigest(), origin, path))
        return True

    def put(self, name: str, content: bytes | str, *, origin: str = GIVEN) -> bool:
        """Receive a file given as bytes or as UTF-8 text."""
        return self.receive(name, BytesIO(content if isinstance(content, bytes) else content.encode()), origin=origin)

    def scan(self, folder: str) -> int:
        """Receive every new file of a folder, oldest name first; return how many were new."""
        new = 0
        for path in [] if self._sealed else sorted(Path(folder).iterdir()):
            if path.is_file() and not self.has(path.name, path.stat().st_size):
                with path.open("rb") as stream:
                    new += self.receive(path.name, stream, origin="folder")
        return new

    def has(self, name: str, size: int) -> bool:
        """Tell whether a file of that name and size arrived before."""
        return any(file.name == name and file.size == size for file in self._files)

    def after(self, number: int) -> ShelvedFile | None:
        """Return the first file that arrived after ``number``, or nothing."""
        return self._files[number] if 0 <= number < len(self._files) else None

    def __iter__(self) -> Iterator[ShelvedFile]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)
